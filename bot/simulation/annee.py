"""Leads the year: sets every caisse up, then plays the weeks in their order, all caisses in each, as they would have happened."""
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Callable, Mapping

from sqlalchemy import func, select

from bot.campagnes.annee import tout_installer
from bot.contacts.base import Sessions
from bot.contacts.tables import Assure, Contact, Entretien, Envoi, Participation, Rencontre
from bot.enquete import vagues
from bot.simulation import decor as decors
from bot.simulation import ecrits, semaine, sondage
from bot.simulation.decor import Decor
from bot.simulation.faits import planter
from bot.simulation.plan import Plan, exiger_fictive

# The weeks in which the file of a quarter is loaded and its créateurs are written to.
TRIMESTRES = {0: 0, 14: 1, 27: 2, 40: 3}
HIVER = 42  # the week in which the openings of the winter after the year are given


@dataclass(frozen=True)
class Avancement:
    """How far it is: `phase` installation or semaine, done, to do."""

    phase: str
    faites: int
    total: int


@dataclass
class Bilan:
    """What was played, in numbers, and what was planted in it."""

    assures: int = 0
    courriers: int = 0
    entretiens: dict[str, int] = field(default_factory=dict)
    contacts: dict[str, int] = field(default_factory=dict)
    rencontres: int = 0
    reponses: int = 0
    plantes: Mapping[str, str] = field(default_factory=dict)


Suivre = Callable[[Avancement], None]


def jouer(sessions: Sessions, plan: Plan, cle: bytes, suivre: Suivre = lambda _: None) -> Bilan:
    """Play the year on a base at the current schema. Raises PersonnesReelles, DejaPeuplee (nothing written), CampagneAbsente."""
    with sessions() as s:
        exiger_fictive(s, plan)
        tout_installer(s, plan.annee, datetime(plan.annee, 1, 2, 8, tzinfo=timezone.utc), souple=True)
    joues, fichiers = [], {}
    for rang, code in enumerate(plan.codes()):
        with sessions() as s:
            joues.append(decors.installer(s, plan, rang, code))
            fichiers[code] = decors.population(plan, code, decors.villes_de(s, code))
        suivre(Avancement("installation", rang + 1, plan.caisses))
    lundis = plan.lundis()
    with tempfile.TemporaryDirectory(prefix="simulation-") as dossier:
        for rang, lundi in enumerate(lundis):
            for decor in joues:
                _accueillir(sessions, plan, decor, rang, fichiers[decor.code], Path(dossier), cle)
                with sessions() as s:
                    maintenant = decor.instant(lundi)
                    if rang == HIVER:
                        decors.ouvrir(s, decor.code, decor.conseillers, lundis[0] + timedelta(weeks=51), 12, maintenant)
                    semaine.jouer(s, plan, decor, rang, lundi, cle)
                    semaine.imprimer_feuilles(s, plan, decor, maintenant, cle)
                    sondage.jouer(s, plan, decor, rang, maintenant + timedelta(minutes=30), cle)
            with sessions() as s:
                fin = datetime(lundi.year, lundi.month, lundi.day, 20, tzinfo=timezone.utc)
                vagues.clore_releves(s, fin)
                vagues.detruire_liens(s, fin)
            suivre(Avancement("semaine", rang + 1, len(lundis)))
    with sessions() as s:
        for decor in joues:
            ecrits.ecrire(s, plan, decor, decor.instant(ecrits.jour(plan, decor.code, lundis[-1]), 15))
        planter(s, plan)
    return _compter(sessions, plan)


def _accueillir(sessions: Sessions, plan: Plan, decor: Decor, rang: int, fichiers: list[list[dict[str, str]]], dossier: Path, cle: bytes) -> None:
    """The people of a quarter arrive: everyone there before the year at its start, then each quarter's newly affiliated at its end."""
    if rang not in TRIMESTRES:
        return
    trimestre = TRIMESTRES[rang]
    maintenant = decor.instant(plan.lundis()[rang], 7)
    decors.charger(sessions, decor, fichiers[trimestre], dossier, maintenant)
    with sessions() as s:
        if trimestre == 0:
            decors.ouvrir_vagues(s, plan, decor, maintenant)
        else:
            semaine.ecrire_aux_createurs(s, plan, decor, maintenant, cle)


def _compter(sessions: Sessions, plan: Plan) -> Bilan:
    codes = plan.codes()
    with sessions.lecture() as s:
        def compter(table: Any, *conditions: Any) -> int:
            return s.scalar(select(func.count()).select_from(table).where(*conditions)) or 0
        contacts = Counter({f"{t}, {r}": n for t, r, n in s.execute(select(Contact.type, Contact.resultat, func.count()).where(
            Contact.caisse_code.in_(codes)).group_by(Contact.type, Contact.resultat).order_by(Contact.type, Contact.resultat))})
        entretiens = {statut: n for statut, n in s.execute(select(Entretien.statut, func.count()).where(Entretien.caisse_code.in_(codes))
                                                           .group_by(Entretien.statut).order_by(Entretien.statut))}
        return Bilan(compter(Assure, Assure.caisse_code.in_(codes)), compter(Envoi), entretiens, dict(contacts),
                     compter(Rencontre, Rencontre.caisse_code.in_(codes), Rencontre.cloturee_le.is_not(None)),
                     compter(Participation, Participation.exprimee), plan.plantes())
