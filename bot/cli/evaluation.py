"""Scores understanding on labelled lines: what `conseil evaluate` counts, apart from how it asks and prints."""
from collections import Counter, defaultdict
from dataclasses import dataclass
from statistics import quantiles
from typing import Any, Sequence

from bot.knowledge.catalogue import HORS_SUJET
from bot.site.comprehension import Comprise


@dataclass(frozen=True)
class Question:
    """One line to measure with: right = `label` or one of `acceptable`."""

    texte: str
    label: str
    acceptable: Sequence[str] = ()
    style: str = ""

    @property
    def bonnes(self) -> frozenset[str]:
        return frozenset({self.label, *self.acceptable})


@dataclass(frozen=True)
class Mesure:
    """A question, what was understood of it, and how long it took."""

    question: Question
    comprise: Comprise
    ms: float

    @property
    def juste(self) -> bool:
        """Right at once; out of scope is right when refused."""
        if self.question.label == HORS_SUJET:
            return self.comprise.refusee
        return self.comprise.etiquette in self.question.bonnes

    @property
    def offerte(self) -> bool:
        """Right at once, or among the choices offered."""
        return self.juste or bool(self.question.bonnes & set(self.comprise.offertes))

    @property
    def fausse(self) -> bool:
        """A wrong answer was given: the harm. A refusal or an offer is none."""
        return self.comprise.etiquette is not None and not self.comprise.refusee and not self.juste


def _part(valeurs: Sequence[bool]) -> float:
    return round(sum(valeurs) / len(valeurs), 4) if valeurs else 0.0


def bilan(mesures: Sequence[Mesure]) -> dict[str, Any]:
    """The report of the contract. Rates are fractions of n; of the out-of-scope or in-scope lines for the last two."""
    dehors = [m for m in mesures if m.question.label == HORS_SUJET]
    dedans = [m for m in mesures if m.question.label != HORS_SUJET]
    durees = sorted(m.ms for m in mesures)
    return {
        "n": len(mesures),
        "right_first": _part([m.juste for m in mesures]),
        "right_offered": _part([m.offerte for m in mesures]),
        "wrong": _part([m.fausse for m in mesures]),
        "out_of_scope_refused": _part([m.comprise.refusee for m in dehors]),
        "in_scope_refused": _part([m.comprise.refusee for m in dedans]),
        "ms_p50": round(durees[len(durees) // 2], 1) if durees else 0.0,
        "ms_p95": round(quantiles(durees, n=20)[-1], 1) if len(durees) > 1 else 0.0,
        "per_label": _par(mesures, lambda m: m.question.label),
        "per_style": _par(mesures, lambda m: m.question.style or "?"),
        "confusions": confusions(mesures),
        "errors": [{"text": m.question.texte, "label": m.question.label, "predicted": m.comprise.etiquette,
                    "confidence": round(m.comprise.confiance, 4), "offered": list(m.comprise.offertes)}
                   for m in mesures if not m.juste],
    }


def _par(mesures: Sequence[Mesure], cle) -> dict[str, dict[str, float]]:
    groupes: dict[str, list[Mesure]] = defaultdict(list)
    for mesure in mesures:
        groupes[cle(mesure)].append(mesure)
    return {nom: {"n": len(g), "right_first": _part([m.juste for m in g]), "right_offered": _part([m.offerte for m in g]),
                  "wrong": _part([m.fausse for m in g])} for nom, g in sorted(groupes.items())}


def confusions(mesures: Sequence[Mesure]) -> list[dict[str, Any]]:
    """Pairs (expected, taken for) of the wrong answers, the most frequent first."""
    paires = Counter((m.question.label, m.comprise.etiquette) for m in mesures if m.fausse)
    return [{"label": attendu, "predicted": pris, "n": n} for (attendu, pris), n in paires.most_common()]


def courbe(mesures: Sequence[Mesure], premiers: Sequence[Sequence[tuple[str, float]]], pas: int = 20) -> list[dict[str, float]]:
    """Wrong answers against questions not answered at once, as the confidence asked for an answer rises from 0 to 1."""
    points = []
    for i in range(pas):
        seuil = i / pas
        donnees = [(m, p[0]) for m, p in zip(mesures, premiers) if p]
        repond = [(m, e) for m, (e, c) in donnees if c >= seuil and e != HORS_SUJET]
        faux = sum(e not in m.question.bonnes for m, e in repond)
        points.append({"seuil": seuil, "wrong": round(faux / len(mesures), 4), "unanswered": round(1 - len(repond) / len(mesures), 4)})
    return points
