"""The code printed in an invitation: it opens booking in one step, with the person and the action of the campaign already known.

The code is guessed at as little as a booking's: the same five tries. It stays good until it expires, so that a booking may be made again.
"""
from dataclasses import dataclass
from datetime import datetime
from typing import Optional, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.agenda.identification import en_pause, noter_echec
from bot.agenda.refus import CodeOuvertureInconnu, EnPause
from bot.contacts import codes
from bot.contacts.refus import Refus
from bot.contacts.tables import Action, Assure, CodeOuverture, Motif


@dataclass(frozen=True)
class Invitation:
    """What an invitation opens. `motifs`: those that serve its cible, else all that people may book; `empreinte` goes to `reservation.confirmer`."""

    empreinte: str
    assure: Assure
    action: Action
    motifs: Sequence[Motif]


@dataclass(frozen=True)
class Resultat:
    """`invitation`, or the `refus` to raise once the transaction is committed (CodeOuvertureInconnu, EnPause)."""

    invitation: Optional[Invitation] = None
    refus: Optional[Refus] = None


def ouvrir_par_code(session: Session, code: str, cle: bytes, *, caisse_code: str, visiteurs: Sequence[str], maintenant: datetime) -> Resultat:
    """The person and the action behind an invitation's code. Another caisse's code, an expired one and an invented one get the same answer."""
    if en_pause(session, visiteurs, maintenant):
        return Resultat(refus=EnPause())
    ligne = session.get(CodeOuverture, codes.empreinte_ouverture(cle, code))
    assure = session.get(Assure, ligne.assure_id) if ligne is not None and maintenant < ligne.expire_le else None
    if ligne is None or assure is None or assure.caisse_code != caisse_code:
        return Resultat(refus=EnPause() if noter_echec(session, visiteurs, maintenant) else CodeOuvertureInconnu())
    action = session.get_one(Action, ligne.action_id)
    return Resultat(Invitation(ligne.empreinte, assure, action, _motifs(session, caisse_code, action)))


def _motifs(session: Session, caisse_code: str, action: Action) -> Sequence[Motif]:
    offerts = list(session.scalars(select(Motif).where(Motif.caisse_code == caisse_code, Motif.visible, Motif.libre_service).order_by(Motif.id)))
    return [m for m in offerts if m.cible_code == action.cible.code] or offerts
