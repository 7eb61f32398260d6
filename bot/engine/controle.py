"""Looks inside trained models, without Rasa: `python -m bot.engine.controle MODELE [AUTRE]` prints JSON.

One model: the intents its classifier knows, and its number of training lines. Two: the largest difference between their confidences
on the question of every sheet; 0 is what a deterministic training gives.
"""
import json
import pickle
import sys
import tarfile
from pathlib import Path
from typing import Any, Dict

import numpy as np

from bot.engine.modele import Modele
from bot.knowledge.fiches import fiches

FICHIER = "modele.pickle"


def extraire(archive: Path) -> Modele:
    """The classifier of a model archive of our own making."""
    with tarfile.open(archive) as tar:
        membre = next(m for m in tar.getmembers() if m.name.endswith(f"/{FICHIER}"))
        flux = tar.extractfile(membre)
        assert flux is not None
        return pickle.loads(flux.read())


def decrire(modele: Modele) -> Dict[str, Any]:
    return {"etiquettes": modele.etiquettes, "exemples": int(modele.alpha.shape[0])}


def comparer(un: Modele, autre: Modele) -> Dict[str, Any]:
    """How far apart two trainings are: 1.0 when they do not even know the same intents."""
    questions = [fiche.question for fiche in fiches().values()]
    if un.etiquettes != autre.etiquettes:
        return {"questions": len(questions), "ecart": 1.0}
    ecart = np.abs(un.confiances(questions) - autre.confiances(questions)).max()
    return {"questions": len(questions), "ecart": float(ecart)}


if __name__ == "__main__":
    modeles = [extraire(Path(a)) for a in sys.argv[1:]]
    print(json.dumps(decrire(modeles[0]) if len(modeles) == 1 else comparer(*modeles)))
