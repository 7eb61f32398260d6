"""No line we measure with may be in the training data, near copies included: a score on lines already seen means nothing."""
import json
from collections import defaultdict
from pathlib import Path

import pytest
import yaml

from bot.knowledge.fiches import fiches
from bot.texte.normalisation import cle
from tests.conftest import PARTAGE, RACINE, lignes

# Two sentences that share this part of their words (Jaccard) say the same thing in the same words.
PROCHE = 0.8
MESURES = [*sorted((RACINE / "tests/nlu").glob("gele_*.jsonl")), *([PARTAGE / "nlu_dev.jsonl"] if PARTAGE.exists() else [])]


def entrainement() -> dict[str, str]:
    """Every training line, as `cle` writes it → where it stands."""
    textes = {cle(f): sujet for sujet, fiche in fiches().items() for f in [fiche.question, *fiche.toutes_formulations]}
    for fichier in sorted((RACINE / "bot/data/nlu").glob("*.yml")):
        for bloc in yaml.safe_load(fichier.read_text(encoding="utf-8"))["nlu"]:
            for ligne in bloc["examples"].splitlines():
                if ligne.strip().startswith("- "):
                    textes[cle(ligne.strip()[2:])] = bloc["intent"]
    return textes


def copies(mesure: list[str], appris: dict[str, str]) -> list[str]:
    """The measured lines that are, or nearly are, training lines. Lines of one to three words may coincide: people do type « EIRL »."""
    par_mot: dict[str, list[frozenset]] = defaultdict(list)
    for texte in appris:
        mots = frozenset(texte.split())
        for mot in mots:
            par_mot[mot].append(mots)
    trouvees = []
    for texte in mesure:
        mots = frozenset(cle(texte).split())
        if len(mots) < 4:
            continue
        rare = sorted(mots, key=lambda m: len(par_mot[m]))[: len(mots) - int(PROCHE * len(mots)) + 1]
        if any(len(mots & autres) / len(mots | autres) >= PROCHE for mot in rare for autres in par_mot[mot]):
            trouvees.append(texte)
    return trouvees


@pytest.mark.parametrize("fichier", MESURES, ids=lambda p: p.name)
def test_aucune_ligne_mesuree_n_est_apprise(fichier: Path):
    assert copies([ligne["text"] for ligne in lignes(fichier)], entrainement()) == []


def test_temoin_une_copie_a_un_mot_pres_est_vue():
    appris = {cle("Quel est le plafond annuel de recettes pour un plombier installé depuis mars ?"): "x"}
    assert copies(["quel est le plafond annuel de recette pour un plombier installe depuis mars"], appris)
    assert not copies(["quel plafond pour un coiffeur installé en juin dans la rue"], appris)


def test_les_jeux_geles_couvrent_toutes_les_etiquettes():
    from bot.knowledge.catalogue import catalogue

    comptes: dict[str, int] = defaultdict(int)
    for ligne in lignes(*MESURES[:2]):
        json.dumps(ligne)
        comptes[ligne["label"]] += 1
        assert {ligne["label"], *ligne["acceptable"]} <= catalogue().etiquettes
    assert {e: comptes[e] for e in catalogue().etiquettes if comptes[e] < 8} == {}
