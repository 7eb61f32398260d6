"""Backups: whole while people write, readable by their owner alone, put back only when they may be, the former base kept. On both engines."""
import json
import os
import shutil
import sqlite3
import stat
import threading
from datetime import datetime, timezone

import pytest
from sqlalchemy import func, select, text

from bot.cli import principal
from bot.contacts import sauvegarde, schema
from bot.contacts.base import Sessions, ouvrir
from bot.contacts.historique import noter
from bot.contacts.tables import Historique
from tests.marche import attendre

LE = datetime(2011, 9, 14, 8, tzinfo=timezone.utc)


def adresse(base) -> str:
    return base.engine.url.render_as_string(hide_password=False)


def ecrire(base, quoi="essai") -> None:
    with base() as s:
        noter(s, le=LE, acteur="systeme", commande=quoi, objet="caisse", objet_id="demo-aquitaine", origine="systeme")


def commandes(base) -> list[str]:
    with base.lecture() as s:
        return list(s.scalars(select(Historique.commande).where(Historique.acteur == "systeme").order_by(Historique.id)))


@pytest.fixture
def prete(base, tmp_path):
    ecrire(base, "avant")
    return base


def test_une_sauvegarde_porte_son_instant_et_son_schema_et_nest_lisible_que_de_son_auteur(prete, tmp_path):
    copie = sauvegarde.sauvegarder(adresse(prete), tmp_path / "copies", LE)
    assert copie.chemin.name.startswith(f"contacts-20110914T080000Z-s{copie.schema}.")
    assert stat.S_IMODE(copie.chemin.stat().st_mode) == 0o600 and copie.octets == copie.chemin.stat().st_size > 0
    assert [f.name for f in (tmp_path / "copies").iterdir()] == [copie.chemin.name]


def test_deux_sauvegardes_du_meme_instant_ne_se_remplacent_pas(sessions, tmp_path):
    premiere, seconde = (sauvegarde.sauvegarder(adresse(sessions), tmp_path, LE).chemin for _ in range(2))
    assert premiere != seconde and premiere.exists() and seconde.exists()


def test_restaurer_ramene_ce_qui_etait_et_garde_lancienne_base(prete, tmp_path):
    copie = sauvegarde.sauvegarder(adresse(prete), tmp_path / "copies", LE)
    ecrire(prete, "apres")
    prete.engine.dispose()
    fait = sauvegarde.restaurer(adresse(prete), copie.chemin, LE)
    assert commandes(prete) == ["avant"]
    assert fait.avant is not None and fait.avant.exists() and stat.S_IMODE(fait.avant.stat().st_mode) == 0o600
    prete.engine.dispose()
    sauvegarde.restaurer(adresse(prete), fait.avant, LE)
    assert commandes(prete) == ["avant", "apres"]
    schema.verifier(prete.engine)


@pytest.mark.parametrize("moteur_base", ["sqlite"], indirect=True)
def test_une_sauvegarde_dun_schema_anterieur_revient_au_schema_de_cette_version(prete, tmp_path):
    schema.revenir(prete.engine, "0004")
    prete.engine.dispose()
    copie = sauvegarde.sauvegarder(adresse(prete), tmp_path / "copies", LE)
    schema.migrer(prete.engine)
    prete.engine.dispose()
    assert sauvegarde.restaurer(adresse(prete), copie.chemin, LE).schema == "0004"
    assert schema.a_jour(prete.engine) and commandes(prete) == ["avant"]


def test_une_sauvegarde_dune_version_plus_recente_est_refusee_sans_rien_changer(prete, tmp_path):
    with prete() as s:
        s.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    copie = sauvegarde.sauvegarder(adresse(prete), tmp_path / "copies", LE)
    with prete() as s:
        s.execute(text("UPDATE alembic_version SET version_num = '0010'"))
    ecrire(prete, "apres")
    prete.engine.dispose()
    with pytest.raises(sauvegarde.SchemaPlusRecent, match="9999"):
        sauvegarde.restaurer(adresse(prete), copie.chemin, LE)
    assert commandes(prete) == ["avant", "apres"]


def test_une_base_ouverte_par_le_site_ne_se_remplace_pas(prete, tmp_path):
    copie = sauvegarde.sauvegarder(adresse(prete), tmp_path / "copies", LE)
    autre = ouvrir(adresse(prete))
    with autre.connect() as site:
        site.execute(text("SELECT count(*) FROM caisse"))
        prete.engine.dispose()
        with pytest.raises(sauvegarde.BaseOccupee):
            sauvegarde.restaurer(adresse(prete), copie.chemin, LE)
    autre.dispose()
    assert commandes(prete) == ["avant"]


@pytest.mark.parametrize("moteur_base, abimer", [("sqlite", "couper"), ("sqlite", "texte"), ("sqlite", "vide"), ("postgresql", "couper")],
                         indirect=["moteur_base"])
def test_un_fichier_qui_nest_pas_une_sauvegarde_entiere_est_refuse(prete, tmp_path, abimer):
    copie = sauvegarde.sauvegarder(adresse(prete), tmp_path / "copies", LE).chemin
    contenu = copie.read_bytes()
    copie.write_bytes({"couper": contenu[:len(contenu) // 2], "texte": b"bonjour" * 400, "vide": b""}[abimer])
    prete.engine.dispose()
    with pytest.raises((sauvegarde.SauvegardeIllisible, sauvegarde.OutilRefuse)):
        sauvegarde.restaurer(adresse(prete), copie, LE)
    assert commandes(prete) == ["avant"]


def test_la_copie_est_entiere_pendant_que_le_site_ecrit(sessions, tmp_path, monkeypatch):
    """Two lines a transaction: a copy taken in the middle of one would hold an odd number. Slices of one page leave the time to write."""
    monkeypatch.setattr(sauvegarde, "PAGES", 5)
    fini, ecrites = threading.Event(), []

    def site():
        autre = Sessions(ouvrir(adresse(sessions)))
        while not fini.is_set():
            with autre() as s:
                for _ in range(2):
                    noter(s, le=LE, acteur="systeme", commande="paire", objet="caisse", objet_id="x", origine="systeme")
            ecrites.append(2)
        autre.engine.dispose()

    fil = threading.Thread(target=site)
    fil.start()
    try:
        attendre(lambda: ecrites, 60, "que le site écrive")
        pas = []
        copies = [sauvegarde.sauvegarder(adresse(sessions), tmp_path / "copies", LE, pas.append).chemin for _ in range(3)]
    finally:
        fini.set()
        fil.join()
    assert pas and pas == sorted(pas[:len(pas) // 3]) + sorted(pas[len(pas) // 3:2 * len(pas) // 3]) + sorted(pas[2 * len(pas) // 3:])
    comptes = []
    for copie in copies:
        with sqlite3.connect(copie) as lue:
            comptes.append(lue.execute("SELECT count(*) FROM historique WHERE commande = 'paire'").fetchone()[0])
        lue.close()
    assert all(c % 2 == 0 for c in comptes) and comptes == sorted(comptes) and comptes[0] > 0


def test_une_base_abimee_le_dit_au_lieu_de_donner_une_sauvegarde(tmp_path, modele_sqlite):
    base = tmp_path / "contacts.db"
    shutil.copy(modele_sqlite, base)
    octets = bytearray(base.read_bytes())
    octets[8192:8192 + 4096 * 20] = os.urandom(4096 * 20)
    base.write_bytes(octets)
    with pytest.raises(sauvegarde.BaseAbimee):
        sauvegarde.sauvegarder(f"sqlite:///{base}", tmp_path / "copies", LE)
    assert list((tmp_path / "copies").iterdir()) == []


def test_une_base_ruinee_se_remplace_et_ses_octets_restent(sessions, tmp_path):
    copie = sauvegarde.sauvegarder(adresse(sessions), tmp_path / "copies", LE).chemin
    sessions.engine.dispose()
    ruine = tmp_path / "contacts.db"
    ruine.write_bytes(b"plus rien de lisible" * 500)
    fait = sauvegarde.restaurer(adresse(sessions), copie, LE)
    assert fait.avant is not None and fait.avant.read_bytes().startswith(b"plus rien")
    with sessions.lecture() as s:
        assert s.scalar(select(func.count()).select_from(Historique)) is not None


def test_un_echec_avant_la_fin_ne_change_rien(sessions, tmp_path):
    ecrire(sessions, "avant")
    copie = sauvegarde.sauvegarder(adresse(sessions), tmp_path / "copies", LE).chemin
    ecrire(sessions, "apres")
    sessions.engine.dispose()

    def tomber(_):
        raise RuntimeError("panne")
    with pytest.raises(RuntimeError):
        sauvegarde.restaurer(adresse(sessions), copie, LE, tomber)
    assert commandes(sessions) == ["avant", "apres"]
    assert not [f for f in tmp_path.iterdir() if f.name.startswith(".")]


@pytest.mark.parametrize("moteur_base", ["postgresql"], indirect=True)
def test_sans_les_outils_de_postgresql_le_refus_dit_quoi_installer(base, tmp_path, monkeypatch):
    monkeypatch.setattr(sauvegarde, "which", lambda _: None)
    with pytest.raises(sauvegarde.OutilAbsent, match="postgresql-client"):
        sauvegarde.sauvegarder(adresse(base), tmp_path, LE)


def test_par_la_commande_aller_et_retour(sessions, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("CONSEIL_DONNEES", str(tmp_path))
    monkeypatch.setenv("CONSEIL_NOW", "2011-09-14T10:00")
    ecrire(sessions, "avant")
    assert principal(["base", "sauvegarder", "--json"]) == 0
    copie = json.loads(capsys.readouterr().out)["fichier"]
    assert copie.startswith(str(tmp_path / "sauvegardes"))
    ecrire(sessions, "apres")
    sessions.engine.dispose()
    assert principal(["base", "restaurer", copie]) == 0
    assert "ancienne base" in capsys.readouterr().out
    assert commandes(sessions) == ["avant"]
    assert principal(["base", "restaurer", str(tmp_path / "absent.db")]) == 1
    assert "n'est pas une sauvegarde" in capsys.readouterr().err.replace("’", "'")
