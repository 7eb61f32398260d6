"""Undoing, for the caisse: what someone has just done to openings, closings and entretiens, and taking it back within two minutes.

One rule for the page and the chat. An entretien's own undo is `reservation.defaire`; a closing takes with it what was decided for those it hit.
"""
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Callable, Mapping, Optional

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.agenda import fermetures, ouvertures, reservation
from bot.agenda.auteurs import Auteur
from bot.agenda.etats import REPRISE
from bot.agenda.fermetures import Portee
from bot.agenda.refus import RienADefaire
from bot.contacts.isolement import de_la_caisse
from bot.contacts.tables import Entretien, Fermeture, Historique, Ouverture

# What may be taken back, as people read it.
COMMANDES = {
    "entretien.confirmer": "Rendez-vous pris", "entretien.deplacer": "Rendez-vous déplacé", "entretien.annuler": "Rendez-vous annulé",
    "ouverture.ouvrir": "Créneaux ouverts", "ouverture.supprimer": "Ouverture retirée", "ouverture.modifier_occurrence": "Une journée changée",
    "fermeture.fermer": "Période fermée", "fermeture.lever": "Fermeture levée"}
OBJETS = ("entretien", "ouverture", "fermeture")


@dataclass(frozen=True)
class Reprise:
    """A command that may still be taken back, until `jusqu_a`."""

    objet: str
    objet_id: int
    commande: str
    jusqu_a: datetime

    @property
    def phrase(self) -> str:
        return COMMANDES[self.commande]


def a_defaire(session: Session, auteur: Auteur, maintenant: datetime) -> list[Reprise]:
    """What this person may still take back, latest first: one line an object. What a closing decided goes back with the closing."""
    siennes = session.scalars(select(Historique).where(
        Historique.acteur == auteur.acteur, Historique.objet.in_(OBJETS), Historique.le >= maintenant - REPRISE, Historique.le <= maintenant)
        .order_by(Historique.id.desc())).all()
    fermes = {ligne.le for ligne in siennes if ligne.commande == "fermeture.fermer"}
    trouvees: dict[tuple[str, str], Reprise] = {}
    vus = set()
    for ligne in siennes:
        cle = (ligne.objet, ligne.objet_id)
        avec_la_fermeture = ligne.objet == "entretien" and ligne.le in fermes
        if cle not in vus and not avec_la_fermeture and ligne.commande in COMMANDES:
            trouvees[cle] = Reprise(ligne.objet, int(ligne.objet_id), ligne.commande, ligne.le + REPRISE)
        vus.add(cle)
    return list(trouvees.values())


def defaire(session: Session, caisse_code: str, objet: str, objet_id: int, auteur: Auteur, maintenant: datetime) -> None:
    """Take back the last command on an object, by the one who gave it, within two minutes. Raises RienADefaire, Introuvable (another caisse's),
    and what stands in the way (CreneauPris, OuvertureChevauche)."""
    if objet not in OBJETS:
        raise RienADefaire
    derniere = session.scalar(select(Historique).where(Historique.objet == objet, Historique.objet_id == str(objet_id))
                              .order_by(Historique.id.desc()).limit(1))
    if (derniere is None or derniere.acteur != auteur.acteur or maintenant - derniere.le > REPRISE or derniere.commande not in COMMANDES):
        raise RienADefaire
    _DEFAIRE[objet](session, caisse_code, objet_id, derniere, auteur, maintenant)


def _entretien(session: Session, caisse_code: str, objet_id: int, derniere: Historique, auteur: Auteur, maintenant: datetime) -> None:
    reservation.defaire(session, de_la_caisse(session, Entretien, objet_id, caisse_code), auteur=auteur, maintenant=maintenant)


def _ouverture(session: Session, caisse_code: str, objet_id: int, derniere: Historique, auteur: Auteur, maintenant: datetime) -> None:
    ouverture = de_la_caisse(session, Ouverture, objet_id, caisse_code)
    if derniere.commande == "ouverture.supprimer":
        ouvertures.retablir(session, ouverture, auteur, maintenant)
    elif derniere.commande == "ouverture.modifier_occurrence":
        jour = datetime.fromisoformat(_apres(derniere)["jour"]).date()
        ouvertures.modifier_occurrence(session, ouverture, jour, (ouverture.debut, ouverture.fin), auteur, maintenant)
    else:
        ouvertures.supprimer(session, ouverture, auteur, maintenant)


def _fermeture(session: Session, caisse_code: str, objet_id: int, derniere: Historique, auteur: Auteur, maintenant: datetime) -> None:
    fermeture = de_la_caisse(session, Fermeture, objet_id, caisse_code)
    if derniere.commande == "fermeture.lever":
        portee = Portee(caisse_code, fermeture.du, fermeture.au, fermeture.conseiller_id, fermeture.antenne_id)
        fermetures.fermer(session, portee, fermeture.raison, auteur, maintenant)
        return
    fermetures.lever(session, fermeture, auteur, maintenant)
    decides = session.scalars(select(Historique.objet_id).where(
        Historique.objet == "entretien", Historique.acteur == auteur.acteur, Historique.le == derniere.le).order_by(Historique.id.desc()))
    for numero in dict.fromkeys(decides):
        _entretien(session, caisse_code, int(numero), derniere, auteur, maintenant)


def _apres(ligne: Historique) -> Mapping[str, Any]:
    return ligne.apres or {}


_Defaire = Callable[[Session, str, int, Historique, Auteur, datetime], None]
_DEFAIRE: dict[str, _Defaire] = {"entretien": _entretien, "ouverture": _ouverture, "fermeture": _fermeture}


def derniere(session: Session, auteur: Auteur, maintenant: datetime) -> Optional[Reprise]:
    """The latest command that may be taken back, for « annule ça »."""
    return next(iter(a_defaire(session, auteur, maintenant)), None)
