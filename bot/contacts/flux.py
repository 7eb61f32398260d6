"""Acts led through a conversation (booking, survey, a counsellor's commands): what a turn brings in, what it says back, and the draft between.

The rooms of the acts (agenda, enquete) write these; the action server and the site carry them. No channel, no wording here.
"""
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Callable, Mapping, Optional, Sequence

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from bot.contacts.tables import Brouillon


@dataclass(frozen=True)
class Bouton:
    """A choice under a message. `charge` comes back as `Tour.charge` when it is pressed; the page never sees it."""

    libelle: str
    charge: Mapping[str, Any]


@dataclass
class Dire:
    """One message of an act. `genre`: a `kind` of the contract (question, recap, confirmation, refusal, form…). `formulaire`: {id, fields,
    submit, sent} as in bot/site/enveloppe.py; what is typed there never reaches the engine. `donnees["contact"]` True: how to reach the caisse."""

    texte: str
    genre: str = "question"
    boutons: Sequence[Bouton] = ()
    formulaire: Optional[Mapping[str, Any]] = None
    donnees: Optional[Mapping[str, Any]] = None


@dataclass(frozen=True)
class Tour:
    """What a turn brings to an act. `intention`: the label understood (None when unsure); `charge`: of the button pressed; `acteur`: the
    counsellor who is signed in, None for the public; `vu`: whether what the act said last was shown (an answer that comes too late is not)."""

    conversation_id: str
    caisse_code: str
    maintenant: datetime
    texte: Optional[str] = None
    intention: Optional[str] = None
    confiance: float = 0.0
    charge: Mapping[str, Any] = field(default_factory=dict)
    profil: Mapping[str, str] = field(default_factory=dict)
    acteur: Optional[int] = None
    vu: bool = True


@dataclass
class Suite:
    """What an act answers. `pris` False: the message was not for it (a question about something else); the assistant answers that, then says
    `dits`, which bring the act back. `flux`: the act that answers, when it is not the one that was asked."""

    dits: Sequence[Dire]
    pris: bool = True
    flux: Optional[str] = None


# Key of a draft's `donnees`: the write that was shown.
VU = "vu"
_BROUILLON = select(Brouillon).where(Brouillon.conversation_id == bindparam("cle"))  # asked by every message: made once


# Leads one turn of an act: starts it when there is no draft, goes on with it otherwise. Writes through `ecrire` and `effacer`.
Conduite = Callable[[Session, Tour, Optional[Brouillon]], Suite]


def lire(session: Session, conversation_id: str) -> Optional[Brouillon]:
    """The draft of a conversation, if an act is under way."""
    return session.scalar(_BROUILLON, {"cle": conversation_id})


def ecrire(session: Session, tour: Tour, flux: str, etape: str, donnees: Mapping[str, Any], prive: Optional[Mapping[str, Any]] = None,
           relances: int = 0) -> Brouillon:
    """Keep where the act stands; replaces what was there. `prive` None: unchanged."""
    brouillon = session.get(Brouillon, tour.conversation_id)
    if brouillon is None:
        brouillon = Brouillon(conversation_id=tour.conversation_id, prive={})
        session.add(brouillon)
    brouillon.flux, brouillon.etape, brouillon.donnees = flux, etape, dict(donnees)
    brouillon.relances, brouillon.change_le = relances, tour.maintenant
    if prive is not None:
        brouillon.prive = dict(prive)
    session.flush()
    return brouillon


def montrer(brouillon: Optional[Brouillon]) -> None:
    """What the act said last is about to be shown: a « oui » may now answer it."""
    if brouillon is not None:
        brouillon.donnees = {**brouillon.donnees, VU: brouillon.change_le.isoformat()}


def vu(brouillon: Optional[Brouillon]) -> bool:
    """Whether the draft as it stands was shown; the engine may have been given up on while the act went on."""
    return brouillon is None or brouillon.donnees.get(VU) == brouillon.change_le.isoformat()


def effacer(session: Session, conversation_id: str) -> None:
    """The act is over, or given up: nothing of it stays in the conversation."""
    brouillon = session.get(Brouillon, conversation_id)
    if brouillon is not None:
        session.delete(brouillon)
        session.flush()
