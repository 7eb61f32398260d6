"""`conseil relecture`: the proposals of the weekly review, and their effect on the frozen sets, measured on a copy before anyone keeps one.
The copy learns aside: neither the sheets, nor the model in service, nor the running site are touched."""
import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path
from typing import Any, Callable, Mapping, Sequence

import yaml

from bot.cli.commun import afficher_json, dire, lire_reglages, refuser
from bot.cli.manifeste import controler
from bot.contacts.refus import Refus
from bot.reglages import RACINE, Reglages
from bot.site.espace import propositions
from bot.texte.typographie import nombre

AIDE = "les propositions de la relecture : liste, effet mesuré sur les jeux gelés, correctif"
JEUX = ("tests/nlu/gele_a.jsonl", "tests/nlu/gele_b.jsonl")
# What a training and an evaluation read, beside the environments and the cache of sentence vectors, which the copy shares.
COPIE = ("bot", "knowledge", "tests/nlu", "requirements", "config.yml", "domain.yml", "endpoints.yml", "credentials.yml", "pyproject.toml")
_CONSEIL = (sys.executable, "-c", "import sys; from bot.cli import principal; sys.exit(principal())")
# Trains and evaluates a tree; gives the report of `conseil evaluate`. Another one can be given by a test.
Evaluer = Callable[[Path, bool], Mapping[str, Any]]


def declarer(analyseur: argparse.ArgumentParser) -> None:
    actes = analyseur.add_subparsers(dest="acte", metavar="ACTE", required=True)
    liste = actes.add_parser("lister", help="les propositions qui attendent, avec leur effet")
    liste.add_argument("--json", action="store_true", help="écrire la liste en JSON")
    mesure = actes.add_parser("mesurer", help="apprendre sur une copie et mesurer l'effet (quelques minutes)")
    mesure.add_argument("fichiers", nargs="*", metavar="PROPOSITION.yml", help="noms des propositions (toutes celles demandées, sans nom)")
    patch = actes.add_parser("correctif", help="écrire le correctif d'une proposition, pour « git apply »")
    patch.add_argument("fichier", metavar="PROPOSITION.yml")


def executer(options: argparse.Namespace) -> int:
    reglages = lire_reglages()
    dossier = reglages.donnees / "propositions"
    if options.acte == "lister":
        return _lister(dossier, options.json)
    if options.acte == "correctif":
        print(propositions.correctif(_lire(dossier / options.fichier)), end="")
        return 0
    voulues = [dossier / nom for nom in options.fichiers] or demandees(dossier)
    if not voulues:
        dire("Aucune mesure n'est demandée.")
    for chemin in voulues:
        imprimer(chemin, mesurer(chemin, reglages, evaluer_arbre(reglages)))
    return 0


def _lister(dossier: Path, en_json: bool) -> int:
    lues = [(c, _lire(c), propositions.lire_effet(c)) for c in sorted(dossier.glob("*.yml"))]
    if en_json:
        afficher_json([{"fichier": c.name, **{n: str(v) if isinstance(v, date) else v for n, v in contenu.items()},
                        "gagnees": effet and len(effet.gagnees), "perdues": effet and len(effet.perdues)} for c, contenu, effet in lues])
        return 0
    for chemin, contenu, effet in lues:
        dit = "non mesurée" if effet is None else f"{len(effet.gagnees)} gagnées, {len(effet.perdues)} perdues"
        dire(f"{chemin.name} : {contenu.get('sujet') or 'hors sujet'}, {dit}{', gardée' if contenu.get('gardee_le') else ''}")
    if not lues:
        dire("Aucune proposition n'attend.")
    return 0


def _lire(chemin: Path) -> Mapping[str, Any]:
    if chemin.suffix != ".yml" or not chemin.is_file():
        refuser("PROPOSITION_INTROUVABLE", f"{chemin.name} : cette proposition n'existe pas. « conseil relecture lister » les montre.")
    contenu: Mapping[str, Any] = yaml.safe_load(chemin.read_text(encoding="utf-8"))
    return contenu


def demandees(dossier: Path) -> list[Path]:
    """The proposals whose measure a reviewer asked for, oldest first; asked for and gone, or changing nothing any more: forgotten."""
    trouvees = []
    for demande in sorted(dossier.glob("*.a_mesurer")):
        chemin = demande.with_suffix(".yml")
        try:
            propositions.changements(_lire(chemin) if chemin.is_file() else {"nature": "formulation", "formulations": []})
        except Refus:
            demande.unlink(missing_ok=True)
            continue
        trouvees.append(chemin)
    return trouvees


# -- measuring --------------------------------------------------------------------------------------------------------------------------------


def mesurer(chemin: Path, reglages: Reglages, evaluer: Evaluer) -> propositions.Effet:
    """The effect of one proposal, kept beside it. Raises SansCorrectif; refuses when a training or an evaluation fails: it may be asked again."""
    changes = propositions.changements(_lire(chemin))
    try:
        with tempfile.TemporaryDirectory(prefix="relecture-", dir=reglages.donnees) as temporaire:
            copie = copier(Path(temporaire) / "copie")
            avant = evaluer(RACINE, False)
            for ou, (_, texte) in changes.items():
                (copie / ou).parent.mkdir(parents=True, exist_ok=True)
                (copie / ou).write_text(texte, encoding="utf-8")
            effet = propositions.comparer(avant, evaluer(copie, True))
        propositions.ecrire_effet(chemin, effet)
    finally:
        propositions.demande_de(chemin).unlink(missing_ok=True)
    return effet


def copier(ou: Path) -> Path:
    """The files that a training and an evaluation read; the environments are shared."""
    ou.mkdir(parents=True)
    for nom in COPIE:
        source = RACINE / nom
        if source.is_dir():
            shutil.copytree(source, ou / nom, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.exists():
            shutil.copy2(source, ou / nom)
    (ou / ".venv").symlink_to(RACINE / ".venv")
    return ou


def evaluer_arbre(reglages: Reglages) -> Evaluer:
    """Asks the real engine. The present state is measured once a model, and kept with the data."""
    def evaluer(arbre: Path, apprendre: bool) -> Mapping[str, Any]:
        garde = reglages.donnees / "mesures" / f"{controler(reglages.modele).sha256[:16]}.json"
        if not apprendre and garde.exists():
            lu: Mapping[str, Any] = json.loads(garde.read_text(encoding="utf-8"))
            return lu
        modele = arbre / "models" / "assistant.tar.gz" if apprendre else reglages.modele
        env = {**os.environ, "PYTHONPATH": str(arbre), "CONSEIL_MODELE": str(modele), "CONSEIL_MOTEUR": "",
               "CONSEIL_DONNEES": str(arbre / "var" if apprendre else reglages.donnees),
               "CONSEIL_ENCODAGES": os.environ.get("CONSEIL_ENCODAGES") or str(RACINE / "models" / "encodages")}
        if apprendre:
            dire("La copie apprend…", erreur=True)
            _lancer(("train", "--sortie", str(modele)), arbre, env)
        dire("Les jeux gelés sont posés…", erreur=True)
        rapport: Mapping[str, Any] = json.loads(_lancer(("evaluate", *JEUX, "--json", "-"), arbre, env))
        if not apprendre:
            garde.parent.mkdir(parents=True, exist_ok=True)
            garde.write_text(json.dumps(rapport, ensure_ascii=False), encoding="utf-8")
        return rapport
    return evaluer


def _lancer(arguments: Sequence[str], arbre: Path, env: Mapping[str, str]) -> str:
    fait = subprocess.run([*_CONSEIL, *arguments], cwd=arbre, env=dict(env), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if fait.returncode:
        refuser("MESURE_RATEE", f"« conseil {arguments[0]} » a échoué sur la copie : {fait.stderr.strip()[-400:] or 'sans un mot'}. Rien n'a changé.")
    return fait.stdout


def imprimer(chemin: Path, effet: propositions.Effet) -> None:
    """The effect, for a person."""
    dire(f"{chemin.name}, sur {effet.n} questions :")
    for nom, avant, apres in effet.taux:
        dire(f"  {nom:<32} {nombre(100 * avant, 1):>6} % → {nombre(100 * apres, 1):>6} %")
    dire(f"  {len(effet.gagnees)} gagnées, {len(effet.perdues)} perdues")
    for texte, attendu in effet.perdues[:10]:
        dire(f"  perdue : « {texte} » ({attendu})")


# -- the worker's part ----------------------------------------------------------------------------------------------------------------------


class Mesureur:
    """Starts the measures that were asked for, one run at a time, beside the worker and at the lowest priority. One look a minute."""

    def __init__(self, reglages: Reglages, commande: Sequence[str] = (*_CONSEIL, "relecture", "mesurer")):
        self.reglages, self.commande = reglages, commande
        self.encours: "subprocess.Popen[bytes] | None" = None

    def __call__(self) -> int:
        """How many measures were started now."""
        if self.encours is not None and self.encours.poll() is None:
            return 0
        voulues = demandees(self.reglages.donnees / "propositions")
        if not voulues:
            return 0
        journal = self.reglages.donnees / "journaux" / "relecture.log"
        journal.parent.mkdir(parents=True, exist_ok=True)
        with journal.open("ab") as sortie:
            self.encours = subprocess.Popen(["nice", "-n", "19", *self.commande], cwd=RACINE, stdin=subprocess.DEVNULL, stdout=sortie, stderr=sortie)
        return len(voulues)
