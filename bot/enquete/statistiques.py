"""The survey's statistics: rates on expressed answers, Wilson with finite population, stratified national estimate, differences, thresholds.

Pure functions on counts, no hidden default but z = 1.96 (95 %). Counting is `resultats`; words and pages are others'. Formulas: reference §3c.
"""
from dataclasses import dataclass
from math import ceil, sqrt
from statistics import NormalDist
from typing import Collection, Mapping, Optional, Sequence

SEUIL = 11              # below, no rate and no sub-count is published (§3d)
COUVERTURE_MIN = 0.90   # below, a national figure is « résultat partiel » and makes no headline
TAILLE_RECENSEMENT = 60
Z95, Z998 = NormalDist().inv_cdf(0.975), NormalDist().inv_cdf(0.999)


@dataclass(frozen=True)
class Intervalle:
    """Bounds of an estimate, as fractions of 1. `recensement`: everyone was asked and answered, there is no sampling error."""

    bas: float
    haut: float
    recensement: bool = False

    @property
    def demi_largeur(self) -> float:
        return (self.haut - self.bas) / 2


def _wilson(p: float, n: float, z: float) -> tuple[float, float]:
    centre, ecart = p + z * z / (2 * n), z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return max(0.0, (centre - ecart) / (1 + z * z / n)), min(1.0, (centre + ecart) / (1 + z * z / n))


def wilson(x: float, n: int, N: Optional[int] = None, z: float = Z95) -> Intervalle:
    """Wilson's interval of x among n; with the frame's size N, on n* = n(N − 1)/(N − n), and n = N is a census. Raises ValueError."""
    if not 0 <= x <= n or n < 1 or (N is not None and n > N):
        raise ValueError(f"comptes impossibles : {x} sur {n}, base {N}")
    if n == N:
        return Intervalle(x / n, x / n, recensement=True)
    return Intervalle(*_wilson(x / n, n if N is None else n * (N - 1) / (N - n), z))


def taille(N: int, marge: float, p: float = 0.8) -> int:
    """The smallest number of answers whose Wilson + FPC half-width is at most `marge` (0.05 = ±5 points) in a frame of N, at rate p."""
    return next(n for n in range(1, N + 1) if n == N or Intervalle(*_wilson(p, n * (N - 1) / (N - n), Z95)).demi_largeur <= marge)


def a_tirer(N: int, marge: float, taux_reponse: float, p: float = 0.8) -> int:
    """How many people to draw: everyone up to 60, else the answers wanted divided by the response rate expected (§3b)."""
    return N if N <= TAILLE_RECENSEMENT else min(N, ceil(taille(N, marge, p) / taux_reponse))


@dataclass(frozen=True)
class Strate:
    """One stratum: size of its frame N, expressed answers n, positive answers x."""

    N: int
    n: int
    x: int


@dataclass(frozen=True)
class Estimation:
    """A weighted estimate, its interval, the share of the frame it covers, the strata used. `partielle`: cover below 90 %, no headline."""

    p: float
    intervalle: Intervalle
    couverture: float
    strates: int

    @property
    def partielle(self) -> bool:
        return self.couverture < COUVERTURE_MIN


def stratifiee(strates: Sequence[Strate], z: float = Z95) -> Optional[Estimation]:
    """The national estimate: p = Σ(N_h/N)·p_h over strata with n_h ≥ 2, and Wilson on n_eff = p(1 − p)/V. None when no stratum can be used.

    V = Σ(N_h/N)²(1 − n_h/N_h)·p̃_h(1 − p̃_h)/(n_h − 1) with p̃ = (x + 1)/(n + 2), in V only: a stratum where all agree still has a variance.
    Raw answers are never pooled: coverage falls to one in ten when big caisses do worse (§3c).
    """
    utiles = [s for s in strates if s.n >= 2]
    total, N = sum(s.N for s in strates), sum(s.N for s in utiles)
    if not utiles:
        return None
    p = sum(s.N / N * s.x / s.n for s in utiles)
    V = sum((s.N / N) ** 2 * (1 - s.n / s.N) * (t := (s.x + 1) / (s.n + 2)) * (1 - t) / (s.n - 1) for s in utiles)
    if V == 0:
        intervalle = Intervalle(p, p, recensement=True)
    else:
        bord = 1 / (sum(s.n for s in utiles) + 2)
        tire = min(max(p, bord), 1 - bord)
        intervalle = Intervalle(*_wilson(p, tire * (1 - tire) / V, z))
    return Estimation(p, intervalle, N / total, len(utiles))


def newcombe(x1: int, n1: int, x2: int, n2: int, N1: Optional[int] = None, N2: Optional[int] = None, z: float = Z95) -> Intervalle:
    """Interval of the difference p1 − p2 (Newcombe's hybrid of the two Wilson intervals). « Hausse » only when it excludes 0."""
    p1, p2, un, deux = x1 / n1, x2 / n2, wilson(x1, n1, N1, z), wilson(x2, n2, N2, z)
    return Intervalle(p1 - p2 - sqrt((p1 - un.bas) ** 2 + (deux.haut - p2) ** 2), p1 - p2 + sqrt((un.haut - p1) ** 2 + (p2 - deux.bas) ** 2))


def entonnoir(p0: float, n: int, N: Optional[int] = None, z: float = Z95) -> Intervalle:
    """Funnel limits around a reference rate p0 for n answers (of a frame of N): where a caisse no different from it falls, 95 % of the time
    (99.8 % with z = Z998). Shows caisses, never ranks them."""
    fpc = (N - n) / (N - 1) if N is not None and N > 1 else 1.0
    ecart = z * sqrt(p0 * (1 - p0) / n * fpc)
    return Intervalle(max(0.0, p0 - ecart), min(1.0, p0 + ecart), recensement=n == N)


@dataclass(frozen=True)
class Taux:
    """What is said of one item. `exprimees`: answers with an opinion, the one denominator everywhere; `taux`, `tres` (first code alone) and
    `net` (positive − negative) are fractions of it, None below the threshold."""

    exprimees: int
    positives: int
    taux: Optional[float]
    tres: Optional[float]
    net: Optional[float]
    intervalle: Optional[Intervalle]


def taux(comptes: Mapping[str, int], positifs: Sequence[str], negatifs: Sequence[str], N: Optional[int], seuil: int = SEUIL) -> Taux:
    """Rates of an item from its counts by code: T = positive/(positive + negative codes); every other code is outside the rate."""
    plus, moins = (sum(comptes.get(c, 0) for c in codes) for codes in (positifs, negatifs))
    n = plus + moins
    if n < max(seuil, 1):
        return Taux(n, plus, None, None, None, None)
    return Taux(n, plus, plus / n, comptes.get(positifs[0], 0) / n, (plus - moins) / n, wilson(plus, n, N))


def masquees(cellules: Mapping[str, tuple[int, int]], seuil: int = SEUIL) -> frozenset[str]:
    """Which cells (n, x) of a breakdown must not show their rate when the total does: those under the threshold, then the smallest others until
    no hidden x can be worked out from the total and from the cells shown, and until the hidden ones hold `seuil` answers together: what the total
    gives of them by difference is then a figure that could be published (§3d). Where everybody answers alike, the total says it of each."""
    caches = {c for c, (n, _) in cellules.items() if n < seuil}
    restent = sorted((n, c) for c, (n, _) in cellules.items() if c not in caches)
    while caches and restent and not _protegees([cellules[c] for c in caches], seuil):
        caches.add(restent.pop(0)[1])
    return frozenset(caches)


def _protegees(caches: Collection[tuple[int, int]], seuil: int) -> bool:
    n_total = sum(n for n, _ in caches)
    return not n_total or (n_total >= seuil and _indeterminees(caches))


def _indeterminees(caches: Collection[tuple[int, int]]) -> bool:
    """Whether each hidden x keeps several possible values once their sum and each n are known."""
    n_total, x_total = sum(n for n, _ in caches), sum(x for _, x in caches)
    return all(min(n, x_total) > max(0, x_total - (n_total - n)) for n, _ in caches if n)


@dataclass(frozen=True)
class Ecart:
    """One domain said and heard: share of contacts where it was recorded, share of respondents who say it was spoken of, difference."""

    dit: float
    entendu: float
    difference: Intervalle


def dit_entendu(dits: Mapping[str, int], contacts: int, entendus: Mapping[str, int], repondants: int) -> dict[str, Ecart]:
    """The gap said − heard, by domain (Q5 beside what counsellors recorded, §3c). Empty below the threshold."""
    if contacts < SEUIL or repondants < SEUIL:
        return {}
    return {d: Ecart(dits[d] / contacts, entendus.get(d, 0) / repondants, newcombe(dits[d], contacts, entendus.get(d, 0), repondants)) for d in dits}
