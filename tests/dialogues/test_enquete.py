"""The survey through the whole stack: front, engine, action server, database."""
from datetime import datetime, timezone

import pytest
from sqlalchemy import select

from bot.contacts.base import Sessions, ouvrir
from bot.contacts.cle import cle_installation
from bot.contacts.tables import InvitationEnquete, Participation, Releve, Reponse, Vague
from bot.enquete import cadre, jetons, vagues
from bot.reglages import Reglages
from tests.dialogues.conftest import Assure
from tests.fabrique_enquete import MAINTENANT, contacts

LOIN = datetime(2100, 1, 1, tzinfo=timezone.utc)


@pytest.fixture(scope="module")
def base_du_site(site, donnees):
    sessions = Sessions(ouvrir(f"sqlite:///{donnees / 'contacts.db'}"))
    yield sessions
    sessions.engine.dispose()


@pytest.fixture(scope="module")
def codes(base_du_site, donnees):
    """Codes of a wave of spontaneous entretiens that stays open, one for each test."""
    cle = cle_installation(Reglages(donnees=donnees))
    with base_du_site() as s:
        contacts(s, 12, None)
        v = s.scalar(select(Vague).where(Vague.action_id.is_(None), Vague.caisse_code == "demo-aquitaine", Vague.exercice == 2011)) or vagues.ouvrir(
            s, caisse_code="demo-aquitaine", exercice=2011, maintenant=MAINTENANT)
        releve = cadre.tirer(s, v, MAINTENANT, cle)
        releve.clos_le = LOIN
        pseudonymes = s.scalars(select(InvitationEnquete.pseudonyme).where(InvitationEnquete.releve_id == releve.id)).all()
    return iter([jetons.presenter(jetons.code(cle, p)) for p in pseudonymes])


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
