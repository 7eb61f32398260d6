"""What became of an entretien, and what its counsellor wrote of it. Depth by domain, tools and effects are the contact's (bot.contacts.contacts)."""
from datetime import datetime
from typing import Optional, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.agenda import occupation, rattachement
from bot.agenda.auteurs import Auteur
from bot.agenda.etats import transitions
from bot.agenda.refus import DroitRefuse, NoteTropLongue, TransitionImpossible
from bot.agenda.reservation import relire
from bot.contacts.historique import noter
from bot.contacts.tables import CompteRendu, Entretien
from bot.texte.masquage import SENSIBLES, masquer

NOTE_MAX = 1000


def constater(session: Session, entretien: Entretien, statut: str, *, auteur: Auteur, maintenant: datetime) -> Entretien:
    """honore, absent or annule_caisse, from the start on; a correction for seven days, then by the responsable. Said already: nothing changes.
    Raises TransitionImpossible."""
    entretien = relire(session, entretien)
    if entretien.statut == statut:
        return entretien
    if maintenant < entretien.debut or statut not in transitions(entretien.statut, entretien.debut, maintenant, auteur.role or "responsable",
                                                                 fin=entretien.fin):
        raise TransitionImpossible
    avant, entretien.statut = entretien.statut, statut
    entretien.constate_le, entretien.change_le = maintenant, maintenant
    entretien.annule_le = maintenant if statut == "annule_caisse" else None
    if statut == "annule_caisse":
        occupation.liberer(session, "entretien", entretien.id)
        entretien.version, entretien.ics_sequence = entretien.version + 1, entretien.ics_sequence + 1
    session.flush()
    rattachement.constater(session, entretien, statut, maintenant, auteur)
    noter(session, le=maintenant, acteur=auteur.acteur, role=auteur.role, origine=auteur.origine, commande="entretien.constater",
          objet="entretien", objet_id=entretien.id, avant={"statut": avant}, apres={"statut": statut})
    return entretien


def rediger(session: Session, entretien: Entretien, *, issue: str, auteur: Auteur, maintenant: datetime, theme: Optional[str] = None,
            orientation: Optional[str] = None, documents: Sequence[str] = (), note: Optional[str] = None) -> CompteRendu:
    """The outcome and its record, a new version each time. A note keeps no NIR, account or card number.

    Raises TransitionImpossible, NoteTropLongue, DroitRefuse (nobody signed in)."""
    if auteur.conseiller_id is None:
        raise DroitRefuse
    note = masquer((note or "").strip(), SENSIBLES).texte or None
    if note is not None and len(note) > NOTE_MAX:
        raise NoteTropLongue
    constater(session, entretien, issue, auteur=auteur, maintenant=maintenant)
    derniere = session.scalar(select(func.max(CompteRendu.version)).where(CompteRendu.entretien_id == entretien.id)) or 0
    compte = CompteRendu(entretien_id=entretien.id, version=derniere + 1, auteur_id=auteur.conseiller_id, le=maintenant, issue=issue, theme=theme,
                         orientation=orientation, documents="\n".join(documents), note=note)
    session.add(compte)
    session.flush()
    noter(session, le=maintenant, acteur=auteur.acteur, role=auteur.role, origine=auteur.origine, commande="compte_rendu.rediger",
          objet="entretien", objet_id=entretien.id, apres={"version": compte.version, "issue": issue, "theme": theme, "orientation": orientation})
    return compte


def compte_rendu(session: Session, entretien: Entretien) -> Optional[CompteRendu]:
    """The latest version, if any."""
    return session.scalar(select(CompteRendu).where(CompteRendu.entretien_id == entretien.id).order_by(CompteRendu.version.desc()).limit(1))


def note_lisible(compte: CompteRendu, auteur: Auteur) -> bool:
    """The note is for its author and the responsable; nobody else, not even the secretariat (booking.md §5.10)."""
    return auteur.role == "responsable" or auteur.conseiller_id == compte.auteur_id
