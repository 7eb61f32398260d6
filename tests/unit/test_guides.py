"""The guides: every command in them is run, in order, in a fresh installation; those that are not say why; every file they name exists.

In a guide, ```sh is run and must succeed, ```sh-refuse is run and must be refused (exit 1), ```sh-hors-essai is listed below with its reason.
"""
import os
import re
import shlex
import shutil
from glob import glob

import pytest

from bot.cli import principal
from bot.contacts.base import Sessions, ouvrir
from bot.horloge import lire_instant
from bot.reglages import RACINE
from tests.marche import conseil, environnement, lisible

GUIDES = RACINE / "docs" / "guides"
NOMS = ("assure", "conseiller", "responsable", "national", "installation")
# Where the guide speaks of the demonstration, and where it starts from nothing.
SUR_LA_DEMONSTRATION = ("conseiller", "responsable", "national")
HORS_ESSAI = {
    "apt install": "installe des paquets du système : .ci/run le fait pour les essais",
    "cd /opt/conseil && make train": "installe et entraîne : « make test » commence par là",
}
NOW = "2011-09-14T10:00"


def texte(nom):
    return (GUIDES / f"{nom}.md").read_text(encoding="utf-8")


def blocs(nom):
    """(language, command) of every command of a guide, in order."""
    return [(langue, ligne) for langue, corps in re.findall(r"^```(\S*)\n(.*?)^```", texte(nom), re.M | re.S)
            for ligne in corps.splitlines() if ligne.strip()]


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory):
    """The demonstration's database, as `conseil serve --demo` leaves it."""
    from bot.cli.demonstration import installer
    from bot.contacts.schema import migrer

    fichier = tmp_path_factory.mktemp("guides") / "contacts.db"
    engine = ouvrir(f"sqlite:///{fichier}")
    migrer(engine)
    with Sessions(engine)() as s:
        installer(s, lire_instant(NOW))
    engine.dispose()
    return fichier


def jouer(commande):
    """Run one line of a guide as a shell would, in this process: it would take a second longer each time to start another."""
    mots = shlex.split(commande)
    avant = dict(os.environ)
    try:
        while "=" in mots[0]:
            nom, _, valeur = mots.pop(0).partition("=")
            os.environ[nom] = valeur
        assert mots.pop(0) == "conseil", f"« {commande} » n'est pas une commande de conseil : est-elle hors essai ?"
        return principal([chemin for mot in mots for chemin in (sorted(glob(mot)) if "*" in mot else [mot])])
    finally:
        os.environ.clear()
        os.environ.update(avant)


@pytest.mark.parametrize("nom", [n for n in NOMS if n != "assure"])
def test_les_commandes_dun_guide_marchent_dans_lordre(nom, tmp_path, demonstration, monkeypatch, capsys):
    donnees, ici = tmp_path / "donnees", tmp_path / "ici"
    donnees.mkdir()
    ici.mkdir()
    (ici / "docs").symlink_to(RACINE / "docs")
    monkeypatch.chdir(ici)
    monkeypatch.setenv("CONSEIL_DONNEES", str(donnees))
    monkeypatch.setenv("CONSEIL_NOW", NOW)
    if nom in SUR_LA_DEMONSTRATION:
        shutil.copy(demonstration, donnees / "contacts.db")
        monkeypatch.setenv("CONSEIL_DEMO", "1")
    joues = [(langue, commande) for langue, commande in blocs(nom) if langue != "sh-hors-essai"]
    assert joues
    for langue, commande in joues:
        code, dit = jouer(commande), capsys.readouterr()
        assert code == {"sh": 0, "sh-refuse": 1}[langue], f"{commande}\n{dit.out[-1500:]}{dit.err[-1500:]}"


@pytest.mark.parametrize("nom", NOMS)
def test_chaque_bloc_dit_comment_il_sessaie_et_chaque_absence_a_sa_raison(nom):
    for langue, commande in blocs(nom):
        assert langue in ("sh", "sh-refuse", "sh-hors-essai"), f"{nom} : {langue}"
        if langue == "sh-hors-essai":
            assert any(commande.startswith(debut) for debut in HORS_ESSAI), commande


def test_chaque_raison_sert_encore():
    ecartees = [commande for nom in NOMS for langue, commande in blocs(nom) if langue == "sh-hors-essai"]
    assert all(any(c.startswith(debut) for c in ecartees) for debut in HORS_ESSAI)


@pytest.mark.parametrize("nom", NOMS)
def test_un_guide_ne_nomme_que_ce_qui_existe(nom):
    for chemin in re.findall(r"`((?:docs|deploiement|knowledge|bot)/[\w./-]+)`", texte(nom)):
        assert (RACINE / chemin).exists(), chemin


def test_les_commandes_citees_dans_le_texte_existent():
    from bot.cli import COMMANDES
    for nom in NOMS:
        for commande in re.findall(r"`conseil (\w+)", texte(nom)):
            assert commande in COMMANDES, (nom, commande)


def test_laide_du_site_est_le_guide_de_lassure(tmp_path, demonstration):
    from fastapi.testclient import TestClient

    from bot.reglages import Reglages
    from bot.site.app import creer_app

    shutil.copy(demonstration, tmp_path / "contacts.db")
    with TestClient(creer_app(Reglages(donnees=tmp_path, port_moteur=1, port_actions=1, demo=True))) as client:
        _verifier_aide(client)


def _verifier_aide(client):
    page = lisible(client.get("/aide").text)
    for dit in ("Poser une question", "Prendre rendez-vous", "Parler à une personne", "ni coordonnées bancaires", "24 heures"):
        assert dit in page
    assert 'href="/aide"' in client.get("/").text


def test_temoin_une_commande_fausse_dans_un_guide_se_verrait(tmp_path):
    assert conseil("caisse", "reglez", env=environnement(tmp_path)).returncode == 2
