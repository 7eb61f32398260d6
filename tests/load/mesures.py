"""What `bench` measures with: a training and its peak memory, an engine questioned line by line, visitors all at once."""
import asyncio
import os
import re
import signal
import subprocess
import threading
import time
import uuid
from collections import Counter
from pathlib import Path
from statistics import quantiles
from typing import Any, Sequence

import httpx

from bot.cli.commun import dire, refuser, secondes
from bot.cli.evaluation import Mesure, Question
from bot.cli.processus import PYTHON_MOTEUR, environnement_moteur, laisse
from bot.knowledge.catalogue import HORS_SUJET, intention
from bot.reglages import RACINE, Reglages
from bot.site.comprehension import INCOMPRIS, lire, par_les_mots
from tests.load.visites import Connexion
from tests.marche import Marche, attendre

BATTEMENT = 15.0  # seconds between two signs of life
PAS_MEMOIRE = 0.5
FILS = ("TF_INTRA_OP_PARALLELISM_THREADS", "TF_INTER_OP_PARALLELISM_THREADS", "OMP_NUM_THREADS")


def progres(quoi: str, debut: float, avancement: str = "") -> None:
    """One line of progress: what, how far, for how long."""
    dire(f"  {quoi}{f', {avancement}' if avancement else ''} — {secondes(time.monotonic() - debut)}", erreur=True)


# -- memory -----------------------------------------------------------------------------------------------------------------------------


def descendance(racine: int) -> set[int]:
    """The processes started by `racine`, at any depth, without itself."""
    parents = {}
    for dossier in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(dossier.name)] = int((dossier / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError, IndexError):
            continue
    trouves: set[int] = set()
    nouveaux = {racine}
    while nouveaux:
        nouveaux = {pid for pid, parent in parents.items() if parent in nouveaux} - trouves
        trouves |= nouveaux
    return trouves


def memoire_mo(pids: set[int]) -> float:
    """Resident megabytes of some processes, what they share counted once (PSS)."""
    total = 0
    for pid in pids:
        try:
            total += int(re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M)[1])  # type: ignore[index]
        except (OSError, TypeError):
            continue
    return total / 1024


# -- training ---------------------------------------------------------------------------------------------------------------------------


class Veilleur:
    """Beside a training: the peak of its memory, and a sign of life every so often."""

    def __init__(self, pid: int, quoi: str) -> None:
        self.pid, self.quoi, self.pic, self.debut = pid, quoi, 0.0, time.monotonic()
        self.composant, self.pourcent = "démarrage et lecture des fiches", ""
        self._fini = threading.Event()
        self._fil = threading.Thread(target=self._veiller, daemon=True)
        self._fil.start()

    def lire(self, ligne: str) -> None:
        """A line of Rasa: the component it trains, or how many epochs are done."""
        if trouve := re.search(r"Starting to train component '(\w+)'", ligne):
            self.composant, self.pourcent = trouve[1], ""
            self._dire()
        elif trouve := re.search(r"Epochs:\s+(\d+)%.*?\[[\d:]+<([\d:?]+)", ligne):
            self.pourcent = f" {trouve[1]} % (encore {trouve[2]})"

    def finir(self) -> None:
        self._fini.set()
        self._fil.join()

    def _veiller(self) -> None:
        dernier = time.monotonic()
        while not self._fini.wait(PAS_MEMOIRE):
            self.pic = max(self.pic, memoire_mo({self.pid} | descendance(self.pid)))
            if time.monotonic() - dernier >= BATTEMENT:
                dernier = time.monotonic()
                self._dire()

    def _dire(self) -> None:
        progres(self.quoi, self.debut, self.composant + self.pourcent)


def environnement_entrainement(dossier: Path, libre: bool) -> dict[str, str]:
    """An engine environment with nothing known beforehand; `libre`: Rasa's libraries may take every core (our encoders do it by processes)."""
    env = environnement_moteur(dossier / "maison", CONSEIL_ENCODAGES=dossier / "encodages", RASA_CACHE_DIRECTORY=dossier / "cache")
    return {nom: valeur for nom, valeur in env.items() if not (libre and nom in FILS)}


def entrainer(nom: str, config: Path, dossier: Path, libre: bool) -> tuple[Path, dict[str, float]]:
    """`rasa train` of `config` in `dossier`: the model, its seconds and its peak of memory."""
    commande = [str(PYTHON_MOTEUR), "-m", "rasa", "train", "--config", str(config), "--domain", "domain.yml", "--data", "bot/data",
                "--out", str(dossier), "--fixed-model-name", "assistant", "--force", "--skip-validation"]
    debut, journal = time.monotonic(), dossier / "train.log"
    processus = subprocess.Popen(commande, cwd=RACINE, env=environnement_entrainement(dossier, libre), stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8", errors="replace",
                                 preexec_fn=laisse(), start_new_session=True)
    veilleur = Veilleur(processus.pid, f"entraînement ({nom})")
    try:
        _suivre(processus, veilleur, journal)
    finally:
        if processus.poll() is None:
            os.killpg(processus.pid, signal.SIGKILL)
            processus.wait()
        veilleur.finir()
    modele = dossier / "assistant.tar.gz"
    if processus.returncode != 0 or not modele.exists():
        refuser("ENTRAINEMENT_RATE", f"l'entraînement ({nom}) a échoué :\n{journal.read_text(encoding='utf-8')[-2000:]}")
    return modele, {"entrainement_s": time.monotonic() - debut, "entrainement_mo": veilleur.pic}


def _suivre(processus: "subprocess.Popen[str]", veilleur: Veilleur, journal: Path) -> None:
    assert processus.stdout is not None
    with journal.open("w", encoding="utf-8") as sortie:
        for ligne in processus.stdout:  # universal newlines: a progress bar that rewrites itself is many lines
            veilleur.lire(ligne)
            if "Epochs:" not in ligne:
                sortie.write(ligne)
    processus.wait()


# -- understanding ----------------------------------------------------------------------------------------------------------------------


def preter_choix(brute: dict[str, Any]) -> dict[str, Any]:
    """Rasa's fallback offers nothing by itself: it is lent the head of its own ranking, as choices. Ours always comes with its own."""
    if brute["intention"] != INCOMPRIS or brute["propositions"]:
        return brute
    exclues = {INCOMPRIS, intention(HORS_SUJET)}
    return {**brute, "propositions": [c["intention"] for c in brute["classement"] if c["intention"] not in exclues]}


def interroger(questions: Sequence[Question], reglages: Reglages, quoi: str) -> tuple[list[Mesure], list[float]]:
    """Every question as the site reads it, one by one; and the milliseconds of those that went to the engine."""
    mesures, durees, debut, dernier = [], [], time.monotonic(), time.monotonic()
    with httpx.Client(base_url=reglages.adresse_moteur, headers={"x-jeton": reglages.jeton_moteur}, timeout=60) as client:
        client.post("/webhooks/front/comprendre", json={"texts": ["bonjour"]}).raise_for_status()  # the first message loads what is lazy
        for rang, question in enumerate(questions, 1):
            comprise = par_les_mots(question.texte)
            if comprise is None:
                depart = time.perf_counter()
                reponse = client.post("/webhooks/front/comprendre", json={"texts": [question.texte]})
                durees.append(1000 * (time.perf_counter() - depart))
                comprise = lire(preter_choix(reponse.raise_for_status().json()[0]))
            mesures.append(Mesure(question, comprise, 0.0))
            if time.monotonic() - dernier >= BATTEMENT or rang == len(questions):
                dernier = time.monotonic()
                progres(quoi, debut, f"{rang} questions sur {len(questions)}")
    return mesures, durees


def centiles(durees: Sequence[float]) -> tuple[float, float]:
    """(p50, p95)."""
    vingtiemes = quantiles(durees, n=20)
    return vingtiemes[9], vingtiemes[18]


# -- the whole stack --------------------------------------------------------------------------------------------------------------------


class Visiteur:
    """Someone on the site: one conversation, one message after another, the next as soon as the answer is there."""

    def __init__(self, adresse: str, textes: Sequence[str]) -> None:
        self.connexion, self.textes = Connexion(adresse), textes
        self.durees: list[float] = []
        self.issues: Counter[str] = Counter()

    async def ouvrir(self) -> None:
        statut, _, _ = await self.connexion.demander("POST", "/api/conversations")
        if statut != 201:
            refuser("CONVERSATION_REFUSEE", f"le site refuse d'ouvrir une conversation ({statut}).")
        await self.envoyer(self.textes[0])

    async def envoyer(self, texte: str) -> str:
        """« moteur », « reduit » (the site answered without the engine) or the status of a refusal."""
        statut, _, corps = await self.connexion.demander("POST", "/api/messages", {"message_id": str(uuid.uuid4()), "text": texte})
        if statut != 200:
            return f"refus {statut}"
        return "reduit" if any((m.get("data") or {}).get("reduit") for m in corps["messages"]) else "moteur"

    async def parler(self, fin: float) -> None:
        rang = 0
        while time.monotonic() < fin:
            rang, depart = rang + 1, time.perf_counter()
            self.issues[await self.envoyer(self.textes[rang % len(self.textes)])] += 1
            self.durees.append(1000 * (time.perf_counter() - depart))


async def affluence(adresse: str, textes: Sequence[str], nombre: int, duree: float, genre: type[Visiteur] = Visiteur) -> dict[str, Any]:
    """`nombre` visitors at once during `duree` seconds: messages a second answered by the engine, and how long each waited."""
    visiteurs = [genre(adresse, textes[i::nombre]) for i in range(nombre)]
    try:
        await asyncio.gather(*(v.ouvrir() for v in visiteurs))
        debut = time.monotonic()
        await asyncio.gather(*(v.parler(debut + duree) for v in visiteurs))
        ecoule = time.monotonic() - debut
    finally:
        await asyncio.gather(*(v.connexion.fermer() for v in visiteurs))
    issues = sum((v.issues for v in visiteurs), Counter())
    p50, p95 = centiles([d for v in visiteurs for d in v.durees])
    return {"messages_par_s": issues["moteur"] / ecoule, "pile_p50_ms": p50, "pile_p95_ms": p95, "pile_issues": dict(issues)}


def pile_entiere(modele: Path, dossier: Path, textes: Sequence[str], nombre: int, duree: float) -> dict[str, Any]:
    """A real `conseil serve --demo` with that model, and visitors. The engine gets all the time it wants: a late answer still counts."""
    site = Marche(dossier, "--demo", CONSEIL_MODELE=modele, CONSEIL_DELAI_MOTEUR=60, CONSEIL_MESSAGES_PAR_MINUTE=100_000,
                  CONSEIL_CONVERSATIONS_PAR_MINUTE=100_000)
    try:
        attendre(site.pret, 240, "le site et son moteur")
        return asyncio.run(affluence(site.adresse, textes, nombre, duree))
    finally:
        site.finir()
