"""Rasa's rules, found by the intent they answer.

Rasa tries every rule against the conversation, twice a prediction and two predictions a message: with one rule a topic, a third of a turn
(docs/decisions/2026-11-22-classifieur.md). The same rules are asked here, but only those that can apply.
"""
from collections import defaultdict
from typing import Any, DefaultDict, Dict, List, Optional, Set, Tuple

from rasa.core.policies.rule_policy import RULES, RulePolicy
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.core.constants import PREVIOUS_ACTION, USER
from rasa.shared.core.domain import Domain, State
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.constants import INTENT, TEXT


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=True)
class ReglesParIntention(RulePolicy):
    """`RulePolicy`, once trained, with an index of its rules. Same predictions (tests/nlu/test_moteur.py); trained as Rasa's own."""

    # Once loaded: the rules of each intent, those that name none under None.
    _par_intention: Optional[Dict[Optional[str], Set[str]]] = None
    _lit_le_texte = True

    @classmethod
    def load(cls, *args: Any, **kwargs: Any) -> "ReglesParIntention":
        """The trained rules, indexed."""
        regles = super().load(*args, **kwargs)
        regles._indexer()
        return regles

    def _indexer(self) -> None:
        index: DefaultDict[Optional[str], Set[str]] = defaultdict(set)
        derniers = {cle: self._rule_key_to_state(cle)[-1] for cle in self.lookup[RULES]}
        for cle, etat in derniers.items():
            # A rule that begins a conversation is recognised by what it lacks: always asked.
            index[etat.get(USER, {}).get(INTENT) if etat.get(PREVIOUS_ACTION) else None].add(cle)
        self._par_intention = dict(index)
        self._lit_le_texte = any(TEXT in etat.get(USER, {}) for cle in derniers for etat in self._rule_key_to_state(cle))

    def _get_possible_keys(self, lookup: Dict[str, str], states: List[State]) -> Set[str]:
        if self._par_intention is not None and lookup is self.lookup[RULES] and states:
            dite = states[-1].get(USER, {}).get(INTENT)
            lookup = {cle: lookup[cle] for groupe in {dite, None} for cle in self._par_intention.get(groupe, ())}
        return super()._get_possible_keys(lookup, states)

    def _find_action_from_rules(self, tracker: DialogueStateTracker, domain: Domain,
                                use_text_for_last_user_input: bool) -> Tuple[Optional[str], Optional[str], bool]:
        if use_text_for_last_user_input and not self._lit_le_texte:  # no rule of ours is written for the very words of a message
            return None, None, False
        return super()._find_action_from_rules(tracker, domain, use_text_for_last_user_input)
