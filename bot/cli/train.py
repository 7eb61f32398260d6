"""`conseil train`: trains the engine's model when something it depends on changed, checks that it knows every topic, signs it.

The model is made aside and put in place only once checked: a failed training leaves the former model as it was.
"""
import argparse
import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Iterator, Optional

from bot.cli.commun import afficher_json, dire, lire_reglages, refuser, secondes
from bot.cli.manifeste import CONFIG, Manifeste, empreinte_fichier, empreinte_sources
from bot.cli.processus import PYTHON_MOTEUR, environnement_moteur, laisse
from bot.knowledge.catalogue import catalogue, intention
from bot.reglages import RACINE

AIDE = "entraîne le modèle de compréhension si quelque chose a changé"
# What Rasa says when it enters a phase, and what people read then.
PHASES = (
    (re.compile(r"Starting to train component 'ClassifieurSujets'"), "apprentissage des sujets, la partie longue"),
    (re.compile(r"Starting to train component 'ReglesParIntention'"), "règles de dialogue"),
    (re.compile(r"model is trained and saved"), "modèle écrit"),
)
BATTEMENT = 15.0  # seconds between two signs of life when no phase changes


def declarer(analyseur: argparse.ArgumentParser) -> None:
    analyseur.add_argument("--force", action="store_true", help="entraîne même si rien n'a changé")
    analyseur.add_argument("--deux-fois", action="store_true", help="entraîne deux fois et refuse si les confiances diffèrent")
    analyseur.add_argument("--config", type=Path, default=CONFIG, metavar="FICHIER", help="autre configuration du moteur (essais)")
    analyseur.add_argument("--sortie", type=Path, metavar="FICHIER", help="où écrire le modèle (models/assistant.tar.gz par défaut)")
    analyseur.add_argument("--json", action="store_true", help="écrit le manifeste du modèle sur la sortie")


def executer(options: argparse.Namespace) -> int:
    modele = (options.sortie or lire_reglages().modele).resolve()
    manifeste = entrainer(modele, options.config.resolve(), force=options.force or options.deux_fois, deux_fois=options.deux_fois)
    if options.json:
        afficher_json({"modele": str(modele), **asdict(manifeste)})
    return 0


def a_jour(modele: Path, config: Path = CONFIG) -> bool:
    """Whether the model exists and was made from the sources as they are now."""
    manifeste = Manifeste.lire(modele)
    return manifeste is not None and modele.exists() and manifeste.empreinte == empreinte_sources(config)


def entrainer(modele: Path, config: Path = CONFIG, force: bool = False, deux_fois: bool = False) -> Manifeste:
    """Make `modele` from the sources, unless it is up to date. Two at once wait for each other; the second then finds it done."""
    if not config.exists():
        refuser("CONFIG_ABSENTE", f"{config} n'existe pas.")
    modele.parent.mkdir(parents=True, exist_ok=True)
    with _seul(modele.parent / ".verrou"):
        ancien = Manifeste.lire(modele)
        if ancien and not force and a_jour(modele, config):
            dire(f"Modèle à jour : {ancien.sujets} sujets, {ancien.exemples} formulations, entraîné le {ancien.le[:10]}.", erreur=True)
            return ancien
        with tempfile.TemporaryDirectory(prefix=".en-cours-", dir=modele.parent) as dossier:
            return _fabriquer(modele, config, Path(dossier), deux_fois, ancien.duree_s if ancien else None)


def _fabriquer(modele: Path, config: Path, dossier: Path, deux_fois: bool, prevue: Optional[int]) -> Manifeste:
    debut, empreinte = time.monotonic(), empreinte_sources(config)
    neuf = lancer_rasa(config, dossier / "un", prevue)
    duree = time.monotonic() - debut
    contenu = controler_sujets(neuf, config)
    if deux_fois:
        _comparer(neuf, lancer_rasa(config, dossier / "deux", round(duree)))
    manifeste = Manifeste(
        sha256=empreinte_fichier(neuf), empreinte=empreinte, sujets=len(catalogue().sujets), intentions=len(contenu["etiquettes"]),
        exemples=contenu["exemples"], le=f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%SZ}", duree_s=round(duree))
    # The manifest first goes, then the model changes, then the new manifest comes: stopped anywhere here, the model is refused, never trusted.
    Manifeste.chemin(modele).unlink(missing_ok=True)
    os.replace(neuf, modele)
    manifeste.ecrire(modele)
    dire(f"Modèle prêt en {secondes(duree)} : {manifeste.sujets} sujets, {manifeste.intentions} intentions, {manifeste.exemples} formulations.",
         erreur=True)
    return manifeste


@contextmanager
def _seul(verrou: Path) -> Iterator[None]:
    with verrou.open("w") as fichier:
        try:
            fcntl.flock(fichier, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            dire("Un autre entraînement est en cours ; j'attends qu'il finisse…", erreur=True)
            fcntl.flock(fichier, fcntl.LOCK_EX)
        yield


# -- running Rasa ----------------------------------------------------------------------------------------------------------------------


def lancer_rasa(config: Path, dossier: Path, prevue: Optional[int] = None) -> Path:
    """`rasa train` in the engine's environment; gives the model it wrote in `dossier`. Refuses, with Rasa's own words, when it fails."""
    donnees = lire_reglages().donnees
    journal = donnees / "journaux" / "train.log"
    journal.parent.mkdir(parents=True, exist_ok=True)
    # --force: Rasa's own cache looks at the source of a component's class, not at the modules it calls; ours looks at everything.
    # --skip-validation: `conseil check` does it, in French and without 15 s of imports.
    commande = [str(PYTHON_MOTEUR), "-m", "rasa", "train", "--config", str(config), "--domain", "domain.yml", "--data", "bot/data",
                "--out", str(dossier), "--fixed-model-name", "assistant", "--force", "--skip-validation"]
    with journal.open("w", encoding="utf-8") as sortie:
        suivi = Suivi(prevue)
        processus = subprocess.Popen(commande, cwd=RACINE, env=environnement_moteur(donnees / "entrainement"), stdin=subprocess.DEVNULL,
                                     stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8", errors="replace",
                                     preexec_fn=laisse(), start_new_session=True)
        try:
            assert processus.stdout is not None
            for ligne in processus.stdout:  # universal newlines: a progress bar that rewrites itself is many lines
                if "it/s" not in ligne:
                    sortie.write(ligne)
                suivi.lire(ligne)
            code = processus.wait()
        finally:
            suivi.finir()
            if processus.poll() is None:
                os.killpg(processus.pid, signal.SIGKILL)
                processus.wait()
    modele = dossier / "assistant.tar.gz"
    if code != 0 or not modele.exists():
        shutil.rmtree(dossier, ignore_errors=True)
        refuser("ENTRAINEMENT_RATE", f"l'entraînement a échoué (code {code}) : {_derniere_erreur(journal)} Journal : {journal}.")
    return modele


class Suivi:
    """Says which phase the training is in, and every so often that it is still alive."""

    def __init__(self, prevue: Optional[int] = None) -> None:
        """`prevue`: how many seconds it took last time."""
        self.debut = time.monotonic()
        self.prevue = f" ({secondes(prevue)} en tout la dernière fois)" if prevue else ""
        self.phase = "lecture des fiches et démarrage"
        self._fini = threading.Event()
        self._dire()
        threading.Thread(target=self._battre, daemon=True).start()

    def lire(self, ligne: str) -> None:
        for motif, phase in PHASES:
            if motif.search(ligne) and phase != self.phase:
                self.phase = phase
                self._dire()

    def finir(self) -> None:
        self._fini.set()

    def _battre(self) -> None:
        while not self._fini.wait(BATTEMENT):
            self._dire()

    def _dire(self) -> None:
        dire(f"Entraînement, {secondes(time.monotonic() - self.debut)}{self.prevue} : {self.phase}…", erreur=True)


def _derniere_erreur(journal: Path) -> str:
    """The most telling line of a failed run."""
    lignes = [ligne.strip() for ligne in journal.read_text(encoding="utf-8").splitlines() if ligne.strip()]
    parlantes = [ligne for ligne in lignes if re.search(r"Error|Exception|ERROR", ligne)] or lignes or ["rien n'a été dit."]
    return parlantes[-1][:300]


# -- checks on what came out ------------------------------------------------------------------------------------------------------------


def controler_sujets(modele: Path, config: Path) -> dict[str, Any]:
    """Every topic of the catalogue must be an intent of the model's domain and a label of its classifier; else the model is deleted.

    A wrong importer path makes Rasa warn and train a model without a single topic (reference/conversation.md §3.3).
    """
    contenu = _dans_le_moteur("bot.engine.controle", modele)
    connues = intentions_du_domaine(modele) & set(contenu["etiquettes"])
    absents = [s for s in catalogue().sujets if intention(s) not in connues]
    if absents:
        modele.unlink()
        total = len(catalogue().sujets)
        refuser("SUJETS_ABSENTS", f"le modèle entraîné ne connaît que {total - len(absents)} des {total} sujets du catalogue "
                                  f"(il manque {absents[0]}…) : vérifiez « importers » dans {config}. Ce modèle a été supprimé.")
    return contenu


def intentions_du_domaine(modele: Path) -> set[str]:
    """The intents of the domain that a model carries."""
    with tarfile.open(modele) as archive:
        membre = next(m for m in archive.getmembers() if Path(m.name).name == "metadata.json")
        flux = archive.extractfile(membre)
        assert flux is not None
        intentions = json.load(flux)["domain"]["intents"]
    return {next(iter(i)) if isinstance(i, dict) else i for i in intentions}


def _comparer(un: Path, autre: Path) -> None:
    mesure = _dans_le_moteur("bot.engine.controle", un, autre)
    if mesure["ecart"] != 0:
        refuser("ENTRAINEMENT_VARIABLE", f"deux entraînements donnent des confiances différentes (écart {mesure['ecart']:.2g} sur "
                                         f"{mesure['questions']} questions).")
    dire(f"Deux entraînements, mêmes confiances : écart nul sur {mesure['questions']} questions.", erreur=True)


def _dans_le_moteur(module: str, *arguments: Path) -> dict[str, Any]:
    """What a module of the engine says (JSON), run in its own Python."""
    fait = subprocess.run([str(PYTHON_MOTEUR), "-m", module, *map(str, arguments)], cwd=RACINE, capture_output=True, text=True,
                          env=environnement_moteur(lire_reglages().donnees / "entrainement"))
    if fait.returncode != 0:
        sys.stderr.write(fait.stderr)
        refuser("MODELE_ILLISIBLE", "le modèle qui vient d'être entraîné ne se relit pas ; il n'a pas été gardé.")
    return json.loads(fait.stdout.strip().splitlines()[-1])
