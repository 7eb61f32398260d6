"""Pure ASGI middlewares: security headers on every answer, bodies capped before they are read, no cross-site writing."""
import re
from typing import Callable, Iterable, Optional
from urllib.parse import urlsplit

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.contacts.arrets import ECRITURES, RENDEZ_VOUS, Arrete, Arrets
from bot.contacts.refus import Refus
from bot.site.garde import AutreSite, CorpsTropGrand
from bot.texte.typographie import composer

# How the application writes a refusal for whoever asks: a page for a browser, JSON for a program.
Rendu = Callable[[Request, Refus], Response]

CSP = ("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
       "form-action 'self'; base-uri 'none'; frame-src 'self'; frame-ancestors {ancetres}")
COMMUNS = {
    "x-content-type-options": "nosniff", "referrer-policy": "strict-origin-when-cross-origin", "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
}


async def _refuser(rendu: Rendu, refus: Refus, scope: Scope, receive: Receive, send: Send) -> None:
    reponse = await to_thread.run_sync(rendu, Request(scope), refus)
    await reponse(scope, receive, send)


class Entetes:
    """Security headers. `/cadre` may be framed by the sites that a caisse has declared; nothing else may be framed."""

    def __init__(self, app: ASGIApp, origines: Callable[[], Iterable[str]], https: bool):
        self.app, self.origines, self.https = app, origines, https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        chemin: str = scope["path"]
        ancetres = " ".join(["'self'", *self.origines()]) if chemin == "/cadre" or chemin.startswith("/cadre/") else "'none'"

        async def avec_entetes(message: Message) -> None:
            if message["type"] == "http.response.start":
                deja = {nom.lower() for nom, _ in message["headers"]}
                ajouts = {**COMMUNS, "content-security-policy": CSP.format(ancetres=ancetres)}
                if not chemin.startswith(("/static/", "/faq")):
                    ajouts["cache-control"] = "no-store"
                if self.https:
                    ajouts["strict-transport-security"] = "max-age=31536000; includeSubDomains"
                message["headers"] = [*message["headers"], *((n.encode(), v.encode()) for n, v in ajouts.items() if n.encode() not in deja)]
            await send(message)

        await self.app(scope, receive, avec_entetes)


class Arretes:
    """What a person has stopped (`conseil arret`): booking, or every write. The conversation sees to itself: it answers emergencies."""

    RENDEZ_VOUS = re.compile(r"/rendez-vous/(?:creneaux|coordonnees|confirmer|mon/(?:deplacer|avancer)\b.*)|/rencontres/.+"
                             r"|/api/entretiens|/api/entretiens/[^/]+/deplacement|/api/rencontres/[^/]+/inscriptions")
    LUI_MEME = ("/api/messages", "/api/conversations", "/conversation", "/cadre", "/espace/connexion", "/espace/deconnexion")

    def __init__(self, app: ASGIApp, arrets: Arrets, telephone: Callable[[], Optional[str]], rendu: Rendu):
        self.app, self.arrets, self.telephone, self.rendu = app, arrets, telephone, rendu

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in ("GET", "HEAD", "OPTIONS"):
            etat, chemin = self.arrets.etat(), scope["path"]
            phrase = None if chemin.startswith(self.LUI_MEME) else etat.phrase(ECRITURES)
            if phrase is None and self.RENDEZ_VOUS.fullmatch(chemin):
                phrase = etat.phrase(RENDEZ_VOUS)
            if phrase is not None:
                telephone = self.telephone()
                suite = f" Votre caisse répond au {telephone}." if telephone else " Appelez votre caisse."
                return await _refuser(self.rendu, Arrete(composer(phrase + suite)), scope, receive, send)
        return await self.app(scope, receive, send)


class CorpsBorne:
    """Refuses a body over `maximum` bytes, declared or streamed, before anyone parses it; under /espace, where people who are logged in fill
    long forms, over `espace`."""

    def __init__(self, app: ASGIApp, maximum: int, rendu: Rendu, espace: int):
        self.app, self.maximum, self.rendu, self.espace = app, maximum, rendu, espace

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS"):
            return await self.app(scope, receive, send)
        maximum = self.espace if scope["path"].startswith("/espace/") else self.maximum
        corps, suite = b"", True
        declare = next((v for n, v in scope["headers"] if n == b"content-length"), b"0")
        trop = declare.isdigit() and int(declare) > maximum
        while suite and not trop:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            corps += message.get("body", b"")
            suite = message.get("more_body", False)
            trop = len(corps) > maximum
        if trop:
            return await _refuser(self.rendu, CorpsTropGrand(), scope, receive, send)
        rendu = False

        async def rejouer() -> Message:
            nonlocal rendu
            if rendu:
                return await receive()
            rendu = True
            return {"type": "http.request", "body": corps, "more_body": False}

        return await self.app(scope, rejouer, send)


class MemeOrigine:
    """Refuses a write that a browser sends from another site (ASVS 3.5.1): `Sec-Fetch-Site` first, `Origin` for older ones.

    Programs send neither header and are let through: they hold no visitor's cookie.
    """

    def __init__(self, app: ASGIApp, rendu: Rendu):
        self.app, self.rendu = app, rendu

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in ("GET", "HEAD", "OPTIONS"):
            entetes = {n: v.decode("latin-1") for n, v in scope["headers"]}
            site, origine = entetes.get(b"sec-fetch-site"), entetes.get(b"origin")
            etranger = site not in (None, "same-origin", "none") or (
                site is None and origine is not None and urlsplit(origine).netloc != entetes.get(b"host"))
            if etranger:
                return await _refuser(self.rendu, AutreSite(), scope, receive, send)
        return await self.app(scope, receive, send)


class Tete:
    """HEAD is GET without its body (RFC 9110 §9.3.2), on every address that answers GET."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            return await self.app(scope, receive, send)

        async def sans_corps(message: Message) -> None:
            if message["type"] != "http.response.body":
                await send(message)
            elif not message.get("more_body", False):
                await send({"type": "http.response.body", "body": b""})

        await self.app({**scope, "method": "GET"}, receive, sans_corps)
