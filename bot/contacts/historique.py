"""The history of objects: who changed what, when, from what to what. Append only; never a personal value in it."""
from datetime import datetime
from typing import Any, Mapping, Optional

from sqlalchemy.orm import Session

from bot.contacts.tables import Historique


def noter(session: Session, *, le: datetime, acteur: str, commande: str, objet: str, objet_id: "str | int", origine: str,
          role: Optional[str] = None, avant: Optional[Mapping[str, Any]] = None, apres: Optional[Mapping[str, Any]] = None) -> None:
    """Add one line, in the transaction of the change itself. `acteur`: « conseiller:12 », « assure », « systeme »; `avant` and `apres`: the
    columns that changed, those marked ANONYME only (booking.md §5.0)."""
    session.add(Historique(le=le, acteur=acteur, role=role, origine=origine, commande=commande, objet=objet, objet_id=str(objet_id),
                           avant=dict(avant) if avant else None, apres=dict(apres) if apres else None))
