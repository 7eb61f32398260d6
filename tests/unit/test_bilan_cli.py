# ruff: noqa: F811  (fixtures are imported by name)
"""`conseil bilan`: the whole way by commands, exit codes and what a program reads."""
import json

import pytest
from sqlalchemy import text

from bot.bilan import cles, registre
from bot.cli import principal
from tests.annee_bilan import CAISSE, annee, modele_bilan  # noqa: F401  (fixtures)


@pytest.fixture
def conseil(annee, tmp_path, monkeypatch, capsys):
    """Run a command on the test's own year; gives its exit code and its JSON (or its text)."""
    monkeypatch.setenv("CONSEIL_DONNEES", str(tmp_path))
    monkeypatch.setenv("CONSEIL_NOW", "2012-01-20T10:00")
    monkeypatch.setenv("CONSEIL_CLE", "x" * 40)

    def lancer(*arguments):
        code = principal(["bilan", *map(str, arguments)])
        sorties = capsys.readouterr()
        return code, json.loads(sorties.out) if "--json" in arguments and code != 2 else sorties.out + sorties.err
    assert lancer("cle", "revoquer", "--nom", "demo-aquitaine-2011")[0] == 0  # drawn under another installation's key
    assert lancer("cle", "creer", "--caisse", CAISSE, "--annee", 2011)[0] == 0
    return lancer


def fait(conseil, tmp_path, *autres):
    return conseil("regional", "--caisse", CAISSE, "--annee", 2011, "--out", tmp_path / "sortie", "--sans-documents", "--json", *autres)


def test_du_bilan_regional_au_bilan_national_par_les_commandes(conseil, tmp_path):
    code, lu = fait(conseil, tmp_path)
    fichier = tmp_path / "sortie" / "bilan-demo-aquitaine-2011-1.json"
    assert (code, lu["etat"], lu["fichiers"]) == (0, "controle", [str(fichier)])
    assert conseil("verifier", fichier, "--json")[1]["regles"] == ["K05"]
    assert conseil("signer", fichier)[0] == 0
    assert conseil("verifier", fichier)[0] == 0
    code, lu = conseil("recevoir", fichier, "--json", "--out", tmp_path / "accuses")
    assert code == 0 and lu["recus"][0]["accepte"] and list((tmp_path / "accuses").iterdir())
    code, lu = conseil("national", "--annee", 2011, "--out", tmp_path / "nat", "--sans-documents", "--json")
    assert (code, lu["perimetre"]["manquant"]) == (0, 1) and len(lu["fichiers"]) == 2


def test_un_bilan_signe_se_reecrit_tel_qu_il_a_ete_signe(conseil, tmp_path):
    assert fait(conseil, tmp_path, "--signer")[1]["etat"] == "signe"
    premier = next((tmp_path / "sortie").glob("*.json")).read_bytes()
    assert fait(conseil, tmp_path)[1]["etat"] == "signe"
    assert next((tmp_path / "sortie").glob("*.json")).read_bytes() == premier


def test_un_controle_qui_echoue_sort_en_un_et_nomme_sa_regle(conseil, tmp_path, annee):
    with annee() as s:
        s.execute(text("UPDATE saisie_bilan SET valeur = '\"Appeler le 06 12 34 56 78.\"' WHERE champ = 'textes.enseignements'"))
    code, lu = fait(conseil, tmp_path)
    assert (code, lu["regles"], lu["refus"]) == (1, ["K21"], "CONTROLES_EN_ECHEC")
    assert not list((tmp_path / "sortie").glob("*.json"))


def test_un_fichier_altere_sort_en_un_avec_sa_regle_et_son_explication(conseil, tmp_path):
    fait(conseil, tmp_path, "--signer")
    fichier = next((tmp_path / "sortie").glob("*.json"))
    fichier.write_bytes(fichier.read_bytes().replace(b'"heures":910', b'"heures":911'))
    code, texte = conseil("verifier", fichier)
    assert code == 1 and "K04" in texte and "renvoyez le fichier signé d'origine" in texte
    assert conseil("recevoir", fichier, "--json")[1]["regles"] == ["K04"]


def test_recevoir_plusieurs_fichiers_ne_perd_pas_les_bons(conseil, tmp_path):
    fait(conseil, tmp_path, "--signer")
    bon, mauvais = next((tmp_path / "sortie").glob("*.json")), tmp_path / "mauvais.json"
    mauvais.write_bytes(b"PK\x03\x04 pas du JSON")
    code, lu = conseil("recevoir", mauvais, bon, "--json")
    assert code == 1 and [(r["accepte"], r["regles"]) for r in lu["recus"]] == [(False, ["K01"]), (True, [])]


def test_un_accuse_venu_d_ailleurs_se_range_si_sa_signature_est_nationale(conseil, tmp_path, annee):
    """The receipt is kept aside, the caisse's bilan put back as it was before: as in an installation without the national fund."""
    fait(conseil, tmp_path, "--signer")
    assert conseil("cle", "creer", "--annee", 2011)[0] == 0
    assert conseil("recevoir", next((tmp_path / "sortie").glob("*.json")), "--out", tmp_path / "accuses")[0] == 0
    with annee() as s:
        s.execute(text("UPDATE bilan SET etat = 'signe', accuse = NULL"))
    accuse = next((tmp_path / "accuses").iterdir())
    assert conseil("accuser", accuse, "--json") == (0, {"bilan": 1, "etat": "accepte"})
    accuse.write_text(accuse.read_text().replace('"accepte": true', '"accepte": false'))
    assert conseil("accuser", accuse, "--json")[1]["refus"] == "ACCUSE_INVALIDE"


def test_un_fichier_de_deux_cents_mega_octets_n_est_pas_lu(conseil, tmp_path):
    gros = tmp_path / "gros.json"
    with gros.open("wb") as f:
        f.truncate(200_000_000)
    code, lu = conseil("verifier", gros, "--json")
    assert (code, lu["regles"]) == (1, ["K01"]) and "Rien n'en a été lu" in lu["constats"][0]["message"]


def test_une_cle_en_fichier_signe_aussi(conseil, tmp_path, annee):
    pem = tmp_path / "directeur.pem"
    assert conseil("cle", "creer", "--caisse", CAISSE, "--annee", 2011, "--fichier", pem)[0] == 0
    fait(conseil, tmp_path)
    fichier = next((tmp_path / "sortie").glob("*.json"))
    code, lu = conseil("signer", fichier, "--cle", pem, "--json")
    assert (code, lu["kid"]) == (0, "demo-aquitaine-2011-3") and conseil("verifier", fichier)[0] == 0
    assert cles.publique_de(cles.lire_fichier(pem))


@pytest.mark.parametrize("arguments, code", [
    (("regional", "--caisse", "inconnue", "--annee", "2011", "--out", "x"), 1), (("regional", "--caisse", CAISSE, "--annee", "1999", "--out", "x"), 1),
    (("regional", "--caisse", CAISSE), 2), (("verifier", "absent.json"), 1), (("national", "--annee", "2011", "--out", "x"), 1), ((), 2),
    (("regional", "--caisse", CAISSE, "--annee", "2011", "--out", "x", "--arrete-au", "hier"), 2), (("cle", "revoquer", "--nom", "rien"), 1)])
def test_une_mauvaise_demande_est_refusee_en_francais(conseil, tmp_path, monkeypatch, arguments, code):
    monkeypatch.chdir(tmp_path)
    obtenu, texte = conseil(*arguments)
    assert obtenu == code and "Traceback" not in texte and "panne" not in texte


def test_une_equivalence_se_declare_question_par_question_avec_la_cle_nationale(conseil, annee):
    demande = ("equivalence", "--annee", 2011, "--question", "Q3", "--version", "2011.2", "--sha256", "cd" * 32, "--raison", "coquille", "--json")
    conseil("exercice", "ouvrir", "--annee", 2011)
    assert conseil(*demande, "--memes-reponses")[1]["refus"] == "CLE_ABSENTE"  # no national key here: nobody may
    conseil("cle", "creer", "--annee", 2011)
    assert conseil(*demande)[1]["refus"] == "ECHELLE_CHANGEE"
    assert conseil(*demande, "--memes-reponses")[0] == 0
    with annee.lecture() as s:
        assert registre.lire(s, 2011).equivalences == {("Q3", "2011.2"): "cd" * 32}
    assert conseil(*("trop courte" if a == "cd" * 32 else a for a in demande[:-1]))[0] == 1


def test_les_rappels_se_donnent_une_fois_et_pas_a_qui_a_transmis(conseil, tmp_path):
    code, lu = conseil("rappels", "--annee", 2011, "--json")
    assert code == 0 and {(r["caisse"], r["palier"]) for r in lu["rappels"]} == {("demo-aquitaine", 15), ("demo-reunion", 15)}
    assert "Il reste 11\u00a0jours" in lu["rappels"][0]["message"]
    assert conseil("rappels", "--annee", 2011)[1].strip() == "Aucun rappel n'est dû."


def test_l_exercice_s_ouvre_se_regarde_et_se_lit_a_la_lettre(conseil):
    assert conseil("exercice", "ouvrir", "--annee", 2011, "--strict", "--json")[1]["limite"].startswith("2012-01-30T22:59:59")
    assert "caisses attendues" in conseil("exercice", "voir", "--annee", 2011)[1]
    assert conseil("exercice", "clore", "--annee", 2011)[0] == 1
