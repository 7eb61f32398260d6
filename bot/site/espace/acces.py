"""The guard of the workspace: who is there, how far she has come, whether this route is hers, whether the form is ours; only then the route.
Rights stand in `droits`, sessions in bot.contacts.connexion, pages in `gabarits`."""
import hmac
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Callable, Coroutine, Optional, Union
from urllib.parse import parse_qsl, quote

from anyio import to_thread
from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from fastapi.routing import APIRoute
from sqlalchemy.orm import Session
from starlette.datastructures import UploadFile

from bot.contacts import audit, connexion
from bot.contacts.caisses import caisse
from bot.contacts.cle import cle_installation, hmac_hex
from bot.contacts.comptes import Auteur, niveaux
from bot.contacts.isolement import Introuvable
from bot.contacts.refus import Refus
from bot.contacts.tables import SessionEspace
from bot.contacts.tables.caisse import NIVEAUX
from bot.reglages import Reglages
from bot.site.espace.droits import CODE, DROITS, ENROLEMENT, MOT_DE_PASSE, OUVERTE, VISITEUR, Droit, autoriser
from bot.site.garde import RequeteIllisible
from bot.texte.normalisation import nettoyer

CHAMP_CSRF, ENTETE_CSRF = "csrf", "x-csrf"
CHAMPS_MAX = 1_000
SIGNES_DE_VIE = frozenset({"relais.signe", "relais.presence", "relais.flux", "relais.file.flux"})
# Where one is sent while something is still missing.
SUITES = {CODE: "/espace/connexion/code", MOT_DE_PASSE: "/espace/compte/mot-de-passe", ENROLEMENT: "/espace/compte/double-authentification"}


class NonConnecte(Refus):
    code, statut = "NON_CONNECTE", 401
    message = "Votre session est terminée. Reconnectez-vous ; ce que vous aviez écrit est repris ci-dessous pour que vous puissiez le copier."


class EtapeRequise(Refus):
    code, statut = "ETAPE_REQUISE", 403
    message = "Votre connexion n'est pas terminée. Revenez à l'accueil de l'espace pour la finir."

    def __init__(self, etape: str):
        super().__init__()
        self.etape = etape


class JetonRefuse(Refus):
    code, statut = "JETON_REFUSE", 403
    message = "Ce formulaire est trop ancien, ou votre navigateur refuse les cookies. Rien n'a été enregistré : rechargez la page et recommencez."


@dataclass(frozen=True)
class Acteur:
    """The person behind a request: who, of which caisse, with which levels. `role`: the level under which this request is made."""

    conseiller_id: int
    compte_id: int
    session_id: int
    identifiant: str
    prenom: str
    nom: str
    caisse_code: str
    caisse_nom: str
    fuseau: str
    niveaux: frozenset[str]
    etape: str
    role: Optional[str] = None
    origine: str = "espace"

    @property
    def nom_complet(self) -> str:
        return f"{self.prenom} {self.nom}"

    @property
    def acteur(self) -> str:
        """As history and audit write it."""
        return f"conseiller:{self.conseiller_id}"

    @property
    def auteur(self) -> Auteur:
        return Auteur(self.acteur, self.role, self.caisse_code, self.origine)

    def peut(self, route: str) -> bool:
        """Whether this person may take a route, by its name; for links and buttons."""
        return self.etape == OUVERTE and autoriser(route, self.niveaux)


@dataclass(frozen=True)
class Saisie:
    """The fields of a form, in their order."""

    paires: tuple[tuple[str, str], ...] = ()

    def brut(self, nom: str) -> str:
        """One field exactly as typed (passwords); empty when absent."""
        return next((v for n, v in self.paires if n == nom), "")

    def un(self, nom: str) -> str:
        """One field, cleaned of control characters and of spaces around it; empty when absent."""
        return nettoyer(self.brut(nom))

    def tous(self, nom: str) -> list[str]:
        """Every value of a field that may come several times (boxes)."""
        return [nettoyer(v) for n, v in self.paires if n == nom]

    @property
    def visible(self) -> dict[str, str]:
        """What a person wrote and may see again: without tokens, passwords nor codes."""
        cachees = ("csrf", "mot_de_passe", "ancien", "nouveau", "confirmation", "code", "suite")
        return {n: v for n, v in self.paires if n not in cachees and v.strip()}


@dataclass
class Etat:
    """What the guard knows of a request; in `request.state.espace`."""

    route: str
    droit: Optional[Droit]
    cookie: str
    acteur: Optional[Acteur] = None
    saisie: Saisie = field(default_factory=Saisie)
    # A visitor without a cookie is given one with the page, so that her form can be told from another site's.
    cookie_neuf: bool = False
    # The lines of audit that this request has written, by whichever hand.
    notes: list[int] = field(default_factory=list)


# -- what a route uses ---------------------------------------------------------------------------------------------------------------------


def routeur_espace() -> APIRouter:
    """A router whose every route goes through the guard. Addresses are written whole (« /espace/agenda »), names as in DROITS."""
    return APIRouter(route_class=RouteEspace, include_in_schema=False)


def exiger(*parmi: str) -> Callable[[Request], Acteur]:
    """The dependency that gives a route its Acteur: `acteur: Acteur = Depends(exiger())`.

    DROITS has already been applied; levels given here narrow it further. Raises Introuvable.
    """
    def acteur(request: Request) -> Acteur:
        etat: Optional[Etat] = getattr(request.state, "espace", None)
        if etat is None or etat.acteur is None or (parmi and etat.acteur.niveaux.isdisjoint(parmi)):
            raise Introuvable
        return etat.acteur
    return acteur


def saisie(request: Request) -> Saisie:
    """The form of this request: `saisie: Saisie = Depends(saisie)`."""
    etat: Etat = request.state.espace
    return etat.saisie


def noter_acces(request: Request, session: Session, objet_id: "Union[str, int, None]" = None, acte: Optional[str] = None,
                objet: Optional[str] = None) -> None:
    """The audit line of this route, in the transaction of what it reads or writes. `acte` and `objet` default to those of DROITS.

    A route that does not call this, and whose services note nothing, gets its line from the guard, after the fact: `acte` is then that of DROITS,
    or the route's own name.
    """
    etat: Etat = request.state.espace
    droit, acteur = etat.droit, etat.acteur
    assert droit is not None and acteur is not None
    audit.noter(session, le=request.app.state.contexte.horloge.maintenant(), acteur=acteur.acteur, role=acteur.role, caisse_code=acteur.caisse_code,
                acte=acte or droit.acte or etat.route, objet=objet or droit.objet,
                objet_id=objet_id if objet_id is not None else _numero(request, droit))


def _numero(request: Request, droit: Droit) -> Optional[str]:
    """The object that the address names: « {assure_id} » for `objet="assure"`, else the only number there is."""
    parametres = request.path_params
    trouve = parametres.get(f"{droit.objet}_id") if droit.objet else None
    return str(trouve) if trouve is not None else next((str(v) for v in parametres.values()), None)


# -- cookies and form tokens ---------------------------------------------------------------------------------------------------------------


def nom_cookie(reglages: Reglages) -> str:
    """`__Host-` binds the cookie to this very host, over HTTPS; without HTTPS a browser would not take it."""
    return "__Host-espace" if reglages.cookies_surs else "espace"


def poser_cookie(reponse: Response, secret: str, reglages: Reglages) -> None:
    """The workspace's cookie; it dies with the browser. Lax, not Strict: a link in a mail to the workspace must find its reader logged in
    (and a visit without cookie would be given a new one, which logs out); every write has a token and a checked origin besides."""
    reponse.set_cookie(nom_cookie(reglages), secret, httponly=True, samesite="lax", secure=reglages.cookies_surs, path="/")


def jeton_csrf(request: Request) -> str:
    """The token of this browser's forms: an HMAC of its cookie, so it changes with it at each login."""
    etat: Etat = request.state.espace
    return hmac_hex(cle(request), "espace.csrf", etat.cookie)


def cle(request: Request) -> bytes:
    """The installation's key, read once by application."""
    app = request.app
    if not hasattr(app.state, "cle"):
        app.state.cle = cle_installation(app.state.contexte.reglages)
    return app.state.cle


# -- the guard -----------------------------------------------------------------------------------------------------------------------------


class RouteEspace(APIRoute):
    """A route of the workspace: guarded, its refusals shown inside the workspace, its audit line never forgotten."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        servir, nom = super().get_route_handler(), self.name

        async def garder(request: Request) -> Response:
            try:
                await _preparer(request, nom)
                reponse = await servir(request)
                await to_thread.run_sync(_completer_audit, request, reponse.status_code)
            except Refus as refus:
                reponse = _montrer_refus(request, refus)
            etat: Etat = request.state.espace
            if etat.cookie_neuf and "set-cookie" not in reponse.headers:
                poser_cookie(reponse, etat.cookie, request.app.state.contexte.reglages)
            return reponse
        return garder


async def _preparer(request: Request, route: str) -> None:
    """Everything that must hold before a route runs, in this order: known, token, step, right."""
    contexte = request.app.state.contexte
    cookie = request.cookies.get(nom_cookie(contexte.reglages), "")
    etat = Etat(route, DROITS.get(route), cookie or secrets.token_urlsafe(32), cookie_neuf=not cookie)
    request.state.espace = etat
    etat.notes = audit.suivre()
    if etat.droit is None:
        raise Introuvable
    etat.acteur = await to_thread.run_sync(_reconnaitre, request, cookie)
    etape = etat.acteur.etape if etat.acteur else VISITEUR
    if request.method not in ("GET", "HEAD"):
        etat.saisie = await _lire_saisie(request)
        if VISITEUR not in etat.droit.etapes and etat.acteur is None:
            raise NonConnecte
        _verifier_jeton(request)
    if etape not in etat.droit.etapes:
        raise NonConnecte if etape == VISITEUR else EtapeRequise(etape)
    if etat.acteur is not None and not autoriser(route, etat.acteur.niveaux):
        await to_thread.run_sync(_noter_refus, request, etat.acteur, route)
        raise Introuvable


def _reconnaitre(request: Request, cookie: str) -> Optional[Acteur]:
    """Who holds this cookie, read anew at each request: a right or an account taken away is gone at once."""
    contexte = request.app.state.contexte
    maintenant: datetime = contexte.horloge.maintenant()
    with contexte.sessions.lecture() as s:
        ouverte = connexion.retrouver_session(s, cookie, maintenant, contexte.reglages.demo)
        if ouverte is None:
            return None
        acteur = acteur_de(s, ouverte, request.state.espace.droit)
    if maintenant - ouverte.active_le > connexion.PRECISION:
        with contexte.sessions() as s:
            connexion.toucher(s, ouverte.id, maintenant)
    return acteur


def acteur_de(session: Session, ouverte: SessionEspace, droit: Optional[Droit] = None) -> Acteur:
    """The Acteur of a live session."""
    compte, personne = ouverte.compte, ouverte.compte.conseiller
    siens, la_caisse = niveaux(session, personne), caisse(session, personne.caisse_code)
    role = next((n for n in NIVEAUX if n in siens and (droit is None or n in droit.niveaux)), None)
    return Acteur(conseiller_id=personne.id, compte_id=compte.id, session_id=ouverte.id, identifiant=compte.identifiant, prenom=personne.prenom,
                  nom=personne.nom, caisse_code=la_caisse.code, caisse_nom=la_caisse.nom, fuseau=la_caisse.fuseau, niveaux=siens,
                  etape=etape_de(ouverte), role=role)


def conseiller_connecte(request: Request) -> Optional[int]:
    """The counsellor whose workspace is open in this browser, for the conversation: her commands are understood there too. None for the public.

    A site that carries the chat window never has this cookie (SameSite=Lax), and a write that comes from another site is refused before.
    """
    contexte = request.app.state.contexte
    cookie = request.cookies.get(nom_cookie(contexte.reglages))
    if not cookie:
        return None
    with contexte.sessions.lecture() as s:
        ouverte = connexion.retrouver_session(s, cookie, contexte.horloge.maintenant(), contexte.reglages.demo)
        acteur = acteur_de(s, ouverte) if ouverte else None
    return acteur.conseiller_id if acteur and acteur.etape == OUVERTE else None


def etape_de(ouverte: SessionEspace) -> str:
    """How far a session has come: the code of the telephone first, then a password of one's own, then a telephone, which everybody has but the
    people of a demonstration (reference/security.md, S8)."""
    compte = ouverte.compte
    if compte.totp_actif_le is not None and not ouverte.second_facteur:
        return CODE
    if compte.doit_changer:
        return MOT_DE_PASSE
    if compte.totp_actif_le is None and not compte.demo:
        return ENROLEMENT
    return OUVERTE


async def _lire_saisie(request: Request) -> Saisie:
    """The fields of a form, whichever way it is sent; empty for JSON, whose token comes in a header. Raises RequeteIllisible."""
    genre = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if genre == "multipart/form-data":
        formulaire = await request.form(max_fields=CHAMPS_MAX)
        return Saisie(tuple((n, v) for n, v in formulaire.multi_items() if not isinstance(v, UploadFile)))
    if genre != "application/x-www-form-urlencoded":
        return Saisie()
    try:
        corps = (await request.body()).decode("utf-8")
        return Saisie(tuple(parse_qsl(corps, keep_blank_values=True, max_num_fields=CHAMPS_MAX, errors="strict")))
    except ValueError as e:
        raise RequeteIllisible from e


def _verifier_jeton(request: Request) -> None:
    etat: Etat = request.state.espace
    donne = request.headers.get(ENTETE_CSRF) or etat.saisie.brut(CHAMP_CSRF)
    if etat.cookie_neuf or not hmac.compare_digest(donne.encode(), jeton_csrf(request).encode()):
        raise JetonRefuse


def _noter_refus(request: Request, acteur: Acteur, route: str) -> None:
    contexte = request.app.state.contexte
    with contexte.sessions() as s:
        audit.noter(s, le=contexte.horloge.maintenant(), acteur=acteur.acteur, role=acteur.role, caisse_code=acteur.caisse_code, acte="acces.refuse",
                    objet="route", objet_id=route[:40])


def _completer_audit(request: Request, statut: int) -> None:
    """The line of a route that was taken and wrote none (reference security.md S16: one, whatever the route). Nothing is shown when it cannot be
    written. What a script sends by itself every few seconds says only that a page is open."""
    etat: Etat = request.state.espace
    dedans = etat.droit is not None and etat.acteur is not None and etat.acteur.etape == OUVERTE
    if dedans and not etat.notes and statut < 400 and etat.route not in SIGNES_DE_VIE:
        with request.app.state.contexte.sessions() as s:
            noter_acces(request, s)


def _montrer_refus(request: Request, refus: Refus) -> Response:
    """A refusal as a page of the workspace, or on the way to what is missing; a program gets the JSON of the contract, from the application."""
    from bot.site.espace.gabarits import page_refus

    if "text/html" not in request.headers.get("accept", ""):
        raise refus
    lecture = request.method in ("GET", "HEAD")
    if isinstance(refus, NonConnecte) and lecture:
        ici = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return aller("/espace/connexion" + ("" if ici == "/espace" else f"?suite={quote(ici)}"))
    if isinstance(refus, EtapeRequise):
        return aller(SUITES.get(refus.etape, "/espace"))
    return page_refus(request, refus)


def aller(adresse: str) -> RedirectResponse:
    """The page that follows a form that was served (303: reloading it sends nothing twice)."""
    return RedirectResponse(adresse, 303)


