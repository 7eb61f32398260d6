"""How child processes are started: which Python, which environment, and a leash that lets none outlive its parent."""
import ctypes
import os
import signal
import sys
from pathlib import Path
from typing import Callable, Optional

from bot.cli.commun import refuser
from bot.reglages import RACINE

PYTHON_MOTEUR = RACINE / ".venv" / "engine" / "bin" / "python"
_PR_SET_PDEATHSIG = 1
# All that the engine inherits. The address of the contact database, among others, is not in it.
_HERITE = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "SYSTEMROOT")


def laisse() -> Optional[Callable[[], None]]:
    """To be called in the child before it runs: the kernel will kill it when its parent dies, even by SIGKILL. Linux only, None elsewhere."""
    if not sys.platform.startswith("linux"):
        return None
    prctl, parent = ctypes.CDLL(None, use_errno=True).prctl, os.getpid()

    def attacher() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # it died in between
            os._exit(1)
    return attacher


def environnement_moteur(maison: Path, **ajouts: object) -> dict[str, str]:
    """The whole environment of an engine process (rasa run, rasa train), `maison` standing for the home folder.

    Nothing leaves the machine (telemetry), nothing is written elsewhere (models are unpacked in its own tmp), one thread a library.
    """
    if not PYTHON_MOTEUR.exists():
        refuser("MOTEUR_ABSENT", "l'environnement du moteur n'est pas installé : lancez « make setup ».")
    maison = maison.resolve()
    (maison / "tmp").mkdir(parents=True, exist_ok=True)
    return {
        **{nom: os.environ[nom] for nom in _HERITE if nom in os.environ},
        "HOME": str(maison), "TMPDIR": str(maison / "tmp"), "MPLCONFIGDIR": str(maison / "matplotlib"),
        "PYTHONUNBUFFERED": "1", "PYTHONWARNINGS": "ignore", "PYTHONUTF8": "1",
        "RASA_TELEMETRY_ENABLED": "false", "RASA_MAX_CACHE_SIZE": "0", "SQLALCHEMY_SILENCE_UBER_WARNING": "1", "SQLALCHEMY_WARN_20": "0",
        "TF_CPP_MIN_LOG_LEVEL": "3", "TF_INTRA_OP_PARALLELISM_THREADS": "1", "TF_INTER_OP_PARALLELISM_THREADS": "1", "OMP_NUM_THREADS": "1",
        **{nom: str(valeur) for nom, valeur in ajouts.items()}}
