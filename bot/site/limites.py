"""Rate limits by address, in memory; a shared store takes over where several fronts run."""
from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

from bot.contacts.conversations import TropDeMessages


class Limites:
    """`await limites.compter("conversation", adresse, 30)` raises TropDeMessages past 30 a minute."""

    def __init__(self) -> None:
        self._fenetre = MovingWindowRateLimiter(MemoryStorage())

    async def compter(self, quoi: str, qui: str, par_minute: int) -> None:
        if not await self._fenetre.hit(RateLimitItemPerMinute(par_minute), quoi, qui):
            raise TropDeMessages
