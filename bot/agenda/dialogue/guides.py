"""Orders of guides: written for the caisse to send, taken back, listed. How they are asked for is the conversation's."""
from datetime import datetime
from typing import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.agenda.auteurs import ASSURE_CHAT, Auteur
from bot.contacts.historique import noter
from bot.contacts.tables import DemandeGuide

CHAMPS = ("nom", "prenom", "adresse", "complement", "code_postal", "ville")


def demander(session: Session, caisse_code: str, guide: str, adresse: Mapping[str, str], operation_id: str, maintenant: datetime) -> DemandeGuide:
    """One order. The same `operation_id` again gives the same order."""
    deja = session.scalar(select(DemandeGuide).where(DemandeGuide.operation_id == operation_id))
    if deja is not None:
        return deja
    demande = DemandeGuide(caisse_code=caisse_code, guide=guide, operation_id=operation_id, demandee_le=maintenant,
                           **{c: adresse.get(c) or None for c in CHAMPS})
    session.add(demande)
    session.flush()
    _noter(session, demande, "guide.demander", maintenant)
    return demande


def annuler(session: Session, demande: DemandeGuide, maintenant: datetime) -> None:
    """Taken back by the person: her address goes with it. Sent already, or taken back already: nothing changes."""
    if demande.envoyee_le is not None or demande.annulee_le is not None:
        return
    demande.annulee_le = maintenant
    _oublier(demande)
    _noter(session, demande, "guide.annuler", maintenant)


def envoyer(session: Session, demande: DemandeGuide, auteur: Auteur, maintenant: datetime) -> None:
    """Posted by the caisse: the address has served. Posted already, or taken back: nothing changes."""
    if demande.envoyee_le is not None or demande.annulee_le is not None:
        return
    demande.envoyee_le = maintenant
    _oublier(demande)
    _noter(session, demande, "guide.envoyer", maintenant, auteur)


def a_envoyer(session: Session, caisse_code: str) -> list[DemandeGuide]:
    """What the caisse has to send, oldest first: its workspace shows this list."""
    return list(session.scalars(select(DemandeGuide).where(DemandeGuide.caisse_code == caisse_code, DemandeGuide.envoyee_le.is_(None),
                                                           DemandeGuide.annulee_le.is_(None)).order_by(DemandeGuide.demandee_le, DemandeGuide.id)))


def _oublier(demande: DemandeGuide) -> None:
    for champ in CHAMPS:
        setattr(demande, champ, None)


def _noter(session: Session, demande: DemandeGuide, commande: str, maintenant: datetime, auteur: Auteur = ASSURE_CHAT) -> None:
    noter(session, le=maintenant, acteur=auteur.acteur, role=auteur.role, commande=commande, objet="demande_guide", objet_id=demande.id,
          origine=auteur.origine, apres={"guide": demande.guide})
