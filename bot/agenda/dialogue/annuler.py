"""annuler_rdv: opens a booking, says what is lost, cancels on « oui », offers new slots in the same message. A reason may go with the « oui »."""
from typing import Any, Mapping

from bot.agenda import choix, messages, motifs, rencontres, reservation
from bot.agenda.auteurs import ASSURE_CHAT
from bot.agenda.dialogue import acces, paroles
from bot.agenda.dialogue import defaire as reprises
from bot.agenda.dialogue.fil import Fil
from bot.agenda.dialogue.lecture import Lu
from bot.agenda.dialogue.lexique import lexique
from bot.agenda.etats import ANNULES, fenetre
from bot.agenda.moment import Moment
from bot.contacts.flux import Bouton, Dire
from bot.contacts.tables import Entretien, Inscription, Rencontre

NOM = "annuler_rdv"
RAPPEL = "Revenons à votre rendez-vous."
ARRET = "C'est arrêté : rien n'est annulé, votre rendez-vous reste le vôtre."
RECAP = "recap"
_AUTRES_RENCONTRES = paroles.vers("inscrire_rencontre", "Voir les prochaines rencontres")
_RAISONS = {"empechement": ("empech", "imprevu", "malade", "pas libre"), "plus_besoin": ("plus besoin", "plus la peine"),
            "autre_canal": ("reponse", "autrement")}


def noter(fil: Fil, lu: Lu) -> bool:
    """The code and name; at the question, yes (« annulez », a reason) or no."""
    compris = acces.noter(fil, lu)
    if fil.etape != RECAP:
        return compris
    raison = next((code for code, mots in _RAISONS.items() if any(m in lu.mots for m in mots)), None)
    if lu.oui or (lu.mots.startswith("annul") and not lu.question) or (raison and not lu.non):
        fil.donnees["oui"] = raison or "aucune"
        return True
    if lu.non or lu.stop:
        fil.donnees["garde"] = True
        return True
    return compris


def appuyer(fil: Fil, charge: Mapping[str, Any]) -> bool:
    for nom in ("perdu", "garde", "oui"):
        if charge.get(nom):
            fil.donnees[nom] = charge[nom]
            return True
    return False


def suivre(fil: Fil) -> list[Dire]:
    """Identify, say what is lost, cancel."""
    d = fil.donnees
    if d.pop("perdu", False):
        return acces.code_perdu(fil)
    oui, garde = d.pop("oui", None), d.pop("garde", False)
    etape = fil.etape
    ouvert = acces.ouvrir(fil)
    if isinstance(ouvert, list):
        return ouvert
    if garde:
        fil.finir()
        return [Dire("D'accord, rien n'est annulé : votre rendez-vous reste le vôtre.", "answer")]
    if ouvert.inscription is not None:
        return _inscription(fil, ouvert.inscription, bool(oui) and etape == RECAP)
    assert ouvert.entretien is not None
    return _annuler(fil, ouvert.entretien, oui) if oui and etape == RECAP else _demander(fil, ouvert.entretien)


def _demander(fil: Fil, e: Entretien) -> list[Dire]:
    """What is lost, whether it is late, and the four reasons as so many « oui »."""
    quand = messages.quand(fil.session, e)
    if e.statut != "pose" or fil.tour.maintenant >= e.debut:
        fil.finir()
        fin = "déjà annulé." if e.statut in ANNULES else "passé : il ne s'annule plus."
        texte = f"Ce rendez-vous du {quand} est {fin}"
        return [Dire(texte, "refusal", [paroles.vers("prendre_rdv", "Prendre un rendez-vous")], donnees={"refus": "TRANSITION_IMPOSSIBLE"})]
    fil.etape = RECAP
    tard = fenetre(e.debut, e.motif.limite_modif_h, fil.tour.maintenant) != "libre"
    suite = "C'est tard, mais mieux vaut prévenir que ne pas venir : la place peut encore servir." if tard else \
        "La place ira à quelqu'un d'autre, et la reprendre ne sera peut-être plus possible."
    boutons = [paroles.bouton(fil, libelle, oui=code) for code, libelle in lexique()["raisons"].items()]
    if not tard:
        boutons.append(paroles.vers("deplacer_rdv", "Plutôt le déplacer"))
    boutons.append(paroles.bouton(fil, "Non, je le garde", garde=True))
    return [Dire(f"Votre rendez-vous du {quand} sera annulé. {suite}\nJe l'annule ?", "recap", boutons)]


def _annuler(fil: Fil, e: Entretien, raison: str) -> list[Dire]:
    quand = messages.quand(fil.session, e)
    annule = reservation.annuler(fil.session, e, auteur=ASSURE_CHAT, maintenant=fil.tour.maintenant, raison=raison)
    reprises.fait(fil, "entretien", annule.id)
    tard = " (annulation tardive)" if annule.tardive else ""
    dit = Dire(f"C'est annulé{tard} : votre rendez-vous du {quand}. Merci d'avoir prévenu.", "confirmation",
               [paroles.defaire(fil, "entretien", annule.id)], donnees={"annule": annule.code})
    return [dit, *_autres_dates(fil, annule)]


def _autres_dates(fil: Fil, e: Entretien) -> list[Dire]:
    """Three new slots for the same subject and place, when there are some."""
    motif = motifs.motif(fil.session, fil.caisse.code, e.motif_id)
    libres = choix.proposer(fil.session, motif, Moment(), fil.tour.maintenant, antenne_id=e.antenne_id).creneaux
    if not libres:
        return []
    depart = {"sujet": motif.code.removesuffix("_telephone"), "modalite": motif.modalite, "antenne": e.antenne_id}
    boutons: list[Bouton] = [paroles.vers("prendre_rdv", paroles.majuscule(paroles.quand(fil, c)), depart=depart, creneau=c.id) for c in libres]
    boutons.append(paroles.vers("prendre_rdv", "Un autre jour", depart=depart))
    return [Dire("Voulez-vous une autre date ?", "choices", boutons)]


def _inscription(fil: Fil, i: Inscription, oui: bool) -> list[Dire]:
    r = fil.session.get_one(Rencontre, i.rencontre_id)
    if oui:
        rencontres.desister(fil.session, i, ASSURE_CHAT, fil.tour.maintenant)
        fil.finir()
        return [Dire("C'est noté : votre place servira à quelqu'un d'autre.", "confirmation", [_AUTRES_RENCONTRES])]
    if i.statut not in rencontres.VIVANTES:
        fil.finir()
        return [Dire("Cette inscription est déjà annulée.", "refusal", [_AUTRES_RENCONTRES])]
    fil.etape = RECAP
    return [Dire(f"Vous laisserez votre place à la rencontre du {paroles.quand_rencontre(fil, r)}. Je l'annule ?", "recap",
                 [paroles.bouton(fil, "Oui, annulez", oui="autre"), paroles.bouton(fil, "Non, je viens", garde=True)])]
