"""Backups under lock and key: what goes in comes back, and a cut, moved or changed slice does not open."""
import os

import pytest

from bot.contacts import coffre
from tests.marche import conseil, environnement

CLE = "une clé de sauvegarde tirée pour l'essai 8f3b"


@pytest.fixture
def ferme(tmp_path, monkeypatch):
    monkeypatch.setattr(coffre, "TRANCHE", 100)
    clair = tmp_path / "contacts.db"
    clair.write_bytes(bytes(range(256)) + os.urandom(44))  # three whole slices
    contenu = clair.read_bytes()
    return coffre.enfermer(clair, CLE), contenu


def test_ce_qui_est_enferme_revient_tel_quel_et_le_clair_na_pas_survecu(ferme, tmp_path):
    fichier, contenu = ferme
    assert [f.name for f in tmp_path.iterdir()] == ["contacts.db.chiffre"]
    assert fichier.stat().st_mode & 0o777 == 0o600 and contenu[:64] not in fichier.read_bytes()
    with coffre.ouvert(fichier, CLE) as clair:
        assert clair.read_bytes() == contenu and clair.stat().st_mode & 0o777 == 0o600
    assert [f.name for f in tmp_path.iterdir()] == ["contacts.db.chiffre"]


@pytest.mark.parametrize("abimer", [
    lambda o: o[:-1], lambda o: o[:-116], lambda o: o[:37] + o[153:269] + o[37:153] + o[269:], lambda o: o[:60] + bytes([o[60] ^ 1]) + o[61:],
    lambda o: o + b"x"], ids=["coupé", "dernière tranche ôtée", "tranches échangées", "un bit changé", "allongé"])
def test_un_fichier_touche_ne_souvre_pas(ferme, abimer):
    fichier, _ = ferme
    fichier.write_bytes(abimer(fichier.read_bytes()))
    with pytest.raises(coffre.CoffreForce):
        with coffre.ouvert(fichier, CLE):
            pass


def test_sans_cle_ou_avec_une_autre_le_refus_dit_quoi_faire(ferme):
    for cle, refus in ((None, coffre.CoffreFerme), ("une autre clé", coffre.CoffreForce)):
        with pytest.raises(refus, match="CONSEIL_CLE_SAUVEGARDES"):
            with coffre.ouvert(ferme[0], cle):
                pass


def test_un_fichier_vide_ou_en_clair_passe_aussi(tmp_path):
    vide = tmp_path / "vide"
    vide.write_bytes(b"")
    with coffre.ouvert(coffre.enfermer(vide, CLE), CLE) as clair:
        assert clair.read_bytes() == b""
    (tmp_path / "clair").write_bytes(b"SQLite")
    with coffre.ouvert(tmp_path / "clair", None) as clair:
        assert clair == tmp_path / "clair"


def test_la_commande_sauvegarde_chiffree_puis_restaure(tmp_path, modele_sqlite):
    env = environnement(tmp_path, CONSEIL_CLE_SAUVEGARDES=CLE)
    (tmp_path / "contacts.db").write_bytes(modele_sqlite.read_bytes())
    fait = conseil("base", "sauvegarder", env=env)
    assert fait.returncode == 0 and "chiffrée" in fait.stdout
    copie, = (tmp_path / "sauvegardes").iterdir()
    assert copie.name.endswith(".db.chiffre") and b"demo-aquitaine" not in copie.read_bytes()
    sans_cle = {n: v for n, v in env.items() if n != "CONSEIL_CLE_SAUVEGARDES"}
    refusee = conseil("base", "restaurer", str(copie), env=sans_cle)
    assert refusee.returncode == 1 and "chiffrée" in refusee.stderr
    (tmp_path / "contacts.db").unlink()
    rendue = conseil("base", "restaurer", str(copie), env=env)
    assert rendue.returncode == 0, rendue.stderr
    assert b"demo-aquitaine" in (tmp_path / "contacts.db").read_bytes() and len(list((tmp_path / "sauvegardes").iterdir())) == 1
