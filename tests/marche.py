"""Runs the real `conseil serve` for tests: its own data folder and ports, its output, its processes found in /proc."""
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable, Iterator, Literal, Optional

import httpx
import uvicorn

RACINE = Path(__file__).resolve().parents[1]
CONSEIL = [sys.executable, "-c", "import sys; from bot.cli import principal; sys.exit(principal())"]


def ports_libres(nombre: int) -> list[int]:
    """Free ports of the loopback, the first two in a row (the site, and the caisse's own site beside it)."""
    for _ in range(50):
        prises = [socket.socket() for _ in range(nombre)]
        try:
            prises[0].bind(("127.0.0.1", 0))
            prises[1].bind(("127.0.0.1", prises[0].getsockname()[1] + 1))
            for prise in prises[2:]:
                prise.bind(("127.0.0.1", 0))
            return [prise.getsockname()[1] for prise in prises]
        except OSError:
            continue
        finally:
            for prise in prises:
                prise.close()
    raise RuntimeError("pas de port libre")


def attendre(vrai: Callable[[], object], delai: float, quoi: str) -> object:
    """The first true value of `vrai()`; fails, saying what was awaited, after `delai` seconds."""
    fin = time.monotonic() + delai
    while time.monotonic() < fin:
        valeur = vrai()
        if valeur:
            return valeur
        time.sleep(0.05)
    raise AssertionError(f"toujours pas après {delai:.0f} s : {quoi}")


@contextmanager
def servie(app: Any, port: int = 0, lifespan: Literal["on", "off"] = "off") -> Iterator[str]:
    """An application on a port of the loopback, free unless given; its address. Its lifespan is left alone unless « on »: the test runs it, or needs none."""
    prise = socket.socket()
    prise.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    prise.bind(("127.0.0.1", port))
    # A page that listens to events never hangs up by itself: it is left after a second, as the site leaves it (bot/cli/sites.py).
    serveur = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan=lifespan, timeout_graceful_shutdown=1))
    fil = threading.Thread(target=serveur.run, kwargs={"sockets": [prise]}, daemon=True)
    fil.start()
    try:
        attendre(lambda: serveur.started, 30, "le site répond")
        yield f"http://127.0.0.1:{prise.getsockname()[1]}"
    finally:
        serveur.should_exit = True
        fil.join(20)
        prise.close()


def environnement(donnees: Path, **ajouts: object) -> dict[str, str]:
    """The machine's environment without its CONSEIL_* settings, with ports and data of our own."""
    port, _, moteur, actions = ports_libres(4)
    propre = {n: v for n, v in os.environ.items() if not n.startswith("CONSEIL_")}
    return {**propre, "PYTHONPATH": str(RACINE), "PYTHONUNBUFFERED": "1", "CONSEIL_DONNEES": str(donnees), "CONSEIL_PORT": str(port),
            "CONSEIL_PORT_MOTEUR": str(moteur), "CONSEIL_PORT_ACTIONS": str(actions), **{n: str(v) for n, v in ajouts.items()}}


def conseil(*arguments: str, env: Optional[dict[str, str]] = None, entree: str = "", delai: float = 120) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end."""
    return subprocess.run([*CONSEIL, *arguments], cwd=RACINE, env=env, input=entree, capture_output=True, text=True, timeout=delai)


def lisible(texte: str) -> str:
    """With ordinary spaces, so that a test can be typed."""
    return re.sub("[\u00a0\u202f]", " ", texte)


class Marche:
    """A site in motion. Everything it started carries its data folder in its environment, and is found by that."""

    def __init__(self, donnees: Path, *options: str, **reglages: object):
        self.donnees = donnees
        self.env = environnement(donnees, **reglages)
        donnees.mkdir(parents=True, exist_ok=True)
        self.dit = donnees / "terminal.txt"
        with self.dit.open("w") as sortie:
            self.processus = subprocess.Popen([*CONSEIL, "serve", *options], cwd=RACINE, env=self.env, stdin=subprocess.DEVNULL, stdout=sortie,
                                              stderr=subprocess.STDOUT, start_new_session=True)

    @property
    def adresse(self) -> str:
        return f"http://127.0.0.1:{self.env['CONSEIL_PORT']}"

    @property
    def fiche(self) -> dict[str, object]:
        """What var/conseil.pid says."""
        return json.loads((self.donnees / "conseil.pid").read_text())

    def terminal(self) -> str:
        return lisible(self.dit.read_text(encoding="utf-8"))

    def attendre(self, motif: str, delai: float = 90) -> "re.Match[str]":
        """Wait until the terminal shows `motif`; fails at once, with the terminal, when the site has stopped."""
        def vu() -> object:
            trouve = re.search(motif, self.terminal())
            if not trouve and self.processus.poll() is not None:
                raise AssertionError(f"le site s'est arrêté (code {self.processus.returncode}) :\n{self.terminal()}")
            return trouve
        try:
            return attendre(vu, delai, f"« {motif} » au terminal")  # type: ignore[return-value]
        except AssertionError as e:
            raise AssertionError(f"{e}\n{self.terminal()}") from e

    def pret(self) -> bool:
        """Whether every part answers; fails, with the terminal, when the site has stopped."""
        if self.processus.poll() is not None:
            raise AssertionError(f"le site s'est arrêté (code {self.processus.returncode}) :\n{self.terminal()}")
        try:
            return httpx.get(f"{self.adresse}/readyz", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False

    def pid(self, nom: str) -> int:
        """The process of a child in its present life, by its journal."""
        lances = re.findall(r"-- lancé, processus (\d+)", (self.donnees / "journaux" / f"{nom}.log").read_text())
        return int(lances[-1])

    def descendants(self) -> set[int]:
        """Every living process that was started from here, at any depth."""
        marque, trouves = str(self.donnees).encode(), set()
        for dossier in Path("/proc").glob("[0-9]*"):
            try:
                vivant = (dossier / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
                if vivant and marque in (dossier / "environ").read_bytes():
                    trouves.add(int(dossier.name))
            except (OSError, ValueError):
                continue
        return trouves - {self.processus.pid, os.getpid()}

    def finir(self, signal_: signal.Signals = signal.SIGINT) -> int:
        """Stop it and give its exit code."""
        if self.processus.poll() is None:
            self.processus.send_signal(signal_)
        try:
            return self.processus.wait(30)
        finally:
            for reste in self.descendants():  # a failed test must leave nothing behind either
                os.kill(reste, signal.SIGKILL)
