"""What the bilan asks of `enquete`, each behind one function: survey blocks, questionnaire of an exercise, a version with its scales.
A questionnaire that is not as it was published gives None, never a guess."""
from typing import Any, Optional

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.contacts.refus import Refus
from bot.contacts.tables import Vague
from bot.enquete.bloc import bloc_enquete, bloc_spontane, questionnaire_exercice
from bot.enquete.questionnaire import Questionnaire, questionnaire
from bot.knowledge.lecture import ErreurConnaissance


def enquete(session: Session, action_id: Optional[int], exercice: int, caisse_code: str) -> dict[str, Any]:
    """The « enquete » object of §4d for an action; without one, that of the spontaneous interviews of a caisse (R55). When the questionnaire of the
    wave can no longer be read as it was published, the target is not analysed, and the bilan is made all the same."""
    try:
        return bloc_spontane(session, caisse_code, exercice) if action_id is None else bloc_enquete(session, action_id, exercice)
    except (Refus, ErreurConnaissance):
        return {"statut": "non_analysee", "motif": "questionnaire_illisible"}


def questionnaire_utilise(session: Session, caisse_code: str, exercice: int) -> Optional[dict[str, Any]]:
    """The « questionnaire » object of §4d: the version the waves of the exercise opened with (R59); None when its file is no longer as it was
    published. A wave that opened on other words keeps their hash: the file says that one, and its survey block is refused (K16)."""
    try:
        lu = questionnaire_exercice(session, caisse_code, exercice)
    except (Refus, ErreurConnaissance):
        return None
    ouvertes = session.scalars(select(Vague.sha256).where(Vague.caisse_code == caisse_code, Vague.exercice == exercice,
                                                          Vague.version == lu["version"]).distinct())
    autres = sorted(set(ouvertes) - {lu["sha256"]})
    return {**lu, "sha256": autres[0]} if autres else lu


def questionnaire_lu(version: str) -> Optional[Questionnaire]:
    """A published version of the questionnaire with its scales, for rates and charts; None when this installation does not have it."""
    try:
        return questionnaire(version)
    except (Refus, ErreurConnaissance):
        return None
