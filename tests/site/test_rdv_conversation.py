"""The booking acts through the front's own doors (API, buttons, forms, masks), with an engine that labels messages as it is told to."""
import json
from datetime import date
from uuid import uuid4

import pytest
from sqlalchemy import select

from bot.actions import base, flux
from bot.contacts.tables import Brouillon, Entretien
from bot.horloge import Horloge
from bot.site.moteur import Moteur
from tests.marche import lisible
from tests.unit import agenda_aide

LABELS = {"rdv": "prendre_rdv", "oui": "affirmer", "stop": "stop", "combien de trimestres ?": "retraite.trimestres_manquants"}


@pytest.fixture
def assuree(visiteur, sessions, monkeypatch):
    """Someone on the site of a caisse that receives in Bordeaux on Mondays and rings on Wednesdays."""
    monde = agenda_aide.installer(sessions)
    with sessions() as s:
        agenda_aide.ouvrir(s, monde, fin="17:00")
        agenda_aide.ouvrir(s, monde, jour=date(2011, 9, 21), antenne=None, fin="17:00", codes=("conseil_social_telephone",))
    monkeypatch.setattr(base, "sessions", lambda: sessions)
    monkeypatch.setattr(base, "horloge", lambda: horloge)
    horloge, entendus = Horloge.reglee(), []

    async def dire(self, moteur_id, texte, intention, metadonnees):
        """As bot/engine/canal.py and action_flux do, everything through JSON."""
        meta = json.loads(json.dumps(metadonnees))
        entendus.append(texte or "")
        label = intention or LABELS.get((texte or "").split(",")[0], "nlu_fallback")
        comprise = {"intention": label, "confiance": 0.9}
        if meta["flux"] and not intention:
            meta["comprehension"] = comprise
        dit = flux.conduire(meta, texte or "", "continuer_flux" if meta["flux"] and not intention else label)
        return {"messages": [{"custom": json.loads(json.dumps(dit))}], "comprehension": {**comprise, "propositions": [], "classement": []}}

    monkeypatch.setattr(Moteur, "dire", dire)
    visiteur.entendus = entendus
    return visiteur


def messages(reponse) -> list[dict]:
    assert reponse.status_code == 200, reponse.text
    return reponse.json()["messages"]


def appuie(visiteur, reponse, debut):
    choix = next(c for m in messages(reponse) for c in m["choices"] if lisible(c["label"]).startswith(debut))
    return visiteur.client.post("/api/messages", json={"message_id": str(uuid4()), "choice": choix["id"]})


def remplit(visiteur, id, **valeurs):
    return visiteur.client.post("/api/messages", json={"message_id": str(uuid4()), "form": {"id": id, "values": valeurs}})


def test_de_la_demande_a_la_confirmation_par_boutons_et_formulaire(assuree, sessions):
    reponse = appuie(assuree, assuree.dit("rdv, pour un entretien"), "À l'antenne")
    reponse = appuie(assuree, reponse, "Bordeaux")
    reponse = appuie(assuree, reponse, "Le plus tôt possible")
    reponse = appuie(assuree, reponse, "Lundi 19 septembre 2011 à 9 h 00")
    assert messages(reponse)[-1]["form"]["id"] == "rdv_identite" and messages(reponse)[-1]["flow"] == "prendre_rdv"
    reponse = remplit(assuree, "rdv_identite", nom="Martin", prenom="Jeanne", telephone="12")
    assert [f["name"] for f in messages(reponse)[-1]["form"]["fields"] if f["error"]] == ["telephone"]
    reponse = remplit(assuree, "rdv_identite", nom="Martin", prenom="Jeanne", telephone="06 39 98 00 12")
    assert messages(reponse)[-1]["kind"] == "recap"
    confirme = messages(appuie(assuree, reponse, "Oui, je confirme"))[-1]
    with sessions.lecture() as s:
        assert confirme["kind"] == "confirmation" and confirme["data"]["code"] == s.scalars(select(Entretien.code)).one()
    assert not any("Martin" in t or "06 39" in t for t in assuree.entendus), "le moteur n'a rien vu de l'identité"


def test_de_plusieurs_sujets_on_choisit_le_sien_par_un_bouton(assuree):
    demande = assuree.dit("rdv, pour préparer ma retraite et créer une boutique")
    assert "De quoi voulez-vous parler surtout" in lisible(messages(demande)[-1]["text"])
    suite = messages(appuie(assuree, demande, "Créer mon entreprise"))
    assert suite[-1]["flow"] == "prendre_rdv" and "à l'antenne, ou parler" in lisible(suite[-1]["text"])


def test_un_sujet_retire_depuis_qu_il_a_ete_propose_ne_casse_rien(assuree):
    propose = assuree.dit("combien de trimestres ?")
    bouton = next(c for m in messages(propose) for c in m["choices"])
    dialogue = assuree.client.app.state.contexte.dialogue
    avant, dialogue.fiches = dialogue.fiches, {}
    try:
        dit = messages(assuree.client.post("/api/messages", json={"message_id": str(uuid4()), "choice": bouton["id"]}))[-1]
    finally:
        dialogue.fiches = avant
    assert dit["data"]["contact"]["telephone"]


def test_ce_qui_est_tape_est_pris_et_masque_partout(assuree, sessions):
    assuree.dit("rdv, par téléphone mercredi 21 à 9 h au 06 39 98 00 12")
    reponse = assuree.dit("je m'appelle Jeanne Martin")
    assert messages(reponse)[-1]["kind"] == "recap" and "se termine par 12" in lisible(messages(reponse)[-1]["text"])
    assert not any("Martin" in t or "06 39" in t for t in assuree.entendus)
    relu = assuree.client.get("/api/messages").text
    assert "[nom masqué]" in relu and "Martin" not in relu and "06 39 98 00 12" not in relu
    with sessions.lecture() as s:
        assert s.scalars(select(Brouillon)).one().prive == {"nom": "Martin", "prenom": "Jeanne", "telephone": "0639980012"}
    assert messages(assuree.dit("oui"))[-1]["kind"] == "confirmation"


def test_une_question_au_milieu_puis_stop(assuree, sessions):
    assuree.dit("rdv, à Bordeaux lundi 19")
    dits = messages(assuree.dit("combien de trimestres ?"))
    assert dits[0]["topic"] == "retraite/trimestres_manquants" and dits[-1]["flow"] == "prendre_rdv"
    assert dits[-1]["text"].startswith("Revenons à votre rendez-vous") and len(dits[-1]["choices"]) == 5
    assert "C'est arrêté" in messages(assuree.dit("stop"))[-1]["text"]
    with sessions.lecture() as s:
        assert s.scalars(select(Brouillon)).all() == []
