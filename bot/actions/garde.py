"""What every action has around it: whatever goes wrong inside becomes an apology with a number, never an error that carries the tracker."""
import asyncio
import secrets
from abc import ABC, abstractmethod
from typing import Any

import structlog
from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from bot.texte.typographie import composer

journal = structlog.get_logger(__name__)
# The front waits `delai_moteur` for a turn, less than this unless told otherwise: an action that has not finished by then speaks to nobody.
DELAI = 6.0


class ActionGardee(Action, ABC):
    """An action whose work is `agir`, in bounded time. Write `nom`, `excuse` and `agir`."""

    nom: str
    excuse: str
    tardive: str = ""  # said instead when the time is over: a thread cannot be stopped, and what it was writing may be written yet

    def name(self) -> str:
        return self.nom

    @abstractmethod
    async def agir(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[dict[str, Any]]:
        """Utter, and give events. May raise."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[dict[str, Any]]:
        try:
            return await asyncio.wait_for(self.agir(dispatcher, tracker), DELAI)
        except Exception as e:
            # Only the kind of error and a number: a message of a database error holds values (reference/security.md, H15).
            incident = secrets.token_hex(4)
            journal.error("action_en_panne", action=self.nom, genre=type(e).__name__, incident=incident)
            dispatcher.messages.clear()
            excuse = self.tardive or self.excuse if isinstance(e, TimeoutError) else self.excuse
            dispatcher.utter_message(text=composer(f"{excuse} (incident {incident})"))
            return []
