"""Recognises a social security number (NIR) in a text: structure, and key when it is given. Never says which number it saw.

Masking what a person types is `masquage`, which is broader on purpose; this one must not mistake a telephone or a SIRET for a NIR.
"""
import re

# Between two digits of a NIR as people write it: « 1 85 05 78 006 084 | 36 », dots, dashes, non-breaking spaces.
_ENTRE = r"[ .\-|/\u00a0\u202f]"
_SEP = _ENTRE + "{0,3}"
# Read first, because it is quick: thirteen signs in a row that could be digits of a NIR.
_SUITE = re.compile(rf"[1-478](?:{_SEP}[0-9]){{4}}(?:{_SEP}[0-9AaBb]){{2}}(?:{_SEP}[0-9]){{6}}")
# Sex (3, 4, 7, 8: provisional numbers), year, month (20 to 42 and 50 to 99: unknown or foreign civil status), department with Corsica's letters,
# commune, order, key. Letters may not touch it (a hexadecimal pseudonym is no NIR), but for the words people put before.
_NIR = re.compile(
    rf"(?:(?<![0-9A-Za-z])|(?<=nir)|(?<=ss)|(?<=insee)|(?<=n°))"
    rf"([1-478]{_SEP}\d{_SEP}\d{_SEP}(?:0{_SEP}[1-9]|1{_SEP}[0-2]|[2-3]{_SEP}\d|4{_SEP}[0-2]|[5-9]{_SEP}\d){_SEP}"
    rf"(?:\d{_SEP}\d|2{_SEP}[AB]){_SEP}\d(?:{_SEP}\d){{5}})"
    rf"(?:{_SEP}(?:cl[eé]f?[ \u00a0:]{{0,3}})?(\d{_SEP}\d))?(?![0-9A-Za-z])", re.I | re.A)
_HORS = re.compile(r"[^0-9AB]")
_CORSE = {"2A": "19", "2B": "18"}  # how the key counts them


def cle(corps: str) -> int:
    """The key of the thirteen signs of a NIR: 97 less the remainder by 97.

    >>> cle("2550814168025")
    38
    """
    departement = _CORSE.get(corps[5:7].upper(), corps[5:7])
    return 97 - int(corps[:5] + departement + corps[7:]) % 97


def _plausible(corps: str) -> bool:
    departement, commune, ordre = corps[5:7], corps[7:10], corps[10:13]
    return departement != "00" and commune != "000" and ordre != "000"


def contient_nir(texte: str) -> bool:
    """Whether a text holds a NIR: thirteen signs that can be one, or fifteen with the right key. Spaces, dots, dashes between them or not.

    Thirteen signs have no key to prove them: an internal number made like a NIR is taken for one, which is the smaller harm.

    >>> contient_nir("2 55 08 14 168 025 38"), contient_nir("tél. 01 99 00 12 34"), contient_nir("SIRET 732 829 320 00074")
    (True, False, False)
    """
    if not _SUITE.search(texte):
        return False
    for trouve in _NIR.finditer(texte):
        corps, clef = (_HORS.sub("", groupe.upper()) for groupe in (trouve[1], trouve[2] or ""))
        if _plausible(corps) and (not clef or int(clef) == cle(corps)):
            return True
    return False
