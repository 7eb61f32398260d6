"""The classifier proper, without Rasa: kernel least squares over words, character n-grams and sentence encoders.

One kernel for each view of the text (word and character tf-idf; encoders), blended; one regression of the labels on it,
solved exactly, so that two trainings give the same numbers. Why this and not an SVM, a logistic regression or nearest neighbours:
docs/decisions/2026-11-22-classifieur.md.
"""
import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Dict, List, Sequence, Tuple

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from sklearn.feature_extraction.text import TfidfVectorizer

from bot.engine.encodeurs import ENCODEURS, encoder, encoder_corpus
from bot.engine.preparation import preparer

DEFAUTS: Dict[str, Any] = {
    # weight of each view's kernel in the blend; 0 leaves the view out
    "poids": {"mots": 0.1, "lettres": 0.2, "e5": 0.5, "use": 0.2},
    # sharpness of the encoder kernels exp(gamma (cos - 1)); their cosines crowd near 1, tf-idf ones do not
    "gamma": {"e5": 14.0, "use": 4.5},
    # ridge penalty
    "regularisation": 0.06,
    # what turns scores into confidences, the best by log-loss on the tuning half of the frozen set (docs/decisions/2026-11-22-classifieur.md)
    "temperature": 27.8,
}
_A_COTE = ThreadPoolExecutor(1, thread_name_prefix="encodeur")


class Modele:
    """Fit on (texts, labels), then `classer` texts. Confidences are probabilities over the labels, calibrated leave-one-out."""

    def __init__(self, config: Dict[str, Any]):
        self.config = {**DEFAUTS, **{c: config[c] for c in DEFAUTS if config.get(c) is not None}}
        self.etiquettes: List[str] = []

    @property
    def vues(self) -> List[str]:
        return [vue for vue, poids in self.config["poids"].items() if poids]

    def _tfidf(self, vue: str) -> TfidfVectorizer:
        if vue == "mots":
            return TfidfVectorizer(token_pattern=r"(?u)\b\w+\b", ngram_range=(1, 2), sublinear_tf=True, dtype=np.float32)
        return TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, dtype=np.float32)

    def _representer(self, textes: Sequence[str], apprendre: bool = False) -> Dict[str, Any]:
        encodees = [vue for vue in self.vues if vue in ENCODEURS]
        # The first encoder works beside this thread, which reads the other views meanwhile: a message waits for the longer of the two.
        a_cote = {vue: _A_COTE.submit(encoder, vue, textes) for vue in encodees[:1] if not apprendre}
        prepares = [preparer(t) for t in textes]
        vues: Dict[str, Any] = {}
        for vue in self.vues:
            if vue not in encodees:
                if apprendre:
                    self.tfidf[vue] = self._tfidf(vue).fit(prepares)
                vues[vue] = self.tfidf[vue].transform(prepares)
            elif vue not in a_cote:
                vues[vue] = (encoder_corpus if apprendre else encoder)(vue, textes)
        return {vue: vues[vue] if vue in vues else a_cote[vue].result() for vue in self.vues}

    def _noyau(self, vue: str, cosinus: Any) -> np.ndarray:
        """(n, training lines): the weighted similarity of one view, from its cosines."""
        dense = cosinus.toarray() if hasattr(cosinus, "toarray") else cosinus
        gamma = self.config["gamma"].get(vue)
        return np.float32(self.config["poids"][vue]) * (np.exp(np.float32(gamma) * (dense - 1)) if gamma else dense)

    def apprendre(self, textes: Sequence[str], etiquettes: Sequence[str]) -> "Modele":
        """Solve (K + λI) A = Y, Y being 1 for the label of a line and 0 elsewhere."""
        self.tfidf: Dict[str, TfidfVectorizer] = {}
        self.etiquettes = sorted(set(etiquettes))
        rang = {e: i for i, e in enumerate(self.etiquettes)}
        cibles = np.zeros((len(textes), len(self.etiquettes)), dtype=np.float32)
        cibles[np.arange(len(textes)), [rang[e] for e in etiquettes]] = 1.0
        vues = self._representer(textes, apprendre=True)
        noyau = sum(self._noyau(vue, lignes @ lignes.T) for vue, lignes in vues.items())
        noyau[np.diag_indices_from(noyau)] += np.float32(self.config["regularisation"])
        facteur = cho_factor(noyau, lower=True, overwrite_a=True, check_finite=False)
        self.alpha = cho_solve(facteur, cibles, check_finite=False)
        # A linear view folds into one weight a feature and label: a message then costs its own words, not the whole corpus.
        self.poids_lineaires = {v: np.float32(self.config["poids"][v]) * (x.T @ self.alpha) for v, x in vues.items() if v in self.tfidf}
        # (width, lines), each feature in a row of memory: a message reads them twice as fast as it would (lines, width).
        self.appris = {v: np.ascontiguousarray(x.T) for v, x in vues.items() if v not in self.tfidf}
        return self

    def scores(self, textes: Sequence[str]) -> np.ndarray:
        """(n, labels) raw scores, near 1 for the label of a text close to the training lines."""
        vues = self._representer(textes)
        total = np.zeros((len(textes), len(self.etiquettes)), dtype=np.float32)
        for vue, poids in self.poids_lineaires.items():
            total += vues[vue] @ poids
        for i in range(len(textes) if self.appris else 0):  # one by one: quicker than a few together, and a text scores the same alone or not
            total[i] += sum(self._noyau(vue, vues[vue][i] @ appris) for vue, appris in self.appris.items()) @ self.alpha
        return total

    def confiances(self, textes: Sequence[str]) -> np.ndarray:
        """(n, labels) probabilities: softmax of the scores times the temperature."""
        return _softmax(self.scores(textes) * self.config["temperature"])

    def classer(self, textes: Sequence[str], tete: int) -> List[List[Tuple[str, float]]]:
        """For each text, the `tete` likeliest labels with their confidence, best first."""
        return [[(self.etiquettes[i], float(ligne[i])) for i in np.argsort(-ligne, kind="stable")[:tete]] for ligne in self.confiances(textes)]

    def enregistrer(self, chemin: Path) -> None:
        """Write the model. Read back only from our own models/, whose manifest is checked before start."""
        chemin.write_bytes(pickle.dumps(self, protocol=4))

    @staticmethod
    def lire(chemin: Path) -> "Modele":
        return pickle.loads(chemin.read_bytes())


def _softmax(scores: np.ndarray) -> np.ndarray:
    exp = np.exp(scores - scores.max(axis=1, keepdims=True))
    return exp / exp.sum(axis=1, keepdims=True)
