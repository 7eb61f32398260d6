"""Texts that arrive together are read together, in a thread beside the event loop.

Rasa reads one message at a time in its loop: the other core rests, and everybody waits behind a long sentence. A lot is never waited for: whatever
came while the last one was read makes the next one. Read together, texts cost less each: the matrices come from memory once for all of them.
"""
import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Callable, Dict, Generic, List, Optional, Sequence, TypeVar

T = TypeVar("T")
# Beyond this a lot gains nothing more, and its first message waits for its last.
TAILLE = 8
logger = logging.getLogger(__name__)


class Lots(Generic[T]):
    """`await lots.lire(texte)`: what `ensemble` says of it, or None when `ensemble` failed (the caller then reads it alone, and fails alone)."""

    def __init__(self, ensemble: Callable[[Sequence[str]], List[T]]) -> None:
        self._ensemble = ensemble
        self._attente: Dict[str, "asyncio.Future[Optional[T]]"] = {}
        self._lecture: Optional["asyncio.Task[None]"] = None
        self._fil = ThreadPoolExecutor(1, thread_name_prefix="lecture")

    async def lire(self, texte: str) -> Optional[T]:
        """The same text asked twice at once is read once."""
        if texte not in self._attente:
            self._attente[texte] = asyncio.get_running_loop().create_future()
        suite = self._attente[texte]
        if self._lecture is None or self._lecture.done():
            self._lecture = asyncio.ensure_future(self._lire_tout())
        # Somebody who hangs up takes nothing away from another who asked the same.
        return await asyncio.shield(suite)

    async def _lire_tout(self) -> None:
        while self._attente:
            lot = {texte: self._attente.pop(texte) for texte in list(self._attente)[:TAILLE]}
            resultats: Sequence[Optional[T]]
            try:
                resultats = await asyncio.get_running_loop().run_in_executor(self._fil, self._ensemble, list(lot))
            except Exception as erreur:
                logger.error("LOT_RATE : %s, %d textes lus un par un", type(erreur).__name__, len(lot))
                resultats = [None] * len(lot)
            for suite, resultat in zip(lot.values(), resultats):
                if not suite.done():
                    suite.set_result(resultat)
