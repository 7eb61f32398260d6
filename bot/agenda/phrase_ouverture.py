"""« mardi et jeudi 14 h-17 h au téléphone jusqu'à fin octobre » read as openings to make: days, hours, weeks, place. For chat and page.
Instants are read by `moment`; what may be opened, its preview and its refusals belong to `ouvertures`."""
import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Optional, Sequence

from sqlalchemy.orm import Session

from bot.agenda.dialogue import lecture, lieux
from bot.agenda.instants import jour_local, zone
from bot.agenda.moment import Moment, comprendre
from bot.agenda.motifs import motifs
from bot.contacts.tables import Antenne, Motif
from bot.texte.normalisation import cle
from bot.texte.typographie import JOURS

PARTIES = {"matin": (time(9), time(12)), "après-midi": (time(14), time(17)), "soir": (time(17), time(19))}
TELEPHONE = "tel"
_CHAQUE = re.compile(r"\b(tous les|toutes les|chaque|hebdo\w*|par semaine)\b")


@dataclass(frozen=True)
class Phrase:
    """What a sentence says of openings; what it leaves out is empty. `lieu`: TELEPHONE or an antenne's number; `chaque`: « every week » is said."""

    jours: tuple[date, ...] = ()
    debut: Optional[time] = None
    fin: Optional[time] = None
    jusqu_au: Optional[date] = None
    lieu: Optional[str] = None
    chaque: bool = False


def lire(texte: str, maintenant: datetime, fuseau: str, antennes: Sequence[Antenne]) -> Phrase:
    """Read a sentence at an instant, in the zone of the counsellor. « jusqu'à » is read apart: it bounds the weeks and not the day."""
    debut, borne, fin = re.sub(r"[’ʼ]", "'", texte).partition("jusqu")
    m = comprendre(debut, maintenant, zone(fuseau))
    jusqu_au = comprendre(f"jusqu{fin}", maintenant, zone(fuseau)).au if borne else None
    heures = heures_de(m)
    nommees = lieux.lire(texte, antennes).antennes
    lieu = str(nommees[0]) if nommees else TELEPHONE if lecture.modalite(cle(texte)) == "telephone" else None
    return Phrase(_jours(m, jour_local(maintenant, fuseau)), heures[0] if heures else None, heures[1] if heures else None, jusqu_au, lieu,
                  bool(_CHAQUE.search(cle(texte))))


def _jours(m: Moment, aujourdhui: date) -> tuple[date, ...]:
    """The first day of each weekday named, from the date named or from today; else the date."""
    depart = m.du or aujourdhui
    if m.jours:
        return tuple(sorted(depart + timedelta(days=(JOURS.index(j) - depart.weekday()) % 7) for j in m.jours))
    return (m.du,) if m.du is not None else ()


def heures_de(m: Moment) -> Optional[tuple[time, time]]:
    """The hours of a moment; a part of the day stands for its usual ones."""
    if m.heure_de and m.heure_a:
        return m.heure_de, m.heure_a
    return PARTIES.get(m.partie) if m.partie else None


def motifs_qui_tiennent(session: Session, caisse_code: str, antenne_id: Optional[int], debut: time, fin: time) -> list[Motif]:
    """The motifs that an opening may serve when nobody chose: those of its modality that fit in its hours."""
    minutes = (fin.hour - debut.hour) * 60 + fin.minute - debut.minute
    offerts = motifs(session, caisse_code, modalite="telephone" if antenne_id is None else "presentiel", pour_assure=False)
    return [m for m in offerts if m.duree <= minutes]
