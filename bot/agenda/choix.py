"""Three spread proposals from what a person asked for, and when there is none, which single wish to relax and what that would give.

Reads a `moment.Moment`; computes on the slots `recherche` finds. What is said of it, and the dialogue, are elsewhere.
"""
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Collection, Iterator, Optional, Sequence

from sqlalchemy.orm import Session

from bot.agenda.creneaux import ETAPES, Creneau, Resultat
from bot.agenda.instants import instant, jour_local, local
from bot.agenda.jours_feries import feries_entre
from bot.agenda.moment import Moment
from bot.agenda.ouvertures import lieu_et_heure
from bot.agenda.recherche import chercher
from bot.contacts.tables import Caisse, Conseiller, Entretien, Motif
from bot.texte.typographie import JOURS

NOMBRE = 3
# « À 10 h » also means 10:15 when the grid has no 10:00; an hour away is another wish.
PRES = timedelta(minutes=45)
_PARTIES = {"matin": (time(0), time(12)), "après-midi": (time(12), time(18)), "soir": (time(17), time(23, 59))}


@dataclass(frozen=True)
class Relachement:
    """One wish let go: `contrainte` heure, partie, sans, jours, jour, au, du or antenne; how many slots that gives, and the first of them."""

    contrainte: str
    nombre: int
    premier: Creneau
    moment: Moment


@dataclass(frozen=True)
class Proposition:
    """`creneaux`: three at most, spread, in order of time; `total`: how many answer the wish. When there is none: `pertes` (see
    `creneaux.pourquoi_vide`, within the wish only), `passe` (all before now), `ferie` (name of the holiday asked for), `relachements` (smallest
    first). `autre_modalite`: the first slot of the other motif given, that answers the wish."""

    creneaux: Sequence[Creneau]
    total: int
    pertes: dict[str, int]
    passe: bool
    ferie: Optional[str]
    relachements: Sequence[Relachement]
    autre_modalite: Optional[Creneau] = None


def proposer(session: Session, motif: Motif, moment: Moment, maintenant: datetime, *, antenne_id: Optional[int] = None,
             conseiller_id: Optional[int] = None, pour: Optional[Entretien] = None, conversation_id: Optional[str] = None,
             sauf: Collection[str] = (), autre: Optional[Motif] = None, delais: bool = True) -> Proposition:
    """Three proposals for a wish. `sauf`: ids of slots already shown (« d'autres ? »); `autre`: the motif of the other modality."""
    def trouver(m: Motif, lieu: Optional[int]) -> Resultat:
        # a wish beyond the horizon is looked for too, to say that it is too far
        au = max(filter(None, (moment.au, moment.du)), default=None)
        horizon = jour_local(maintenant, session.get_one(Caisse, motif.caisse_code).fuseau) + timedelta(days=m.delai_max_j)
        return chercher(session, m, maintenant, antenne_id=lieu, conseiller_id=conseiller_id if m is motif else None, pour=pour,
                        au=max(au, horizon) if au else None, conversation_id=conversation_id, delais=delais)

    resultat = trouver(motif, antenne_id)
    offerts = [c for c in resultat.creneaux if c.id not in sauf]
    voulus = [c for c in offerts if convient(c, moment)]
    autres = [c for c in trouver(autre, antenne_id).creneaux if convient(c, moment)] if autre is not None else []
    if voulus:
        return Proposition(etaler(voulus, moment), len(voulus), {}, False, None, (), autres[0] if autres else None)
    relaches = [*_relachements(offerts, moment)]
    if antenne_id is not None and motif.modalite == "presentiel":
        ailleurs = [c for c in trouver(motif, None).creneaux if convient(c, moment) and c.antenne_id != antenne_id]
        relaches += [Relachement("antenne", len(ailleurs), ailleurs[0], moment)] if ailleurs else []
    fuseau, territoire = _lieu(session, motif, antenne_id)
    aujourdhui = jour_local(maintenant, fuseau)
    seul = moment.du if moment.du is not None and moment.du == moment.au else None
    return Proposition((), 0, _pertes(resultat, moment, fuseau), moment.au is not None and moment.au < aujourdhui,
                       feries_entre(territoire, seul, seul).get(seul) if seul else None, relaches, autres[0] if autres else None)


# ---- does a slot answer the wish? -------------------------------------------------------------------------------------


def convient(creneau: Creneau, m: Moment) -> bool:
    """Whether a slot answers every wish, on the clock of its place."""
    return _convient(creneau.local, m)


def _convient(la: datetime, m: Moment) -> bool:
    jour, heure = la.date(), la.time()
    if (m.du and jour < m.du) or (m.au and jour > m.au) or jour in m.sans_dates:
        return False
    nom = JOURS[jour.weekday()]
    if (m.jours and nom not in m.jours) or nom in m.sans_jours:
        return False
    if any(_dans(heure, p) for p in m.sans_parties) or (m.partie and not _dans(heure, m.partie)):
        return False
    if m.heure is not None and abs(_minutes(heure) - _minutes(m.heure)) > PRES.total_seconds() / 60:
        return False
    plages = m.plages or ((m.heure_de, m.heure_a),)
    return any((de is None or heure >= de) and (a is None or heure < a) for de, a in plages)


def _dans(heure: time, partie: str) -> bool:
    de, a = _PARTIES[partie]
    return de <= heure < a


def _minutes(heure: time) -> int:
    return heure.hour * 60 + heure.minute


# ---- three that differ ------------------------------------------------------------------------------------------------


def etaler(creneaux: Sequence[Creneau], moment: Moment = Moment(), nombre: int = NOMBRE) -> list[Creneau]:
    """At most `nombre` slots that differ: the one nearest to the wish first (the soonest, or the hour asked for), then other days, then another
    half of the day, the sooner the better. Given back in order of time."""
    restants = sorted(creneaux, key=lambda c: (_ecart(c, moment), c.debut, c.antenne_id or 0))
    pris = restants[:1]
    while len(pris) < min(nombre, len(creneaux)):
        pris.append(min((c for c in restants if c not in pris), key=lambda c: (_deja_vu(c, pris), _ecart(c, moment), c.debut, c.antenne_id or 0)))
    return sorted(pris, key=lambda c: (c.debut, c.antenne_id or 0))


def _deja_vu(c: Creneau, pris: Sequence[Creneau]) -> tuple[bool, bool, bool]:
    """Same day as one already taken, same half of the day, same half of the same day: what is new comes first."""
    vus = [(x.local.date(), x.local.hour < 12) for x in pris]
    jour, matin = c.local.date(), c.local.hour < 12
    return jour in (j for j, _ in vus), matin in (m for _, m in vus), (jour, matin) in vus


def _ecart(c: Creneau, m: Moment) -> int:
    return abs(_minutes(c.local.time()) - _minutes(m.heure)) if m.heure is not None else 0


# ---- when there is none -----------------------------------------------------------------------------------------------


def _relachements(offerts: Sequence[Creneau], m: Moment) -> Iterator[Relachement]:
    """One wish let go at a time, the smallest first; only those that give something."""
    for contrainte, elargi in _elargis(m):
        trouves = [c for c in offerts if convient(c, elargi)]
        if trouves:
            yield Relachement(contrainte, len(trouves), trouves[0], elargi)


def _elargis(m: Moment) -> Iterator[tuple[str, Moment]]:
    if m.heure or m.heure_de or m.heure_a or m.plages:
        yield "heure", replace(m, heure=None, heure_de=None, heure_a=None, plages=())
    if m.partie:
        yield "partie", replace(m, partie=None)
    if m.sans_jours or m.sans_parties or m.sans_dates:
        yield "sans", replace(m, sans_jours=(), sans_parties=(), sans_dates=())
    if m.jours:
        yield "jours", replace(m, jours=())
    if m.du and m.du == m.au:
        lundi = m.du - timedelta(days=m.du.weekday())
        yield "jour", replace(m, du=lundi, au=lundi + timedelta(days=6))
    if m.au:
        yield "au", replace(m, au=None)
    if m.du and m.du != m.au:
        yield "du", replace(m, du=None)


def _pertes(resultat: Resultat, m: Moment, fuseau: str) -> dict[str, int]:
    """`pourquoi_vide`, counted only among the instants that answer the wish."""
    raisons = [r for (c, _), r in resultat.raisons.items() if _convient(local(instant(c), fuseau), m)]
    comptes = {etape: raisons.count(etape) for etape in ETAPES}
    return {"existants": len(raisons), **{e: n for e, n in comptes.items() if n}}


def _lieu(session: Session, motif: Motif, antenne_id: Optional[int]) -> tuple[str, str]:
    return lieu_et_heure(session, Conseiller(caisse_code=motif.caisse_code), antenne_id)


