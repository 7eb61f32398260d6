"""From the assistant to a person and back: queue, estimate, taking over, silence of a browser, message box; nothing lost, nothing said twice."""
import re
from datetime import datetime, timedelta, timezone
from html import unescape
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from bot.contacts import conversations as memoire
from bot.contacts import relais
from bot.contacts.relais import lire_horaires
from bot.contacts.tables import Audit, Conversation, Echange, Historique, Presence, Rappel, Relais
from bot.horloge import Horloge, lire_instant
from tests.marche import lisible
from tests.site.test_reponses_du_moteur import FauxMoteur

PARLER, SEUILS = "parler_conseiller", "auto_entrepreneur.seuils_ca"


class Personne:
    """Someone who chats on the workspace's own site."""

    def __init__(self, espace):
        self.client = TestClient(espace.app, base_url="http://127.0.0.1", raise_server_exceptions=False)
        self.client.post("/api/conversations").raise_for_status()

    def dit(self, texte, numero=None):
        return self.client.post("/api/messages", json={"message_id": numero or str(uuid4()), "text": texte}).json()

    def choisit(self, enveloppe, libelle):
        choix = next(c for m in enveloppe["messages"] for c in m["choices"] if lisible(c["label"]) == libelle)
        return self.client.post("/api/messages", json={"message_id": str(uuid4()), "choice": choix["id"]}).json()

    def relit(self):
        return self.client.get("/api/messages").json()

    @property
    def mode(self):
        return self.relit()["state"]["mode"]

    def derniers(self, n=1):
        return [(m["author"], lisible(m["text"])) for m in self.relit()["messages"][-n:]]


@pytest.fixture
def moteur(espace):
    dialogue = espace.app.state.contexte.dialogue
    vrai, dialogue.moteur = dialogue.moteur, FauxMoteur(espace.app)
    yield dialogue.moteur.comprend(PARLER)
    dialogue.moteur = vrai


@pytest.fixture
def heure(espace):
    """Moves the clock: `heure("2011-09-14T20:00")`, or by minutes."""
    contexte = espace.app.state.contexte
    avant = contexte.dialogue.horloge

    def regler(ou):
        arrivee = contexte.horloge.maintenant() + timedelta(minutes=ou) if isinstance(ou, (int, float)) else lire_instant(ou)
        contexte.horloge = contexte.dialogue.horloge = Horloge.depuis(arrivee)
    regler("2011-09-14T10:00")  # a Wednesday, in opening hours
    yield regler
    contexte.dialogue.horloge = avant


@pytest.fixture
def assure(espace, moteur, heure):
    return Personne(espace)


@pytest.fixture
def claire(espace):
    return espace.connecte("claire.fontaine")


def compter(espace, table, *conditions):
    with espace.sessions.lecture() as s:
        return s.scalar(select(func.count()).select_from(table).where(*conditions))


def numero(espace):
    with espace.sessions.lecture() as s:
        return s.scalars(select(Relais.id).order_by(Relais.id.desc())).first()


def demande(assure):
    return assure.dit("je veux parler à quelqu'un")


def prend(espace, conseiller, lequel=None):
    return conseiller.post(f"/espace/conversations/{lequel or numero(espace)}/prise")


def ecrit(espace, conseiller, texte, jeton=None):
    return conseiller.post(f"/espace/conversations/{numero(espace)}/message", texte=texte, jeton=jeton or str(uuid4()))


# -- the queue --------------------------------------------------------------------------------------------------------------------------------


def test_demander_un_conseiller_met_dans_la_file_avec_sa_place_et_ce_quon_peut_dire_de_lattente(espace, assure):
    recu = demande(assure)
    assert recu["state"] == {"mode": "waiting"} and recu["messages"][0]["flow"] == PARLER
    dit = lisible(recu["messages"][0]["text"])
    assert "prochaine personne" in dit and "Aucun conseiller n'est connecté" in dit and "01 99 00 12 00" in dit
    assert recu["messages"][0]["data"]["attente"] == {"place": 1, "minutes": None}
    autre = Personne(espace)
    assert "place 2 de la file" in lisible(demande(autre)["messages"][0]["text"])
    assert demande(autre)["messages"][0]["data"]["attente"]["place"] == 2 and compter(espace, Relais) == 2, "redemander garde la place"


def test_lestimation_suit_les_dernieres_conversations_et_les_conseillers_presents(espace, assure, claire):
    maintenant = espace.maintenant
    with espace.sessions() as s:
        for _ in range(3):
            s.add(Relais(caisse_code="demo-aquitaine", etat="rendu", demande_le=maintenant, place_dite=1, conseiller_id=1, coupures=0,
                         pris_le=maintenant - timedelta(minutes=30), signe_le=maintenant, fini_le=maintenant - timedelta(minutes=18)))
    claire.post("/espace/conversations/presence", acte="present")
    assert "moins de cinq minutes" in lisible(demande(assure)["messages"][0]["text"])
    recu = demande(Personne(espace))["messages"][0]
    assert recu["data"]["attente"] == {"place": 2, "minutes": 15} and "environ 15 minutes" in lisible(recu["text"])


def test_sans_passe_rien_nest_promis(espace, assure, claire):
    claire.post("/espace/conversations/presence", acte="present")
    demande(assure)
    assert "pas encore de quoi estimer" in lisible(demande(Personne(espace))["messages"][0]["text"])


def test_en_attendant_lassistant_repond_a_ce_quil_sait_et_garde_le_reste(assure, moteur):
    demande(assure)
    moteur.comprend(SEUILS)
    assert assure.dit("le plafond ?")["messages"][0]["topic"] == "auto_entrepreneur/seuils_ca"
    moteur.comprend("nlu_fallback", 0.1)
    garde = assure.dit("dossier Camille en retard")
    assert "Je garde ceci pour le conseiller" in lisible(garde["messages"][0]["text"]) and assure.mode == "waiting"


def test_on_revient_a_lassistant_quand_on_veut(espace, assure):
    retour = assure.choisit(demande(assure), "Revenir à l'assistant")
    assert retour["state"] == {"mode": "assistant"} and compter(espace, Relais, Relais.etat == "repris") == 1
    assert [c["label"] for c in retour["messages"][0]["choices"]] == ["Attendre un conseiller"]


def test_la_place_qui_avance_se_dit_une_fois(espace, assure):
    premiere = demande(assure)
    seconde = Personne(espace)
    demande(seconde)
    avant = len(seconde.relit()["messages"])
    assure.choisit(premiere, "Revenir à l'assistant")
    for _ in range(2):
        assert seconde.derniers()[0][1].startswith("Vous êtes la prochaine personne") and len(seconde.relit()["messages"]) == avant + 1


def test_sans_moteur_le_bouton_mene_tout_de_meme_a_une_personne(espace, assure, moteur):
    moteur.comprend(SEUILS)
    fiche = assure.dit("le plafond ?")
    bouton = next((c for m in fiche["messages"] for c in m["choices"] if "conseiller" in c["label"]), None)
    moteur.brute = None
    with espace.sessions() as s:
        conversation = s.scalars(select(Conversation)).one()
        bouton = bouton or {"id": memoire.proposer(s, conversation, [("Parler à un conseiller", {"intention": PARLER})])[0]}
    recu = assure.client.post("/api/messages", json={"message_id": str(uuid4()), "choice": bouton["id"]}).json()
    assert recu["state"] == {"mode": "waiting"}


def test_un_message_renvoye_ne_prend_pas_deux_places(espace, assure):
    identique = str(uuid4())
    assert assure.dit("un conseiller", identique) == assure.dit("un conseiller", identique) and compter(espace, Relais) == 1


# -- opening hours ----------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("instant", ["2011-09-14T12:30", "2011-09-14T20:00", "2011-09-17T10:00", "2011-11-11T10:00"])
def test_hors_des_heures_une_boite_a_messages(espace, assure, heure, instant):
    heure(instant)
    recu = demande(Personne(espace))
    assert recu["state"] == {"mode": "assistant"} and compter(espace, Relais) == 0
    assert "ne sont pas là en ce moment" in lisible(recu["messages"][0]["text"]) and recu["messages"][1]["form"]["id"] == "rappel"


def test_un_conseiller_present_hors_des_heures_suffit(espace, assure, claire, heure):
    heure("2011-09-14T12:30")
    claire = espace.connecte("claire.fontaine")
    claire.post("/espace/conversations/presence", acte="present")
    assert demande(Personne(espace))["state"] == {"mode": "waiting"}


@pytest.mark.parametrize("texte, jours, plages", [
    ("du lundi au vendredi, de 9 h à 12 h et de 13 h 30 à 16 h 30", {0, 1, 2, 3, 4}, ["09:00-12:00", "13:30-16:30"]),
    ("mardi et jeudi, 9 h – 16 h", {1, 3}, ["09:00-16:00"]), ("lundi à vendredi, 9 h – 16 h 30", {0, 1, 2, 3, 4}, ["09:00-16:30"])])
def test_les_heures_se_lisent_dans_la_phrase_de_la_caisse(texte, jours, plages):
    lus = lire_horaires(texte)
    assert lus.jours == jours and [f"{du:%H:%M}-{au:%H:%M}" for du, au in lus.plages] == plages


@pytest.mark.parametrize("texte", ["", "sur rendez-vous", "tous les jours", "lundi, 9 h", "mercredi, 25 h à 26 h", "lundi de 12 h à 9 h"])
def test_des_heures_illisibles_ne_promettent_rien(texte):
    assert lire_horaires(texte) is None


RAPPEL = {"nom": "Camille Fictif", "telephone": "01 99 00 00 07", "moment": "Le matin", "message": "Mon échéancier, appelez le 01 99 00 00 08"}


def test_laisser_un_message_le_retrouver_dans_lespace_et_leffacer_en_le_traitant(espace, assure, heure, claire):
    heure("2011-09-14T20:00")
    personne = Personne(espace)
    demande(personne)
    recu = personne.client.post("/api/messages", json={"message_id": str(uuid4()), "form": {"id": "rappel", "values": RAPPEL}}).json()
    assert recu["messages"][0]["kind"] == "confirmation" and "le matin" in recu["messages"][0]["text"]
    claire = espace.connecte("claire.fontaine")
    page = lisible(claire.get("/espace/conversations").text)
    assert "Camille Fictif" in page and "[téléphone masqué]" in page and compter(espace, Audit, Audit.acte == "rappels.lus") == 1
    assert "1 rappel à faire" in lisible(claire.get("/espace").text)
    with espace.sessions.lecture() as s:
        rappel = s.scalars(select(Rappel)).one().id
    assert espace.connecte("rose.lagon").post(f"/espace/rappels/{rappel}", etat="fait").status_code == 404
    assert claire.post(f"/espace/rappels/{rappel}", etat="fait").status_code == 303
    assert claire.post(f"/espace/rappels/{rappel}", etat="fait").status_code == 409
    with espace.sessions.lecture() as s:
        reste = s.scalars(select(Rappel)).one()
        assert (reste.nom, reste.telephone, reste.message, reste.etat) == (None, None, None, "fait")
        assert "Camille" not in str([h.apres for h in s.scalars(select(Historique))])


def test_un_rappel_oublie_un_mois_perd_ce_qui_nomme_la_personne(espace):
    with espace.sessions() as s:
        relais.laisser_message(s, "demo-aquitaine", nom="Fictif", telephone="01 99 00 00 07", moment="Le matin", message=None, maintenant=espace.maintenant)
        assert relais.purger_rappels(s, espace.maintenant + timedelta(days=29)) == 0
        assert relais.purger_rappels(s, espace.maintenant + timedelta(days=31)) == 1 and s.scalars(select(Rappel)).one().nom is None


def test_a_la_fermeture_la_file_rend_la_main_et_le_dit(espace, assure, heure):
    heure("2011-09-14T11:50")
    personne = Personne(espace)
    demande(personne)
    heure(15)
    assert personne.mode == "assistant" and "partis sans avoir pu vous répondre" in personne.derniers()[0][1]
    assert compter(espace, Relais, Relais.etat == "ferme") == 1


# -- taking over ------------------------------------------------------------------------------------------------------------------------------


def test_prendre_lire_masque_ecrire_et_rendre(espace, assure, claire, moteur):
    demande(assure)
    assure.dit("mon numéro est le 1 85 05 78 006 084 36, je suis Camille")
    assert prend(espace, claire).headers["location"] == f"/espace/conversations/{numero(espace)}"
    page = lisible(claire.get(f"/espace/conversations/{numero(espace)}").text)
    assert "[numéro masqué]" in page and "1 85 05" not in page and compter(espace, Audit, Audit.acte == "conversation.prise") == 1
    assert assure.mode == "counsellor" and assure.derniers() == [("conseiller", lisible(relais_bonjour("Claire")))]
    moteur.comprend(SEUILS)
    assert assure.dit("le plafond ?")["messages"] == [], "l'assistant se tait"
    ecrit(espace, claire, "Votre échéancier part ce soir.\nBonne journée.")
    assert assure.derniers() == [("conseiller", "Votre échéancier part ce soir.\nBonne journée.")]
    assert claire.post(f"/espace/conversations/{numero(espace)}/retour").status_code == 303 and assure.mode == "assistant"
    assert assure.dit("le plafond ?")["messages"][0]["topic"] == "auto_entrepreneur/seuils_ca"


def relais_bonjour(prenom):
    from bot.site.espace.relais import BONJOUR
    return BONJOUR.format(prenom=prenom)


def test_deux_collegues_une_seule_prise(espace, assure, claire):
    demande(assure)
    assert prend(espace, claire).status_code == 303
    paul = espace.connecte("paul.vallon")
    assert prend(espace, paul).status_code == 409 and compter(espace, Echange, Echange.dit == "") == 1
    page = paul.get(f"/espace/conversations/{numero(espace)}")
    assert page.status_code == 409 and "quelqu'un" not in lisible(page.text), "la conversation d'un collègue ne se lit pas"
    assert "avec un collègue" in lisible(paul.get("/espace/conversations").text)


def test_un_message_du_conseiller_envoye_deux_fois_est_dit_une_fois(espace, assure, claire):
    demande(assure)
    prend(espace, claire)
    jeton = str(uuid4())
    for _ in range(2):
        assert ecrit(espace, claire, "Un instant.", jeton).status_code == 303
    assert [t for _, t in assure.derniers(3)].count("Un instant.") == 1


@pytest.mark.parametrize("texte", ["", "   ", "x" * 2001])
def test_un_message_vide_ou_sans_fin_ne_part_pas(espace, assure, claire, texte):
    demande(assure)
    prend(espace, claire)
    page = ecrit(espace, claire, texte)
    assert page.status_code == 422 and 'href="#texte"' in page.text and compter(espace, Echange, Echange.dit == "") == 1


def test_lurgence_passe_avant_le_conseiller(espace, assure, claire):
    demande(assure)
    prend(espace, claire)
    assert assure.dit("je veux mourir")["messages"][0]["kind"] == "emergency"


@pytest.mark.parametrize("comment", ["bouton", "mot"])
def test_la_personne_quitte_le_conseiller_pour_lassistant(espace, assure, claire, comment):
    demande(assure)
    prend(espace, claire)
    retour = assure.choisit(assure.relit(), "Revenir à l'assistant") if comment == "bouton" else assure.dit("assistant")
    assert retour["state"] == {"mode": "assistant"}
    page = ecrit(espace, claire, "Vous êtes là ?")
    assert page.status_code == 409 and "Vous êtes là ?</textarea>" in lisible(page.text), "ce que le conseiller écrivait reste à l'écran"


def test_un_brouillon_vient_des_fiches_et_ne_part_pas_tout_seul(espace, assure, claire):
    demande(assure)
    assure.dit("quel est le plafond de chiffre d'affaires d'un auto-entrepreneur")
    prend(espace, claire)
    ou = f"/espace/conversations/{numero(espace)}/brouillon"
    avant = compter(espace, Echange)
    page = claire.post(ou, texte="", cherche="")
    sujet = re.search(r'name="fiche" value="([\w/]+)"', page.text)[1]
    rempli = claire.post(ou, texte="", cherche="plafond chiffre d'affaires", fiche=sujet)
    assert len(re.search(r'<textarea id="texte"[^>]*>(.*?)</textarea>', rempli.text, re.S)[1]) > 100 and compter(espace, Echange) == avant


# -- a browser that dies ------------------------------------------------------------------------------------------------------------------------


def test_un_navigateur_muet_remet_la_personne_a_sa_place(espace, assure, claire, heure):
    demande(assure)
    prend(espace, claire)
    assure.dit("Camille, pour mon échéancier")
    heure(2)
    assert assure.mode == "counsellor", "deux minutes de silence ne suffisent pas"
    heure(2)
    assert assure.mode == "waiting" and "s'est coupée. Vous gardez votre place" in assure.derniers()[0][1]
    assert len([t for _, t in assure.derniers(3) if "s'est coupée" in t]) == 1
    paul = espace.connecte("paul.vallon")
    assert prend(espace, paul).status_code == 303
    assert "Camille, pour mon échéancier" in lisible(paul.get(f"/espace/conversations/{numero(espace)}").text), "rien n'est perdu"


def test_le_signe_de_la_page_garde_la_conversation(espace, assure, claire, heure):
    demande(assure)
    prend(espace, claire)
    for _ in range(3):
        heure(2)
        signe = claire.client.post(f"/espace/conversations/{numero(espace)}/signe", headers={"x-csrf": claire.csrf, "accept": "application/json"})
        assert signe.json()["etat"] == "en_cours" and signe.json()["messages"][-1]["auteur"] == "conseiller"
    assert assure.mode == "counsellor"


def test_revenu_apres_la_coupure_le_conseiller_reprend_en_ecrivant(espace, assure, claire, heure):
    demande(assure)
    prend(espace, claire)
    heure(4)
    assert assure.mode == "waiting"
    assert ecrit(espace, claire, "Me revoici.").status_code == 303 and assure.mode == "counsellor"
    assert assure.derniers() == [("conseiller", "Me revoici.")]


def test_repris_par_un_collegue_le_premier_ne_parle_plus_et_garde_son_texte(espace, assure, claire, heure):
    demande(assure)
    prend(espace, claire)
    heure(4)
    paul = espace.connecte("paul.vallon")
    assert "attend de nouveau" in lisible(paul.get("/espace/conversations").text)
    assert prend(espace, paul).status_code == 303, "sans attendre que la page de la personne se réveille"
    page = ecrit(espace, claire, "Je suis revenue.")
    assert page.status_code == 409 and "Je suis revenue.</textarea>" in lisible(page.text)
    assert "Je suis revenue." not in str(assure.relit())


def test_une_conversation_oubliee_quitte_la_file(espace, assure, claire):
    demande(assure)
    prend(espace, claire)
    assert assure.client.request("DELETE", "/api/conversations").status_code == 204
    assert ecrit(espace, claire, "Allô ?").status_code == 404
    assert "Personne n'attend" in lisible(claire.get("/espace/conversations").text)
    claire.post("/espace/conversations/presence", acte="present")
    assert compter(espace, Relais, Relais.etat == "ferme") == 1


def test_une_prise_pendant_quun_message_est_lu_nest_pas_defaite(espace, assure, claire, moteur):
    """The turn began before the counsellor came in: when it ends, it must not put the assistant back."""
    demande(assure)
    vrai = moteur.dire

    async def lent(*a):
        prend(espace, claire)
        return await vrai(*a)
    moteur.dire = lent
    moteur.comprend(SEUILS)
    assure.dit("le plafond ?")
    assert assure.mode == "counsellor"


# -- who may ------------------------------------------------------------------------------------------------------------------------------------


def test_la_file_dune_autre_caisse_ne_se_voit_ni_ne_se_prend(espace, assure):
    demande(assure)
    rose = espace.connecte("rose.lagon")
    assert "Personne n'attend" in lisible(rose.get("/espace/conversations").text)
    assert prend(espace, rose).status_code == 404 and assure.mode == "waiting"


def test_le_secretariat_voit_la_file_et_ne_prend_pas(espace, assure):
    demande(assure)
    lise = espace.connecte("lise.riviere")
    assert "Répondre" not in lise.get("/espace/conversations").text and prend(espace, lise).status_code == 404


def test_sannoncer_et_sabsenter(espace, claire):
    claire.post("/espace/conversations/presence", acte="present")
    assert "dont vous" in lisible(claire.get("/espace/conversations").text) and compter(espace, Presence) == 1
    claire.post("/espace/conversations/presence", acte="absent")
    assert compter(espace, Presence) == 0


def test_la_conversation_se_lit_aussi_sans_javascript(espace, assure, claire):
    demande(assure)
    prend(espace, claire)
    page = unescape(lisible(assure.client.get("/conversation", headers={"accept": "text/html"}).text))
    assert "Bonjour, je suis Claire" in page and "message-conseiller" in page and "Vous parlez maintenant à un conseiller" in page


def test_les_pages_ont_un_titre_et_des_champs_nommes(espace, assure, claire):
    from tests.site.test_espace_droits import Lecture
    demande(assure)
    prend(espace, claire)
    for page in (claire.get("/espace/conversations"), claire.get(f"/espace/conversations/{numero(espace)}"),
                 claire.post(f"/espace/conversations/{numero(espace)}/brouillon", cherche="plafond", texte="")):
        lue = Lecture(page.text)
        assert page.status_code == 200 and lue.titres.count("h1") == 1 and len(lue.ids) == len(set(lue.ids))
        assert [c for c, nomme in lue.champs if not nomme and c not in lue.libelles] == []


def test_a_la_reunion_les_heures_sont_celles_de_la_caisse():
    from bot.contacts.caisses import DEMO
    reunion = next(c for c in DEMO if c.code == "demo-reunion")
    a_7_h_30_a_paris = datetime(2011, 9, 14, 5, 30, tzinfo=timezone.utc)
    assert relais.ouverte(reunion, a_7_h_30_a_paris) and not relais.ouverte(DEMO[0], a_7_h_30_a_paris)
