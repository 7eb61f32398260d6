"""The trap: a process of ours dies by SIGKILL at a step that a test names. The product knows nothing of it: nothing here runs outside tests.

The order is a file (its path in PIEGE_ORDRE), read at each step and consumed by the process that dies: a process started again lives on.
"""
import json
import os
import re
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any, Optional

# In the order of a request: before the SQL statement aimed at, after it, before its COMMIT, after it, before the first byte of the reply, between
# its headers and its body.
ETAPES = ("avant_ecriture", "apres_ecriture", "avant_commit", "apres_commit", "avant_reponse", "pendant_reponse")
_ici = threading.local()
_commis = threading.Event()
_passages = 0


def ordonner(chemin: Path, etape: str, sql: str = r"INSERT INTO occupation\b", *, qui: str = "", fois: int = 1) -> None:
    """The next process that comes to `etape` dies there: of the transaction that runs a statement like `sql` (regular expression), the `fois`-th
    time, in a process whose command line holds `qui` (regular expression)."""
    assert etape in ETAPES
    neuf = chemin.with_suffix(".neuf")
    neuf.write_text(json.dumps({"etape": etape, "sql": sql, "qui": qui, "fois": fois}), encoding="utf-8")
    os.replace(neuf, chemin)


def tendre() -> None:
    """Lay the trap in this process; without an order nothing happens."""
    from sqlalchemy import Connection, event
    from sqlalchemy.engine import Engine
    from starlette.applications import Starlette

    if os.environ.get("PIEGE_FAUTE"):
        _saboter(os.environ["PIEGE_FAUTE"])  # first: the trap closes round it

    @event.listens_for(Engine, "before_cursor_execute")
    def _avant(conn: Any, curseur: Any, sql: str, *_: Any) -> None:
        ordre = _ordre()
        if ordre and re.search(ordre["sql"], sql):
            _ici.touche = True
            _mourir_si(ordre, "avant_ecriture")

    @event.listens_for(Engine, "after_cursor_execute")
    def _apres(conn: Any, curseur: Any, sql: str, *_: Any) -> None:
        ordre = _ordre()
        if ordre and re.search(ordre["sql"], sql):
            _mourir_si(ordre, "apres_ecriture")

    valider, reculer, appeler = Connection._commit_impl, Connection._rollback_impl, Starlette.__call__

    def commit(connexion: Connection) -> None:
        vise = getattr(_ici, "touche", False)
        if vise:
            _mourir_si(_ordre(), "avant_commit")
        valider(connexion)
        _ici.touche = False
        if vise:
            _mourir_si(_ordre(), "apres_commit")
            _commis.set()

    def rollback(connexion: Connection) -> None:
        _ici.touche = False
        reculer(connexion)

    async def application(soi: Starlette, scope: Any, receive: Any, send: Any) -> None:
        async def envoyer(message: Any) -> None:
            tete = message["type"] == "http.response.start" and _commis.is_set()
            if tete:
                _mourir_si(_ordre(), "avant_reponse")
            await send(message)
            if tete:
                _mourir_si(_ordre(), "pendant_reponse")
                _commis.clear()
        await appeler(soi, scope, receive, envoyer)

    Connection._commit_impl, Connection._rollback_impl, Starlette.__call__ = commit, rollback, application  # type: ignore[method-assign]


def _saboter(faute: str) -> None:
    """A guard of the booking taken away in this process, for negative controls: « sans_operation » (a resend is a new booking), « sans_commit » (what
    is answered was not stored)."""
    from uuid import uuid4

    from sqlalchemy import Connection

    from bot.agenda import reservation

    if faute == "sans_operation":
        confirmer = reservation.confirmer
        reservation.confirmer = lambda s, *, operation_id, **reste: confirmer(s, operation_id=uuid4().hex, **reste)
    else:
        valider, reculer = Connection._commit_impl, Connection._rollback_impl

        def commit(connexion: Connection) -> None:
            (reculer if getattr(_ici, "touche", False) else valider)(connexion)
        Connection._commit_impl = commit  # type: ignore[method-assign]


def _ordre() -> Optional[dict[str, Any]]:
    try:
        ordre = json.loads(Path(os.environ["PIEGE_ORDRE"]).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return ordre if re.search(ordre["qui"], " ".join(sys.orig_argv)) else None


def _mourir_si(ordre: Optional[dict[str, Any]], etape: str) -> None:
    global _passages
    if not ordre or ordre["etape"] != etape:
        return
    _passages += 1
    if _passages < ordre["fois"]:
        return
    try:
        os.unlink(os.environ["PIEGE_ORDRE"])
    except FileNotFoundError:  # another process has died of it
        return
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(60)  # not one instruction more
