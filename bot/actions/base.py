"""The action server's database and clock, opened once."""
from functools import lru_cache

from bot.contacts.base import Sessions, ouvrir
from bot.horloge import Horloge
from bot.reglages import Reglages


@lru_cache(maxsize=1)
def sessions() -> Sessions:
    return Sessions(ouvrir(Reglages().adresse_base))


@lru_cache(maxsize=1)
def horloge() -> Horloge:
    return Horloge.reglee()
