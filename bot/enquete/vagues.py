"""Waves: opening one for a stratum with its plan, closing, destroying the links, saying where things stand.

The frame and the draw are `cadre`; who is invited how, `invitations`; results, `resultats`. Sampling rules: reference §3b.
"""
import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Mapping, Optional, Sequence

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from bot.contacts.campagne import ActionInconnue, definition
from bot.contacts.historique import noter
from bot.contacts.tables import Action, Commentaire, Contact, InvitationEnquete, Participation, Releve, Vague
from bot.enquete.questionnaire import CIBLES, VERSION, questionnaire, questions_locales
from bot.enquete.refus import PeriodeInvalide, PlanInvalide, VagueClose, VagueDejaOuverte, VagueInconnue
from bot.enquete.statistiques import TAILLE_RECENSEMENT, a_tirer

SPONT = "SPONT"
MARGE, TAUX_REPONSE = 0.05, 0.5
# Days between the contact and the earliest invitation: at once after a meeting, time to read after a letter.
DELAIS = {"entretien": 1, "rencontre": 1, "courrier": 15}
RELANCE, CLOTURE, DESTRUCTION = timedelta(days=7), timedelta(days=21), timedelta(days=30)


def ouvrir(session: Session, *, caisse_code: str, exercice: int, maintenant: datetime, action_id: Optional[int] = None,
           base_prevue: Optional[int] = None, marge: float = MARGE, taux_reponse: float = TAUX_REPONSE, du: Optional[date] = None,
           au: Optional[date] = None, graine: Optional[str] = None, version: str = VERSION, acteur: str = "systeme",
           origine: str = "commande") -> Vague:
    """Open the wave of an action (or of the spontaneous entretiens) for an exercise, with the questionnaire in force.

    `base_prevue`: contacts expected, by default those recorded, planned or aimed at; up to 60 the wave is a census, above it the plan draws what
    gives a half-width of `marge` (0.05 = ±5 points) at a response rate of `taux_reponse`. A rencontre is always a census: sheets are handed out.
    Raises ActionInconnue, VagueDejaOuverte, PeriodeInvalide, PlanInvalide, VersionInconnue, QuestionnaireChange.
    """
    q, action = questionnaire(version), _action(session, caisse_code, action_id)
    debut, fin = _periode(action, exercice, du, au)
    if session.scalar(_vagues(caisse_code, exercice).where(Vague.action_id == action_id if action_id else Vague.action_id.is_(None))) is not None:
        raise VagueDejaOuverte
    cible, genre = _strate(session, action)
    attendus = base_prevue if base_prevue is not None else _volume(session, caisse_code, action, debut, fin)
    if attendus < 1 or not 0.01 <= marge <= 0.30 or not 0.01 <= taux_reponse <= 1:
        raise PlanInvalide
    locales = questions_locales(caisse_code)
    vague = Vague(caisse_code=caisse_code, action_id=action_id, cible=cible, genre=genre, exercice=exercice, du=debut, au=fin, version=version,
                  sha256=q.sha256, locales=locales.model_dump(mode="json") if locales else None, graine=graine or secrets.token_hex(32),
                  taille_prevue=attendus if genre == "rencontre" else a_tirer(attendus, marge, taux_reponse), base_prevue=attendus, etat="ouverte",
                  ouverte_le=maintenant)
    session.add(vague)
    session.flush()
    _noter(session, vague, maintenant, acteur, "ouvrir", origine, {"cible": cible, "exercice": exercice, "version": version,
                                                                   "fraction": f"{vague.taille_prevue}/{vague.base_prevue}"})
    return vague


def ouvrir_toutes(session: Session, caisse_code: str, exercice: int, maintenant: datetime, *, marge: float = MARGE,
                  taux_reponse: float = TAUX_REPONSE, acteur: str = "systeme") -> list[Vague]:
    """Open every wave a caisse lacks for an exercise: each action that is not « non réalisée » (R58), and the spontaneous entretiens (R55)."""
    ouvertes = {v.action_id for v in session.scalars(_vagues(caisse_code, exercice))}
    actions = session.scalars(select(Action).where(Action.caisse_code == caisse_code, Action.statut != "non_realisee").order_by(Action.id)).all()
    voulues = [a.id for a in actions if a.id not in ouvertes and a.cible.du.year <= exercice <= a.cible.au.year]
    return [ouvrir(session, caisse_code=caisse_code, exercice=exercice, maintenant=maintenant, action_id=i, marge=marge, taux_reponse=taux_reponse,
                   acteur=acteur) for i in [*voulues, *([] if None in ouvertes else [None])]]


def _vagues(caisse_code: Optional[str], exercice: Optional[int]):
    requete = select(Vague).order_by(Vague.caisse_code, Vague.exercice, Vague.id)
    if caisse_code is not None:
        requete = requete.where(Vague.caisse_code == caisse_code)
    return requete.where(Vague.exercice == exercice) if exercice is not None else requete


def vagues(session: Session, caisse_code: Optional[str] = None, exercice: Optional[int] = None) -> Sequence[Vague]:
    """The waves, of one caisse and exercise when given."""
    return session.scalars(_vagues(caisse_code, exercice)).all()


def vague(session: Session, vague_id: int, caisse_code: Optional[str] = None) -> Vague:
    """One wave. Raises VagueInconnue, for another caisse's alike."""
    trouvee = session.get(Vague, vague_id)
    if trouvee is None or caisse_code not in (None, trouvee.caisse_code):
        raise VagueInconnue
    return trouvee


def module_de(session: Session, vague: Vague) -> str:
    """The national cible whose module item is asked in a wave: its action's cible, « SPONT » when it has none (local cibles, spontaneous)."""
    if vague.action_id is None:
        return SPONT
    cible = session.get_one(Action, vague.action_id).cible
    return cible.code if cible.perimetre == "socle" and cible.code in CIBLES else SPONT


def exiger_ouverte(vague: Vague) -> None:
    if vague.etat != "ouverte":
        raise VagueClose


# -- plan --------------------------------------------------------------------------------------------------------------------------------------


def _action(session: Session, caisse_code: str, action_id: Optional[int]) -> Optional[Action]:
    if action_id is None:
        return None
    action = session.get(Action, action_id)
    if action is None or action.caisse_code != caisse_code:
        raise ActionInconnue
    return action


def _strate(session: Session, action: Optional[Action]) -> tuple[str, str]:
    """Code and kind of contact of a stratum; an optional sub-action of the campaign has its own kind (R38)."""
    if action is None:
        return SPONT, "entretien"
    if action.code != action.cible.code:
        for sous in definition(session, action.cible).get("sous_actions", ()):
            if sous["code"] == action.code:
                return action.code, str(sous["genre"])
    return action.code, action.cible.genre


def _periode(action: Optional[Action], exercice: int, du: Optional[date], au: Optional[date]) -> tuple[date, date]:
    """Days of contact of a wave: the exercise crossed with the window of the campaign (A1: the EIG of 2011 has a wave in 2012 too)."""
    premier, dernier = date(exercice, 1, 1), date(exercice, 12, 31)
    debut = du or max(premier, action.cible.du if action else premier)
    fin = au or min(dernier, action.cible.au if action else dernier)
    if not premier <= debut <= fin <= dernier:
        raise PeriodeInvalide
    return debut, fin


def _volume(session: Session, caisse_code: str, action: Optional[Action], du: date, au: date) -> int:
    """Contacts one may expect in a stratum: those held or planned, or the aim of the action when it is higher."""
    requete = select(func.count()).select_from(Contact).where(Contact.caisse_code == caisse_code, Contact.jour.between(du, au),
                                                              Contact.resultat.in_(("prevu", "realise")))
    requete = (requete.where(Contact.action_id == action.id) if action
               else requete.where(Contact.action_id.is_(None), Contact.origine == "spontane", Contact.type == "entretien"))
    return max(session.scalar(requete) or 0, (action.objectif if action else 0) or 0, 1)


# -- the end of a week's invitations, of a wave, of the links ------------------------------------------------------------------------------------


def clore_releves(session: Session, maintenant: datetime) -> int:
    """Close the weeks whose 21 days are over: who was never reached is undeliverable, who never answered is closed; states are counted and kept.
    A wave closes with its last week, once its period is over. Safe to run twice."""
    echus = session.scalars(select(Releve).where(Releve.clos_le <= maintenant, Releve.comptes.is_(None))).all()
    for releve in echus:
        _clore_releve(session, releve)
    for v in session.scalars(select(Vague).where(Vague.etat == "ouverte")).all():
        if maintenant.date() > v.au + timedelta(days=DELAIS[v.genre] + 7) and all(r.comptes is not None for r in v.releves) and (
                v.releves or maintenant.date() > v.au + DESTRUCTION):
            _clore_vague(session, v, maintenant, "systeme", "systeme")
    return len(echus)


def _clore_releve(session: Session, releve: Releve) -> None:
    siennes = update(InvitationEnquete).where(InvitationEnquete.releve_id == releve.id)
    session.execute(siennes.where(InvitationEnquete.etat == "tire", InvitationEnquete.en_cours.is_(None)).values(etat="non_remis"))
    session.execute(siennes.where(InvitationEnquete.etat.in_(("tire", "delivre", "relance"))).values(etat="clos"))
    releve.comptes = dict(comptes_releve(session, releve))
    session.flush()


def comptes_releve(session: Session, releve: Releve) -> Mapping[str, int]:
    """Invitations of a week by state: live, or as they were counted when it closed."""
    if releve.comptes is not None:
        return releve.comptes
    return {etat: n for etat, n in session.execute(select(InvitationEnquete.etat, func.count()).where(InvitationEnquete.releve_id == releve.id)
                                                   .group_by(InvitationEnquete.etat))}


def clore(session: Session, vague: Vague, maintenant: datetime, acteur: str = "systeme", origine: str = "commande") -> None:
    """Close a wave now: its weeks close with it, nobody can answer any more. Raises VagueClose."""
    exiger_ouverte(vague)
    for releve in vague.releves:
        if releve.comptes is None:
            releve.clos_le = min(releve.clos_le, maintenant)
            _clore_releve(session, releve)
    _clore_vague(session, vague, maintenant, acteur, origine)


def _clore_vague(session: Session, vague: Vague, maintenant: datetime, acteur: str, origine: str) -> None:
    vague.etat, vague.close_le = "close", maintenant
    session.flush()
    _noter(session, vague, maintenant, acteur, "clore", origine, {"etat": "close"})


def detruire_liens(session: Session, maintenant: datetime) -> int:
    """Delete the link between people and pseudonyms, 30 days after their week closed; comments are cut from their answers too. Gives how many
    links went. Safe to run twice."""
    total = 0
    for releve in session.scalars(select(Releve).where(Releve.clos_le <= maintenant - DESTRUCTION, Releve.comptes.is_not(None),
                                                       Releve.liens_detruits_le.is_(None))).all():
        siens = select(InvitationEnquete.pseudonyme).where(InvitationEnquete.releve_id == releve.id)
        session.execute(update(Commentaire).where(Commentaire.pseudonyme.in_(siens)).values(pseudonyme=None))
        total += len(session.execute(delete(InvitationEnquete).where(InvitationEnquete.releve_id == releve.id).returning(InvitationEnquete.id)).all())
        releve.liens_detruits_le = maintenant
        session.flush()
    return total


# -- where a wave stands -----------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Etat:
    """A wave in figures. `reponse`: respondents/(drawn − undeliverable), None while nobody was reached; `petite_base`: a sample was drawn from a
    frame that ended at 60 or fewer, where a census was due."""

    base: int
    tires: int
    non_remis: int
    repondants: int
    complets: int
    refus: int
    en_attente: int
    exclusions: Mapping[str, int]
    modes: Mapping[str, int]
    reponse: Optional[float]
    recensement: bool
    petite_base: bool

    @property
    def delivres(self) -> int:
        return self.tires - self.non_remis - self.en_attente


def etat(session: Session, vague: Vague) -> Etat:
    """Counts of a wave: frame, draw, deliveries, respondents by mode, exclusions by reason."""
    base, tires = sum(r.base for r in vague.releves), sum(r.tires for r in vague.releves)
    comptes: dict[str, int] = {}
    exclusions: dict[str, int] = {}
    for r in vague.releves:
        for source, cumul in ((comptes_releve(session, r), comptes), (r.exclusions, exclusions)):
            for nom, n in source.items():
                cumul[nom] = cumul.get(nom, 0) + n
    rangees = session.execute(select(Participation.mode, Participation.etat, func.count()).where(
        Participation.vague_id == vague.id, Participation.exprimee).group_by(Participation.mode, Participation.etat)).all()
    modes: dict[str, int] = {}
    for mode, _, n in rangees:
        modes[mode] = modes.get(mode, 0) + n
    repondants, non_remis, attente = sum(modes.values()), comptes.get("non_remis", 0), comptes.get("tire", 0)
    atteints = tires - non_remis
    complets = sum(n for _, e, n in rangees if e == "complete")
    return Etat(base, tires, non_remis, repondants, complets, comptes.get("refuse", 0), attente, exclusions, modes,
                repondants / atteints if atteints > 0 else None, tires == base,
                vague.etat == "close" and base <= TAILLE_RECENSEMENT and tires < base)


def _noter(session: Session, vague: Vague, maintenant: datetime, acteur: str, commande: str, origine: str, apres: Mapping[str, object]) -> None:
    noter(session, le=maintenant, acteur=acteur, commande=f"enquete.{commande}", objet="vague", objet_id=vague.id, origine=origine, apres=dict(apres))
