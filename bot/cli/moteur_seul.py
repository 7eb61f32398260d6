"""An engine for a command that only needs understanding: the one already running, or one started for the time of the command."""
import secrets
import socket
import subprocess
import time
from contextlib import contextmanager
from typing import Iterator

import requests

from bot.cli.commun import dire, refuser, secondes
from bot.cli.manifeste import controler
from bot.cli.processus import PYTHON_MOTEUR, environnement_moteur, laisse
from bot.reglages import RACINE, Reglages

ATTENTE = 120


def _port_libre() -> int:
    with socket.socket() as prise:
        prise.bind(("127.0.0.1", 0))
        return prise.getsockname()[1]


@contextmanager
def moteur_en_marche(reglages: Reglages) -> Iterator[Reglages]:
    """Settings that reach an engine. One is started on a free port, with the current model, unless `CONSEIL_MOTEUR` names one."""
    if reglages.moteur:
        yield reglages
        return
    controler(reglages.modele)
    port, jeton = _port_libre(), secrets.token_hex(16)
    suivi = reglages.donnees / f"suivi-{port}.db"
    journal = reglages.donnees / "journaux" / "moteur-seul.log"
    journal.parent.mkdir(parents=True, exist_ok=True)
    commande = [str(PYTHON_MOTEUR), "-m", "rasa", "run", "-i", "127.0.0.1", "-p", str(port), "--model", str(reglages.modele),
                "--endpoints", "endpoints.yml", "--credentials", "credentials.yml"]
    env = environnement_moteur(reglages.donnees / "moteur-seul", CONSEIL_JETON_MOTEUR=jeton, CONSEIL_SUIVI=suivi,
                               CONSEIL_PORT_ACTIONS=reglages.port_actions)
    debut = time.monotonic()
    with journal.open("w") as sortie:
        processus = subprocess.Popen(commande, cwd=RACINE, env=env, stdout=sortie, stderr=sortie, preexec_fn=laisse())
    try:
        adresse = f"http://127.0.0.1:{port}"
        while True:
            if processus.poll() is not None:
                refuser("MOTEUR_ARRETE", f"le moteur s'est arrêté au démarrage ; voir {journal}.")
            try:
                if requests.get(f"{adresse}/webhooks/front/", timeout=1).ok:
                    break
            except requests.RequestException:
                time.sleep(0.3)
            if time.monotonic() - debut > ATTENTE:
                refuser("MOTEUR_LENT", f"le moteur ne répond pas après {ATTENTE} s ; voir {journal}.")
        dire(f"Moteur prêt en {secondes(time.monotonic() - debut)}.", erreur=True)
        yield reglages.model_copy(update={"moteur": adresse, "jeton_moteur": jeton})
    finally:
        processus.terminate()
        try:
            processus.wait(10)
        except subprocess.TimeoutExpired:
            processus.kill()
        suivi.unlink(missing_ok=True)
