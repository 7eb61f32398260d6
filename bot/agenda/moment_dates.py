"""Days, weeks and months as people count them. Pure functions on dates; the words of French are in `moment_texte` and `moment_regles`.

Every function takes the day it is asked on: nothing here reads a clock.
"""
import calendar
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Dict, List, Optional

from bot.texte.typographie import MOIS

UN_JOUR = timedelta(days=1)
# A day of this year that is further back than this is next year's: in September, « le 9 janvier » is ahead, « le 2 août » is behind us.
RECUL_ADMIS = timedelta(days=183)


class DateImpossible(ValueError):
    """A date that no calendar holds; `texte` names it as the person did, for the refusal."""

    code = "DATE_IMPOSSIBLE"

    def __init__(self, texte: str) -> None:
        super().__init__(f"« {texte} » n'existe pas dans le calendrier.")
        self.texte = texte


@dataclass(frozen=True)
class Periode:
    """Days from `du` to `au`, both included. `entamee`: said of now (« cette semaine »), so what is behind us does not count."""

    du: date
    au: date
    entamee: bool = False

    @property
    def duree(self) -> int:
        """Number of days."""
        return (self.au - self.du).days + 1

    def contient(self, autre: "Periode") -> bool:
        """True when every day of `autre` is in this period."""
        return self.du <= autre.du and autre.au <= self.au


def un_jour(jour: date) -> Periode:
    """The period of one day."""
    return Periode(jour, jour)


# ---- months -----------------------------------------------------------------------------------------------------------

def jour_du_mois(quantieme: int, mois: int, annee: Optional[int], ref: date, texte: str = "") -> date:
    """The day `quantieme` of `mois`; without a year, this year's, or next year's when this year's is long past (RECUL_ADMIS) or
    does not exist (29 February). Raises DateImpossible, named `texte` or in words."""
    annees = [annee] if annee else [ref.year, ref.year + 1]
    for a in annees:
        if not (1 <= mois <= 12 and 1900 <= a <= 2100 and 1 <= quantieme <= calendar.monthrange(a, mois)[1]):
            continue
        jour = date(a, mois, quantieme)
        if annee or jour >= ref - RECUL_ADMIS:
            return jour
    en_lettres = f"{quantieme} {MOIS[mois - 1]}" + (f" {annee}" if annee else "") if 1 <= mois <= 12 else f"{quantieme}/{mois}"
    raise DateImpossible(texte or en_lettres)


def annee_du_mois(mois: int, ref: date) -> int:
    """The year meant by a month named alone: the same rule as for a day, counted from the month's first."""
    return jour_du_mois(1, mois, None, ref).year


def mois_entier(annee: int, mois: int, entamee: bool = False) -> Periode:
    """All the days of a month."""
    return Periode(date(annee, mois, 1), date(annee, mois, calendar.monthrange(annee, mois)[1]), entamee)


def plus_mois(jour: date, mois: int) -> date:
    """The same day `mois` months later, or the last one when that month is shorter (31 January + 1 month = 28 February)."""
    rang = jour.year * 12 + jour.month - 1 + mois
    annee, m = divmod(rang, 12)
    return date(annee, m + 1, min(jour.day, calendar.monthrange(annee, m + 1)[1]))


def prochain_quantieme(quantieme: int, depuis: date, jour_semaine: Optional[int] = None) -> date:
    """The first day numbered `quantieme` from `depuis` on. With a weekday (« mardi 11 »), the first of the next two such days that
    falls on it, or this month's if it is just behind; else the first one: the caller then says that the two do not agree."""
    if not 1 <= quantieme <= 31:
        raise DateImpossible(str(quantieme))
    passes: List[date] = []
    a_venir: List[date] = []
    mois = depuis.replace(day=1)
    while len(a_venir) < 2:
        if quantieme <= calendar.monthrange(mois.year, mois.month)[1]:
            jour = mois.replace(day=quantieme)
            (a_venir if jour >= depuis else passes).append(jour)
        mois = plus_mois(mois, 1)
    return next((jour for jour in a_venir + passes if jour.weekday() == jour_semaine), a_venir[0])


def nieme(rang: int, jour_semaine: int, annee: int, mois: int) -> Optional[date]:
    """The `rang`-th Monday, Tuesday… of a month (1 first, -1 last); None when the month has no fifth one."""
    m = mois_entier(annee, mois)
    jours = [m.du + i * UN_JOUR for i in range(m.duree) if (m.du + i * UN_JOUR).weekday() == jour_semaine]
    return jours[rang - 1 if rang > 0 else rang] if abs(rang) <= len(jours) else None


def tiers_de_mois(mois: Periode, tiers: str) -> Periode:
    """Early (1-10), mid (11-20) or late (21-end) in a month: what « mi-octobre » means in shared/dates_dev.jsonl, extended."""
    if tiers == "debut":
        return Periode(mois.du, mois.du.replace(day=10))
    return Periode(mois.du.replace(day=21), mois.au) if tiers == "fin" else Periode(mois.du.replace(day=11), mois.du.replace(day=20))


# ---- weeks ------------------------------------------------------------------------------------------------------------

def prochain(jour_semaine: int, apres: date) -> date:
    """The first Monday, Tuesday… strictly after a day: said on a Wednesday, « mercredi » is in a week (the day itself is « aujourd'hui »)."""
    return apres + timedelta(days=(jour_semaine - apres.weekday() - 1) % 7 + 1)


def semaine_de(jour: date, entamee: bool = False) -> Periode:
    """Monday to Friday of the week of a day: caisses are closed at the week-end."""
    lundi = jour - timedelta(days=jour.weekday())
    return Periode(lundi, lundi + timedelta(days=4), entamee)


def semaine_du(jour: date) -> Periode:
    """« La semaine du 3 »: the week of that day; of a Saturday or a Sunday, the week it announces."""
    return semaine_de(jour if jour.weekday() < 5 else prochain(0, jour))


def semaine_numero(numero: int, annee: Optional[int], ref: date) -> Periode:
    """Week of the year (ISO 8601, the numbering of French diaries). Raises DateImpossible for a week that no year holds."""
    for a in [annee] if annee else [ref.year, ref.year + 1]:
        try:
            semaine = semaine_de(date.fromisocalendar(a, numero, 1))
        except ValueError:
            continue
        if annee or semaine.au >= ref - RECUL_ADMIS:
            return semaine
    raise DateImpossible(f"semaine {numero}")


def partie_de_semaine(semaine: Periode, partie: str) -> Periode:
    """Early (Monday, Tuesday), mid (Tuesday to Thursday) or late (Thursday, Friday) in a week."""
    lundi = semaine.du - timedelta(days=semaine.du.weekday())
    debut, fin = {"debut": (0, 1), "fin": (3, 4)}.get(partie, (1, 3))
    return Periode(lundi + debut * UN_JOUR, lundi + fin * UN_JOUR)


def fin_de_semaine(jour: date) -> Periode:
    """Saturday and Sunday of the week of a day."""
    samedi = jour + timedelta(days=5 - jour.weekday())
    return Periode(samedi, samedi + UN_JOUR)


def plus_ouvres(jour: date, nombre: int) -> date:
    """`nombre` working days (Monday to Friday) later; public holidays belong to the antenne's calendar, not to words."""
    while nombre > 0:
        jour += UN_JOUR
        nombre -= jour.weekday() < 5
    return jour


def plus_minutes(instant: datetime, minutes: int) -> datetime:
    """A later instant in the same zone, counted in UTC: between two datetimes of one zone Python counts wall-clock time."""
    return (instant.astimezone(timezone.utc) + timedelta(minutes=minutes)).astimezone(instant.tzinfo)


# ---- feast days -------------------------------------------------------------------------------------------------------

def paques(annee: int) -> date:
    """Easter Sunday (Gregorian computus of Meeus)."""
    a, b, c = annee % 19, annee // 100, annee % 100
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    j = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    m = (a + 11 * h + 22 * j) // 451
    mois, jour = divmod(h + j - 7 * m + 114, 31)
    return date(annee, mois, jour + 1)


_FETES_FIXES = {"jour de l an": (1, 1), "nouvel an": (1, 1), "fete du travail": (1, 5), "fete nationale": (14, 7), "assomption": (15, 8),
                "toussaint": (1, 11), "armistice": (11, 11), "noel": (25, 12), "reveillon": (24, 12), "saint sylvestre": (31, 12)}
_FETES_MOBILES = {"paques": 0, "lundi de paques": 1, "ascension": 39, "pentecote": 49, "lundi de pentecote": 50}
FETES = sorted([*_FETES_FIXES, *_FETES_MOBILES], key=len, reverse=True)


def fete(nom: str, ref: date) -> date:
    """The next day that bears a feast's name (`nom` is one of FETES), today included."""
    def de(annee: int) -> date:
        if nom in _FETES_FIXES:
            quantieme, mois = _FETES_FIXES[nom]
            return date(annee, mois, quantieme)
        return paques(annee) + timedelta(days=_FETES_MOBILES[nom])
    return de(ref.year) if de(ref.year) >= ref else de(ref.year + 1)


NOMS_DE_MOIS: Dict[str, int] = {"janvier": 1, "fevrier": 2, "mars": 3, "avril": 4, "mai": 5, "juin": 6, "juillet": 7, "aout": 8,
                                "septembre": 9, "octobre": 10, "novembre": 11, "decembre": 12}
NOMS_DE_JOUR: Dict[str, int] = {"lundi": 0, "mardi": 1, "mercredi": 2, "jeudi": 3, "vendredi": 4, "samedi": 5, "dimanche": 6}
