"""A fictitious caisse's website, on another origin, with a style that would spoil any guest: shows that one script tag is enough.
For the demonstration and the browser tests only."""
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

ICI = Path(__file__).parent


def creer_app(adresse_assistant: str) -> Starlette:
    """The site as an ASGI application; `adresse_assistant` is where the assistant answers (« http://127.0.0.1:8000 »)."""
    assistant = adresse_assistant.rstrip("/")
    page = (ICI / "page.html").read_text(encoding="utf-8").replace("{assistant}", assistant)
    style = (ICI / "style.css").read_text(encoding="utf-8")
    csp = (f"default-src 'none'; script-src {assistant}; frame-src {assistant}; style-src 'self'; img-src 'self' data:; "
           "base-uri 'none'; form-action 'none'")

    def accueil(request: Request) -> Response:
        return HTMLResponse(page, headers={"content-security-policy": csp})

    def feuille(request: Request) -> Response:
        return Response(style, media_type="text/css")

    def icone(request: Request) -> Response:
        return Response(status_code=204)

    return Starlette(routes=[Route("/", accueil), Route("/style.css", feuille), Route("/favicon.ico", icone)])
