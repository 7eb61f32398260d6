"""What is stopped for now (reference/security.md, R17): the conversation, booking, one topic, or every write. Decided by a person, in one command.

A file of the data folder and not a table: it must work when the database is what is wrong. Every process reads it again within a second.
"""
import json
import os
import time
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Mapping, Optional

import structlog

from bot.contacts.refus import Refus

CONVERSATION, RENDEZ_VOUS, ECRITURES = "conversation", "rendez-vous", "lecture-seule"
PHRASES = {
    CONVERSATION: "La conversation est arrêtée pour le moment.",
    RENDEZ_VOUS: "La prise de rendez-vous en ligne est arrêtée pour le moment. Les rendez-vous déjà pris sont gardés.",
    ECRITURES: "Le site ne peut rien enregistrer pour le moment. Ce qui l'est déjà est gardé.",
}
PHRASE_SUJET = "Cette réponse est retirée, le temps qu'elle soit vérifiée."
journal = structlog.get_logger("arrets")


class Arrete(Refus):
    code, statut, attendre = "ARRETE", 503, 300


@dataclass(frozen=True)
class Arret:
    """Since when (ISO), and what was added to the sentence that people read."""

    depuis: str
    message: str = ""


@dataclass(frozen=True)
class Etat:
    """What is stopped: services by name, and topics (« eirl/definition »)."""

    services: Mapping[str, Arret] = field(default_factory=dict)
    sujets: Mapping[str, Arret] = field(default_factory=dict)

    def phrase(self, quoi: str) -> Optional[str]:
        """What people are told of a stopped service or topic; None when it runs."""
        arret = self.services.get(quoi) or self.sujets.get(quoi)
        return " ".join(p for p in (PHRASES.get(quoi, PHRASE_SUJET), arret.message) if p) if arret else None


class Arrets:
    """The switches of a data folder: `arrets.etat()` reads, `arreter` and `reprendre` write."""

    PERIODE = 1.0

    def __init__(self, dossier: Path):
        self.chemin = dossier / "arrets.json"
        self._lu_a, self._etat = float("-inf"), Etat()

    def etat(self) -> Etat:
        """As it was at most a second ago. What cannot be read changes nothing: neither stops nor starts anything by accident."""
        if time.monotonic() - self._lu_a >= self.PERIODE:
            self._lu_a = time.monotonic()
            try:
                brut = json.loads(self.chemin.read_text(encoding="utf-8"))
                self._etat = Etat(*({nom: Arret(**a) for nom, a in brut[cle].items()} for cle in ("services", "sujets")))
            except FileNotFoundError:
                self._etat = Etat()
            except (OSError, ValueError, KeyError, TypeError, AttributeError) as e:
                journal.error("arrets_illisibles", genre=type(e).__name__)
        return self._etat

    def arreter(self, quoi: str, maintenant: datetime, message: str = "") -> None:
        """Stop a service, or a topic when `quoi` is none of them."""
        etat = self._relu()
        genre = "services" if quoi in PHRASES else "sujets"
        self._ecrire({**etat, genre: {**etat[genre], quoi: {"depuis": maintenant.isoformat(timespec="seconds"), "message": message}}})
        journal.warning("arret", quoi=quoi)

    def reprendre(self, quoi: Optional[str] = None) -> list[str]:
        """Start again what is named, or everything; what was stopped until now."""
        etat = self._relu()
        leves = [nom for cle in ("services", "sujets") for nom in etat[cle] if quoi in (None, nom)]
        self._ecrire({cle: {nom: a for nom, a in etat[cle].items() if nom not in leves} for cle in ("services", "sujets")})
        if leves:
            journal.warning("reprise", quoi=leves)
        return leves

    def _relu(self) -> dict[str, dict[str, Any]]:
        self._lu_a = float("-inf")
        etat = self.etat()
        return {"services": {n: vars(a) for n, a in etat.services.items()}, "sujets": {n: vars(a) for n, a in etat.sujets.items()}}

    def _ecrire(self, contenu: Mapping[str, Any]) -> None:
        self.chemin.parent.mkdir(parents=True, exist_ok=True)
        neuf = self.chemin.with_name(f".arrets-{os.getpid()}.json")
        neuf.write_text(json.dumps(contenu, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        neuf.replace(self.chemin)
        self._lu_a = float("-inf")
