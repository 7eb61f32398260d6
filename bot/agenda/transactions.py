"""Runs a whole transaction again when the database asks for it. Only for work that may be done twice: it is rolled back between two tries."""
import random
import time
from typing import Callable, TypeVar

import structlog
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from bot.contacts.base import Sessions

T = TypeVar("T")
ESSAIS = 5
# Seconds after which nothing is begun again: whoever waits for the answer is told instead.
DUREE_MAX = 1.0
# PostgreSQL: serialization_failure, deadlock_detected, lock_not_available.
_A_REPRENDRE = {"40001", "40P01", "55P03"}
journal = structlog.get_logger("agenda")


def est_a_reprendre(erreur: Exception) -> bool:
    """True when the same work may succeed if it is started again."""
    if isinstance(erreur, IntegrityError) or not isinstance(erreur, DBAPIError):
        return False
    origine = erreur.orig
    return getattr(origine, "sqlstate", None) in _A_REPRENDRE or "database is locked" in str(origine)


def en_transaction(sessions: Sessions, travail: Callable[[Session], T], essais: int = ESSAIS, dormir: Callable[[float], None] = time.sleep) -> T:
    """`travail(session)` in one write transaction, tried `essais` times with a growing random pause when the database gives it up.

    Refusals go through at once. Raises the last database error when every try failed.
    """
    debut = time.monotonic()
    for essai in range(1, essais + 1):
        try:
            with sessions() as session:
                return travail(session)
        except DBAPIError as e:
            if essai == essais or time.monotonic() - debut > DUREE_MAX or not est_a_reprendre(e):
                raise
            journal.info("transaction_reprise", essai=essai, etat=getattr(e.orig, "sqlstate", "verrou"))
            dormir(random.uniform(0.005, 0.02) * 2 ** essai)
    raise AssertionError("jamais atteint")
