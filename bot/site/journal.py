"""One line of journal, one measure and one number a request. The line tells the route, never the address asked for: that may hold a code."""
import secrets
import time
from typing import Callable

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.site.mesures import Mesures

journal = structlog.get_logger("requete")
# Asked every second by supervisors, or by every page: counted, not told.
MUETTES = {"/healthz", "/readyz", "/metrics", "/static"}


def route(scope: Scope) -> str:
    """The address as the code writes it (« /rendez-vous/agenda/{code}.ics »), « ailleurs » when no route knows it."""
    trouvee = scope.get("route")
    chemin = getattr(trouvee, "path_format", None) or getattr(trouvee, "path", None)
    return chemin or ("/static" if scope["path"].startswith("/static/") else "ailleurs")


class Suivi:
    """Outermost middleware: gives each request its number (`X-Request-Id`, and `requete` in every line of journal written on its behalf)."""

    def __init__(self, app: ASGIApp, mesures: Callable[[], Mesures]):
        self.app, self.mesures = app, mesures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        numero, debut, statut = secrets.token_hex(8), time.perf_counter(), 0
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(requete=numero)

        async def numerotee(message: Message) -> None:
            nonlocal statut
            if message["type"] == "http.response.start":
                statut = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", numero.encode())]
            await send(message)

        try:
            await self.app(scope, receive, numerotee)
        finally:
            duree, chemin = time.perf_counter() - debut, route(scope)
            self.mesures().requetes.labels(chemin, scope["method"], str(statut)).observe(duree)
            if chemin not in MUETTES:
                journal.info("requete", methode=scope["method"], route=chemin, statut=statut, ms=round(1000 * duree))
