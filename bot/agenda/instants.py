"""Instants, quarters of an hour and local days: the arithmetic every module of the agenda shares. UTC in computation, local time for people."""
from datetime import date, datetime, time, timedelta, timezone
from functools import lru_cache
from typing import Optional
from zoneinfo import ZoneInfo

from bot.texte.typographie import ESPACE_INSECABLE, date_longue

QUART = timedelta(minutes=15)
SECONDES = 900
_HEURE_DE = {"Europe/Paris": "de Paris", "Indian/Reunion": "de La Réunion", "America/Guadeloupe": "de la Guadeloupe",
             "America/Martinique": "de la Martinique", "America/Cayenne": "de la Guyane", "Indian/Mayotte": "de Mayotte"}


@lru_cache(maxsize=64)
def zone(fuseau: str) -> ZoneInfo:
    """The zone of an IANA name."""
    return ZoneInfo(fuseau)


def cellule(instant: datetime) -> int:
    """The quarter of an hour that holds an instant.

    >>> cellule(datetime(2011, 9, 14, 8, 14, 59, tzinfo=timezone.utc))
    1462208
    """
    return int(instant.timestamp()) // SECONDES


def cellules(debut: datetime, fin: datetime) -> range:
    """The cells of the half-open interval [debut, fin), ascending."""
    return range(cellule(debut), -(-int(fin.timestamp()) // SECONDES))


def instant(cellule: int) -> datetime:
    """Where a cell begins, aware UTC."""
    return datetime.fromtimestamp(cellule * SECONDES, timezone.utc)


def vers_utc(jour: date, heure: time, fuseau: str) -> datetime:
    """A local wall-clock time as a UTC instant (of two, the first; one that summer time skips lands an hour later)."""
    return datetime.combine(jour, heure, tzinfo=zone(fuseau)).astimezone(timezone.utc)


def local(quand: datetime, fuseau: str) -> datetime:
    """An instant on the clock of a zone."""
    return quand.astimezone(zone(fuseau))


def jour_local(quand: datetime, fuseau: str) -> date:
    """The calendar day of an instant in a zone."""
    return local(quand, fuseau).date()


def bornes_du_jour(jour: date, fuseau: str) -> tuple[datetime, datetime]:
    """Midnight to midnight of a local day, UTC; 23 or 25 hours when the clocks change."""
    return vers_utc(jour, time(0), fuseau), vers_utc(jour + timedelta(days=1), time(0), fuseau)


def heure_en_lettres(heure: "time | datetime") -> str:
    """« 9 h 00 », with its hard spaces."""
    return f"{heure.hour}{ESPACE_INSECABLE}h{ESPACE_INSECABLE}{heure.minute:02d}"


def en_lettres(quand: datetime, fuseau: str, lecteur: Optional[str] = None) -> str:
    """« lundi 28 mars 2011 à 9 h 00 », and « (heure de La Réunion) » when the reader's clock is another (booking.md §5.1).

    >>> en_lettres(datetime(2011, 3, 28, 7, tzinfo=timezone.utc), "Europe/Paris").replace(ESPACE_INSECABLE, " ")
    'lundi 28 mars 2011 à 9 h 00'
    """
    la = local(quand, fuseau)
    texte = f"{date_longue(la.date(), jour_semaine=True)} à {heure_en_lettres(la)}"
    autre = lecteur is not None and la.utcoffset() != local(quand, lecteur).utcoffset()
    return f"{texte} (heure {_HEURE_DE.get(fuseau, 'locale')})" if autre else texte
