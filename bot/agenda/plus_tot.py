"""An earlier slot for those who asked to be told (booking.md §5.9): three offers at most, one a day, by day. « Oui » runs the ordinary move.

Worth an offer: an entretien more than seven days ahead, a slot at least two days earlier, for the same motif and place. First come, first served.
"""
from datetime import datetime, timedelta
from typing import Optional

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.agenda import notifications
from bot.agenda.auteurs import Auteur
from bot.agenda.creneaux import Creneau
from bot.agenda.instants import bornes_du_jour, en_lettres, jour_local, local
from bot.agenda.recherche import chercher
from bot.agenda.refus import CreneauPris, OffrePassee
from bot.agenda.reservation import deplacer
from bot.contacts.tables import Entretien, Notification

ASSEZ_LOIN, GAIN = timedelta(days=7), timedelta(days=2)
OFFRES_MAX = 3
HEURES = (9, 18)


def proposer(session: Session, maintenant: datetime) -> int:
    """Put the offers that are worth it in the outbox; how many. For the worker; run again at once, it adds none."""
    interesses = session.scalars(select(Entretien).where(Entretien.plus_tot, Entretien.statut == "pose", Entretien.debut > maintenant + ASSEZ_LOIN)
                                 .order_by(Entretien.pris_le, Entretien.id)).all()
    return sum(_proposer(session, e, maintenant) for e in interesses)


def accepter(session: Session, entretien: Entretien, auteur: Auteur, maintenant: datetime) -> Entretien:
    """Move to the slot of the latest offer. Moved there already: nothing changes. Raises OffrePassee (none, or taken meanwhile), HorsDelai…"""
    offre = session.scalar(_offres(entretien).order_by(Notification.version.desc()).limit(1))
    if offre is None or not offre.charge or entretien.statut != "pose":
        raise OffrePassee
    debut = datetime.fromisoformat(offre.charge["debut"])
    if entretien.debut != debut and offre.charge["version"] != entretien.version:
        raise OffrePassee
    try:
        return deplacer(session, entretien, debut=debut, antenne_id=entretien.antenne_id, auteur=auteur, maintenant=maintenant)
    except CreneauPris as e:
        raise OffrePassee from e


def _proposer(session: Session, e: Entretien, maintenant: datetime) -> bool:
    if not HEURES[0] <= local(maintenant, e.fuseau).hour < HEURES[1]:
        return False
    faites = session.scalars(_offres(e)).all()
    aujourdhui = bornes_du_jour(jour_local(maintenant, e.fuseau), e.fuseau)
    if len(faites) >= OFFRES_MAX or any(aujourdhui[0] <= n.du_le < aujourdhui[1] for n in faites):
        return False
    creneau = _plus_tot(session, e, maintenant)
    canaux = notifications.adresses(session, e)
    if creneau is None or not canaux:
        return False
    charge = {"debut": creneau.debut.isoformat(), "version": e.version, "en_lettres": en_lettres(creneau.debut, creneau.fuseau)}
    for canal in canaux:
        notifications.ajouter(session, "entretien", e.id, "plus_tot", len(faites) + 1, canal, maintenant, charge)
    return True


def _plus_tot(session: Session, e: Entretien, maintenant: datetime) -> Optional[Creneau]:
    """The first slot that gains enough, not offered before."""
    dernier = jour_local(e.debut - GAIN, e.fuseau)
    deja = {n.charge["debut"] for n in session.scalars(_offres(e)) if n.charge}
    trouves = chercher(session, e.motif, maintenant, antenne_id=e.antenne_id, au=dernier).creneaux
    return next((c for c in trouves if c.debut <= e.debut - GAIN and c.debut.isoformat() not in deja), None)


def _offres(e: Entretien):
    return select(Notification).where(Notification.sujet == "entretien", Notification.sujet_id == e.id, Notification.type == "plus_tot")


