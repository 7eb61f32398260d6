"""The load that an installation must hold (reference/security.md §5): 200 conversations, a crowd three times as large, a long conversation, the start.

    python -m tests.load.charge         # prints the figures beside their goals; CHARGE_S=60: seconds of each load
"""
import asyncio
import os
import re
import signal
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Callable, Optional
from uuid import uuid4

from bot.cli.commun import RefusCommande, dire, dire_refus, lire_reglages, preparer_sorties, refuser
from bot.reglages import RACINE
from bot.texte.typographie import nombre
from tests.load.mesures import memoire_mo
from tests.load.visites import Connexion, Programme, Releve, centile, lancer, lire
from tests.marche import Marche, attendre

CONVERSATIONS, PENSEE, FOULE = 200, 10.0, 3
TOURS = 300
# Asked in turn by the long conversation: the same ones at its beginning and at its end.
DEMANDES = ("quel est le plafond de chiffre d'affaires d'un auto-entrepreneur ?", "comment déclarer mon chiffre d'affaires", "c'est quoi l'EIRL",
            "je n'arrive pas à payer mes cotisations", "à quel âge puis-je partir à la retraite")


@dataclass(frozen=True)
class But:
    """A figure, how it is written, and what it must be."""

    cle: str
    libelle: str
    unite: str
    tenu: Callable[[float], bool]
    voulu: str
    chiffres: int = 0


BUTS = (
    But("charge_p50_ms", f"{CONVERSATIONS} conversations, médiane", "ms", lambda v: True, ""),
    But("charge_p95_ms", f"{CONVERSATIONS} conversations, 95 %", "ms", lambda v: v <= 800, "≤ 800"),
    But("charge_p99_ms", f"{CONVERSATIONS} conversations, 99 %", "ms", lambda v: v <= 2000, "≤ 2 000"),
    But("charge_messages_par_s", "messages répondus par seconde", "/s", lambda v: True, "", 1),
    But("charge_vides", "réponses vides", "", lambda v: v == 0, "0"),
    But("charge_reduits", "réponses sans le moteur", "", lambda v: True, ""),
    But("charge_perdus", "messages perdus", "", lambda v: v == 0, "0"),
    But("foule_p95_ms", f"foule × {FOULE}, reçus, 95 %", "ms", lambda v: v <= 2000, "≤ 2 000"),
    But("foule_messages_par_s", f"foule × {FOULE}, répondus par seconde", "/s", lambda v: True, "", 1),
    But("foule_refuses", f"foule × {FOULE}, refus", "", lambda v: True, ""),
    But("foule_refus_p95_ms", f"foule × {FOULE}, durée d'un refus, 95 %", "ms", lambda v: not v > 200, "≤ 200"),
    But("foule_reduits", f"foule × {FOULE}, réponses sans le moteur", "", lambda v: True, ""),
    But("foule_perdus", f"foule × {FOULE}, messages perdus ou vides", "", lambda v: v == 0, "0"),
    But("tour_5_ms", "tour 5 d'une conversation", "ms", lambda v: True, "", 1),
    But("tour_300_ms", f"tour {TOURS}", "ms", lambda v: True, "", 1),
    But("tours_rapport", f"tour {TOURS} / tour 5", "×", lambda v: v <= 1.2, "≤ 1,2", 2),
    But("charge_moteur_mo", "mémoire du moteur, toutes les formulations", "Mo", lambda v: True, ""),
    But("moteur_demarre_s", "démarrage du moteur", "s", lambda v: v <= 15, "≤ 15", 1),
    But("site_demarre_s", "démarrage du site", "s", lambda v: v <= 3, "≤ 3", 1),
)


def demarrages(site: Marche) -> dict[str, float]:
    """Seconds from the birth of a process to its being ready, as the supervisor noted them: the site, and the engine beside all the rest."""
    durees = {}
    for nom in ("site", "moteur"):
        trouve = re.search(r"-- prêt en ([\d,]+) s", (site.donnees / "journaux" / f"{nom}.log").read_text(encoding="utf-8").replace("\u202f", " "))
        durees[f"{nom}_demarre_s"] = float(trouve[1].replace(",", ".")) if trouve else float("nan")
    return durees


def resumer(releve: Releve, quoi: str, chauffe: float) -> dict[str, Any]:
    """Figures of a load, the first `chauffe` seconds left out of the durations."""
    durees = [d for t, d in releve.reponses if t >= chauffe]
    return {f"{quoi}_p50_ms": centile(durees, 50), f"{quoi}_p95_ms": centile(durees, 95), f"{quoi}_p99_ms": centile(durees, 99),
            f"{quoi}_messages_par_s": len(releve.reponses) / releve.ecoule, f"{quoi}_vides": releve.vides, f"{quoi}_reduits": releve.reduits,
            f"{quoi}_perdus": releve.perdus, f"{quoi}_refuses": len(releve.refus), f"{quoi}_refus_p95_ms": centile(releve.refus, 95),
            f"{quoi}_statuts": dict(releve.statuts)}


async def longue_conversation(adresse: str) -> dict[str, float]:
    """What a turn costs at the beginning and at the end of a conversation of TOURS turns: the same questions both times, nobody else about."""
    connexion = Connexion(adresse)
    await connexion.demander("POST", "/api/conversations")
    durees = []
    for tour in range(TOURS + 1):
        depart = time.perf_counter()
        statut, _, _ = await connexion.demander("POST", "/api/messages", {"message_id": str(uuid4()), "text": DEMANDES[tour % len(DEMANDES)]})
        if statut != 200:
            refuser("TOUR_REFUSE", f"le tour {tour} de la longue conversation a été refusé ({statut}).")
        durees.append(1000 * (time.perf_counter() - depart))
    await connexion.fermer()
    premiers, derniers = durees[1:11], durees[TOURS - 9:TOURS + 1]
    return {"tour_5_ms": median(premiers), "tour_300_ms": median(derniers), "tours_rapport": median(derniers) / median(premiers)}


def mesurer(dossier: Path, modele: Optional[Path] = None) -> dict[str, Any]:
    """Everything, on one installation started for it; prints the table."""
    duree = float(os.environ.get("CHARGE_S") or 60)
    reglages = {"CONSEIL_MESSAGES_PAR_MINUTE": 100_000, "CONSEIL_CONVERSATIONS_PAR_MINUTE": 100_000, **({"CONSEIL_MODELE": modele} if modele else {})}
    site = Marche(dossier / "charge", "--demo", **reglages)
    try:
        attendre(site.pret, 240, "le site et son moteur")
        resultats: dict[str, Any] = demarrages(site)
        dire(f"  une conversation de {TOURS} tours…", erreur=True)
        resultats |= asyncio.run(longue_conversation(site.adresse))
        for quoi, combien in (("charge", CONVERSATIONS), ("foule", FOULE * CONVERSATIONS)):
            dire(f"  {combien} conversations pendant {duree + PENSEE:.0f} s…", erreur=True)
            resultats |= resumer(lire(lancer(Programme(site.adresse, combien, PENSEE, duree + PENSEE))), quoi, PENSEE)
        resultats["foule_perdus"] += resultats["foule_vides"]
        resultats["charge_moteur_mo"] = memoire_mo({site.pid("moteur")})
    finally:
        site.finir()
    montrer(resultats)
    for quoi in ("charge", "foule"):
        dire(f"{quoi}, réponses par statut : {', '.join(f'{s} × {n}' for s, n in sorted(resultats[f'{quoi}_statuts'].items()))}.")
    return resultats


def manques(resultats: dict[str, Any]) -> list[str]:
    """The goals that are not held."""
    return [b.libelle for b in BUTS if not b.tenu(resultats[b.cle])]


def montrer(resultats: dict[str, Any]) -> None:
    """The table: figure, goal."""
    for but in BUTS:
        valeur = resultats[but.cle]
        ecrit = "—" if valeur != valeur else nombre(valeur, but.chiffres)
        dire(f"{but.libelle:<48}{ecrit:>9} {but.unite:<3}" + (f"  {but.voulu:>8}  {'tenu' if but.tenu(valeur) else 'MANQUÉ'}" if but.voulu else ""), brut=True)


def principal() -> int:
    preparer_sorties()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # stopped either way, it stops the site it started
    try:
        with tempfile.TemporaryDirectory(prefix="charge-", dir=_donnees()) as brut:
            return 1 if manques(mesurer(Path(brut))) else 0
    except RefusCommande as refus:
        return dire_refus(refus)
    except KeyboardInterrupt:
        return 130


def _donnees() -> Path:
    dossier = lire_reglages().donnees
    dossier.mkdir(parents=True, exist_ok=True)
    return dossier if dossier.is_relative_to(RACINE) else Path(tempfile.gettempdir())


if __name__ == "__main__":
    sys.exit(principal())
