"""The booking acts as conversations, on a real database and without the engine: what is said comes with the label the engine gives it."""
import json
import shutil
from datetime import date, datetime, timedelta, timezone

import pytest
from sqlalchemy import select, text

from bot.agenda import rencontres
from bot.agenda.auteurs import SYSTEME
from bot.agenda.dialogue import ACTES, guides, lecture, lieux, saisie
from bot.agenda.dialogue.formulaires import ChampsFaux
from bot.agenda.instants import local as a_lheure_de
from bot.agenda.moment import REFERENCE, comprendre
from bot.agenda.rencontres import DemandeRencontre
from bot.contacts.base import Sessions
from bot.contacts.base import ouvrir as ouvrir_base
from bot.contacts.caisses import caisse
from bot.contacts.cle import cle_installation
from bot.contacts.codes import empreinte_ouverture, tirer
from bot.contacts.tables import (
    Action,
    Cible,
    CodeOuverture,
    Contact,
    Conversation,
    DemandeGuide,
    Entretien,
    Envoi,
    Historique,
    Inscription,
    Lot,
    Occupation,
    Rencontre,
    Socle,
)
from bot.reglages import Reglages
from bot.site.enveloppe import Formulaire, Message
from bot.site.formulaires import traiter
from tests.marche import lisible
from tests.unit.agenda_aide import AQUITAINE, MAINTENANT, PARIS, a, assure, installer, ouvrir, quelqu_un, reserver
from tests.unit.dialogue_aide import JEANNE, Parleur

PRENDRE, CONSULTER, DEPLACER, ANNULER = "prendre_rdv", "consulter_rdv", "deplacer_rdv", "annuler_rdv"
FIN = date(2011, 11, 30)
SUR_PLACE, AU_TELEPHONE = ("conseil_social", "retraite", "createur"), ("conseil_social_telephone", "retraite_telephone", "auto_entrepreneur")


@pytest.fixture(scope="module")
def installee(modele_sqlite, tmp_path_factory):
    """A database to copy, and who works there: Bordeaux on Mondays, Bayonne on Tuesdays and Thursdays, the telephone on Wednesdays; nobody in
    Périgueux."""
    fichier = tmp_path_factory.mktemp("monde") / "contacts.db"
    shutil.copy(modele_sqlite, fichier)
    engine = ouvrir_base(f"sqlite:///{fichier}")
    sessions = Sessions(engine)
    m = installer(sessions)
    with sessions() as s:
        ouvrir(s, m, debut="9:00", fin="17:00", jusqu_au=FIN, codes=SUR_PLACE)
        for jour in (20, 22):
            ouvrir(s, m, jour=date(2011, 9, jour), qui=1, antenne="Bayonne", fin="16:00", jusqu_au=FIN, codes=SUR_PLACE)
        ouvrir(s, m, jour=date(2011, 9, 21), antenne=None, fin="17:00", jusqu_au=FIN, codes=AU_TELEPHONE)
    engine.dispose()
    return fichier, m


@pytest.fixture
def sessions(installee, tmp_path):
    shutil.copy(installee[0], tmp_path / "contacts.db")
    engine = ouvrir_base(f"sqlite:///{tmp_path / 'contacts.db'}")
    yield Sessions(engine)
    engine.dispose()


@pytest.fixture
def monde(installee):
    return installee[1]


@pytest.fixture
def jeanne(sessions, monde):
    return Parleur(sessions)


def entretiens(sessions) -> list[Entretien]:
    with sessions.lecture() as s:
        return list(s.scalars(select(Entretien).order_by(Entretien.id)))


def tenus(sessions, porteur: str) -> int:
    with sessions.lecture() as s:
        return len(s.scalars(select(Occupation.cellule).where(Occupation.porteur == porteur)).all())


def local(e: Entretien) -> str:
    return f"{a_lheure_de(e.debut, e.fuseau):%d/%m %H:%M}"


def jusqu_au_recap(p: Parleur) -> Parleur:
    """Bordeaux, Monday 19 at 10:15, as Jeanne Martin."""
    return p.dit("je voudrais un rdv à Bordeaux lundi 19 à 10h15", PRENDRE).remplit(**JEANNE)


def reserve(p: Parleur) -> str:
    """Book, and give the code."""
    jusqu_au_recap(p).dit("oui", "affirmer")
    return p.donnees["code"]


# -- booking ------------------------------------------------------------------------------------------------------------------------------


def test_dune_phrase_vague_a_un_rendez_vous_confirme(jeanne, sessions):
    jeanne.dit("je voudrais voir quelqu'un", PRENDRE)
    assert jeanne.texte == "Volontiers. Préférez-vous venir à l'antenne, ou parler par téléphone ?"
    assert jeanne.appuie("À l'antenne").libelles == ["Bayonne (64100)", "Bordeaux (33000)", "Périgueux (24000)", "Peu importe", "Plutôt par téléphone"]
    assert "Quel jour" in jeanne.dit("33800").texte
    jeanne.dit("la semaine prochaine")
    assert len(jeanne.creneaux) == 3 and jeanne.creneaux[0] == "Lundi 19 septembre 2011 à 9 h 00" and "D'autres propositions" in jeanne.libelles
    jeanne.appuie("Lundi 19 septembre 2011 à 10 h 15")
    assert jeanne.genre == "form" and jeanne.champs == ["nom", "prenom", "telephone", "courriel"], "le code postal est déjà dit"
    assert tenus(sessions, "conversation") == 5
    jeanne.remplit(**JEANNE)
    assert jeanne.genre == "recap"
    for attendu in ("Lundi 19 septembre 2011 à 10 h 15, au nom de Jeanne Martin", "12 rue des Exemples, 33000 Bordeaux", "une heure",
                    "À apporter : une pièce d'identité", "jusqu'au dimanche 18 septembre 2011 à 10 h 15"):
        assert attendu in jeanne.texte
    jeanne.dit("oui", "affirmer")
    e, = entretiens(sessions)
    assert jeanne.genre == "confirmation" and jeanne.donnees == {
        "code": e.code, "debut": "2011-09-19T10:15:00+02:00", "fuseau": PARIS, "ics": f"/rendez-vous/agenda/{e.code}.ics?nom=mar"}
    assert (local(e), e.statut, e.origine, e.nom, e.telephone) == ("19/09 10:15", "pose", "chat", "Martin", "0639980012")
    assert tenus(sessions, "conversation") == 0 and tenus(sessions, "entretien") == 5


def test_plusieurs_faits_dans_une_phrase_menent_droit_aux_creneaux(jeanne):
    jeanne.dit("rdv à Bayonne mardi 20 le matin pour préparer ma retraite", PRENDRE)
    assert jeanne.creneaux == [f"Mardi 20 septembre 2011 à {h}" for h in ("9 h 00", "10 h 15", "11 h 30")]
    jeanne.dit("le dernier").remplit(**JEANNE)
    assert "11 h 30" in jeanne.texte and "Préparer sa retraite" in jeanne.texte and "RIS" in jeanne.texte and "3 quai de la Démonstration" in jeanne.texte


def test_par_telephone_la_ville_ne_fait_pas_venir_et_le_souhait_impossible_est_explique(jeanne):
    jeanne.dit("un mardi après-midi par téléphone avant le 20, à Lyon", PRENDRE)
    assert jeanne.texte.startswith("Je n'ai rien de libre par téléphone, jusqu'au 19 septembre 2011, le mardi, l'après-midi.")
    assert jeanne.creneaux[0] == "Mercredi 21 septembre 2011 à 9 h 00" and jeanne.brouillon.donnees["modalite"] == "telephone"


def test_une_recherche_vide_dit_pourquoi_et_lache_le_plus_petit_souhait(jeanne):
    jeanne.dit("rdv sur place à Bordeaux lundi 19 le soir", PRENDRE)
    assert "Personne ne reçoit à ce moment-là. En revanche, à un autre moment de la journée :" in jeanne.texte.replace("\n", " ")
    assert jeanne.creneaux[0] == "Lundi 19 septembre 2011 à 9 h 00"
    assert "C'est un jour férié (Armistice)" in jeanne.dit("le 11 novembre").texte
    assert "Ce jour est déjà passé" in jeanne.dit("hier").texte
    assert "C'est trop loin" in jeanne.dit("le 7 mai 2012").texte


def test_tout_est_pris_ce_jour_la(jeanne, sessions, monde):
    with sessions() as s:
        for i, h in enumerate(("9:00", "10:15", "11:30", "12:45", "14:00", "15:15")):
            reserver(s, monde, a(date(2011, 9, 19), h), personne=quelqu_un(i))
    jeanne.dit("rdv à Bordeaux lundi 19", PRENDRE)
    assert "Tout est déjà pris à ce moment-là." in jeanne.texte and jeanne.creneaux


def test_une_antenne_sans_creneau_propose_les_autres_et_le_telephone(jeanne):
    jeanne.dit("rdv à Périgueux le plus tôt possible", PRENDRE)
    assert jeanne.texte == "Je n'ai rien de libre à l'antenne de Périgueux.\nEn revanche, dans une autre antenne :"
    assert any("à l'antenne de Bayonne" in c for c in jeanne.creneaux) and any(c.startswith("Par téléphone, mercredi 21") for c in jeanne.creneaux)
    jeanne.appuie("Par téléphone").remplit(**JEANNE)
    assert "c'est le conseiller qui vous appelle, au 06 39 98 00 12, depuis le 01 99 00 12 50" in jeanne.texte


@pytest.mark.parametrize("impossible, dit", [("31 février", "« 31 février » n'existe pas"), ("le 36 octobre", "« 36 octobre » n'existe pas"),
                                             ("mardi 5 octobre", "Le 5 octobre 2011 est un mercredi, pas un mardi")])
def test_une_date_qui_nexiste_pas_est_dite_et_la_question_revient(jeanne, impossible, dit):
    jeanne.dit("rdv à Bordeaux", PRENDRE).dit(impossible)
    assert dit in jeanne.texte and jeanne.boutons
    jeanne.dit("lundi 3 octobre")
    assert jeanne.creneaux[0] == "Lundi 3 octobre 2011 à 9 h 00"


def test_dautres_propositions_ne_se_repetent_pas(jeanne):
    vus = set(jeanne.dit("rdv à Bordeaux le plus tôt possible", PRENDRE).creneaux)
    for geste in ("D'autres", "rien ne me va", "plus tard"):
        jeanne = jeanne.appuie(geste) if geste == "D'autres" else jeanne.dit(geste)
        assert len(jeanne.creneaux) == 3 and not vus & set(jeanne.creneaux)
        vus |= set(jeanne.creneaux)


@pytest.mark.parametrize("choix, attendu", [("le deuxième", "10 h 15"), ("3", "12 h 45"), ("10h15 svp", "10 h 15"), ("je prends le premier", "9 h 00")])
def test_un_creneau_se_choisit_aussi_en_le_disant(jeanne, choix, attendu):
    jeanne.dit("rdv à Bordeaux lundi 19", PRENDRE)
    assert f"à {attendu}, à l'antenne de Bordeaux" in jeanne.dit(choix).texte


def test_le_sujet_vient_de_la_derniere_question(sessions, monde):
    p = Parleur(sessions, dernier_sujet="retraite/age_depart").dit("je peux en parler avec quelqu'un à Bordeaux lundi 19 à 9 h ?", PRENDRE).remplit(**JEANNE)
    assert "Préparer sa retraite" in p.texte
    p = Parleur(sessions, profil={"statut": "auto_entrepreneur"}).dit("rdv par téléphone mercredi 21 à 9 h", PRENDRE).remplit(**JEANNE)
    assert "Auto-entrepreneur : comptez une demi-heure" in p.texte


def test_deux_sujets_a_la_fois_se_departagent_par_boutons(jeanne):
    jeanne.dit("rdv pour préparer ma retraite et créer une boutique", PRENDRE)
    assert jeanne.libelles == ["Préparer ma retraite", "Créer mon entreprise", "Faire le point sur ma protection sociale"]
    assert "à l'antenne, ou parler" in jeanne.appuie("Créer").texte
    assert jeanne.brouillon.donnees["sujet"] == "createur"


# -- correcting, interrupting, stopping ---------------------------------------------------------------------------------------------------


def test_une_correction_change_ce_champ_seulement(jeanne, sessions):
    jusqu_au_recap(jeanne)
    jeanne.dit("non, plutôt le lundi 26", "nier")
    assert jeanne.genre == "recap" and "Lundi 26 septembre 2011 à 10 h 15" in jeanne.texte, "l'heure reste"
    assert tenus(sessions, "conversation") == 5, "l'ancien créneau est rendu"
    jeanne.dit("finalement par téléphone")
    assert jeanne.texte.startswith("Ce jour-là à cette heure, rien n'est libre par téléphone")
    jeanne.dit("mercredi 28 à 9h")
    assert jeanne.genre == "recap" and "numéro qui se termine par 12" in jeanne.texte, "le nom et le numéro ne sont pas redemandés"
    jeanne.dit("pas par téléphone, à Bayonne jeudi 29 à 9 h").dit("oui", "affirmer")
    e, = entretiens(sessions)
    assert (local(e), e.modalite, e.nom) == ("29/09 09:00", "presentiel", "Martin")


def test_pas_a_cette_antenne_fait_choisir_parmi_les_autres(jeanne):
    jusqu_au_recap(jeanne).dit("pas à Bordeaux", "nier")
    assert jeanne.libelles[:2] == ["Bayonne (64100)", "Périgueux (24000)"]
    jeanne.appuie("Bayonne")
    assert "rien n'est libre à l'antenne de Bayonne" in jeanne.texte and jeanne.creneaux


def test_non_au_recapitulatif_demande_quoi_changer_et_ne_reserve_rien(jeanne, sessions):
    jusqu_au_recap(jeanne).dit("non", "nier")
    assert jeanne.texte == "D'accord, rien n'est réservé. Que voulez-vous changer ?" and not entretiens(sessions)
    assert "Quel jour" in jeanne.dit("l'heure").texte
    jeanne.dit("lundi 26 à 9h")
    assert jeanne.genre == "recap"


def test_une_question_au_milieu_a_sa_reponse_et_le_rendez_vous_reprend(jeanne, sessions):
    jusqu_au_recap(jeanne)
    jeanne.dit("au fait, à quel âge je peux partir à la retraite ?", "retraite/age_depart")
    assert not jeanne.pris and jeanne.texte.startswith("Revenons à votre rendez-vous. Je récapitule.")
    jeanne.dit("c'est gratuit ?", None)
    assert not jeanne.pris and jeanne.genre == "recap"
    jeanne.dit("oui", "affirmer")
    assert len(entretiens(sessions)) == 1


def test_les_creneaux_proposes_restent_les_memes_apres_une_question(jeanne):
    avant = jeanne.dit("rdv à Bordeaux", PRENDRE).dit("la semaine prochaine").creneaux
    jeanne.dit("combien de trimestres il me faut ?", "retraite/trimestres_manquants")
    assert not jeanne.pris and jeanne.creneaux == avant
    assert "10 h 15" in jeanne.dit("le deuxième").texte


@pytest.mark.parametrize("mot, intention", [("stop", "stop"), ("laisse tomber", None), ("finalement annulez tout", "stop"), ("annuler", ANNULER)])
def test_stop_ne_laisse_rien_derriere_soi(jeanne, sessions, mot, intention):
    jusqu_au_recap(jeanne)
    assert tenus(sessions, "conversation") == 5
    jeanne.dit(mot, intention)
    assert jeanne.texte.startswith("C'est arrêté : aucun rendez-vous n'a été pris")
    assert jeanne.brouillon is None and tenus(sessions, "conversation") == 0 and not entretiens(sessions)


def test_deux_incomprehensions_puis_une_personne(jeanne):
    jeanne.dit("rdv", PRENDRE)
    assert jeanne.dit("azerty").texte == "Je n'ai pas bien compris. Préférez-vous venir à l'antenne, ou parler par téléphone ?"
    assert "Servez-vous plutôt des boutons" in jeanne.dit("qsdfgh").texte and jeanne.libelles == ["À l'antenne", "Par téléphone"]
    assert "01 99 00 12 00" in jeanne.dit("wxcvbn").texte and jeanne.donnees["contact"] and jeanne.brouillon.etape == "modalite"
    jeanne.dit("sur place").dit("azerty")
    assert "Je n'ai pas bien compris" in jeanne.texte, "la question suivante repart de zéro"


def test_demander_un_conseiller_laisse_passer_la_demande_et_garde_le_rendez_vous(jeanne):
    jeanne.dit("rdv à Bordeaux", PRENDRE).dit("je veux parler à quelqu'un", "parler_conseiller")
    assert not jeanne.pris and jeanne.dits == [] and jeanne.brouillon.etape == "moment"
    assert jeanne.dit("finalement par téléphone", "parler_conseiller").pris and jeanne.brouillon.donnees["modalite"] == "telephone"


# -- the slot, between choosing and « oui » -----------------------------------------------------------------------------------------------


def test_le_creneau_perdu_entre_le_choix_et_le_oui_donne_les_trois_plus_proches(jeanne, sessions, monde):
    jusqu_au_recap(jeanne).attend(minutes=6)  # the hold is over
    with sessions() as s:
        reserver(s, monde, a(date(2011, 9, 19), "10:15"), personne=quelqu_un(7), maintenant=jeanne.maintenant)
    jeanne.dit("oui", "affirmer")
    assert jeanne.texte == "Ce créneau vient d'être pris. Voici les plus proches :" and jeanne.donnees["refus"] == "CRENEAU_PRIS"
    assert jeanne.creneaux == [f"Lundi 19 septembre 2011 à {h}" for h in ("9 h 00", "11 h 30", "12 h 45")]
    jeanne.appuie("Lundi 19 septembre 2011 à 11 h 30")
    assert jeanne.genre == "recap", "l'identité est gardée"
    jeanne.dit("oui", "affirmer")
    assert [local(e) for e in entretiens(sessions)] == ["19/09 10:15", "19/09 11:30"]


def test_la_retenue_passee_mais_le_creneau_libre_le_oui_vaut_encore(jeanne, sessions):
    jusqu_au_recap(jeanne).attend(minutes=6).dit("oui", "affirmer")
    assert [local(e) for e in entretiens(sessions)] == ["19/09 10:15"]


def test_le_oui_ne_confirme_que_le_dernier_recapitulatif(jeanne, sessions):
    ancien = next(b for b in jusqu_au_recap(jeanne).boutons if "confirme" in b.libelle)
    jeanne.dit("plutôt lundi 26 à 9h", "nier").presse(ancien)
    assert "n'est plus le bon" in jeanne.texte and "Lundi 26 septembre 2011 à 9 h 00" in jeanne.texte and not entretiens(sessions)
    jeanne.dit("oui", "affirmer")
    assert [local(e) for e in entretiens(sessions)] == ["26/09 09:00"]


def test_deux_oui_ne_font_quun_rendez_vous(jeanne, sessions):
    oui = next(b for b in jusqu_au_recap(jeanne).boutons if "confirme" in b.libelle)
    code = jeanne.presse(oui).donnees["code"]
    assert jeanne.presse(oui).donnees["code"] == code and jeanne.genre == "confirmation" and len(entretiens(sessions)) == 1


def test_un_oui_retape_dont_la_reponse_s_est_perdue_redit_le_meme_code(jeanne, sessions):
    code = jusqu_au_recap(jeanne).dit("oui", "affirmer").donnees["code"]
    assert jeanne.dit("oui", "affirmer").donnees["code"] == code and jeanne.genre == "confirmation" and len(entretiens(sessions)) == 1
    assert jeanne.dit("ok").donnees["code"] == code
    assert jeanne.dit("ok merci", "remercier").texte == "Avec plaisir."


def test_un_second_rendez_vous_pour_le_meme_sujet_propose_de_deplacer_le_premier(jeanne, sessions):
    reserve(jeanne)
    p = Parleur(sessions).dit("rdv à Bordeaux lundi 26 à 9h", PRENDRE).remplit(**JEANNE).dit("oui", "affirmer")
    assert p.donnees["refus"] == "DEJA_UN_RDV" and p.libelles == ["Le déplacer", "L'annuler"] and "19 septembre" not in p.texte
    assert p.appuie("Le déplacer").formulaire == "rdv_code"


# -- identity -----------------------------------------------------------------------------------------------------------------------------


def test_ce_qui_est_tape_dans_la_conversation_sert_et_reste_masque(jeanne, sessions):
    jeanne.dit("rdv par téléphone mercredi 21 à 9h", PRENDRE).dit("Je m'appelle Jeanne Martin, 06 39 98 00 12")
    assert "Martin" not in jeanne.envoye and "06 39" not in jeanne.envoye
    assert jeanne.genre == "recap" and "MAR" in jeanne.texte and "se termine par 12" in jeanne.texte
    assert "Martin" not in jeanne.texte and "06 39" not in jeanne.texte, "ce récapitulatif passe par le moteur"
    assert "Martin" not in json.dumps(jeanne.brouillon.donnees)
    jeanne.dit("oui", "affirmer")
    e, = entretiens(sessions)
    assert (e.nom, e.prenom, e.telephone) == ("Martin", "Jeanne", "0639980012")
    assert jeanne.brouillon.prive.keys() == {"jeton"}


def test_un_numero_donne_des_la_premiere_phrase_nest_pas_redemande(jeanne):
    jeanne.dit("appelez-moi mercredi 21 à 9h au 06 39 98 00 77", PRENDRE)
    assert jeanne.formulaire == "rdv_identite" and "06 39" not in jeanne.envoye
    jeanne.remplit(nom="Martin", prenom="Jeanne", telephone="06 39 98 00 77")
    assert "06 39 98 00 77" in jeanne.texte


@pytest.mark.parametrize("valeurs, champ", [({"nom": "L", "prenom": "An", "telephone": "0639980012"}, "nom"),
                                            ({"nom": "Martin", "prenom": "J", "telephone": "12 34"}, "telephone"),
                                            ({"nom": "Martin", "prenom": "J", "telephone": "0639980012", "courriel": "chez moi"}, "courriel")])
def test_un_champ_faux_revient_avec_sa_phrase(jeanne, valeurs, champ):
    jeanne.dit("rdv par téléphone mercredi 21 à 9h", PRENDRE)
    with pytest.raises(ChampsFaux) as e:
        jeanne.remplit(**valeurs)
    assert set(e.value.erreurs) == {champ} and e.value.erreurs[champ].endswith(".")


def test_sur_place_un_courriel_suffit_mais_il_faut_lun_des_deux(jeanne):
    jeanne.dit("rdv à Bordeaux lundi 19 à 9h", PRENDRE)
    with pytest.raises(ChampsFaux):
        jeanne.remplit(nom="Martin", prenom="Jeanne")
    assert jeanne.remplit(nom="Martin", prenom="Jeanne", courriel="jeanne@exemple.example").genre == "recap"


def test_un_formulaire_envoye_trop_tard_ne_reserve_rien(jeanne, sessions):
    jeanne.dit("rdv à Bordeaux lundi 19 à 9h", PRENDRE)
    formulaire = jeanne.dits
    jeanne.dit("stop", "stop").dits = formulaire
    assert "n'est plus en cours" in jeanne.remplit(**JEANNE).texte and not entretiens(sessions) and jeanne.brouillon is None


def test_par_le_site_un_formulaire_faux_revient_et_un_juste_mene_au_recapitulatif(jeanne, sessions):
    jeanne.dit("rdv par téléphone mercredi 21 à 9h", PRENDRE)
    message = Message(text="", kind="form", form=Formulaire.model_validate(jeanne.dits[-1].formulaire))
    with sessions() as s:
        conversation = s.get_one(Conversation, jeanne.id)
        faux, = traiter(s, conversation, message, {**JEANNE, "telephone": "01 23 45 67 89 01"}, jeanne.maintenant)
        assert [c.name for c in faux.message.form.fields if c.error] == ["telephone"]
        juste, = traiter(s, conversation, message, JEANNE, jeanne.maintenant)
    assert (juste.message.kind, juste.message.flow) == ("recap", PRENDRE) and "06 39 98 00 12" in lisible(juste.message.text)
    assert juste.boutons[0].libelle == "Oui, je confirme"


# -- invitations and campaigns ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def invitation(sessions, monde, monkeypatch):
    """A letter of an EIG action to someone of the population: its code, and who."""
    monkeypatch.setenv("CONSEIL_CLE", "une clé d'essai assez longue pour servir ici")
    with sessions() as s:
        socle = s.scalar(select(Socle))
        cible = Cible(socle_id=socle.id, code="EIG", perimetre="socle", titre="Entretiens retraite", genre="entretien", du=date(2011, 1, 1), au=date(2011, 12, 31))
        s.add(cible)
        s.flush()
        action = Action(caisse_code=AQUITAINE, annee=2011, code="EIG", perimetre="socle", cible_id=cible.id, titre="Entretiens retraite")
        qui = assure(s, nom="Dupuis", prenom="Alix", code_postal="64100", date_naissance=date(1952, 5, 1), carriere="incomplete")
        s.add(action)
        s.flush()
        lot = Lot(action_id=action.id, numero=1, modele="invitation_eig", etat="prepare", prepare_le=REFERENCE.astimezone(timezone.utc))
        s.add(lot)
        s.flush()
        envoi = Envoi(lot_id=lot.id, action_id=action.id, assure_id=qui.id, relance=0, canal="courrier", etat="prepare", essais=0)
        s.add(envoi)
        s.flush()
        code = "KMNPQRST"
        s.add(CodeOuverture(empreinte=empreinte_ouverture(cle_installation(Reglages()), code), envoi_id=envoi.id, assure_id=qui.id, action_id=action.id,
                            expire_le=datetime(2012, 1, 1, tzinfo=timezone.utc)))
        return code, qui.id, action.id


def test_le_code_dun_courrier_preremplit_tout_en_un_tour(jeanne, sessions, invitation):
    _, qui, action = invitation
    jeanne.dit("j'ai reçu un courrier avec un code KMNP-QRST, je peux venir mardi 20 à 9h", PRENDRE)
    assert "votre invitation est reconnue" in jeanne.texte and jeanne.genre == "recap" and jeanne.formulaire is None
    assert "Bayonne" in jeanne.texte and "Préparer sa retraite" in jeanne.texte and "Dupuis" not in jeanne.texte
    jeanne.dit("oui", "affirmer")
    e, = entretiens(sessions)
    with sessions.lecture() as s:
        contact = s.get_one(Contact, e.contact_id)
        assert (e.assure_id, contact.action_id, contact.origine) == (qui, action, "campagne")


def test_un_courrier_sans_son_code_le_demande_et_un_code_faux_nempeche_rien(jeanne, invitation):
    jeanne.dit("j'ai reçu une lettre avec un code pour un rdv", PRENDRE)
    assert "Quel est ce code" in jeanne.texte and jeanne.libelles == ["Continuer sans code"]
    jeanne.dit("ABCD-2345")
    assert jeanne.donnees["refus"] == "CODE_OUVERTURE_INCONNU" and "à l'antenne, ou parler" in jeanne.texte


def test_cinq_faits_daccord_rattachent_a_la_campagne_un_de_moins_non(jeanne, sessions, invitation):
    _, qui, _ = invitation
    p = Parleur(sessions).dit("rdv à Bordeaux lundi 19 à 9h", PRENDRE)
    p.remplit(nom="DUPUIS", prenom="alix", telephone="06 39 98 01 01", code_postal="33000").dit("oui", "affirmer")
    jeanne.dit("rdv à Bordeaux lundi 26 à 9h", PRENDRE)
    jeanne.remplit(nom="DUPUIS", prenom="alix", telephone="06 39 98 01 01", code_postal="64100").dit("oui", "affirmer")
    assert [e.assure_id for e in entretiens(sessions)] == [None, qui]


# -- undoing ------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("geste", ["bouton", "annule", "mince, je me suis trompée"])
def test_ce_que_lon_vient_de_faire_se_defait_pendant_deux_minutes(jeanne, sessions, geste):
    reserve(jeanne)
    jeanne.attend(seconds=100)
    jeanne = jeanne.appuie("Annuler ce que je viens de faire") if geste == "bouton" else jeanne.dit(geste)
    assert jeanne.texte == "C'est défait : le rendez-vous du lundi 19 septembre 2011 à 10 h 15 n'est plus réservé."
    assert entretiens(sessions)[0].statut == "annule_assure" and tenus(sessions, "entretien") == 0 and jeanne.brouillon is None


def test_apres_deux_minutes_on_ne_defait_plus_mais_on_deplace_ou_annule(jeanne, sessions):
    reserve(jeanne)
    jeanne.attend(seconds=121).appuie("Annuler ce que je viens de faire")
    assert jeanne.donnees["refus"] == "RIEN_A_DEFAIRE" and jeanne.libelles == ["Déplacer mon rendez-vous", "Annuler mon rendez-vous"]
    assert entretiens(sessions)[0].statut == "pose"
    jeanne.dit("alors annulez-le", ANNULER)
    assert jeanne.genre == "recap" and "sera annulé" in jeanne.texte, "sans redonner son code"


def test_une_annulation_se_defait_et_le_creneau_pris_entre_temps_se_dit(jeanne, sessions, monde):
    code = reserve(jeanne)
    p = Parleur(sessions).dit(f"annuler mon rdv {code} Martin", ANNULER).appuie("Oui, annulez")
    with sessions() as s:
        reserver(s, monde, a(date(2011, 9, 19), "10:15"), personne=quelqu_un(3))
    p.appuie("Annuler ce que")
    assert p.donnees["refus"] == "CRENEAU_PRIS" and entretiens(sessions)[0].statut == "annule_assure"


# -- an existing booking ------------------------------------------------------------------------------------------------------------------


def test_retrouver_son_rendez_vous_par_code_et_nom(jeanne, sessions):
    code = reserve(jeanne)
    p = Parleur(sessions).dit("je voudrais retrouver mon rdv", CONSULTER)
    assert p.formulaire == "rdv_code" and "19" not in p.texte
    p.remplit(code=code.lower(), nom="mar")
    assert "lundi 19 septembre 2011 à 10 h 15" in p.texte and p.libelles == ["Le déplacer", "L'annuler"] and p.donnees["code"] == code


def test_cinq_codes_faux_ouvrent_une_pause_et_la_reponse_est_la_meme(jeanne, sessions):
    code = reserve(jeanne)
    p = Parleur(sessions).dit("où en est mon rdv", CONSULTER)
    inconnu = p.dit("ABCD2345 Martin").texte
    assert code not in p.envoye and "Martin" not in p.envoye
    faux_nom = p.dit(f"{code} Durand").texte
    assert faux_nom.replace(" Code perdu ? Votre caisse le retrouve : 01 99 00 12 00.", "") == inconnu and p.donnees["refus"] == "INTROUVABLE"
    for _ in range(3):
        p.dit(f"{tirer()} Martin")
    assert p.donnees["refus"] == "EN_PAUSE_CODE" and "01 99 00 12 00" in p.texte and p.brouillon is None
    assert p.dit(f"mon rdv {code} Martin", CONSULTER).donnees["refus"] == "EN_PAUSE_CODE", "le bon code attend aussi"
    assert p.attend(minutes=16).dit(f"mon rdv {code} Martin", CONSULTER).donnees["code"] == code


def test_deplacer_en_une_phrase(jeanne, sessions):
    code = reserve(jeanne)
    p = Parleur(sessions).dit(f"déplacer mon rdv du 19 {code} Martin à lundi 26 à 14 h", DEPLACER)
    assert p.genre == "recap"
    assert p.texte.startswith("Votre rendez-vous du lundi 19 septembre 2011 à 10 h 15 sera remplacé par : lundi 26 septembre 2011 à 14 h 00")
    p.dit("oui", "affirmer")
    e, = entretiens(sessions)
    assert (local(e), e.code, e.ics_sequence, p.donnees["code"]) == ("26/09 14:00", code, 1, code) and tenus(sessions, "entretien") == 5
    p.appuie("Annuler ce que")
    assert "de nouveau fixé au lundi 19 septembre" in p.texte and local(entretiens(sessions)[0]) == "19/09 10:15"


def test_dire_non_garde_lancien_rendez_vous(jeanne, sessions):
    code = reserve(jeanne)
    p = Parleur(sessions).dit(f"déplacer mon rdv {code} Martin à lundi 26 à 14 h", DEPLACER).dit("non", "nier")
    assert p.texte == "D'accord, rien ne change : votre rendez-vous reste fixé au lundi 19 septembre 2011 à 10 h 15."
    assert local(entretiens(sessions)[0]) == "19/09 10:15" and tenus(sessions, "conversation") == 0 and p.brouillon is None


def test_le_nouveau_creneau_pris_entre_temps_laisse_lancien(jeanne, sessions, monde):
    code = reserve(jeanne)
    p = Parleur(sessions).dit(f"déplacer mon rdv {code} Martin à lundi 26 à 14 h", DEPLACER).attend(minutes=6)
    with sessions() as s:
        reserver(s, monde, a(date(2011, 9, 26), "14:00"), personne=quelqu_un(3), maintenant=p.maintenant)
    p.dit("oui", "affirmer")
    assert p.donnees["refus"] == "CRENEAU_PRIS" and "toujours le vôtre" in p.texte and len(p.creneaux) == 3
    assert local(entretiens(sessions)[0]) == "19/09 10:15"


def test_a_moins_de_vingt_quatre_heures_on_ne_deplace_plus_mais_on_annule(jeanne, sessions):
    code = reserve(jeanne)
    p = Parleur(sessions, maintenant=a(date(2011, 9, 18), "20:00"))
    p.dit(f"déplacer mon rdv {code} Martin à lundi 26", DEPLACER)
    assert p.donnees["refus"] == "HORS_DELAI" and p.libelles == ["L'annuler"]
    p.appuie("L'annuler")
    assert "C'est tard" in p.texte
    p.appuie("Oui, j'ai un empêchement")
    e, = entretiens(sessions)
    assert (e.statut, e.tardive, e.annule_raison) == ("annule_assure", True, "empechement")
    assert "annulation tardive" in p.texte and len(p.creneaux) == 3, "d'autres dates dans le même message"


def test_annuler_dit_ce_qui_est_perdu_et_une_autre_date_se_reprend_dun_bouton(jeanne, sessions):
    code = reserve(jeanne)
    p = Parleur(sessions).dit(f"je veux annuler mon rdv {code} Martin", ANNULER)
    assert "sera annulé" in p.texte and "Plutôt le déplacer" in p.libelles and entretiens(sessions)[0].statut == "pose"
    p.dit("oui annulez", "affirmer").presse(p.boutons[1])
    assert p.formulaire == "rdv_identite"


def test_on_passe_dun_acte_a_lautre_sans_redonner_son_code(jeanne, sessions):
    code = reserve(jeanne)
    p = Parleur(sessions).dit(f"mon rdv {code} Martin", CONSULTER).dit("finalement annulez-le", ANNULER)
    assert p.genre == "recap" and "sera annulé" in p.texte
    p.dit("plutôt le déplacer au lundi 26 à 9h", DEPLACER)
    assert "sera remplacé par : lundi 26 septembre 2011 à 9 h 00" in p.texte


def test_annuler_en_regardant_son_rendez_vous_ouvre_lannulation(jeanne, sessions):
    code = reserve(jeanne)
    p = Parleur(sessions).dit(f"changer mon rdv {code} Martin", PRENDRE)
    assert "lundi 19 septembre 2011 à 10 h 15" in p.texte, "un code et un nom : c'est un rendez-vous qui existe"
    assert p.dit("annule").genre == "recap" and "sera annulé" in p.texte


def test_lacces_se_referme_apres_dix_minutes(jeanne, sessions):
    code = reserve(jeanne)
    p = Parleur(sessions).dit(f"mon rdv {code} Martin", CONSULTER).attend(minutes=11).dit("annulez-le", ANNULER)
    assert p.donnees["refus"] == "ACCES_EXPIRE" and p.formulaire == "rdv_code" and "19" not in p.texte


def test_juste_apres_avoir_reserve_on_deplace_sans_code(jeanne, sessions):
    reserve(jeanne)
    jeanne.dit("finalement plutôt lundi 26 à 9h", DEPLACER)
    assert "sera remplacé par : lundi 26 septembre 2011 à 9 h 00" in jeanne.texte


def test_apres_le_rendez_vous_la_conversation_est_libre(jeanne):
    reserve(jeanne)
    assert jeanne.dit("merci", "remercier").texte == "Avec plaisir." and jeanne.brouillon is None
    jeanne.dit("rdv", PRENDRE).dit("stop", "stop")
    assert jeanne.brouillon is None


# -- rencontres ---------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def reunions(sessions, monde):
    """Two rencontres on auto-entrepreneurs, one of two seats; one on another theme."""
    with sessions() as s:
        for jour, lieu, places, theme, titre in ((6, "Bordeaux", 2, "auto_entrepreneur", "L'auto-entrepreneur en une heure"),
                                                 (20, "Bayonne", 30, "auto_entrepreneur", "L'auto-entrepreneur en une heure"),
                                                 (27, "Bordeaux", None, "autre", "Bien préparer sa retraite")):
            debut = a(date(2011, 10, jour), "18:00")
            rencontres.creer(s, DemandeRencontre(AQUITAINE, theme, titre, f"antenne de {lieu}", debut, debut + timedelta(hours=1), PARIS,
                                                 [monde.conseillers[0]], places, monde.antennes[lieu]), SYSTEME, MAINTENANT)


def inscrit(p: Parleur, **qui: str) -> Parleur:
    return p.dit("inscrivez-moi à la réunion auto-entrepreneur du 6 octobre", "inscrire_rencontre").appuie("Jeudi 6 octobre").remplit(**{**JEANNE, **qui})


def test_sinscrire_a_une_rencontre_et_lire_les_places(jeanne, sessions, reunions):
    jeanne.dit("je voudrais venir à une réunion", "inscrire_rencontre")
    assert jeanne.libelles == ["L'auto-entrepreneur", "Un autre thème", "Toutes les rencontres"]
    jeanne.appuie("L'auto")
    assert "il reste 2 places" in jeanne.texte and jeanne.libelles == ["Jeudi 6 octobre 2011 à 18 h 00", "Jeudi 20 octobre 2011 à 18 h 00"]
    jeanne.appuie("Jeudi 6").remplit(**JEANNE)
    assert jeanne.genre == "recap" and "au nom de Jeanne Martin" in jeanne.texte
    jeanne.dit("oui", "affirmer")
    with sessions.lecture() as s:
        i = s.scalars(select(Inscription)).one()
        assert (i.statut, i.nom, jeanne.donnees["code"]) == ("inscrit", "Martin", i.code)
    assert jeanne.appuie("Annuler ce que").texte == "C'est défait : votre place est rendue."


def test_une_rencontre_complete_est_une_offre_avec_son_rang(jeanne, sessions, reunions):
    for numero in (21, 22):
        inscrit(Parleur(sessions), nom=f"Fictif{'ab'[numero % 2]}", telephone=f"06 39 98 00 {numero}").dit("oui", "affirmer")
    inscrit(jeanne)
    assert "Complet, vous auriez le rang 1 sur la liste d'attente" in jeanne.texte
    jeanne.dit("oui", "affirmer")
    assert "sur la liste d'attente de la rencontre du jeudi 6 octobre 2011 à 18 h 00, au rang 1" in jeanne.texte and jeanne.donnees["rang"] == 1
    code = jeanne.donnees["code"]
    with sessions() as s:
        premier = s.scalars(select(Inscription).order_by(Inscription.id)).first()
        rencontres.desister(s, premier, SYSTEME, jeanne.maintenant)
    p = Parleur(sessions).dit(f"mon inscription {code} Martin", CONSULTER)
    assert "Une place s'est libérée" in p.texte
    assert "La place est à vous" in p.dit("oui", "affirmer").texte


def test_une_offre_passee_se_dit_avec_le_rang(jeanne, sessions, reunions):
    for numero in (21, 22):
        inscrit(Parleur(sessions), nom=f"Fictif{'ab'[numero % 2]}", telephone=f"06 39 98 00 {numero}").dit("oui", "affirmer")
    code = inscrit(jeanne).dit("oui", "affirmer").donnees["code"]
    with sessions() as s:
        rencontres.desister(s, s.scalars(select(Inscription).order_by(Inscription.id)).first(), SYSTEME, jeanne.maintenant)
    p = Parleur(sessions, maintenant=jeanne.maintenant + timedelta(hours=47, minutes=58)).dit(f"mon inscription {code} Martin", CONSULTER)
    p.attend(minutes=3).appuie("Oui, je la prends")
    assert p.donnees["refus"] == "OFFRE_PASSEE" and "le rang 1" in p.texte


def test_laisser_sa_place_et_sans_rencontre_prevue(jeanne, sessions, reunions):
    code = inscrit(jeanne).dit("oui", "affirmer").donnees["code"]
    p = Parleur(sessions).dit(f"annuler ma réunion, code {code}, Martin", ANNULER)
    assert "Vous laisserez votre place" in p.texte and "servira à quelqu'un d'autre" in p.dit("oui", "affirmer").texte
    with sessions() as s:
        s.query(Rencontre).update({"annulee_le": p.maintenant})
    p.dit("une réunion", "inscrire_rencontre")
    assert "Aucune rencontre" in p.texte and p.libelles == ["Prendre un rendez-vous"] and p.brouillon is None


# -- guides -------------------------------------------------------------------------------------------------------------------------------

CHEZ_ELLE = {"nom": "Martin", "prenom": "Jeanne", "adresse": "3 rue de la Maquette", "code_postal": "33000", "ville": "Bordeaux"}


def test_commander_un_guide_et_le_decommander_efface_ladresse(jeanne, sessions):
    jeanne.dit("je voudrais recevoir un guide", "commander_guide")
    assert len(jeanne.libelles) == 6 and len(jeanne.appuie("Voir les autres").libelles) == 10
    jeanne.dit("celui sur la maternité")
    assert jeanne.formulaire == "guide_adresse"
    jeanne.remplit(**CHEZ_ELLE)
    assert "C'est commandé" in jeanne.texte and jeanne.brouillon.prive == {}
    with sessions.lecture() as s:
        assert [(d.guide, d.ville) for d in s.scalars(select(DemandeGuide))] == [("maternite", "Bordeaux")]
        assert [h.commande for h in s.scalars(select(Historique)) if h.objet == "demande_guide"] == ["guide.demander"]
    jeanne.appuie("Annuler ce que")
    with sessions.lecture() as s:
        d = s.scalars(select(DemandeGuide)).one()
        assert d.annulee_le is not None and d.adresse is None and d.nom is None


def test_un_guide_envoye_quitte_la_liste_et_son_adresse_avec(jeanne, sessions):
    jeanne.dit("la brochure retraite svp", "commander_guide").remplit(**CHEZ_ELLE)
    with sessions() as s:
        demande, = guides.a_envoyer(s, AQUITAINE)
        guides.envoyer(s, demande, SYSTEME, jeanne.maintenant)
        assert guides.a_envoyer(s, AQUITAINE) == [] and demande.adresse is None
    assert jeanne.appuie("Annuler ce que").donnees["refus"] == "RIEN_A_DEFAIRE"


def test_un_guide_nomme_dans_la_demande_nest_pas_redemande(jeanne):
    assert "Brochure EIRL" in jeanne.dit("envoyez-moi la brochure EIRL", "commander_guide").texte and jeanne.formulaire == "guide_adresse"


# -- reading ------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("texte, code, nom", [
    ("déplacer mon rdv ABCD2345 Martin à jeudi 15 h", "ABCD2345", "Martin"), ("Mme Le Goff, abcd2345", "abcd2345", "Le Goff"),
    ("annuler ABCD-EFGH", "ABCD-EFGH", None), ("mon code 8F3QZ je veux une autre date", "8F3QZ", None), ("Martin ABCD2345", "ABCD2345", "Martin"),
    ("demandez les semaines de vacances", None, None), ("le 20 septembre 2011 à 15h45", None, None), ("33000 Bordeaux", None, None)])
def test_un_code_et_un_nom_se_lisent_dans_une_phrase(texte, code, nom):
    lu = lecture.lire(texte, REFERENCE, PARIS)
    assert (lu.code, lu.nom) == (code, nom)


@pytest.mark.parametrize("texte, prive", [
    ("Jeanne Martin, 06 39 98 00 12", {"nom": "Martin", "prenom": "Jeanne", "telephone": "0639980012"}),
    ("nom : Martin prénom : Jeanne", {"nom": "Martin", "prenom": "Jeanne"}), ("DURAND Paul", {"nom": "DURAND", "prenom": "Paul"}),
    ("je m'appelle Anne-Lise Le Goff", {"nom": "Le Goff", "prenom": "Anne-Lise"}), ("jeanne@exemple.example", {"courriel": "jeanne@exemple.example"}),
    ("non, plutôt jeudi", {}), ("combien de temps ça dure ?", {}), ("laisse tomber", {}), ("+33 6 39 98 00 12", {"telephone": "0639980012"})])
def test_une_identite_tapee_est_relevee_et_masquee(texte, prive):
    releve = saisie.relever(texte, "identite")
    assert releve.prive == prive
    assert all(v not in releve.texte for c, v in prive.items() if c != "telephone") and "06 39 98" not in releve.texte


def test_une_antenne_nest_pas_un_nom(jeanne):
    jeanne.dit("rdv à Bordeaux lundi 19 à 9h", PRENDRE).dit("Bayonne")
    assert jeanne.envoye == "Bayonne" and "Bayonne" in jeanne.texte and "nom" not in jeanne.brouillon.prive


def test_hors_de_letape_un_nom_nest_pas_releve():
    assert saisie.relever("Jeanne Martin").prive == {}


@pytest.mark.parametrize("texte, etape, prive", [
    ("heu mon prenom cest Ginette mon nom Lacaze", "recap", {"nom": "Lacaze", "prenom": "Ginette"}),
    ("je m'appelle Jeanne Martin et je voudrais un rdv", "", {"prenom": "Jeanne", "nom": "Martin"}), ("c'est au nom de mon mari", "creneau", {}),
    ("Paul Ducasse paul@exemple.example", "creneau", {"prenom": "Paul", "nom": "Ducasse", "courriel": "paul@exemple.example"}),
    ("rappelez moi demain 06 39 98 00 12", "creneau", {"telephone": "0639980012"}),
    ("Luc Pons, 1 bis rue des Essais 64000 Pau", "adresse",
     {"prenom": "Luc", "nom": "Pons", "adresse": "1 bis rue des Essais", "code_postal": "64000", "ville": "Pau"})])
def test_une_identite_dite_comme_telle_est_relevee_a_toute_etape(texte, etape, prive):
    assert saisie.relever(texte, etape).prive == prive


def test_un_message_se_garde_sans_le_code_et_le_nom_qui_ouvrent_un_rendez_vous():
    assert saisie.montrable("déplacer mon rdv ABCD2345 Martin à jeudi") == "déplacer mon rdv [code masqué] [nom masqué] à jeudi"
    assert saisie.montrable("je voudrais un rdv lundi à Bordeaux") == "je voudrais un rdv lundi à Bordeaux"


@pytest.mark.parametrize("texte, oui", [("cest bon", True), ("ok vas y", True), ("je confirme", True), ("oui mais c'est loin", False), ("oui attendez", False), ("bon", False)])
def test_oui_se_dit_de_bien_des_facons_et_oui_mais_nen_est_pas_une(texte, oui):
    assert lecture.lire(texte, REFERENCE, PARIS).oui is oui


@pytest.mark.parametrize("texte, attendu", [("à Bayonne", ("Bayonne",)), ("bordo", ("Bordeaux",)), ("bordeau", ("Bordeaux",)), ("64200", ("Bayonne",)), ("24", ("Périgueux",)),
                                            ("perigeux svp", ("Périgueux",)), ("pas à Bayonne", ())])
def test_un_lieu_se_lit_par_son_nom_son_code_ou_a_peu_pres(sessions, texte, attendu):
    with sessions.lecture() as s:
        antennes = caisse(s, AQUITAINE).antennes
        lieu = lieux.lire(texte, antennes, attendu=True)
        assert tuple(x.nom for x in antennes if x.id in lieu.antennes) == attendu
        assert bool(lieu.exclues) == texte.startswith("pas")


@pytest.mark.parametrize("avant, dit, attendu", [
    ("mardi après-midi", "plutôt jeudi", "le jeudi 15 septembre 2011, l'après-midi"), ("jeudi matin", "l'après-midi", "le jeudi 15 septembre 2011, l'après-midi"),
    ("jeudi matin", "pas jeudi", "le matin, sauf le jeudi"), ("lundi 19 à 9h", "à 14 h", "le lundi 19 septembre 2011, à 14 h 00")])
def test_un_souhait_corrige_garde_le_reste(avant, dit, attendu):
    souhait = lecture.reunir(comprendre(avant, REFERENCE), comprendre(dit, REFERENCE))
    assert lisible(souhait.en_francais()) == attendu and lecture.de_donnees(json.loads(json.dumps(lecture.en_donnees(souhait)))) == souhait


def test_chaque_acte_tient_les_memes_promesses():
    for nom, acte in ACTES.items():
        assert nom == acte.NOM and acte.RAPPEL.startswith("Revenons") and acte.ARRET.startswith("C'est arrêté")


def test_rien_de_ce_qui_identifie_ne_reste_apres_stop(jeanne, sessions):
    jusqu_au_recap(jeanne).dit("stop", "stop")
    with sessions.lecture() as s:
        tables = [t for t, in s.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'"))]
        assert not [t for t in tables if "Martin" in str(s.execute(text(f'SELECT * FROM "{t}"')).all())]


def test_les_memes_actes_sur_les_deux_moteurs_de_base(base):
    m = installer(base)
    with base() as s:
        ouvrir(s, m, fin="17:00", jusqu_au=FIN)
    p = Parleur(base)
    code = reserve(p)
    p.dit("finalement plutôt lundi 26 à 9h", DEPLACER).dit("oui", "affirmer")
    assert [local(e) for e in entretiens(base)] == ["26/09 09:00"]
    Parleur(base).dit(f"annuler mon rdv {code} Martin", ANNULER).dit("oui", "affirmer")
    p = Parleur(base).dit("un guide sur la maternité", "commander_guide").remplit(**CHEZ_ELLE)
    assert p.genre == "confirmation" and [e.statut for e in entretiens(base)] == ["annule_assure"] and tenus(base, "entretien") == 0
