"""Keeps a crowd or a slow engine from making everyone wait: a queue of bounded length, and a fuse. No I/O, no text of anyone.

Refused at once, with a delay, is better than answered too late: what is let in is answered in time, and what is not can be sent again.
"""
import math
import random
import time
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Callable, Iterator, Optional

from bot.contacts.refus import Refus
from bot.texte.typographie import quantite


class Affluence(Refus):
    code, statut, attendre = "AFFLUENCE", 503, 2

    def __init__(self, attente: float):
        """`attente`: seconds until there is room again, as far as one can tell."""
        self.attendre = max(1, math.ceil(attente))
        super().__init__("Beaucoup de personnes m'écrivent en ce moment. Rien n'est perdu : renvoyez ce même message dans "
                         f"{quantite(self.attendre, 'seconde')}.")


@dataclass
class Guichet:
    """Who is being answered, and how long the next one would wait: `with guichet.place(): …` raises Affluence when that is too long.

    `service`: seconds that one message keeps the whole of us, measured: what a turn lasted, shared among those who were in. It follows the
    machine, the model, and whatever else runs there.
    """

    attente_max: float          # seconds of estimated waiting that are still worth it
    toujours: int = 8           # let in whatever the estimate: a few turns in parallel say nothing of the engine's pace
    places: int = 64
    service: float = 0.03
    horloge: Callable[[], float] = time.monotonic
    dedans: int = 0
    refuses: int = 0
    _retour: float = 1.0
    _recents: "deque[float]" = field(default_factory=deque)

    MEMOIRE = 0.05
    RETOUR_MAX = 20.0

    @property
    def attente(self) -> float:
        """Seconds that whoever came now would wait."""
        return (self.dedans + 1) * self.service

    def _revenir(self) -> float:
        """Seconds after which whoever is refused now may come back: what it takes to answer all who are waiting outside, that is all who were
        refused since the first of them was told to come back. Too short, and refusing them again and again is all that there is time for."""
        maintenant = self.horloge()
        self.refuses += 1
        self._recents.append(maintenant)
        while maintenant - self._recents[0] > self._retour:
            self._recents.popleft()
        self._retour = min(self.RETOUR_MAX, max(1.0, self.attente, len(self._recents) * self.service))
        return min(self.RETOUR_MAX, self._retour * random.uniform(0.8, 1.3))  # not all at once

    @contextmanager
    def place(self, due: bool = False) -> Iterator[None]:
        """A turn. `due`: let in whatever the crowd (an emergency, a form that was filled)."""
        if not due and (self.dedans >= self.places or (self.dedans >= self.toujours and self.attente > self.attente_max)):
            raise Affluence(self._revenir())
        self.dedans += 1
        ensemble, debut = self.dedans, time.perf_counter()
        try:
            yield
        finally:
            self.dedans -= 1
            self.service += self.MEMOIRE * ((time.perf_counter() - debut) / ensemble - self.service)


@dataclass
class Fusible:
    """After `essais` turns lost in a row, nobody waits any more for `repos` seconds; then one goes and sees for all."""

    essais: int = 3
    repos: float = 5.0
    horloge: Callable[[], float] = time.monotonic
    perdus: int = 0
    jusqua: Optional[float] = None
    coupures: int = 0

    def coupe(self) -> bool:
        """Whether to do without. The first to ask after the rest goes and sees: the others rest on."""
        if self.jusqua is None:
            return False
        maintenant = self.horloge()
        if maintenant < self.jusqua:
            return True
        self.jusqua = maintenant + self.repos
        return False

    def noter(self, reussi: bool) -> None:
        """How a turn ended."""
        if reussi:
            self.perdus, self.jusqua = 0, None
            return
        self.perdus += 1
        if self.perdus >= self.essais:
            self.coupures += self.jusqua is None
            self.jusqua = self.horloge() + self.repos
