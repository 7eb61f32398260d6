"""What tests share: a database of their own, a front without engine, and (for `moteur` and `navigateur` tests) the real processes."""
import json
import os
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.marche import Marche, attendre
from tests.postgres import base, base_du_module, base_vierge, modele_sqlite, moteur_base, serveur_postgres, sessions  # noqa: F401  (fixtures)

RACINE = Path(__file__).resolve().parents[1]
PARTAGE = RACINE.parent / "shared"


@pytest.fixture(autouse=True)
def _environnement_neutre(monkeypatch):
    """No CONSEIL_* setting of the machine may change what a test sees."""
    for nom in [n for n in os.environ if n.startswith("CONSEIL_")]:
        monkeypatch.delenv(nom)


def lignes(*chemins: Path) -> list[dict]:
    """Lines of JSON files."""
    return [json.loads(ligne) for chemin in chemins for ligne in chemin.read_text(encoding="utf-8").splitlines() if ligne.strip()]


@contextmanager
def installation(dossier: Path, **reglages):
    """The whole installation under `conseil serve --demo`, on free ports: gives the site's address once every part answers."""
    marche = Marche(dossier, "--demo", CONSEIL_MESSAGES_PAR_MINUTE=1000, CONSEIL_CONVERSATIONS_PAR_MINUTE=1000,
                    CONSEIL_DELAI_MOTEUR=20,  # a busy machine must not turn an answer into a reduced one
                    **{f"CONSEIL_{n.upper()}": v for n, v in reglages.items()})
    try:
        attendre(marche.pret, 180, "toutes les parties du site")
        yield marche.adresse
    finally:
        marche.finir()


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The address of a running demonstration site, every process on: front, engine, actions, worker."""
    with installation(tmp_path_factory.mktemp("site")) as adresse:
        yield adresse


@pytest.fixture(scope="session")
def site_demo_caisse(site):
    """The fictitious caisse's own website, on another origin, that carries the chat window."""
    port = int(site.rsplit(":", 1)[1])
    return f"http://127.0.0.1:{port + 1}"
