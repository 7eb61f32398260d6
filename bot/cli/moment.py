"""`conseil moment`: what the agenda understands of a French time expression, as JSON; or the score on a file of expressions."""
import argparse
import json
from pathlib import Path

from bot.agenda.moment import REFERENCE, comprendre, evaluer
from bot.cli.commun import afficher_json, dire, refuser
from bot.horloge import Horloge, lire_instant
from bot.texte.typographie import nombre

AIDE = "ce que l'agenda comprend d'une date ou d'une heure en français"


def declarer(analyseur: argparse.ArgumentParser) -> None:
    analyseur.add_argument("texte", nargs="?", help="« mardi en huit vers 10 h »")
    analyseur.add_argument("--now", metavar="INSTANT", help="l'instant présent, par exemple 2011-09-14T10:00 (par défaut : l'horloge)")
    analyseur.add_argument("--file", type=Path, metavar="F.jsonl", help="mesurer sur un fichier (présent par défaut : 14 septembre 2011, 10 h)")
    analyseur.add_argument("--json", type=Path, metavar="SORTIE", help="écrire le résultat de la mesure dans ce fichier")


def executer(options: argparse.Namespace) -> int:
    if (options.texte is None) == (options.file is None):
        refuser("TEXTE_OU_FICHIER", "donnez une expression entre guillemets, ou --file F.jsonl.")
    if options.file is not None:
        return _mesurer(options)
    maintenant = lire_instant(options.now) if options.now else Horloge.reglee().maintenant()
    print(json.dumps(comprendre(options.texte, maintenant).en_json(), ensure_ascii=False))
    return 0


def _mesurer(options: argparse.Namespace) -> int:
    if not options.file.is_file():
        refuser("FICHIER_INTROUVABLE", f"{options.file} : ce fichier n'existe pas.")
    lignes = []
    for rang, ligne in enumerate(options.file.read_text(encoding="utf-8").splitlines(), 1):
        if not ligne.strip():
            continue
        try:
            lue = json.loads(ligne)
            lue["text"]
        except (ValueError, KeyError, TypeError):
            refuser("LIGNE_ILLISIBLE", f"{options.file}, ligne {rang} : il faut {{\"text\": …}} et les clés attendues.")
        lignes.append(lue)
    rapport = evaluer(lignes, lire_instant(options.now) if options.now else REFERENCE)
    if options.json and str(options.json) == "-":
        afficher_json(rapport)
        return 0
    if options.json:
        options.json.write_text(json.dumps(rapport, ensure_ascii=False, indent=1), encoding="utf-8")
    dire(f"{rapport['right']} justes sur {rapport['n']} ({nombre(100 * rapport['right'] / max(rapport['n'], 1), 1)} %)")
    for erreur in rapport["errors"][:20]:
        dire(f"  {json.dumps(erreur, ensure_ascii=False)}")
    return 0
