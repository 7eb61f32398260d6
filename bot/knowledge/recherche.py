"""Search in the sheets without the engine: SQLite's full-text index, words shortened to their French stem.

Serves the FAQ page, and the chat while the engine is down or loading. Answers in a few milliseconds.
"""
import sqlite3
import threading
from functools import lru_cache
from typing import Dict, List, Tuple

import snowballstemmer

from bot.knowledge.fiches import Fiche, fiches
from bot.texte.normalisation import cle

_VIDES = frozenset("""
a ai au aux avec bonjour c ce ces cet cette combien comment d dans de des dois doit du elle en est et eu faire fait faut il j je l la le les
leur lui m ma mais me merci mes moi mon n ne ni nos notre nous on ou par pas peut peux plus pour qu quand que quel quelle quelles quels qui
quoi s sa se ses si son sont suis sur t te tu un une vos votre vous y
""".split())  # noqa: SIM905


class Recherche:
    """An index over sheets. A word of the question weighs more than one of the formulations, and those more than the answer's."""

    def __init__(self, contenu: Dict[str, Fiche]):
        # Remembered: the sheets hold 56,000 words and 8,000 different ones (4 s → 0.6 s at start).
        self._racine = lru_cache(maxsize=20_000)(snowballstemmer.stemmer("french").stemWord)
        self._verrou = threading.Lock()  # neither the stemmer nor the connection may serve two threads at once
        self._base = sqlite3.connect(":memory:", check_same_thread=False)
        self._base.execute("CREATE VIRTUAL TABLE fiche USING fts5(sujet UNINDEXED, question, formulations, reponse)")
        self._base.executemany("INSERT INTO fiche VALUES (?, ?, ?, ?)", (
            (f.sujet, self._mots(f.question), self._mots(" ".join(f.toutes_formulations)), self._mots(f.reponse))
            for f in contenu.values()))

    def _mots(self, texte: str) -> str:
        with self._verrou:
            return " ".join(self._racine(m) for m in cle(texte).split() if m not in _VIDES)

    def __call__(self, texte: str, nombre: int = 5) -> List[Tuple[str, float]]:
        """Up to `nombre` topics, best first, with a positive score (BM25, larger is nearer). Empty when no word is known."""
        mots = dict.fromkeys(self._mots(texte[:500]).split())
        if not mots:
            return []
        requete = " OR ".join(f'"{m}"' for m in mots)
        with self._verrou:
            lignes = self._base.execute("SELECT sujet, -bm25(fiche, 0, 4.0, 2.0, 1.0) FROM fiche WHERE fiche MATCH ? "
                                        "ORDER BY 2 DESC LIMIT ?", (requete, nombre)).fetchall()
        return [(sujet, score) for sujet, score in lignes]


@lru_cache(maxsize=1)
def _index() -> Recherche:
    return Recherche(fiches())


def rechercher(texte: str, nombre: int = 5) -> List[Tuple[str, float]]:
    """Search the project's own sheets."""
    return _index()(texte, nombre)
