"""Logs: one JSON object a line, no text of anyone. An exception leaves its kind and the places it went through, never its values."""
import logging
import traceback
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


def _masque(_: Any, __: str, evenement: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The last guard: whatever slipped into a line is masked like a message."""
    return {cle: masquer(valeur).texte if isinstance(valeur, str) else valeur for cle, valeur in evenement.items()}


def regler() -> None:
    """Set up structlog for this process."""
    structlog.configure(
        processors=[structlog.processors.add_log_level, structlog.processors.TimeStamper(fmt="iso", utc=True), _sans_valeurs, _masque,
                    structlog.processors.JSONRenderer(ensure_ascii=False)],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO), cache_logger_on_first_use=True)
