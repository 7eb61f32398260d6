"""A small language of word patterns, and their search in a message. No regular expression: a pattern advances over words by sets
of positions, so the time grows with the number of words and never explodes. The language is explained in knowledge/protections.yml.
"""
import re
from dataclasses import dataclass
from typing import Dict, FrozenSet, Iterable, Iterator, List, Mapping, Sequence, Set, Tuple

from bot.texte.orthographe import Orthographe

ECART = 8   # words that « .. » may skip
_SIGNE = re.compile(r"^(!?)((?:\{\w+\}|[a-z0-9]+\*?)(?:/(?:\{\w+\}|[a-z0-9]+\*?))*)(\??)$")


class MotifInvalide(ValueError):
    """A pattern that cannot be read; the message shows it."""


@dataclass(frozen=True)
class Pas:
    """One place of a pattern: any of these words or lists, at most `ecart` words further on."""

    mots: FrozenSet[str]
    listes: Tuple[str, ...]
    ecart: int = 0
    facultatif: bool = False
    refuse: bool = False


@dataclass(frozen=True)
class Suite:
    """Places in order; `debut` and `fin` tie it to the ends of the message."""

    pas: Tuple[Pas, ...]
    debut: bool = False
    fin: bool = False


def lire_suite(texte: str) -> Suite:
    """« {saigner} .. beaucoup/trop » → a Suite. Raises MotifInvalide."""
    signes = texte.split()
    debut, fin = signes[:1] == ["<"], signes[-1:] == [">"]
    pas: List[Pas] = []
    ecart = 0
    for signe in signes[debut:len(signes) - fin]:
        if re.fullmatch(r"\.\.\d*", signe):
            ecart = int(signe[2:] or ECART)
            continue
        lu = _SIGNE.match(signe)
        if not lu:
            raise MotifInvalide(f"« {signe} » dans « {texte} » n'est pas un signe connu")
        choix = lu[2].split("/")
        pas.append(Pas(frozenset(c for c in choix if c[0] != "{"), tuple(c[1:-1] for c in choix if c[0] == "{"),
                       ecart, bool(lu[3]), bool(lu[1])))
        ecart = 0
    if all(p.facultatif or p.refuse for p in pas):
        raise MotifInvalide(f"« {texte} » n'exige aucun mot")
    return Suite(tuple(pas), debut, fin)


class Motif:
    """Suites that must all be in a message, in whatever order (« + » between them)."""

    def __init__(self, texte: str):
        self.texte = texte
        self.suites = tuple(lire_suite(morceau) for morceau in texte.split("+"))


class Grammaire:
    """Named lists, small words and spellings, ready to read messages. A list may only use lists written before it."""

    def __init__(self, listes: Mapping[str, Sequence[Suite]], motifs: Sequence[Motif], petits: Iterable[str],
                 ecritures: Mapping[str, Iterable[str]], colles: Mapping[str, str], justes: Iterable[str]):
        self.listes, self.petits = listes, frozenset(petits)
        self._premiers: Dict[str, FrozenSet[str]] = {}
        for nom, suites in listes.items():
            self._premiers[nom] = frozenset().union(*(self.premiers(s) for s in suites))
        suites = [s for ss in listes.values() for s in ss] + [s for m in motifs for s in m.suites]
        self._exiges = {m: [self._mots(p) for s in m.suites for p in s.pas if not (p.facultatif or p.refuse)] for m in motifs}
        self.orthographe = Orthographe({mot for s in suites for p in s.pas for mot in p.mots}, ecritures, colles, justes)

    def _mots(self, pas: Pas) -> FrozenSet[str]:
        for nom in pas.listes:
            if nom not in self._premiers:
                raise MotifInvalide(f"la liste « {nom} » n'est pas écrite plus haut")
        return pas.mots.union(*(self._premiers[nom] for nom in pas.listes))

    def premiers(self, suite: Suite) -> FrozenSet[str]:
        """Every word a passage of the suite may begin with."""
        mots: Set[str] = set()
        for pas in suite.pas:
            mots |= self._mots(pas) if not pas.refuse else set()
            if not (pas.refuse or pas.facultatif):
                break
        return frozenset(mots)

    def commence_par(self, nom: str, lecture: FrozenSet[str]) -> bool:
        return not self._premiers[nom].isdisjoint(lecture)

    def lire(self, propre: str) -> "Message":
        """A text already passed through `cle`, ready for `reconnait`."""
        mots = self.orthographe.mots(propre)
        return Message(self, [self.orthographe.lire(m) for m in mots], [m in self.petits for m in mots])

    def reconnait(self, motif: Motif, message: "Message") -> bool:
        """True when the message holds every suite of the pattern."""
        return not any(e.isdisjoint(message.presents) for e in self._exiges[motif]) and all(message.contient(s) for s in motif.suites)


class Message:
    """A message as words, each with its possible readings."""

    def __init__(self, grammaire: Grammaire, lectures: List[FrozenSet[str]], petits: List[bool]):
        self._grammaire, self._lectures, self._petits = grammaire, lectures, petits
        self.presents: FrozenSet[str] = frozenset().union(*lectures)
        self._memoire: Dict[Tuple[str, int], FrozenSet[int]] = {}

    def sans(self, suites: Sequence[Suite]) -> "Message":
        """The same message where each of these passages says nothing more."""
        lectures, petits = list(self._lectures), list(self._petits)
        for suite in suites:
            for i, j in self.passages(suite):
                lectures[i:j], petits[i:j] = [frozenset()] * (j - i), [False] * (j - i)
        return Message(self._grammaire, lectures, petits)

    def contient(self, suite: Suite) -> bool:
        return next(self.passages(suite), None) is not None

    def passages(self, suite: Suite) -> Iterator[Tuple[int, int]]:
        """(first word, end) of each longest match."""
        premiers = self._grammaire.premiers(suite)
        if premiers.isdisjoint(self.presents):
            return
        for i in range(len(self._lectures)):
            if not premiers.isdisjoint(self._lectures[i]):
                fins = self._fins(suite, i)
                if fins:
                    yield i, max(fins)

    def _fins(self, suite: Suite, i: int) -> Set[int]:
        """Where matches of the suite that begin at word i end."""
        if suite.debut and not all(self._petits[:i]):
            return set()
        ou: Set[int] = {i}
        commence = False
        for pas in suite.pas:
            if pas.refuse:
                ou = {j for j in ou if not (self._suivi(pas, j) if commence else self._precede(pas, j))}
            else:
                atteints = {f for j in ou for k in (self._departs(j, pas.ecart) if commence else [j]) for f in self._fins_du_pas(pas, k)}
                commence = commence or not pas.facultatif or bool(atteints)
                ou = atteints | ou if pas.facultatif else atteints
            if not ou:
                return ou
        return {j for j in ou if all(self._petits[j:])} if suite.fin else ou

    def _departs(self, j: int, ecart: int) -> Iterator[int]:
        """Where the next place may begin after word j: at once, past small words, or within `ecart` words."""
        limite = len(self._lectures)
        yield from range(j, min(j + ecart + 1, limite))
        j = min(j + ecart, limite)
        while j < limite - 1 and self._petits[j]:
            j += 1
            yield j

    def _suivi(self, pas: Pas, j: int) -> bool:
        return any(self._fins_du_pas(pas, k) for k in self._departs(j, 0))

    def _precede(self, pas: Pas, i: int) -> bool:
        k = i
        while k > 0:
            k -= 1
            if self._fins_du_pas(pas, k):
                return True
            if not self._petits[k]:
                return False
        return False

    def _fins_du_pas(self, pas: Pas, i: int) -> Set[int]:
        if i >= len(self._lectures):
            return set()
        fins = {i + 1} if not pas.mots.isdisjoint(self._lectures[i]) else set()
        for nom in pas.listes:
            fins |= self._fins_de_liste(nom, i)
        return fins

    def _fins_de_liste(self, nom: str, i: int) -> FrozenSet[int]:
        if not self._grammaire.commence_par(nom, self._lectures[i]):
            return frozenset()
        cle = (nom, i)
        if cle not in self._memoire:
            self._memoire[cle] = frozenset()
            self._memoire[cle] = frozenset(f for suite in self._grammaire.listes[nom] for f in self._fins(suite, i))
        return self._memoire[cle]
