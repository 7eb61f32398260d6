"""The thread of an act in one conversation: what the turn brings, what is known so far, what was last asked. Written back as one draft."""
import copy
from dataclasses import dataclass, field
from typing import Any, Mapping, Optional

from sqlalchemy.orm import Session

from bot.agenda import reservation
from bot.contacts import flux
from bot.contacts.caisses import caisse as lire_caisse
from bot.contacts.flux import Dire, Tour
from bot.contacts.refus import Refus
from bot.contacts.tables import Antenne, Brouillon, Caisse

# The step of an act that has just ended: what was done can still be undone, by a word as well as by its button.
FAIT = "fait"


@dataclass
class Fil:
    """`donnees`: choices, nothing that identifies; `prive`: name, number, codes, for the time of the act. `avant`: messages that this turn says
    before the next question. `fini`: nothing of the act stays."""

    session: Session
    tour: Tour
    nom: str
    caisse: Caisse
    etape: str = ""
    donnees: dict[str, Any] = field(default_factory=dict)
    prive: dict[str, Any] = field(default_factory=dict)
    relances: int = 0
    avant: list[Dire] = field(default_factory=list)
    fini: bool = False
    reprise: bool = False

    @classmethod
    def ouvrir(cls, session: Session, tour: Tour, brouillon: Optional[Brouillon], nom: str) -> "Fil":
        """The thread as the draft left it, or a new one. Raises CaisseInconnue."""
        fil = cls(session, tour, nom, lire_caisse(session, tour.caisse_code))
        if brouillon is not None:
            fil.nom, fil.etape, fil.relances = brouillon.flux, brouillon.etape, brouillon.relances
            fil.donnees, fil.prive = copy.deepcopy(brouillon.donnees), copy.deepcopy(brouillon.prive)
        return fil

    def essai(self) -> "Fil":
        """A copy to try a message on: kept when the message was for the act, dropped when it was a question."""
        return Fil(self.session, self.tour, self.nom, self.caisse, self.etape, copy.deepcopy(self.donnees), copy.deepcopy(self.prive), self.relances)

    def passer_a(self, nom: str, *, garder: Mapping[str, Any] = {}) -> "Fil":
        """Another act in the same conversation; what was held is given back. `garder`: what it takes over of `prive`."""
        reservation.relacher(self.session, self.tour.conversation_id)
        return Fil(self.session, self.tour, nom, self.caisse, prive=dict(garder), avant=self.avant)

    @property
    def antennes(self) -> list[Antenne]:
        return self.caisse.antennes

    @property
    def visiteurs(self) -> list[str]:
        """What wrong codes are counted by: the conversation (opening many is limited by the site)."""
        return [f"conversation:{self.tour.conversation_id}"]

    def dire(self, texte: str, genre: str = "answer", **reste: Any) -> None:
        """Say something before the next question."""
        self.avant.append(Dire(texte, genre, **reste))

    def refuser(self, refus: Refus) -> None:
        """Say a refusal in its own words; the next question comes after it."""
        self.avant.append(Dire(refus.message, "refusal", donnees={"refus": refus.code}))

    def joindre(self) -> str:
        """How to reach the caisse, in a sentence."""
        return f"{self.caisse.nom} : {self.caisse.telephone}, {self.caisse.horaires}."

    def finir(self) -> None:
        """The act is over: what it held is given back and its draft erased."""
        reservation.relacher(self.session, self.tour.conversation_id)
        self.fini = True

    def ranger(self) -> None:
        """Write the thread back, or erase it."""
        if self.fini:
            flux.effacer(self.session, self.tour.conversation_id)
        else:
            flux.ecrire(self.session, self.tour, self.nom, self.etape, self.donnees, self.prive, self.relances)
