"""docs/securite.md: every threat of the reference has its line, every test named there exists, and every file."""
import re

import pytest

from bot.reglages import RACINE

PAGE = (RACINE / "docs" / "securite.md").read_text(encoding="utf-8")
NOMMES = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)))
ATTENDUES = [f"{lettre}{n}" for lettre, combien in (("S", 16), ("R", 17), ("H", 20)) for n in range(1, combien + 1)]


@pytest.mark.parametrize("fichier, nom", NOMMES)
def test_lessai_nomme_existe(fichier, nom):
    assert re.search(rf"^(async )?def {nom}\(", (RACINE / fichier).read_text(encoding="utf-8"), re.M), f"{fichier} n'a pas d'essai {nom}"


def test_chaque_menace_a_sa_ligne_et_chaque_ligne_son_essai():
    lignes = re.findall(r"^\| ([SRH]\d+) \|(.*)\|$", PAGE, re.M)
    assert [numero for numero, _ in lignes] == ATTENDUES
    assert [numero for numero, reste in lignes if "`tests/" not in reste] == []


def test_chaque_fichier_nomme_existe():
    chemins = set(re.findall(r"`((?:bot|knowledge|deploiement|requirements|docs)/[\w./-]+)`", PAGE))
    assert len(chemins) > 5 and [c for c in chemins if not (RACINE / c).exists()] == []


def test_la_page_dit_ce_qui_nest_pas_couvert_et_les_risques_des_modeles():
    assert "## Ce qui n'est pas couvert" in PAGE and all(f"LLM{n:02d}" in PAGE for n in (1, 3, 4, 5, 6, 7, 8, 9, 10))
