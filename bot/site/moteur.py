"""Talks to the engine, or to several. Whatever goes wrong there becomes MoteurIndisponible, in bounded time: silence is never an answer.

Several engines: a conversation always goes to the same one (no two ever share it, reference/security.md H12), and to the next one only while
its own does not take the connection, so that nothing is ever played twice.
"""
import asyncio
import hashlib
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Optional, Sequence

import aiohttp

from bot.reglages import Reglages
from bot.site.affluence import Fusible
from bot.site.mesures import Mesures
from bot.sonde import va_bien

# The engine took no connection: it was asked nothing.
PAS_CONNECTE = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)


class MoteurIndisponible(Exception):
    """The engine is down, loading, slow, or answered nothing of use."""


@dataclass
class _Poste:
    """One engine: until when it is left alone, and whether it understood a sentence when it was last asked.

    Two fuses: when the actions hang, only the acts (booking, survey) stop waiting, and the other questions go on.
    """

    adresse: str
    repos_jusqua: float = 0.0
    pret: bool = True
    fusibles: dict[bool, Fusible] = field(default_factory=lambda: {acte: Fusible() for acte in (True, False)})


class Moteur:
    """Client of `bot.engine.canal`. After a failure an engine is left alone for a moment, so that every message does not wait in vain."""

    REPOS = 1.0
    VEILLE = 1.0

    def __init__(self, reglages: Reglages, mesures: Optional[Mesures] = None):
        self.mesures, self._delai, self._jeton = mesures or Mesures(), reglages.delai_moteur, reglages.jeton_moteur
        self._postes = [_Poste(adresse) for adresse in reglages.adresses_moteur]
        self._ouverte: Optional[aiohttp.ClientSession] = None
        self._boucle: Optional[asyncio.AbstractEventLoop] = None
        self._veilleur: "Optional[asyncio.Task[None]]" = None

    @property
    def _session(self) -> aiohttp.ClientSession:
        """Opened by the first question, in the event loop that asks it: a session works in no other."""
        boucle = asyncio.get_running_loop()
        if self._ouverte is None or self._boucle is not boucle:
            self._boucle = boucle
            # Forty connections an engine: one that hangs takes none of another's. An idle one is left before the other side's limit (5 s for the
            # actions): a question could leave while it hangs up.
            connexions = aiohttp.TCPConnector(limit=0, limit_per_host=40, keepalive_timeout=4.0)
            self._ouverte = aiohttp.ClientSession(connector=connexions, headers={"x-jeton": self._jeton}, cookie_jar=aiohttp.DummyCookieJar(),
                                                  timeout=aiohttp.ClientTimeout(total=None, sock_connect=1.0))
        return self._ouverte

    def _ordre(self, cle: str) -> list[_Poste]:
        """The engines by preference for a conversation: the same on every front, and only the conversations of an engine that leaves move
        (rendezvous hashing). Those that are not ready come last."""
        rang = sorted(self._postes, key=lambda p: hashlib.sha256(f"{p.adresse} {cle}".encode()).digest())
        return sorted(rang, key=lambda p: not p.pret)

    async def _veiller(self) -> None:
        """Among several, keep to those that understand: an engine listens some seconds before it does, and a message would wait in vain."""
        while True:
            for poste in self._postes:
                poste.pret = await self._sonder(poste)
            await asyncio.sleep(self.VEILLE)

    async def _sonder(self, poste: _Poste) -> bool:
        return await va_bien(self._session, f"{poste.adresse}/webhooks/front/", 1.0)

    async def _poster(self, chemin: str, corps: dict[str, Any], cle: str, acte: bool = False) -> Any:
        if len(self._postes) > 1 and (self._veilleur is None or self._veilleur.done()):
            self._veilleur = asyncio.create_task(self._veiller())
        panne = "au repos"
        for poste in self._ordre(cle):
            if time.monotonic() < poste.repos_jusqua or poste.fusibles[acte].coupe():
                continue
            try:
                return await self._demander(poste, chemin, corps, poste.fusibles[acte])
            except PAS_CONNECTE as e:
                # Nothing was sent: another engine may take it.
                poste.repos_jusqua, poste.pret, panne = time.monotonic() + self.REPOS, False, type(e).__name__
        raise MoteurIndisponible(panne)

    async def _demander(self, poste: _Poste, chemin: str, corps: dict[str, Any], fusible: Fusible) -> Any:
        """One question to one engine, in `delai_moteur` seconds all told."""
        with self.mesures.moteur() as fin:
            try:
                async with (asyncio.timeout(self._delai),
                            self._session.post(f"{poste.adresse}/webhooks/front/{chemin}", json=corps, allow_redirects=False) as reponse):
                    if reponse.status != 200:
                        raise MoteurIndisponible(f"statut {reponse.status}")
                    lue = await reponse.json(content_type=None)
            except PAS_CONNECTE:
                raise
            except TimeoutError as e:
                fin[0], coupures = "lent", fusible.coupures
                fusible.noter(False)
                self.mesures.coupures.inc(fusible.coupures - coupures)
                raise MoteurIndisponible("trop lent") from e
            except (aiohttp.ClientError, ValueError) as e:
                raise MoteurIndisponible(type(e).__name__) from e
            fin[0] = "ok"
            fusible.noter(True)
            return lue

    async def dire(self, moteur_id: str, texte: Optional[str], intention: Optional[str], metadonnees: dict[str, Any]) -> dict[str, Any]:
        """One turn: {"messages": […], "comprehension": {…}}. An empty list of messages is a failure, and so is what cannot be read."""
        corps = {"sender": moteur_id, "text": texte, "intent": intention, "metadata": metadonnees}
        reponse = await self._poster("message", corps, moteur_id, acte=bool(metadonnees.get("flux")))
        if isinstance(reponse, dict) and reponse.get("messages") == []:
            self.mesures.vides.inc()
            raise MoteurIndisponible("réponse vide")
        if not _lisible(reponse):
            raise MoteurIndisponible("réponse illisible")
        return reponse

    async def comprendre(self, textes: Sequence[str], metadonnees: Optional[dict[str, Any]] = None) -> list[dict[str, Any]]:
        """Only understand, say nothing: what `conseil evaluate` measures."""
        reponse = await self._poster("comprendre", {"texts": list(textes), "metadata": metadonnees or {}}, textes[0] if textes else "")
        if not isinstance(reponse, list) or len(reponse) != len(textes) or not all(map(_comprise, reponse)):
            raise MoteurIndisponible("réponse illisible")
        return reponse

    async def pret(self) -> bool:
        """Whether an engine answers now."""
        return any(await asyncio.gather(*map(self._sonder, self._postes)))

    async def actions_pretes(self, port: int) -> bool:
        """Whether the action server, next door to the engine, answers now."""
        return await va_bien(self._session, f"http://127.0.0.1:{port}/health", 1.0)

    async def fermer(self) -> None:
        if self._veilleur is not None:
            self._veilleur.cancel()
            with suppress(asyncio.CancelledError):
                await self._veilleur
        if self._ouverte is not None:
            await self._ouverte.close()


def _lisible(reponse: Any) -> bool:
    """Whether an answer of the engine has the shape that `bot.engine.canal` gives it: whatever else comes is not ours."""
    return (isinstance(reponse, dict) and _comprise(reponse.get("comprehension")) and isinstance(reponse.get("messages"), list)
            and all(isinstance(m, dict) and isinstance(m.get("text"), (str, type(None))) and _acte(m.get("custom")) for m in reponse["messages"]))


def _comprise(brute: Any) -> bool:
    return (isinstance(brute, dict) and isinstance(brute.get("intention"), str) and isinstance(brute.get("confiance"), (int, float))
            and isinstance(brute.get("propositions"), list) and all(isinstance(p, str) for p in brute["propositions"])
            and isinstance(brute.get("classement"), list)
            and all(isinstance(c, dict) and {"intention", "confiance"} <= c.keys() for c in brute["classement"]))


def _acte(ajout: Any) -> bool:
    """What an action added: nothing, or the words of an act (bot/actions/flux.py)."""
    if ajout is None or (isinstance(ajout, dict) and "dits" not in ajout):
        return True
    champs = {"texte", "genre", "boutons", "formulaire", "donnees"}
    return (isinstance(ajout, dict) and {"flux", "pris"} <= ajout.keys() and isinstance(ajout["dits"], list)
            and all(isinstance(d, dict) and champs <= d.keys() and isinstance(d["boutons"], list) for d in ajout["dits"]))
