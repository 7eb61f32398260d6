"""Pure ASGI middlewares: security headers on every answer, bodies capped before they are read, no cross-site writing."""
import json
import secrets
from typing import Callable, Iterable
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

CSP = ("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
       "form-action 'self'; base-uri 'none'; frame-src 'self'; frame-ancestors {ancetres}")
COMMUNS = {
    "x-content-type-options": "nosniff", "referrer-policy": "strict-origin-when-cross-origin", "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
}


async def _refuser(send: Send, statut: int, code: str, message: str) -> None:
    corps = json.dumps({"error": {"code": code, "message": message, "incident": secrets.token_hex(4)}}, ensure_ascii=False).encode()
    await send({"type": "http.response.start", "status": statut,
                "headers": [(b"content-type", b"application/json; charset=utf-8"), (b"content-length", str(len(corps)).encode())]})
    await send({"type": "http.response.body", "body": corps})


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


class CorpsBorne:
    """Refuses a body over `maximum` bytes, declared or streamed, before anyone parses it."""

    def __init__(self, app: ASGIApp, maximum: int):
        self.app, self.maximum = app, maximum

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS"):
            return await self.app(scope, receive, send)
        corps, suite = b"", True
        declare = next((v for n, v in scope["headers"] if n == b"content-length"), b"0")
        trop = declare.isdigit() and int(declare) > self.maximum
        while suite and not trop:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            corps += message.get("body", b"")
            suite = message.get("more_body", False)
            trop = len(corps) > self.maximum
        if trop:
            return await _refuser(send, 413, "CORPS_TROP_GRAND", "Ce message est trop volumineux. Écrivez une question courte, sans pièce jointe.")
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

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in ("GET", "HEAD", "OPTIONS"):
            entetes = {n: v.decode("latin-1") for n, v in scope["headers"]}
            site, origine = entetes.get(b"sec-fetch-site"), entetes.get(b"origin")
            etranger = site not in (None, "same-origin", "none") or (
                site is None and origine is not None and urlsplit(origine).netloc != entetes.get(b"host"))
            if etranger:
                return await _refuser(send, 403, "AUTRE_SITE", "Cette action doit être faite depuis le site de l'assistant. Rechargez la page.")
        return await self.app(scope, receive, send)
