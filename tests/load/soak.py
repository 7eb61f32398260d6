"""`make soak M=10`: conversations that come, talk, and leave, for M minutes (H=…: hours) on the whole installation. Memory and latency must stay flat.

Prints, as it goes and at the end: memory of each process, rows of the engine's tracker, latencies of the first and last tenth. Exit 1 when the
memory of a process grew by more than 10 %, or when the p95 of the last tenth is over 1.2 × that of the first.
"""
import asyncio
import os
import re
import signal
import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Sequence

from bot.cli.commun import RefusCommande, dire, dire_refus, preparer_sorties, refuser
from bot.texte.typographie import nombre
from tests.load.charge import _donnees
from tests.load.mesures import PAS_MEMOIRE
from tests.load.visites import Programme, centile, lancer, lire
from tests.marche import Marche, attendre

VISITEURS, PENSEE, TOURS = 60, 6.0, 25
PROCESSUS = ("site", "moteur", "actions", "ouvrier")
CROISSANCE, RALENTISSEMENT = 1.10, 1.2
CHAUFFE = 0.2          # of the time: caches fill, models are read; memory is compared after that
IDLE_MAX = 32 * 60.0   # seconds after which the tracker must have forgotten a conversation: thirty minutes, and the worker's round


@dataclass(frozen=True)
class Instantane:
    """Megabytes of each process, rows of the tracker (all, and of conversations that should be gone), and when."""

    a: float
    memoire: dict[str, float]
    lignes: int
    oubliees: int


def memoire_mo(pid: int) -> float:
    """Resident megabytes of a process, its children not counted."""
    trouve = re.search(r"^VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text(), re.M)
    return int(trouve[1]) / 1024 if trouve else 0.0


def relever(site: Marche, debut: float) -> Instantane:
    """How things stand."""
    memoire = {}
    for nom in PROCESSUS:
        try:
            memoire[nom] = memoire_mo(site.pid(nom))
        except (OSError, IndexError):
            refuser("PROCESSUS_MORT", f"« {nom} » ne tourne plus :\n{site.terminal()[-2000:]}")
    with closing(sqlite3.connect(f"file:{site.donnees / 'suivi.db'}?mode=ro", uri=True, timeout=5)) as suivi:
        lignes = suivi.execute("SELECT count(*) FROM events").fetchone()[0]
        oubliees = suivi.execute("SELECT count(*) FROM events WHERE sender_id IN (SELECT sender_id FROM events GROUP BY sender_id "
                                 "HAVING max(timestamp) < ?)", (time.time() - IDLE_MAX,)).fetchone()[0]
    return Instantane(time.monotonic() - debut, memoire, lignes, oubliees)


def duree_demandee() -> float:
    """Seconds, of M (minutes) and H (hours)."""
    try:
        secondes = 60 * float(os.environ.get("M") or 0) + 3600 * float(os.environ.get("H") or 0)
    except ValueError:
        refuser("DUREE_ILLISIBLE", "M et H sont des nombres : « make soak M=10 », « make soak H=2 ».")
    return secondes or 600


def endurer(dossier: Path, duree: float) -> tuple[list[Instantane], Any]:
    """The installation and its visitors for `duree` seconds: what was seen of each."""
    site = Marche(dossier, "--demo", CONSEIL_MESSAGES_PAR_MINUTE=100_000, CONSEIL_CONVERSATIONS_PAR_MINUTE=100_000)
    try:
        attendre(site.pret, 240, "le site et son moteur")
        visiteurs, debut, vus = lancer(Programme(site.adresse, VISITEURS, PENSEE, duree, tours=TOURS)), time.monotonic(), []
        periode, prochain = max(PAS_MEMOIRE, min(15.0, duree / 40)), 0.0
        while visiteurs.poll() is None and time.monotonic() - debut < duree - periode:
            vus.append(relever(site, debut))
            if vus[-1].a >= prochain:
                prochain += max(15.0, duree / 20)
                _dire_instantane(vus[-1], duree)
            time.sleep(periode)
        releve = lire(visiteurs)
        vus.append(relever(site, debut))
        return vus, releve
    finally:
        site.finir()


def _dire_instantane(vu: Instantane, duree: float) -> None:
    memoire = ", ".join(f"{nom} {nombre(mo, 0)} Mo" for nom, mo in vu.memoire.items())
    dire(f"  {100 * vu.a / duree:3.0f} %  {memoire} ; suivi {nombre(vu.lignes)} lignes", erreur=True)


def juger(vus: Sequence[Instantane], reponses: Sequence[Sequence[float]], duree: float) -> list[str]:
    """Prints the figures; gives what is not as it should be."""
    fautes = []
    chauds = [v for v in vus if v.a >= CHAUFFE * duree] or list(vus)
    dixieme = max(1, len(chauds) // 8)
    dire(f"{'mémoire':<22}{'après la chauffe':>18}{'à la fin':>12}{'rapport':>10}", brut=True)
    for nom in PROCESSUS:
        avant, apres = (median(v.memoire[nom] for v in part) for part in (chauds[:dixieme], chauds[-dixieme:]))
        dire(f"{nom:<22}{nombre(avant, 0):>15} Mo{nombre(apres, 0):>9} Mo{'× ' + nombre(apres / avant, 2):>10}", brut=True)
        if apres > CROISSANCE * avant:
            fautes.append(f"la mémoire de « {nom} » a crû de {nombre(100 * (apres / avant - 1), 0)} %")
    debut = PENSEE  # everybody has arrived
    premiers, derniers = ([d for t, d in reponses if de <= t < a] for de, a in ((debut, debut + 0.1 * duree), (0.9 * duree, duree + 60)))
    for nom, durees in (("premier dixième", premiers), ("dernier dixième", derniers)):
        dire(f"{nom:<22}" + "   ".join(f"{c} % {nombre(centile(durees, c), 0)} ms" for c in (50, 95, 99)) + f"   ({len(durees)} messages)", brut=True)
    if centile(derniers, 95) > RALENTISSEMENT * centile(premiers, 95):
        fautes.append(f"le p95 a été multiplié par {nombre(centile(derniers, 95) / centile(premiers, 95), 2)}")
    dire(f"Suivi du moteur : {nombre(vus[-1].lignes)} lignes, dont {nombre(vus[-1].oubliees)} de conversations finies depuis plus de 32 minutes.")
    if vus[-1].oubliees:
        fautes.append("le suivi garde des conversations finies")
    return fautes


def principal() -> int:
    preparer_sorties()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # stopped either way, it stops the site it started
    try:
        duree = duree_demandee()
        dire(f"Endurance : {VISITEURS} visiteurs, conversations de {TOURS} messages, {nombre(duree / 60, 1)} minutes.", erreur=True)
        with tempfile.TemporaryDirectory(prefix="soak-", dir=_donnees()) as brut:
            vus, releve = endurer(Path(brut) / "site", duree)
        fautes = juger(vus, releve.reponses, duree)
        dire(f"{nombre(len(releve.reponses))} messages répondus, {nombre(releve.conversations)} conversations, {len(releve.refus)} refus, "
             f"{releve.reduits} réponses sans le moteur.")
        dire(f"Réponses par statut : {', '.join(f'{s} × {n}' for s, n in sorted(releve.statuts.items()))}.")
        fautes += [f"{releve.perdus} messages perdus"] * bool(releve.perdus) + [f"{releve.vides} réponses vides"] * bool(releve.vides)
        dire("Rien n'a grandi, rien n'a ralenti." if not fautes else f"À REGARDER : {' ; '.join(fautes)}.")
        return 1 if fautes else 0
    except RefusCommande as refus:
        return dire_refus(refus)
    except (KeyboardInterrupt, asyncio.CancelledError):
        return 130


if __name__ == "__main__":
    sys.exit(principal())
