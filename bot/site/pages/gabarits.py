"""How a page is made: template, what every page shows, French typesetting once at the door, errors as pages.
What a page says belongs to its neighbours."""
import html
import json
import re
from datetime import date
from pathlib import Path
from typing import Any, Optional

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader
from sqlalchemy.exc import SQLAlchemyError

from bot.contacts import caisses
from bot.contacts.tables import Caisse
from bot.site import accessibilite
from bot.site.garde import LONGUEUR_MAX
from bot.texte.typographie import ESPACE_INSECABLE, composer, date_longue

DOSSIER = Path(__file__).resolve().parents[1] / "templates"
NOM_SITE = "L'assistant des indépendants"
# Order and names of the domains as readers see them.
DOMAINES: dict[str, tuple[str, str]] = {
    "auto_entrepreneur": ("Auto-entrepreneur", "Plafonds, cotisations, déclarations, impôts, cumul avec un emploi ou une retraite."),
    "eirl": ("EIRL", "Séparer ses biens professionnels et personnels : déclaration, coût, limites."),
    "cotisations": ("Cotisations", "Calcul, échéances, début d'activité, difficultés de paiement."),
    "sante": ("Santé et arrêts de travail", "Remboursements, indemnités journalières, maternité, prévention."),
    "retraite": ("Retraite", "Âge de départ, trimestres, relevé de carrière, réversion."),
    "protection": ("Famille, aides, situations particulières", "Conjoint, invalidité, aide sociale, travail dans plusieurs pays."),
    "rsi": ("Votre caisse et ses services", "Contact, entretien de conseil social, réclamations, vos données."),
}
CONFIANCES = {"elevee": "Élevée", "moyenne": "Moyenne"}
NUMEROS_URGENCE = re.compile(r"\b(15|112|3114)\b")


_TEXTE_VISIBLE = re.compile(r"(<textarea\b.*?</textarea>)|(?<=>)([^<>]+)(?=<)", re.S)


def composer_page(page: str) -> str:
    """French non-breaking spaces in everything a page shows, except what the visitor is typing. Templates are written with plain spaces."""
    def _composer(m: "re.Match[str]") -> str:
        return m[1] or html.escape(composer(html.unescape(m[2])), quote=False)
    return _TEXTE_VISIBLE.sub(_composer, page)


def paragraphes(texte: str) -> list[str]:
    """The paragraphs of an answer: one a line."""
    return [p for p in (ligne.strip() for ligne in texte.split("\n")) if p]


def lien_tel(numero: str) -> str:
    """A telephone number as a `tel:` link wants it."""
    return "tel:" + re.sub(r"[^\d+]", "", numero)


def jour_long(jour: "date | str") -> str:
    """A date, or its ISO form as the API carries it, in words."""
    return date_longue(date.fromisoformat(jour) if isinstance(jour, str) else jour)


def par_deux(numero: str) -> str:
    """A French number of ten digits as people read it: « 06 39 98 00 95 »; any other as it is."""
    chiffres = "".join(numero.split())
    return ESPACE_INSECABLE.join(chiffres[i:i + 2] for i in range(0, 10, 2)) if len(chiffres) == 10 and chiffres.isdecimal() else numero


def numeros_urgence(texte: str) -> list[str]:
    """The emergency numbers an answer gives, once each, in its order: each becomes a link to call."""
    return list(dict.fromkeys(NUMEROS_URGENCE.findall(texte)))


def _gabarits() -> Environment:
    env = Environment(loader=FileSystemLoader(DOSSIER), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    textes = {cle: composer(t) for cle, t in json.loads((DOSSIER / "textes.json").read_text(encoding="utf-8")).items()}
    env.filters.update(typo=composer, paragraphes=paragraphes, lien_tel=lien_tel, jour_long=jour_long, numeros_urgence=numeros_urgence,
                       majuscule=lambda t: t[:1].upper() + t[1:],
                       minuscule=lambda t: t[:1].lower() + t[1:], insecable=lambda t: str(t).replace(" ", ESPACE_INSECABLE),
                       par_deux=par_deux)
    env.globals.update(textes=textes, nom_site=NOM_SITE, domaines=DOMAINES, confiances=CONFIANCES, longueur_max=LONGUEUR_MAX,
                       accessibilite=accessibilite.bilan(), noms_accessibilite=accessibilite.NOMS)
    return env


GABARITS = _gabarits()


def caisse_de(request: Request, code: Optional[str] = None) -> Optional[Caisse]:
    """The caisse named, or the site's own. None when it is unknown, or while the database is away: pages then still answer."""
    contexte = request.app.state.contexte
    if getattr(request.state, "sans_base", False):
        return None
    try:
        with contexte.sessions.lecture() as session:
            return caisses.caisse_ouverte(session, code or contexte.reglages.caisse)
    except SQLAlchemyError:
        return None


def page(request: Request, gabarit: str, statut: int = 200, caisse: Optional[Caisse] = None, **valeurs: Any) -> HTMLResponse:
    """A page from its template, with what every page shows: caisse, date, banner of the demonstration."""
    contexte = request.app.state.contexte
    rendu = GABARITS.get_template(gabarit).render(
        request=request, caisse=caisse or caisse_de(request), demo=contexte.reglages.demo, aujourdhui=contexte.horloge.aujourdhui(), **valeurs)
    return HTMLResponse(composer_page(rendu), statut)


TITRES_ERREUR = {404: "Page introuvable", 403: "Accès refusé", 405: "Action impossible", 413: "Message trop volumineux",
                 429: "Trop de demandes", 503: "Service indisponible"}
PHRASES_ERREUR = {404: "Cette page n'existe pas ou n'existe plus. La réponse que vous cherchez est peut-être parmi les questions fréquentes.",
                  503: "Une partie du site ne répond pas pour le moment. Réessayez dans quelques minutes."}


def page_erreur(request: Request, statut: int, message: Optional[str] = None, incident: Optional[str] = None) -> HTMLResponse:
    """A refusal or a failure, as a page: what happened, what to do, whom to call. For routes here and for the handlers of `app`."""
    titre = TITRES_ERREUR.get(statut, "Une erreur est survenue")
    phrase = message or PHRASES_ERREUR.get(statut, "La page n'a pas pu s'afficher. Réessayez dans un instant.")
    return page(request, "erreur.html", statut, titre=titre, message=phrase, incident=incident)
