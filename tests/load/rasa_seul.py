"""Rasa as it ships, nothing of ours around it: its server, its REST channel, its default pipeline; the same visitors as our whole stack.

Its turns grow with the conversation, ours do not: the longer the load, the slower it is.
"""
import asyncio
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Iterator, Sequence

import requests
import yaml

from bot.cli.commun import dire
from bot.cli.processus import PYTHON_MOTEUR, environnement_moteur, laisse
from bot.reglages import RACINE
from bot.texte.typographie import nombre
from tests.load.mesures import Visiteur, affluence
from tests.marche import attendre, ports_libres

# Where a conversation is kept between two messages: what `rasa run` does when nothing is said, and the database it offers first.
SUIVIS: dict[str, Any] = {"mémoire": None, "SQLite": {"type": "SQL", "dialect": "sqlite"}}


class VisiteurRasa(Visiteur):
    """Someone who talks to Rasa's own REST channel, in one conversation."""

    async def ouvrir(self) -> None:
        await self.envoyer("bonjour")

    async def envoyer(self, texte: str) -> str:
        """« moteur », « vide » or the status of a refusal."""
        statut, _, corps = await self.connexion.demander("POST", "/webhooks/rest/webhook", {"sender": f"visiteur-{id(self)}", "message": texte})
        return f"refus {statut}" if statut != 200 else "moteur" if corps else "vide"


@contextmanager
def _serveur(modele: Path, dossier: Path, suivi: Any) -> Iterator[str]:
    """`rasa run` on a port of its own. No action server: what would call one fails at once, which costs it less."""
    dossier.mkdir()
    port, absent = ports_libres(2)
    (dossier / "credentials.yml").write_text("rest:\n", encoding="utf-8")
    (dossier / "endpoints.yml").write_text(yaml.safe_dump({
        "action_endpoint": {"url": f"http://127.0.0.1:{absent}/webhook"},
        **({"tracker_store": {**suivi, "db": str(dossier / "suivi.db")}} if suivi else {})}), encoding="utf-8")
    commande = [str(PYTHON_MOTEUR), "-m", "rasa", "run", "-i", "127.0.0.1", "-p", str(port), "--model", str(modele),
                "--credentials", str(dossier / "credentials.yml"), "--endpoints", str(dossier / "endpoints.yml")]
    with (dossier / "rasa.log").open("w") as sortie:
        processus = subprocess.Popen(commande, cwd=RACINE, env=environnement_moteur(dossier / "maison"), stdout=sortie, stderr=sortie,
                                     preexec_fn=laisse())

    def pret() -> bool:
        try:
            return requests.get(f"http://127.0.0.1:{port}/webhooks/rest/", timeout=1).ok
        except requests.RequestException:
            return False

    try:
        attendre(pret, 120, f"Rasa seul (journal : {dossier / 'rasa.log'})")
        yield f"http://127.0.0.1:{port}"
    finally:
        processus.terminate()
        processus.wait(20)


def mesurer(modele: Path, dossier: Path, textes: Sequence[str], visiteurs: int, duree: float, notre: float) -> dict[str, float]:
    """Messages a second by kind of store; prints them beside `notre`, ours on the same load."""
    dossier.mkdir()
    resultats = {}
    for nom, suivi in SUIVIS.items():
        with _serveur(modele, dossier / nom, suivi) as adresse:
            releve = asyncio.run(affluence(adresse, textes, visiteurs, duree, VisiteurRasa))
            resultats[nom] = releve["messages_par_s"]
            dire(f"Rasa seul, conversations en {nom} : {nombre(resultats[nom], 1)} msg/s pendant {duree:.0f} s ; "
                 f"notre pile entière, × {nombre(notre / resultats[nom], 2)} ({', '.join(f'{n} {i}' for i, n in sorted(releve['pile_issues'].items()))}).")
    return resultats
