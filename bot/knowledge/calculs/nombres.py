"""Numbers as French people type or write them out: « 2 000 », « 2.000,50 », « 30k », « deux mille cinq cents ». No barème, no meaning of amounts."""
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import List, Optional

from bot.texte.normalisation import nettoyer, sans_accents

_UNITES = {"zero": 0, "un": 1, "une": 1, "deux": 2, "trois": 3, "quatre": 4, "cinq": 5, "six": 6, "sept": 7, "huit": 8, "neuf": 9,
           "dix": 10, "onze": 11, "douze": 12, "treize": 13, "quatorze": 14, "quinze": 15, "seize": 16}
_DIZAINES = {"vingt": 20, "vingts": 20, "trente": 30, "quarante": 40, "cinquante": 50, "soixante": 60, "septante": 70, "huitante": 80,
             "octante": 80, "nonante": 90}
_GRANDS = {"cent": 100, "cents": 100, "mille": 1000, "mil": 1000, "milles": 1000, "million": 1_000_000, "millions": 1_000_000}
_MOT = "|".join(sorted([*_UNITES, *_DIZAINES, *_GRANDS], key=len, reverse=True))
# « et » joins only « un », « une » and « onze »: « quinze et vingt mille » are two numbers.
_SUITE = re.compile(rf"\b(?:{_MOT})(?:[ -]+(?:(?:{_MOT})|et[ -]+(?:une?|onze)\b(?! mille)))*\b")

# 2 000 · 2.000 · 2,000 · 2'000 · 32600 · 1 500,50. Three digits after a separator are thousands, one or two are cents.
_CHIFFRES = r"(?:\d{1,3}(?:[ .,']\d{3})+(?!\d)|\d+)(?:[.,]\d{1,2}(?!\d))?"
NOMBRE = re.compile(rf"(?<![\w.,/'])(?P<signe>[-−]\s?)?(?P<n>{_CHIFFRES})(?P<echelle>\s?k(?=\b|€)|k(?=e\b)|\s?(?:mille|mil|milles)\b|"
                    rf"\s?millions?\b)?(?![a-z]\d)")


@dataclass(frozen=True)
class NombreLu:
    """A number found in a text: its value, where it stands, and whether it is written like a bare year (four digits, no separator)."""

    valeur: Decimal
    debut: int
    fin: int
    comme_annee: bool


def valeur_en_lettres(mots: List[str]) -> Optional[int]:
    """« quatre vingt quinze mille » → 95000; None when the words do not make a number.

    >>> valeur_en_lettres("deux mille cinq cents".split())
    2500
    """
    total, courant = 0, 0
    for mot in mots:
        if mot == "et":
            continue
        if mot in _UNITES:
            courant += _UNITES[mot]
        elif mot in ("vingt", "vingts") and courant % 100 == 4:
            courant += 76
        elif mot in _DIZAINES:
            courant += _DIZAINES[mot]
        elif mot in ("cent", "cents"):
            courant = max(courant, 1) * 100
        elif mot in _GRANDS:
            total, courant = total + max(courant, 1) * _GRANDS[mot], 0
        else:
            return None
    return total + courant


def simplifier(texte: str) -> str:
    """Lower case, no accents, ordinary spaces; numbers written out become digits, save « un » and « une » alone and « pour cent ».

    >>> simplifier("Trente-quatre mille euros, douze pour cent, un chantier")
    '34000 euros, 12 %, un chantier'
    """
    texte = sans_accents(nettoyer(texte)).lower().replace("’", "'").replace("€", " € ").replace("−", "-")
    texte = re.sub(r"\bpour[ -]?cents?\b(?!\s+(?:euro|eur|€|mille))", "%", texte)

    def remplacer(m: "re.Match[str]") -> str:
        mots = re.split(r"[ -]+", m[0])
        if all(mot in ("un", "une") for mot in mots) or re.search(r"\d\s*$", texte[:m.start()]):
            return m[0]
        valeur = valeur_en_lettres(mots)
        return m[0] if valeur is None else str(valeur)
    return re.sub(r"\s+", " ", _SUITE.sub(remplacer, texte)).strip()


def nombres(texte: str) -> List[NombreLu]:
    """The numbers of a simplified text, in order."""
    trouves = []
    for m in NOMBRE.finditer(texte):
        brut = m["n"]
        partie = re.fullmatch(r"(.*?)(?:[.,](\d{1,2}))?", brut)
        assert partie is not None
        entier = re.sub(r"[ .,']", "", partie[1])
        valeur = Decimal(entier + ("." + partie[2] if partie[2] else ""))
        echelle = (m["echelle"] or "").strip()
        if echelle:
            valeur *= 1_000_000 if echelle.startswith("million") else 1000
        if m["signe"]:
            valeur = -valeur
        comme_annee = not echelle and re.fullmatch(r"(?:19|20)\d\d", brut) is not None
        trouves.append(NombreLu(valeur, m.start("n"), m.end(), comme_annee))
    return trouves
