"""Free slots, as a pure function of openings, closings, cells taken, closed days and the instant. Reading them from the database: `recherche`.

Five steps, each a small function that says what it removed: closed days, closings, delays, cells taken, daily limit. Quarters of an hour are
whole numbers here (bot.agenda.instants): forty counsellors over ninety days are some 18,000 candidates, too many to be dates.
"""
import math
import re
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone
from functools import lru_cache
from typing import Collection, Iterator, Mapping, Optional, Sequence

from bot.agenda.instants import SECONDES, cellule, instant, jour_local, local, vers_utc
from bot.agenda.refus import CreneauIllisible
from bot.contacts.tables import Motif

# Why an instant is not offered, from the first step to the last: of two counsellors, the one who came further tells the reason.
ETAPES = ("ferie", "fermeture", "trop_tot", "trop_loin", "pris", "max_par_jour")
_SEMAINE = timedelta(days=7)
_ID = re.compile(r"(\d{1,9})-(\d{8}T\d{4}Z)-(\d{1,9})")
Heures = tuple[time, time]
# (start cell, antenne or None): one entry per instant and place, whoever receives.
Cle = tuple[int, Optional[int]]


@dataclass(frozen=True)
class Horaire:
    """An opening as plain values. `exceptions`: an occurrence removed (None) or given other hours."""

    conseiller_id: int
    antenne_id: Optional[int]
    du: date
    jusqu_au: Optional[date]
    debut: time
    fin: time
    fuseau: str
    territoire: str = "metropole"
    exceptions: Mapping[date, Optional[Heures]] = field(default_factory=dict)


@dataclass(frozen=True)
class Fermee:
    """A closing as plain values: half-open [du, au); of a counsellor, an antenne, or everybody."""

    du: datetime
    au: datetime
    conseiller_id: Optional[int] = None
    antenne_id: Optional[int] = None


@dataclass(frozen=True)
class Creneau:
    """A free slot [debut, fin), UTC. `candidats`: the counsellors free then, ascending; `antenne_id` None by telephone."""

    debut: datetime
    fin: datetime
    antenne_id: Optional[int]
    fuseau: str
    motif_id: int
    candidats: tuple[int, ...] = ()

    @property
    def id(self) -> str:
        """A name for buttons and addresses; it gives no right: the slot is looked for again when it is booked."""
        return f"{self.motif_id}-{self.debut:%Y%m%dT%H%MZ}-{self.antenne_id or 0}"

    @property
    def local(self) -> datetime:
        """The beginning on the clock of the place."""
        return local(self.debut, self.fuseau)


@dataclass(frozen=True)
class Resultat:
    """The free slots in order of time, and for every other instant the step that removed it."""

    creneaux: tuple[Creneau, ...]
    raisons: Mapping[Cle, str]

    def raison(self, debut: datetime, antenne_id: Optional[int]) -> Optional[str]:
        """Why an instant is not free; None when it is, or when nothing is open then."""
        return self.raisons.get((int(debut.timestamp()) // SECONDES, antenne_id))


@dataclass(frozen=True)
class _Occurrence:
    """One day of the openings that share hours and place, in cells [debut, fin), with those who receive then. `antenne_id`: None by telephone;
    `chez`: the antenne all the same, which a closing may name."""

    jour: date
    antenne_id: Optional[int]
    chez: Optional[int]
    fuseau: str
    territoire: str
    debut: int
    fin: int
    conseillers: Sequence[int]


def lire_id(identifiant: str) -> tuple[int, datetime, Optional[int]]:
    """(motif, start, antenne) of a slot's name. Raises CreneauIllisible."""
    lu = _ID.fullmatch(identifiant)
    try:
        quand = datetime.strptime(lu[2], "%Y%m%dT%H%MZ").replace(tzinfo=timezone.utc) if lu else None
    except ValueError:
        quand = None
    if lu is None or quand is None:
        raise CreneauIllisible
    return int(lu[1]), quand, int(lu[3]) or None


def calculer(ouvertures: Sequence[Horaire], fermetures: Sequence[Fermee], occupees: Mapping[int, Collection[int]],
             jours_fermes: Mapping[str, Collection[date]], maintenant: datetime, motif: Motif, *, du: Optional[date] = None,
             au: Optional[date] = None, par_jour: Optional[Mapping[tuple[int, date], int]] = None, delais: bool = True) -> Resultat:
    """Every slot of a motif from `du` to `au` (local days; by default today to the motif's horizon).

    `occupees`: cells taken, by counsellor; `jours_fermes`: by territory; `par_jour`: entretiens of the motif already there, by counsellor and
    local day; `delais=False` for the caisse itself, whom délai_min and délai_max do not bind (the past stays closed).
    """
    duree, pas = motif.duree // 15, (motif.duree + motif.battement) // 15
    premier, dernier = _bornes(maintenant, motif, delais)
    libre_sur = {h.conseiller_id: _ensemble(occupees.get(h.conseiller_id, ())).isdisjoint for h in ouvertures}
    libres: dict[Cle, list[int]] = {}
    raisons: dict[Cle, int] = {}
    fuseaux: dict[Cle, str] = {}
    for o in _occurrences(ouvertures, maintenant, motif, du, au):
        clos = o.jour in jours_fermes.get(o.territoire, ())
        fermees = _fermees_ici(fermetures, o)
        for c in range(o.debut, o.fin - duree + 1, pas):
            cle = (c, o.antenne_id)
            fuseaux[cle] = o.fuseau
            # the number, in the order of ETAPES, of the furthest step that anyone came to
            ouverts = [] if clos else [q for q in o.conseillers if not _fermee(fermees, q, c, c + duree)] if fermees else o.conseillers
            if not ouverts or c < premier or c > dernier:
                refus = (0 if clos else 1) if not ouverts else 2 if c < premier else 3
            else:
                quarts = range(c, c + pas)
                restent = [q for q in ouverts if libre_sur[q](quarts)]
                offerts = [q for q in restent if (par_jour or {}).get((q, o.jour), 0) < motif.max_par_jour] if motif.max_par_jour else restent
                if offerts:
                    libres.setdefault(cle, []).extend(offerts)
                    continue
                refus = 5 if restent else 4
            raisons[cle] = max(refus, raisons.get(cle, 0))
    trouves = tuple(Creneau(instant(c), instant(c + duree), antenne, fuseaux[c, antenne], motif.id, tuple(sorted(set(qui))))
                    for (c, antenne), qui in sorted(libres.items(), key=lambda x: (x[0][0], x[0][1] or 0)))
    return Resultat(trouves, {cle: ETAPES[r] for cle, r in raisons.items() if cle not in libres})


def creneaux(ouvertures: Sequence[Horaire], fermetures: Sequence[Fermee], occupees: Mapping[int, Collection[int]],
             jours_fermes: Mapping[str, Collection[date]], maintenant: datetime, motif: Motif, **bornes) -> list[Creneau]:
    """The free slots alone; see `calculer`."""
    return list(calculer(ouvertures, fermetures, occupees, jours_fermes, maintenant, motif, **bornes).creneaux)


def pourquoi_vide(resultat: Resultat) -> dict[str, int]:
    """How many instants exist, and how many each step removed: {"existants": 12, "pris": 9, "trop_tot": 3}. Steps that removed none are left out."""
    comptes = {etape: sum(r == etape for r in resultat.raisons.values()) for etape in ETAPES}
    return {"existants": len(resultat.creneaux) + len(resultat.raisons), **{e: n for e, n in comptes.items() if n}}


def _ensemble(cellules: Collection[int]) -> "set[int] | frozenset[int]":
    return cellules if isinstance(cellules, (set, frozenset)) else frozenset(cellules)


def _bornes(maintenant: datetime, motif: Motif, delais: bool) -> tuple[float, float]:
    """First and last cell that may begin a slot, both admitted: exactly 24 hours ahead is in time."""
    if not delais:
        return math.ceil(maintenant.timestamp() / SECONDES), math.inf
    return (math.ceil((maintenant + timedelta(hours=motif.delai_min_h)).timestamp() / SECONDES),
            math.floor((maintenant + timedelta(days=motif.delai_max_j)).timestamp() / SECONDES))


def _fermees_ici(fermetures: Sequence[Fermee], o: _Occurrence) -> list[tuple[Optional[int], float, float]]:
    """The closings that touch an occurrence: whose (None: everybody's), and from which to which (fraction of a) cell."""
    touchent = []
    for f in fermetures:
        if f.antenne_id in (None, o.chez):
            de, a = f.du.timestamp() / SECONDES, f.au.timestamp() / SECONDES
            if de < o.fin and a > o.debut:
                touchent.append((f.conseiller_id, de, a))
    return touchent


def _fermee(fermees: Sequence[tuple[Optional[int], float, float]], conseiller_id: int, debut: int, fin: int) -> bool:
    return any(qui in (None, conseiller_id) and de < fin and a > debut for qui, de, a in fermees)


@lru_cache(maxsize=8192)
def _cellule_locale(jour: date, heure: time, fuseau: str) -> int:
    return cellule(vers_utc(jour, heure, fuseau))


def _occurrences(ouvertures: Sequence[Horaire], maintenant: datetime, motif: Motif, du: Optional[date], au: Optional[date]) -> Iterator[_Occurrence]:
    """The openings of the period, day by day, turned from local time to cells: forty counsellors who receive from 9 to 12 make one a day."""
    reunies: dict[tuple[Heures, Optional[int], str, str], dict[date, list[int]]] = defaultdict(lambda: defaultdict(list))
    aujourdhui = {f: jour_local(maintenant, f) for f in {h.fuseau for h in ouvertures}}
    for h in ouvertures:
        if motif.modalite == "presentiel" and h.antenne_id is None:
            continue
        ici = aujourdhui[h.fuseau]
        debut = max(h.du, du or ici, ici)
        fin = min(h.jusqu_au or h.du, au or ici + timedelta(days=motif.delai_max_j))
        jour = h.du + timedelta(days=-(-(debut - h.du).days // 7) * 7)
        while jour <= fin:
            heures = h.exceptions.get(jour, (h.debut, h.fin))
            if heures is not None:
                reunies[heures, h.antenne_id, h.fuseau, h.territoire][jour].append(h.conseiller_id)
            jour += _SEMAINE
    for (heures, chez, fuseau, territoire), jours in reunies.items():
        antenne_id = chez if motif.modalite == "presentiel" else None  # by telephone the place does not matter
        for jour, qui in jours.items():
            debut_c, fin_c = (_cellule_locale(jour, heure, fuseau) for heure in heures)
            yield _Occurrence(jour, antenne_id, chez, fuseau, territoire, debut_c, fin_c, qui)
