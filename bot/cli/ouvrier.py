"""The worker process (`python -m bot.cli.ouvrier`): what must be done every minute. Each job may run twice; none may stop the others.

Purge of conversations: 30 minutes after their last message, 24 hours at most (reference/security.md §3.2). Purge of the engine's tracker:
the same delays, on the machine's own clock, since that is the one Rasa writes with.
"""
import signal
import sqlite3
import threading
import time
from pathlib import Path
from typing import Callable, Mapping

import structlog
from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from bot.agenda import tournee
from bot.agenda.notifications import Expediteur, ExpediteurCourriel, ExpediteurFichier
from bot.bilan import echeance
from bot.cli.conservation import travail as conservation
from bot.cli.relecture import Mesureur
from bot.contacts.arrets import ECRITURES, Arrets
from bot.contacts.base import Sessions, ouvrir
from bot.contacts.conversations import DUREE_MAX, INACTIVITE, purger
from bot.enquete import travail as enquete
from bot.horloge import Horloge
from bot.journal import regler
from bot.reglages import Reglages

PERIODE = 60.0
ATTENTE_VERROU = 2.0
journal = structlog.get_logger("ouvrier")


def purger_conversations(sessions: Sessions, horloge: Horloge) -> int:
    """Conversations forgotten now."""
    with sessions() as s:
        return purger(s, horloge.maintenant())["conversations"]


def purger_suivi(chemin: Path, maintenant: float) -> int:
    """Events of the engine's tracker deleted: of conversations idle for 30 minutes, and all that are older than 24 hours.

    `maintenant`: seconds of the machine's clock. The file is Rasa's: nothing is made when it is not there yet.
    """
    if not chemin.exists():
        return 0
    connexion = sqlite3.connect(chemin, timeout=ATTENTE_VERROU)
    try:
        if not connexion.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'events'").fetchone():
            return 0
        connexion.execute("PRAGMA secure_delete = ON")
        with connexion:
            return connexion.execute(
                "DELETE FROM events WHERE timestamp < ? OR sender_id IN (SELECT sender_id FROM events GROUP BY sender_id HAVING MAX(timestamp) < ?)",
                (maintenant - DUREE_MAX.total_seconds(), maintenant - INACTIVITE.total_seconds())).rowcount
    finally:
        connexion.close()


def purger_suivi_partage(suivi: Engine, maintenant: float) -> int:
    """The same on the PostgreSQL database that several engines share (CONSEIL_SUIVI)."""
    if not inspect(suivi).has_table("events"):
        return 0
    with suivi.begin() as c:
        return c.execute(
            text("DELETE FROM events WHERE timestamp < :vieux OR sender_id IN "
                 "(SELECT sender_id FROM events GROUP BY sender_id HAVING MAX(timestamp) < :inactif)"),
            {"vieux": maintenant - DUREE_MAX.total_seconds(), "inactif": maintenant - INACTIVITE.total_seconds()}).rowcount


def purge_du_suivi(reglages: Reglages) -> Callable[[], int]:
    """The job that fits where the engines write."""
    if reglages.suivi:
        suivi = ouvrir(reglages.suivi)
        return lambda: purger_suivi_partage(suivi, time.time())
    return lambda: purger_suivi(reglages.donnees / "suivi.db", time.time())


def travaux_agenda(sessions: Sessions, horloge: Horloge, reglages: Reglages) -> dict[str, Callable[[], int]]:
    """The agenda's jobs of one round: holds and offers that are over, earlier slots, old identities, and the messages that are due.

    E-mail leaves by the mail server. Without one it waits, except in the demonstration, where every message becomes a file of `messages`; an SMS
    does so everywhere until a caisse plugs its own service in (`notifications.Expediteur`).
    """
    fichiers = ExpediteurFichier(reglages.donnees / "messages")
    expediteurs: dict[str, Expediteur] = {"sms": fichiers}
    serveur = bool(reglages.smtp_hote and reglages.smtp_expediteur)
    if serveur or reglages.demo:
        expediteurs["courriel"] = ExpediteurCourriel(reglages, horloge.maintenant()) if serveur else fichiers
    travaux = tournee.travaux(sessions, horloge.maintenant, expediteurs, reglages.adresse_publique)
    return travaux if "courriel" in expediteurs else {nom: t for nom, t in travaux.items() if nom != "messages"}


def passer(travaux: Mapping[str, Callable[[], int]]) -> None:
    """Every job once. A locked or absent database is for the next minute, and so is whatever else goes wrong with one of them."""
    for nom, travail in travaux.items():
        try:
            fait = travail()
        except (sqlite3.Error, SQLAlchemyError) as e:
            journal.warning("remis_a_plus_tard", travail=nom, genre=type(e).__name__)
        except Exception as e:
            journal.error("travail_en_panne", travail=nom, exc_info=e)
        else:
            if fait:
                journal.info("fait", travail=nom, nombre=fait)


def principal(periode: float = PERIODE) -> None:
    """Until SIGTERM or SIGINT."""
    regler()
    reglages, horloge, fin = Reglages(), Horloge.reglee(), threading.Event()
    for signal_ in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signal_, lambda *_: fin.set())
    sessions = Sessions(ouvrir(reglages.adresse_base))
    travaux: dict[str, Callable[[], int]] = {
        "purge des conversations": lambda: purger_conversations(sessions, horloge), "purge du suivi": purge_du_suivi(reglages),
        "enquête": lambda: enquete.passer(sessions, horloge, reglages), "conservation": conservation(sessions, reglages, horloge),
        "mesures de la relecture": Mesureur(reglages), "rappels du bilan": lambda: echeance.rappeler(sessions, horloge)}
    arrets = Arrets(reglages.donnees)
    while True:
        if not arrets.etat().phrase(ECRITURES):
            passer(travaux | travaux_agenda(sessions, horloge, reglages))
        if fin.wait(periode):
            return


if __name__ == "__main__":
    principal()
