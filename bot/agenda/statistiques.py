"""Figures of the agenda, each with its definition beside it (booking.md §5.12). Days and weeks are local; cells under five are masked; no names.

The absence rate only shows when at least 80 % of past entretiens have an outcome: below, it would say who fills in, not who comes.
"""
import csv
import io
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median
from typing import Iterable, Optional, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.agenda.etats import ANNULES
from bot.agenda.instants import SECONDES, bornes_du_jour, cellule, jour_local
from bot.agenda.recherche import chercher, horaires_de
from bot.contacts.tables import Antenne, Caisse, Demande, Entretien, Inscription, Motif, Occupation, Rencontre

SECRET = 5
RENSEIGNEMENT_MIN = 0.8


@dataclass(frozen=True)
class Chiffre:
    """`valeur` None: nothing to count, or masked; `sur`: how many cases it stands on; rates are fractions of one."""

    code: str
    libelle: str
    definition: str
    valeur: Optional[float]
    sur: int
    detail: str = ""


def calculer(session: Session, caisse_code: str, du: date, au: date, maintenant: datetime) -> list[Chiffre]:
    """The figures of a caisse for the entretiens and rencontres of `du` to `au` (local days, included)."""
    fuseau = session.get_one(Caisse, caisse_code).fuseau
    de, a = bornes_du_jour(du, fuseau)[0], bornes_du_jour(au, fuseau)[1]
    tous = session.scalars(select(Entretien).where(Entretien.caisse_code == caisse_code, Entretien.debut >= de, Entretien.debut < a)).all()
    return [*_issues(tous, maintenant), *_delais(session, tous), *_annulations(tous), *_origines(tous), *_semaines(tous),
            _occupation(session, caisse_code, du, au, maintenant), *_rencontres(session, caisse_code, de, a)]


def alertes(session: Session, caisse_code: str, maintenant: datetime, jours: int = 28) -> list[Chiffre]:
    """Supply against demand: for each motif, searches that found nothing lately, and the slots that are free now."""
    lignes = []
    depuis = jour_local(maintenant, session.get_one(Caisse, caisse_code).fuseau) - timedelta(days=jours)
    for motif in session.scalars(select(Motif).where(Motif.caisse_code == caisse_code, Motif.visible).order_by(Motif.id)):
        vides, recherches = session.execute(select(func.coalesce(func.sum(Demande.vides), 0), func.coalesce(func.sum(Demande.recherches), 0)).where(
            Demande.motif_id == motif.id, Demande.jour >= depuis)).one()
        libres = len(chercher(session, motif, maintenant).creneaux)
        lignes.append(Chiffre("recherches_vides", motif.libelle, f"recherches sans aucun créneau depuis {jours} jours ; à côté, créneaux libres",
                              float(vides), int(recherches), f"{libres} libres"))
    return lignes


def en_csv(chiffres: Iterable[Chiffre]) -> str:
    """The figures as a French CSV (`;`, decimal comma), without any name."""
    sortie = io.StringIO()
    ecrire = csv.writer(sortie, delimiter=";")
    ecrire.writerow(["code", "libellé", "détail", "valeur", "sur", "définition"])
    for c in chiffres:
        ecrire.writerow([c.code, c.libelle, c.detail, "" if c.valeur is None else f"{c.valeur:.4g}".replace(".", ","), c.sur, c.definition])
    return sortie.getvalue()


def _taux(code: str, libelle: str, definition: str, partie: int, tout: int) -> Chiffre:
    return Chiffre(code, libelle, definition, partie / tout if tout else None, tout)


def _issues(tous: Sequence[Entretien], maintenant: datetime) -> list[Chiffre]:
    passes = [e for e in tous if e.fin <= maintenant and e.statut not in ANNULES]
    venus, absents = (sum(e.statut == s for e in passes) for s in ("honore", "absent"))
    renseignement = _taux("taux_renseignement", "Renseignement", "entretiens dont l'issue est dite ÷ entretiens passés, non annulés",
                          venus + absents, len(passes))
    absence = _taux("taux_absence", "Absence", "absents ÷ (honorés + absents) ; caché sous 80 % de renseignement", absents, venus + absents)
    if (renseignement.valeur or 0) < RENSEIGNEMENT_MIN:
        absence = Chiffre(absence.code, absence.libelle, absence.definition, None, absence.sur)
    return [Chiffre("entretiens", "Entretiens", "posés dans la période, annulés compris", float(len(tous)), len(tous)), renseignement, absence]


def _delais(session: Session, tous: Sequence[Entretien]) -> list[Chiffre]:
    def jours(e: Entretien) -> float:
        return (e.debut - e.pris_le).total_seconds() / 86400

    pris = [e for e in tous if e.statut not in ANNULES]
    lignes = [Chiffre("delai_median", "Délai", "médiane des jours entre la prise et le rendez-vous",
                      median(map(jours, pris)) if pris else None, len(pris))]
    groupes: dict[tuple[str, str], list[float]] = defaultdict(list)
    for e in pris:
        antenne = session.get(Antenne, e.antenne_id) if e.antenne_id is not None else None
        groupes[e.motif.libelle, antenne.nom if antenne else "téléphone"].append(jours(e))
    return lignes + [Chiffre("attente_mediane", libelle, "délai médian par motif et antenne, en jours", median(v) if len(v) >= SECRET else None,
                             len(v) if len(v) >= SECRET else 0, lieu) for (libelle, lieu), v in sorted(groupes.items())]


def _annulations(tous: Sequence[Entretien]) -> list[Chiffre]:
    par_assure = [e for e in tous if e.statut == "annule_assure"]
    return [_taux("taux_annulation", "Annulations", "annulés par l'assuré ÷ posés dans la période", len(par_assure), len(tous)),
            _taux("taux_tardives", "Annulations tardives", "annulés par l'assuré à moins de 24 h ÷ annulés par l'assuré",
                  sum(e.tardive for e in par_assure), len(par_assure)),
            _taux("taux_annulation_caisse", "Annulations de la caisse", "annulés par la caisse ÷ posés dans la période",
                  sum(e.statut == "annule_caisse" for e in tous), len(tous))]


def _origines(tous: Sequence[Entretien]) -> list[Chiffre]:
    voies = Counter(e.origine for e in tous)
    return [_compte("origine", "Origine", "entretiens par voie de prise", origine, n) for origine, n in sorted(voies.items())]


def _semaines(tous: Sequence[Entretien]) -> list[Chiffre]:
    semaines = Counter(f"{jour_local(e.debut, e.fuseau):%G-S%V}" for e in tous if e.statut not in ANNULES)
    return [_compte("semaine", "Par semaine", "entretiens non annulés, par semaine locale", s, n) for s, n in sorted(semaines.items())]


def _compte(code: str, libelle: str, definition: str, detail: str, n: int) -> Chiffre:
    """A count, masked when so few people could be told apart."""
    return Chiffre(code, libelle, definition, float(n) if n >= SECRET else None, n if n >= SECRET else 0, detail)


def _occupation(session: Session, caisse_code: str, du: date, au: date, maintenant: datetime) -> Chiffre:
    """Quarters of an hour taken by entretiens and rencontres among those that were open."""
    ouvertes: dict[int, set[int]] = defaultdict(set)
    for conseiller_id, debut, fin in horaires_de(session, caisse_code, du, au):
        ouvertes[conseiller_id].update(range(int(debut.timestamp()) // SECONDES, int(fin.timestamp()) // SECONDES))
    fuseau = session.get_one(Caisse, caisse_code).fuseau
    de, a = bornes_du_jour(du, fuseau)[0], bornes_du_jour(au, fuseau)[1]
    prises = session.execute(select(Occupation.conseiller_id, Occupation.cellule).where(
        Occupation.conseiller_id.in_(list(ouvertes)), Occupation.porteur != "conversation", Occupation.cellule.between(cellule(de), cellule(a))))
    dedans = sum(c in ouvertes[conseiller_id] for conseiller_id, c in prises)
    return _taux("taux_occupation", "Occupation", "quarts d'heure pris ÷ quarts d'heure ouverts", dedans, sum(map(len, ouvertes.values())))


def _rencontres(session: Session, caisse_code: str, de: datetime, a: datetime) -> list[Chiffre]:
    tenues = session.scalars(select(Rencontre.id).where(Rencontre.caisse_code == caisse_code, Rencontre.debut >= de, Rencontre.debut < a,
                                                        Rencontre.annulee_le.is_(None))).all()
    statuts = Counter(session.scalars(select(Inscription.statut).where(Inscription.rencontre_id.in_(tenues))))
    servies = session.scalar(select(func.count()).where(Inscription.rencontre_id.in_(tenues), Inscription.servie)) or 0
    inscrits = statuts["inscrit"] + statuts["present"] + statuts["absent"]
    return [Chiffre("rencontres", "Rencontres", "non annulées, dans la période", float(len(tenues)), len(tenues)),
            _compte("rencontre_inscrits", "Inscrits aux rencontres", "personnes qui ont une place", "", inscrits),
            _compte("rencontre_presents", "Présents aux rencontres", "inscrits relevés présents", "", statuts["present"]),
            _compte("rencontre_attente_servie", "Listes d'attente servies", "places libérées prises par une personne de la liste", "", servies)]
