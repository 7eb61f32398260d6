"""The grid of the RGAA criteria: whole, honest, backed by tests that exist; the state and the declaration follow from it."""
import ast
import re
from pathlib import Path

import pytest

from bot.site import accessibilite
from bot.site.accessibilite import MANUEL, THEMES, Critere, Grille, conclure, lire
from tests.marche import lisible

RACINE = Path(__file__).resolve().parents[2]


def grille(conforme, applicables=10, total=12):
    etats = ["conforme"] * conforme + ["a_verifier"] * (applicables - conforme) + ["non_applicable"] * (total - applicables)
    return Grille(date="2026-11-22", referentiel="essai", essais={}, criteres=[Critere(n=f"1.{i}", quoi="x", etat=e, moyen=(MANUEL,)) for i, e in enumerate(etats)])


def test_la_grille_a_ses_106_lignes_dans_l_ordre_et_une_seule_fois():
    attendus = [f"{theme}.{rang}" for theme, (_, nombre) in THEMES.items() for rang in range(1, nombre + 1)]
    assert [c.n for c in lire().criteres] == attendus and len(attendus) == 106


def test_chaque_essai_nomme_existe_et_sert():
    lue = lire()
    for court, adresse in lue.essais.items():
        fichier, nom = adresse.split("::")
        fonctions = {n.name for n in ast.walk(ast.parse((RACINE / fichier).read_text(encoding="utf-8"))) if isinstance(n, ast.FunctionDef)}
        assert nom in fonctions, f"{court} : {adresse} n'existe pas"
    cites = {m for c in lue.criteres for m in c.moyen}
    assert cites == set(lue.essais) | {MANUEL}


def test_rien_n_est_dit_conforme_sans_essai_ni_non_conforme_sans_dire_quoi():
    for c in lire().criteres:
        assert c.moyen, c.n
        if c.etat == "conforme":
            assert MANUEL not in c.moyen, f"{c.n} : ce qu'une personne doit juger n'est pas conforme avant qu'elle l'ait fait"
        if c.etat == "a_verifier":
            assert MANUEL in c.moyen, c.n
        if c.etat == "non_conforme":
            assert c.note, c.n


@pytest.mark.parametrize("conforme, etat", [(10, "totalement conforme"), (9, "partiellement conforme"), (5, "partiellement conforme"), (4, "non conforme"),
                                            (0, "non conforme")])
def test_l_etat_suit_de_la_grille(conforme, etat):
    assert conclure(grille(conforme)).etat == etat


def test_ce_que_personne_n_a_juge_ne_compte_pas_comme_conforme():
    bilan = conclure(grille(9))
    assert (bilan.pourcent, bilan.nombres["a_verifier"], bilan.nombres["non_applicable"]) == (90, 1, 2)


def test_la_declaration_et_chaque_pied_de_page_disent_l_etat(site_sans_moteur):
    bilan = accessibilite.bilan()
    page = lisible(site_sans_moteur.get("/accessibilite", headers={"accept": "text/html"}).text)
    for attendu in (bilan.etat, f"soit {bilan.pourcent} %", "Défenseur des droits", "09 69 39 00 00", "pas accessible", "22 novembre 2026", "01 99 00 12 00"):
        assert attendu in page, attendu
    assert page.count('<th scope="row">') == 106 and len(re.findall("<caption", page)) == 13
    for chemin in ("/", "/faq", "/conversation", "/cadre?caisse=demo-aquitaine", "/rendez-vous", "/enquete", "/espace/connexion", "/nulle-part"):
        assert f">Accessibilité : {bilan.etat}" in lisible(site_sans_moteur.get(chemin, headers={"accept": "text/html"}).text), chemin


@pytest.fixture
def site_sans_moteur(tmp_path, sessions):
    from fastapi.testclient import TestClient

    from bot.reglages import Reglages
    from bot.site.app import creer_app
    with TestClient(creer_app(Reglages(donnees=tmp_path, port_moteur=1, port_actions=1, demo=True)), base_url="http://127.0.0.1") as client:
        yield client
