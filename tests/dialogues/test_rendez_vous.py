"""Booking in conversation, whole stack: front, engine, actions and database; the demonstration's week of 14 September 2011."""
import re

import pytest

from tests.dialogues.conftest import Assure, Reponse
from tests.dialogues.test_conversations import demande

pytestmark = pytest.mark.moteur

EN_UNE_PHRASE = "je voudrais rencontrer un conseiller à Bordeaux la semaine prochaine"


def remplit(assure: Assure, **valeurs: str) -> Reponse:
    """Fill the form of the last answer."""
    formulaire = next(m["form"] for m in reversed(assure.derniere.messages) if m["form"])
    noms = {c["name"] for c in formulaire["fields"]}
    return assure._lire(form={"id": formulaire["id"], "values": {n: v for n, v in valeurs.items() if n in noms}})


def dernier(reponse: Reponse) -> dict:
    return reponse.messages[-1]


def creneaux(reponse: Reponse) -> list[str]:
    """The slots offered, as labels."""
    return [c for c in reponse.choix if re.search(r" \d+ h \d\d", c)]


def personne(nom: str, numero: int) -> dict[str, str]:
    return {"nom": nom, "prenom": "Jeanne", "telephone": f"06 39 98 00 {numero:02d}"}


def reserve(assure: Assure, nom: str, numero: int, phrase: str = EN_UNE_PHRASE) -> str:
    """Book the first slot offered; gives the code."""
    reponse = assure.dit(phrase)
    if creneaux(reponse):
        assure.choisit(creneaux(reponse)[0])
    remplit(assure, **personne(nom, numero))
    reponse = assure.dit("oui, je confirme")
    assert dernier(reponse)["kind"] == "confirmation", reponse.texte
    return dernier(reponse)["data"]["code"]


def test_dune_phrase_vague_a_un_rendez_vous_confirme_en_six_messages(assure, donnees):
    assert "à l'antenne, ou parler par téléphone ?" in assure.dit("Je voudrais prendre rendez-vous avec un conseiller.").texte
    assert "Dans quelle antenne" in assure.choisit("À l'antenne").texte
    assert "Quel jour" in assure.dit("33000").texte
    assert len(creneaux(assure.dit("la semaine prochaine"))) == 3
    reponse = assure.choisit(creneaux(assure.derniere)[1])
    assert dernier(reponse)["form"]["id"] == "rdv_identite" and dernier(reponse)["flow"] == "prendre_rdv"
    reponse = remplit(assure, **personne("Abadie", 1))
    assert dernier(reponse)["kind"] == "recap" and "au nom de Jeanne Abadie" in reponse.texte and "À apporter" in reponse.texte
    reponse = assure.choisit("Oui, je confirme")
    code = dernier(reponse)["data"]["code"]
    assert dernier(reponse)["kind"] == "confirmation" and dernier(reponse)["data"]["ics"] == f"/rendez-vous/agenda/{code}.ics?nom=aba"
    assert demande(donnees / "contacts.db", "SELECT statut, origine, nom FROM entretien WHERE code = ?", code) == [("pose", "chat", "Abadie")]


def test_plusieurs_faits_dun_coup_et_une_recherche_vide_expliquee(assure):
    assert assure.dit("Je voudrais prendre rendez-vous avec un conseiller.").messages[-1]["flow"] == "prendre_rdv"
    reponse = assure.dit("un mardi après-midi par téléphone avant le 20, à Lyon")
    assert reponse.texte.startswith("Je n'ai rien de libre par téléphone") and creneaux(reponse)
    assert "jour férié (Armistice)" in assure.dit("le 11 novembre").texte
    assert "Préférez-vous" not in assure.derniere.texte, "la façon est déjà dite"


def test_lidentite_tapee_sert_et_nest_ni_montree_ni_gardee_en_clair(assure, donnees):
    reponse = assure.dit("rdv à Bayonne jeudi matin pour préparer ma retraite")
    assert creneaux(reponse) and "Bayonne" in reponse.texte
    assure.choisit(creneaux(reponse)[0])
    reponse = assure.dit("Jeanne Barreyre, 06 39 98 00 02")
    assert dernier(reponse)["kind"] == "recap" and "BAR" in reponse.texte and "Préparer sa retraite" in reponse.texte
    assert "[nom masqué]" in "".join(assure.relit()) and "Barreyre" not in "".join(assure.relit())
    code = dernier(assure.dit("oui"))["data"]["code"]
    assert demande(donnees / "contacts.db", "SELECT nom, telephone FROM entretien WHERE code = ?", code) == [("Barreyre", "0639980002")]
    suivi = next(donnees.glob("*suivi*"), None) or next(donnees.glob("*tracker*"), None)
    assert suivi is None or b"Barreyre" not in suivi.read_bytes()


def test_une_correction_puis_une_autre(assure):
    assure.dit("je veux un rendez-vous avec un conseiller à Bordeaux lundi prochain")
    if creneaux(assure.derniere):
        assure.choisit(creneaux(assure.derniere)[0])
    remplit(assure, **personne("Castex", 3))
    assert "lundi 19 septembre" in assure.derniere.texte.lower()
    reponse = assure.dit("non, plutôt mardi 27")
    if creneaux(reponse):
        assert all("Mardi 27 septembre" in c for c in creneaux(reponse)), reponse.texte
        reponse = assure.choisit(creneaux(reponse)[0])
    assert dernier(reponse)["kind"] == "recap" and "Mardi 27 septembre" in reponse.texte
    reponse = assure.dit("finalement par téléphone")
    assert creneaux(reponse) or "par téléphone" in reponse.texte.lower()


def test_une_question_au_milieu_a_sa_reponse_et_le_rendez_vous_reprend(assure):
    avant = creneaux(assure.dit(EN_UNE_PHRASE))
    reponse = assure.dit("Quel est le plafond de chiffre d'affaires en auto-entrepreneur ?")
    assert reponse.sujet == "auto_entrepreneur/seuils_ca" and "81 500 €" in reponse.texte
    assert "Revenons à votre rendez-vous" in dernier(reponse)["text"] and creneaux(reponse) == avant
    assert assure.choisit(avant[0]).messages[-1]["form"]["id"] == "rdv_identite"


def test_stop_ne_laisse_rien(assure, donnees):
    assure.dit(EN_UNE_PHRASE)
    assure.choisit(creneaux(assure.derniere)[0])
    remplit(assure, **personne("Darrigade", 5))
    assert "C'est arrêté : aucun rendez-vous n'a été pris" in assure.dit("laisse tomber").texte
    assert demande(donnees / "contacts.db", "SELECT count(*) FROM brouillon WHERE prive LIKE '%Darrigade%'") == [(0,)]
    assert assure.dit("c koi leirl").sujet == "eirl/definition", "la conversation est libre"


def test_ce_quon_vient_de_faire_se_defait_et_un_second_oui_ne_change_rien(assure, donnees):
    code = reserve(assure, "Etchegaray", 6)
    assert "C'est défait" in assure.choisit("Annuler ce que je viens de faire").texte
    assert demande(donnees / "contacts.db", "SELECT statut FROM entretien WHERE code = ?", code) == [("annule_assure",)]


def test_le_creneau_choisi_par_un_autre_donne_les_plus_proches_dans_le_meme_tour(assure, autre):
    phrase = "je voudrais un rendez-vous à Périgueux le plus tôt possible"
    premiers = creneaux(assure.dit(phrase))
    assert creneaux(autre.dit(phrase)) == premiers
    assert assure.choisit(premiers[0]).messages[-1]["form"]
    reponse = autre.choisit(premiers[0])
    assert "vient d'être pris" in reponse.texte and dernier(reponse)["data"]["refus"] == "CRENEAU_PRIS"
    assert creneaux(reponse) and premiers[0] not in creneaux(reponse)


def test_deplacer_en_une_phrase_puis_retrouver_son_rendez_vous(assure, autre):
    code = reserve(assure, "Fagoaga", 8)
    reponse = autre.dit(f"déplacer mon rdv {code} Fagoaga à mardi 27 à 9 h")
    if creneaux(reponse):
        reponse = autre.choisit(creneaux(reponse)[0])
    assert dernier(reponse)["kind"] == "recap" and "sera remplacé par" in reponse.texte
    nouvelle = dernier(autre.dit("oui"))
    assert nouvelle["kind"] == "confirmation" and nouvelle["data"]["code"] == code
    autre.dit("merci")
    reponse = autre.dit("je voudrais retrouver mon rendez-vous")
    if any(m["form"] for m in reponse.messages):
        reponse = remplit(autre, code=code, nom="fag")
    assert dernier(reponse)["data"]["debut"] == nouvelle["data"]["debut"]


def test_cinq_codes_faux_ouvrent_une_pause(assure, autre):
    code = reserve(autre, "Garat", 9)
    assert assure.dit("je voudrais retrouver mon rendez-vous").messages[-1]["form"]["id"] == "rdv_code"
    textes = [assure.dit(f"{c} Garat").texte for c in ("ABCD2345", "ABCD2346", "ABCD2347")]
    assert len({t.split("\n")[0] for t in textes}) == 1
    assert remplit(assure, code=code, nom="Durand").texte.split("\n")[0] == textes[0].split("\n")[0], "code juste, nom faux : même réponse"
    reponse = assure.dit("ABCD2348 Garat")
    assert dernier(reponse)["data"]["refus"] == "EN_PAUSE_CODE" and "01 99 00 12 00" in reponse.texte


def test_annuler_dit_ce_qui_est_perdu_et_propose_une_autre_date(assure, autre, donnees):
    code = reserve(assure, "Harispe", 10)
    reponse = autre.dit(f"annuler mon rendez-vous {code} Harispe")
    assert "sera annulé" in reponse.texte
    reponse = autre.choisit("Oui, j'ai un empêchement")
    assert "C'est annulé" in reponse.texte and len(creneaux(reponse)) == 3
    assert demande(donnees / "contacts.db", "SELECT statut, annule_raison FROM entretien WHERE code = ?", code) == [("annule_assure", "empechement")]


def test_sinscrire_a_une_rencontre_et_commander_un_guide(assure, donnees):
    reponse = assure.dit("je voudrais m'inscrire à une réunion sur l'auto-entrepreneur")
    if not creneaux(reponse):
        reponse = assure.choisit("L'auto-entrepreneur")
    assert "il reste" in reponse.texte
    assure.choisit(creneaux(reponse)[0])
    remplit(assure, **personne("Iriart", 11))
    code = dernier(assure.dit("oui"))["data"]["code"]
    assert demande(donnees / "contacts.db", "SELECT statut FROM inscription WHERE code = ?", code) == [("inscrit",)]
    reponse = assure.dit("je voudrais recevoir le guide sur la maternité par courrier")
    assert dernier(reponse)["form"]["id"] == "guide_adresse"
    remplit(assure, nom="Iriart", prenom="Jeanne", adresse="3 rue de la Maquette", code_postal="64100", ville="Bayonne")
    assert "C'est commandé" in assure.derniere.texte
    assert demande(donnees / "contacts.db", "SELECT guide FROM demande_guide WHERE nom = 'Iriart'") == [("maternite",)]


@pytest.mark.parametrize("phrase", ["je voudrais un rendez-vous à Bordeaux la semaine prochaine", "rdv à Bordeaux lundi 19", "je voudrais un rendez-vous la semaine prochaine",
                                    "un rendez-vous à Périgueux le plus tôt possible", "je voudrais un rdv à Bordeaux lundi 19 à 10h15",
                                    "j'ai reçu un courrier avec un code ABCD-EFGH pour prendre rendez-vous"])
def test_les_facons_ordinaires_de_demander_ouvrent_la_prise_de_rendez_vous(assure, phrase):
    assert assure.dit(phrase).messages[-1]["flow"] == "prendre_rdv"
