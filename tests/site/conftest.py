"""A front on a database of its own, without engine: what people meet while the engine is down or loading."""
import asyncio
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from bot.reglages import Reglages
from bot.site.app import creer_app
from tests.site.espace import espace, modele_espace, sites_espace  # noqa: F401  (fixtures)
from tests.site.espace_agenda import bureau, modele_bureau, sites_bureau  # noqa: F401  (fixtures)


@pytest.fixture
def reglages(tmp_path, sessions):
    """Settings of the test's own front. Port 1 never answers: the engine is down."""
    return Reglages(donnees=tmp_path, base=f"sqlite:///{tmp_path / 'contacts.db'}", port_moteur=1, port_actions=1, demo=True)


@pytest.fixture
def client(reglages, monkeypatch):
    monkeypatch.setenv("CONSEIL_NOW", "2011-09-14T10:00")
    with TestClient(creer_app(reglages), base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        yield client


class Visiteur:
    """Someone who chats."""

    def __init__(self, client: TestClient):
        self.client = client
        self.ouverture = client.post("/api/conversations")

    def dit(self, texte, message_id=None):
        return self.client.post("/api/messages", json={"message_id": message_id or str(uuid4()), "text": texte})

    def choisit(self, reponse, libelle):
        choix = next(c for m in reponse.json()["messages"] for c in m["choices"] if c["label"].replace("\u202f", " ").startswith(libelle))
        return self.client.post("/api/messages", json={"message_id": str(uuid4()), "choice": choix["id"]})


@pytest.fixture
def visiteur(client):
    return Visiteur(client)


def attendre(coroutine):
    return asyncio.run(coroutine)
