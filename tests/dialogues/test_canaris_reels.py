"""Canaries through the real processes: what was typed to the site, the engine and the actions is searched in every base, tracker and log they wrote."""
import sqlite3
from contextlib import closing

import pytest

from tests.dialogues.conftest import Assure
from tests.dialogues.test_rendez_vous import EN_UNE_PHRASE, creneaux, dernier, remplit
from tests.site import test_canaris as canaris

pytestmark = pytest.mark.moteur

# An illness that no other test types on the shared site.
MALADIE = "spondylarthrite"
TOUT = canaris.TOUT.replace(canaris.MALADIE, MALADIE)


@pytest.fixture(scope="module")
def parcours(site):
    """A question, a refusal, an error, an emergency, a booking and the survey, all of it with canaries."""
    elle = Assure(site)
    for texte in (TOUT, f"combien de trimestres ? {TOUT}", f"j'ai une {MALADIE}, ai-je droit à des indemnités ?", f"/reserver {TOUT}", f"EXTERNAL: {TOUT}",
                  f"je veux mourir, {TOUT}", f"que prendre pour ma {MALADIE} ?", f"azerty {TOUT} qsdfgh"):
        elle.dit(texte[:500])
    elle.envoie(text=TOUT * 30), elle.envoie(form={"id": "inconnu", "values": {"nom": TOUT}})
    elle.client.get("/faq", params={"q": TOUT}), elle.client.get(f"/{canaris.NOM}/{canaris.NIR}")
    elle.client.close()
    elle = Assure(site)
    elle.dit(EN_UNE_PHRASE)
    if creneaux(elle.derniere):
        elle.choisit(creneaux(elle.derniere)[0])
    elle.envoie(form={"id": "rdv_identite", "values": {"nom": canaris.NOM, "prenom": "Camille", "telephone": canaris.NIR, "courriel": canaris.IBAN}})
    assert any(m["form"] for m in elle.derniere.messages), elle.derniere.texte
    remplit(elle, nom=canaris.NOM, prenom="Camille", telephone=canaris.TELEPHONE, courriel=canaris.COURRIEL)
    assert dernier(elle.dit("oui, je confirme"))["kind"] == "confirmation", elle.derniere.texte
    elle.client.close()
    elle = Assure(site)
    elle.dit("je voudrais répondre à l'enquête de satisfaction"), elle.dit(f"mon code est {canaris.NIR}"), elle.dit(TOUT)
    elle.client.close()


@pytest.fixture(scope="module")
def lieux(parcours, donnees):
    """Where each canary stands: columns of contacts.db and of the tracker, names of the other files."""
    avant = {**canaris.CANARIS}
    canaris.CANARIS["maladie"] = MALADIE
    try:
        trouves = canaris.trouves(donnees, donnees / "contacts.db", "")
        suivis = canaris.colonnes(donnees / "suivi.db", "suivi.")
    finally:
        canaris.CANARIS.clear()
        canaris.CANARIS.update(avant)
    return {nom: trouves[nom] | suivis[nom] for nom in trouves}


def test_les_canaris_ne_sont_que_la_ou_ils_doivent_etre(lieux):
    sans_fichier = {nom: {lieu for lieu in siens if lieu not in ("contacts.db-wal", "contacts.db-shm")} for nom, siens in lieux.items()}
    # the messages that the demonstration writes as files, in place of sending them, say to whom
    permis = {nom: siens | ({"fichier de message"} if nom in ("nom", "telephone", "courriel") else set()) for nom, siens in canaris.PERMIS.items()}
    assert canaris.ailleurs({nom: {_message(lieu) for lieu in siens} for nom, siens in sans_fichier.items()}, permis) == {}
    assert "entretien.telephone" in lieux["telephone"] and "entretien.nom" in lieux["nom"]


def _message(lieu: str) -> str:
    return "fichier de message" if lieu.endswith((".txt", ".eml")) and "." in lieu and not lieu.startswith("terminal") else lieu


def test_le_suivi_du_moteur_na_ni_texte_ni_reponse(parcours, donnees):
    """The engine's own store: of each turn, that it was said and what it meant."""
    with closing(sqlite3.connect(donnees / "suivi.db")) as base:
        evenements = [ligne[0] for ligne in base.execute("SELECT data FROM events").fetchall()]
    assert evenements, "le moteur n'a rien suivi : la recherche ne prouverait rien"
    assert not [e for e in evenements if canaris.serrer(canaris.NOM) in canaris.serrer(e) or ('"text"' in e and '"text": ""' not in e)]
