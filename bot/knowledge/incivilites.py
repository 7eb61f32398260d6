"""Insults, by a closed list of words: one neutral answer, and a pause when they go on. No judgement on anger."""
import re
from functools import lru_cache
from typing import Pattern

from bot.knowledge.chemins import KNOWLEDGE
from bot.knowledge.lecture import lire_yaml
from bot.texte.normalisation import cle


@lru_cache(maxsize=1)
def _motif() -> Pattern[str]:
    mots = sorted({cle(m) for m in lire_yaml(KNOWLEDGE / "incivilites.yml")["mots"]}, key=len, reverse=True)
    return re.compile(r"\b(?:" + "|".join(map(re.escape, mots)) + r")\b")


def reconnaitre(texte: str) -> bool:
    """Whether a message insults someone."""
    return bool(_motif().search(cle(texte)))
