"""The audit trail: who opened or changed a personal file, who came in, append only and chained by hashes so that no line can change unseen.
What objects became stands in the history (`historique`). Never a secret, never a name: subjects are numbers."""
from dataclasses import dataclass
from datetime import datetime, timezone
from hashlib import sha256
from typing import Any, Optional, Union

import rfc8785
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from bot.contacts.tables import Audit

ORIGINE = "0" * 64
# Any constant will do, as long as every writer takes the same one.
_VERROU = 4_207_113
_LOT = 1_000


@dataclass(frozen=True)
class Rapport:
    """What a verification found: lines read, number of the first line that does not hold (None = whole), hash of the last line read."""

    lignes: int
    premiere_rupture: Optional[int]
    derniere: str = ORIGINE


def empreinte(ligne: Audit) -> str:
    """SHA-256 of the previous hash followed by the canonical JSON (RFC 8785) of the line."""
    contenu: dict[str, Any] = {"le": ligne.le.astimezone(timezone.utc).isoformat(), "acteur": ligne.acteur, "role": ligne.role,
                               "caisse_code": ligne.caisse_code, "acte": ligne.acte, "objet": ligne.objet, "objet_id": ligne.objet_id}
    return sha256(ligne.precedent.encode() + rfc8785.dumps(contenu)).hexdigest()


def noter(session: Session, *, le: datetime, acteur: str, acte: str, role: Optional[str] = None, caisse_code: Optional[str] = None,
          objet: Optional[str] = None, objet_id: "Union[str, int, None]" = None) -> Audit:
    """Add one line to the trail, in the transaction of the act itself (a write transaction). `acteur`: « conseiller:12 », « systeme ».

    Writers wait for each other until their transaction ends: call it last, and keep the transaction short.
    """
    session.flush()
    _attendre_son_tour(session)
    precedent = session.scalar(select(Audit.empreinte).order_by(Audit.id.desc()).limit(1)) or ORIGINE
    ligne = Audit(le=le, acteur=acteur, role=role, caisse_code=caisse_code, acte=acte, objet=objet,
                  objet_id=None if objet_id is None else str(objet_id), precedent=precedent)
    ligne.empreinte = empreinte(ligne)
    session.add(ligne)
    session.flush()
    return ligne


def _attendre_son_tour(session: Session) -> None:
    """One writer at a time until its transaction ends, else two lines would follow the same one. On SQLite every write transaction is alone."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:v)"), {"v": _VERROU})


def verifier(session: Session) -> Rapport:
    """Read the whole trail again and stop at the first line that was changed, or whose predecessor is gone."""
    lues, precedent, dernier_id = 0, ORIGINE, 0
    while True:
        lot = session.scalars(select(Audit).where(Audit.id > dernier_id).order_by(Audit.id).limit(_LOT)).all()
        for ligne in lot:
            lues += 1
            if ligne.precedent != precedent or empreinte(ligne) != ligne.empreinte:
                return Rapport(lues, ligne.id, precedent)
            precedent, dernier_id = ligne.empreinte, ligne.id
        session.expunge_all()
        if len(lot) < _LOT:
            return Rapport(lues, None, precedent)


def connue(session: Session, empreinte_ligne: str) -> bool:
    """Whether a line with this hash is still in the trail: a hash kept elsewhere shows that the end was not cut off."""
    return empreinte_ligne == ORIGINE or session.scalar(select(Audit.id).where(Audit.empreinte == empreinte_ligne)) is not None
