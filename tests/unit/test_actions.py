"""The action server: who may call it, what an action says, and that a failure never carries the conversation back."""
import asyncio
import json

import pytest
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher
from starlette.testclient import TestClient

from bot.actions import base, coordonnees, garde, serveur
from tests.carnet import Carnet

JETON = "jeton-de-test"
TEXTE = "mon secret : je suis malade"


@pytest.fixture
def client(sessions, monkeypatch):
    monkeypatch.setattr(base, "sessions", lambda: sessions)
    return TestClient(serveur.creer_app(JETON), headers={"x-jeton": JETON})


def _appel(action="action_coordonnees", caisse="demo-reunion"):
    """As Rasa 3.6 sends it, domain left out."""
    return {"next_action": action, "sender_id": "x", "version": "3.6.21",
            "tracker": {"sender_id": "x", "slots": {}, "events": [], "paused": False, "active_loop": {}, "latest_action_name": None,
                        "latest_message": {"text": TEXTE, "intent": {}, "entities": [], "metadata": {"caisse": caisse} if caisse else None}}}


def test_les_coordonnees_sont_celles_de_la_caisse_du_message(client):
    reponse = client.post("/webhook", json=_appel()).json()
    message = reponse["responses"][0]
    assert "01 99 00 12 74" in message["text"] and message["custom"]["contact"]["caisse"] == "Caisse de démonstration La Réunion"
    assert reponse["events"] == []


@pytest.mark.parametrize("caisse", [None, "inconnue"])
def test_sans_caisse_connue_ce_sont_celles_de_linstallation(client, caisse):
    assert "Aquitaine" in client.post("/webhook", json=_appel(caisse=caisse)).json()["responses"][0]["text"]


def test_une_panne_devient_une_excuse_avec_un_numero_et_seul_ce_numero_est_journalise(client, monkeypatch):
    def panne(_):
        raise RuntimeError(TEXTE)
    monkeypatch.setattr(coordonnees, "lire_caisse", panne)
    carnet = Carnet()
    monkeypatch.setattr(garde, "journal", carnet)
    reponse = client.post("/webhook", json=_appel())
    assert reponse.status_code == 200 and TEXTE not in reponse.text
    texte = reponse.json()["responses"][0]["text"]
    assert "conseiller" in texte and carnet.lignes[0]["incident"] in texte
    assert TEXTE not in json.dumps(carnet.lignes)


def test_une_action_trop_lente_sexcuse_aussi(monkeypatch):
    class Lente(garde.ActionGardee):
        nom, excuse = "action_lente", "Désolé."

        async def agir(self, dispatcher, tracker):
            dispatcher.utter_message(text="trop tôt")
            await asyncio.Event().wait()
    monkeypatch.setattr(garde, "DELAI", 0.05)
    dit = CollectingDispatcher()
    assert asyncio.run(Lente().run(dit, Tracker.from_dict(_appel()["tracker"]), {})) == []
    assert [m["text"].split(" (")[0] for m in dit.messages] == ["Désolé."]


@pytest.mark.parametrize("entetes", [{}, {"x-jeton": "autre"}, {"x-jeton": ""}])
def test_sans_le_jeton_rien_nest_servi(sessions, entetes):
    assert TestClient(serveur.creer_app(JETON)).post("/webhook", json=_appel(), headers=entetes).status_code == 403


def test_un_jeton_vide_ne_sert_personne():
    assert TestClient(serveur.creer_app("")).post("/webhook", json=_appel(), headers={"x-jeton": ""}).status_code == 403


@pytest.mark.parametrize("corps, statut", [(b"", 400), (b"{", 400), (b"[]", 400), (b"null", 400), (b'{"tracker": {}}', 400), (b"x" * 3_000_000, 400)])
def test_un_corps_illisible_est_refuse(client, corps, statut):
    assert client.post("/webhook", content=corps).status_code == statut


def test_une_action_inconnue_donne_404_sans_renvoyer_la_conversation(client):
    reponse = client.post("/webhook", json=_appel("action_danser"))
    assert reponse.status_code == 404 and TEXTE not in reponse.text


def test_un_suivi_mal_forme_donne_500_sans_le_renvoyer(client):
    appel = {**_appel(), "tracker": {"latest_message": TEXTE}}
    reponse = client.post("/webhook", json=appel)
    assert reponse.status_code in (200, 500) and TEXTE not in reponse.text


def test_la_sante_se_demande_sans_jeton(sessions):
    assert TestClient(serveur.creer_app(JETON)).get("/health").status_code == 200
