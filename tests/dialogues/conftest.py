"""Insured people who talk to a running site, and where that site keeps its data."""
import json
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Optional
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import select

from bot.contacts.base import Sessions, ouvrir
from bot.contacts.cle import cle_installation
from bot.contacts.tables import InvitationEnquete, Vague
from bot.enquete import cadre, jetons, vagues
from bot.reglages import Reglages
from tests.fabrique_enquete import MAINTENANT, contacts
from tests.marche import lisible

LOIN = datetime(2100, 1, 1, tzinfo=timezone.utc)


@dataclass(frozen=True)
class Reponse:
    """What the assistant answered, as a person reads it (ordinary spaces), and how long it took."""

    enveloppe: dict[str, Any]
    secondes: float

    @property
    def messages(self) -> list[dict[str, Any]]:
        return self.enveloppe["messages"]

    @property
    def texte(self) -> str:
        return lisible("\n".join(m["text"] for m in self.messages))

    @property
    def genre(self) -> str:
        return self.messages[0]["kind"]

    @property
    def sujet(self) -> Optional[str]:
        return self.messages[0]["topic"]

    @property
    def sujets(self) -> list[Optional[str]]:
        return [m["topic"] for m in self.messages]

    @property
    def donnees(self) -> dict[str, Any]:
        return self.messages[0]["data"] or {}

    @property
    def sources(self) -> list[str]:
        return [lisible(s["title"]) for m in self.messages for s in m["sources"]]

    @property
    def choix(self) -> dict[str, str]:
        """The buttons offered: label → id."""
        return {lisible(c["label"]): c["id"] for m in self.messages for c in m["choices"]}

    @property
    def reduite(self) -> bool:
        """Whether the engine did not answer."""
        return bool(self.donnees.get("reduit"))


class Assure:
    """Someone who talks to the assistant of a site, with her own cookie."""

    def __init__(self, adresse: str):
        self.client = httpx.Client(base_url=adresse, timeout=20)
        self.ouverture = self.client.post("/api/conversations").raise_for_status().json()
        self.derniere: Reponse

    def envoie(self, **corps: Any) -> httpx.Response:
        """Send a body as it is, whatever comes back."""
        return self.client.post("/api/messages", json={"message_id": str(uuid4()), **corps})

    def dit(self, texte: str, **corps: Any) -> Reponse:
        """Type a message and read the answer."""
        return self._lire(text=texte, **corps)

    def choisit(self, debut: str) -> Reponse:
        """Press the button of the last answer whose label begins so."""
        return self._lire(choice=next(id for libelle, id in self.derniere.choix.items() if libelle.startswith(debut)))

    def relit(self) -> list[str]:
        """The whole conversation, as the page shows it after a reload."""
        return [lisible(m["text"]) for m in self.client.get("/api/messages").raise_for_status().json()["messages"]]

    def _lire(self, **corps: Any) -> Reponse:
        debut = time.monotonic()
        reponse = self.envoie(**corps)
        assert reponse.status_code == 200, reponse.text
        self.derniere = Reponse(reponse.json(), time.monotonic() - debut)
        return self.derniere


@pytest.fixture
def assure(site):
    """A person who has just opened a conversation."""
    assure = Assure(site)
    yield assure
    assure.client.close()


@pytest.fixture
def autre(site):
    """Another one."""
    autre = Assure(site)
    yield autre
    autre.client.close()


@pytest.fixture(scope="session")
def donnees(site, tmp_path_factory) -> Path:
    """The data folder of the running site, found by the address in its process file."""
    for fiche in tmp_path_factory.getbasetemp().glob("*/conseil.pid"):
        if json.loads(fiche.read_text() or "{}").get("adresse") == site:
            return fiche.parent
    pytest.fail(f"aucun dossier de données pour {site}")


@pytest.fixture(scope="session")
def base_du_site(site, donnees):
    """The running site's own database, opened from outside."""
    sessions = Sessions(ouvrir(f"sqlite:///{donnees / 'contacts.db'}"))
    yield sessions
    sessions.engine.dispose()


@pytest.fixture(scope="session")
def codes(base_du_site, donnees):
    """Codes of a wave of spontaneous entretiens that stays open, one for each test."""
    cle = cle_installation(Reglages(donnees=donnees))
    with base_du_site() as s:
        contacts(s, 45, None)
        v = s.scalar(select(Vague).where(Vague.action_id.is_(None), Vague.caisse_code == "demo-aquitaine", Vague.exercice == 2011)) or vagues.ouvrir(
            s, caisse_code="demo-aquitaine", exercice=2011, maintenant=MAINTENANT)
        releve = cadre.tirer(s, v, MAINTENANT, cle)
        releve.clos_le = LOIN
        pseudonymes = s.scalars(select(InvitationEnquete.pseudonyme).where(InvitationEnquete.releve_id == releve.id)).all()
    return iter([jetons.presenter(jetons.code(cle, p)) for p in pseudonymes])
