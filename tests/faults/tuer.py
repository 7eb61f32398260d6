"""Real processes of ours, born and reborn on the same port and database, to be killed: the front, and the action server.

They are forked from a nursery (`python -m tests.faults.tuer`) that has imported everything once: a life begins in half a second instead of five.
"""
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, Any, Optional

import httpx

from tests.faults import piege
from tests.marche import RACINE, attendre, environnement

AMORCE = RACINE / "tests" / "faults" / "amorce"
SONDES = {"site": ("CONSEIL_PORT", "/healthz"), "actions": ("CONSEIL_PORT_ACTIONS", "/health")}  # the worker answers nobody: it has none


def environnement_piege(donnees: Path, **reglages: object) -> dict[str, str]:
    """An environment for `conseil serve` (or any process of ours) in which `piege.ordonner(donnees / "ordre.json", …)` kills. Not for the engine,
    which inherits nothing: kill it from outside (`Marche.pid`)."""
    env = environnement(donnees, **reglages)
    return {**env, "PYTHONPATH": f"{AMORCE}{os.pathsep}{RACINE}", "PIEGE_ORDRE": str(donnees / "ordre.json")}


class Pepiniere:
    """Where processes are born. `with Pepiniere() as p: site = Mortel(p, "site", donnees, base=…)`."""

    def __enter__(self) -> "Pepiniere":
        env = {n: v for n, v in os.environ.items() if not n.startswith("CONSEIL_")} | {"PYTHONPATH": str(RACINE)}
        self._processus = subprocess.Popen([sys.executable, "-m", "tests.faults.tuer"], cwd=RACINE, env=env, text=True, stdin=subprocess.PIPE,
                                           stdout=subprocess.PIPE)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._processus.stdin is not None
        self._processus.stdin.close()
        self._processus.wait(20)

    def demander(self, **ordre: Any) -> Any:
        """One question to the nursery, and its answer."""
        assert self._processus.stdin is not None and self._processus.stdout is not None
        self._processus.stdin.write(json.dumps(ordre) + "\n")
        self._processus.stdin.flush()
        return json.loads(self._processus.stdout.readline())


class Mortel:
    """A front or an action server. It has an address from its first birth on, the same all its lives."""

    def __init__(self, pepiniere: Pepiniere, quoi: str, donnees: Path, **reglages: object):
        donnees.mkdir(parents=True, exist_ok=True)
        self.pepiniere, self.quoi, self.env = pepiniere, quoi, environnement_piege(donnees, **reglages)
        self.ordre = Path(self.env["PIEGE_ORDRE"])
        self.journal = donnees / f"{quoi}.log"
        self.pid: Optional[int] = None
        self.vies = 0

    @property
    def adresse(self) -> str:
        return f"http://127.0.0.1:{self.env[SONDES[self.quoi][0]]}"

    def naitre(self) -> "Mortel":
        """Start a life and wait until it answers."""
        self.vies += 1
        self.pid = self.pepiniere.demander(quoi=self.quoi, env=self.env, journal=str(self.journal))

        if self.quoi not in SONDES:
            return self

        def repond() -> bool:
            if Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                raise AssertionError(f"« {self.quoi} » est mort en naissant :\n{self.journal.read_text()[-2000:]}")
            try:
                return httpx.get(self.adresse + SONDES[self.quoi][1], timeout=5).status_code == 200
            except httpx.HTTPError:
                return False
        attendre(repond, 120, f"{self.quoi} répond")
        return self

    def pieger(self, etape: str, sql: str = r"INSERT INTO occupation\b", fois: int = 1) -> None:
        """It will die at this step (see `piege.ordonner`)."""
        piege.ordonner(self.ordre, etape, sql, fois=fois)

    def tuer(self) -> None:
        """SIGKILL from outside, now; it is really over when this returns."""
        assert self.pid is not None
        os.kill(self.pid, signal.SIGKILL)
        assert self.mort() == signal.SIGKILL

    def mort(self) -> int:
        """Wait for the end of this life: the signal that ended it, 0 when it left by itself. Fails when it lives on."""
        fin: Optional[int] = self.pepiniere.demander(attendre=self.pid)
        assert fin is not None, f"« {self.quoi} » vit toujours"
        self.pid = None
        return fin

    def finir(self) -> None:
        """Leave nothing behind, whatever the state."""
        if self.pid is not None:
            self.tuer()


# ---- the nursery ------------------------------------------------------------------------------------------------------


def _vivre(quoi: str, env: dict[str, str], sortie: IO[str]) -> None:
    """A whole life, in the child."""
    os.environ.clear()
    os.environ.update(env)
    for flux in (1, 2):
        os.dup2(sortie.fileno(), flux)
    os.close(0)
    from bot.actions import serveur
    from bot.cli.sites import ecouter
    from bot.contacts.base import Sessions, ouvrir
    from bot.journal import regler
    from bot.reglages import Reglages
    from bot.site.app import creer_app

    piege.tendre()
    reglages = Reglages()
    if quoi == "ouvrier":
        from bot.cli import ouvrier

        ouvrier.principal(periode=0.1)
    elif quoi == "site":
        app = creer_app(reglages)
        if "PIEGE_PATIENCE" in os.environ:  # seconds for a lock or a connection: for races on a busy machine, where five end in honest 503
            app.state.contexte.sessions = Sessions(ouvrir(reglages.adresse_base, float(os.environ["PIEGE_PATIENCE"])))
        ecouter(app, reglages.hote, reglages.port)
    else:
        regler()
        ecouter(serveur.creer_app(reglages.jeton_moteur), "127.0.0.1", reglages.port_actions)


def _attendre_la_mort(pid: int) -> Optional[int]:
    """The signal that ended it, 0 when it left by itself, None when it lives on after two minutes."""
    fin = time.monotonic() + 120
    while time.monotonic() < fin:
        trouve, statut = os.waitpid(pid, os.WNOHANG)
        if trouve:
            return os.WTERMSIG(statut) if os.WIFSIGNALED(statut) else 0
        time.sleep(0.005)
    return None


def _pepiniere() -> None:
    """Fork on demand, until the test closes the pipe; nothing survives it."""
    import bot.actions.serveur
    import bot.site.app  # noqa: F401
    from bot.cli.processus import laisse
    from bot.knowledge.fiches import fiches
    from bot.knowledge.recherche import rechercher

    fiches()
    rechercher("prêt", 1)  # an index in memory, which takes more time than all the rest of a birth
    for ligne in sys.stdin:
        ordre = json.loads(ligne)
        if "attendre" in ordre:
            reponse = _attendre_la_mort(ordre["attendre"])
        else:
            attacher = laisse()
            reponse = os.fork()
            if reponse == 0:
                try:
                    if attacher:
                        attacher()
                    with open(ordre["journal"], "a", encoding="utf-8") as sortie:
                        _vivre(ordre["quoi"], ordre["env"], sortie)
                finally:
                    os._exit(1)
        print(json.dumps(reponse), flush=True)


if __name__ == "__main__":
    _pepiniere()
