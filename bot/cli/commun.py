"""What every command shares: refusals in one sentence, settings, terminal, durations."""
import json
import os
import sys
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, NoReturn

from pydantic import ValidationError

from bot.reglages import RACINE, Reglages
from bot.texte.typographie import composer


class RefusCommande(Exception):
    """A command that cannot do what it was asked: stable code, one French sentence that says what to do."""

    def __init__(self, code: str, message: str):
        super().__init__(message)
        self.code = code


def refuser(code: str, message: str) -> NoReturn:
    raise RefusCommande(code, message)


def preparer_sorties() -> None:
    """A terminal that cannot write « é » shows « ? » instead of failing."""
    for flux in (sys.stdout, sys.stderr):
        if hasattr(flux, "reconfigure"):
            flux.reconfigure(errors="replace", line_buffering=True)


def dire(texte: str, erreur: bool = False, brut: bool = False) -> None:
    """One line for the person, typeset unless `brut` (words of a program); a closed terminal is no reason to stop."""
    with suppress(OSError):
        print(texte if brut else composer(texte), file=sys.stderr if erreur else sys.stdout, flush=True)


def dire_refus(erreur: Exception) -> int:
    """Says why a command was refused. Exceptions of the domain carry a code and a French sentence; anything else is a fault of ours."""
    if getattr(erreur, "code", None) and not isinstance(erreur, OSError):
        dire(f"conseil : {str(erreur) or getattr(erreur, 'message', '')}", erreur=True)
        return 1
    dire(f"conseil : panne inattendue ({type(erreur).__name__}). Détail dans {consigner(erreur)}.", erreur=True)
    return 1


def consigner(erreur: Exception) -> str:
    """Keep the trace of a fault in the journal of the command; gives its path."""
    import traceback

    chemin = Path(os.environ.get("CONSEIL_DONNEES") or RACINE / "var") / "journaux" / "conseil.log"
    chemin.parent.mkdir(parents=True, exist_ok=True)
    with chemin.open("a", encoding="utf-8") as fichier:
        fichier.write(f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%SZ}\n{''.join(traceback.format_exception(erreur))}\n")
    return str(chemin)


def lire_reglages(**changes: Any) -> Reglages:
    """The settings of the environment. Refuses, naming the variable, a value that cannot be read."""
    try:
        return Reglages(**changes)
    except ValidationError as e:
        faute = e.errors()[0]
        nom = "CONSEIL_" + "_".join(str(p) for p in faute["loc"]).upper()
        raise RefusCommande("REGLAGE_ILLISIBLE", f"le réglage {nom} ne peut pas valoir « {faute.get('input')} » (docs/reglages.md).") from e


def afficher_json(valeur: Any) -> None:
    """The answer of `--json`: one document on standard output, nothing else."""
    print(json.dumps(valeur, ensure_ascii=False, indent=2))


def secondes(duree: float) -> str:
    """« 3,2 s », « 48 s », « 2 min 05 s »."""
    if duree < 10:
        return f"{duree:.1f} s".replace(".", ",")
    return f"{duree:.0f} s" if duree < 100 else f"{duree // 60:.0f} min {duree % 60:02.0f} s"
