"""Public holidays by territory, and which territory and clock a postcode belongs to. Opening on such a day is a caisse's own choice, elsewhere.

The library's calendars of the overseas departments also hold local customs (mi-carême in Guadeloupe); the law has one day more than the
mainland, that of the abolition of slavery (loi 83-550 of 30 June 1983, décret 83-1003 of 23 November 1983), and two more in Alsace-Moselle.
"""
from datetime import date
from functools import lru_cache
from types import MappingProxyType
from typing import Mapping, Optional

import holidays

METROPOLE, ALSACE_MOSELLE = "metropole", "alsace_moselle"
ABOLITION = {"guadeloupe": (5, 27), "martinique": (5, 22), "guyane": (6, 10), "reunion": (12, 20), "mayotte": (4, 27)}
TERRITOIRES = (METROPOLE, ALSACE_MOSELLE, *ABOLITION)
_PREFIXES = {"57": ALSACE_MOSELLE, "67": ALSACE_MOSELLE, "68": ALSACE_MOSELLE,
             "971": "guadeloupe", "972": "martinique", "973": "guyane", "974": "reunion", "976": "mayotte"}
_FUSEAUX = {"guadeloupe": "America/Guadeloupe", "martinique": "America/Martinique", "guyane": "America/Cayenne", "reunion": "Indian/Reunion",
            "mayotte": "Indian/Mayotte"}


def territoire(code_postal: Optional[str]) -> str:
    """The holiday calendar of a postcode; the mainland's when there is none.

    >>> territoire("97410"), territoire("67000"), territoire(None)
    ('reunion', 'alsace_moselle', 'metropole')
    """
    code = (code_postal or "").strip()
    return _PREFIXES.get(code[:3]) or _PREFIXES.get(code[:2]) or METROPOLE


def fuseau(code_postal: Optional[str], defaut: str) -> str:
    """The IANA zone of a postcode; `defaut` (the caisse's) outside the overseas departments."""
    return _FUSEAUX.get(territoire(code_postal), defaut)


@lru_cache(maxsize=256)
def jours_feries(territoire: str, annee: int) -> Mapping[date, str]:
    """The public holidays of a year in a territory of TERRITOIRES, by date, with their French names."""
    subdivision = "57" if territoire == ALSACE_MOSELLE else None
    jours = dict(holidays.France(years=annee, subdiv=subdivision, language="fr").items())
    if territoire in ABOLITION:
        jours[date(annee, *ABOLITION[territoire])] = "Abolition de l'esclavage"
    return MappingProxyType(dict(sorted(jours.items())))


def feries_entre(territoire: str, du: date, au: date) -> dict[date, str]:
    """The public holidays from `du` to `au`, both included."""
    return {j: nom for annee in range(du.year, au.year + 1) for j, nom in jours_feries(territoire, annee).items() if du <= j <= au}
