"""« Annuler ce que je viens de faire »: a booking, a move, a cancellation, an enrolment or an order, taken back within two minutes."""
from datetime import datetime
from typing import Any, Mapping

from bot.agenda import identification, messages, rencontres, reservation
from bot.agenda.auteurs import ASSURE_CHAT
from bot.agenda.dialogue import guides, paroles
from bot.agenda.dialogue.fil import FAIT, Fil
from bot.agenda.etats import ANNULES, REPRISE
from bot.agenda.refus import CreneauPris, RienADefaire
from bot.contacts.flux import Dire
from bot.contacts.refus import Refus
from bot.contacts.tables import DemandeGuide, Entretien, Inscription


def fait(fil: Fil, objet: str, objet_id: int, *, jeton: bool = False) -> None:
    """The act is done. What remains of it, until the next message: which thing was done, and the access to it; nothing typed."""
    reservation.relacher(fil.session, fil.tour.conversation_id)
    fil.etape, fil.relances = FAIT, 0
    fil.donnees = {"objet": objet, "id": objet_id, "le": fil.tour.maintenant.isoformat()}
    fil.prive = {"jeton": fil.prive["jeton"]} if fil.prive.get("jeton") else {}
    if jeton:
        sujet = fil.session.get_one(Entretien, objet_id) if objet == "entretien" else fil.session.get_one(Inscription, objet_id)
        fil.prive = {"jeton": identification.ouvrir(fil.session, sujet, fil.tour.maintenant).jeton}


def defaire(fil: Fil, charge: Mapping[str, Any]) -> list[Dire]:
    """Take it back, or say why it is too late. `charge`: {objet, id, le}."""
    faire = {"entretien": _entretien, "inscription": _inscription, "guide": _guide}[charge["objet"]]
    try:
        dit = faire(fil, int(charge["id"]), charge)
    except CreneauPris as e:
        dit = Dire("L'ancien créneau vient d'être pris : le changement reste fait. Vous pouvez choisir un autre créneau.", "refusal",
                   [paroles.vers("deplacer_rdv", "Choisir un autre créneau")], donnees={"refus": e.code})
    except Refus as e:
        inverses = [paroles.vers("deplacer_rdv", "Déplacer mon rendez-vous"), paroles.vers("annuler_rdv", "Annuler mon rendez-vous")]
        # what was done stays, and so does the access to it
        return [Dire(e.message, "refusal", inverses if charge["objet"] == "entretien" else [], donnees={"refus": e.code})]
    fil.finir()
    return [dit]


def _entretien(fil: Fil, entretien_id: int, _: Mapping[str, Any]) -> Dire:
    e = reservation.defaire(fil.session, fil.session.get_one(Entretien, entretien_id), auteur=ASSURE_CHAT, maintenant=fil.tour.maintenant)
    quand = messages.quand(fil.session, e)
    if e.statut in ANNULES:
        return Dire(f"C'est défait : le rendez-vous du {quand} n'est plus réservé.", "confirmation",
                    [paroles.vers("prendre_rdv", "Prendre un autre rendez-vous")])
    return Dire(f"C'est défait : votre rendez-vous est de nouveau fixé au {quand}. Son code n'a pas changé.", "confirmation",
                donnees=paroles.donnees(fil.session, e))


def _inscription(fil: Fil, inscription_id: int, charge: Mapping[str, Any]) -> Dire:
    _exiger_recent(fil, charge)
    rencontres.desister(fil.session, fil.session.get_one(Inscription, inscription_id), ASSURE_CHAT, fil.tour.maintenant)
    return Dire("C'est défait : votre place est rendue.", "confirmation")


def _guide(fil: Fil, demande_id: int, charge: Mapping[str, Any]) -> Dire:
    _exiger_recent(fil, charge)
    demande = fil.session.get_one(DemandeGuide, demande_id)
    if demande.envoyee_le is not None:
        raise RienADefaire
    guides.annuler(fil.session, demande, fil.tour.maintenant)
    return Dire("C'est défait : rien ne vous sera envoyé.", "confirmation")


def _exiger_recent(fil: Fil, charge: Mapping[str, Any]) -> None:
    if fil.tour.maintenant - datetime.fromisoformat(charge["le"]) > REPRISE:
        raise RienADefaire
