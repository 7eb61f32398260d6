"""Coming back to one's booking without an account: the code and three letters of the name, five tries, ten minutes (booking.md §5.7).

Nothing personal is said before. A wrong try is a result, not an exception: its count must be committed with the caller's transaction, which
raises `refus` afterwards. An unknown code and a wrong name look the same.
"""
import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Optional, Sequence, Union

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot.agenda import occupation
from bot.agenda.identite import lettres
from bot.agenda.refus import AccesExpire, EnPause, Introuvable
from bot.contacts import codes
from bot.contacts.refus import Refus
from bot.contacts.tables import AccesRdv, Assure, Entretien, EssaiCode, Inscription

ESSAIS_MAX = 5
PAUSE = timedelta(minutes=15)
DUREE_ACCES = timedelta(minutes=10)


@dataclass(frozen=True)
class Acces:
    """Ten minutes of access to one booking. `jeton` is a secret for a cookie or a draft; only its hash is stored."""

    jeton: str
    entretien: Optional[Entretien]
    inscription: Optional[Inscription]
    expire_le: datetime


@dataclass(frozen=True)
class Identification:
    """`acces`, or the `refus` to raise once the transaction is committed (Introuvable, EnPause)."""

    acces: Optional[Acces] = None
    refus: Optional[Refus] = None


def identifier(session: Session, *, code: str, nom: str, visiteurs: Sequence[str], maintenant: datetime) -> Identification:
    """Open a booking by its code and the beginning of the name. `visiteurs`: what tells visitors apart (conversation id, address), each counted."""
    if en_pause(session, visiteurs, maintenant):
        return Identification(refus=EnPause())
    trouve = _par_code(session, codes.lire(code))
    if trouve is None or not lettres(nom) or lettres(nom) != lettres(_nom(session, trouve)):
        return Identification(refus=EnPause() if noter_echec(session, visiteurs, maintenant) else Introuvable())
    oublier_echecs(session, visiteurs)
    return Identification(acces=ouvrir(session, trouve, maintenant))


def ouvrir(session: Session, sujet: Union[Entretien, Inscription], maintenant: datetime) -> Acces:
    """An access for someone whose right is already established (she has just booked)."""
    jeton, expire_le = secrets.token_urlsafe(24), maintenant + DUREE_ACCES
    entretien, inscription = (sujet, None) if isinstance(sujet, Entretien) else (None, sujet)
    session.add(AccesRdv(empreinte=_empreinte(jeton), entretien_id=entretien.id if entretien else None,
                         inscription_id=inscription.id if inscription else None, expire_le=expire_le))
    session.flush()
    return Acces(jeton, entretien, inscription, expire_le)


def reprendre(session: Session, jeton: str, maintenant: datetime) -> Acces:
    """The access of a secret, while it lasts. Raises AccesExpire."""
    ligne = session.get(AccesRdv, _empreinte(jeton))
    if ligne is None or maintenant >= ligne.expire_le:
        raise AccesExpire
    entretien = session.get(Entretien, ligne.entretien_id) if ligne.entretien_id is not None else None
    inscription = session.get(Inscription, ligne.inscription_id) if ligne.inscription_id is not None else None
    return Acces(jeton, entretien, inscription, ligne.expire_le)


def fermer(session: Session, jeton: str) -> None:
    """End an access now."""
    session.execute(delete(AccesRdv).where(AccesRdv.empreinte == _empreinte(jeton)))


def purger(session: Session, maintenant: datetime) -> int:
    """Forget accesses that are over, and wrong tries of more than a day ago; how many rows."""
    acces = session.execute(delete(AccesRdv).where(AccesRdv.expire_le <= maintenant).returning(AccesRdv.empreinte)).all()
    essais = session.execute(delete(EssaiCode).where(EssaiCode.dernier_le <= maintenant - timedelta(days=1)).returning(EssaiCode.cle)).all()
    return len(acces) + len(essais)


# ---- wrong tries ------------------------------------------------------------------------------------------------------


def en_pause(session: Session, visiteurs: Sequence[str], maintenant: datetime) -> bool:
    """Whether one of these visitors must wait. Puts her tries one after the other: fifty at once would all be answered before the first counts."""
    cles = sorted(_empreinte(v) for v in visiteurs)
    for cle in cles:
        occupation.verrouiller(session, f"essai:{cle}")
    return session.scalar(select(EssaiCode.cle).where(EssaiCode.cle.in_(cles), EssaiCode.pause_jusqua > maintenant).limit(1)) is not None


def noter_echec(session: Session, visiteurs: Sequence[str], maintenant: datetime) -> bool:
    """Count a wrong try; True when it is the fifth within a quarter of an hour, which opens the pause."""
    pause = False
    for cle in sorted(_empreinte(v) for v in visiteurs):
        essai = session.get(EssaiCode, cle, populate_existing=True)
        if essai is None:
            essai = EssaiCode(cle=cle, erreurs=0, dernier_le=maintenant)
            session.add(essai)
        if maintenant - essai.dernier_le >= PAUSE:
            essai.erreurs = 0
        essai.erreurs, essai.dernier_le = essai.erreurs + 1, maintenant
        if essai.erreurs >= ESSAIS_MAX:
            essai.erreurs, essai.pause_jusqua, pause = 0, maintenant + PAUSE, True
    session.flush()
    return pause


def oublier_echecs(session: Session, visiteurs: Sequence[str]) -> None:
    """A right answer clears the count."""
    session.execute(delete(EssaiCode).where(EssaiCode.cle.in_([_empreinte(v) for v in visiteurs])))


def _par_code(session: Session, code: str) -> "Optional[Union[Entretien, Inscription]]":
    return (session.scalar(select(Entretien).where(Entretien.code == code))
            or session.scalar(select(Inscription).where(Inscription.code == code)))


def _nom(session: Session, sujet: Union[Entretien, Inscription]) -> str:
    assure = session.get(Assure, sujet.assure_id) if sujet.assure_id is not None else None
    return sujet.nom or (assure.nom if assure else "")


def _empreinte(texte: str) -> str:
    return hashlib.sha256(texte.encode()).hexdigest()
