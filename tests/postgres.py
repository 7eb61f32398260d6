"""A real PostgreSQL server that the tests start by themselves, as an ordinary user; and `base`: the same fresh database on SQLite and on it.

`def test_x(base)` runs twice. Absent server: skipped on a desk, a failure under CI=true. Nothing is installed, no port is opened.
"""
import ctypes
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Iterator, Optional

import psycopg
import pytest
from sqlalchemy import URL, Engine, make_url

from bot.contacts.base import Sessions, ouvrir
from bot.contacts.caisses import installer_demo
from bot.contacts.schema import migrer

# A database of tests may be lost with the machine: everything that waits for the disk is off.
REGLAGES = {"listen_addresses": "", "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "shared_buffers": "32MB",
            "max_connections": "60", "autovacuum": "off", "log_min_messages": "fatal", "timezone": "Indian/Reunion"}
ATTENTE = 30.0


def _executables() -> Optional[Path]:
    """The folder of `initdb` and `postgres`: the newest that Debian installs, or the path's."""
    installes = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda p: float(p.parts[-3]))
    trouve = installes[-1] if installes else shutil.which("postgres")
    return Path(trouve).parent if trouve else None


def _compte() -> dict:
    """Who runs the server: PostgreSQL refuses root, so a root test hands it to an ordinary user."""
    if os.geteuid() != 0:
        return {}
    for nom in ("postgres", "nobody"):
        try:
            qui = pwd.getpwnam(nom)
            return {"user": qui.pw_uid, "group": qui.pw_gid, "extra_groups": []}
        except KeyError:
            continue
    raise RuntimeError("aucun utilisateur ordinaire (postgres, nobody) pour faire tourner PostgreSQL")


def _mourir_avec_les_tests() -> None:
    """PR_SET_PDEATHSIG: a killed test run leaves no server behind."""
    ctypes.CDLL(None).prctl(1, signal.SIGQUIT)


@dataclass
class Serveur:
    """A running server. `vierge()` gives the address of an empty database, `prete()` of a migrated one with the demonstration's caisses."""

    dossier: Path
    _numeros: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _modele: Optional[str] = None

    def adresse(self, base: str) -> URL:
        return make_url(f"postgresql+psycopg://conseil@/{base}?host={self.dossier}")

    def _executer(self, sql: str) -> None:
        with psycopg.connect(f"host={self.dossier} user=conseil dbname=postgres", autocommit=True) as c:
            c.execute(sql)

    def vierge(self, modele: str = "template0") -> URL:
        nom = f"essai_{next(self._numeros)}"
        self._executer(f"CREATE DATABASE {nom} TEMPLATE {modele}")
        return self.adresse(nom)

    def prete(self) -> URL:
        if self._modele is None:
            adresse = self.vierge()
            preparer(ouvrir(adresse.render_as_string(hide_password=False)))
            self._modele = adresse.database
        return self.vierge(self._modele)

    def jeter(self, adresse: URL) -> None:
        self._executer(f"DROP DATABASE IF EXISTS {adresse.database} WITH (FORCE)")


def preparer(engine: Engine) -> None:
    """Current schema and the demonstration's caisses; closes the engine, so that the database may be copied."""
    migrer(engine)
    with Sessions(engine)() as s:
        installer_demo(s)
    engine.dispose()


def _attendre(dossier: Path, serveur: subprocess.Popen, journal: Path) -> None:
    fin = time.monotonic() + ATTENTE
    while True:
        try:
            psycopg.connect(f"host={dossier} user=conseil dbname=postgres").close()
            return
        except psycopg.OperationalError:
            if serveur.poll() is not None or time.monotonic() > fin:
                raise RuntimeError(f"PostgreSQL ne démarre pas :\n{journal.read_text()[-2000:]}") from None
            time.sleep(0.02)


def _demarrer(binaires: Path, dossier: Path) -> subprocess.Popen:
    compte, donnees, journal = _compte(), dossier / "donnees", dossier / "journal"
    if compte:
        os.chown(dossier, compte["user"], compte["group"])
        dossier.chmod(0o755)
    env = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": str(dossier)}
    subprocess.run([binaires / "initdb", "-D", donnees, "-U", "conseil", "-A", "trust", "-E", "UTF8", "--no-sync", "--no-instructions"], env=env,
                   cwd=dossier, check=True, capture_output=True, **compte)
    options = [o for nom, valeur in {**REGLAGES, "unix_socket_directories": dossier}.items() for o in ("-c", f"{nom}={valeur}")]
    with journal.open("w") as sortie:
        serveur = subprocess.Popen([binaires / "postgres", "-D", donnees, *options], env=env, cwd=dossier, stdout=sortie, stderr=sortie,
                                   preexec_fn=_mourir_avec_les_tests, **compte)
    try:
        _attendre(dossier, serveur, journal)
    except RuntimeError:
        serveur.kill()
        raise
    return serveur


@pytest.fixture(scope="session")
def serveur_postgres():
    """A PostgreSQL server for the whole run, on a Unix socket of its own. Skips without PostgreSQL, fails when CI=true."""
    binaires = _executables()
    if binaires is None:
        dire = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        dire("PostgreSQL est absent : installez le paquet « postgresql » (son serveur n'a pas à tourner)")
    dossier = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))  # a socket's path is short: pytest's own folders are too deep
    serveur = _demarrer(binaires, dossier)
    try:
        yield Serveur(dossier)
    finally:
        serveur.send_signal(signal.SIGQUIT)
        serveur.wait(20)
        shutil.rmtree(dossier, ignore_errors=True)


@pytest.fixture(scope="session")
def modele_sqlite(tmp_path_factory):
    """A migrated SQLite file with the demonstration's caisses, to copy."""
    chemin = tmp_path_factory.mktemp("modele") / "contacts.db"
    preparer(ouvrir(f"sqlite:///{chemin}"))
    return chemin


@pytest.fixture
def sessions(tmp_path, modele_sqlite):
    """Sessions on a fresh SQLite database at the current schema, with the demonstration's caisses."""
    shutil.copy(modele_sqlite, tmp_path / "contacts.db")
    engine = ouvrir(f"sqlite:///{tmp_path / 'contacts.db'}")
    yield Sessions(engine)
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def moteur_base(request):
    """The name of the database engine of this test; `base` and `base_vierge` follow it."""
    return request.param


def _sessions(request, tmp_path, moteur: str, prete: bool) -> Iterator[Sessions]:
    if moteur == "sqlite":
        fichier = tmp_path / "contacts.db"
        if prete:
            shutil.copy(request.getfixturevalue("modele_sqlite"), fichier)
        engine = ouvrir(f"sqlite:///{fichier}")
        yield Sessions(engine)
        engine.dispose()
        return
    serveur: Serveur = request.getfixturevalue("serveur_postgres")
    adresse = serveur.prete() if prete else serveur.vierge()
    engine = ouvrir(adresse.render_as_string(hide_password=False))
    yield Sessions(engine)
    engine.dispose()
    serveur.jeter(adresse)


@pytest.fixture
def base(request, tmp_path, moteur_base):
    """Sessions on a fresh database at the current schema with the demonstration's caisses: once on SQLite, once on PostgreSQL.
    Its address, for another process: `base.engine.url.render_as_string(hide_password=False)`."""
    yield from _sessions(request, tmp_path, moteur_base, prete=True)


@pytest.fixture
def base_vierge(request, tmp_path, moteur_base):
    """Sessions on an empty database, without any table: once on SQLite, once on PostgreSQL."""
    yield from _sessions(request, tmp_path, moteur_base, prete=False)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def base_du_module(request, tmp_path_factory):
    """Like `base`, one for all the tests of a module: much quicker, when each leaves it as it found it (a session rolled back at its end)."""
    yield from _sessions(request, tmp_path_factory.mktemp("module"), request.param, prete=True)
