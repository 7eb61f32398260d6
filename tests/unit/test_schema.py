"""The contact database: migrations up, down and up again; code and migrations agree; every text column says whether it is personal."""
import pytest
from alembic.util.exc import CommandError
from sqlalchemy import JSON, String, Text, inspect, text

from bot.contacts import schema, tables
from bot.contacts.base import Base, Sessions, ouvrir
from bot.contacts.caisses import caisses, installer_demo


@pytest.fixture
def engine(tmp_path):
    engine = ouvrir(f"sqlite:///{tmp_path / 'essai.db'}")
    yield engine
    engine.dispose()


def test_monte_descend_remonte_avec_des_donnees(engine):
    schema.migrer(engine)
    with Sessions(engine)() as s:
        installer_demo(s)
    schema.revenir(engine, "base")
    assert inspect(engine).get_table_names() == ["alembic_version"]
    schema.migrer(engine)
    schema.verifier(engine)


def test_une_table_oubliee_par_les_migrations_se_voit(engine):
    schema.migrer(engine)
    with engine.begin() as c:
        c.execute(text("DROP TABLE avis"))
    with pytest.raises(CommandError):
        schema.verifier(engine)


def test_installer_la_demo_deux_fois_ne_double_rien(engine):
    schema.migrer(engine)
    sessions = Sessions(engine)
    for _ in range(2):
        with sessions() as s:
            installer_demo(s)
    with sessions.lecture() as s:
        assert [(c.code, len(c.antennes)) for c in caisses(s)] == [("demo-aquitaine", 3), ("demo-reunion", 2)]


def test_chaque_colonne_de_texte_dit_si_elle_est_personnelle():
    sans_marque = [f"{t.name}.{c.name}" for t in Base.metadata.tables.values() for c in t.columns
                   if isinstance(c.type, (String, Text, JSON)) and "personnel" not in c.info]
    assert sans_marque == []


def test_aucune_colonne_ne_pourrait_tenir_un_nir():
    noms = [f"{t.name}.{c.name}" for t in Base.metadata.tables.values() for c in t.columns]
    assert not [n for n in noms if "nir" in n.split(".")[1].split("_") or "secu" in n]


def test_sqlite_est_regle_pour_ne_rien_perdre(engine):
    with engine.connect() as c:
        lus = {p: c.execute(text(f"PRAGMA {p}")).scalar() for p in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")}
    assert lus == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 5000}


def test_les_issues_du_journal_sont_une_liste_fermee():
    assert len(set(tables.ISSUES)) == len(tables.ISSUES)
