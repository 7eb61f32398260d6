"""The text as the word and character views see it: no accents, no case, SMS spellings and acronyms written out.

The encoders see the text as typed: they were trained on real writing.
"""
import re
from functools import lru_cache
from typing import Dict

from bot.knowledge.chemins import KNOWLEDGE
from bot.knowledge.lecture import lire_yaml
from bot.texte.normalisation import cle

_MONTANT = re.compile(r"\b\d{3,}\b")


@lru_cache(maxsize=1)
def lexique() -> Dict[str, str]:
    """Short spellings and what they stand for, from knowledge/lexique.yml, keys as `cle` writes them."""
    return {cle(abrege): cle(entier) for abrege, entier in (lire_yaml(KNOWLEDGE / "lexique.yml") or {}).items()}


def preparer(texte: str) -> str:
    """« C koi l'EIRL ?? » → « c est quoi l eirl ». Numbers of three digits or more become one word: the amount says little of the topic."""
    mots = _MONTANT.sub("nombre", cle(texte)).split()
    return " ".join(lexique().get(mot, mot) for mot in mots)
