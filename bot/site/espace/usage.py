"""How the assistant is used and how it does: ends of turns, topics week after week, opinions, hand-overs, searches for a slot that found none.
Figures only, no message and no person. What was not understood is read in `relecture`; the agenda's own figures are bot.agenda.statistiques."""
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Mapping, Optional, Sequence
from zoneinfo import ZoneInfo

from fastapi import Depends, Request
from fastapi.responses import Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.agenda.statistiques import Chiffre, alertes
from bot.contacts.isolement import dans_la_caisse
from bot.contacts.tables import Avis, Relais, Tour
from bot.site.espace.acces import Acteur, exiger, routeur_espace
from bot.site.espace.gabarits import rendre

routeur = routeur_espace()
# How a turn ended, told to a person, in the order of the panel.
ISSUES = {"repondu": "a reçu une réponse", "flux": "a avancé une démarche", "refus": "a été orientée vers la bonne personne",
          "urgence": "a reçu les numéros d'urgence", "propose": "s'est vu proposer des questions proches", "incompris": "n'a pas été comprise",
          "hors_sujet": "était hors sujet", "degrade": "est tombée pendant une panne", "incivil": "était une injure", "erreur": "a échoué"}
COMPRISES, COMPTEES = ("repondu", "flux", "refus", "urgence"), ("repondu", "flux", "refus", "urgence", "propose", "incompris", "degrade")
# The same ends in the four families that the plots and the weekly table show.
FAMILLES = {"repondu": ("Répondues", ("repondu", "flux", "urgence")), "propose": ("Proposées", ("propose",)),
            "refuse": ("Refusées ou orientées", ("refus", "hors_sujet", "incivil")),
            "incompris": ("Sans réponse", ("incompris", "degrade", "erreur"))}
RAISONS = {"sans_reponse": "n'a pas trouvé sa réponse", "sans_rapport": "ce n'était pas la question", "pas_clair": "pas compris",
           "incomplet": "il manque quelque chose", "perime": "plus à jour", None: "sans précision"}
PERIODES = (7, 30, 90)
SUJETS_MAX = 15


@dataclass
class Semaine:
    """One week of the caisse, from its Monday. `relais`: conversations passed to a counsellor or waiting for one; `part`: see `mesurer`."""

    lundi: date
    issues: Counter[str] = field(default_factory=Counter)
    relais: int = 0
    utiles: int = 0
    inutiles: int = 0

    @property
    def court(self) -> str:
        return f"{self.lundi:%d/%m}"

    @property
    def total(self) -> int:
        return self.issues.total()

    @property
    def part(self) -> Optional[float]:
        return _part(self.issues)

    @property
    def familles(self) -> list[tuple[str, str, int]]:
        """(code, name, messages) of each family, in their order."""
        return [(code, nom, sum(self.issues[i] for i in issues)) for code, (nom, issues) in FAMILLES.items()]


@dataclass(frozen=True)
class Mesures:
    """The figures of a period. `part`: turns understood among those that asked something of ours, from 0 to 1, None without any.
    `semaines`: newest first; `sujets`: (topic, messages, messages of each week in the order of `semaines`), most asked first."""

    issues: Mapping[str, int]
    avis: Mapping[bool, int]
    raisons: Sequence[tuple[Optional[str], int]]
    relais: Mapping[str, int]
    semaines: Sequence[Semaine]
    sujets: Sequence[tuple[str, int, Sequence[int]]]
    demandes: Sequence[Chiffre]

    @property
    def total(self) -> int:
        return sum(self.issues.values())

    @property
    def part(self) -> Optional[float]:
        return _part(self.issues)


@routeur.get("/espace/qualite", name="qualite")
def qualite(request: Request, acteur: Acteur = Depends(exiger()), jours: int = 30) -> Response:
    """The panel of a period: 7, 30 or 90 days."""
    contexte = request.app.state.contexte
    periode = jours if jours in PERIODES else 30
    with contexte.sessions.lecture() as s:
        mesures = mesurer(s, acteur.caisse_code, contexte.horloge.maintenant(), periode, ZoneInfo(acteur.fuseau))
    return rendre(request, "espace/qualite.html", m=mesures, issues=ISSUES, familles=FAMILLES, raisons=RAISONS, periode=periode, periodes=PERIODES,
                  fiches=contexte.fiches)


def mesurer(s: Session, caisse: str, maintenant: datetime, jours: int, zone: ZoneInfo) -> Mesures:
    """Everything the panel shows of a caisse, for the `jours` days before an instant; weeks are those of its own clock."""
    depuis = maintenant - timedelta(days=jours)
    ici = (dans_la_caisse(Tour, caisse), Tour.le > depuis)
    tours = s.execute(select(Tour.le, Tour.issue, Tour.sujet).where(*ici)).all()
    avis = s.execute(select(Avis.le, Avis.utile, Avis.raison).join(Tour, Tour.id == Avis.tour_id).where(*ici)).all()
    mains = s.execute(select(Relais.demande_le, Relais.etat).where(dans_la_caisse(Relais, caisse), Relais.demande_le > depuis)).all()
    semaines = _semaines(tours, avis, mains, zone)
    return Mesures(
        issues=Counter(issue for _, issue, _ in tours), avis=Counter(bool(utile) for _, utile, _ in avis),
        raisons=Counter(raison for _, utile, raison in avis if not utile).most_common(), relais=Counter(etat for _, etat in mains),
        semaines=semaines, sujets=_sujets(tours, [x.lundi for x in semaines], zone), demandes=alertes(s, caisse, maintenant, jours))


def _part(issues: Mapping[str, int]) -> Optional[float]:
    comptes = sum(issues.get(i, 0) for i in COMPTEES)
    return sum(issues.get(i, 0) for i in COMPRISES) / comptes if comptes else None


def _lundi(le: datetime, zone: ZoneInfo) -> date:
    jour = le.astimezone(zone).date()
    return jour - timedelta(days=jour.weekday())


def _semaines(tours: Sequence[Any], avis: Sequence[Any], mains: Sequence[Any], zone: ZoneInfo) -> list[Semaine]:
    """The weeks that have a message or a hand-over, newest first."""
    trouvees: dict[date, Semaine] = {}

    def de(le: datetime) -> Semaine:
        lundi = _lundi(le, zone)
        return trouvees.setdefault(lundi, Semaine(lundi))
    for le, issue, _ in tours:
        de(le).issues[issue] += 1
    for le, _ in mains:
        de(le).relais += 1
    for le, utile, _ in avis:
        semaine = de(le)
        semaine.utiles += bool(utile)
        semaine.inutiles += not utile
    return [trouvees[lundi] for lundi in sorted(trouvees, reverse=True)]


def _sujets(tours: Sequence[Any], lundis: Sequence[date], zone: ZoneInfo) -> list[tuple[str, int, list[int]]]:
    par_sujet: dict[str, Counter[date]] = defaultdict(Counter)
    for le, issue, sujet in tours:
        if issue == "repondu" and sujet is not None:
            par_sujet[sujet][_lundi(le, zone)] += 1
    classes = sorted(par_sujet.items(), key=lambda x: (-x[1].total(), x[0]))[:SUJETS_MAX]
    return [(sujet, compte.total(), [compte[lundi] for lundi in lundis]) for sujet, compte in classes]
