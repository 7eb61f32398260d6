"""The action server's database and clock, opened once."""
from functools import lru_cache

from bot.contacts.arrets import Arrets
from bot.contacts.base import Sessions, ouvrir
from bot.horloge import Horloge
from bot.reglages import Reglages

# Seconds for a lock of the database: the front gives the whole turn less than two.
ATTENTE = 1.0


@lru_cache(maxsize=1)
def sessions() -> Sessions:
    return Sessions(ouvrir(Reglages().adresse_base, ATTENTE))


@lru_cache(maxsize=1)
def arrets() -> Arrets:
    return Arrets(Reglages().donnees)


@lru_cache(maxsize=1)
def horloge() -> Horloge:
    return Horloge.reglee()
