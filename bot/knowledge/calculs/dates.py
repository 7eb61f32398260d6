"""Full dates as people type them in a form or a sentence: « 1er avril 2011 », « 01/04/11 », « le 3 mars ». Appointment times belong to `agenda`."""
import re
from datetime import date
from typing import Optional

from bot.knowledge.calculs.commun import ErreurCalcul
from bot.knowledge.calculs.nombres import simplifier
from bot.texte.normalisation import sans_accents
from bot.texte.typographie import MOIS

_RANG = {sans_accents(m): r for r, m in enumerate(MOIS, 1)}
_RANG.update({"janv": 1, "jan": 1, "fev": 2, "fevr": 2, "avr": 4, "juil": 7, "sept": 9, "sep": 9, "oct": 10, "nov": 11, "dec": 12,
              "decenbre": 12, "setembre": 9, "septenbre": 9, "fevrie": 2, "janvie": 1, "out": 8, "juilet": 7, "avrl": 4})
_NOM = "|".join(sorted(_RANG, key=len, reverse=True))
_ISO = re.compile(r"(?<!\d)(\d{4})-(\d{1,2})-(\d{1,2})(?!\d)")
_CHIFFRES = re.compile(r"(?<![\d/.-])(\d{1,2})\s?[/.-]\s?(\d{1,2})\s?[/.-]\s?(\d{4}|\d{2})(?![\d/])")
_LETTRES = re.compile(rf"(?<!\d)(\d{{1,2}})\s?(?:er|ere|eme|e)?\s+({_NOM})\b\.?(?:\s+(\d{{4}}|'?\d{{2}}(?!\s?(?:h|€|euro))))?(?!\d)")
_MOIS_ANNEE = re.compile(rf"\b({_NOM})\b\.?\s+(\d{{4}})\b")
# A two-digit year is of this century up to this one, of the last one beyond: nobody starts in 1911, nobody was born in 2052.
PIVOT = 20


def _annee(brut: str) -> int:
    chiffres = int(brut.strip("'"))
    return chiffres if chiffres >= 100 else chiffres + (2000 if chiffres <= PIVOT else 1900)


def _date(annee: int, mois: int, jour: int) -> date:
    try:
        return date(annee, mois, jour)
    except ValueError as e:
        raise ErreurCalcul("DATE_IMPOSSIBLE", f"Le {jour}/{mois}/{annee} n'existe pas dans le calendrier : vérifiez le jour et le mois.") from e


def trouver_date(texte: str, au: Optional[date] = None) -> Optional[date]:
    """The first full date of a text; None when there is none.

    Without a year, the year of `au` when it is given. « avril 2011 » alone is the first of the month. Raises ErreurCalcul DATE_IMPOSSIBLE.
    """
    simple = simplifier(texte.replace("premier ", "1er ").replace("Premier ", "1er "))
    for motif in (_ISO, _CHIFFRES):
        m = motif.search(simple)
        if m:
            a, b, c = m.groups()
            return _date(int(a), int(b), int(c)) if motif is _ISO else _date(_annee(c), int(b), int(a))
    m = _LETTRES.search(simple)
    if m and (m[3] or au):
        return _date(_annee(m[3]) if m[3] else au.year if au else 0, _RANG[m[2]], int(m[1]))
    m = _MOIS_ANNEE.search(simple)
    return _date(int(m[2]), _RANG[m[1]], 1) if m else None


def lire_date(texte: str, au: Optional[date] = None) -> date:
    """The date of a field. Raises ErreurCalcul DATE_ILLISIBLE or DATE_IMPOSSIBLE, in a sentence saying what to write."""
    simple = simplifier(texte)
    if au and re.search(r"\baujourd'?\s?hui\b|\bce jour\b", simple):
        return au
    trouvee = trouver_date(texte, au)
    if trouvee is None:
        raise ErreurCalcul("DATE_ILLISIBLE", "Je n'ai pas compris la date : écrivez le jour, le mois et l'année, par exemple 1er avril 2011 "
                                             "ou 01/04/2011.")
    return trouvee
