"""kill -9 at random moments over the four processes (site, engine, actions, worker) while people talk, book and are written to.

Nothing acknowledged is lost, nothing is done twice: messages, bookings; an e-mail leaves under one number, twice at most when the worker died as it
handed it over. TOURS=200: as many deaths (`make faults`). VRAI_MOTEUR=1: with the real engine, which takes twenty seconds to be born again.
"""
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import closing
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import func, select

from bot.cli.processus import laisse
from bot.contacts.base import Sessions, ouvrir
from bot.contacts.tables import Entretien, Notification
from tests.faults.tuer import Mortel, Pepiniere
from tests.marche import RACINE, attendre, ports_libres
from tests.unit import agenda_aide
from tests.unit.agenda_aide import LUNDI

TOURS = int(os.environ.get("TOURS", "8"))
HASARD = random.Random(9)
JETON = "jeton-de-test"
PERSONNES = 3


class Boite:
    """A mail server that keeps the number of each message it took."""

    def __init__(self):
        self.recus = Counter()

    async def handle_DATA(self, serveur, session, enveloppe):
        entetes = enveloppe.content.decode("utf-8", "replace").split("\r\n\r\n")[0]
        self.recus[next(ligne for ligne in entetes.split("\r\n") if ligne.lower().startswith("message-id"))] += 1
        return "250 OK"


class Moteur:
    """The engine as a process: the real one, or the one of these tests."""

    def __init__(self, env, donnees, adresse_actions):
        self.env, self.donnees, self.adresse_actions, self.processus = env, donnees, adresse_actions, None
        self.adresse = f"http://127.0.0.1:{env['CONSEIL_PORT_MOTEUR']}"
        self.vrai = os.environ.get("VRAI_MOTEUR") == "1"

    def naitre(self):
        if self.vrai:
            from bot.cli.serve import moteur
            from bot.reglages import Reglages
            p = moteur(Reglages(donnees=self.donnees, port_moteur=int(self.env["CONSEIL_PORT_MOTEUR"]), jeton_moteur=JETON,
                                port_actions=int(self.env["CONSEIL_PORT_ACTIONS"])))
            p.avant()
            commande, env = p.commande, dict(p.environnement)
        else:
            commande = [sys.executable, "-m", "tests.faults.mauvais_moteur", self.env["CONSEIL_PORT_MOTEUR"], self.adresse_actions, JETON]
            env = {**os.environ, "PYTHONPATH": str(RACINE)}
        self.processus = subprocess.Popen(commande, cwd=RACINE, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=laisse(),
                                          start_new_session=True)
        attendre(self.repond, 180, "le moteur")

    def repond(self):
        try:
            return httpx.get(f"{self.adresse}/webhooks/front/", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False

    def tuer(self):
        os.killpg(self.processus.pid, signal.SIGKILL)
        self.processus.wait()

    def finir(self):
        if self.processus is not None and self.processus.poll() is None:
            self.tuer()


class Personne(threading.Thread):
    """Talks, and books, until told to stop; whatever has no answer goes again, as it was. What was acknowledged is kept."""

    def __init__(self, adresse, rang, fin):
        super().__init__(daemon=True)
        self.client, self.rang, self.fin = httpx.Client(base_url=adresse, timeout=30), rang, fin
        self.messages, self.rendez_vous, self.faute = {}, {}, None

    def run(self):
        try:
            self.insister(lambda: self.client.post("/api/conversations"))
            while not self.fin.is_set():
                self.parler()
                self.reserver()
        except BaseException as e:
            self.faute = e

    def insister(self, faire):
        """`faire()` until it is answered for good; a death, a 409 or a 503 is not an answer."""
        fin = time.monotonic() + 120
        while time.monotonic() < fin:
            try:
                reponse = faire()
            except httpx.TransportError:
                time.sleep(0.05)
                continue
            if reponse.status_code in (200, 201):
                return reponse
            assert reponse.status_code in (409, 429, 503), (reponse.status_code, reponse.text)
            if reponse.json()["error"]["code"] in ("CRENEAU_PRIS", "TROP_DE_RENDEZ_VOUS", "CRENEAU_ILLISIBLE"):
                return None
            time.sleep(0.1)
        raise AssertionError("deux minutes sans réponse")

    def parler(self):
        message = {"message_id": str(uuid4()), "text": f"quel est le plafond, question {len(self.messages)} de {self.rang} ?"}
        reponse = self.insister(lambda: self.client.post("/api/messages", json=message))
        self.messages[message["message_id"]] = (message, reponse.json())

    def reserver(self):
        operation = str(uuid4())
        creneaux = self.insister(lambda: self.client.get("/api/creneaux", params={"motif": "conseil_social"})).json()["creneaux"]
        demande = {"operation_id": operation, "creneau": random.choice(creneaux)["id"], "nom": "Exemple",
                   "courriel": f"e{operation[:8]}@exemple.example"}
        reponse = self.insister(lambda: self.client.post("/api/entretiens", json=demande))
        if reponse is not None:
            self.rendez_vous[operation] = reponse.json()["code"]


@pytest.fixture
def installation(tmp_path, sessions):
    """The four processes on one SQLite file, and a mail server."""
    base = tmp_path / "contacts.db"
    conseillers = 2 + TOURS // 20  # the longer they book, the more slots it takes: none left would be nothing to lose
    monde = agenda_aide.installer(sessions, conseillers=conseillers)
    with sessions() as s:
        for qui in range(conseillers):
            for jour in range(5):
                agenda_aide.ouvrir(s, monde, LUNDI + timedelta(jour), "9:00", "17:00", qui=qui, jusqu_au=LUNDI + timedelta(jour + 60))
    boite = Boite()
    courrier = Controller(boite, hostname="127.0.0.1", port=ports_libres(2)[0])
    courrier.start()
    commun = dict(CONSEIL_BASE=f"sqlite:///{base}", CONSEIL_DEMO=1, CONSEIL_NOW="2011-09-14T10:00", CONSEIL_NOW_ORIGINE=time.time(),
                  CONSEIL_JETON_MOTEUR=JETON, CONSEIL_MESSAGES_PAR_MINUTE=100_000, CONSEIL_CONVERSATIONS_PAR_MINUTE=100_000,
                  CONSEIL_SMTP_HOTE="127.0.0.1", CONSEIL_SMTP_PORT=courrier.port, CONSEIL_SMTP_TLS=0, CONSEIL_SMTP_EXPEDITEUR="conseil@caisse.example")
    with Pepiniere() as pepiniere:
        site = Mortel(pepiniere, "site", tmp_path, **commun)
        commun |= {n: site.env[n] for n in ("CONSEIL_PORT", "CONSEIL_PORT_ACTIONS", "CONSEIL_PORT_MOTEUR")}
        actions, ouvrier = (Mortel(pepiniere, quoi, tmp_path, **commun) for quoi in ("actions", "ouvrier"))
        moteur = Moteur(site.env, tmp_path, actions.adresse)
        quatre = {"site": site, "actions": actions, "ouvrier": ouvrier, "moteur": moteur}
        try:
            for processus in quatre.values():
                processus.naitre()
            yield quatre, boite, base
        finally:
            for processus in quatre.values():
                processus.finir()
            courrier.stop()


def test_les_quatre_processus_tues_au_hasard_rien_de_perdu_rien_de_double(installation):
    quatre, boite, base = installation
    fin = threading.Event()
    gens = [Personne(quatre["site"].adresse, rang, fin) for rang in range(PERSONNES)]
    for personne in gens:
        personne.start()
    morts, avant = Counter(), 0
    for tour in range(TOURS):
        nom = tuple(quatre)[tour % 4]
        attendre(lambda avant=avant: faits(gens) > avant or any(p.faute for p in gens), 120, "quelqu'un a obtenu une réponse")
        avant = faits(gens)
        time.sleep(HASARD.uniform(0, 0.3))  # a random moment of what people are doing
        quatre[nom].tuer()
        morts[nom] += 1
        quatre[nom].naitre()
        assert not any(p.faute for p in gens), [p.faute for p in gens]
    fin.set()
    for personne in gens:
        personne.join(180)
        assert personne.faute is None and not personne.is_alive(), personne.faute
    verifier_messages(gens)
    verifier_rendez_vous(gens, base)
    verifier_courriels(quatre["ouvrier"], gens, boite, base, morts["ouvrier"])
    print(f"    {TOURS} morts {dict(morts)}, {sum(len(p.messages) for p in gens)} messages et {sum(len(p.rendez_vous) for p in gens)} rendez-vous "
          f"acquittés, {sum(boite.recus.values())} courriels, dont {sum(n - 1 for n in boite.recus.values())} remis deux fois")


def faits(gens):
    """What was acknowledged so far."""
    return sum(len(p.messages) + len(p.rendez_vous) for p in gens)


def verifier_messages(gens):
    """Each is in the conversation once; sent again, it has the same answer."""
    for personne in gens:
        assert len(personne.messages) > 0
        dits = Counter(m["text"] for m in personne.client.get("/api/messages").json()["messages"] if m["author"] == "assure")
        assert dits == Counter(message["text"] for message, _ in personne.messages.values())
        for message, reponse in list(personne.messages.values())[-20:]:
            assert personne.client.post("/api/messages", json=message).json() == reponse


def verifier_rendez_vous(gens, base):
    """Each acknowledged booking is there under its code; there is no other; none overlaps; the file is whole."""
    attendus = {f"api-{o.replace('-', '')}": code for p in gens for o, code in p.rendez_vous.items()}
    engine = ouvrir(f"sqlite:///{base}")
    with Sessions(engine).lecture() as s:
        assert dict(s.execute(select(Entretien.operation_id, Entretien.code)).all()) == attendus
        assert s.scalar(select(func.count()).select_from(select(Entretien.conseiller_id, Entretien.debut).distinct().subquery())) == len(attendus)
    engine.dispose()
    with closing(sqlite3.connect(base)) as c:
        assert c.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def verifier_courriels(ouvrier, gens, boite, base, morts):
    """Every booking was confirmed by one message; the same number came twice only because the worker died as it handed it over."""
    ouvrier.tuer()
    ouvrier.env["CONSEIL_NOW_ORIGINE"] = str(float(ouvrier.env["CONSEIL_NOW_ORIGINE"]) - 400)  # what a dead worker had taken is free again
    ouvrier.naitre()
    engine = ouvrir(f"sqlite:///{base}")

    def restent():
        with Sessions(engine).lecture() as s:
            return s.scalar(select(func.count()).select_from(Notification).where(Notification.type == "confirmation", Notification.resultat.is_(None)))
    attendre(lambda: not restent(), 60, "toutes les confirmations sont parties")
    engine.dispose()
    assert len(boite.recus) == sum(len(p.rendez_vous) for p in gens)
    assert sum(n - 1 for n in boite.recus.values()) <= morts + 1 and max(boite.recus.values(), default=0) <= 2
