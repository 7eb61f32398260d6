"""The survey through the whole stack: front, engine, action server, database."""
import pytest
from sqlalchemy import select

from bot.contacts.cle import cle_installation
from bot.contacts.tables import InvitationEnquete, Participation, Releve, Reponse
from bot.enquete import jetons
from bot.reglages import Reglages
from tests.dialogues.conftest import LOIN, Assure
from tests.fabrique_enquete import MAINTENANT

pytestmark = pytest.mark.moteur


def reponses_de(sessions, code, donnees):
    marque = jetons.empreinte(cle_installation(Reglages(donnees=donnees)), code)
    with sessions.lecture() as s:
        pseudonyme = s.scalar(select(InvitationEnquete.pseudonyme).where(InvitationEnquete.jeton_empreinte == marque))
        lues = {}
        for item, c in s.execute(select(Reponse.item, Reponse.code).where(Reponse.pseudonyme == pseudonyme)):
            lues.setdefault(item, set()).add(c)
        return lues, s.scalar(select(Participation.etat).where(Participation.pseudonyme == pseudonyme))


def commencer(assure: Assure, code: str):
    assure.dit("je voudrais répondre à l'enquête de satisfaction")
    return assure.dit(f"mon code est {code}")


def test_un_questionnaire_entier_au_bouton_et_au_clavier(assure, codes, base_du_site, donnees):
    code = next(codes)
    debut = commencer(assure, code)
    assert "Vous êtes libre de répondre." in debut.texte and "Question 1 sur 13" in debut.texte
    assure.choisit("Très satisfait(e)")
    for tape in ("oui tout à fait", "oui exactement", "oui à toutes", "la retraite et les cotisations", "aucun", "nickel", "très à l'écoute", "très utiles", "oui beaucoup",
                 "rien pour l'instant", "Merci à Mme Durand", "oui"):
        fin = assure.dit(tape)
    assert "C'est terminé, merci." in fin.texte
    lues, etat = reponses_de(base_du_site, code, donnees)
    assert (lues["Q1"], lues["Q5"], lues["Q12"], len(lues), etat) == ({"tres"}, {"D2", "D3"}, {"ecrit"}, 13, "complete")
    assert "déjà répondu" in commencer(assure, code).texte


def test_une_question_sur_autre_chose_est_repondue_puis_lenquete_reprend(assure, codes):
    commencer(assure, next(codes))
    assure.choisit("Plutôt satisfait(e)")
    reponse = assure.dit("au fait, quel est le plafond de chiffre d'affaires en auto-entrepreneur ?")
    assert reponse.sujet == "auto_entrepreneur/seuils_ca" and "Reprenons l'enquête." in reponse.texte and "Question 2 sur 13" in reponse.texte
    assert "Question 3 sur 13" in assure.dit("plutôt oui").texte


def test_plus_tard_puis_le_meme_code_dans_une_autre_conversation(assure, autre, codes, base_du_site, donnees):
    code = next(codes)
    commencer(assure, code)
    assure.choisit("Pas du tout satisfait(e)")
    assert "C'est noté, vos réponses sont gardées." in assure.dit("plus tard").texte
    assert reponses_de(base_du_site, code, donnees) == ({"Q1": {"pas"}}, "partielle")
    assert "Vous reprenez" in commencer(autre, code).texte and "Question 2 sur 13" in autre.derniere.texte


def test_stop_garde_le_partiel(assure, codes, base_du_site, donnees):
    code = next(codes)
    commencer(assure, code)
    assure.choisit("Je ne sais pas")
    assert "Votre réponse est gardée" in assure.dit("stop").texte
    assert reponses_de(base_du_site, code, donnees) == ({"Q1": {"nsp"}}, "partielle")


def test_une_reponse_incomprise_est_redemandee_puis_notee(assure, codes, base_du_site, donnees):
    code = next(codes)
    commencer(assure, code)
    assert "Je ne sais pas ranger" in assure.dit("moyen tirant vers le gris").texte
    assert "« Je ne sais pas »" in assure.dit("moyen tirant vers le gris").texte
    assert reponses_de(base_du_site, code, donnees)[0] == {"Q1": {"nsp"}}


def test_le_danger_passe_avant_lenquete(assure, codes):
    commencer(assure, next(codes))
    assert assure.dit("je veux mourir, je vais me suicider ce soir").genre == "emergency"


def test_un_code_inconnu_et_un_code_expire_le_disent(assure, codes, base_du_site):
    assert "aucune invitation" in commencer(assure, "AAA-222-BBB").texte
    code = next(codes)
    with base_du_site() as s:
        releve = s.scalars(select(Releve)).first()
        releve.clos_le = MAINTENANT
    try:
        assert "le temps pour y répondre est passé" in assure.dit(code).texte
    finally:
        with base_du_site() as s:
            s.get(Releve, releve.id).clos_le = LOIN


def test_un_code_qui_a_servi_ne_sert_plus_et_celui_dun_autre_ne_montre_rien_du_premier(assure, autre, codes, base_du_site, donnees):
    premier, second = next(codes), next(codes)
    commencer(assure, premier)
    assure.choisit("Très satisfait(e)")
    for _ in range(12):
        assure.choisit("Passer")
    assert "C'est terminé, merci." in assure.derniere.texte
    assert "déjà répondu" in commencer(autre, premier).texte
    reponse = commencer(autre, second)
    assert "Question 1 sur 13" in reponse.texte and "Vous reprenez" not in reponse.texte
    autre.choisit("Pas du tout satisfait(e)")
    autre.dit("stop")
    assert reponses_de(base_du_site, premier, donnees)[0]["Q1"] == {"tres"} and reponses_de(base_du_site, second, donnees)[0] == {"Q1": {"pas"}}


def test_un_code_seul_ouvre_lenquete_et_retour_corrige_la_reponse_davant(assure, codes, base_du_site, donnees):
    code = next(codes)
    assert "Question 1 sur 13" in assure.dit(code).texte, "le code dit ce que l'on veut"
    assure.dit("nul")
    assert "Question 1 sur 13" in assure.dit("retour").texte
    assert "Question 2 sur 13" in assure.dit("non en fait ça va").texte
    assert reponses_de(base_du_site, code, donnees)[0] == {"Q1": {"plutot"}}


def test_a_la_demande_sans_code_on_dit_pourquoi_il_en_faut_un(assure):
    assure.dit("je voudrais donner mon avis")
    assert "tirées au sort" in assure.dit("j'ai pas de code").texte
    assert assure.dit("c koi leirl").sujet == "eirl/definition", "la conversation est libre"


def test_une_question_sur_lenquete_a_sa_reponse_et_ne_compte_pas_pour_une_reponse(assure, codes, base_du_site, donnees):
    code = next(codes)
    commencer(assure, code)
    for question, dit in (("combien il reste de questions ?", "Il reste 13 questions"), ("c'est anonyme ?", "sans votre nom"), ("pk vous demandez ça ?", "améliorer")):
        reponse = assure.dit(question)
        assert dit in reponse.texte and "Question 1 sur 13" in reponse.texte
    assert assure.dit("quel temps fait-il à Bordeaux ?").texte.endswith("contact avec le RSI ?")
    assert reponses_de(base_du_site, code, donnees)[0] == {}


def test_aucune_reponse_nest_commentee_et_lavancement_se_lit(assure, codes):
    commencer(assure, next(codes))
    for rang, tape in enumerate(("nul", "pas du tout", "limpide", "non"), start=2):
        reponse = assure.dit(tape)
        assert len(reponse.messages) == 1 and reponse.texte.startswith(f"Question {rang} sur 13"), "la question suivante, et rien d'autre"
        assert reponse.donnees["enquete"]["rang"] == rang


def test_bof_deux_fois_incompris_note_je_ne_sais_pas_et_un_autre_acte_attend(assure, codes, base_du_site, donnees):
    code = next(codes)
    commencer(assure, code)
    assert "Je ne sais pas ranger" in assure.dit("moyen").texte
    assert "Finissons d'abord l'enquête" in assure.dit("je voudrais prendre rendez-vous avec un conseiller").texte
    assert "Je note « Je ne sais pas »" in assure.dit("couci-couça").texte
    assert reponses_de(base_du_site, code, donnees)[0] == {"Q1": {"nsp"}}
