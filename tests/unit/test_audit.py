"""The audit trail: append only, chained, one writer at a time; whoever rewrites it is found."""
import json
import shutil
import threading
from datetime import datetime, timedelta, timezone

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from bot.cli import principal
from bot.contacts import audit
from bot.contacts.base import Sessions, ouvrir
from bot.contacts.tables import Audit, RepereAudit
from tests.marche import lisible

LE = datetime(2011, 9, 14, 8, 0, 0, 123456, tzinfo=timezone.utc)


@pytest.fixture
def sessions(tmp_path, modele_sqlite):
    """A copy of a migrated database: quicker than migrating one for each test."""
    shutil.copy(modele_sqlite, tmp_path / "contacts.db")
    engine = ouvrir(f"sqlite:///{tmp_path / 'contacts.db'}")
    yield Sessions(engine)
    engine.dispose()


def ecrire(sessions, nombre=3):
    for n in range(nombre):
        with sessions() as s:
            audit.noter(s, le=LE + timedelta(seconds=n), acteur=f"conseiller:{n}", role="conseiller", caisse_code="demo-aquitaine", acte="dossier.lu",
                        objet="assure", objet_id=n)


def sans_declencheurs(session):
    """What someone who holds the database can do, and the application cannot."""
    if session.get_bind().dialect.name == "postgresql":
        for declencheur in ("audit_ajout_seul", "audit_purge"):
            session.execute(text(f"DROP TRIGGER {declencheur} ON audit"))
    else:
        for acte in ("update", "delete"):
            session.execute(text(f"DROP TRIGGER audit_{acte}"))


def test_la_piste_part_de_zero_et_chaque_ligne_tient_la_precedente(base):
    ecrire(base)
    with base.lecture() as s:
        lignes = s.scalars(select(Audit).order_by(Audit.id)).all()
        rapport = audit.verifier(s)
    assert lignes[0].precedent == "0" * 64 and [x.precedent for x in lignes[1:]] == [x.empreinte for x in lignes[:-1]]
    assert (rapport.lignes, rapport.premiere_rupture, rapport.derniere) == (3, None, lignes[-1].empreinte)


def test_deux_lignes_dune_meme_transaction_se_suivent(base):
    with base() as s:
        for _ in range(2):
            audit.noter(s, le=LE, acteur="systeme", acte="essai")
    with base.lecture() as s:
        assert audit.verifier(s) == audit.Rapport(2, None, audit.verifier(s).derniere)


@pytest.mark.parametrize("ordre", ["UPDATE audit SET acteur = 'conseiller:9'", "DELETE FROM audit"])
def test_la_base_refuse_de_changer_ou_deffacer_une_ligne(base, ordre):
    ecrire(base, 1)
    with pytest.raises(DBAPIError, match="ajout seul"), base() as s:
        s.execute(text(ordre))


@pytest.mark.parametrize("ordre, rompue", [
    ("UPDATE audit SET acteur = 'conseiller:9' WHERE id = 2", 2), ("UPDATE audit SET objet_id = NULL WHERE id = 1", 1),
    ("UPDATE audit SET le = '2011-09-14 08:00:01.123457' WHERE id = 2", 2), ("DELETE FROM audit WHERE id = 2", 3), ("DELETE FROM audit WHERE id = 1", 2)])
def test_une_ligne_falsifiee_est_nommee(base, ordre, rompue):
    ecrire(base)
    with base() as s:
        sans_declencheurs(s)
        s.execute(text(ordre))
    with base.lecture() as s:
        assert audit.verifier(s).premiere_rupture == rompue


def test_une_ligne_falsifiee_avec_son_empreinte_refaite_rompt_la_suivante(base):
    ecrire(base)
    with base() as s:
        sans_declencheurs(s)
        s.flush()
        ligne = s.get(Audit, 2)
        ligne.acteur = "conseiller:9"
        ligne.empreinte = audit.empreinte(ligne)
    with base.lecture() as s:
        assert audit.verifier(s).premiere_rupture == 3


def test_sans_le_verrou_deux_ecritures_simultanees_rompraient_la_piste(base, moteur_base, monkeypatch):
    """The negative control of the next test: on PostgreSQL the fault happens without the lock; SQLite has only one writer anyway."""
    if moteur_base == "sqlite":
        pytest.skip("une seule transaction d'écriture à la fois")
    monkeypatch.setattr(audit, "_attendre_son_tour", lambda _: None)
    with base() as a, base() as b:
        for s, qui in ((a, "conseiller:1"), (b, "conseiller:2")):
            audit.noter(s, le=LE, acteur=qui, acte="essai")
    with base.lecture() as s:
        assert audit.verifier(s).premiere_rupture is not None


def test_deux_ecritures_simultanees_attendent_leur_tour(base):
    ecrite, fini = threading.Event(), threading.Event()

    def seconde():
        ecrite.wait(5)
        with base() as s:
            audit.noter(s, le=LE, acteur="conseiller:2", acte="essai")
        fini.set()
    fil = threading.Thread(target=seconde)
    fil.start()
    with base() as s:
        audit.noter(s, le=LE, acteur="conseiller:1", acte="essai")
        ecrite.set()
        assert not fini.wait(0.2), "la seconde écriture n'a pas attendu la fin de la première"
    fil.join(5)
    with base.lecture() as s:
        assert audit.verifier(s).premiere_rupture is None and audit.verifier(s).lignes == 2


def test_une_lecture_par_lots_relit_tout(sessions, monkeypatch):
    monkeypatch.setattr(audit, "_LOT", 2)
    ecrire(sessions, 5)
    with sessions.lecture() as s:
        assert audit.verifier(s).lignes == 5


# -- the command ---------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def verifier(sessions, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("CONSEIL_DONNEES", str(tmp_path))

    def lancer(*options):
        code = principal(["audit", "verifier", *options])
        sortie = capsys.readouterr()
        return code, lisible(sortie.out), lisible(sortie.err)
    return lancer


def test_la_commande_dit_une_piste_intacte(sessions, verifier):
    ecrire(sessions)
    code, dit, _ = verifier()
    assert code == 0 and "intacte : 3 lignes" in dit
    assert json.loads(verifier("--json")[1]) == {"lignes": 3, "premiere_rupture": None, "derniere": dit.strip().splitlines()[-1].strip(),
                                                "purgees": 0, "sceau_faux": False}


def test_la_commande_nomme_la_ligne_rompue_et_rend_1(sessions, verifier):
    ecrire(sessions)
    with sessions() as s:
        sans_declencheurs(s)
        s.execute(text("UPDATE audit SET acte = 'rien' WHERE id = 2"))
    code, _, refus = verifier()
    assert code == 1 and "rompue à la ligne 2" in refus
    code, dit, _ = verifier("--json")
    assert code == 1 and json.loads(dit)["premiere_rupture"] == 2


def test_une_fin_coupee_se_voit_a_lempreinte_notee_ailleurs(sessions, verifier):
    ecrire(sessions)
    derniere = json.loads(verifier("--json")[1])["derniere"]
    assert verifier("--contient", derniere)[0] == 0
    with sessions() as s:
        sans_declencheurs(s)
        s.execute(text("DELETE FROM audit WHERE id = 3"))
    assert verifier()[0] == 0, "sans repère, une fin coupée ne peut pas se voir"
    code, _, refus = verifier("--contient", derniere)
    assert code == 1 and "coupée" in refus


# -- the end of old lines ------------------------------------------------------------------------------------------------------------------------

CLE = b"k" * 32
AN = timedelta(days=365)


def purger(base, avant=LE + timedelta(seconds=3)):
    with base() as s:
        return audit.purger(s, LE + AN, avant, CLE)


def reperes(base):
    with base.lecture() as s:
        return s.scalars(select(RepereAudit).order_by(RepereAudit.id)).all()


def test_apres_un_an_les_lignes_partent_et_la_chaine_se_verifie_encore(base):
    ecrire(base, 5)
    with base.lecture() as s:
        quatrieme = s.get(Audit, 4)
    assert (purger(base), purger(base)) == (3, 0)
    with base.lecture() as s:
        assert s.scalars(select(Audit.id)).all() == [4, 5]
        rapport = audit.verifier(s, CLE)
        assert (rapport.lignes, rapport.purgees, rapport.intacte) == (2, 3, True)
    assert reperes(base)[0].empreinte == quatrieme.precedent
    ecrire(base, 1)
    assert purger(base, LE + timedelta(seconds=4)) == 1
    with base.lecture() as s:
        assert audit.verifier(s, CLE).purgees == 4 and audit.verifier(s, CLE).intacte


def test_la_derniere_ligne_reste_pour_que_la_suite_la_suive(base):
    ecrire(base, 3)
    assert purger(base, LE + AN) == 2
    ecrire(base, 2)
    with base.lecture() as s:
        assert audit.verifier(s, CLE).intacte and audit.verifier(s, CLE).lignes == 3


def test_sans_rien_de_vieux_rien_ne_part(base):
    assert purger(base) == 0
    ecrire(base, 2)
    assert purger(base, LE) == 0 and reperes(base) == []


def test_une_piste_rompue_nest_pas_purgee_cest_une_preuve(base):
    ecrire(base, 5)
    with base() as s:
        sans_declencheurs(s)
        s.execute(text("UPDATE audit SET acteur = 'conseiller:9' WHERE id = 2"))
    assert purger(base) == 0
    with base.lecture() as s:
        assert audit.verifier(s, CLE).premiere_rupture == 2


@pytest.mark.parametrize("ordre", ["UPDATE audit_repere SET nombre = 9", "DELETE FROM audit_repere", "DELETE FROM audit WHERE id = 4"])
def test_la_base_ne_laisse_partir_que_ce_quun_repere_couvre(base, ordre):
    ecrire(base, 5)
    purger(base)
    with pytest.raises(DBAPIError, match="ajout seul"), base() as s:
        s.execute(text(ordre))


def test_un_repere_pose_sans_la_cle_se_voit(base):
    """Who holds the database can cut the beginning and write a mark; not its seal."""
    ecrire(base, 5)
    with base() as s:
        troisieme = s.get(Audit, 3)
        s.add(RepereAudit(le=LE, dernier_id=3, empreinte=troisieme.empreinte, nombre=3, sceau="0" * 64))
        s.flush()
        s.execute(text("DELETE FROM audit WHERE id <= 3"))
    with base.lecture() as s:
        assert audit.verifier(s, CLE).sceau_faux and not audit.verifier(s, CLE).intacte
        assert not audit.verifier(s).sceau_faux  # without the key, nobody can tell


def test_une_ligne_gardee_falsifiee_apres_la_purge_se_voit(base):
    ecrire(base, 5)
    purger(base)
    with base() as s:
        sans_declencheurs(s)
        s.execute(text("UPDATE audit SET acteur = 'conseiller:9' WHERE id = 4"))
    with base.lecture() as s:
        assert audit.verifier(s, CLE).premiere_rupture == 4


def test_une_empreinte_notee_ailleurs_se_reconnait_jusqua_la_purge(base):
    ecrire(base, 5)
    with base.lecture() as s:
        troisieme = s.get(Audit, 3).empreinte
    purger(base)
    with base.lecture() as s:
        assert audit.connue(s, troisieme)
