"""What the bilan asks of `enquete`, each behind one function: survey blocks, questionnaire of an exercise, a version with its scales.
A questionnaire that is not as it was published gives None, never a guess."""
from typing import Any, Optional

from sqlalchemy.orm import Session

from bot.contacts.refus import Refus
from bot.enquete.bloc import bloc_enquete, bloc_spontane, questionnaire_exercice
from bot.enquete.questionnaire import Questionnaire, questionnaire
from bot.knowledge.lecture import ErreurConnaissance


def enquete(session: Session, action_id: Optional[int], exercice: int, caisse_code: str) -> dict[str, Any]:
    """The « enquete » object of §4d for an action; without one, that of the spontaneous interviews of a caisse (R55)."""
    return bloc_spontane(session, caisse_code, exercice) if action_id is None else bloc_enquete(session, action_id, exercice)


def questionnaire_utilise(session: Session, caisse_code: str, exercice: int) -> Optional[dict[str, Any]]:
    """The « questionnaire » object of §4d: the version the waves of the exercise opened with (R59); None when its file is no longer as it was
    published, and then no survey block can be added to the others (K16)."""
    try:
        return questionnaire_exercice(session, caisse_code, exercice)
    except (Refus, ErreurConnaissance):
        return None


def questionnaire_lu(version: str) -> Optional[Questionnaire]:
    """A published version of the questionnaire with its scales, for rates and charts; None when this installation does not have it."""
    try:
        return questionnaire(version)
    except (Refus, ErreurConnaissance):
        return None
