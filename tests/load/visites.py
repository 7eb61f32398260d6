"""Visitors for the loads: a realistic mix of messages, sent by a client of a few lines, in a process of its own so that it measures itself little.

    python -m tests.load.visites '{"adresse": …, "nombre": 200, "pensee": 10, "duree": 60}'   → one JSON object on standard output
"""
import asyncio
import json
import random
import subprocess
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any, Optional, Sequence
from urllib.parse import urlsplit
from uuid import uuid4

from bot.cli.processus import laisse
from bot.reglages import RACINE

GELEES = sorted((RACINE / "tests/nlu").glob("gele_*.jsonl"))
SALUTS = ("bonjour", "merci beaucoup", "au revoir", "que savez-vous faire ?", "d'accord")
RENDEZ_VOUS = ("je voudrais un rendez-vous", "je voudrais un rendez-vous à Bordeaux mardi matin", "prendre rdv la semaine prochaine svp",
               "un rendez-vous avec un conseiller jeudi après-midi")
ESSAIS_MAX = 40  # a message that was refused so often is lost


@dataclass
class Programme:
    """What the visitors do. `pensee`: seconds between an answer and the next message, on average; `tours`: messages of a conversation before it is
    forgotten and another one begins (0: never); `insistant`: sends a refused message again, as the chat window does."""

    adresse: str
    nombre: int
    pensee: float
    duree: float
    tours: int = 0
    graine: int = 2011


@dataclass
class Releve:
    """What happened. Durations in milliseconds; `reponses` are (seconds since the start, duration) of the messages answered."""

    reponses: list[tuple[float, float]] = field(default_factory=list)
    refus: list[float] = field(default_factory=list)
    statuts: Counter[str] = field(default_factory=Counter)
    perdus: int = 0
    vides: int = 0
    reduits: int = 0
    conversations: int = 0
    ecoule: float = 0.0


class Connexion:
    """Just enough HTTP/1.1 to talk JSON to uvicorn on one kept connection: a tenth of the work of a general client."""

    def __init__(self, adresse: str):
        parts = urlsplit(adresse)
        self.hote, self.port = parts.hostname, parts.port
        self.cookie = ""
        self._flux: "Optional[tuple[asyncio.StreamReader, asyncio.StreamWriter]]" = None

    async def demander(self, methode: str, chemin: str, corps: Any = None) -> tuple[int, dict[str, str], Any]:
        """(status, headers, body). A connection that the server has closed meanwhile is opened again, once."""
        octets = json.dumps(corps).encode() if corps is not None else b""
        tete = (f"{methode} {chemin} HTTP/1.1\r\nhost: {self.hote}:{self.port}\r\ncontent-type: application/json\r\n"
                f"content-length: {len(octets)}\r\n{f'cookie: {self.cookie}' if self.cookie else 'accept: */*'}\r\n\r\n").encode()
        for essai in (1, 2):
            if self._flux is None:
                self._flux = await asyncio.open_connection(self.hote, self.port)
            try:
                return await self._echanger(*self._flux, tete + octets)
            except (ConnectionError, asyncio.IncompleteReadError):
                await self.fermer()
                if essai == 2:
                    raise
        raise AssertionError("jamais atteint")

    async def _echanger(self, lecture: asyncio.StreamReader, ecriture: asyncio.StreamWriter, octets: bytes) -> tuple[int, dict[str, str], Any]:
        ecriture.write(octets)
        brut = (await lecture.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        entetes = {nom.lower(): valeur.strip() for nom, _, valeur in (ligne.partition(":") for ligne in brut[1:] if ligne)}
        corps = await lecture.readexactly(int(entetes.get("content-length", "0")))
        if "set-cookie" in entetes:
            self.cookie = entetes["set-cookie"].split(";")[0]
        return int(brut[0].split()[1]), entetes, json.loads(corps) if corps else None

    async def fermer(self) -> None:
        if self._flux is not None:
            self._flux[1].close()
            self._flux = None


class Visiteur:
    """One person: questions typed as in the frozen files, buttons of the last answer, politeness, a booking now and then."""

    def __init__(self, programme: Programme, releve: Releve, questions: Sequence[str], rang: int):
        self.p, self.r, self.questions = programme, releve, questions
        self.hasard = random.Random(programme.graine * 100_003 + rang)
        self.connexion = Connexion(programme.adresse)
        self.dernier: dict[str, Any] = {}
        self.dits = 0

    def suivant(self) -> dict[str, Any]:
        """The next message."""
        formulaire, choix = self.dernier.get("form"), self.dernier.get("choices") or []
        if formulaire:
            valeurs = {"nom": "Exemple", "prenom": "Dominique", "telephone": f"0639{self.hasard.randrange(10**6):06d}",
                       "courriel": f"e{self.hasard.randrange(10**9)}@exemple.example", "code_postal": "33000"}
            return {"form": {"id": formulaire["id"], "values": {c["name"]: valeurs.get(c["name"], "") for c in formulaire["fields"]}}}
        de = self.hasard.random()
        if choix and (de < 0.25 or self.dernier.get("flow")):
            return {"choice": self.hasard.choice(choix[:4])["id"]}
        if de < 0.32:
            return {"text": self.hasard.choice(SALUTS)}
        if de < 0.37:
            return {"text": self.hasard.choice(RENDEZ_VOUS)}
        return {"text": self.hasard.choice(self.questions)[:500]}

    async def vivre(self, debut: float) -> None:
        """Until the time is over."""
        fin = debut + self.p.duree
        await asyncio.sleep(self.hasard.uniform(0, self.p.pensee))
        try:
            while time.perf_counter() < fin:
                if not self.connexion.cookie or (self.p.tours and self.dits >= self.p.tours):
                    await self.ouvrir()
                await self.envoyer(self.suivant(), debut)
                await asyncio.sleep(max(0.0, min(self.hasard.uniform(0.5, 1.5) * self.p.pensee, fin - time.perf_counter())))
        finally:
            await self.connexion.fermer()

    async def ouvrir(self) -> None:
        if self.connexion.cookie and self.hasard.random() < 0.5:  # half of them leave without a word
            await self.connexion.demander("DELETE", "/api/conversations")
        self.connexion.cookie, self.dernier, self.dits = "", {}, 0
        while not self.connexion.cookie:
            statut, entetes, _ = await self.connexion.demander("POST", "/api/conversations")
            self.r.statuts[f"ouverture {statut}"] += 1
            if statut != 201:
                await asyncio.sleep(float(entetes.get("retry-after", "1")))
        self.r.conversations += 1

    async def envoyer(self, quoi: dict[str, Any], debut: float) -> None:
        """A message until it is answered: refused with a delay, it goes again under the same number after that delay."""
        message = {"message_id": str(uuid4()), **quoi}
        for _ in range(ESSAIS_MAX):
            depart = time.perf_counter()
            statut, entetes, corps = await self.connexion.demander("POST", "/api/messages", message)
            duree = 1000 * (time.perf_counter() - depart)
            self.r.statuts[str(statut)] += 1
            if statut in (409, 429, 503) and "retry-after" in entetes:
                self.r.refus.append(duree)
                await asyncio.sleep(float(entetes["retry-after"]))
                continue
            self.dits += 1
            if statut == 200:
                self.r.reponses.append((depart - debut, duree))
                self.noter(corps)
            elif statut not in (410, 422):  # a conversation that is over, a button that is no more: an answer too
                self.r.perdus += 1
            if statut != 200:
                self.dernier = {}
            return
        self.r.perdus += 1

    def noter(self, enveloppe: dict[str, Any]) -> None:
        dits = enveloppe["messages"]
        if not dits or not all(m["text"].strip() for m in dits):
            self.r.vides += 1
        self.r.reduits += any((m.get("data") or {}).get("reduit") for m in dits)
        self.dernier = dits[-1] if dits else {}


async def visiter(programme: Programme) -> Releve:
    """Everybody at once, in this process."""
    releve, debut = Releve(), time.perf_counter()
    questions = [json.loads(ligne)["text"] for f in GELEES for ligne in f.read_text(encoding="utf-8").splitlines() if ligne.strip()]
    visiteurs = [Visiteur(programme, releve, questions, rang) for rang in range(programme.nombre)]
    await asyncio.gather(*(v.vivre(debut) for v in visiteurs))
    releve.ecoule = time.perf_counter() - debut
    return releve


def lancer(programme: Programme) -> "subprocess.Popen[str]":
    """The visitors in a process of their own; `lire(processus)` gives what they noted."""
    return subprocess.Popen([sys.executable, "-m", "tests.load.visites", json.dumps(asdict(programme))], cwd=RACINE, stdout=subprocess.PIPE, text=True,
                            preexec_fn=laisse())


def lire(processus: "subprocess.Popen[str]") -> Releve:
    """Wait for the visitors to be done."""
    sortie, _ = processus.communicate()
    if processus.returncode != 0:
        raise RuntimeError("les visiteurs se sont arrêtés ; leur message est au-dessus")
    brut = json.loads(sortie)
    return Releve(**{**brut, "statuts": Counter(brut["statuts"])})


def centile(durees: Sequence[float], cent: float) -> float:
    """The value that `cent` % do not exceed; nan when there is none."""
    rangees = sorted(durees)
    return rangees[min(len(rangees) - 1, int(len(rangees) * cent / 100))] if rangees else float("nan")


if __name__ == "__main__":
    print(json.dumps(vars(asyncio.run(visiter(Programme(**json.loads(sys.argv[1])))))))
