"""`conseil serve`: the site, the engine, the actions and the worker, under one supervisor. Everything is checked before anything starts.

`--role` starts one of them alone, in this very process, for systemd to watch (deploiement/systemd)."""
import argparse
import asyncio
import errno
import fcntl
import json
import os
import secrets
import shutil
import socket
import sys
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Iterator, Sequence

from bot.cli import points_acces, production
from bot.cli.base import migrer_base
from bot.cli.commun import dire, lire_reglages, refuser
from bot.cli.francais import entier
from bot.cli.manifeste import controler, empreinte_sources
from bot.cli.processus import PYTHON_MOTEUR, environnement_moteur
from bot.cli.sites import caisse_presente
from bot.cli.superviseur import Processus, superviser
from bot.contacts.base import Sessions
from bot.horloge import Horloge
from bot.reglages import RACINE, Reglages
from bot.texte.typographie import date_longue

AIDE = "lance le site et ses processus, et les surveille"
DEBUT_DEMO = "2011-09-14T10:00"


def declarer(analyseur: argparse.ArgumentParser) -> None:
    analyseur.add_argument("--demo", action="store_true", help="données fictives, en septembre 2011, avec le site d'une caisse")
    analyseur.add_argument("--port", type=entier(1, 65_534), help="port du site public (8000 par défaut)")
    analyseur.add_argument("--sans-moteur", action="store_true", help="le site seul : la recherche dans les fiches répond")
    analyseur.add_argument("--production", action="store_true", help="refuse de démarrer si un réglage n'est pas sûr pour un site public")
    analyseur.add_argument("--role", choices=production.ROLES, metavar="ROLE",
                           help=f"un seul processus, surveillé par le système : {', '.join(production.ROLES)}")
    analyseur.add_argument("--bavard", action="store_true", help="montre toutes les lignes des processus, pas les seules alertes")


def executer(options: argparse.Namespace) -> int:
    reglages = preparer_reglages(options)
    if reglages.production:
        production.exiger(reglages, options.role, options.bavard)
    if options.role:
        return devenir(reglages, options.role)
    with en_marche(reglages):
        exiger_ports(reglages, options)
        if not options.sans_moteur:
            exiger_modele(reglages)
        preparer_base(reglages)
        dire_situation(reglages)
        return asyncio.run(superviser(processus(reglages, options), reglages.donnees / "journaux", bavard=options.bavard))


def preparer_reglages(options: argparse.Namespace) -> Reglages:
    """Settings of this run, written into the environment, from which every child reads them."""
    if options.port:
        os.environ["CONSEIL_PORT_MOTEUR" if options.role == "moteur" else "CONSEIL_PORT"] = str(options.port)
    if options.production:
        os.environ["CONSEIL_PRODUCTION"] = "1"
    if options.demo:
        os.environ["CONSEIL_DEMO"] = "1"
    reglages = lire_reglages()
    if reglages.demo:
        os.environ.setdefault("CONSEIL_NOW", DEBUT_DEMO)
    # The clock starts now, for all children alike and for those that will be restarted.
    os.environ.pop("CONSEIL_NOW_ORIGINE", None)
    Horloge.reglee()
    if options.role:
        pass  # the secret is the one that all the units were given
    elif reglages.moteur:
        options.sans_moteur = True  # the engine is someone else's to run, and its secret someone else's to share
    else:
        os.environ["CONSEIL_JETON_MOTEUR"] = secrets.token_urlsafe(32)
    os.environ["CONSEIL_DONNEES"] = str(reglages.donnees.resolve())
    return lire_reglages()


# -- before anything starts -------------------------------------------------------------------------------------------------------------


@contextmanager
def en_marche(reglages: Reglages) -> Iterator[None]:
    """Holds `var/conseil.pid` while the site runs: one site a data folder. The lock dies with the process, so a stale file stops nobody."""
    reglages.donnees.mkdir(parents=True, exist_ok=True)
    adresse = adresse_site(reglages)
    descripteur = os.open(reglages.donnees / "conseil.pid", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    os.fchmod(descripteur, 0o600)  # it holds the engine's secret
    with os.fdopen(descripteur, "r+", encoding="utf-8") as fichier:
        try:
            fcntl.flock(fichier, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            autre = _lire_json(fichier.read())
            refuser("DEJA_EN_ROUTE", f"le site est déjà en route : {autre.get('adresse', '?')} (processus {autre.get('pid', '?')}). "
                                     f"Arrêtez-le d'abord par Ctrl-C, ou avec « kill {autre.get('pid', '?')} ».")
        fichier.truncate()
        json.dump({"pid": os.getpid(), "adresse": adresse, "moteur": reglages.adresse_moteur, "jeton_moteur": reglages.jeton_moteur}, fichier)
        fichier.flush()
        try:
            yield
        finally:
            fichier.seek(0)
            fichier.truncate()


def _lire_json(texte: str) -> dict[str, object]:
    try:
        return dict(json.loads(texte))
    except ValueError:
        return {}


def exiger_ports(reglages: Reglages, options: argparse.Namespace) -> None:
    """Refuses, in one sentence, a port that is taken or not ours to take."""
    port = reglages.port
    libre = f"« --port {port + 100} » (ou PORT={port + 100} avec make)"
    demandes = [(reglages.hote, port + rang, "du site", libre) for rang in range(reglages.sites)]
    if reglages.demo and caisse_presente():
        demandes.append((reglages.hote, port + 1, "du site de la caisse de démonstration", libre))
    demandes.append(("127.0.0.1", reglages.port_actions, "des actions", "le réglage CONSEIL_PORT_ACTIONS"))
    if not options.sans_moteur:
        demandes += [("127.0.0.1", reglages.port_moteur + rang, "du moteur", "le réglage CONSEIL_PORT_MOTEUR") for rang in range(reglages.moteurs)]
    vus: dict[int, str] = {}
    for hote, numero, de, remede in demandes:
        if numero in vus:
            refuser("PORT_EN_DOUBLE", f"le port {numero} est à la fois celui {vus[numero]} et celui {de} : changez l'un d'eux avec {remede}.")
        vus[numero] = de
        exiger_port(hote, numero, de, remede)


def exiger_port(hote: str, numero: int, de: str, remede: str) -> None:
    famille = socket.AF_INET6 if ":" in hote else socket.AF_INET
    with socket.socket(famille, socket.SOCK_STREAM) as essai:
        essai.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            essai.bind((hote, numero))
        except OSError as e:
            if e.errno == errno.EADDRINUSE:
                refuser("PORT_OCCUPE", f"le port {numero} ({de}) est déjà pris par un autre programme : "
                                       f"arrêtez-le, ou choisissez un autre port avec {remede}.")
            refuser("PORT_REFUSE", f"l'adresse {hote}:{numero} ({de}) ne peut pas être ouverte ({e.strerror}) : "
                                   f"choisissez un autre port avec {remede}.")


def exiger_modele(reglages: Reglages) -> None:
    """Refuses a model that is absent or not the one that was trained here; only says so when it is out of date."""
    manifeste = controler(reglages.modele)
    if manifeste.empreinte != empreinte_sources():
        dire("Attention : les fiches ou le moteur ont changé depuis l'entraînement du modèle ; « conseil train » le met à jour.", erreur=True)


def preparer_base(reglages: Reglages) -> None:
    """The embedded database is migrated here; a shared one is left to `conseil base migrer`, and only checked."""
    sessions = migrer_base(reglages, appliquer=reglages.base is None or reglages.demo)
    if reglages.production:
        exiger_vraies_donnees(sessions)
    if reglages.demo:
        from bot.cli.demonstration import installer
        from bot.contacts.conversations import purger

        with sessions() as s:
            installer(s, Horloge.reglee().maintenant(), tuple(f"http://{hote}:{reglages.port + 1}" for hote in ("127.0.0.1", "localhost")))
            # The demonstration's clock starts again each time: conversations of an earlier run lie in its future and would never be purged.
            purger(s, Horloge.reglee().maintenant() + timedelta(days=36_500))
    sessions.engine.dispose()


def exiger_vraies_donnees(sessions: Sessions) -> None:
    """Refuses, in production, a database where the demonstration was played."""
    with sessions.lecture() as s:
        trouves = production.defauts_base(s)
    if trouves:
        sessions.engine.dispose()
        raise production.ProductionRefusee(trouves)


def adresse_site(reglages: Reglages, port: int = 0) -> str:
    hote = "127.0.0.1" if reglages.hote in ("0.0.0.0", "::", "") else reglages.hote
    return f"http://{f'[{hote}]' if ':' in hote else hote}:{port or reglages.port}"


def dire_situation(reglages: Reglages) -> None:
    if reglages.demo:
        dire(f"Démonstration — données fictives. Nous sommes le {date_longue(Horloge.reglee().aujourdhui(), jour_semaine=True)}.")
        dire_comptes_demo(reglages)
    dire(f"Démarrage… (Ctrl-C arrête tout ; journaux dans {_relatif(reglages.donnees / 'journaux')}/)")


def dire_comptes_demo(reglages: Reglages) -> None:
    """Where the counsellors' workspace is, and who may be played there."""
    from bot.contacts.comptes_demo import MOT_DE_PASSE_DEMO, PERSONNES_DEMO

    dire(f"Espace des conseillers : {adresse_site(reglages)}/espace — comptes fictifs, même mot de passe pour tous : {MOT_DE_PASSE_DEMO}")
    for personne in PERSONNES_DEMO:
        dire(f"  {personne.identifiant:<18} {', '.join(personne.niveaux)} ({personne.caisse_code})", brut=True)


def _relatif(chemin: Path) -> Path:
    return chemin.relative_to(RACINE) if chemin.is_relative_to(RACINE) else chemin


# -- what runs --------------------------------------------------------------------------------------------------------------------------


def processus(reglages: Reglages, options: argparse.Namespace) -> Sequence[Processus]:
    """The processes of the site, in the order they start (design.md, « Processes »)."""
    liste = [site(reglages, rang, bool(options.sans_moteur)) for rang in range(reglages.sites)]
    if reglages.demo and caisse_presente():
        caisse = adresse_site(reglages, reglages.port + 1)
        liste.append(Processus("caisse", [sys.executable, "-m", "bot.cli.sites", "caisse"], environnement(), f"{caisse}/",
                               lambda duree: f"Site d'une caisse fictive, avec l'assistant dedans : {caisse}"))
    liste += [actions(reglages), ouvrier(reglages)]
    if not options.sans_moteur:
        liste += [moteur(reglages, rang) for rang in range(reglages.moteurs)]
    return liste


def devenir(reglages: Reglages, role: str) -> int:
    """Turn this process into the one asked for, once what it needs is checked: the system that started it then watches it, and nothing else."""
    if role == "moteur":
        exiger_modele(reglages)
    else:
        sessions = migrer_base(reglages, appliquer=False)
        if reglages.production:
            exiger_vraies_donnees(sessions)
        sessions.engine.dispose()
    processus = {"site": site, "moteur": moteur, "actions": actions, "ouvrier": ouvrier}[role](reglages)
    if processus.avant:
        processus.avant()
    os.chdir(RACINE)
    os.execve(processus.commande[0], list(processus.commande), dict(processus.environnement))


def environnement(**ajouts: object) -> dict[str, str]:
    """What our own processes inherit."""
    env = {**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1", **{nom: str(valeur) for nom, valeur in ajouts.items()}}
    env.pop("PYTHONDONTWRITEBYTECODE", None)  # each restart would compile everything anew
    return env


def site(reglages: Reglages, rang: int = 0, sans_moteur: bool = False) -> Processus:
    """A front; the first also says that the site is up."""
    adresse = adresse_site(reglages, reglages.port + rang)
    suite = "" if sans_moteur else " Le moteur démarre encore ; d'ici là, la recherche dans les fiches répond."
    return Processus(_nom("site", rang), [sys.executable, "-m", "bot.cli.sites", "site"], environnement(CONSEIL_PORT=reglages.port + rang),
                     f"{adresse}/healthz", lambda duree: f"Site prêt : {adresse} ({duree}).{suite}", indispensable=True)


def actions(reglages: Reglages) -> Processus:
    return Processus("actions", [sys.executable, "-m", "bot.actions.serveur"], environnement(), f"http://127.0.0.1:{reglages.port_actions}/health")


def ouvrier(reglages: Reglages) -> Processus:
    return Processus("ouvrier", [sys.executable, "-m", "bot.cli.ouvrier"], environnement())


def moteur(reglages: Reglages, rang: int = 0) -> Processus:
    """Rasa: loopback only, no HTTP API, no telemetry, and an environment without the contact database."""
    port = reglages.port_moteur + rang
    maison = reglages.donnees / _nom("moteur", rang)
    env = environnement_moteur(maison, CONSEIL_PORT_ACTIONS=reglages.port_actions, CONSEIL_JETON_MOTEUR=reglages.jeton_moteur,
                               CONSEIL_SUIVI=reglages.donnees / "suivi.db")
    commande = [str(PYTHON_MOTEUR), "-m", "rasa", "run", "-i", "127.0.0.1", "-p", str(port), "--model", str(reglages.modele),
                "--endpoints", str(points_acces.fichier(reglages, maison)), "--credentials", "credentials.yml"]

    def avant() -> None:
        controler(reglages.modele)
        for reste in (maison / "tmp").iterdir():  # models unpacked by a life that was cut short
            shutil.rmtree(reste, ignore_errors=True)

    return Processus(_nom("moteur", rang), commande, env, f"http://127.0.0.1:{port}/webhooks/front/",
                     lambda duree: f"Moteur prêt ({duree}) : l'assistant comprend et répond.", avant)


def _nom(quoi: str, rang: int) -> str:
    """« moteur », « moteur-2 »."""
    return quoi if rang == 0 else f"{quoi}-{rang + 1}"
