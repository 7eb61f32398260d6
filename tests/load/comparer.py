"""Encoders and classifiers side by side on the frozen set: accuracy and cost. Runs in the engine's environment (`make bench` calls it).

Every row is trained on the same lines (sheets and bot/data) and asked the same frozen ones; « retenu » is what config.yml serves.
"""
import hashlib
import json
import os
import sys
import time
from pathlib import Path
from typing import Any, Callable, Dict, List, Sequence, Tuple

import numpy as np
import yaml
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import SGDClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import FeatureUnion
from sklearn.svm import LinearSVC

from bot.engine.encodeurs import encoder, encoder_corpus
from bot.engine.modele import Modele
from bot.engine.preparation import preparer
from bot.knowledge.chemins import RACINE
from bot.knowledge.fiches import fiches

Lignes = List[Tuple[str, str]]


# Lines a label; None = all. A linear SVM over 134 labels and 12,700 lines takes many minutes.
PAR_ETIQUETTE = None if os.environ.get("COMPLET") else int(os.environ.get("BENCH_COMPARER", "30"))


def entrainement() -> Lignes:
    """(text, label) of the training lines, once each: the PAR_ETIQUETTE of each label with the lowest hash of their text."""
    lignes = {(f, s) for s, fiche in fiches().items() for f in [fiche.question, *fiche.toutes_formulations]}
    for fichier in sorted((RACINE / "bot/data/nlu").glob("*.yml")):
        for bloc in yaml.safe_load(fichier.read_text(encoding="utf-8"))["nlu"]:
            lignes |= {(ligne.strip()[2:].strip(), bloc["intent"]) for ligne in bloc["examples"].splitlines() if ligne.strip().startswith("- ")}
    garder: Dict[str, List[str]] = {}
    for texte, etiquette in sorted(lignes, key=lambda p: hashlib.sha256(p[0].encode()).hexdigest()):
        garder.setdefault(etiquette, []).append(texte)
    return sorted((texte, e) for e, textes in garder.items() for texte in textes[:PAR_ETIQUETTE])


def geles() -> List[Dict[str, Any]]:
    """The lines of the frozen sets."""
    return [json.loads(ligne) for f in sorted((RACINE / "tests/nlu").glob("gele_*.jsonl")) for ligne in f.read_text(encoding="utf-8").splitlines()]


def noyau(**poids: float) -> Callable:
    """Our kernel least squares on some views."""
    def construire(lignes: Lignes):
        modele = Modele({"poids": {"mots": 0, "lettres": 0, "e5": 0, "use": 0, **poids}}).apprendre(*zip(*lignes))
        return modele.etiquettes, modele.scores
    return construire


def _retenu(lignes: Lignes):
    config = yaml.safe_load((RACINE / "config.yml").read_text(encoding="utf-8"))["pipeline"][0]
    modele = Modele(config).apprendre(*zip(*lignes))
    return modele.etiquettes, modele.scores


def classique(vues: Sequence[str], classifieur: Any) -> Callable:
    """A scikit-learn classifier on tf-idf and encoders side by side."""
    def construire(lignes: Lignes):
        textes, etiquettes = zip(*lignes)
        tfidf = FeatureUnion([("mots", TfidfVectorizer(token_pattern=r"(?u)\b\w+\b", ngram_range=(1, 2), sublinear_tf=True)),
                              ("lettres", TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True))])
        tfidf.fit([preparer(t) for t in textes])

        def vecteurs(ts: Sequence[str]):
            from scipy.sparse import csr_matrix, hstack

            blocs = [tfidf.transform([preparer(t) for t in ts])] if "tfidf" in vues else []
            blocs += [csr_matrix(encoder(v, ts) if len(ts) == 1 else encoder_corpus(v, ts, garder=False)) for v in vues if v != "tfidf"]
            return hstack(blocs).tocsr()
        classifieur.fit(vecteurs(textes), etiquettes)
        score = classifieur.decision_function if hasattr(classifieur, "decision_function") else classifieur.predict_proba
        return list(classifieur.classes_), lambda ts: score(vecteurs(ts))
    return construire


RANGS: Sequence[Tuple[str, Callable]] = (
    ("mots et lettres (tf-idf)", noyau(mots=0.3, lettres=0.7)),
    ("+ universal-sentence-encoder", noyau(mots=0.15, lettres=0.35, use=0.5)),
    ("+ e5", noyau(mots=0.15, lettres=0.35, e5=0.5)),
    ("les deux encodeurs seuls", noyau(e5=0.6, use=0.4)),
    ("tout, noyau des moindres carrés (retenu)", _retenu),
    ("tout, SVM linéaire", classique(("tfidf", "e5", "use"), LinearSVC(C=0.5, random_state=0, max_iter=300))),
    ("tout, régression logistique", classique(("tfidf", "e5", "use"), SGDClassifier(loss="log_loss", alpha=1e-5, max_iter=30, random_state=0))),
    ("tout, plus proches voisins", classique(("tfidf", "e5", "use"), KNeighborsClassifier(7, weights="distance", metric="cosine"))),
)


def mesurer(construire: Callable, lignes: Lignes, questions: List[Dict[str, Any]]) -> Dict[str, float]:
    """Share right first and within three, seconds to train (vectors already computed), milliseconds to classify one line."""
    debut = time.perf_counter()
    etiquettes, scores = construire(lignes)
    appris = time.perf_counter() - debut
    textes = [q["text"] for q in questions]
    ordre = np.argsort(-np.asarray(scores(textes)), axis=1)
    debut = time.perf_counter()
    for texte in textes[:40]:
        scores([texte])
    duree = (time.perf_counter() - debut) / 40
    bonnes = [{q["label"], *q["acceptable"]} for q in questions]
    premier = np.mean([etiquettes[o[0]] in b for o, b in zip(ordre, bonnes)])
    trois = np.mean([any(etiquettes[i] in b for i in o[:3]) for o, b in zip(ordre, bonnes)])
    return {"premier": float(premier), "trois": float(trois), "apprendre_s": appris, "classer_ms": 1000 * duree}


def principal(sortie: str = "") -> None:
    lignes, questions = entrainement(), geles()
    print(f"Comparaison sur {len(questions)} lignes gelées, {len(lignes)} lignes apprises")
    print(f"{'':<44}{'1er':>7}{'3 ers':>8}{'apprendre':>11}{'classer':>10}")
    resultats = {}
    for nom, construire in RANGS:
        m = resultats[nom] = mesurer(construire, lignes, questions)
        print(f"{nom:<44}{100 * m['premier']:>6.1f}%{100 * m['trois']:>7.1f}%{m['apprendre_s']:>9.1f} s{m['classer_ms']:>7.1f} ms", flush=True)
    if sortie:
        Path(sortie).write_text(json.dumps(resultats, indent=1))


if __name__ == "__main__":
    principal(*sys.argv[1:])
