"""Which formulations of different labels look alike: the pairs a maintainer should settle, closest first.
By their letters only: what the engine makes of them is measured by `conseil evaluate`."""
from bisect import bisect_left
from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import chain
from math import ceil, log, sqrt
from typing import Dict, FrozenSet, Iterable, Iterator, List, Sequence, Tuple

from bot.texte.normalisation import cle

LETTRES = 4
# Pairs that share less than half of their groups of letters are not looked at: they are hardly alike, and there are a hundred times more.
PARTAGE_MIN = 0.5
# Groups that a pair must share among the rarest of each before it is compared in full; measured on 12,700 sentences: 3 → 24 s, 9 → 8 s of one core.
PREALABLE = 9


@dataclass(frozen=True)
class Formulation:
    """A sentence and the label it teaches."""

    etiquette: str
    texte: str


@dataclass(frozen=True)
class Paire:
    """Two formulations of different labels. `similarite`: cosine of their groups of letters, the rare ones counting more; 1 when `cle`
    makes them the same."""

    similarite: float
    une: Formulation
    autre: Formulation


def groupes(texte: str) -> FrozenSet[str]:
    """The groups of four letters of a text, ends of words included, as `cle` writes it."""
    propre = f" {cle(texte)} "
    return frozenset(propre[i:i + LETTRES] for i in range(max(1, len(propre) - LETTRES + 1)))


def identiques(formulations: Iterable[Formulation]) -> List[Paire]:
    """Sentences that stand under two labels, case, accents and punctuation apart. A text without letters (an emoji) is compared as it is."""
    premieres: Dict[str, Formulation] = {}
    paires: Dict[Tuple[str, str, str], Paire] = {}
    for formulation in formulations:
        propre = cle(formulation.texte) or formulation.texte
        premiere = premieres.setdefault(propre, formulation)
        if premiere.etiquette != formulation.etiquette:
            paires.setdefault((propre, premiere.etiquette, formulation.etiquette), Paire(1.0, premiere, formulation))
    return list(paires.values())


def proches(formulations: Iterable[Formulation], nombre: int) -> List[Paire]:
    """The `nombre` closest pairs of different labels, identical sentences apart, closest first.

    >>> proches([Formulation("eirl/cout", "combien coûte l'EIRL"), Formulation("eirl/deces", "combien coute une EIRL")], 5)[0].autre.texte
    "combien coûte l'EIRL"
    """
    uniques = list({(f.etiquette, cle(f.texte)): f for f in formulations if cle(f.texte)}.values())
    compte = Counter(chain.from_iterable(groupes(f.texte) for f in uniques))
    poids = {g: log(1 + len(uniques) / n) ** 2 for g, n in compte.items()}
    paires = [Paire(round(_cosinus(groupes(une.texte), groupes(autre.texte), poids), 4), une, autre) for une, autre in _semblables(uniques, compte)]
    paires.sort(key=lambda p: (-p.similarite, p.une.etiquette, p.une.texte, p.autre.etiquette, p.autre.texte))
    return paires[:nombre]


def _cosinus(uns: FrozenSet[str], autres: FrozenSet[str], poids: Dict[str, float]) -> float:
    """`poids` are squared weights: « auto-entrepreneur », in one sentence out of five, says little."""
    communs, un, autre = (sum(poids[g] for g in ensemble) for ensemble in (uns & autres, uns, autres))
    return communs / sqrt(un * autre)


def _semblables(formulations: Sequence[Formulation], compte: "Counter[str]") -> Iterator[Tuple[Formulation, Formulation]]:
    """All pairs of different labels that share PARTAGE_MIN of their groups (Jaccard), identical ones apart.

    Two such sets share several of their rarest members (prefix filtering: Chaudhuri 2006, Wang 2012). Only those are indexed, so that each
    sentence is not compared with each; nothing is missed.
    """
    rang = {g: i for i, g in enumerate(sorted(compte, key=lambda g: (compte[g], g)))}
    rangees = sorted((([rang[g] for g in groupes(f.texte)], f) for f in formulations), key=lambda r: (len(r[0]), r[1].etiquette, r[1].texte))
    tailles = [len(nombres) for nombres, _ in rangees]
    ensembles: List[FrozenSet[int]] = []
    index: Dict[int, List[int]] = defaultdict(list)
    for numero, (nombres, formulation) in enumerate(rangees):
        ensemble, taille = frozenset(nombres), len(nombres)
        exige = ceil(PARTAGE_MIN * taille)
        prealable = min(PREALABLE, exige)
        rares = sorted(nombres)[:taille - exige + prealable]
        assez_longue = bisect_left(tailles, exige)  # a shorter sentence cannot share half of the two
        listes = [index[g] for g in rares if g in index]
        vus = Counter(chain.from_iterable(liste[bisect_left(liste, assez_longue):] for liste in listes))
        for candidate, communs in vus.items():
            if communs < prealable or rangees[candidate][1].etiquette == formulation.etiquette:
                continue
            partages = len(ensemble & ensembles[candidate])
            reunion = taille + len(ensembles[candidate]) - partages
            if partages >= PARTAGE_MIN * reunion and cle(rangees[candidate][1].texte) != cle(formulation.texte):
                yield rangees[candidate][1], formulation
        ensembles.append(ensemble)
        for g in rares:
            index[g].append(numero)
