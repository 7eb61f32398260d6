"""Calendar files (RFC 5545): one entretien for the person, a feed for a counsellor, one rencontre. The feed's address is a secret, revocable.

UID never changes, SEQUENCE rises with each change, a cancelled entretien stays in the feed as CANCELLED: that is how calendars learn of it.
"""
import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any, Optional

from icalendar import Calendar, Event, vText
from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from bot.agenda.etats import ANNULES
from bot.agenda.instants import local
from bot.agenda.refus import Introuvable
from bot.contacts.tables import Antenne, Caisse, Conseiller, Entretien, FluxAgenda, Rencontre, RencontreAnimateur

MOIS_PASSE = timedelta(days=31)
_PRODUIT = "-//Assistant des independants//agenda//FR"


def entretien(session: Session, e: Entretien) -> bytes:
    """The file a person keeps of her entretien: place or telephone, code, no motif."""
    caisse = session.get_one(Caisse, e.caisse_code)
    evenement = _evenement(e.ics_uid, e.ics_sequence, e.change_le, e.debut, e.fin, e.fuseau, annule=e.statut in ANNULES)
    evenement.add("summary", f"Rendez-vous – {caisse.nom}")
    evenement.add("location", _lieu(session, e.antenne_id) or "Par téléphone : le conseiller vous appelle")
    evenement.add("description", f"Code : {e.code}. Un empêchement ? {caisse.telephone}")
    return _calendrier([evenement], "CANCEL" if e.statut in ANNULES else "PUBLISH")


def rencontre(session: Session, r: Rencontre, code: Optional[str] = None) -> bytes:
    """The file of a rencontre, with the person's own code."""
    evenement = _evenement(f"rencontre-{r.id}@agenda.conseil", 1 if r.annulee_le else 0, r.annulee_le or r.debut, r.debut, r.fin, r.fuseau,
                           annule=r.annulee_le is not None)
    evenement.add("summary", r.titre)
    evenement.add("location", r.lieu)
    if code:
        evenement.add("description", f"Code : {code}")
    return _calendrier([evenement], "CANCEL" if r.annulee_le else "PUBLISH")


def flux(session: Session, conseiller: Conseiller, maintenant: datetime) -> bytes:
    """A counsellor's feed: the past month and all that is ahead, « Entretien – motif – antenne », nothing of any person."""
    depuis = maintenant - MOIS_PASSE
    siens = session.scalars(select(Entretien).where(
        or_(Entretien.conseiller_id == conseiller.id, Entretien.second_conseiller_id == conseiller.id), Entretien.debut >= depuis)
        .order_by(Entretien.debut, Entretien.id))
    evenements = []
    for e in siens:
        evenement = _evenement(e.ics_uid, e.ics_sequence, e.change_le, e.debut, e.fin, e.fuseau, annule=e.statut in ANNULES)
        antenne = session.get(Antenne, e.antenne_id) if e.antenne_id else None
        evenement.add("summary", f"Entretien – {e.motif.libelle} – {antenne.nom if antenne else 'téléphone'}")
        evenements.append(evenement)
    rencontres = session.scalars(select(Rencontre).join(RencontreAnimateur).where(RencontreAnimateur.conseiller_id == conseiller.id,
                                                                                  Rencontre.debut >= depuis).order_by(Rencontre.debut))
    for r in rencontres:
        evenement = _evenement(f"rencontre-{r.id}@agenda.conseil", 1 if r.annulee_le else 0, r.annulee_le or r.debut, r.debut, r.fin, r.fuseau,
                               annule=r.annulee_le is not None)
        evenement.add("summary", f"Rencontre – {r.titre}")
        evenement.add("location", r.lieu)
        evenements.append(evenement)
    return _calendrier(evenements, "PUBLISH")


def nouveau_flux(session: Session, conseiller_id: int, maintenant: datetime) -> str:
    """A new secret for a counsellor's feed, shown once; the former ones stop working."""
    anciens = update(FluxAgenda).where(FluxAgenda.conseiller_id == conseiller_id, FluxAgenda.revoque_le.is_(None))
    session.execute(anciens.values(revoque_le=maintenant))
    jeton = secrets.token_urlsafe(32)
    session.add(FluxAgenda(empreinte=_empreinte(jeton), conseiller_id=conseiller_id, cree_le=maintenant))
    session.flush()
    return jeton


def conseiller_du_flux(session: Session, jeton: str) -> Conseiller:
    """Whose feed a secret opens. Raises Introuvable, for a revoked one as for one that never was."""
    conseiller = session.scalar(select(Conseiller).join(FluxAgenda).where(FluxAgenda.empreinte == _empreinte(jeton), FluxAgenda.revoque_le.is_(None)))
    if conseiller is None or conseiller.parti_le is not None:
        raise Introuvable
    return conseiller


def _empreinte(jeton: str) -> str:
    return hashlib.sha256(jeton.encode()).hexdigest()


def _lieu(session: Session, antenne_id: Optional[int]) -> Optional[str]:
    a = session.get(Antenne, antenne_id) if antenne_id is not None else None
    return f"Antenne de {a.nom}, {a.adresse}, {a.code_postal} {a.ville}" if a else None


def _evenement(uid: str, sequence: int, change_le: datetime, debut: datetime, fin: datetime, fuseau: str, *, annule: bool) -> Any:
    evenement = Event()
    evenement.add("uid", vText(uid))
    evenement.add("sequence", sequence)
    evenement.add("dtstamp", change_le)
    evenement.add("dtstart", local(debut, fuseau))
    evenement.add("dtend", local(fin, fuseau))
    evenement.add("status", "CANCELLED" if annule else "CONFIRMED")
    return evenement


def _calendrier(evenements: list[Any], methode: str) -> bytes:
    calendrier = Calendar()
    calendrier.add("prodid", _PRODUIT)
    calendrier.add("version", "2.0")
    calendrier.add("method", methode)
    for evenement in evenements:
        calendrier.add_component(evenement)
    calendrier.add_missing_timezones()
    return bytes(calendrier.to_ical())
