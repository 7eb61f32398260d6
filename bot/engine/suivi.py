"""The tracker store: Rasa's SQL store, without the words. What was typed and what was answered serve the turn; the engine never writes them."""
from typing import Any, Dict, Union

from rasa.core.tracker_store import SQLTrackerStore
from rasa.shared.core.events import BotUttered, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

_GARDES = ("intent", "entities", "propositions")


def _sans_texte(evenement: UserUttered) -> Dict[str, Any]:
    """The stored form of a user event: intent and entities, no text, no ranking."""
    donnees = evenement.as_dict()
    donnees["text"] = ""
    donnees["parse_data"] = {c: v for c, v in donnees["parse_data"].items() if c in _GARDES} | {"text": ""}
    donnees["metadata"] = {}
    return donnees


def _sans_reponse(evenement: BotUttered) -> Dict[str, Any]:
    """The stored form of what the assistant said: that it spoke. An answer may hold the code of a booking, or a day and a place."""
    return {**evenement.as_dict(), "text": "", "data": {}, "metadata": {}}


class _Sobre:
    """Stands for an event while it is saved; `as_dict` is all that the SQL store reads of it, besides its type."""

    def __init__(self, evenement: Union[UserUttered, BotUttered]):
        self.type_name = evenement.type_name
        self._donnees = _sans_texte(evenement) if isinstance(evenement, UserUttered) else _sans_reponse(evenement)

    def as_dict(self) -> Dict[str, Any]:
        return self._donnees


class SuiviSobre(SQLTrackerStore):
    """SQLTrackerStore that blanks the text and the ranking of user events, and what was answered, on save (reference/security.md, H17)."""

    def _additional_events(self, session: Any, tracker: DialogueStateTracker):
        for evenement in super()._additional_events(session, tracker):
            yield _Sobre(evenement) if isinstance(evenement, (UserUttered, BotUttered)) else evenement
