"""The catalogue: every topic, flow and conversation label the assistant must understand, with its stable id."""
from functools import cache
from pathlib import Path
from typing import FrozenSet, Tuple

from bot.knowledge.chemins import KNOWLEDGE
from bot.knowledge.lecture import lire_yaml

HORS_SUJET = "hors_sujet"
# What the engine calls a message typed or pressed while an act is under way (domain.yml); no one says it, so it has no example.
CONTINUER = "continuer_flux"


class Catalogue:
    """Labels of `knowledge/catalogue.yml`. A topic is « domaine/sujet »; a flow or a conversation label is one word."""

    def __init__(self, chemin: Path = KNOWLEDGE / "catalogue.yml"):
        brut = lire_yaml(chemin)
        self.sujets: Tuple[str, ...] = tuple(f"{d}/{s}" for d, sujets in brut["faq"].items() for s in sujets)
        self.flux_assure: FrozenSet[str] = frozenset(brut["flows"]["insured"])
        self.flux_conseiller: FrozenSet[str] = frozenset(brut["flows"]["counsellor"])
        self.conversation: FrozenSet[str] = frozenset(brut["conversation"])

    @property
    def flux(self) -> FrozenSet[str]:
        return self.flux_assure | self.flux_conseiller

    @property
    def etiquettes(self) -> FrozenSet[str]:
        """All labels that understanding may return."""
        return frozenset(self.sujets) | self.flux | self.conversation


@cache
def catalogue() -> Catalogue:
    """The project's own catalogue, read once."""
    return Catalogue()


def domaine(sujet: str) -> str:
    """The domain of a topic: « eirl/deces » → « eirl »."""
    return sujet.split("/", 1)[0]


def intention(etiquette: str) -> str:
    """The Rasa intent of a label: Rasa reserves « / » for retrieval intents. « eirl/deces » → « eirl.deces »."""
    return etiquette.replace("/", ".")


def etiquette(intention: str) -> str:
    """The label of a Rasa intent, the inverse of `intention`."""
    return intention.replace(".", "/")
