"""The `conseil` command: one module a command family, help and errors in French.

A module `bot/cli/<commande>.py` holds `AIDE` (one line), `declarer(analyseur)` (its options) and `executer(options) -> int`; its name goes into
COMMANDES, in the order of the help. Only the module asked for is imported. Exit codes: 0 done, 1 refused with a reason, 2 wrong usage.
"""
import argparse
import sys
from importlib import import_module
from types import ModuleType
from typing import Optional, Sequence

from bot.cli.commun import dire_refus, preparer_sorties
from bot.cli.francais import franciser

COMMANDES = ("serve", "train", "check", "evaluate", "relecture", "chat", "moment", "calcul", "caisse", "population", "campagne", "courriers",
             "enquete", "bilan", "utilisateur", "rgpd", "audit", "base", "arret", "simuler")


def module(commande: str) -> ModuleType:
    """The module of a command."""
    return import_module(f"bot.cli.{commande}")


def analyseur(demandee: Optional[str] = None) -> argparse.ArgumentParser:
    """The parser; with `demandee`, only that command is built, the others are listed by their line of help."""
    franciser()
    racine = argparse.ArgumentParser(prog="conseil", description="Assistant d'une caisse du RSI : site, moteur, connaissances, bilans.",
                                     epilog="Aide d'une commande : conseil COMMANDE --help")
    commandes = racine.add_subparsers(dest="commande", metavar="COMMANDE", required=True, title="commandes ", prog="conseil")
    for nom in COMMANDES:
        if demandee in COMMANDES and nom != demandee:
            commandes.add_parser(nom, add_help=False)
            continue
        m = module(nom)
        m.declarer(commandes.add_parser(nom, help=m.AIDE, description=f"{m.AIDE[0].upper()}{m.AIDE[1:]}."))
    return racine


def principal(argv: Optional[Sequence[str]] = None) -> int:
    """Run one command and give its exit code. Nothing but a fault of ours leaves a trace on the terminal."""
    preparer_sorties()
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        options = analyseur(arguments[0] if arguments else None).parse_args(arguments)
    except SystemExit as sortie:  # argparse has spoken: help (0) or wrong usage (2)
        return int(sortie.code or 0)
    try:
        return module(options.commande).executer(options)
    except KeyboardInterrupt:
        print("\nInterrompu.", file=sys.stderr)
        return 130
    except BrokenPipeError:  # « conseil … | head »
        sys.stderr.close()
        return 0
    except Exception as erreur:
        return dire_refus(erreur)
