"""The national questionnaire: its words are locked, its questions filtered, its synonyms sure; what a caisse may add."""
import json
import shutil

import pytest
import yaml

from bot.enquete import comprendre
from bot.enquete import questionnaire as qsn
from bot.enquete.questionnaire import DOSSIER, questionnaire
from bot.enquete.refus import QuestionnaireChange, QuestionnaireInvalide, VersionInconnue

TOUTES = ["Q1", "Q2", "Q3", "Q4", "Q5", "Q6", "Q7", "Q8", "Q9", "Q10", "Q11", "Q12"]


@pytest.fixture
def dossier(tmp_path):
    """A copy of the questionnaire files, to spoil."""
    copie = tmp_path / "questionnaires"
    shutil.copytree(DOSSIER, copie)
    return copie


def changer(dossier, avant, apres, nom="qsn-2011.1.yml"):
    fichier = dossier / nom
    texte = fichier.read_text(encoding="utf-8")
    assert avant in texte
    fichier.write_text(texte.replace(avant, apres), encoding="utf-8")


def codes(dossier):
    return [d.code for d in qsn.verifier(dossier)]


def test_le_questionnaire_publie_na_pas_de_defaut():
    assert list(qsn.verifier()) == []


def test_les_mots_sont_ceux_qui_ont_ete_publies():
    """The hash is written here too: changing the file and its lock together is still seen."""
    assert questionnaire().sha256 == "1b8e2adc0c31cebd490dfed8a447c25a477e7a917cc760343c26f33c554aa481"
    assert [i.question for i in questionnaire().items][:2] == ["Globalement, êtes-vous satisfait(e) de ce contact avec le RSI ?",
                                                                "Les informations reçues étaient-elles claires ?"]


@pytest.mark.parametrize("avant, apres, code", [
    ("étaient-elles claires ?", "étaient-elles claires?", "QUESTION_CHANGEE"),
    ("tres: Très satisfait(e)", "tres: Vraiment satisfait(e)", "QUESTION_CHANGEE"),
    ("positifs: [toutes, en_partie]", "positifs: [toutes]", "QUESTION_CHANGEE"),
    ("echelle: utilite}", "echelle: utilite, sauf: [courrier]}", "QUESTION_CHANGEE"),
    ("environ 4 minutes", "environ 3 minutes", "QUESTIONNAIRE_CHANGE"),
])
def test_un_mot_change_se_voit(dossier, avant, apres, code):
    changer(dossier, avant, apres)
    assert code in codes(dossier)
    with pytest.raises(QuestionnaireChange):
        questionnaire("2011.1", dossier)


def test_temoin_un_commentaire_du_fichier_ne_change_rien(dossier):
    changer(dossier, "# Questionnaire de satisfaction national", "# Le questionnaire")
    assert codes(dossier) == []


def test_publier_necrit_jamais_deux_fois_un_verrou(dossier):
    changer(dossier, "environ 4 minutes", "environ 3 minutes")
    assert qsn.publier(dossier) == []
    (dossier / "qsn-2011.1.verrou.json").unlink()
    assert codes(dossier) == ["QUESTIONNAIRE_SANS_VERROU"]
    assert qsn.publier(dossier) == ["qsn-2011.1"] and codes(dossier) == []


@pytest.mark.parametrize("avant, apres, dit", [
    ("positifs: [tres, plutot]", "positifs: [tres, bien]", "citent chacun des codes"),
    ("echelle: progres", "echelle: progress", "qui n'existe pas"),
    ("- {id: Q2,", "- {id: Q1,", "même identifiant"),
    ("sauf: [courrier, courriel]}", "sauf: [pigeon]}", "ne peut pas valoir « pigeon »"),
    ("mention: modèle reconstitué", "mention: officiel", "ne peut pas valoir « officiel »"),
    ("{date} ({type})", "{date}", "cite {date} et {type}"),
    ('version: "2011.1"', 'version: "2011.2"', "s'écrit dans « qsn-2011.2.yml »"),
])
def test_une_faute_se_dit_en_francais(dossier, avant, apres, dit):
    changer(dossier, avant, apres)
    with pytest.raises(QuestionnaireInvalide, match=dit.replace("{", "\\{").replace("}", "\\}").replace("(", "\\(")):
        qsn.lire(dossier / "qsn-2011.1.yml")
    assert "QUESTIONNAIRE_INVALIDE" in codes(dossier)


def test_une_version_inconnue_est_refusee():
    for version in ("2012.1", "../secret", ""):
        with pytest.raises(VersionInconnue):
            questionnaire(version)


# -- who is asked what ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cible, forme, attendues", [
    ("EIG", "physique", [*TOUTES, "E1"]), ("EIG", "telephone", [*TOUTES, "E1"]), ("AE", "collective", [*TOUTES, "A1"]), ("RCS", "collective", [*TOUTES, "M1"]),
    ("SPONT", "telephone", TOUTES), ("L-CONJOINTS", "physique", TOUTES),
    ("CREATEUR", "courrier", ["Q1", "Q2", "Q3", "Q6", "Q9", "Q10", "Q11", "Q12", "C1"]),
    ("CREATEUR", "courriel", ["Q1", "Q2", "Q3", "Q6", "Q9", "Q10", "Q11", "Q12", "C1"]),
])
def test_chacun_recoit_les_questions_de_sa_cible_et_de_sa_forme(cible, forme, attendues):
    assert [i.id for i in questionnaire().poses(cible, forme)] == attendues


def test_les_questions_locales_viennent_apres_toutes_les_autres():
    locales = qsn.questions_locales("demo-aquitaine")
    assert [i.id for i in questionnaire().poses("EIG", "physique", locales)][-2:] == ["E1", "LOC-01"]
    assert qsn.questions_locales("demo-reunion") is None


@pytest.mark.parametrize("items, dit", [
    ([{"id": "LOC-03", "question": "Autre chose ?", "echelle": "accord"}], "LOC-01 puis LOC-02"),
    ([{"id": "Q1", "question": "Autre chose ?", "echelle": "accord"}], "LOC-01 puis LOC-02"),
    ([{"id": "LOC-01", "question": "Autre chose ?", "echelle": "commentaire"}], "sans texte libre"),
    ([{"id": "LOC-01", "question": "Autre chose ?", "echelle": "sur_dix"}], "échelle nationale"),
    ([{"id": f"LOC-0{k}", "question": "Autre chose ?", "echelle": "accord"} for k in (1, 2, 3)], "en compte trop"),
])
def test_une_caisse_najoute_que_deux_questions_sur_une_echelle_nationale(dossier, items, dit):
    fichier = dossier / "locales" / "demo-reunion.yml"
    fichier.write_text(yaml.safe_dump({"caisse": "demo-reunion", "version": "2011.1", "items": items}), encoding="utf-8")
    with pytest.raises(QuestionnaireInvalide, match=dit):
        qsn.lire_locales(fichier, questionnaire())
    assert codes(dossier) == ["QUESTIONNAIRE_INVALIDE"]


def test_lobjet_de_lechange_porte_les_empreintes():
    identite = questionnaire().identite()
    assert identite == json.loads((DOSSIER / "qsn-2011.1.verrou.json").read_text(encoding="utf-8"))
    assert len(identite["items"]) == 16 and questionnaire().multiples == {"Q5", "Q6", "Q11"}


# -- typed answers ----------------------------------------------------------------------------------------------------------------------------


def lu(texte, item):
    q = questionnaire()
    trouve = next(i for i in q.items if i.id == item)
    return comprendre.lire(texte, trouve.echelle, q.echelle(trouve))


REPONSES = [
    ("Q1", "oui carrément", "tres"), ("Q1", "TRES SATISFAITE", "tres"), ("Q1", "Très satisfait(e)", "tres"), ("Q1", "franchement super, merci !", "tres"),
    ("Q1", "ouiiii carrémenttt", "tres"), ("Q1", "rien à redire", "tres"), ("Q1", "nickel", "tres"), ("Q1", "tré satisfé", "tres"), ("Q1", "plutôt satisfait", "plutot"),
    ("Q1", "pluto satisfaite", "plutot"), ("Q1", "oui ça va", "plutot"), ("Q1", "pas mal du tout", "plutot"), ("Q1", "bof", "plutot_pas"), ("Q1", "Bof bof", "plutot_pas"),
    ("Q1", "pas vraiment non", "plutot_pas"), ("Q1", "un peu déçue", "plutot_pas"), ("Q1", "pas terrible…", "plutot_pas"), ("Q1", "nul", "pas"), ("Q1", "NUL !!!", "pas"),
    ("Q1", "c'était nul", "pas"), ("Q1", "pas du tout", "pas"), ("Q1", "je suis très mécontente de ce contact", "pas"), ("Q1", "catastrophique", "pas"),
    ("Q1", "oui", None), ("Q1", "non", None), ("Q1", "moyen", None), ("Q1", "8/10", None), ("Q1", "satisfait", None), ("Q1", "pas satisfait", None),
    ("Q2", "tout à fait", "tout_a_fait"), ("Q2", "oui très claires", "tout_a_fait"), ("Q2", "limpide", "tout_a_fait"), ("Q2", "plutot oui", "plutot"),
    ("Q2", "assez clair", "plutot"), ("Q2", "dans l'ensemble oui", "plutot"), ("Q2", "pas trop non", "plutot_pas"), ("Q2", "un peu confus", "plutot_pas"),
    ("Q2", "j'ai rien compris", "pas_du_tout"), ("Q2", "du chinois", "pas_du_tout"), ("Q2", "oui", None), ("Q3", "oui exactement", "tout_a_fait"),
    ("Q3", "rien à voir avec ma situation", "pas_du_tout"), ("Q4", "oui", "toutes"), ("Q4", "oui à toutes", "toutes"), ("Q4", "en partie", "en_partie"),
    ("Q4", "pas à toutes", "en_partie"), ("Q4", "non", "non"), ("Q4", "je n'avais pas de question", "sans_question"), ("Q4", "j'avais pas de questions", "sans_question"),
    ("Q7", "trop loin", "plutot_pas"), ("Q7", "nickel", "tres"), ("Q8", "très à l'écoute", "tres"), ("Q8", "adorable", "tres"), ("Q8", "odieux", "pas"),
    ("Q9", "très utiles", "tres"), ("Q9", "un peu", "peu"), ("Q9", "ça sert à rien", "pas"), ("Q9", "pas eu le temps de lire", "pas_lus"),
    ("Q9", "j'ai rien reçu", "pas_recus"), ("Q9", "on m'a rien donné", "pas_recus"), ("Q10", "oui beaucoup mieux", "nettement"), ("Q10", "bcp", "nettement"),
    ("Q10", "un petit peu", "un_peu"), ("Q10", "toujours pas", "non"), ("Q10", "oui", None), ("E1", "oui", "oui"), ("E1", "il manque des trimestres", "non"),
    ("C1", "en diagonale", "en_partie"), ("C1", "pas encore", "non"), ("M1", "plus ou moins", "en_partie"), ("A1", "nan", "non"), ("A1", "oui bien sûr", "oui"),
]


@pytest.mark.parametrize("item, texte, code", REPONSES)
def test_une_reponse_tapee_se_range_ou_ne_se_devine_pas(item, texte, code):
    assert lu(texte, item) == ((code,) if code else ())


@pytest.mark.parametrize("item, texte, attendus", [
    ("Q5", "la retraite et un peu les cotisations", ("D2", "D3")), ("Q5", "retraite, maladie, invalidité", ("D3", "D4", "D9")),
    ("Q5", "Action sanitaire et sociale", ("D7",)), ("Q5", "on a parlé de la retraite", ("D3",)), ("Q5", "de tout et de rien", ()), ("Q5", "la retraite et le foot", ()),
    ("Q6", "aucun", ("aucun",)), ("Q6", "rien", ("aucun",)), ("Q6", "aucun, la retraite", ()), ("Q6", "les aides et internet", ("D7", "D8")),
    ("Q11", "prendre rendez-vous et faire ma déclaration", ("rendez_vous", "declaration")), ("Q11", "rien pour l'instant", ("rien",)),
])
def test_plusieurs_choix_tapes_se_lisent_tous_ou_pas_du_tout(item, texte, attendus):
    assert lu(texte, item) == attendus


@pytest.mark.parametrize("texte, ordre", [
    ("retour", "retour"), ("je me suis trompée", "retour"), ("plus tard merci", "pause"), ("STOP", "stop"), ("je veux arrêter", "stop"), ("passer", "passer"),
    ("je sais pas", "ignore"), ("aucune idée", "ignore"), ("pas concerné", "sans_objet"), ("la retraite", None), ("très bien", None)])
def test_les_ordres_se_reconnaissent(texte, ordre):
    assert comprendre.commande(texte, ("retour", "pause", "stop", "passer", "ignore", "sans_objet")) == ordre


@pytest.mark.parametrize("avant, apres, code", [
    ("    non: [non, nn, nan, non pas du tout, pas du tout, aucune,", "    non: [oui, non, nn, nan, non pas du tout, pas du tout, aucune,", "SYNONYME_PARTAGE"),
    ("    pas_recus:", "    jamais_recus:", "SYNONYME_PERDU"), ("  progres:", "  progress:", "ECHELLE_SANS_SYNONYMES"), ("  pause:", "  attente:", "COMMANDE_INCONNUE"),
    ("commandes:", "ordres:", "SYNONYMES_ILLISIBLES")])
def test_une_faute_des_synonymes_se_voit(dossier, avant, apres, code):
    changer(dossier, avant, apres, "synonymes.yml")
    assert code in codes(dossier)
