"""What becomes of each entretien that a closing hits: what may be decided, and doing it all at once. For the page and the chat of counsellors."""
from datetime import datetime
from typing import Mapping

from sqlalchemy.orm import Session

from bot.agenda import fermetures, reservation
from bot.agenda.auteurs import Auteur
from bot.agenda.creneaux import Creneau, lire_id
from bot.agenda.fermetures import Portee, Touche
from bot.agenda.instants import en_lettres
from bot.agenda.recherche import proches
from bot.agenda.refus import CreneauIllisible
from bot.contacts.isolement import de_la_caisse
from bot.contacts.refus import Refus
from bot.contacts.tables import Conseiller, Entretien, Fermeture

GARDER, ANNULER, CONFIER, DEPLACER = "garder", "annuler", "confier", "deplacer"


class ChoixManquant(Refus):
    code, statut = "CHOIX_MANQUANT", 422
    message = "Dites ce que devient chaque rendez-vous touché ; la liste est peut-être plus longue que tout à l'heure."


def choix_possibles(session: Session, touche: Touche, portee: Portee, maintenant: datetime) -> list[tuple[str, str]]:
    """What may be done with one entretien, as (value, sentence): keep, give to a colleague, move to a near slot, cancel."""
    choix = [(GARDER, "Le garder malgré la fermeture")]
    if portee.conseiller_id is not None:  # a whole antenne closed: nobody else is there either
        for c in touche.collegues:
            collegue = session.get_one(Conseiller, c)
            choix.append((f"{CONFIER}:{c}", f"Le confier à {collegue.prenom} {collegue.nom}, à la même heure"))
    choix += [(f"{DEPLACER}:{c.id}", f"Le déplacer au {en_lettres(c.debut, c.fuseau)}, avec l'accord de la personne")
              for c in _autres(session, touche.entretien, portee, maintenant)]
    return [*choix, (ANNULER, "L'annuler ; la personne est prévenue dans deux minutes")]


def _autres(session: Session, e: Entretien, portee: Portee, maintenant: datetime) -> list[Creneau]:
    """The three nearest free slots outside the closed period."""
    trouves = proches(session, e.motif, e.debut, maintenant, antenne_id=e.antenne_id, pour=e, delais=False, nombre=40)
    dehors = [c for c in trouves if c.fin <= portee.du or c.debut >= portee.au]
    return sorted(sorted(dehors, key=lambda c: abs(c.debut - e.debut))[:3], key=lambda c: c.debut)


def fermer_avec(session: Session, portee: Portee, raison: str, choix: Mapping[int, str], auteur: Auteur, maintenant: datetime) -> Fermeture:
    """Close, and do what was decided for each entretien hit (`choix`: by id). One left undecided, booked since perhaps: raises ChoixManquant.
    Raises FermetureInvalide, and what each decision may meet (CreneauPris, TransitionImpossible…)."""
    touches = fermetures.touches(session, portee, maintenant)
    if any(not choix.get(t.entretien.id) for t in touches):
        raise ChoixManquant
    fermee = fermetures.fermer(session, portee, raison, auteur, maintenant)
    for t in touches:
        _faire(session, t.entretien, choix[t.entretien.id], auteur, maintenant)
    return fermee


def _faire(session: Session, e: Entretien, choix: str, auteur: Auteur, maintenant: datetime) -> None:
    quoi, _, ou = choix.partition(":")
    if quoi == ANNULER:
        reservation.annuler(session, e, auteur=auteur, maintenant=maintenant)
    elif quoi == CONFIER:
        conseiller = de_la_caisse(session, Conseiller, int(ou) if ou.isdecimal() else -1, e.caisse_code)
        fermetures.confier(session, e, conseiller.id, auteur, maintenant)
    elif quoi == DEPLACER:
        motif_id, debut, antenne_id = lire_id(ou)
        if motif_id != e.motif_id:
            raise CreneauIllisible
        reservation.deplacer(session, e, debut=debut, antenne_id=antenne_id, auteur=auteur, maintenant=maintenant)
    elif quoi != GARDER:
        raise ChoixManquant
