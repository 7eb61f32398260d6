"""Rasa components around `modele`: the classifier of intents and the decision between answering, offering and refusing."""
from __future__ import annotations

import hashlib
from collections import OrderedDict
from typing import Any, ClassVar, Dict, List, Optional, Sequence, Tuple, Type

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.engine import modele
from bot.engine.lots import Lots
from bot.engine.modele import Modele
from bot.knowledge.decision import SEUILS, decider

FICHIER = "modele.pickle"
# How much of a ranking is kept, and how many rankings.
TETE, CONNUS = 20, 4000
Classement = List[Tuple[str, float]]


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class ClassifieurSujets(GraphComponent, IntentClassifier):
    """Intents by kernel least squares (see `modele`). Configuration: `poids`, `gamma`, `regularisation`."""

    # The one that this process answers with: the channel has it read what is waiting, before Rasa asks for it.
    en_service: ClassVar[Optional[ClassifieurSujets]] = None

    @staticmethod
    def get_default_config() -> Dict[str, Any]:
        return dict(modele.DEFAUTS)

    def __init__(self, config: Dict[str, Any], ressource: Resource, stockage: ModelStorage, appris: Optional[Modele] = None):
        self._config, self._ressource, self._stockage, self._modele = config, ressource, stockage, appris
        self._connus: OrderedDict[bytes, Classement] = OrderedDict()
        self._lots: Lots[Classement] = Lots(self._classer)

    @classmethod
    def create(cls, config: Dict[str, Any], model_storage: ModelStorage, resource: Resource,
               execution_context: ExecutionContext) -> ClassifieurSujets:
        return cls(config, resource, model_storage)

    def train(self, training_data: TrainingData) -> Resource:
        exemples = [e for e in training_data.intent_examples if e.get(TEXT) and e.get(INTENT)]
        # Sorted: the importer may hand files over in any order, and a sum in another order is another number.
        paires = sorted({(e.get(TEXT), e.get(INTENT)) for e in exemples})
        self._modele = Modele(self._config).apprendre([t for t, _ in paires], [i for _, i in paires])
        with self._stockage.write_to(self._ressource) as dossier:
            self._modele.enregistrer(dossier / FICHIER)
        return self._ressource

    @classmethod
    def load(cls, config: Dict[str, Any], model_storage: ModelStorage, resource: Resource,
             execution_context: ExecutionContext, **kwargs: Any) -> ClassifieurSujets:
        with model_storage.read_from(resource) as dossier:
            cls.en_service = cls(config, resource, model_storage, Modele.lire(dossier / FICHIER))
        return cls.en_service

    async def prevoir(self, texte: str) -> None:
        """Have this text read with the others that wait; `process` then finds its ranking."""
        cle = _cle(texte)
        if cle not in self._connus and (classement := await self._lots.lire(texte)):
            self._retenir(cle, classement)

    def process(self, messages: List[Message]) -> List[Message]:
        for message in messages:
            classement = [{"name": nom, "confidence": confiance} for nom, confiance in self._classement(message.get(TEXT) or "")]
            message.set(INTENT, classement[0], add_to_output=True)
            message.set(INTENT_RANKING_KEY, classement, add_to_output=True)
        return messages

    def _classer(self, textes: Sequence[str]) -> List[Classement]:
        return self._modele.classer(textes, TETE)

    def _classement(self, texte: str) -> Classement:
        cle = _cle(texte)
        if cle not in self._connus:
            self._retenir(cle, self._classer([texte])[0])
        self._connus.move_to_end(cle)
        return self._connus[cle]

    def _retenir(self, cle: bytes, classement: Classement) -> None:
        """What people keep saying (« bonjour », « oui ») is found again, under a hash: no text stays here."""
        while len(self._connus) >= CONNUS:
            self._connus.popitem(last=False)
        self._connus[cle] = classement

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        return training_data


def _cle(texte: str) -> bytes:
    return hashlib.blake2b(texte.encode("utf-8", "surrogatepass"), digest_size=16).digest()


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class Decision(GraphComponent, IntentClassifier):
    """Sure → the intent stands; unsure → `nlu_fallback` with propositions, best first; nothing near → out of scope (`bot.knowledge.decision`).

    Configuration: `seuil_reponse` (least confidence of an answer), `seuil_ecart` (least lead on the second), `seuil_doute` (confidence from
    which an answer comes without a way out to the runners-up), `seuil_choix` (least confidence of the best for anything to be offered),
    `seuil_proposition` (least confidence of a proposition), `seuil_hors_sujet` (confidence of out of scope from which an unsure message is
    refused rather than offered choices).
    The curve the thresholds were chosen on: docs/decisions/2026-11-22-seuils.md.
    """

    @classmethod
    def required_components(cls) -> List[Type]:
        return [IntentClassifier]

    @staticmethod
    def get_default_config() -> Dict[str, Any]:
        return dict(SEUILS)

    def __init__(self, config: Dict[str, Any]):
        self._config = config

    @classmethod
    def create(cls, config: Dict[str, Any], model_storage: ModelStorage, resource: Resource,
               execution_context: ExecutionContext) -> Decision:
        return cls(config)

    def process(self, messages: List[Message]) -> List[Message]:
        for message in messages:
            intention, propositions = decider(message.get(INTENT_RANKING_KEY), self._config)
            message.set("propositions", propositions, add_to_output=True)
            if intention != message.get(INTENT)["name"]:
                message.set(INTENT, {"name": intention, "confidence": message.get(INTENT)["confidence"]}, add_to_output=True)
        return messages
