"""Keeps processes alive: starts them, keeps their logs, asks them whether they answer, restarts the dead, stops all.

Knows nothing of what they do (see `serve`). One thread, asyncio: the leash of `processus.laisse` follows the thread that forked, so every
start happens in the main one.
"""
import asyncio
import os
import re
import shutil
import signal
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Callable, Mapping, Optional, Sequence

import aiohttp

from bot.cli.commun import RefusCommande, dire, secondes
from bot.cli.processus import laisse
from bot.reglages import RACINE
from bot.sonde import va_bien

LIGNE_MAX = 4_000
JOURNAL_MAX = 5_000_000
JOURNAUX_GARDES = 5
_ALARME = re.compile(r"\b(warning|error|critical|exception|traceback)\b", re.I)


@dataclass(frozen=True)
class Processus:
    """What to run. `sonde`: address that answers 200 when it is ready; `avant`: what must hold before each start (raises RefusCommande)."""

    nom: str
    commande: Sequence[str]
    environnement: Mapping[str, str]
    sonde: Optional[str] = None
    pret: Optional[Callable[[str], str]] = None
    avant: Optional[Callable[[], object]] = None
    indispensable: bool = False


@dataclass(frozen=True)
class Delais:
    """All durations, in seconds."""

    recul: float = 1.0        # first wait before a restart; doubles
    recul_max: float = 30.0
    sante: float = 60.0       # a life at least this long brings the wait back to the first
    demarrage: float = 300.0  # not ready after this: restarted
    silence: float = 60.0     # was ready, answers no more for this long: restarted
    sonde: float = 5.0        # between two questions to a process that is ready
    arret: float = 8.0        # between SIGTERM and SIGKILL
    avance: float = 6.0       # how long the indispensable ones may start alone
    essais: int = 3           # deaths before it was ever ready, after which an indispensable process stops everything


@dataclass
class Recul:
    """Exponential back-off: 1, 2, 4 … 30 s, and 1 s again after a long enough life."""

    delais: Delais
    prochain: float = 0.0

    def apres(self, vecu: float) -> float:
        """How long to wait after a life of `vecu` seconds."""
        attente = self.delais.recul if not self.prochain or vecu >= self.delais.sante else self.prochain
        self.prochain = min(2 * attente, self.delais.recul_max)
        return attente


class Journal:
    """`<nom>.log`, put aside at each start of the supervisor and when it grows; the last five are kept."""

    def __init__(self, chemin: Path):
        self.chemin = chemin
        chemin.parent.mkdir(parents=True, exist_ok=True)
        self._ouvrir()

    def _ouvrir(self) -> None:
        if self.chemin.exists():
            for rang in range(JOURNAUX_GARDES - 1, 0, -1):
                with suppress(FileNotFoundError):
                    os.replace(f"{self.chemin}.{rang}", f"{self.chemin}.{rang + 1}")
            os.replace(self.chemin, f"{self.chemin}.1")
        self._fichier = self.chemin.open("w", encoding="utf-8")

    def ecrire(self, ligne: str) -> None:
        """One line with the machine's own time. A full disk must not stop the processes: what cannot be written is lost."""
        with suppress(OSError):
            self._fichier.write(f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%SZ} {ligne}\n")
            self._fichier.flush()
            if self._fichier.tell() > JOURNAL_MAX:
                self._fichier.close()
                self._ouvrir()

    def fermer(self) -> None:
        self._fichier.close()


@dataclass
class Enfant:
    """One process under watch, life after life."""

    processus: Processus
    journal: Journal
    delais: Delais
    bavard: bool = False
    arret: asyncio.Event = field(default_factory=asyncio.Event)
    abandon: Optional[str] = None
    pid: Optional[int] = None
    deja_pret: bool = False
    morts: int = 0
    derniere_ligne: str = ""

    async def vivre(self) -> None:
        """Start, wait for the end, wait a little, start again; until `arret`."""
        recul = Recul(self.delais)
        while not self.arret.is_set():
            debut = time.monotonic()
            fin = await self._une_vie()
            if self.arret.is_set():
                return
            self.morts += 1
            if self.processus.indispensable and not self.deja_pret and self.morts >= self.delais.essais:
                self.abandon = f"« {self.processus.nom} » ne démarre pas ({fin}) : voyez {self.journal.chemin}."
                return
            attente = recul.apres(time.monotonic() - debut)
            self._dire(f"arrêté ({fin}), relancé dans {secondes(attente)}")
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self.arret.wait(), attente)

    async def _une_vie(self) -> str:
        """One life, and how it ended."""
        # A pipe of our own: asyncio's would make `wait` last until every grandchild that holds it is gone.
        lecture, ecriture = os.pipe()
        try:
            if self.processus.avant:
                self.processus.avant()
            enfant = await asyncio.create_subprocess_exec(
                *self.processus.commande, env=dict(self.processus.environnement), cwd=RACINE, stdin=asyncio.subprocess.DEVNULL,
                stdout=ecriture, stderr=ecriture, preexec_fn=laisse(), start_new_session=True)
        except (RefusCommande, OSError) as e:
            os.close(lecture)
            return str(e) if isinstance(e, RefusCommande) else f"ne se lance pas, {e.strerror}"
        finally:
            os.close(ecriture)
        self.pid = enfant.pid
        if self.arret.is_set():  # asked to stop while it was being started
            _signaler(enfant.pid, signal.SIGTERM)
        self.journal.ecrire(f"-- lancé, processus {enfant.pid}")
        taches = [asyncio.create_task(self._lire(lecture)), asyncio.create_task(self._veiller(enfant))]
        try:
            code = await enfant.wait()
        finally:
            _signaler(enfant.pid, signal.SIGKILL)  # whatever of its group is left
            await asyncio.wait(taches[:1], timeout=1)
            for tache in taches:
                tache.cancel()
            self.pid = None
        self.journal.ecrire(f"-- terminé, code {code}")
        if code < 0:
            return f"signal {signal.Signals(-code).name}"
        return f"code {code}" + (f", {self.derniere_ligne[:80]}" if code and self.derniere_ligne else "")

    async def _lire(self, lecture: int) -> None:
        flux = asyncio.StreamReader()
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(flux), os.fdopen(lecture, "rb"))
        reste = b""
        try:
            while morceau := await flux.read(65_536):
                *lignes, reste = (reste + morceau).replace(b"\r", b"\n").split(b"\n")
                if len(reste) > LIGNE_MAX:
                    lignes, reste = [*lignes, reste], b""
                for ligne in lignes:
                    self._noter(ligne.decode("utf-8", "replace")[:LIGNE_MAX].rstrip())
            self._noter(reste.decode("utf-8", "replace").rstrip())
        finally:
            transport.close()

    def _noter(self, ligne: str) -> None:
        if ligne:
            self.derniere_ligne = ligne
            self.journal.ecrire(ligne)
            if self.bavard or _ALARME.search(ligne):
                self._dire(ligne)

    def _dire(self, texte: str) -> None:
        dire(f"{self.processus.nom:8}│ {texte[:max(40, shutil.get_terminal_size().columns - 11)]}", brut=True)

    async def _veiller(self, enfant: asyncio.subprocess.Process) -> None:
        """Says when it is ready; ends it when it no longer answers, so that it is started anew."""
        if self.processus.sonde is None:
            return
        debut = derniere = time.monotonic()
        pret = False
        async with aiohttp.ClientSession() as session:
            while True:
                maintenant = time.monotonic()
                if await va_bien(session, self.processus.sonde, 2.0):
                    derniere = time.monotonic()
                    if not pret:
                        pret = True
                        self._annoncer(secondes(derniere - debut))
                elif maintenant - derniere > (self.delais.silence if pret else self.delais.demarrage):
                    self._dire(f"ne répond pas depuis {secondes(maintenant - derniere)} : arrêté pour être relancé")
                    await terminer(enfant, self.delais.arret)
                    return
                await asyncio.sleep(self.delais.sonde if pret else min(0.2, self.delais.sonde))

    def _annoncer(self, duree: str) -> None:
        if not self.deja_pret and self.processus.pret:
            dire(self.processus.pret(duree))
        elif self.deja_pret:
            self._dire(f"de nouveau prêt ({duree})")
        self.deja_pret = True
        self.journal.ecrire(f"-- prêt en {duree}")


def _signaler(groupe: int, signal_: signal.Signals) -> None:
    """To a child and all it started; nothing happens when they are gone."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(groupe, signal_)


async def terminer(enfant: asyncio.subprocess.Process, delai: float) -> None:
    """SIGTERM to its group, then SIGKILL to what is left after `delai`."""
    _signaler(enfant.pid, signal.SIGTERM)
    with suppress(asyncio.TimeoutError):
        await asyncio.wait_for(enfant.wait(), delai)
    _signaler(enfant.pid, signal.SIGKILL)


async def superviser(processus: Sequence[Processus], journaux: Path, delais: Delais = Delais(), bavard: bool = False) -> int:
    """Run them all until SIGINT, SIGTERM or SIGHUP (0), or until an indispensable one cannot start (1). A second signal stops at once."""
    arret = asyncio.Event()
    boucle = asyncio.get_running_loop()
    enfants = [Enfant(p, Journal(journaux / f"{p.nom}.log"), delais, bavard) for p in processus]

    def demander_arret() -> None:
        if arret.is_set():
            for enfant in enfants:
                if enfant.pid:
                    _signaler(enfant.pid, signal.SIGKILL)
        arret.set()

    for signal_ in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal_ != signal.SIGHUP or signal.getsignal(signal_) != signal.SIG_IGN:  # nohup is respected
            boucle.add_signal_handler(signal_, demander_arret)
    vies = [asyncio.create_task(e.vivre()) for e in enfants if e.processus.indispensable]
    attente_arret = asyncio.create_task(arret.wait())
    await _premiers_prets(enfants, attente_arret, delais.avance)
    vies += [asyncio.create_task(e.vivre()) for e in enfants if not e.processus.indispensable]
    try:
        while not arret.is_set() and vies:
            finies, _ = await asyncio.wait([attente_arret, *vies], return_when=asyncio.FIRST_COMPLETED)
            if any(e.abandon for e in enfants) or all(v.done() for v in vies):
                break
            vies = [v for v in vies if v not in finies] if attente_arret not in finies else vies
        dire("Arrêt…")
        return 1 if any(e.abandon for e in enfants) else 0
    finally:
        await _tout_arreter(enfants, vies, delais.arret)
        dire("Tout est arrêté.")
        for enfant in enfants:
            if enfant.abandon:
                dire(f"conseil : {enfant.abandon}", erreur=True)
            enfant.journal.fermer()


async def _premiers_prets(enfants: Sequence[Enfant], arret: "asyncio.Task[bool]", delai: float) -> None:
    """Leaves the machine to the indispensable ones for a moment: all starting at once, none would be up in seconds."""
    fin = time.monotonic() + delai
    while time.monotonic() < fin and not arret.done() and not all(e.deja_pret or e.abandon for e in enfants if e.processus.indispensable):
        await asyncio.sleep(0.05)


async def _tout_arreter(enfants: Sequence[Enfant], vies: Sequence["asyncio.Task[None]"], delai: float) -> None:
    for enfant in enfants:
        enfant.arret.set()
        if enfant.pid:
            _signaler(enfant.pid, signal.SIGTERM)
    if vies:
        await asyncio.wait(vies, timeout=delai)
    for enfant in enfants:
        if enfant.pid:
            _signaler(enfant.pid, signal.SIGKILL)
    await asyncio.gather(*vies, return_exceptions=True)
