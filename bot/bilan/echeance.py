"""The deadline of a bilan: when it is, how long remains, which reminders are due (R62, A2). No mail leaves from here."""
from dataclasses import dataclass
from datetime import date, datetime, time, timezone
from typing import Optional

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.contacts.base import Sessions
from bot.contacts.tables import Bilan, Caisse, ExerciceBilan, RappelBilan
from bot.horloge import PARIS, Horloge
from bot.texte.typographie import date_longue, quantite

PALIERS = (30, 15, 7, 1)


def limite(annee: int, exercice: Optional[ExerciceBilan] = None, strict: bool = False) -> datetime:
    """The last instant, UTC, at which a file is in time. « Avant le 31 janvier » (R62): by default until 31 January, 23:59:59 in Paris; strictly
    read, until 30 January (A2). An exercise may carry its own. Réunion and the Antilles are judged at the same instant as everybody."""
    if exercice is not None and exercice.limite is not None:
        return exercice.limite
    strict = exercice.strict if exercice is not None else strict
    dernier = date(annee + 1, 1, 30 if strict else 31)
    return datetime.combine(dernier, time(23, 59, 59, 999_999), PARIS).astimezone(timezone.utc)


def jours_restants(maintenant: datetime, fin: datetime) -> int:
    """Calendar days in Paris until the deadline's day; negative once it is past."""
    return (fin.astimezone(PARIS).date() - maintenant.astimezone(PARIS).date()).days


def compte_a_rebours(maintenant: datetime, fin: datetime) -> str:
    """The countdown in a sentence."""
    reste, jour = jours_restants(maintenant, fin), date_longue(fin.astimezone(PARIS).date())
    if maintenant > fin:
        return f"Le délai est passé depuis le {jour} : un bilan envoyé maintenant est accepté, et signalé hors délai."
    if reste == 0:
        return f"Dernier jour : le bilan doit être transmis aujourd'hui, avant {fin.astimezone(PARIS):%H h %M} (heure de Paris)."
    return f"Il reste {quantite(reste, 'jour')} : le bilan doit être transmis au plus tard le {jour}."


@dataclass(frozen=True)
class Rappel:
    """A reminder that is due: to whom, for which year, at which step, in which words."""

    caisse_code: str
    annee: int
    palier: int
    message: str


def rappels_dus(session: Session, annee: int, maintenant: datetime) -> list[Rappel]:
    """Expected caisses that have not sent their bilan, each at the nearest step it has reached and was not told of. Changes nothing."""
    fin = limite(annee, session.get(ExerciceBilan, annee))
    reste = jours_restants(maintenant, fin)
    atteints = [p for p in PALIERS if 0 <= reste <= p]
    if not atteints or maintenant > fin:
        return []
    palier = min(atteints)
    envoyes = select(Bilan.caisse_code).where(Bilan.annee == annee, Bilan.transmis_le.is_not(None))
    dits = select(RappelBilan.caisse_code).where(RappelBilan.annee == annee, RappelBilan.palier <= palier)
    return [Rappel(code, annee, palier, f"Bilan {annee}. {compte_a_rebours(maintenant, fin)}")
            for code in attendues(session, annee) if code not in set(session.scalars(envoyes)) | set(session.scalars(dits))]


def noter_rappels(session: Session, annee: int, maintenant: datetime) -> list[Rappel]:
    """The reminders due, marked as given: run twice, the second run gives none. The caller shows or sends them."""
    dus = rappels_dus(session, annee, maintenant)
    session.add_all(RappelBilan(caisse_code=r.caisse_code, annee=annee, palier=r.palier, le=maintenant) for r in dus)
    session.flush()
    return dus


def rappeler(sessions: Sessions, horloge: Horloge) -> int:
    """The worker's part: give the reminders due today for the year being made; how many. A base where nothing is ever played twice."""
    maintenant = horloge.maintenant()
    with sessions() as s:
        return len(noter_rappels(s, dernier_exercice(maintenant), maintenant))


def dernier_rappel(session: Session, caisse_code: str, annee: int) -> Optional[int]:
    """The nearest step a caisse was reminded of, in days before the deadline."""
    return session.scalar(select(func.min(RappelBilan.palier)).where(RappelBilan.caisse_code == caisse_code, RappelBilan.annee == annee))


def attendues(session: Session, annee: int) -> list[str]:
    """Codes of the caisses whose bilan of a year is expected: regional, and so dated (R18). Where no caisse is dated, every regional one is."""
    regionales = session.scalars(select(Caisse).where(Caisse.genre == "regionale").order_by(Caisse.code)).all()
    datees = [c for c in regionales if c.attendue_du is not None]
    debut, fin = date(annee, 1, 1), date(annee, 12, 31)
    return [c.code for c in datees or regionales
            if (c.attendue_du is None or c.attendue_du <= fin) and (c.attendue_au is None or c.attendue_au >= debut)]


def dernier_exercice(maintenant: datetime) -> int:
    """The year a bilan is now being made for: the one before, until the end of June; the current one afterwards."""
    jour = maintenant.astimezone(PARIS).date()
    return jour.year - 1 if jour < date(jour.year, 7, 1) else jour.year
