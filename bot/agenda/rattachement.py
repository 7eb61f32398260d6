"""Ties an entretien to its line of the bilan (`contact`), in the same transaction: planned, moved, cancelled, held or missed.

People are served first: outside the window or the cible of a campaign the contact is spontaneous, and where none can be planned (no campaign
installed) there is none until the outcome makes it.
"""
from typing import Any, Optional

from sqlalchemy.orm import Session

from bot.agenda.auteurs import Auteur
from bot.agenda.instants import jour_local
from bot.contacts import contacts
from bot.contacts.refus import Refus
from bot.contacts.tables import Action, Contact, Entretien

FORMES = {"presentiel": "physique", "telephone": "telephone"}
RESULTATS = {"honore": "realise", "absent": "absent", "annule_caisse": "annule"}
_HORS_CAMPAGNE = {"HORS_FENETRE", "HORS_CIBLE", "ACTION_INCONNUE", "GENRE_INCOMPATIBLE", "ASSURE_INCONNU"}
_SANS_CAMPAGNE = {"SOCLE_ABSENT", "CAISSE_HORS_SOCLE"}


def prevoir(session: Session, entretien: Entretien, *, action_id: Optional[int], maintenant: Any, auteur: Auteur) -> Optional[Contact]:
    """Plan the contact of a new entretien and attach it; spontaneous when the action does not hold for this person and day."""
    action = session.get(Action, action_id) if action_id is not None else None
    try:
        with session.begin_nested():
            contact = _prevoir(session, entretien, action, maintenant, auteur)
    except Refus as e:
        if e.code in _SANS_CAMPAGNE:
            return None
        if action is None or e.code not in _HORS_CAMPAGNE:
            raise
        contact = _prevoir(session, entretien, None, maintenant, auteur)
    entretien.contact_id = contact.id
    return contact


def _prevoir(session: Session, entretien: Entretien, action: Optional[Action], maintenant: Any, auteur: Auteur) -> Contact:
    origine = "spontane" if action is None else "campagne" if action.perimetre == "socle" else "local"
    return contacts.prevoir_entretien(
        session, caisse_code=entretien.caisse_code, assure_id=entretien.assure_id, forme=FORMES[entretien.modalite],
        jour=jour_local(entretien.debut, entretien.fuseau), maintenant=maintenant, origine=origine, action_id=action.id if action else None,
        conseiller_id=entretien.conseiller_id)


def changer_jour(session: Session, entretien: Entretien, maintenant: Any, auteur: Auteur) -> None:
    """The contact follows a move; out of its campaign's window it becomes spontaneous."""
    contact = session.get(Contact, entretien.contact_id) if entretien.contact_id is not None else None
    if contact is None:
        return
    try:
        contacts.changer_jour(session, contact, jour_local(entretien.debut, entretien.fuseau), conseiller_id=entretien.conseiller_id)
    except Refus as e:
        if e.code not in _HORS_CAMPAGNE:
            raise
        contacts.annuler(session, contact)
        entretien.contact_id = None
        prevoir(session, entretien, action_id=None, maintenant=maintenant, auteur=auteur)


def action_du_contact(session: Session, entretien: Entretien) -> Optional[int]:
    """The action an entretien counts for, if any."""
    contact = session.get(Contact, entretien.contact_id) if entretien.contact_id is not None else None
    return contact.action_id if contact else None


def annuler(session: Session, entretien: Entretien) -> None:
    """The contact will not take place."""
    contact = session.get(Contact, entretien.contact_id) if entretien.contact_id is not None else None
    if contact is not None:
        contacts.annuler(session, contact)


def constater(session: Session, entretien: Entretien, statut: str, maintenant: Any, auteur: Auteur) -> None:
    """What became of it; makes the contact when none could be planned."""
    contact = session.get(Contact, entretien.contact_id) if entretien.contact_id is not None else None
    if contact is None:
        contact = prevoir(session, entretien, action_id=None, maintenant=maintenant, auteur=auteur)
    if contact is not None:
        contacts.constater(session, contact, RESULTATS[statut], maintenant)
