"""`conseil check` on knowledge: passes on ours, and fails on each kind of seeded fault."""
import shutil

import pytest
import yaml

from bot.knowledge.chemins import KNOWLEDGE
from bot.knowledge.verification import verifier

SEUILS = "auto_entrepreneur/seuils_ca"


def test_notre_base_n_a_aucun_defaut():
    assert [str(d) for d in verifier()] == []


TROIS = (SEUILS, "eirl/definition", "eirl/deces")


@pytest.fixture
def base(tmp_path):
    """A sound knowledge base of three of our sheets, free to spoil."""
    dossier = tmp_path / "knowledge"
    shutil.copytree(KNOWLEDGE / "baremes", dossier / "baremes")
    shutil.copy(KNOWLEDGE / "textes.yml", dossier)
    catalogue = yaml.safe_load((KNOWLEDGE / "catalogue.yml").read_text())
    catalogue["faq"] = {"auto_entrepreneur": {"seuils_ca": ""}, "eirl": {"definition": "", "deces": ""}}
    (dossier / "catalogue.yml").write_text(yaml.safe_dump(catalogue))
    for sujet in TROIS:
        (dossier / "faq" / sujet).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(KNOWLEDGE / "faq" / f"{sujet}.yml", dossier / "faq" / f"{sujet}.yml")
        changer(dossier, sujet, voir_aussi=[autre for autre in TROIS if autre != sujet])
    return dossier


def changer(base, sujet, **changements):
    chemin = base / "faq" / f"{sujet}.yml"
    fiche = yaml.safe_load(chemin.read_text())
    fiche.update(changements)
    chemin.write_text(yaml.safe_dump({c: v for c, v in fiche.items() if v is not None}, allow_unicode=True))
    return fiche


def codes(base):
    return {d.code for d in verifier(base)}


def test_temoin_la_base_de_trois_fiches_est_saine(base):
    assert verifier(base) == []


LONGUE = "Le plafond annuel dépend de votre activité et se compte sur les sommes encaissées. " * 4


@pytest.mark.parametrize(("changement", "code"), [
    ({"sources": None}, "CONNAISSANCE_INVALIDE"),
    ({"sources": ["inconnu 12"]}, "CONNAISSANCE_INVALIDE"),
    ({"validite": None}, "CONNAISSANCE_INVALIDE"),
    ({"validite": {"du": "bientôt", "au": "jamais"}}, "CONNAISSANCE_INVALIDE"),
    ({"confiance": "faible"}, "CONNAISSANCE_INVALIDE"),
    ({"couleur": "bleu"}, "CONNAISSANCE_INVALIDE"),
    ({"variantes": [{"si": {"activite": "astrologie"}, "reponse": LONGUE}]}, "CONNAISSANCE_INVALIDE"),
    ({"entretien": "n'importe qui"}, "CONNAISSANCE_INVALIDE"),
    ({"reponse": LONGUE + "Il est de 81 500 €."}, "CHIFFRE_TAPE"),
    ({"reponse": LONGUE + "Le taux est de 12 %."}, "CHIFFRE_TAPE"),
    ({"depuis": "Le plafond était de 81 500 euros."}, "CHIFFRE_TAPE"),
    ({"reponse": LONGUE + "Il est de {plafond_imaginaire}."}, "BAREME_INCONNU"),
    ({"validite": {"du": yaml.safe_load("1990-01-01"), "au": yaml.safe_load("2011-12-31")}}, "BAREME_NON_VALABLE"),
    ({"reponse": "Oui."}, "LONGUEUR"),
    ({"reponse": LONGUE * 4}, "LONGUEUR"),
    ({"voir_aussi": ["eirl/nexiste_pas", "eirl/definition"]}, "LIEN_MORT"),
    ({"voir_aussi": ["eirl/definition"]}, "VOIR_AUSSI"),
    ({"formulations": {"court": ["plafond"]}}, "REGISTRE_PAUVRE"),
])
def test_une_faute_dans_une_fiche_est_refusee(base, changement, code):
    changer(base, SEUILS, **changement)
    assert code in codes(base)


def test_une_formulation_dans_deux_fiches_est_refusee_meme_ecrite_autrement(base):
    fiche = yaml.safe_load((base / "faq/eirl/definition.yml").read_text())
    volee = fiche["formulations"]["correct"][0].upper().replace("?", " !!")
    seuils = yaml.safe_load((base / f"faq/{SEUILS}.yml").read_text())["formulations"]
    seuils["correct"].append(volee)
    changer(base, SEUILS, formulations=seuils)
    assert "FORMULATION_PARTAGEE" in codes(base)


def test_une_formulation_ecrite_deux_fois_est_refusee(base):
    seuils = yaml.safe_load((base / f"faq/{SEUILS}.yml").read_text())["formulations"]
    seuils["correct"].append(seuils["court"][0])
    changer(base, SEUILS, formulations=seuils)
    assert "FORMULATION_REPETEE" in codes(base)


def test_un_sujet_du_catalogue_sans_fiche_est_refuse(base):
    (base / "faq" / f"{SEUILS}.yml").unlink()
    assert "SUJET_SANS_FICHE" in codes(base)


def test_une_fiche_hors_du_catalogue_est_refusee(base):
    shutil.copy(base / "faq" / f"{SEUILS}.yml", base / "faq" / "eirl" / "inattendue.yml")
    assert "FICHE_HORS_CATALOGUE" in codes(base)


def test_un_yaml_casse_dit_le_fichier_et_la_ligne(base):
    (base / "faq" / f"{SEUILS}.yml").write_text("question: [\nreponse")
    defaut = next(d for d in verifier(base) if d.code == "CONNAISSANCE_INVALIDE")
    assert "seuils_ca.yml, ligne" in defaut.message


def test_une_cle_ecrite_deux_fois_est_refusee(base):
    chemin = base / "faq" / f"{SEUILS}.yml"
    chemin.write_text(chemin.read_text() + "\nquestion: Une autre ?\n")
    assert any("écrite deux fois" in d.message for d in verifier(base))


@pytest.mark.parametrize(("contenu", "attendu"), [
    ("x: {libelle: X, unite: euros, valeurs: [{du: 2011-01-01, au: 2011-12-31, valeur: 3, confiance: elevee}]}", "source"),
    ("x: {libelle: X, unite: pommes, valeurs: []}", "unité"),
    ("x: {libelle: X, unite: euros, valeurs: [{du: 2011-01-01, au: null, valeur: 3, source: s, confiance: elevee},"
     " {du: 2012-01-01, au: null, valeur: 4, source: s, confiance: elevee}]}", "chevauchent"),
    ("x: {libelle: X, unite: euros, valeurs: [{du: 2011-01-01, au: null, valeur: trois, source: s, confiance: elevee}]}", "ne va pas"),
    ("plafond_vente: {libelle: X, unite: euros, valeurs: [{du: 2011-01-01, au: null, valeur: 3, source: s, confiance: elevee}]}", "est dans"),
])
def test_un_bareme_fautif_est_refuse(base, contenu, attendu):
    (base / "baremes" / "zz_essai.yml").write_text(contenu)
    assert any(attendu in d.message for d in verifier(base))
