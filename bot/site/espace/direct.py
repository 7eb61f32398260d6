"""Server-sent events for the pages of the workspace: what a page shows, again each time it changes, down one connection that stays open.
A stream only reads; what is sent, and to whom, belongs to its route. The browser comes back by itself after a cut, with the last id it got."""
import json
import time
from typing import Any, AsyncIterator, Callable, Optional

import anyio
from anyio import to_thread
from fastapi import Request
from fastapi.responses import StreamingResponse

from bot.contacts.refus import Refus
from bot.site.espace.acces import conseiller_connecte

# Seconds: between two looks at the database; between two signs of life; after which the browser is asked to come back, and goes through the guard.
PAS, BATTEMENT, DUREE = 1.0, 15.0, 50.0
ENTETES = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
# What to send after the id the browser has: (new id, content), None when nothing changed. Raises Refus when there is nothing left to follow.
Lire = Callable[[str], Optional["tuple[str, Any]"]]


def diffuser(request: Request, lire: Lire, vu: str = "") -> StreamingResponse:
    """The stream of a route. `vu`: what the page already shows, unless the browser says it got more (Last-Event-ID).

    A program that does not ask for a stream gets what there is now, once.
    """
    depuis = request.headers.get("last-event-id") or vu
    une_fois = "text/event-stream" not in request.headers.get("accept", "")
    return StreamingResponse(_suivre(request, lire, depuis, une_fois), media_type="text/event-stream", headers=ENTETES)


async def _suivre(request: Request, lire: Lire, vu: str, une_fois: bool) -> AsyncIterator[str]:
    debut = dernier = time.monotonic()
    yield "retry: 2000\n\n"
    while True:
        try:
            trouve = await to_thread.run_sync(_regarder, request, lire, vu)
        except Refus as refus:
            yield _evenement("fin", vu, {"code": refus.code, "message": refus.message})
            return
        maintenant = time.monotonic()
        if trouve is not None:
            vu, contenu = trouve
            dernier = maintenant
            yield _evenement("message", vu, contenu)
        elif maintenant - dernier > BATTEMENT:
            dernier = maintenant
            yield ": toujours là\n\n"
        if une_fois or maintenant - debut > DUREE:
            return
        await anyio.sleep(PAS)


def _regarder(request: Request, lire: Lire, vu: str) -> "Optional[tuple[str, Any]]":
    """One look, by someone who is still logged in: a session closed elsewhere ends the stream. Raises Refus."""
    if conseiller_connecte(request) is None:
        raise SessionFinie
    return lire(vu)


class SessionFinie(Refus):
    code, statut = "SESSION_FINIE", 401
    message = "Votre session est terminée. Reconnectez-vous dans un autre onglet, puis revenez ici ; ce que vous écrivez reste dans cette page."


def _evenement(nom: str, numero: str, contenu: Any) -> str:
    """One event; JSON has no raw line break, so its data is one line."""
    return f"event: {nom}\nid: {numero}\ndata: {json.dumps(contenu, ensure_ascii=False)}\n\n"
