"""The guard against double booking: a counsellor's quarter of an hour has one holder. The only module that writes `occupation`.

Checking first is a courtesy, not a protection: two people can both see a slot free. What refuses the second is the primary key
(conseiller, cellule); cells go in ascending order, so that two transactions wait for each other instead of locking each other (security.md R1).
"""
import zlib
from datetime import datetime, timedelta
from typing import Iterable, Optional, Sequence

from sqlalchemy import delete, func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bot.agenda.instants import cellules
from bot.contacts.tables import Occupation

DUREE_RETENUE = timedelta(minutes=5)
Cellule = tuple[int, int]
# Advisory locks have two signed 32-bit keys: the first is ours, the second comes from what is locked.
_NOTRES = 5914


def cellules_de(conseillers: Iterable[int], debut: datetime, fin: datetime) -> list[Cellule]:
    """(conseiller, cell) of several counsellors for [debut, fin), in the order in which they must be taken."""
    return [(c, cellule) for c in sorted(set(conseillers)) for cellule in cellules(debut, fin)]


def prendre(session: Session, voulues: Sequence[Cellule], porteur: str, porteur_id: "int | str", expire_le: Optional[datetime] = None) -> bool:
    """Take all the cells, or none and False when one has a holder already. The transaction stays usable either way."""
    lignes = [{"conseiller_id": c, "cellule": cellule, "porteur": porteur, "porteur_id": str(porteur_id), "expire_le": expire_le}
              for c, cellule in sorted(voulues)]
    if not lignes:
        return True
    try:
        with session.begin_nested():
            session.execute(insert(Occupation).values(lignes))
    except IntegrityError:
        return False
    return True


def liberer(session: Session, porteur: str, porteur_id: "int | str") -> int:
    """Give back every cell of a holder; how many."""
    cible = delete(Occupation).where(Occupation.porteur == porteur, Occupation.porteur_id == str(porteur_id))
    return len(session.execute(cible.returning(Occupation.cellule)).all())


def echanger(session: Session, voulues: Sequence[Cellule], porteur: str, porteur_id: "int | str") -> bool:
    """Hold these cells instead of those held so far. New ones first: when one is taken, False, and what was held is still held."""
    tenues = {(c, cellule) for c, cellule in session.execute(select(Occupation.conseiller_id, Occupation.cellule).where(
        Occupation.porteur == porteur, Occupation.porteur_id == str(porteur_id)))}
    if not prendre(session, [v for v in voulues if v not in tenues], porteur, porteur_id):
        return False
    for c, cellule in sorted(tenues - set(voulues)):
        session.execute(delete(Occupation).where(Occupation.conseiller_id == c, Occupation.cellule == cellule))
    return True


def purger(session: Session, maintenant: datetime, conseillers: Optional[Sequence[int]] = None) -> int:
    """Forget the holds that are over (of these counsellors); how many cells."""
    cible = delete(Occupation).where(Occupation.expire_le.is_not(None), Occupation.expire_le <= maintenant)
    if conseillers is not None:
        cible = cible.where(Occupation.conseiller_id.in_(conseillers))
    return len(session.execute(cible.returning(Occupation.cellule)).all())


def verrouiller(session: Session, cle: str) -> None:
    """Put the transactions that name the same key one after the other, until they end. SQLite's write transactions already are."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(_NOTRES, zlib.crc32(cle.encode()) - 2**31)))
