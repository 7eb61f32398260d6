"""The tracker store: Rasa's SQL store, without the words. What was typed and what was answered serve the turn; the engine never writes them.

Quicker than Rasa's own: a turn adds its events in one statement, and on SQLite, which one engine alone writes, a conversation under way is not
read again at each message. What is kept in memory is what was written, no more.
"""
import json
import time
from collections import OrderedDict
from typing import Any, Dict, List, Optional, Tuple, Union

import sqlalchemy as sa
from rasa.core.tracker_store import SQLTrackerStore
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, BotUttered, Event, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

_GARDES = ("intent", "entities", "propositions")
EN_COURS = 300
# A rule looks at one turn; the rest of a conversation only makes the next turns dearer.
TOURS_GARDES = 6
REPOS = 1800.0  # seconds; the front gives a new conversation id after as long


def _sans_texte(evenement: UserUttered) -> None:
    """Leave the intent and the entities of a user event; no text, no ranking."""
    evenement.text = ""
    evenement.parse_data = {c: v for c, v in evenement.parse_data.items() if c in _GARDES} | {"text": ""}
    evenement.metadata = {}


def _sans_reponse(evenement: BotUttered) -> None:
    """Leave of what the assistant said that it spoke. An answer may hold the code of a booking, or a day and a place."""
    evenement.text, evenement.data, evenement.metadata = "", {}, {}


def _blanchir(evenement: Event) -> None:
    if isinstance(evenement, UserUttered):
        _sans_texte(evenement)
    elif isinstance(evenement, BotUttered):
        _sans_reponse(evenement)


class SuiviSobre(SQLTrackerStore):
    """SQLTrackerStore that blanks the text and the ranking of user events, and what was answered, on save (reference/security.md, H17)."""

    def __init__(self, domain: Optional[Domain] = None, **reglages: Any) -> None:
        super().__init__(domain, **reglages)
        self._seul = self.engine.dialect.name == "sqlite"
        # A conversation's tracker between two messages, and when it was last saved; the oldest leaves first.
        self._en_cours: "OrderedDict[str, Tuple[DialogueStateTracker, float]]" = OrderedDict()
        self._connexion: Optional[sa.engine.Connection] = None
        if self._seul:
            sa.event.listen(self.engine, "connect", _regler_sqlite)
            self.engine.dispose()

    async def retrieve(self, sender_id: str) -> Optional[DialogueStateTracker]:
        """The conversation as it was saved. One that a turn leaves unsaved (it failed) is read again from the database."""
        garde = self._en_cours.pop(sender_id, None)
        if garde is not None and time.monotonic() - garde[1] < REPOS:
            return garde[0]
        tracker = await super().retrieve(sender_id)
        return None if tracker is None else _abreger(tracker)

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Add the events since the last save, blanked; the tracker then holds what the table holds."""
        await self.stream_events(tracker)
        evenements = list(tracker.events)
        nouveaux = evenements[getattr(tracker, "ecrits", 0):]
        for evenement in nouveaux:
            _blanchir(evenement)
        if nouveaux:
            self._ajouter([_ligne(tracker.sender_id, e) for e in nouveaux])
        if self._seul:
            self._garder(_abreger(tracker))
        else:
            tracker.ecrits = len(evenements)

    def _ajouter(self, lignes: List[Dict[str, Any]]) -> None:
        if self._connexion is None or self._connexion.closed:
            self._connexion = self.engine.connect()
        try:
            with self._connexion.begin():
                self._connexion.execute(self.SQLEvent.__table__.insert(), lignes)
        except sa.exc.SQLAlchemyError:
            # The next turn opens another: the server may have closed this one.
            self._connexion.close()
            self._connexion = None
            raise

    def _garder(self, tracker: DialogueStateTracker) -> None:
        self._en_cours[tracker.sender_id] = (tracker, time.monotonic())
        self._en_cours.move_to_end(tracker.sender_id)
        while len(self._en_cours) > EN_COURS:
            self._en_cours.popitem(last=False)


def _abreger(tracker: DialogueStateTracker) -> DialogueStateTracker:
    """The tracker with its last turns only; everything it holds is written."""
    evenements = list(tracker.events)
    ecoutes = [i for i, e in enumerate(evenements) if isinstance(e, ActionExecuted) and e.action_name == ACTION_LISTEN_NAME]
    if len(ecoutes) > TOURS_GARDES + 1:
        evenements = evenements[ecoutes[-TOURS_GARDES - 1]:]
        tracker.events = type(tracker.events)(evenements, tracker.events.maxlen)
    tracker.ecrits = len(evenements)
    return tracker


def _ligne(sender_id: str, evenement: Event) -> Dict[str, Union[str, float, None]]:
    donnees = evenement.as_dict()
    return {"sender_id": sender_id, "type_name": evenement.type_name, "timestamp": donnees.get("timestamp"), "action_name": donnees.get("name"),
            "intent_name": donnees.get("parse_data", {}).get("intent", {}).get("name"), "data": json.dumps(donnees)}


def _regler_sqlite(connexion: Any, _: Any) -> None:
    """A turn lost in a power cut is no loss: the contact database holds what was done."""
    for reglage in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=5000"):
        connexion.execute(f"PRAGMA {reglage}")
