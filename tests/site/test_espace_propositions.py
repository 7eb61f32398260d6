"""A proposal of the review: its patch applies to the project, its effect is measured on a copy and shown, only then may it be kept."""
import json
import shutil
import subprocess
from datetime import date
from pathlib import Path
from shutil import rmtree

import pytest
import yaml

from bot.cli import relecture as commande
from bot.knowledge.fiches import fiches
from bot.knowledge.relecture import Proposition, ecrire
from bot.reglages import RACINE
from bot.site.espace import propositions
from tests.marche import lisible

SUJET = "eirl/definition"
NEUVES = ("ça sert à quoi concrètement l'EIRL pour un plombier ?", "leirl : ca protege aussi ma caravane ?")
RAPPORT = {"n": 4, "right_first": 0.5, "right_offered": 0.75, "wrong": 0.25, "out_of_scope_refused": 1.0,
           "errors": [{"text": "a", "label": SUJET}, {"text": "b", "label": SUJET}]}


@pytest.fixture
def dossier(espace):
    dossier = espace.reglages.donnees / "propositions"
    rmtree(dossier, ignore_errors=True)
    yield dossier
    rmtree(dossier, ignore_errors=True)


@pytest.fixture
def claire(espace):
    return espace.connecte("claire.fontaine")


def proposer(dossier, nature="formulation", sujet=SUJET, dits=NEUVES, caisse="demo-aquitaine") -> Path:
    return ecrire(Proposition(nature, sujet, dits, date(2011, 9, 14), "conseiller:1", caisse), dossier)


def adresse(chemin, suite=""):
    return f"/espace/relecture/propositions/{chemin.name}{suite}"


@pytest.mark.parametrize("nature, sujet, fichier", [
    ("formulation", SUJET, "knowledge/faq/eirl/definition.yml"), ("hors_sujet", "", "bot/data/nlu/hors_sujet.yml"),
    ("nouvelle_fiche", "Le local à la maison", "knowledge/faq/a_ranger/le_local_a_la_maison.yml")])
def test_le_correctif_sapplique_au_projet_et_najoute_que_la_proposition(claire, dossier, tmp_path, nature, sujet, fichier):
    chemin = proposer(dossier, nature, sujet)
    reponse = claire.get(adresse(chemin, "/correctif"))
    assert reponse.status_code == 200 and reponse.headers["content-disposition"].endswith('.patch"')
    source = RACINE / fichier
    if source.exists():
        (tmp_path / fichier).parent.mkdir(parents=True)
        shutil.copy(source, tmp_path / fichier)
    subprocess.run(["git", "apply", "--unsafe-paths", f"--directory={tmp_path}", "-"], input=reponse.text, text=True, check=True, cwd=tmp_path,
                   env={"GIT_CEILING_DIRECTORIES": str(tmp_path.parent), "PATH": "/usr/bin:/bin"})
    apres = (tmp_path / fichier).read_text(encoding="utf-8")
    assert all(dit in apres for dit in NEUVES) and yaml.safe_load(apres)
    if source.exists():
        avant = source.read_text(encoding="utf-8").splitlines()
        assert [x for x in apres.splitlines() if x not in avant] and len(apres.splitlines()) == len(avant) + 2
        assert source.read_text(encoding="utf-8").splitlines() == avant, "le fichier du projet ne bouge pas"


def test_une_formulation_corrigee_se_lit_dans_la_fiche_sous_son_registre(dossier, tmp_path):
    ((chemin, (_, apres)),) = propositions.changements(yaml.safe_load(proposer(dossier).read_text(encoding="utf-8"))).items()
    registres = yaml.safe_load(apres)["formulations"]
    assert NEUVES[0] in registres["correct"] and NEUVES[1] in registres["sans_accents"]
    assert not set(NEUVES) & set(fiches()[SUJET].toutes_formulations) and str(chemin).endswith("eirl/definition.yml")


def test_ce_qui_est_deja_dans_la_fiche_ne_fait_pas_de_correctif(claire, dossier):
    chemin = proposer(dossier, dits=(fiches()[SUJET].toutes_formulations[0],))
    reponse = claire.get(adresse(chemin, "/correctif"))
    assert reponse.status_code == 409 and "rien à corriger" in lisible(reponse.text)


def test_un_sujet_qui_sort_du_dossier_ne_touche_rien(dossier):
    for sujet in ("../../config", "../catalogue", "eirl/nexiste_pas"):
        with pytest.raises(propositions.SansCorrectif):
            propositions.changements({"nature": "formulation", "sujet": sujet, "formulations": list(NEUVES)})


def test_on_ne_garde_quapres_avoir_vu_leffet(claire, dossier):
    chemin = proposer(dossier)
    assert "pas encore mesuré" in lisible(claire.get("/espace/relecture").text)
    assert claire.post(adresse(chemin, "/decision"), decision="garder").status_code == 409 and "gardee_le" not in chemin.read_text()
    assert claire.post(adresse(chemin, "/mesure")).status_code == 303 and "La mesure est demandée" in lisible(claire.get("/espace/relecture").text)
    apres = {**RAPPORT, "right_first": 0.75, "errors": [{"text": "b", "label": SUJET}, {"text": "c", "label": SUJET}]}
    propositions.ecrire_effet(chemin, propositions.comparer(RAPPORT, apres))
    page = lisible(claire.get("/espace/relecture").text)
    assert "1 question gagnée, 1 perdue" in page and "<td>50 %</td><td>75 %</td>" in page and "« c »" in page
    assert claire.post(adresse(chemin, "/decision"), decision="garder").status_code == 303
    ecrit = yaml.safe_load(chemin.read_text(encoding="utf-8"))
    assert (str(ecrit["gardee_le"]), ecrit["formulations"]) == ("2011-09-14", list(NEUVES)) and ecrit["gardee_par"].startswith("conseiller:")
    assert not set(NEUVES) & set(fiches()[SUJET].toutes_formulations), "gardée n'est pas apprise"


def test_abandonner_ne_laisse_rien_et_une_autre_caisse_ny_touche_pas(espace, claire, dossier):
    chemin = proposer(dossier)
    rose = espace.connecte("rose.lagon")
    for suite, envoi in (("/mesure", {}), ("/decision", {"decision": "abandonner"})):
        assert rose.post(adresse(chemin, suite), **envoi).status_code == 404
    claire.post(adresse(chemin, "/mesure"))
    assert claire.post(adresse(chemin, "/decision"), decision="abandonner").status_code == 303 and list(dossier.iterdir()) == []


# -- measuring --------------------------------------------------------------------------------------------------------------------------------


def test_la_mesure_apprend_sur_une_copie_et_rend_leffet(espace, dossier):
    chemin, vus = proposer(dossier), []

    def evaluer(arbre, apprendre):
        vus.append((arbre == RACINE, apprendre, NEUVES[0] in (arbre / "knowledge/faq/eirl/definition.yml").read_text(encoding="utf-8")))
        return {**RAPPORT, "errors": RAPPORT["errors"][:1]} if apprendre else RAPPORT
    propositions.demande_de(chemin).touch()
    effet = commande.mesurer(chemin, espace.reglages, evaluer)
    assert vus == [(True, False, False), (False, True, True)], "la copie seule est changée, et elle seule apprend"
    assert (effet.gagnees, list(effet.perdues)) == ([("b", SUJET)], []) and propositions.lire_effet(chemin) == effet
    assert not propositions.demande_de(chemin).exists() and not list(espace.reglages.donnees.glob("relecture-*"))


def test_une_mesure_ratee_ne_laisse_ni_effet_ni_demande(espace, dossier):
    chemin = proposer(dossier)
    propositions.demande_de(chemin).touch()

    def rater(arbre, apprendre):
        raise SystemExit(1)
    with pytest.raises(SystemExit):
        commande.mesurer(chemin, espace.reglages, rater)
    assert propositions.lire_effet(chemin) is None and not propositions.demande_de(chemin).exists()


def test_la_copie_a_tout_ce_quun_entrainement_lit(tmp_path):
    copie = commande.copier(tmp_path / "copie")
    for nom in ("knowledge/catalogue.yml", "bot/engine/importateur.py", "config.yml", "domain.yml", *commande.JEUX):
        assert (copie / nom).is_file(), nom
    assert (copie / ".venv").resolve() == (RACINE / ".venv").resolve()


def test_louvrier_lance_une_mesure_demandee_a_la_fois(espace, dossier):
    mesureur = commande.Mesureur(espace.reglages, ("sleep", "30"))
    assert mesureur() == 0, "rien n'est demandé"
    chemin = proposer(dossier)
    propositions.demande_de(chemin).touch()
    try:
        assert mesureur() == 1 and mesureur() == 0, "la seconde attend la première"
    finally:
        mesureur.encours.kill()
        mesureur.encours.wait()


def test_une_demande_dont_la_proposition_est_partie_soublie(dossier):
    dossier.mkdir(parents=True)
    (dossier / "2011-09-14-partie.a_mesurer").touch()
    assert commande.demandees(dossier) == [] and list(dossier.iterdir()) == []


def test_la_commande_liste_et_donne_le_correctif(espace, dossier, monkeypatch, capsys):
    monkeypatch.setenv("CONSEIL_DONNEES", str(espace.reglages.donnees))
    chemin = proposer(dossier)
    from bot.cli import principal
    assert principal(["relecture", "lister", "--json"]) == 0 and json.loads(capsys.readouterr().out)[0]["fichier"] == chemin.name
    assert principal(["relecture", "correctif", chemin.name]) == 0 and NEUVES[0] in capsys.readouterr().out
    assert principal(["relecture", "correctif", "rien.yml"]) == 1
