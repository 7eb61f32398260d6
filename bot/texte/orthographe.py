"""Reads a typed word as the words it may stand for: SMS spelling, spelling by ear, one typing fault, words run together.

Knows nothing of meaning. The vocabulary is the caller's; a word outside it, or a listed look-alike, is read as nothing.
"""
import re
from collections import defaultdict
from typing import Dict, FrozenSet, Iterable, List, Mapping, Set, Tuple

# From spelling to sound, in this order. Capitals are sounds of two letters (U = ou, W = oi, A = an, I = in, O = on, E = eu, C = ch).
_SONS: Tuple[Tuple["re.Pattern[str]", str], ...] = tuple((re.compile(m), r) for m, r in (
    (r"cc(?=[eiy])", "ks"), (r"([a-z])\1+", r"\1"), (r"ph", "f"), (r"s?ch(?=[rl])", "k"), (r"s?ch|sh", "C"), (r"c(?=[eiy])", "s"),
    (r"qu?|ck|c", "k"), (r"gu(?=[eiy])", "g"), (r"ge(?=[ao])|g(?=[eiy])", "j"), (r"h", ""), (r"eau|au", "o"),
    (r"(?:ai|ei|i|y|u)[nm](?![aeiouynm])", "I"), (r"[ae][nm](?![aeiouynm])", "A"), (r"o[nm](?![aeiouynm])", "O"),
    (r"oi|oua", "W"), (r"ou", "U"), (r"oeu|eu|oe", "E"), (r"[ae][iy]", "e"), (r"y", "i"), (r"z", "s")))
_TERMINAISON = re.compile(r"(?<=...)(?:er|ez|ees?|es?)$")   # respire, respirer, respiré: one sound
_MUETTES = re.compile(r"(?:er|(?<=i)r)?[estdxp]*$")
SON_MIN, FAUTE_MIN, MORCEAU_MIN = 4, 6, 4   # shorter words have too many neighbours: their spellings are listed by hand


def entendre(mot: str) -> str:
    """A word by its sounds, silent endings included."""
    for motif, par in _SONS:
        mot = motif.sub(par, mot)
    return mot


def son(mot: str) -> str:
    """Roughly how a word sounds, silent endings left out.

    >>> son("crevee") == son("crever"), son("secour") == son("secours"), son("mort") == son("mur")
    (True, True, False)
    """
    return _MUETTES.sub("", entendre(mot))


def une_faute(a: str, b: str) -> bool:
    """True when one letter added, dropped, changed, or two neighbours exchanged, make one word the other."""
    if len(a) > len(b):
        a, b = b, a
    if len(b) - len(a) > 1:
        return False
    i = next((k for k, (x, y) in enumerate(zip(a, b)) if x != y), len(a))
    if len(a) < len(b):
        return a[i:] == b[i + 1:]
    return a[i + 1:] == b[i + 1:] or (a[i:i + 2] == b[i:i + 2][::-1] and a[i + 2:] == b[i + 2:])


def _amputes(mot: str) -> Set[str]:
    return {mot[:i] + mot[i + 1:] for i in range(len(mot))}


class Orthographe:
    """The readings of typed words within a vocabulary. Words ending in « * » stand for every word that begins so."""

    def __init__(self, mots: Iterable[str], ecritures: Mapping[str, Iterable[str]], colles: Mapping[str, str], justes: Iterable[str]):
        tous = set(mots)
        self._mots = {m for m in tous if not m.endswith("*")}
        self._debuts = {m[:-1] for m in tous if m.endswith("*")}
        self._colles = dict(colles)
        self._justes = frozenset(justes)
        self._ecritures: Dict[str, Set[str]] = defaultdict(set)
        self._par_son: Dict[str, Set[str]] = defaultdict(set)
        self._par_ampute: Dict[str, Set[str]] = defaultdict(set)
        self._par_radical: Dict[str, Set[str]] = defaultdict(set)
        self._debuts_par_son = {s: d for d in self._debuts for s in [entendre(d + "a")[:-1]] if len(s) >= SON_MIN}
        self._memoire: Dict[str, FrozenSet[str]] = {}
        for mot, autres in ecritures.items():
            for autre in autres:
                self._ecritures[autre].add(mot)
        for mot in self._mots:
            if _TERMINAISON.search(mot):
                self._par_radical[_TERMINAISON.sub("", mot)].add(mot)
            if len(son(mot)) >= SON_MIN:
                self._par_son[son(mot)].add(mot)
            if len(mot) >= FAUTE_MIN:
                for ampute in _amputes(mot) | {mot}:
                    self._par_ampute[ampute].add(mot)

    def mots(self, propre: str) -> List[str]:
        """The words of a text already passed through `cle`, those run together set apart: « jveu » → « j », « veu »."""
        return [m for mot in propre.split() for m in self._decoller(mot)]

    def _decoller(self, mot: str) -> List[str]:
        if mot in self._colles:
            return self._colles[mot].split()
        if len(mot) < 3 or mot in self._justes or self._exactes(mot):
            return [mot]
        if mot[0] == "j" and mot[1] not in "aeiouy":   # no French word begins so
            return ["j", *self._decoller(mot[1:])]
        reste = mot[1:]
        if mot[0] in "jdlmnst" and len(reste) >= MORCEAU_MIN and self._exactes(reste):
            return [mot[0], reste]
        return [mot]

    def _exactes(self, mot: str) -> Set[str]:
        formes = {mot} if mot in self._mots else set()
        formes |= self._ecritures.get(mot, set())
        return formes | {mot[:n] + "*" for n in range(3, len(mot) + 1) if mot[:n] in self._debuts}

    def lire(self, mot: str) -> FrozenSet[str]:
        """The words of the vocabulary a typed word may be: itself, or a verb's form said alike; failing that, what sounds the same;
        failing that, what is one fault away."""
        connu = self._memoire.get(mot)
        if connu is None:
            formes = self._exactes(mot)
            if mot in self._mots or mot in self._ecritures:
                formes |= self._par_radical.get(_TERMINAISON.sub("", mot), set())
            elif mot not in self._justes and len(mot) >= MORCEAU_MIN:
                formes |= self._entendues(mot)
                formes = formes or self._corrigees(mot)
            connu = frozenset(formes)
            if len(self._memoire) < 20_000:
                self._memoire[mot] = connu
        return connu

    def _entendues(self, mot: str) -> Set[str]:
        entendu = entendre(mot)
        debuts = {self._debuts_par_son[entendu[:n]] + "*" for n in range(SON_MIN, len(entendu) + 1) if entendu[:n] in self._debuts_par_son}
        return debuts | self._par_son.get(_MUETTES.sub("", entendu), set())

    def _corrigees(self, mot: str) -> Set[str]:
        if len(mot) < FAUTE_MIN - 1:
            return set()
        proches = {v for a in _amputes(mot) | {mot} for v in self._par_ampute.get(a, ())}
        return {v for v in proches if v[0] == mot[0] and une_faute(mot, v)}
