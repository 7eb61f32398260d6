"""Puts the front together: settings, database, clock, engine, routes, refusals in French."""
import asyncio
import secrets
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, AsyncIterator, Callable, Iterator, Mapping, Optional

import structlog
from anyio import to_thread
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles
from sqlalchemy import text
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as SansConnexion
from starlette.exceptions import HTTPException
from starlette.routing import Route
from starlette.types import ASGIApp

from bot.contacts import conversations
from bot.contacts.arrets import Arrets
from bot.contacts.base import Sessions, ouvrir
from bot.contacts.caisses import caisses
from bot.contacts.refus import Refus
from bot.horloge import Horloge
from bot.journal import regler as regler_journal
from bot.knowledge import profil, protections
from bot.knowledge.fiches import Fiche, fiches
from bot.knowledge.recherche import rechercher
from bot.reglages import Reglages
from bot.site import api, api_rendez_vous, espace, mesures, pages
from bot.site.dialogue import Dialogue
from bot.site.entetes import Arretes, CorpsBorne, Entetes, MemeOrigine, Tete
from bot.site.enveloppe import erreurs
from bot.site.garde import CORPS_MAX, CORPS_MAX_ESPACE, MessageTropLong, RequeteIllisible
from bot.site.journal import Suivi
from bot.site.limites import Limites
from bot.site.mesures import Mesures
from bot.site.moteur import Moteur
from bot.site.pages import enquete, mon_rendez_vous, rencontres, rendez_vous

journal = structlog.get_logger(__name__)
# Seconds. Nobody waits longer than this for the database before being told: an answer, even « not now », comes within two seconds.
ATTENTE_BASE = 1.3


@dataclass
class Contexte:
    """What every route may need; one per application, never global."""

    reglages: Reglages
    horloge: Horloge
    sessions: Sessions
    fiches: Mapping[str, Fiche]
    moteur: Moteur
    dialogue: Dialogue
    limites: Limites
    mesures: Mesures
    arrets: Arrets
    telephone: Optional[str] = None  # of the caisse served here, with its hours


def erreur_json(statut: int, code: str, message: str, attendre: Optional[int] = None) -> JSONResponse:
    """A refusal or a failure as the contract writes it."""
    incident = secrets.token_hex(4)
    entetes = {"Retry-After": str(attendre)} if attendre else None
    return JSONResponse({"error": {"code": code, "message": message, "incident": incident}}, statut, headers=entetes)


def rendre_erreur(requete: Request, statut: int, code: str, message: str, attendre: Optional[int] = None) -> Response:
    """A refusal or a failure for whoever asked: a page for a browser on a page, JSON for the API."""
    if requete.url.path.startswith("/api") or "text/html" not in requete.headers.get("accept", ""):
        return erreur_json(statut, code, message, attendre)
    reponse = pages.page_erreur(requete, statut, message)
    if attendre:
        reponse.headers["Retry-After"] = str(attendre)
    return reponse


def rendre_refus(requete: Request, refus: Refus) -> Response:
    """The same, from a refusal of the domain."""
    return rendre_erreur(requete, refus.statut, refus.code, refus.message, refus.attendre)


class Site(FastAPI):
    """`autour` goes around everything, the answer to an unforeseen failure included: Starlette writes that one outside its middlewares."""

    autour: Callable[[ASGIApp], ASGIApp]

    def build_middleware_stack(self) -> ASGIApp:
        return self.autour(super().build_middleware_stack())


def creer_app(reglages: Optional[Reglages] = None) -> FastAPI:
    """The front as an ASGI application. Settings default to the environment's."""
    regler_journal()
    reglages = reglages or Reglages()
    sessions, compteurs, arrets = Sessions(ouvrir(reglages.adresse_base, ATTENTE_BASE)), Mesures(), Arrets(reglages.donnees)
    horloge, moteur, contenu = Horloge.reglee(), Moteur(reglages, mesures=compteurs), fiches()
    contexte = Contexte(reglages, horloge, sessions, contenu, moteur, Dialogue(reglages, sessions, horloge, moteur, contenu, compteurs, arrets),
                        Limites(reglages.redis), compteurs, arrets)
    origines: list[str] = []

    @asynccontextmanager
    async def vie(_: FastAPI) -> AsyncIterator[None]:
        lues = asyncio.create_task(_lire_caisses(contexte, origines))
        await asyncio.wait([lues], timeout=ATTENTE_BASE)  # a database that is away does not keep the site from starting
        pretes = asyncio.create_task(to_thread.run_sync(_preparer_lectures))
        yield
        lues.cancel()
        await pretes
        await moteur.fermer()
        sessions.engine.dispose()

    app = Site(title="Assistant du RSI", version="1", lifespan=vie, docs_url=None, redoc_url=None, responses=erreurs(500, 503),
                  description="API de conversation. Modèle reconstitué : ce n'est pas un service officiel du RSI.")
    app.state.contexte = contexte
    app.include_router(api.routeur)
    app.include_router(enquete.routeur)
    app.include_router(pages.routeur)
    app.include_router(espace.routeur)
    app.include_router(espace.bilan.public)
    for rdv in (rendez_vous.routeur, mon_rendez_vous.routeur, rencontres.routeur, api_rendez_vous.routeur, api_rendez_vous.flux):
        app.include_router(rdv)
    app.include_router(mesures.routeur)
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"), name="static")
    _sante(app)
    _erreurs(app)
    # The last added is the first met: the cap, then the origin.
    app.add_middleware(Tete)
    app.add_middleware(Arretes, arrets=contexte.arrets, telephone=lambda: contexte.telephone, rendu=rendre_refus)
    app.add_middleware(MemeOrigine, rendu=rendre_refus)
    app.add_middleware(CorpsBorne, maximum=CORPS_MAX, rendu=rendre_refus, espace=CORPS_MAX_ESPACE)
    app.autour = lambda pile: Suivi(Entetes(pile, origines=lambda: origines, https=reglages.cookies_surs), mesures=lambda: compteurs)
    return app


def _preparer_lectures() -> None:
    """What reads messages is made ready (patterns, trades, index of the search) while the first pages are already served: it takes a second or two,
    which the first person to write would wait."""
    protections.reconnaitre("prêt")
    profil.reconnaitre("je suis plombier, au chômage")
    rechercher("prêt", 1)


async def _lire_caisses(contexte: Contexte, origines: list[str]) -> None:
    """The sites that may show the conversation, and the telephone given when the database is away; as soon as the database answers. A front that
    is alone also frees the messages that its former life was answering when it died."""
    depart, seul = contexte.horloge.maintenant(), contexte.sessions.engine.dialect.name == "sqlite" and contexte.reglages.sites == 1

    def lire() -> None:
        if seul:
            with contexte.sessions() as s:
                conversations.liberer(s, depart)
        with contexte.sessions.lecture() as s:
            toutes = caisses(s)
            origines[:] = sorted({o for c in toutes for o in c.origines})
            contexte.telephone = next((f"{c.telephone}, {c.horaires}" for c in toutes if c.code == contexte.reglages.caisse), None)

    while True:
        try:
            return await to_thread.run_sync(lire)
        except SQLAlchemyError as e:
            journal.error("base_indisponible", genre=type(e).__name__)
            await asyncio.sleep(ATTENTE_BASE)


def methodes(requete: Request) -> set[str]:
    """What the address of a request answers to, over all its routes; HEAD goes with GET (`entetes.Tete`)."""
    def toutes(routeur: Any) -> Iterator[Any]:
        for route in routeur.routes:
            interieur = getattr(route, "original_router", None)
            yield from toutes(interieur) if interieur is not None else [route]

    siennes = {m for r in toutes(requete.app) if isinstance(r, Route) and r.path_regex.match(requete.url.path) for m in r.methods or ()}
    return siennes | {"HEAD"} if "GET" in siennes else siennes


def _sante(app: FastAPI) -> None:
    @app.get("/healthz", tags=["exploitation"], summary="Le site répond")
    async def healthz() -> dict[str, str]:
        return {"statut": "ok"}

    @app.get("/readyz", tags=["exploitation"], summary="Toutes les parties répondent", response_model=None, responses=erreurs(503))
    async def readyz(requete: Request) -> "JSONResponse | dict[str, str]":
        contexte: Contexte = requete.app.state.contexte

        def base_repond() -> bool:
            try:
                with contexte.sessions.lecture() as s:
                    return s.scalar(text("SELECT 1")) == 1
            except (OperationalError, InterfaceError, SansConnexion):
                return False

        etat = {"base": await to_thread.run_sync(base_repond), "moteur": await contexte.moteur.pret(),
                "actions": await contexte.moteur.actions_pretes(contexte.reglages.port_actions)}
        absentes = [nom for nom, vrai in etat.items() if not vrai]
        if absentes:
            return erreur_json(503, "PARTIE_ABSENTE", f"Ne répond pas : {', '.join(absentes)}.", attendre=5)
        return {"statut": "ok"}


def _erreurs(app: FastAPI) -> None:
    @app.exception_handler(Refus)
    async def refus(requete: Request, e: Refus):
        requete.app.state.contexte.mesures.refus.labels(e.code).inc()
        return rendre_refus(requete, e)

    @app.exception_handler(RequestValidationError)
    async def illisible(requete: Request, e: RequestValidationError):
        if any(err["loc"][-1:] == ("text",) and err["type"] == "string_too_long" for err in e.errors()):
            return rendre_refus(requete, MessageTropLong())
        return rendre_refus(requete, RequeteIllisible())

    @app.exception_handler(HTTPException)
    async def http(requete: Request, e: HTTPException):
        messages = {400: (RequeteIllisible.code, RequeteIllisible.message),
                    404: ("PAGE_INCONNUE", "Cette page n'existe pas."), 405: ("METHODE_REFUSEE", "Cette adresse ne répond pas à cette demande.")}
        code, message = messages.get(e.status_code, ("REFUS", "Cette demande n'est pas possible."))
        reponse = rendre_erreur(requete, e.status_code, code, message)
        if e.status_code == 405:  # RFC 9110 §15.5.6: what this address does answer to
            reponse.headers["Allow"] = ", ".join(sorted(methodes(requete)))
        return reponse

    @app.exception_handler(OperationalError)
    @app.exception_handler(InterfaceError)
    @app.exception_handler(SansConnexion)
    async def base_absente(requete: Request, e: Exception):
        journal.error("base_indisponible", genre=type(getattr(e, "orig", e)).__name__)
        telephone = requete.app.state.contexte.telephone
        requete.state.sans_base = True  # the page of the error must not ask it again
        message = ("Le service est momentanément indisponible. Réessayez dans une minute : rien ne sera fait deux fois. "
                   f"Vous pouvez aussi appeler votre caisse{f' au {telephone}' if telephone else ''}.")
        return rendre_erreur(requete, 503, "BASE_INDISPONIBLE", message, 30)

    @app.exception_handler(Exception)
    async def panne(requete: Request, e: Exception):
        journal.error("panne", genre=type(e).__name__, chemin=requete.url.path, exc_info=e)
        return rendre_erreur(requete, 500, "PANNE", "Une panne est survenue de notre côté. Réessayez ; si elle dure, appelez votre caisse.")
