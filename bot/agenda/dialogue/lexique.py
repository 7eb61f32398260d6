"""The words of knowledge/dialogues/rdv.yml, ready to be looked for in a message. What they lead to is elsewhere."""
import re
from functools import cache
from typing import Any, Mapping, Optional, Sequence

from bot.knowledge.chemins import KNOWLEDGE
from bot.knowledge.lecture import lire_yaml

FICHIER = KNOWLEDGE / "dialogues" / "rdv.yml"


@cache
def lexique() -> Mapping[str, Any]:
    """The file, read once. Raises ErreurConnaissance."""
    return lire_yaml(FICHIER)


@cache
def motif(mots: tuple[str, ...]) -> "re.Pattern[str]":
    """Finds one of these words in a text without accents (`normalisation.cle`): plural and feminine too, « * » for the beginning of a word.

    >>> bool(motif(("trimestre",)).search("mes trimestres")), bool(motif(("ris",)).search("un risque"))
    (True, False)
    """
    return re.compile("|".join(rf"\b{m[:-1]}\w*" if m.endswith("*") else rf"\b{m}(?:e?s|e|x)?\b" for m in mots))


def dit(mots: str, liste: Sequence[str], sauf: Sequence[str] = ()) -> bool:
    """Whether a message (its `cle`) holds one of the words, once those of `sauf` are set aside."""
    if sauf:
        mots = motif(tuple(sauf)).sub(" ", mots)
    return bool(motif(tuple(liste)).search(mots))


def reconnus(rubrique: str, mots: str) -> tuple[str, ...]:
    """The entries of a section (« sujets », « themes », « guides ») that a message names, in the order of the file."""
    return tuple(code for code, entree in lexique()[rubrique].items() if dit(mots, entree["mots"]))


def bouton(rubrique: str, code: str) -> str:
    """What the button of an entry says."""
    entree = lexique()[rubrique][code]
    return str(entree.get("bouton") or entree.get("titre"))


def general() -> str:
    """The subject that serves when nothing is said."""
    return str(lexique()["general"])


def sujet_de_cible(cible: Optional[str]) -> Optional[str]:
    """The subject of an entretien that a sheet of the FAQ points to (`entretien: eig`)."""
    return next((code for code, s in lexique()["sujets"].items() if s["cible"] == cible), None) if cible else None
