"""Calendar arithmetic of the law: quarters, delays of months and days, French public holidays. No barème, no clock."""
from calendar import isleap, monthrange
from datetime import date, timedelta
from typing import FrozenSet


def jours_de_l_annee(annee: int) -> int:
    """365 or 366."""
    return 366 if isleap(annee) else 365


def fin_de_mois(jour: date) -> date:
    """The last day of the month of `jour`."""
    return jour.replace(day=monthrange(jour.year, jour.month)[1])


def ajouter_mois(jour: date, mois: int) -> date:
    """From date to date; when the month has no such day, its last one (code de procédure civile, article 641).

    >>> ajouter_mois(date(2011, 12, 31), 2)
    datetime.date(2012, 2, 29)
    """
    annee, rang = divmod(jour.year * 12 + jour.month - 1 + mois, 12)
    return date(annee, rang + 1, min(jour.day, monthrange(annee, rang + 1)[1]))


def debut_trimestre(jour: date) -> date:
    """The first day of the calendar quarter of `jour`."""
    return date(jour.year, 3 * ((jour.month - 1) // 3) + 1, 1)


def fin_trimestre(jour: date) -> date:
    """The last day of the calendar quarter of `jour`."""
    return fin_de_mois(ajouter_mois(debut_trimestre(jour), 2))


def premier_du_mois_a_partir_de(jour: date) -> date:
    """The first 1st of a month on `jour` or after."""
    return jour if jour.day == 1 else ajouter_mois(jour.replace(day=1), 1)


def paques(annee: int) -> date:
    """Easter Sunday (Gregorian computus of Meeus and Jones)."""
    a, b, c = annee % 19, annee // 100, annee % 100
    d = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    e = (32 + 2 * (b % 4) + 2 * (c // 4) - d - c % 4) % 7
    f = d + e - 7 * ((a + 11 * d + 22 * e) // 451) + 114
    return date(annee, f // 31, f % 31 + 1)


def jours_feries(annee: int) -> FrozenSet[date]:
    """The eleven public holidays of the labour code (article L3133-1); Alsace and Moselle have two more."""
    lundi = paques(annee) + timedelta(days=1)
    fixes = ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25))
    return frozenset({date(annee, m, j) for m, j in fixes} | {lundi, lundi + timedelta(days=38), lundi + timedelta(days=49)})


def est_ouvrable(jour: date) -> bool:
    """Neither Saturday, nor Sunday, nor a public holiday."""
    return jour.weekday() < 5 and jour not in jours_feries(jour.year)


def premier_jour_ouvrable(jour: date) -> date:
    """`jour` itself or the first working day after it (code de procédure civile, article 642)."""
    while not est_ouvrable(jour):
        jour += timedelta(days=1)
    return jour
