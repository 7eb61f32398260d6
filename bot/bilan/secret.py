"""Statistical secrecy of the public edition (§3d): which cells show « s », so that no small one is found, even by difference or between editions.

Cells under the threshold are hidden first (A), then others (D) or totals, until nothing hidden can be worked out. What is sensitive is `national`'s.
"""
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Collection, Iterator, Mapping, Optional, Sequence

SEUIL = 11
PUBLIEE, PRIMAIRE, SECONDAIRE = "V", "A", "D"
Cellule = Any  # any hashable: here the hash of a file
Equation = tuple[frozenset[Cellule], int]


@dataclass(frozen=True)
class Masque:
    """What is shown. `statuts`: V, A or D for each cell; `totaux`: the names of the totals that are hidden."""

    statuts: Mapping[Cellule, str]
    totaux: frozenset[str] = frozenset()

    def montre(self, cellule: Cellule) -> bool:
        return self.statuts[cellule] == PUBLIEE

    def comptes(self) -> dict[str, int]:
        """How many cells have each status, for the masked-cell report."""
        return {s: sum(v == s for v in self.statuts.values()) for s in (PUBLIEE, PRIMAIRE, SECONDAIRE)}


@dataclass(frozen=True)
class Connu:
    """What earlier editions already told: cells shown, and sums shown over cells that were not all."""

    cellules: Mapping[Cellule, int] = field(default_factory=dict)
    sommes: Sequence[Equation] = ()


def masquer(valeurs: Mapping[Cellule, int], totaux: Mapping[str, Collection[Cellule]], connu: Connu = Connu(), seuil: int = SEUIL,
            primaires: Optional[Collection[Cellule]] = None) -> Masque:
    """Hide the cells from 1 to `seuil` - 1 (or `primaires`), then what would give them back. Zeros are shown: nobody is in them.

    `totaux`: each published sum, by name, with its cells: a table's columns, lines and grand total alike. A reader is supposed to know that a
    hidden cell is at least 1. What an earlier edition showed stays shown; a total that only hiding itself protects is hidden.
    """
    premieres = {c for c, v in valeurs.items() if 0 < v < seuil} if primaires is None else set(primaires)
    caches, secondes, totaux_caches = premieres - set(connu.cellules), set[Cellule](), set[str]()
    while (faille := _faille(valeurs, totaux, connu, caches | secondes, caches, totaux_caches, seuil)) is not None:
        ajoutable = [c for nom, cellules in totaux.items() if nom not in totaux_caches and not faille.isdisjoint(cellules) for c in cellules
                     if c not in caches and c not in secondes and c not in connu.cellules and valeurs[c] > 0]
        if ajoutable:
            secondes.add(min(ajoutable, key=lambda c: (valeurs[c], str(c))))
            continue
        ouverts = [nom for nom, cellules in totaux.items() if nom not in totaux_caches and not faille.isdisjoint(cellules)]
        if not ouverts:
            break  # what earlier editions told can no longer be taken back
        totaux_caches.add(max(ouverts))
    statuts = {c: PUBLIEE if c not in caches | secondes else PRIMAIRE if valeurs[c] < seuil else SECONDAIRE for c in valeurs}
    return Masque(statuts, frozenset(totaux_caches))


def _faille(valeurs: Mapping[Cellule, int], totaux: Mapping[str, Collection[Cellule]], connu: Connu, inconnues: set[Cellule],
            sensibles: set[Cellule], totaux_caches: set[str], seuil: int) -> Optional[frozenset[Cellule]]:
    """Hidden cells, sensitive ones among them, that a reader could work out, or bound too closely; None when there is none."""
    visibles = {c: v for c, v in valeurs.items() if c not in inconnues} | dict(connu.cellules)
    equations = list(_reduire([(frozenset(cellules), sum(valeurs[c] for c in cellules)) for nom, cellules in totaux.items()
                               if nom not in totaux_caches], visibles))
    toutes = [*equations, *_reduire(connu.sommes, visibles)]
    trouvees = determinees(toutes) & sensibles
    if trouvees:
        return frozenset({min(trouvees, key=str)})
    for cellules, somme in [*toutes, *_differences(toutes)]:
        # with k hidden cells of at least 1, the largest possible value of one is the sum less k - 1: below the threshold, it is known to be small
        if not cellules.isdisjoint(sensibles) and somme - (len(cellules) - 1) < seuil:
            return cellules
    return None


def _reduire(equations: Collection[Equation], visibles: Mapping[Cellule, int]) -> Iterator[Equation]:
    """The equations on what is hidden alone."""
    for cellules, somme in equations:
        reste = frozenset(c for c in cellules if c not in visibles)
        if reste:
            yield reste, somme - sum(visibles[c] for c in cellules if c in visibles)


def _differences(equations: Sequence[Equation]) -> Iterator[Equation]:
    """What one sum less another says: a late caisse between two editions."""
    for grande, total in equations:
        for petite, moins in equations:
            if petite < grande:
                yield grande - petite, total - moins


def determinees(equations: Sequence[Equation]) -> set[Cellule]:
    """The cells that linear algebra alone gives: those alone on their line once the equations are reduced (exact, in fractions)."""
    colonnes = sorted({c for cellules, _ in equations for c in cellules}, key=str)
    lignes = [[Fraction(c in cellules) for c in colonnes] for cellules, _ in equations]
    rang = 0
    for j in range(len(colonnes)):
        pivot = next((i for i in range(rang, len(lignes)) if lignes[i][j]), None)
        if pivot is None:
            continue
        lignes[rang], lignes[pivot] = lignes[pivot], lignes[rang]
        tete = lignes[rang][j]
        lignes[rang] = [x / tete for x in lignes[rang]]
        for i, ligne in enumerate(lignes):
            if i != rang and (facteur := ligne[j]):
                lignes[i] = [x - facteur * y for x, y in zip(ligne, lignes[rang])]
        rang += 1
    seules = ([j for j, x in enumerate(ligne) if x] for ligne in lignes[:rang])
    return {colonnes[places[0]] for places in seules if len(places) == 1}
