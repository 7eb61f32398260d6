"""How a page of the workspace is made: its template inside the shell, navigation by rights, the sentence that says what was just done.
What a page says belongs to the module of its route."""
from typing import Any, Mapping, Optional, Sequence
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse
from markupsafe import Markup

from bot.contacts.refus import Refus
from bot.site.espace.acces import CHAMP_CSRF, Acteur, Etat, JetonRefuse, NonConnecte, aller, jeton_csrf
from bot.site.espace.droits import DROITS, NOMS_NIVEAUX, expliquer
from bot.site.pages.gabarits import GABARITS, composer_page

# What a page may say after a redirection (« ?fait=cle »): a closed list, so that an address can never make the site speak.
# A module adds its own: FAITS["creneaux_ouverts"] = "Les créneaux sont ouverts."
FAITS: dict[str, str] = {}
TITRES_REFUS = {401: "Reconnectez-vous", 403: "Rien n'a été enregistré", 404: "Page introuvable", 409: "Ce n'est pas possible en l'état",
                422: "Il reste un point à corriger", 429: "Trop d'essais"}


def rendre(request: Request, gabarit: str, statut: int = 200, erreurs: Optional[Mapping[str, str]] = None, **valeurs: Any) -> HTMLResponse:
    """A page of the workspace. `gabarit`: its path under templates (« espace/agenda.html », which extends « espace/base.html »).

    Templates find `acteur` (None before login), `csrf` (the hidden field to put in every form), `peut(route)`, `adresse(route, …)`, `demo`,
    `aujourdhui`, `fait`, and `erreurs`: what to correct, by the id of the field at fault.
    """
    contexte = request.app.state.contexte
    etat: Etat = request.state.espace
    acteur, chemin = etat.acteur, request.url.path
    jeton = jeton_csrf(request)
    rendu = GABARITS.get_template(gabarit).render(
        request=request, acteur=acteur, demo=contexte.reglages.demo, aujourdhui=contexte.horloge.aujourdhui(), erreurs=dict(erreurs or {}),
        csrf=Markup('<input type="hidden" name="{}" value="{}">').format(CHAMP_CSRF, jeton), jeton_csrf=jeton, noms_niveaux=NOMS_NIVEAUX,
        fait=FAITS.get(request.query_params.get("fait", "")) if statut < 400 else None, expliquer=expliquer,
        peut=lambda route: acteur is not None and acteur.peut(route), menu=_menu(acteur, chemin), adresse=adresse, **valeurs)
    return HTMLResponse(composer_page(rendu), statut)


def _menu(acteur: Optional[Acteur], chemin: str) -> Sequence[tuple[str, str, str]]:
    """Name, address and `aria-current` of each entry that this person may take, in the order of DROITS."""
    ouvertes = [(droit.menu, adresse(route)) for route, droit in DROITS.items() if droit.menu and acteur is not None and acteur.peut(route)]

    def courant(ou: str) -> str:
        return "page" if chemin == ou else "true" if ou != "/espace" and chemin.startswith(ou + "/") else ""
    return [(nom, ou, courant(ou)) for nom, ou in ouvertes]


def adresse(route: str, **parametres: Any) -> str:
    """The address of a route of the workspace by its name. Names are the workspace's own: « accueil » here is not the site's."""
    from bot.site import espace

    return str(espace.routeur.url_path_for(route, **parametres))


def retour(route: str, fait: Optional[str] = None, **parametres: Any) -> RedirectResponse:
    """What follows a form that was served: the page `route`, which says FAITS[fait] at its top."""
    return aller(adresse(route, **parametres) + (f"?{urlencode({'fait': fait})}" if fait else ""))


def page_refus(request: Request, refus: Refus) -> HTMLResponse:
    """A refusal inside the workspace: what happened, what to do, and what the person had written, so that nothing is lost."""
    etat: Etat = request.state.espace
    perdu = etat.saisie.visible if isinstance(refus, (NonConnecte, JetonRefuse)) else {}
    return patienter(rendre(request, "espace/refus.html", refus.statut, titre=TITRES_REFUS.get(refus.statut, "Ce n'est pas possible"), refus=refus,
                            perdu=perdu, ici=request.url.path), refus)


def patienter(reponse: HTMLResponse, refus: Refus) -> HTMLResponse:
    """The page of a refusal, with how long to wait where waiting helps."""
    if refus.attendre:
        reponse.headers["Retry-After"] = str(refus.attendre)
    return reponse
