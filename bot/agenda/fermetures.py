"""Closings and absences: what they hit, closing, lifting, giving an entretien to a colleague. Never silent: the caller shows what is hit first."""
from dataclasses import dataclass
from datetime import datetime
from typing import Optional, Sequence

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from bot.agenda.auteurs import Auteur
from bot.agenda.creneaux import Creneau
from bot.agenda.instants import jour_local
from bot.agenda.recherche import chercher
from bot.agenda.refus import FermetureInvalide, Introuvable
from bot.agenda.reservation import deplacer
from bot.contacts.historique import noter
from bot.contacts.tables import Antenne, Conseiller, Entretien, Fermeture, Rencontre, RencontreAnimateur
from bot.contacts.tables.agenda import RAISONS_FERMETURE


@dataclass(frozen=True)
class Portee:
    """What is closed: a counsellor, an antenne, or (neither) the whole caisse; [du, au)."""

    caisse_code: str
    du: datetime
    au: datetime
    conseiller_id: Optional[int] = None
    antenne_id: Optional[int] = None


@dataclass(frozen=True)
class Touche:
    """An entretien that a closing hits, and the colleagues free at the same time for the same motif."""

    entretien: Entretien
    collegues: Sequence[int]


def touches(session: Session, portee: Portee, maintenant: datetime) -> list[Touche]:
    """The entretiens ahead that a closing would hit, in order; for each, who else could receive. Raises FermetureInvalide."""
    _verifier(session, portee)
    requete = select(Entretien).where(Entretien.caisse_code == portee.caisse_code, Entretien.statut == "pose", Entretien.debut > maintenant,
                                      Entretien.debut < portee.au, Entretien.fin > portee.du).order_by(Entretien.debut, Entretien.id)
    if portee.conseiller_id is not None:
        requete = requete.where(or_(Entretien.conseiller_id == portee.conseiller_id, Entretien.second_conseiller_id == portee.conseiller_id))
    if portee.antenne_id is not None:
        requete = requete.where(Entretien.antenne_id == portee.antenne_id)
    return [Touche(e, _collegues(session, e, maintenant)) for e in session.scalars(requete)]


def rencontres_touchees(session: Session, portee: Portee, maintenant: datetime) -> list[Rencontre]:
    """The rencontres ahead that a closing would hit."""
    requete = select(Rencontre).where(Rencontre.caisse_code == portee.caisse_code, Rencontre.annulee_le.is_(None), Rencontre.debut > maintenant,
                                      Rencontre.debut < portee.au, Rencontre.fin > portee.du).order_by(Rencontre.debut)
    if portee.conseiller_id is not None:
        requete = requete.join(RencontreAnimateur).where(RencontreAnimateur.conseiller_id == portee.conseiller_id)
    if portee.antenne_id is not None:
        requete = requete.where(Rencontre.antenne_id == portee.antenne_id)
    return list(session.scalars(requete))


def fermer(session: Session, portee: Portee, raison: str, auteur: Auteur, maintenant: datetime) -> Fermeture:
    """Save a closing: no slot is offered in it. The entretiens it hits stay until someone decides for each. Raises FermetureInvalide."""
    _verifier(session, portee)
    fermeture = Fermeture(caisse_code=portee.caisse_code, conseiller_id=portee.conseiller_id, antenne_id=portee.antenne_id, du=portee.du,
                          au=portee.au, raison=raison if raison in RAISONS_FERMETURE else "autre", creee_le=maintenant)
    session.add(fermeture)
    session.flush()
    _noter(session, fermeture, "fermeture.fermer", auteur, maintenant)
    return fermeture


def lever(session: Session, fermeture: Fermeture, auteur: Auteur, maintenant: datetime) -> None:
    """Take a closing back. Lifted already: nothing changes."""
    if fermeture.levee_le is None:
        fermeture.levee_le = maintenant
        _noter(session, fermeture, "fermeture.lever", auteur, maintenant)


def confier(session: Session, entretien: Entretien, conseiller_id: int, auteur: Auteur, maintenant: datetime) -> Entretien:
    """Give an entretien to a colleague at the same time and place. Raises CreneauPris when she is no longer free, TransitionImpossible."""
    return deplacer(session, entretien, debut=entretien.debut, antenne_id=entretien.antenne_id, auteur=auteur, maintenant=maintenant,
                    conseiller_id=conseiller_id)


def _collegues(session: Session, e: Entretien, maintenant: datetime) -> Sequence[int]:
    """Who is open and free at that very slot, besides who has it."""
    jour = jour_local(e.debut, e.fuseau)
    trouves = chercher(session, e.motif, maintenant, antenne_id=e.antenne_id, du=jour, au=jour, delais=False).creneaux
    ici: Optional[Creneau] = next((c for c in trouves if c.debut == e.debut and c.antenne_id == e.antenne_id), None)
    return [c for c in (ici.candidats if ici else ()) if c not in (e.conseiller_id, e.second_conseiller_id)]


def _verifier(session: Session, portee: Portee) -> None:
    if portee.au <= portee.du:
        raise FermetureInvalide
    conseiller = session.get(Conseiller, portee.conseiller_id) if portee.conseiller_id is not None else None
    antenne = session.get(Antenne, portee.antenne_id) if portee.antenne_id is not None else None
    if (portee.conseiller_id, portee.antenne_id) != (conseiller.id if conseiller else None, antenne.id if antenne else None):
        raise Introuvable
    if any(x is not None and x.caisse_code != portee.caisse_code for x in (conseiller, antenne)):
        raise Introuvable


def _noter(session: Session, f: Fermeture, commande: str, auteur: Auteur, maintenant: datetime) -> None:
    noter(session, le=maintenant, acteur=auteur.acteur, role=auteur.role, origine=auteur.origine, commande=commande, objet="fermeture",
          objet_id=f.id, apres={"du": f.du.isoformat(), "au": f.au.isoformat(), "raison": f.raison, "conseiller_id": f.conseiller_id,
                                "antenne_id": f.antenne_id, "levee": f.levee_le is not None})
