"""Danger, recognised by words alone: no engine, no database, no delay. The front asks this before anything else."""
import re
from functools import lru_cache
from typing import Dict, List, Optional, Pattern

from bot.knowledge.chemins import KNOWLEDGE
from bot.knowledge.lecture import lire_yaml
from bot.texte.normalisation import cle

SUJET = "sante/urgence"


@lru_cache(maxsize=1)
def motifs() -> Dict[str, List[Pattern[str]]]:
    """The expressions of knowledge/urgences.yml, by kind of danger."""
    return {genre: [re.compile(m) for m in lignes] for genre, lignes in lire_yaml(KNOWLEDGE / "urgences.yml").items()}


def reconnaitre(texte: str) -> Optional[str]:
    """« suicide », « vital », or None. Words only: the engine may recognise more.

    >>> reconnaitre("J'ai envie de mourir"), reconnaitre("Combien de cotisations ?")
    ('suicide', None)
    """
    propre = cle(texte)
    return next((genre for genre, lignes in motifs().items() if any(m.search(propre) for m in lignes)), None)
