"""How rules read: a text that is reduced step by step, the nodes that stand in it for what is understood, the wishes kept aside.

A node is `<j0>` a day, `<s1>` a week or a part of one, `<m2>` a month or a part of one, `<i3>` other days, `<n4>` a weekday said alone,
`<h5>` an hour. The rules themselves stand in `moment_regles_jours`, `_heures` and `_souhaits`.
"""
import re
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Callable, List, NamedTuple, Optional, Tuple, Union

from bot.agenda.moment_dates import DateImpossible, Periode, un_jour
from bot.agenda.moment_texte import JOURS, MOIS

Trouve = re.Match[str]

# Pieces of patterns on canonical text, shared by all rules.
J = rf"(?:{JOURS})"
M = rf"(?:{MOIS})"
Q = r"(?:1er|\d{1,2})"                       # day number
AN = r"(?:19|20)\d\d"
P = r"(?:matin|apres-midi|soir)"
D = r"<[jsmin]\d+>"                          # days already understood
H = r"<h\d+>"                                # an hour already understood


class Heure(NamedTuple):
    """An hour as said; not `certaine`, it may belong to the afternoon (« 3 h »)."""

    heure: int
    minute: int
    certaine: bool


@dataclass
class Lecture:
    """One reading: the text being reduced, its nodes, and the wishes already understood."""

    texte: str
    maintenant: datetime
    refus_lus: bool = True
    noeuds: List[Union[Periode, Heure]] = field(default_factory=list)
    du_min: Optional[date] = None
    au_max: Optional[date] = None
    heures: List[Heure] = field(default_factory=list)
    heure_de: Optional[Heure] = None
    heure_a: Optional[Heure] = None
    plages: List[Tuple[Heure, Heure]] = field(default_factory=list)
    jours: List[int] = field(default_factory=list)
    sans_jours: List[int] = field(default_factory=list)
    sans_parties: List[str] = field(default_factory=list)
    sans_dates: List[date] = field(default_factory=list)
    dates_impossibles: List[str] = field(default_factory=list)
    heures_impossibles: List[str] = field(default_factory=list)
    discordance: Optional[str] = None

    @property
    def aujourdhui(self) -> date:
        """The local day of the person."""
        return self.maintenant.date()

    def poser(self, genre: str, valeur: Union[Periode, Heure]) -> str:
        """Keep a value and give the node that stands for it in the text."""
        self.noeuds.append(valeur)
        return f"<{genre}{len(self.noeuds) - 1}>"

    def jour(self, jour: date) -> str:
        """The node of one day."""
        return self.poser("j", un_jour(jour))

    def periode(self, noeud: str) -> Periode:
        """The days a node stands for."""
        valeur = self.noeuds[int(noeud.strip("<>jsmin"))]
        assert isinstance(valeur, Periode)
        return valeur

    def h(self, noeud: str) -> Heure:
        """The hour a node stands for."""
        valeur = self.noeuds[int(noeud.strip("<>h"))]
        assert isinstance(valeur, Heure)
        return valeur

    def depuis(self, jour: date) -> None:
        """Not before this day."""
        self.du_min = max(self.du_min, jour) if self.du_min else jour

    def jusque(self, jour: date) -> None:
        """Not after this day."""
        self.au_max = min(self.au_max, jour) if self.au_max else jour


Action = Callable[[Lecture, Trouve], Optional[str]]


class Regles(List[Tuple["re.Pattern[str]", Action]]):
    """Rules in the order they are tried. Called with a pattern of whole tokens, it is the decorator that adds one.

    The function of a rule gives the text that replaces what matched («|»: set aside), or None to leave it.
    """

    def __call__(self, motif: str) -> Callable[[Action], Action]:
        def ajouter(action: Action) -> Action:
            self.append((re.compile(rf"(?<!\S)(?:{motif})(?!\S)"), action))
            return action
        return ajouter

    def appliquer(self, lecture: Lecture) -> None:
        """Run every rule once over the text. A date that does not exist is noted and set aside."""
        for motif, action in self:
            def reduire(m: Trouve, action: Action = action) -> str:
                try:
                    resultat = action(lecture, m)
                except DateImpossible as e:
                    lecture.dates_impossibles.append(e.texte)
                    return "|"
                return m[0] if resultat is None else resultat
            lecture.texte = motif.sub(reduire, lecture.texte)


def restes(lecture: Lecture) -> Tuple[List[Tuple[str, Periode]], List[str]]:
    """The days (kind and value) and the parts of the day that no rule has bound or refused: they are wished."""
    jours = [(m[0][1], lecture.periode(m[0])) for m in re.finditer(D, lecture.texte)]
    return jours, re.findall(rf"(?<!\S){P}(?!\S)", lecture.texte)
