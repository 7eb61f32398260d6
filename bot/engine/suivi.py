"""The tracker store: Rasa's SQL store, without the words. What was typed and what was answered serve the turn; the engine never writes them.

Quicker than Rasa's own: a turn adds its events in one statement, and on SQLite, which one engine alone writes, a conversation under way is not
read again at each message. And it never fails: Rasa would go on with another store, in memory, without bounds and for ever
(reference/security.md, H9). What the database refused waits here, blanked, and is written with the next turn.
"""
import json
import logging
import time
from collections import OrderedDict
from typing import Any, Dict, List, Optional, Tuple, Union

import sqlalchemy as sa
from rasa.core.tracker_store import SQLTrackerStore
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, BotUttered, Event, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

logger = logging.getLogger(__name__)
_GARDES = ("intent", "entities", "propositions")
EN_COURS = 300
# A rule looks at one turn; the rest of a conversation only makes the next turns dearer.
TOURS_GARDES = 2
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
        try:
            tracker = await super().retrieve(sender_id)
        except sa.exc.SQLAlchemyError as erreur:
            # The thread is lost, not the act under way: that is a draft of the contact database.
            logger.error("SUIVI_ILLISIBLE : %s", type(erreur).__name__)
            return None
        return None if tracker is None else _abreger(tracker)

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Add the events since the last save, blanked; the tracker then holds what the table holds."""
        await self.stream_events(tracker)
        evenements = list(tracker.events)
        nouveaux = evenements[getattr(tracker, "ecrits", 0):]
        for evenement in nouveaux:
            _blanchir(evenement)
        if not nouveaux or self._ajouter([_ligne(tracker.sender_id, e) for e in nouveaux]):
            tracker.ecrits = len(evenements)
            if self._seul:
                self._garder(_abreger(tracker))
        else:
            self._garder(tracker)

    def _ajouter(self, lignes: List[Dict[str, Any]]) -> bool:
        """Whether they are written. A connection that the server has closed meanwhile is opened again, once."""
        for _ in range(2):
            try:
                if self._connexion is None or self._connexion.closed:
                    self._connexion = self.engine.connect()
                with self._connexion.begin():
                    self._connexion.execute(self.SQLEvent.__table__.insert(), lignes)
                return True
            except sa.exc.SQLAlchemyError as erreur:
                refus, fermee = type(erreur).__name__, getattr(erreur, "connection_invalidated", False)
                if self._connexion is not None:
                    self._connexion.close()
                    self._connexion = None
                if not fermee:
                    break
        logger.error("SUIVI_NON_ECRIT : %s", refus)
        return False

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
    """A turn lost in a power cut is no loss: the contact database holds what was done. Nobody waits long for a lock: every conversation would."""
    for reglage in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=500"):
        connexion.execute(f"PRAGMA {reglage}")
