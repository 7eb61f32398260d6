"""What tests share: a database of their own, a front without engine, and (for `moteur` and `navigateur` tests) the real processes."""
import json
import os
from pathlib import Path

import pytest

RACINE = Path(__file__).resolve().parents[1]
PARTAGE = RACINE.parent / "shared"


@pytest.fixture(autouse=True)
def _environnement_neutre(monkeypatch):
    """No CONSEIL_* setting of the machine may change what a test sees."""
    for nom in [n for n in os.environ if n.startswith("CONSEIL_")]:
        monkeypatch.delenv(nom)


@pytest.fixture
def sessions(tmp_path):
    """Sessions on a fresh SQLite database at the current schema, with the demonstration's caisses."""
    from bot.contacts.base import Sessions, ouvrir
    from bot.contacts.caisses import installer_demo
    from bot.contacts.schema import migrer

    engine = ouvrir(f"sqlite:///{tmp_path / 'contacts.db'}")
    migrer(engine)
    sessions = Sessions(engine)
    with sessions() as s:
        installer_demo(s)
    yield sessions
    engine.dispose()


def lignes(*chemins: Path) -> list[dict]:
    """Lines of JSON files."""
    return [json.loads(ligne) for chemin in chemins for ligne in chemin.read_text(encoding="utf-8").splitlines() if ligne.strip()]
