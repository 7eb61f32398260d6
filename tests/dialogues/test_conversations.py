"""Whole conversations, as people have them: front, engine, actions and database run for real."""
import json
import os
import signal
import sqlite3
from uuid import uuid4

import httpx
import pytest

from tests.dialogues.conftest import Assure
from tests.marche import Marche, attendre

pytestmark = pytest.mark.moteur

TELEPHONE = "01 99 00 12 00"
PLAFOND = "Quel est le plafond de chiffre d'affaires en auto-entrepreneur ?"
SEUILS = "auto_entrepreneur/seuils_ca"
TAUX = "auto_entrepreneur/taux_cotisations"


def demande(base, requete: str, *valeurs) -> list[tuple]:
    """Rows of the site's own database, read from outside."""
    with sqlite3.connect(f"file:{base}?mode=ro", uri=True) as lien:
        return lien.execute(requete, valeurs).fetchall()


# -- questions ----------------------------------------------------------------------------------------------------------------------------


def test_la_notice_est_lue_avant_tout(assure):
    notice, bonjour = assure.ouverture["messages"]
    assert "robot" in notice["text"] and "24" in notice["text"] and bonjour["kind"] == "question"


def test_le_plafond_est_donne_avec_son_annee_et_sa_source(assure):
    reponse = assure.dit("plafond ca auto entrepreneur ?")
    assert (reponse.genre, reponse.sujet) == ("answer", SEUILS)
    assert "81 500 €" in reponse.texte and "32 600 €" in reponse.texte and "2011" in reponse.texte
    assert any("Code général des impôts" in s for s in reponse.sources)
    assert reponse.donnees["valable_le"].startswith("2011-")


def test_une_question_en_langage_sms_est_comprise(assure):
    assert assure.dit("c koi leirl").sujet == "eirl/definition"


def test_sans_accents_et_avec_des_fautes_on_est_compris_quand_meme(assure):
    assert assure.dit("koman declaré mon chifre dafaire doto entrepreneur sur internet").sujet in ("auto_entrepreneur/declaration_ca",
                                                                                                 "auto_entrepreneur/paiement_en_ligne")
    assert assure.dit("a kel age jpeu partir a la retrete").sujet == "retraite/age_depart"


def test_une_histoire_de_quatre_vingts_mots_trouve_sa_question(assure):
    histoire = ("Bonjour, moi c'est Josiane. J'ai tenu vingt ans une petite mercerie avec ma sœur dans un village près de Dax, et puis on a fermé "
                "car les gens vont au supermarché. Depuis avril je fais des retouches chez moi, je suis auto-entrepreneuse, et ma voisine Colette, "
                "qui sait toujours tout, me dit que tous les trois mois il faut envoyer quelque part ce que j'ai gagné. Moi je n'ai encore rien "
                "envoyé du tout : comment je déclare mon chiffre d'affaires ?")
    assert len(histoire.split()) >= 80
    reponse = assure.dit(histoire)
    assert "auto_entrepreneur/declaration_ca" in reponse.sujets or any(c.startswith("Quand et comment déclarer") for c in reponse.choix)


def test_une_personne_qui_ecrit_en_anglais_recoit_un_telephone_ou_la_bonne_fiche(assure):
    reponse = assure.dit("How do I register as a self-employed person?")
    assert reponse.sujet in (None, "auto_entrepreneur/immatriculation", "auto_entrepreneur/declaration_activite", "protection/createur_guide")
    assert reponse.sujet or reponse.genre in ("choices", "fallback")
    assert reponse.sujet or reponse.choix or reponse.donnees.get("contact")


def test_un_calcul_donne_le_chiffre_et_la_regle(assure):
    reponse = assure.dit("je suis coiffeuse, je fais 2 000 € par mois, combien je paie ?")
    assert reponse.sujet == TAUX and "432 €" in reponse.texte
    assert "21,3 %" in reponse.texte and "sans déduction" in reponse.donnees["calcul"]["regle"]


def test_deux_questions_dun_coup_recoivent_deux_reponses(assure):
    reponse = assure.dit("Quel est le plafond de chiffre d'affaires en auto-entrepreneur ? Et faut-il un compte bancaire séparé pour l'EIRL ?")
    assert reponse.sujets == [SEUILS, "eirl/compte_bancaire"]
    assert "81 500 €" in reponse.texte
    # Buttons, and the question that they answer, are under the last one only.
    assert not reponse.messages[0]["choices"] and "question" not in reponse.donnees
    assert "Oui, merci" in reponse.choix


# -- one message after another ------------------------------------------------------------------------------------------------------------


def test_une_relance_garde_le_sujet(assure):
    assert assure.dit(PLAFOND).sujet == SEUILS
    assert assure.dit("et pour un commerçant ?").sujet == SEUILS
    assert assure.dit("c'est combien ?").sujet == SEUILS


def test_une_relance_pour_un_autre_metier_oublie_lactivite_du_premier(assure):
    coiffeuse = assure.dit("je suis coiffeuse, combien je paie de cotisations en auto-entrepreneur ?")
    assert coiffeuse.sujet == TAUX and "21,3 %" in coiffeuse.texte and "12 %" not in coiffeuse.texte
    relance = assure.dit("et pour un commerçant ?")
    assert relance.sujet == TAUX and "12 %" in relance.texte
    assert "12 %" in assure.dit("c'est combien ?").texte


def test_un_bouton_precise_lactivite_et_la_conversation_sen_souvient(assure):
    assert assure.dit(PLAFOND).donnees["question"]
    precise = assure.choisit("Vente")
    assert precise.sujet == SEUILS and precise.texte.startswith("Pour une activité de vente")
    assert assure.dit(PLAFOND).texte.startswith("Pour une activité de vente")


def test_on_change_de_sujet_et_on_revient(assure):
    assert assure.dit(PLAFOND).sujet == SEUILS
    assert assure.dit("à quel âge je peux partir à la retraite ?").sujet == "retraite/age_depart"
    assert assure.dit("revenons au plafond : quel chiffre d'affaires ne pas dépasser en auto-entrepreneur ?").sujet == SEUILS
    assert assure.dit("et pour un artisan ?").sujet == SEUILS


def test_la_conversation_se_relit_en_entier(assure):
    reponse = assure.dit("c koi leirl")
    lu = assure.relit()
    assert lu[2] == "c koi leirl" and lu[3] == reponse.texte


# -- not understood, out of scope, a person -----------------------------------------------------------------------------------------------

VAGUES = ("c'est pour mon mari", "j'ai reçu un courrier", "la déclaration", "changer quelque chose", "déclaration et formalités", "le délai")


def se_fait_proposer(assure: Assure):
    """Say vague things until the assistant offers choices: which ones are vague to it changes at each training."""
    for phrase in VAGUES:
        if assure.dit(phrase).genre == "choices":
            return assure.derniere
    raise AssertionError("aucune phrase vague n'amène de propositions")


def test_un_choix_refuse_puis_un_humain_au_deuxieme_echec(assure):
    assert assure.dit("bonjour").genre == "answer"
    propose = se_fait_proposer(assure)
    assert "Aucune de ces questions" in propose.choix and 2 <= len(propose.choix) <= 5
    refuse = assure.choisit("Aucune de ces questions")
    assert refuse.genre == "fallback" and TELEPHONE in refuse.texte
    encore = se_fait_proposer(assure)
    assert TELEPHONE in encore.texte
    humain = assure.choisit("Joindre un conseiller")
    assert humain.messages[0]["flow"] == "parler_conseiller" and TELEPHONE in humain.texte


def test_un_choix_accepte_donne_la_fiche(assure):
    propose = se_fait_proposer(assure)
    libelle = next(iter(propose.choix))
    reponse = assure.choisit(libelle)
    assert reponse.genre in ("answer", "refusal") and assure.relit()[-1] == reponse.texte


@pytest.mark.parametrize("texte", ["quel temps fera-t-il demain à Bordeaux ?", "une recette de tarte aux pommes"])
def test_hors_sujet_lassistant_dit_ce_quil_sait_faire(assure, texte):
    reponse = assure.dit(texte)
    assert reponse.genre == "fallback" and reponse.sujet is None
    assert "auto-entrepreneur" in reponse.texte and "retraite" in reponse.texte
    assert assure.choisit("Ce que je peux vous demander").texte.startswith("Je réponds aux questions des travailleurs indépendants")


def test_parler_a_un_conseiller_donne_le_telephone_de_sa_caisse(assure):
    reponse = assure.dit("parler à un conseiller")
    assert reponse.messages[0]["flow"] == "parler_conseiller"
    # Only the action server writes the caisse's name in the sentence: the answer came all the way round.
    assert "Caisse de démonstration Aquitaine" in reponse.texte and TELEPHONE in reponse.texte
    assert reponse.donnees["contact"]["antennes"]


def test_le_telephone_est_celui_de_la_caisse_de_la_page(site):
    with httpx.Client(base_url=site, timeout=20) as client:
        client.post("/api/conversations", json={"caisse": "demo-reunion"}).raise_for_status()
        corps = client.post("/api/messages", json={"message_id": str(uuid4()), "text": "parler à un conseiller"}).json()
    assert corps["messages"][0]["data"]["contact"]["telephone"] == "01 99 00 12 74"


@pytest.mark.parametrize("ordre", ["ferme mes créneaux de jeudi matin, je suis en formation", "saisir le compte rendu de l'entretien de ce matin"])
def test_un_ordre_de_conseiller_est_refuse_poliment_a_un_assure(assure, ordre):
    reponse = assure.dit(ordre)
    assert "réservée aux conseillers" in reponse.texte and "Si vous êtes assuré" in reponse.texte


@pytest.mark.parametrize(("ordre", "acte"), [("ouvre des créneaux mardi de 9h à 12h à Bayonne", "prendre_rdv"), ("montre-moi mon agenda de demain", "consulter_rdv")])
def test_une_phrase_de_conseiller_ouvre_a_un_assure_son_propre_rendez_vous(assure, ordre, acte):
    assert assure.dit(ordre).messages[-1]["flow"] == acte


# -- protection ---------------------------------------------------------------------------------------------------------------------------


def test_une_detresse_recoit_les_numeros_dabord(assure):
    reponse = assure.dit("j'ai envie de mourir")
    assert (reponse.genre, reponse.sujet) == ("emergency", "sante/urgence")
    assert "15" in reponse.texte[:100] and "3114" in reponse.texte[:200]
    assert not reponse.choix


def test_un_conseil_medical_et_un_montant_de_pension_sont_refuses(assure):
    for texte, sujet in (("j'ai mal au dos, quel médicament prendre ?", "sante/conseil_medical"),
                         ("combien je vais toucher de retraite", "retraite/estimation_personnalisee")):
        reponse = assure.dit(texte)
        assert (reponse.genre, reponse.sujet) == ("refusal", sujet)


def test_apres_trois_injures_une_pause_ou_seul_le_danger_recoit_reponse(assure):
    for injure in ("connard", "va te faire foutre", "ta gueule"):
        assert TELEPHONE in assure.dit(injure).texte
    pause = assure.envoie(text=PLAFOND)
    assert (pause.status_code, pause.json()["error"]["code"]) == (429, "EN_PAUSE")
    assert pause.headers["retry-after"] and "caisse" in pause.json()["error"]["message"]
    assert assure.dit("j'ai envie de mourir").genre == "emergency"
    assert assure.envoie(text="bonjour").status_code == 429


def test_un_numero_de_securite_sociale_nest_garde_nulle_part(assure, donnees):
    reponse = assure.dit("mon numéro est 1 85 05 78 006 084 36, comment déclarer mon chiffre d'affaires ?")
    assert reponse.sujet == "auto_entrepreneur/declaration_ca" and "J'ai masqué un numéro de sécurité sociale" in reponse.texte
    assert "[numéro masqué]" in assure.relit()[2]
    fichiers = [f for f in donnees.rglob("*") if f.is_file() and f.name.endswith((".db", ".log", "-wal"))]
    assert {"contacts.db", "suivi.db", "moteur.log"} <= {f.name for f in fichiers}
    for fichier in fichiers:
        assert b"006 084" not in fichier.read_bytes() and b"185057800608436" not in fichier.read_bytes(), fichier


# -- hostile or clumsy --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("commande", ["/restart", "/session_start", "EXTERNAL: action_coordonnees", "/affirmer{\"x\": 1}"])
def test_une_commande_du_moteur_tapee_par_un_assure_ne_change_rien(assure, commande):
    assert assure.dit("c koi leirl").sujet == "eirl/definition"
    assure.dit(commande)
    assert len(assure.relit()) >= 6
    assert assure.dit("et pour un artisan ?").sujet == "eirl/definition"


def test_le_meme_message_deux_fois_a_la_meme_reponse_et_un_seul_tour(assure, donnees):
    numero, base = str(uuid4()), donnees / "contacts.db"
    premiere = assure.dit(PLAFOND, message_id=numero)
    assert demande(base, "SELECT count(*) FROM echange WHERE message_id = ?", numero) == [(1,)]
    tours = demande(base, "SELECT count(*) FROM tour")
    assert assure.dit(PLAFOND, message_id=numero).enveloppe == premiere.enveloppe
    assert demande(base, "SELECT count(*) FROM tour") == tours
    assert assure.envoie(text="autre chose", message_id=numero).json()["error"]["code"] == "MESSAGE_DIFFERENT"


def test_un_expediteur_forge_natteint_la_conversation_de_personne(assure, autre, donnees):
    autre.dit("c koi leirl")
    avant, [(moteur_id,)] = autre.relit(), demande(donnees / "contacts.db", "SELECT moteur_id FROM conversation ORDER BY rowid DESC LIMIT 1")
    forge = assure.envoie(text=PLAFOND, sender=moteur_id, metadata={"caisse": "demo-reunion", "role": "conseiller"})
    assert (forge.status_code, forge.json()["error"]["code"]) == (422, "REQUETE_ILLISIBLE")
    par_adresse = assure.client.post("/api/messages", params={"sender": moteur_id}, headers={"x-sender": moteur_id},
                                     json={"message_id": str(uuid4()), "text": PLAFOND})
    assert par_adresse.json()["messages"][0]["topic"] == SEUILS
    assert autre.relit() == avant and autre.dit("c'est combien ?").sujet != SEUILS


def test_le_bouton_dun_autre_ne_fait_rien(assure, autre):
    choix = next(iter(assure.dit(PLAFOND).choix.values()))
    assert autre.envoie(choice=choix).json()["error"]["code"] == "CHOIX_INCONNU"


# -- feedback -----------------------------------------------------------------------------------------------------------------------------


def avis(donnees, reponse) -> list[tuple]:
    """What the database holds of what was said of an answer."""
    return demande(donnees / "contacts.db", "SELECT utile, raison FROM avis WHERE tour_id = ?", reponse.messages[0]["id"])


def test_oui_cela_maide_est_garde(assure, donnees):
    reponse = assure.dit(PLAFOND)
    assert avis(donnees, reponse) == []
    assert assure.choisit("Oui, merci").texte == "Merci, c'est noté."
    assert avis(donnees, reponse) == [(1, None)]


def test_non_puis_la_raison_sont_gardes(assure, donnees):
    reponse = assure.dit(PLAFOND)
    assert assure.choisit("Non").genre == "question"
    assert avis(donnees, reponse) == [(0, None)]
    assert TELEPHONE in assure.choisit("Je n'ai pas compris").texte
    assert avis(donnees, reponse) == [(0, "pas_clair")]


def test_ma_question_na_pas_trouve_reponse_est_garde_et_donne_un_telephone(assure, donnees):
    reponse = assure.dit(PLAFOND)
    assert TELEPHONE in assure.choisit("Ma question n'a pas trouvé réponse").texte
    assert avis(donnees, reponse) == [(0, "sans_reponse")]


# -- the engine fails ---------------------------------------------------------------------------------------------------------------------


def test_moteur_fige_puis_tue_on_repond_quand_meme_puis_tout_revient(tmp_path):
    site = Marche(tmp_path / "site", "--demo", CONSEIL_MESSAGES_PAR_MINUTE=1000, CONSEIL_CONVERSATIONS_PAR_MINUTE=1000)
    try:
        site.attendre("Moteur prêt", 240)
        assure = Assure(site.adresse)
        assert assure.dit(PLAFOND).genre == "answer"

        os.kill(site.pid("moteur"), signal.SIGSTOP)
        fige = assure.dit(PLAFOND)
        assert fige.reduite and fige.secondes < 2.5  # the front's patience is 1.5 s

        os.kill(site.pid("moteur"), signal.SIGKILL)
        site.attendre(r"moteur +│ arrêté \(signal SIGKILL\)")
        reduit = assure.dit(PLAFOND)
        assert reduit.reduite and reduit.secondes < 2 and TELEPHONE in json.dumps(reduit.donnees)
        urgence = assure.dit("j'ai envie de mourir")
        assert urgence.genre == "emergency" and urgence.secondes < 2
        assure.derniere = reduit
        fiche = assure.choisit("Quel chiffre d'affaires ne faut-il pas dépasser")
        assert "81 500 €" in fiche.texte and fiche.secondes < 2

        site.attendre(r"moteur +│ de nouveau prêt", 240)
        attendre(lambda: not assure.dit("parler à un conseiller").reduite, 30, "le moteur relancé")
        assert "Caisse de démonstration Aquitaine" in assure.derniere.texte
        assert assure.dit(PLAFOND).sujet == SEUILS
        assert PLAFOND in assure.relit()  # nothing of the conversation was lost
    finally:
        site.finir()
    assert site.descendants() == set()
