"""Logs: one JSON object a line, no text of anyone. An exception leaves its kind and the places it went through, never its values."""
import logging
import traceback
from contextlib import suppress
from typing import Any, MutableMapping

import structlog

from bot.texte.masquage import masquer


def _sans_valeurs(_: Any, __: str, evenement: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace `exc_info` by kind and places: messages and locals of an exception may quote what a person typed."""
    exception = evenement.pop("exc_info", None)
    if isinstance(exception, BaseException):
        evenement["exception"] = type(exception).__name__
        evenement["places"] = [f"{t.filename.rsplit('/', 2)[-1]}:{t.lineno}" for t in traceback.extract_tb(exception.__traceback__)[-6:]]
    return evenement


# Written by the code alone, from closed lists or drawn at random.
_A_NOUS = {"event", "level", "timestamp", "requete", "route", "methode"}


def _masque(_: Any, __: str, evenement: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The last guard: whatever slipped into a line is masked like a message."""
    return {cle: masquer(valeur).texte if isinstance(valeur, str) and cle not in _A_NOUS else valeur for cle, valeur in evenement.items()}


class _Sortie:
    """Writes lines on standard output. A full disk, or a reader that has gone, loses a line: never a request."""

    def msg(self, ligne: str) -> None:
        with suppress(OSError, ValueError):
            print(ligne, flush=True)

    debug = info = warning = error = critical = exception = msg


def regler() -> None:
    """Set up structlog for this process."""
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, structlog.processors.add_log_level,
                    structlog.processors.TimeStamper(fmt="iso", utc=True), _sans_valeurs, _masque,
                    structlog.processors.JSONRenderer(ensure_ascii=False)],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO), logger_factory=lambda *_: _Sortie(), cache_logger_on_first_use=True)
