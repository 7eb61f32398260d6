"""Masks numbers that must not be kept: before the engine, before storage, before a log line. Patterns: reference/security.md §3.4.

The order matters: an IBAN holds digits that look like a NIR, a NIR digits that look like a telephone number, a SIRET is a card by Luhn.
"""
import re
from typing import Collection, List, NamedTuple

_SEP = r"[\s.\u00a0\u202f\-]?"


class Masquage(NamedTuple):
    """The masked text, and what was masked (kinds in order, once each)."""

    texte: str
    genres: List[str]


_COURRIEL = re.compile(r"[\w.+-]+\s?(?:@|\(at\)|\[at\]|\barobase\b)\s?[\w-]+(?:\s?(?:\.|\bpoint\b)\s?[\w-]+)+", re.I)
_IBAN = re.compile(rf"\b[A-Z]{{2}}\d{{2}}(?:{_SEP}[A-Z0-9]){{11,30}}\b", re.I)
# sex, year, month (or the codes of people born abroad), department (2A, 2B), commune, order, and the key when given
_NIR = re.compile(
    rf"(?<![\d,])[1-478]{_SEP}\d{_SEP}\d{_SEP}(?:0{_SEP}[1-9]|1{_SEP}[0-2]|[2-3]{_SEP}\d|4{_SEP}[0-2]|[5-9]{_SEP}\d){_SEP}"
    rf"(?:\d{_SEP}\d|2{_SEP}[AB]){_SEP}(?:\d{_SEP}){{5}}\d(?:{_SEP}(?:cl[eé]f?{_SEP})?\d{_SEP}\d)?(?!\d)", re.I)
# The separator is the same throughout: « 06.10.2011 14h30 » is a date and an hour.
_TEL = re.compile(rf"(?<![\d,])(?:(?:\+|00){_SEP}33{_SEP}(?:\(0\){_SEP})?|0)[1-9]({_SEP})\d{{2}}(?:\1\d{{2}}){{3}}(?!\d)")
_CARTE = re.compile(rf"(?<!\d)(?:\d{_SEP}){{12,18}}\d(?!\d)")
_SIREN = re.compile(rf"(?<!\d)\d{{3}}{_SEP}\d{{3}}{_SEP}\d{{3}}(?:{_SEP}\d{{5}})?(?!\d)")


def _chiffres(texte: str) -> str:
    return re.sub(r"\D", "", texte)


def luhn(chiffres: str) -> bool:
    """Luhn's check, as bank cards, SIREN and SIRET carry it."""
    total = 0
    for rang, chiffre in enumerate(reversed(chiffres)):
        valeur = int(chiffre) * (2 if rang % 2 else 1)
        total += valeur - 9 if valeur > 9 else valeur
    return total % 10 == 0


def iban_valide(iban: str) -> bool:
    """ISO 13616: the account number read as a number leaves 1 by 97."""
    compact = re.sub(r"[^A-Za-z0-9]", "", iban).upper()
    if not 15 <= len(compact) <= 34:
        return False
    return int("".join(str(int(c, 36)) for c in compact[4:] + compact[:4])) % 97 == 1


# kind, pattern, what proves it
_REGLES = (
    ("courriel", _COURRIEL, lambda t: True),
    ("iban", _IBAN, iban_valide),
    ("nir", _NIR, lambda t: True),
    ("telephone", _TEL, lambda t: True),
    ("siren", _SIREN, lambda t: luhn(_chiffres(t)[:9]) and luhn(_chiffres(t))),
    ("carte", _CARTE, lambda t: 13 <= len(_chiffres(t)) <= 19 and luhn(_chiffres(t))),
)
_MOTS = {"courriel": "[adresse masquée]", "iban": "[compte masqué]", "nir": "[numéro masqué]", "telephone": "[téléphone masqué]",
         "carte": "[carte masquée]", "siren": "[SIREN masqué]"}
# A telephone number, an address or a SIREN is masked like the rest, but the person did nothing unwise in giving it.
SENSIBLES = frozenset({"iban", "nir", "carte"})
TOUS = frozenset(_MOTS)


def masquer(texte: str, seulement: Collection[str] = TOUS) -> Masquage:
    """Replace e-mail addresses, IBAN, NIR, telephone, card and SIREN numbers; or only some of these kinds.

    The key of a NIR is not required: people mistype, and masking too much is the smaller harm.

    >>> masquer("mon numéro est le 1 85 05 78 006 084 36, que faire ?")
    Masquage(texte='mon numéro est le [numéro masqué], que faire ?', genres=['nir'])
    """
    genres: List[str] = []
    for genre, motif, prouve in _REGLES:
        if genre not in seulement:
            continue

        def remplacer(m: "re.Match[str]", genre: str = genre, prouve=prouve) -> str:
            if not prouve(m[0]):
                return m[0]
            if genre not in genres:
                genres.append(genre)
            return _MOTS[genre]
        texte = motif.sub(remplacer, texte)
    return Masquage(texte, genres)
