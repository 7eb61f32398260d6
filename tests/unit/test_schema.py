"""The contact database, on SQLite and on PostgreSQL: migrations up, down and up again; code and migrations agree; what the database itself refuses."""
from datetime import datetime, timezone

import pytest
from alembic.util.exc import CommandError
from sqlalchemy import JSON, Column, Date, Integer, MetaData, String, Table, Text, func, inspect, select, text
from sqlalchemy.exc import DBAPIError

from bot.cli.demonstration import installer as installer_demonstration
from bot.contacts import conversations, schema, tables
from bot.contacts.base import Base
from bot.contacts.caisses import caisses, installer_demo
from bot.contacts.historique import noter
from bot.contacts.tables import Caisse, Historique

LE = datetime(2011, 9, 14, 8, tzinfo=timezone.utc)


# -- migrations ----------------------------------------------------------------------------------------------------------------------------


def test_monte_descend_remonte_avec_des_donnees(base):
    with base() as s:
        noter(s, le=LE, acteur="systeme", commande="essai", objet="caisse", objet_id="demo-aquitaine", origine="systeme")
    schema.revenir(base.engine, "base")
    assert inspect(base.engine).get_table_names() == ["alembic_version"]
    schema.migrer(base.engine)
    schema.verifier(base.engine)


def test_chaque_marche_se_redescend_et_se_remonte(base):
    """Down by one and up again from every migration, so that none hides behind the one after it; what a lower step holds is kept."""
    for marche in schema.marches()[-2::-1]:
        schema.revenir(base.engine, marche)
    with base.lecture() as s:
        assert s.execute(text("SELECT count(*) FROM antenne")).scalar() == 5
    schema.migrer(base.engine)
    with base() as s:
        installer_demo(s)
        assert s.scalar(select(Caisse.genre).where(Caisse.code == "demo-reunion")) == "regionale"
    schema.verifier(base.engine)


def contenu(engine, colonnes=None):
    """Every row of every table, as values in no order: {table: (columns, rows)}; of these columns only, when given."""
    voulues = colonnes or {t: [c["name"] for c in inspect(engine).get_columns(t)] for t in inspect(engine).get_table_names() if t != "alembic_version"}
    with engine.connect() as c:
        return {table: (noms, sorted(repr(tuple(ligne)) for ligne in c.execute(text(f'SELECT {", ".join(noms)} FROM "{table}"'))))
                for table, noms in voulues.items()}


def test_une_base_de_chaque_version_publiee_se_met_a_jour_sans_perdre_ni_changer_une_ligne(base):
    """R14: the demonstration's people, conversations and agenda, under every schema that was released, then brought up to date."""
    with base() as s:
        installer_demonstration(s, LE)
        conversation, _ = conversations.ouvrir(s, "demo-aquitaine", LE)
        conversations.commencer(s, conversation, "m1", "bonjour", "bonjour", LE)
    lignes = {}
    for marche in schema.marches()[-2::-1]:
        schema.revenir(base.engine, marche)
        avant = contenu(base.engine)
        schema.migrer(base.engine)
        apres = contenu(base.engine, {table: noms for table, (noms, _) in avant.items()})
        assert {t for t in avant if avant[t] != apres[t]} == set(), f"depuis {marche}"
        schema.verifier(base.engine)
        lignes[marche] = sum(len(rangs) for _, rangs in avant.values())
    assert min(lignes.values()) > 5 and lignes["0005"] > 500


@pytest.mark.parametrize("moteur_base", ["postgresql"], indirect=True)
def test_une_mise_a_jour_nattend_pas_derriere_une_longue_operation(base, monkeypatch):
    """R14: it gives up whole, instead of making everyone wait behind it; asked for again, it passes."""
    monkeypatch.setattr(schema, "ATTENTE_VERROU", "200ms")
    precedente = schema.marches()[-2]
    schema.revenir(base.engine, precedente)
    occupe = [t for t in inspect(base.engine).get_table_names()]
    with base.engine.connect() as longue:
        longue.execute(text("LOCK TABLE " + ", ".join(f'"{t}"' for t in occupe) + " IN ACCESS SHARE MODE"))
        with pytest.raises(DBAPIError) as refus:
            schema.revenir(base.engine, schema.marches()[0])
        assert type(refus.value.orig).__name__ == "LockNotAvailable"
        longue.rollback()
    schema.migrer(base.engine)
    schema.verifier(base.engine)
    with base.lecture() as s:
        assert s.execute(text("SHOW lock_timeout")).scalar() == "0"


def test_le_code_et_les_migrations_disent_la_meme_chose(base):
    schema.verifier(base.engine)
    assert schema.a_jour(base.engine)


def test_une_table_oubliee_par_les_migrations_se_voit(base):
    with base.engine.begin() as c:
        c.execute(text("DROP TABLE avis"))
    with pytest.raises(CommandError):
        schema.verifier(base.engine)


def test_une_base_vierge_nest_pas_a_jour_puis_lest(base_vierge):
    assert not schema.a_jour(base_vierge.engine)
    schema.migrer(base_vierge.engine)
    assert schema.a_jour(base_vierge.engine)


def test_installer_la_demo_deux_fois_ne_double_rien(base):
    with base() as s:
        installer_demo(s)
    with base.lecture() as s:
        assert [(c.code, len(c.antennes)) for c in caisses(s)] == [("demo-aquitaine", 3), ("demo-reunion", 2)]


# -- what the database refuses ----------------------------------------------------------------------------------------------------------------


AUDIT = ("INSERT INTO audit (le, acteur, acte, precedent, empreinte) "
         f"VALUES ('2011-09-14 08:00:00', 'systeme', 'essai', '{'0' * 64}', '{'1' * 64}')")
HISTORIQUE = ("INSERT INTO historique (le, acteur, origine, commande, objet, objet_id) "
              "VALUES ('2011-09-14 08:00:00', 'systeme', 'systeme', 'essai', 'caisse', 'demo-aquitaine')")


@pytest.mark.parametrize("table, ajout", [("historique", HISTORIQUE), ("audit", AUDIT)])
@pytest.mark.parametrize("acte", ["UPDATE {} SET acteur = 'autre'", "DELETE FROM {}"])
def test_un_journal_ne_se_recrit_ni_ne_sefface(base, table, ajout, acte):
    with base() as s:
        s.execute(text(ajout))
    with pytest.raises(DBAPIError, match="ajout seul"):
        with base() as s:
            s.execute(text(acte.format(table)))
    with base.lecture() as s:
        assert s.execute(text(f"SELECT count(*) FROM {table} WHERE acteur = 'systeme'")).scalar() == 1


@pytest.mark.parametrize("moteur_base", ["postgresql"], indirect=True)
def test_un_journal_ne_se_vide_pas_dun_coup(base):
    """TRUNCATE passes by the triggers of rows: the statement itself is refused."""
    with pytest.raises(DBAPIError, match="ajout seul"):
        with base() as s:
            s.execute(text("TRUNCATE historique"))


def test_temoin_sans_le_declencheur_le_journal_se_laisse_effacer(base):
    with base() as s:
        s.execute(text(HISTORIQUE))
        if base.engine.dialect.name == "sqlite":
            s.execute(text("DROP TRIGGER historique_delete"))
        else:
            s.execute(text("DROP TRIGGER historique_ajout_seul ON historique"))
        s.execute(text("DELETE FROM historique"))
        assert s.scalar(select(func.count()).select_from(Historique)) == 0


def test_une_cle_etrangere_sans_parent_est_refusee(base):
    with pytest.raises(DBAPIError):
        with base() as s:
            s.execute(text("INSERT INTO role (conseiller_id, caisse_code, niveau) VALUES (99, 'demo-aquitaine', 'conseiller')"))


def test_un_instant_revient_en_temps_universel(base):
    """The server's own zone is Réunion's in these tests: an instant that came back shifted would show."""
    with base() as s:
        noter(s, le=LE, acteur="systeme", commande="essai", objet="caisse", objet_id="x", origine="systeme")
    with base.lecture() as s:
        assert s.scalar(select(Historique.le)) == LE


def test_sqlite_est_regle_pour_ne_rien_perdre(sessions):
    with sessions.engine.connect() as c:
        lus = {p: c.execute(text(f"PRAGMA {p}")).scalar() for p in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")}
    assert lus == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 5000}


# -- what the columns say ------------------------------------------------------------------------------------------------------------------


def sans_marque(metadata: MetaData) -> list[str]:
    """Columns that could hold something of a person and do not say whether they do."""
    return [f"{t.name}.{c.name}" for t in metadata.tables.values() for c in t.columns
            if isinstance(c.type, (String, Text, JSON, Date)) and not isinstance(c.info.get("personnel"), bool)]


def test_chaque_colonne_de_texte_ou_de_date_dit_si_elle_est_personnelle():
    assert sans_marque(Base.metadata) == []


@pytest.mark.parametrize("genre", [String(10), Text(), JSON(), Date()])
def test_temoin_une_colonne_nouvelle_sans_marque_se_voit(genre):
    autre = MetaData()
    Table("nouvelle", autre, Column("id", Integer, primary_key=True), Column("libre", genre))
    assert sans_marque(autre) == ["nouvelle.libre"]


def test_aucune_colonne_ne_pourrait_tenir_un_nir():
    noms = [f"{t.name}.{c.name}" for t in Base.metadata.tables.values() for c in t.columns]
    assert not [n for n in noms if "nir" in n.split(".")[1].split("_") or "secu" in n]


@pytest.mark.parametrize("moteur_base", ["postgresql"], indirect=True)
def test_la_base_porte_les_commentaires_des_colonnes(base):
    lus = {(t, c["name"]): c["comment"] for t in inspect(base.engine).get_table_names() for c in inspect(base.engine).get_columns(t)}
    ecrits = {(t.name, c.name): c.comment for t in Base.metadata.tables.values() for c in t.columns if c.comment}
    assert len(ecrits) > 100
    assert {cle: lus.get(cle) for cle in ecrits} == ecrits


def test_les_issues_du_journal_sont_une_liste_fermee():
    assert len(set(tables.ISSUES)) == len(tables.ISSUES)
