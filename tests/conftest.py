"""What tests share: a database of their own, a front without engine, and (for `moteur` and `navigateur` tests) the real processes."""
import json
import os
import signal
import socket
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import httpx
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


def _port_libre() -> int:
    with socket.socket() as prise:
        prise.bind(("127.0.0.1", 0))
        return prise.getsockname()[1]


@contextmanager
def installation(dossier: Path, **reglages):
    """The whole installation under `conseil serve --demo`, on free ports: gives the site's address once the front answers."""
    ports = [_port_libre() for _ in range(3)]
    env = {**os.environ, "CONSEIL_DONNEES": str(dossier), "CONSEIL_PORT_MOTEUR": str(ports[1]), "CONSEIL_PORT_ACTIONS": str(ports[2]),
           "CONSEIL_MESSAGES_PAR_MINUTE": "1000", "CONSEIL_CONVERSATIONS_PAR_MINUTE": "1000",
           **{f"CONSEIL_{n.upper()}": str(v) for n, v in reglages.items()}}
    sortie = (dossier / "serve.log").open("w")
    serveur = subprocess.Popen([str(RACINE / ".venv/service/bin/conseil"), "serve", "--demo", "--port", str(ports[0])],
                               env=env, stdout=sortie, stderr=sortie, cwd=RACINE)
    adresse = f"http://127.0.0.1:{ports[0]}"
    try:
        attendre_url(f"{adresse}/healthz", serveur, dossier)
        yield adresse
    finally:
        serveur.send_signal(signal.SIGINT)
        try:
            serveur.wait(20)
        except subprocess.TimeoutExpired:
            serveur.kill()


def attendre_url(url: str, processus: subprocess.Popen, dossier: Path, secondes: float = 90) -> None:
    """Until `url` answers 200; fails with the log when the process dies or time is over."""
    fin = time.monotonic() + secondes
    while time.monotonic() < fin:
        try:
            if httpx.get(url, timeout=2).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        if processus.poll() is not None:
            break
        time.sleep(0.2)
    pytest.fail(f"{url} ne répond pas :\n{(dossier / 'serve.log').read_text()[-3000:]}")


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The address of a running demonstration site, every process on: front, engine, actions, worker."""
    dossier = tmp_path_factory.mktemp("site")
    with installation(dossier) as adresse:
        fin = time.monotonic() + 90
        while httpx.get(f"{adresse}/readyz", timeout=5).status_code != 200:
            assert time.monotonic() < fin, (dossier / "serve.log").read_text()[-3000:]
            time.sleep(0.3)
        yield adresse


@pytest.fixture(scope="session")
def site_demo_caisse(site):
    """The fictitious caisse's own website, on another origin, that carries the chat window."""
    port = int(site.rsplit(":", 1)[1])
    return f"http://127.0.0.1:{port + 1}"
