"""Formulations of different labels that look alike: what a maintainer is shown."""
import json
import random
import time

import pytest

from bot.cli import check, principal
from bot.cli.check import Dialogue
from bot.knowledge.voisinage import PARTAGE_MIN, Formulation, groupes, identiques, proches

COUT, DECES = "eirl/cout_formalites", "eirl/deces"


def les(*textes, etiquette=COUT):
    return [Formulation(etiquette, t) for t in textes]


def test_les_memes_mots_sous_deux_etiquettes_sont_un_doublon():
    paires = identiques([*les("C'est combien, l'EIRL ?"), *les("c est combien l eirl", "autre chose", etiquette=DECES)])
    assert [(p.une.etiquette, p.autre.etiquette) for p in paires] == [(COUT, DECES)]


def test_deux_fois_sous_la_meme_etiquette_n_en_est_pas_un():
    assert identiques(les("Combien ?", "combien")) == []


def test_deux_signes_sans_lettres_ne_se_confondent_pas():
    assert identiques([*les("😂"), *les("👍", etiquette=DECES)]) == [] == proches([*les("😂"), *les("👍", etiquette=DECES)], 5)


def test_les_plus_proches_d_abord_et_jamais_d_un_meme_sujet():
    paires = proches([*les("quel est le prix du dossier", "quel est le prix du dossier complet"),
                      *les("quel est le prix d'un dossier", "quel est le prix de la succession", etiquette=DECES)], 10)
    assert (paires[0].une.texte, paires[0].autre.texte) == ("quel est le prix du dossier", "quel est le prix d'un dossier")
    assert all(p.une.etiquette != p.autre.etiquette for p in paires)
    assert [p.similarite for p in paires] == sorted((p.similarite for p in paires), reverse=True)


def test_un_mot_de_partout_rapproche_moins_qu_un_mot_rare():
    fond = [Formulation(f"x/{i}", f"auto-entrepreneur {mot}") for i, mot in enumerate(("assurance", "bail", "charges", "devis", "embauche"))]
    paires = proches([*fond, *les("zinguerie artisanale"), *les("zinguerie artisane", etiquette=DECES)], 1)
    assert "zinguerie" in paires[0].une.texte


def test_rien_n_est_manque_par_lindex():
    """The same pairs as comparing each with each."""
    hasard = random.Random(2011)
    mots = ["combien", "coûte", "le", "plafond", "annuel", "artisan", "déclarer", "retraite", "trimestre", "caisse", "loi", "payer", "mois", "an"]
    formulations = [Formulation(f"d/{i % 4}", " ".join(hasard.choices(mots, k=hasard.randint(1, 7)))) for i in range(250)]
    uniques = list({(f.etiquette, f.texte): f for f in formulations}.values())
    attendues = set()
    for i, une in enumerate(uniques):
        for autre in uniques[:i]:
            a, b = groupes(une.texte), groupes(autre.texte)
            if une.etiquette != autre.etiquette and une.texte != autre.texte and len(a & b) >= PARTAGE_MIN * len(a | b):
                attendues.add(frozenset({une, autre}))
    assert {frozenset({p.une, p.autre}) for p in proches(formulations, 10_000)} == attendues and attendues


@pytest.fixture
def une_petite_base(monkeypatch):
    """A dialogue without sheets, to be read in no time."""
    exemples = {"saluer": ("bonjour à tous",), "au_revoir": ("bonjour à toutes",)}
    monkeypatch.setattr(check, "lire_fiches", lambda _: {})
    monkeypatch.setattr(Dialogue, "lire", classmethod(lambda cls, _: cls((), (), (), (), exemples)))
    return exemples


def test_conseil_check_formulations_montre_les_paires(une_petite_base, capsys):
    assert principal(["check", "--formulations"]) == 0
    dit = capsys.readouterr().out
    assert "bonjour à tous" in dit and "[au_revoir]" in dit and "aucun doublon" in dit


def test_un_doublon_vient_d_abord_et_fait_echouer(une_petite_base, capsys):
    une_petite_base["aide"] = ("Bonjour, à tous !",)
    assert principal(["check", "--formulations", "--nombre", "1", "--json"]) == 1
    paires = json.loads(capsys.readouterr().out)
    assert [p["identiques"] for p in paires] == [True, False]
    assert [f["etiquette"] for f in paires[0]["formulations"]] == ["saluer", "aide"]


def test_la_vraie_base_se_compare_en_moins_de_vingt_secondes(capsys):
    debut = time.process_time()
    principal(["check", "--formulations", "--nombre", "3", "--json"])
    assert time.process_time() - debut < 20 and len(json.loads(capsys.readouterr().out)) >= 3
