"""A small language of word patterns, and their search in a message. Its signs are explained at the head of knowledge/protections.yml.

No regular expression: a pattern advances through the words once, from all its possible places together. A set of places is an integer,
one bit a word, so the time grows with the number of patterns and words and cannot explode.
"""
import re
from collections import defaultdict
from dataclasses import dataclass
from typing import Dict, FrozenSet, Iterable, Iterator, List, Mapping, Optional, Sequence, Set, Tuple

from bot.texte.orthographe import Orthographe

ECART = 8   # words that « .. » may skip
_NOM = r"(?:\{\w+\}|[a-z0-9]+\*?)"
_SIGNE = re.compile(rf"(!?)({_NOM}(?:/{_NOM})*)(\??)")


class MotifInvalide(ValueError):
    """A pattern that cannot be read; the message shows it."""


@dataclass(frozen=True, eq=False)
class Choix:
    """Any of these words, any entry of these lists."""

    mots: FrozenSet[str]
    listes: Tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Pas:
    """One place of a pattern, at most `ecart` words after the one before, and not just after `sauf_apres`."""

    choix: Choix
    ecart: int = 0
    facultatif: bool = False
    sauf_apres: Optional[Choix] = None


@dataclass(frozen=True, eq=False)
class Suite:
    """Places in order, not just before `sauf_avant`; `debut` and `fin` tie them to the ends of the message."""

    pas: Tuple[Pas, ...]
    sauf_avant: Optional[Choix] = None
    debut: bool = False
    fin: bool = False

    def choix(self) -> Iterator[Choix]:
        """Everything the suite names, wanted or not."""
        for pas in self.pas:
            yield pas.choix
            if pas.sauf_apres:
                yield pas.sauf_apres
        if self.sauf_avant:
            yield self.sauf_avant

    def mot_seul(self) -> Optional[Choix]:
        """What the suite names, when it is one place without conditions."""
        simple = len(self.pas) == 1 and not (self.pas[0].sauf_apres or self.sauf_avant or self.debut or self.fin)
        return self.pas[0].choix if simple else None


class Motif:
    """Suites that must all be in a message, in whatever order (« + » between them)."""

    def __init__(self, texte: str):
        self.texte = texte
        self.suites = tuple(lire_suite(morceau) for morceau in texte.split("+"))


def lire_suite(texte: str) -> Suite:
    """« {saigner} .. beaucoup/trop » → a Suite. Raises MotifInvalide."""
    signes = texte.split()
    debut, fin = signes[:1] == ["<"], signes[-1:] == [">"]
    pas: List[Pas] = []
    ecart, sauf = 0, None
    for signe in signes[debut:len(signes) - fin]:
        if re.fullmatch(r"\.\.\d*", signe):
            ecart = int(signe[2:] or ECART)
            continue
        lu = _SIGNE.fullmatch(signe)
        if not lu:
            raise MotifInvalide(f"« {signe} » dans « {texte.strip()} » n'est pas un signe connu")
        noms = lu[2].split("/")
        choix = Choix(frozenset(n for n in noms if n[0] != "{"), tuple(n[1:-1] for n in noms if n[0] == "{"))
        if lu[1]:
            sauf = choix
        else:
            pas.append(Pas(choix, ecart, bool(lu[3]), sauf))
            ecart, sauf = 0, None
    if all(p.facultatif for p in pas):
        raise MotifInvalide(f"« {texte.strip()} » n'exige aucun mot")
    return Suite(tuple(pas), sauf, debut, fin)


class Grammaire:
    """Named lists, small words and spellings, ready to read messages. A list may only use lists written before it."""

    def __init__(self, listes: Mapping[str, Sequence[Suite]], motifs: Sequence[Motif], petits: Iterable[str],
                 ecritures: Mapping[str, Iterable[str]], colles: Mapping[str, str], justes: Iterable[str]):
        self._petits = frozenset(petits)
        self._listes: Dict[str, Tuple[FrozenSet[str], Tuple[Suite, ...]]] = {}
        self._contenus: Dict[Choix, Tuple[FrozenSet[str], Tuple[Suite, ...]]] = {}
        for nom, suites in listes.items():
            for choix in (c for s in suites for c in s.choix()):
                self._contenus[choix] = self._ouvrir(choix)
            seuls = [self._contenus[c] for c in (s.mot_seul() for s in suites) if c]
            self._listes[nom] = (frozenset().union(*(mots for mots, _ in seuls)),
                                 (*(s for s in suites if not s.mot_seul()), *(s for _, ss in seuls for s in ss)))
        for choix in (c for m in motifs for s in m.suites for c in s.choix()):
            self._contenus[choix] = self._ouvrir(choix)
        self._exiges = {m: [self.commencements(p.choix) for s in m.suites for p in s.pas if not p.facultatif] for m in motifs}
        # Each pattern under the words of its narrowest place: a message is then asked about few of them.
        self._par_mot: Dict[str, Set[Motif]] = defaultdict(set)
        for m, exiges in self._exiges.items():
            for mot in min(exiges, key=len):
                self._par_mot[mot].add(m)
        self.orthographe = Orthographe({mot for mots, _ in self._contenus.values() for mot in mots}, ecritures, colles, justes)

    def _ouvrir(self, choix: Choix) -> Tuple[FrozenSet[str], Tuple[Suite, ...]]:
        for nom in choix.listes:
            if nom not in self._listes:
                raise MotifInvalide(f"la liste « {nom} » n'est pas écrite plus haut")
        return (choix.mots.union(*(self._listes[nom][0] for nom in choix.listes)),
                tuple(s for nom in choix.listes for s in self._listes[nom][1]))

    def contenu(self, choix: Choix) -> Tuple[FrozenSet[str], Tuple[Suite, ...]]:
        """The single words a choice allows, and its longer entries."""
        return self._contenus[choix]

    def commencements(self, choix: Choix) -> FrozenSet[str]:
        """Every word with which what is chosen may begin."""
        mots, suites = self._contenus[choix]
        tous: Set[str] = set(mots)
        for suite in suites:
            for pas in suite.pas:
                tous |= self.commencements(pas.choix)
                if not pas.facultatif:
                    break
        return frozenset(tous)

    def lire(self, propre: str) -> "Message":
        """A text already passed through `cle`, ready for `reconnait`."""
        mots = self.orthographe.mots(propre)
        lectures = [self.orthographe.lire(m) for m in mots]
        return Message(self, lectures, [m in self._petits or not self._petits.isdisjoint(lu) for m, lu in zip(mots, lectures)])

    def possibles(self, presents: Iterable[str]) -> Set[Motif]:
        """The patterns that these words do not rule out."""
        return {m for mot in presents for m in self._par_mot.get(mot, ())}

    def reconnait(self, motif: Motif, message: "Message") -> bool:
        """True when the message holds every suite of the pattern."""
        if motif not in message.possibles:
            return False
        presents = message.places.keys()
        return not any(e.isdisjoint(presents) for e in self._exiges[motif]) and all(message.fins(s) for s in motif.suites)


class Message:
    """A message as words, each with its possible readings. Bit i of a set of places is « just before word i »."""

    def __init__(self, grammaire: Grammaire, lectures: Sequence[FrozenSet[str]], petits: Sequence[bool]):
        self._grammaire, self._lectures, self._petits = grammaire, lectures, petits
        self._nombre = len(lectures)
        self._passables = sum(1 << i for i, petit in enumerate(petits) if petit)
        self.places: Dict[str, int] = {}
        for i, lecture in enumerate(lectures):
            for mot in lecture:
                self.places[mot] = self.places.get(mot, 0) | 1 << i
        self.possibles = grammaire.possibles(self.places)
        self._du_choix: Dict[Choix, int] = {}
        derniers = next((i for i in range(self._nombre, 0, -1) if not petits[i - 1]), 0)
        self._bout = sum(1 << i for i in range(derniers, self._nombre + 1))

    def sans(self, suites: Sequence[Suite]) -> "Message":
        """The same message where each of these passages says nothing more."""
        if not suites:
            return self
        lectures, petits = list(self._lectures), list(self._petits)
        for suite in suites:
            for i in range(self._nombre):
                j = self.fins(suite, 1 << i).bit_length() - 1
                if j > i:
                    lectures[i:j], petits[i:j] = [frozenset()] * (j - i), [False] * (j - i)
        return Message(self._grammaire, lectures, petits)

    def fins(self, suite: Suite, ou: Optional[int] = None) -> int:
        """Where passages of the suite end, of those that begin at these places (anywhere when none is given)."""
        if ou is None:
            ou = (1 << self._nombre) - 1
        if suite.debut:
            ou &= self._passer(1)
        for rang, pas in enumerate(suite.pas):
            departs = self._passer(self._elargir(ou, pas.ecart)) if rang else ou
            if pas.sauf_apres:
                departs &= ~self._passer(self._avancer(pas.sauf_apres, (1 << self._nombre) - 1))
            atteints = self._avancer(pas.choix, departs)
            ou = atteints | ou if pas.facultatif else atteints
            if not ou:
                return 0
        if suite.sauf_avant:
            ou = sum(1 << j for j in range(self._nombre + 1) if ou >> j & 1 and not self._avancer(suite.sauf_avant, self._passer(1 << j)))
        return ou & self._bout if suite.fin else ou

    def _avancer(self, choix: Choix, ou: int) -> int:
        """The places reached by reading, from these, one word or entry of the choice."""
        if not ou:
            return 0
        mots, suites = self._grammaire.contenu(choix)
        seuls = self._du_choix.get(choix)
        if seuls is None:
            seuls = 0
            for mot in mots & self.places.keys():
                seuls |= self.places[mot]
            self._du_choix[choix] = seuls
        atteints = (ou & seuls) << 1
        for suite in suites:
            atteints |= self.fins(suite, ou)
        return atteints

    def _passer(self, ou: int) -> int:
        """These places, and those past the small words that follow them: the carry of an addition runs over each row of small words."""
        return ou | ((ou & self._passables) + self._passables ^ self._passables)

    def _elargir(self, ou: int, ecart: int) -> int:
        for _ in range(ecart):
            ou |= ou << 1
        return ou & (1 << self._nombre + 1) - 1
