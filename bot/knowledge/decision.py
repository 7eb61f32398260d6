"""The decision between answering, offering and refusing, from a ranking of intents: plain Python, for the engine's component and for tests.
The curve the thresholds were chosen on: docs/decisions/2026-11-22-seuils.md."""
from typing import Any, Dict, List, Mapping, Sequence, Tuple

from bot.knowledge.catalogue import HORS_SUJET

INCOMPRIS = "nlu_fallback"
# More than the front shows: it leaves out what cannot be a button (a greeting, say).
PROPOSITIONS_MAX = 6
SEUILS: Dict[str, float] = {"seuil_reponse": 0.5, "seuil_ecart": 0.4, "seuil_doute": 0.97, "seuil_choix": 0.08, "seuil_proposition": 0.01,
                            "seuil_hors_sujet": 0.15}


def decider(classement: Sequence[Mapping[str, Any]], seuils: Mapping[str, float]) -> Tuple[str, List[str]]:
    """(intent, propositions) from a ranking [{"name", "confidence"}, …], best first.

    Sure: the intent; below `seuil_doute` its runners-up come along, as a way out of a wrong answer. Unsure: `nlu_fallback` with the candidates.
    Nothing near, or perhaps out of scope: out of scope. That is never a proposition, and needs no lead to be refused politely.

    >>> decider([{"name": "eirl.cout", "confidence": 0.7}, {"name": "eirl.deces", "confidence": 0.2}], SEUILS)
    ('eirl.cout', ['eirl.deces'])
    """
    premier, second = classement[0], classement[1]
    candidats = [r["name"] for r in classement if r["name"] != HORS_SUJET and r["confidence"] >= seuils["seuil_proposition"]]
    if premier["confidence"] >= seuils["seuil_reponse"] and premier["confidence"] - second["confidence"] >= seuils["seuil_ecart"]:
        doute = premier["name"] != HORS_SUJET and premier["confidence"] < seuils["seuil_doute"]
        return premier["name"], candidats[1:PROPOSITIONS_MAX + 1] if doute else []
    dehors = sum(r["confidence"] for r in classement if r["name"] == HORS_SUJET)
    if premier["confidence"] < seuils["seuil_choix"] or dehors >= seuils["seuil_hors_sujet"] or not candidats:
        return HORS_SUJET, []
    return INCOMPRIS, candidats[:PROPOSITIONS_MAX]
