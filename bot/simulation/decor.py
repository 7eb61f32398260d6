"""A caisse as the year begins: marked fictitious, its antennes, team and openings, its motifs, its waves; and its people, quarter by quarter.
What then happens in it is `semaine` and `sondage`."""
import csv
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from math import ceil
from pathlib import Path
from random import Random
from typing import Iterator, Mapping, Optional, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.agenda import motifs, ouvertures
from bot.agenda.auteurs import SYSTEME
from bot.agenda.instants import vers_utc
from bot.agenda.jours_feries import fuseau
from bot.agenda.ouvertures import DemandeOuverture
from bot.campagnes.caisses import lire_reseau
from bot.campagnes.fictif import NOMS, ORDRE, PRENOMS, generer
from bot.campagnes.population import importer
from bot.contacts.base import Sessions
from bot.contacts.historique import noter
from bot.contacts.tables import Action, Antenne, Assure, Caisse, Conseiller, Motif, Role
from bot.enquete import vagues
from bot.simulation.plan import Plan

HORAIRES = "du lundi au vendredi, de 9 h à 12 h et de 13 h 30 à 16 h 30"
VILLES = ("Exempleville", "Modèle-sur-Mer", "Prototype-le-Vieux")
PAR_CONSEILLER = 3_000  # people for one counsellor
# Half-days of a counsellor's week, turned by her place in the team: weekday, hours, at the antenne or on the telephone.
SEMAINE = ((0, "09:00", "12:00", True), (1, "13:30", "16:30", False), (2, "09:00", "12:00", True),
           (3, "13:30", "16:30", True), (4, "09:00", "12:00", False))
SIGNATAIRES = ("responsable", "directeur", "agent_comptable", "medecin_conseil")


@dataclass
class Decor:
    """What a week needs of its caisse: numbers, never objects (each week has its own transaction)."""

    code: str
    fuseau: str
    hasard: Random
    conseillers: Sequence[int]
    motifs: Mapping[str, int]
    actions: Mapping[str, int]
    eig_du: date
    lieu: str
    antenne_id: int
    rendez_vous: dict[int, list[tuple[int, Optional[str], Optional[int]]]] = field(default_factory=dict)
    changements: dict[int, list[tuple[int, str]]] = field(default_factory=dict)
    feuilles: dict[int, list[str]] = field(default_factory=dict)
    a_imprimer: list[int] = field(default_factory=list)  # rencontres planned, without their sheets yet
    vives: list[int] = field(default_factory=list)  # waves drawn in this cycle of the survey

    def instant(self, jour: date, heure: int = 8, minute: int = 0) -> datetime:
        """A local hour of the caisse."""
        return vers_utc(jour, time(heure, minute), self.fuseau)


def installer(session: Session, plan: Plan, rang: int, code: str) -> Decor:
    """Set up a caisse of the network that has its actions already (`annee.tout_installer`)."""
    modele = next(c for c in lire_reseau().caisses if c.code == code)
    caisse = session.get_one(Caisse, code)
    caisse.fictive = True
    # 01 99 00 00 00 to 01 99 00 99 99 are numbers that ARCEP keeps for fiction
    caisse.telephone, caisse.horaires = caisse.telephone or f"01 99 00 {50 + rang:02d} 00", caisse.horaires or HORAIRES
    antennes = _antennes(session, code, modele.departements)
    ici = fuseau(antennes[0].code_postal, caisse.fuseau)
    hasard = plan.hasard(code)
    debut = vers_utc(plan.lundis()[0], time(7), ici)
    offerts = {m.code: m for m in motifs.installer(session, code)}
    equipe = _equipe(session, plan, code, antennes, hasard)
    actions = {a.code: a.id for a in session.scalars(select(Action).where(Action.caisse_code == code, Action.annee == plan.annee))}
    noter(session, le=debut, acteur="systeme", commande="simuler", objet="caisse", objet_id=code, origine="commande",
          apres={"fictive": True, "annee": plan.annee, "assures": plan.effectif(code), "graine": plan.graine})
    ouvrir(session, code, [c.id for c in equipe], plan.lundis()[0], 51, debut)
    return Decor(code, ici, hasard, [c.id for c in equipe], {c: m.id for c, m in offerts.items()}, actions,
                 session.get_one(Action, actions["EIG"]).cible.du, f"{antennes[0].adresse}, {antennes[0].code_postal} {antennes[0].ville}",
                 antennes[0].id)


def _antennes(session: Session, code: str, departements: Sequence[str]) -> list[Antenne]:
    deja = list(session.scalars(select(Antenne).where(Antenne.caisse_code == code).order_by(Antenne.id)))
    if deja:
        return deja
    nouvelles = [Antenne(caisse_code=code, nom=f"{ville} ({departement})", adresse=f"{rang} rue des Exemples", ville=ville, horaires=HORAIRES,
                         code_postal=("20" if departement in ("2A", "2B") else departement).ljust(5, "0"))
                 for rang, (departement, ville) in enumerate(zip(departements, VILLES), 1)]
    session.add_all(nouvelles)
    session.flush()
    return nouvelles


def _equipe(session: Session, plan: Plan, code: str, antennes: Sequence[Antenne], hasard: Random) -> list[Conseiller]:
    """Counsellors in proportion to the population, and those who sign the bilan."""
    niveaux = [*["conseiller"] * max(2, ceil(plan.assures / PAR_CONSEILLER)), *SIGNATAIRES]
    gens = []
    for rang, niveau in enumerate(niveaux):
        prenoms = PRENOMS["F" if hasard.random() < 0.6 else "M"]
        gens.append(Conseiller(caisse_code=code, nom=f"Fictif-{NOMS[rang % len(NOMS)]}", prenom=prenoms[int(hasard.random() * len(prenoms))],
                               antenne_id=antennes[rang % len(antennes)].id, roles=[Role(caisse_code=code, niveau=niveau)]))
    session.add_all(gens)
    session.flush()
    return [c for c, niveau in zip(gens, niveaux) if niveau == "conseiller"]


def ouvrir(session: Session, code: str, equipe: Sequence[int], lundi: date, semaines: int, maintenant: datetime) -> None:
    """The weekly openings of a team, for so many weeks from a Monday (a year is the most an opening lasts)."""
    offerts = list(session.scalars(select(Motif).where(Motif.caisse_code == code, Motif.visible).order_by(Motif.id)))
    antennes = session.scalars(select(Antenne.id).where(Antenne.caisse_code == code).order_by(Antenne.id)).all()
    for place, conseiller_id in enumerate(equipe):
        for jour, debut, fin, sur_place in SEMAINE:
            voulus = [m for m in offerts if m.modalite == ("presentiel" if sur_place else "telephone")]
            du = lundi + timedelta(days=(jour + place) % 5)
            ouvertures.ouvrir(session, DemandeOuverture(conseiller_id, du, time.fromisoformat(debut), time.fromisoformat(fin), voulus,
                                                        antennes[place % len(antennes)] if sur_place else None,
                                                        du + timedelta(weeks=semaines - 1)), SYSTEME, maintenant)


# -- people -----------------------------------------------------------------------------------------------------------------------------------


def population(plan: Plan, code: str, villes: Sequence[tuple[str, str]]) -> list[list[dict[str, str]]]:
    """The people of a caisse in four files: those there on 1 January, then the newly affiliated of each quarter."""
    fichiers: list[list[dict[str, str]]] = [[] for _ in range(5)]
    for personne in generer(plan.effectif(code), plan.graine_de(code), annee=plan.annee, villes=villes):
        affiliee = date.fromisoformat(personne["date_affiliation"])
        fichiers[0 if affiliee.year < plan.annee else 1 + (affiliee.month - 1) // 3].append(personne)
    return fichiers


def charger(sessions: Sessions, decor: Decor, personnes: Sequence[Mapping[str, str]], dossier: Path, maintenant: datetime) -> int:
    """Bring people in by the importer, from a file that does not outlive it; how many came."""
    if not personnes:
        return 0
    fichier = dossier / f"{decor.code}.csv"
    with fichier.open("w", encoding="utf-8", newline="") as flux:
        ecrivain = csv.DictWriter(flux, ORDRE, delimiter=";")
        ecrivain.writeheader()
        ecrivain.writerows(personnes)
    try:
        return importer(sessions, fichier, decor.code, maintenant=maintenant).nouvelles
    finally:
        fichier.unlink()


def villes_de(session: Session, code: str) -> list[tuple[str, str]]:
    return [(a.code_postal, a.ville) for a in session.scalars(select(Antenne).where(Antenne.caisse_code == code).order_by(Antenne.id))]


# -- waves ------------------------------------------------------------------------------------------------------------------------------------


def ouvrir_vagues(session: Session, plan: Plan, decor: Decor, maintenant: datetime) -> None:
    """One wave for each action that will be played, and one for the spontaneous entretiens, each with its own seed."""
    for action, attendus in _attendus(session, plan, decor):
        if decor.code == plan.sans_rencontres and action in ("AE", "RCS"):
            continue
        vagues.ouvrir(session, caisse_code=decor.code, exercice=plan.annee, maintenant=maintenant,
                      action_id=decor.actions[action] if action else None, base_prevue=max(1, attendus),
                      graine=plan.graine_de(decor.code, "enquete", action or vagues.SPONT))


def _attendus(session: Session, plan: Plan, decor: Decor) -> Iterator[tuple[Optional[str], int]]:
    h = plan.habitudes

    def combien(*conditions) -> int:
        return session.scalar(select(func.count()).select_from(Assure).where(Assure.caisse_code == decor.code, *conditions)) or 0
    eig = combien(Assure.statut == "actif", func.extract("year", Assure.date_naissance).in_((plan.annee - 59, plan.annee - 54)))
    attendus = {"EIG": int(eig * h.repond * h.vient), "CREATEUR": int(plan.assures * 0.08), "AE": 4 * plan.salle, "RCS": 30}
    yield from ((code, n) for code, n in attendus.items() if code in decor.actions)
    yield None, int(plan.assures * h.spontane)
