"""Nothing learns by itself (S15): whatever is said and reviewed, a running site writes in its own data folder only, never where the assistant learns."""
import os
import sys
from datetime import date
from uuid import uuid4

import pytest

from bot.knowledge.fiches import lire_fiches
from bot.knowledge.relecture import Proposition, ecrire
from bot.reglages import RACINE

CANARI = "le perroquet mauve cotise-t-il deux fois CANARI7"
APPRIS = (RACINE / "knowledge", RACINE / "bot" / "data", RACINE / "models", RACINE / "domain.yml", RACINE / "config.yml")
_ecrits: list[str] = []
_ecoute = False


def _noter(evenement: str, arguments: tuple) -> None:
    """An audit hook stays for the life of the process: it notes only while it is asked to."""
    if _ecoute and evenement == "open" and isinstance(arguments[0], (str, bytes)) and isinstance(arguments[2], int):
        if arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND):
            _ecrits.append(os.path.abspath(os.fsdecode(arguments[0])))
    elif _ecoute and evenement in ("os.rename", "os.link", "os.symlink"):
        _ecrits.append(os.path.abspath(os.fsdecode(arguments[1])))


@pytest.fixture(scope="module")
def crochet():
    sys.addaudithook(_noter)


@pytest.fixture
def ecrits(crochet):
    """Every file opened for writing, or put somewhere, by this process during the test."""
    global _ecoute
    _ecrits.clear()
    _ecoute = True
    yield _ecrits
    _ecoute = False


def dans_ce_qui_sapprend(chemins):
    return [c for c in chemins if any(c == str(lieu) or c.startswith(f"{lieu}/") for lieu in APPRIS)]


def test_temoin_une_ecriture_dans_les_fiches_se_verrait(ecrits, tmp_path):
    ici = tmp_path / "knowledge"
    ici.mkdir()
    (ici / "fiche.yml").write_text("x")
    assert str(ici / "fiche.yml") in ecrits and dans_ce_qui_sapprend([str(RACINE / "knowledge" / "faq" / "x.yml")])


def test_parler_donner_son_avis_et_relire_necrivent_jamais_la_ou_lassistant_apprend(espace, ecrits):
    claire = espace.connecte("claire.fontaine")
    from fastapi.testclient import TestClient
    assure = TestClient(espace.app, base_url="http://testserver")
    assert assure.post("/api/conversations").status_code == 201
    for _ in range(3):
        assert assure.post("/api/messages", json={"message_id": str(uuid4()), "text": CANARI}).status_code == 200
    assert claire.get("/espace/relecture").status_code == 200
    ecrire(Proposition("formulation", "eirl/definition", (CANARI,), date(2011, 9, 14), "conseiller:1", "demo-aquitaine"),
           espace.reglages.donnees / "propositions")
    assert dans_ce_qui_sapprend(ecrits) == []
    assert any(c.startswith(str(espace.reglages.donnees)) for c in ecrits)


def test_la_phrase_du_canari_nest_dans_aucun_fichier_dapprentissage():
    for lieu in APPRIS:
        for fichier in ([lieu] if lieu.is_file() else lieu.rglob("*.yml")):
            assert "CANARI7" not in fichier.read_text(encoding="utf-8"), fichier
    assert not any("CANARI7" in f for fiche in lire_fiches(RACINE / "knowledge").values() for f in fiche.toutes_formulations)
