"""The worker's jobs: what they delete, twice as well as once, and that a locked database stops nothing."""
import sqlite3
from datetime import timedelta

import pytest

from bot.cli import ouvrier
from bot.contacts import conversations
from bot.horloge import Horloge
from tests.carnet import Carnet

MAINTENANT = 1_800_000_000.0


@pytest.fixture
def suivi(tmp_path):
    """A tracker file as Rasa writes it: one conversation idle for an hour, one alive with an old event."""
    chemin = tmp_path / "suivi.db"
    with sqlite3.connect(chemin) as base:
        base.execute("CREATE TABLE events (id INTEGER PRIMARY KEY, sender_id VARCHAR, type_name VARCHAR, timestamp FLOAT, data TEXT)")
        base.executemany("INSERT INTO events (sender_id, type_name, timestamp) VALUES (?, 'user', ?)", [
            ("finie", MAINTENANT - 3_700), ("finie", MAINTENANT - 3_600),
            ("vive", MAINTENANT - 25 * 3_600), ("vive", MAINTENANT - 60), ("vive", MAINTENANT - 5)])
    base.close()
    return chemin


def _reste(chemin):
    with sqlite3.connect(chemin) as base:
        return base.execute("SELECT sender_id, timestamp - ? FROM events ORDER BY timestamp", (MAINTENANT,)).fetchall()


def test_le_suivi_perd_les_conversations_finies_et_ce_qui_a_plus_de_24_heures(suivi):
    assert ouvrier.purger_suivi(suivi, MAINTENANT) == 3
    assert _reste(suivi) == [("vive", -60.0), ("vive", -5.0)]


def test_la_purge_du_suivi_se_rejoue(suivi):
    ouvrier.purger_suivi(suivi, MAINTENANT)
    assert ouvrier.purger_suivi(suivi, MAINTENANT) == 0


def test_sans_suivi_ou_sans_table_il_ny_a_rien_a_faire(tmp_path):
    assert ouvrier.purger_suivi(tmp_path / "absent.db", MAINTENANT) == 0
    assert not (tmp_path / "absent.db").exists()
    sqlite3.connect(tmp_path / "vide.db").close()
    assert ouvrier.purger_suivi(tmp_path / "vide.db", MAINTENANT) == 0


def test_une_base_verrouillee_remet_a_la_minute_suivante_sans_arreter_les_autres_travaux(suivi, monkeypatch):
    faits = []
    with sqlite3.connect(suivi, isolation_level=None) as autre:
        autre.execute("BEGIN EXCLUSIVE")
        monkeypatch.setattr(ouvrier, "ATTENTE_VERROU", 0.05)
        monkeypatch.setattr(ouvrier, "journal", carnet := Carnet())
        ouvrier.passer({"purge du suivi": lambda: ouvrier.purger_suivi(suivi, MAINTENANT), "autre": lambda: faits.append(1) or 0})
        autre.execute("ROLLBACK")
    assert faits == [1]
    assert [d["evenement"] for d in carnet.lignes] == ["remis_a_plus_tard"]
    assert ouvrier.purger_suivi(suivi, MAINTENANT) == 3


def test_les_conversations_inactives_sont_purgees(sessions):
    horloge = Horloge()
    with sessions() as s:
        conversations.ouvrir(s, "demo-aquitaine", horloge.maintenant() - timedelta(minutes=31))
        conversations.ouvrir(s, "demo-aquitaine", horloge.maintenant())
    assert [ouvrier.purger_conversations(sessions, horloge), ouvrier.purger_conversations(sessions, horloge)] == [1, 0]


def test_une_panne_d_un_travail_n_arrete_pas_les_autres():
    faits = []

    def en_panne():
        raise KeyError("panne")
    ouvrier.passer({"un": en_panne, "deux": lambda: faits.append(2) or 1})
    assert faits == [2]
