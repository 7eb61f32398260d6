"""The audit trail: who opened or changed a personal file, who came in, append only and chained by hashes so that no line can change unseen.
What objects became stands in the history (`historique`). Never a secret, never a name: subjects are numbers. Lines over a year old leave by `purger`,
which seals where the chain begins again."""
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timezone
from hashlib import sha256
from typing import Any, Optional, Union

import rfc8785
from sqlalchemy import delete, func, select, text
from sqlalchemy.orm import Session

from bot.contacts.cle import hmac_hex
from bot.contacts.tables import Audit, RepereAudit

ORIGINE = "0" * 64
# Any constant will do, as long as every writer takes the same one.
_VERROU = 4_207_113
_LOT = 1_000
_ECRITES: "ContextVar[Optional[list[int]]]" = ContextVar("audit_ecrites", default=None)


@dataclass(frozen=True)
class Rapport:
    """What a verification found: lines read, number of the first line that does not hold (None = whole), hash of the last line read, lines
    purged before them, and whether a mark of purge bears a seal that is not ours (`sceau_faux`)."""

    lignes: int
    premiere_rupture: Optional[int]
    derniere: str = ORIGINE
    purgees: int = 0
    sceau_faux: bool = False

    @property
    def intacte(self) -> bool:
        return self.premiere_rupture is None and not self.sceau_faux


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
    suivies = _ECRITES.get()
    if suivies is not None:
        suivies.append(ligne.id)
    return ligne


def suivre() -> list[int]:
    """From now on in this task, and in the threads it calls: the numbers of the lines that `noter` writes. For who must see that there is one."""
    ecrites: list[int] = []
    _ECRITES.set(ecrites)
    return ecrites


def _attendre_son_tour(session: Session) -> None:
    """One writer at a time until its transaction ends, else two lines would follow the same one. On SQLite every write transaction is alone."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:v)"), {"v": _VERROU})


def verifier(session: Session, cle: Optional[bytes] = None) -> Rapport:
    """Read the whole trail again and stop at the first line that was changed, or whose predecessor is gone. With the installation's key, the
    seals of what was purged are checked too."""
    reperes = session.scalars(select(RepereAudit).order_by(RepereAudit.dernier_id)).all()
    faux = cle is not None and any(_sceau(cle, r) != r.sceau for r in reperes)
    purgees = sum(r.nombre for r in reperes)
    lues, rupture, derniere = _relire(session, reperes[-1] if reperes else None)
    return Rapport(lues, rupture, derniere, purgees, faux)


def _relire(session: Session, repere: Optional[RepereAudit], jusqua: Optional[int] = None) -> tuple[int, Optional[int], str]:
    """Lines read after a mark, up to a line or to the end; the first that does not hold; the hash of the last."""
    lues, precedent, dernier_id = 0, repere.empreinte if repere else ORIGINE, repere.dernier_id if repere else 0
    voulues = select(Audit).where(Audit.id <= jusqua) if jusqua is not None else select(Audit)
    while True:
        lot = session.scalars(voulues.where(Audit.id > dernier_id).order_by(Audit.id).limit(_LOT)).all()
        for ligne in lot:
            lues += 1
            if ligne.precedent != precedent or empreinte(ligne) != ligne.empreinte:
                return lues, ligne.id, precedent
            precedent, dernier_id = ligne.empreinte, ligne.id
        for ligne in lot:
            session.expunge(ligne)
        if len(lot) < _LOT:
            return lues, None, precedent


def connue(session: Session, empreinte_ligne: str) -> bool:
    """Whether a line with this hash is still in the trail: a hash kept elsewhere shows that the end was not cut off."""
    if empreinte_ligne == ORIGINE or session.scalar(select(Audit.id).where(Audit.empreinte == empreinte_ligne)) is not None:
        return True
    return session.scalar(select(RepereAudit.id).where(RepereAudit.empreinte == empreinte_ligne)) is not None


# -- the end of old lines -----------------------------------------------------------------------------------------------------------------------


def _sceau(cle: bytes, repere: RepereAudit) -> str:
    quand = repere.le.astimezone(timezone.utc).isoformat()
    return hmac_hex(cle, "audit.repere", f"{repere.dernier_id}|{repere.empreinte}|{repere.nombre}|{quand}")


def purger(session: Session, maintenant: datetime, avant: datetime, cle: bytes) -> int:
    """Delete the lines older than `avant`, from the first on; how many. A sealed mark keeps the hash of the last one gone, so that the rest can
    still be verified; the newest line always stays, for the next to follow. Lines that do not hold are not purged: they are evidence."""
    _attendre_son_tour(session)
    premiere_gardee = session.scalar(select(func.min(Audit.id)).where(Audit.le >= avant))
    borne = premiere_gardee if premiere_gardee is not None else session.scalar(select(func.max(Audit.id)))
    derniere = session.scalars(select(Audit).where(Audit.id < borne).order_by(Audit.id.desc()).limit(1)).first() if borne is not None else None
    precedente = session.scalars(select(RepereAudit).order_by(RepereAudit.dernier_id.desc()).limit(1)).first()
    if derniere is None or _relire(session, precedente, derniere.id)[1] is not None:
        return 0
    nombre = session.scalar(select(func.count()).select_from(Audit).where(Audit.id <= derniere.id)) or 0
    repere = RepereAudit(le=maintenant, dernier_id=derniere.id, empreinte=derniere.empreinte, nombre=nombre)
    repere.sceau = _sceau(cle, repere)
    session.add(repere)
    session.flush()
    session.execute(delete(Audit).where(Audit.id <= derniere.id))
    return nombre
