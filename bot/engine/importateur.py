"""Gives Rasa the topics: each sheet of `knowledge/` becomes an intent with its examples, a response and a rule.

`domain.yml` and `bot/data/` stay free of topics; what they hold (conversation, flows) is added to, never replaced.
"""
import hashlib
from collections import defaultdict
from typing import Dict, List, Optional, Set, Tuple, Union

from rasa.shared.core.domain import Domain
from rasa.shared.core.training_data.story_reader.yaml_story_reader import YAMLStoryReader
from rasa.shared.core.training_data.structures import StoryGraph
from rasa.shared.importers.rasa import RasaFileImporter
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from rasa.shared.utils.common import cached_method

from bot.knowledge.catalogue import catalogue, intention
from bot.knowledge.fiches import Fiche, fiches
from bot.knowledge.lecture import ErreurConnaissance
from bot.knowledge.rendu import rendre


class KnowledgeImporter(RasaFileImporter):
    """RasaFileImporter plus the topics. List only this one in config.yml: two importers make Rasa warn and guess."""

    def __init__(self, config_file: Optional[str] = None, domain_path: Optional[str] = None,
                 training_data_paths: Optional[Union[List[str], str]] = None, exemples_max: Optional[int] = None, **kwargs):
        """`exemples_max`: keep that many lines an intent, always the same ones (`make bench`); all of them without it."""
        super().__init__(config_file, domain_path, training_data_paths)
        self.exemples_max = exemples_max
        self.fiches: Dict[str, Fiche] = fiches()
        manquants = [s for s in catalogue().sujets if s not in self.fiches]
        if manquants:
            raise ErreurConnaissance(f"{len(manquants)} sujet(s) du catalogue n'ont pas de fiche : {', '.join(manquants[:5])}…")

    @cached_method
    def get_domain(self) -> Domain:
        """The project's domain with one intent and one response a topic."""
        reponses = {}
        for sujet, fiche in self.fiches.items():
            texte = rendre(fiche, fiche.validite[0]).texte
            # The front writes the answer itself, from the sheet, for the day and the person; the text is there for `rasa shell`.
            reponses[f"utter_{intention(sujet)}"] = [{"text": texte, "custom": {"sujet": sujet}}]
        genere = Domain.from_dict({"version": "3.1", "intents": [intention(s) for s in self.fiches], "responses": reponses})
        return super().get_domain().merge(genere)

    @cached_method
    def get_nlu_data(self, language: Optional[str] = "fr") -> TrainingData:
        """The project's examples with the formulations and the question of every sheet."""
        exemples = []
        for sujet, fiche in self.fiches.items():
            for formulation in [fiche.question, *fiche.toutes_formulations]:
                exemples.append(Message.build(text=formulation, intent=intention(sujet)))
        return echantillon(super().get_nlu_data(language).merge(TrainingData(exemples)), self.exemples_max)

    @cached_method
    def get_stories(self, exclusion_percentage: Optional[int] = None) -> StoryGraph:
        """The project's rules with one rule a topic: this intent, this answer."""
        regles = [{"rule": sujet, "steps": [{"intent": intention(sujet)}, {"action": f"utter_{intention(sujet)}"}]}
                  for sujet in self.fiches]
        lecteur = YAMLStoryReader(self.get_domain(), "knowledge")
        etapes = lecteur.read_from_parsed_yaml({"version": "3.1", "rules": regles})
        return super().get_stories(exclusion_percentage).merge(StoryGraph(etapes))


def echantillon(donnees: TrainingData, maximum: Optional[int]) -> TrainingData:
    """At most `maximum` lines an intent, chosen by the hash of their text: the same on every machine, whatever order they come in."""
    if not maximum:
        return donnees
    textes: Dict[str, Set[str]] = defaultdict(set)
    for exemple in donnees.training_examples:
        textes[exemple.get(INTENT)].add(exemple.get(TEXT) or "")
    gardes: Set[Tuple[str, str]] = {(i, t) for i, ts in textes.items() for t in sorted(ts, key=_tirage)[:maximum]}
    return donnees.filter_training_examples(lambda e: (e.get(INTENT), e.get(TEXT) or "") in gardes)


def _tirage(texte: str) -> str:
    return hashlib.sha256(texte.encode()).hexdigest()
