"""Help, and legal notices: personal data, accessibility, what this site is.
Their words are in the templates."""
from fastapi import APIRouter, Request
from fastapi.responses import Response

from bot.site.pages.gabarits import page

routeur = APIRouter(include_in_schema=False)


@routeur.get("/aide")
def aide(request: Request) -> Response:
    """What one can do here, and how: the guide of the insured."""
    return page(request, "aide.html")


@routeur.get("/donnees-personnelles")
def donnees_personnelles(request: Request) -> Response:
    """Second layer of the notice: RGPD articles 13 and 14."""
    return page(request, "donnees.html")


@routeur.get("/accessibilite")
def accessibilite(request: Request) -> Response:
    """What was tested, what was not, whom to write to."""
    return page(request, "accessibilite.html")


@routeur.get("/a-propos")
def a_propos(request: Request) -> Response:
    """What this site is, and what it is not."""
    return page(request, "a_propos.html", nombre=len(request.app.state.contexte.fiches))
