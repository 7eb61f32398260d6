"""Rate limits by address: in memory for one front, in Redis when several share them."""
from typing import Optional

import structlog
from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage, RedisStorage, Storage
from limits.aio.strategies import MovingWindowRateLimiter
from limits.errors import StorageError

from bot.contacts.conversations import TropDeMessages

journal = structlog.get_logger(__name__)
ATTENTE_REDIS = 0.5  # seconds


class Limites:
    """`await limites.compter("conversation", adresse, 30)` raises TropDeMessages past 30 a minute.

    `redis`: address of the shared store, « redis://127.0.0.1:6379/0 ». When it does not answer each front counts for itself, so that a limit is
    loosened (by the number of fronts), never lifted, and nobody is refused for a store that is down.
    """

    def __init__(self, redis: Optional[str] = None) -> None:
        self._seul = MovingWindowRateLimiter(MemoryStorage())
        self._ensemble = MovingWindowRateLimiter(_partage(redis)) if redis else None

    async def compter(self, quoi: str, qui: str, par_minute: int) -> None:
        limite = RateLimitItemPerMinute(par_minute)
        if self._ensemble is not None:
            try:
                if not await self._ensemble.hit(limite, quoi, qui):
                    raise TropDeMessages
                return
            except StorageError as e:
                journal.error("limites_sans_redis", genre=type(e.storage_error).__name__)
        if not await self._seul.hit(limite, quoi, qui):
            raise TropDeMessages


def _partage(redis: str) -> Storage:
    return RedisStorage(f"async+{redis}", wrap_exceptions=True, implementation="redispy", key_prefix="conseil",
                        socket_timeout=ATTENTE_REDIS, socket_connect_timeout=ATTENTE_REDIS)
