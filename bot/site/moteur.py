"""Talks to the engine. Whatever goes wrong there becomes MoteurIndisponible, in bounded time: silence is never an answer."""
import time
from typing import Any, Optional, Sequence

import httpx

from bot.reglages import Reglages


class MoteurIndisponible(Exception):
    """The engine is down, loading, slow, or answered nothing of use."""


class Moteur:
    """Client of `bot.engine.canal`. After a failure the engine is left alone for a moment, so that every message does not wait in vain."""

    REPOS = 1.0

    def __init__(self, reglages: Reglages, transport: Optional[httpx.AsyncBaseTransport] = None):
        self._client = httpx.AsyncClient(
            base_url=reglages.adresse_moteur, headers={"x-jeton": reglages.jeton_moteur}, transport=transport,
            timeout=httpx.Timeout(reglages.delai_moteur, connect=1.0), limits=httpx.Limits(max_connections=40))
        self._repos_jusqua = 0.0

    async def _poster(self, chemin: str, corps: dict[str, Any]) -> Any:
        if time.monotonic() < self._repos_jusqua:
            raise MoteurIndisponible("au repos")
        try:
            reponse = await self._client.post(f"/webhooks/front/{chemin}", json=corps)
            reponse.raise_for_status()
            return reponse.json()
        except (httpx.ConnectError, httpx.ConnectTimeout) as e:
            self._repos_jusqua = time.monotonic() + self.REPOS
            raise MoteurIndisponible(type(e).__name__) from e
        except (httpx.HTTPError, ValueError) as e:
            raise MoteurIndisponible(type(e).__name__) from e

    async def dire(self, moteur_id: str, texte: Optional[str], intention: Optional[str], metadonnees: dict[str, Any]) -> dict[str, Any]:
        """One turn: {"messages": […], "comprehension": {…}}. An empty list of messages is a failure."""
        reponse = await self._poster("message", {"sender": moteur_id, "text": texte, "intent": intention, "metadata": metadonnees})
        if not isinstance(reponse, dict) or not reponse.get("messages") or "comprehension" not in reponse:
            raise MoteurIndisponible("réponse vide")
        return reponse

    async def comprendre(self, textes: Sequence[str], metadonnees: Optional[dict[str, Any]] = None) -> list[dict[str, Any]]:
        """Only understand, say nothing: what `conseil evaluate` measures."""
        return await self._poster("comprendre", {"texts": list(textes), "metadata": metadonnees or {}})

    async def pret(self) -> bool:
        """Whether the engine answers now."""
        try:
            return (await self._client.get("/webhooks/front/", timeout=1.0)).status_code == 200
        except httpx.HTTPError:
            return False

    async def actions_pretes(self, port: int) -> bool:
        """Whether the action server, next door to the engine, answers now."""
        try:
            return (await self._client.get(f"http://127.0.0.1:{port}/health", timeout=1.0)).status_code == 200
        except httpx.HTTPError:
            return False

    async def fermer(self) -> None:
        await self._client.aclose()
