"""deplacer_rdv: opens a booking, then a new moment, one of three slots, « votre rendez-vous du … sera remplacé par … ».

The old one stays until « oui »; moment, code and name may come in one sentence.
"""
from typing import Any, Mapping, Optional

from bot.agenda import messages, motifs, reservation
from bot.agenda.auteurs import ASSURE_CHAT
from bot.agenda.creneaux import lire_id
from bot.agenda.dialogue import acces, lieux, paroles, propositions
from bot.agenda.dialogue import defaire as reprises
from bot.agenda.dialogue.fil import Fil
from bot.agenda.dialogue.lecture import Lu
from bot.agenda.etats import fenetre
from bot.agenda.instants import en_lettres
from bot.agenda.refus import CreneauPris, HorsDelai, RdvSimultane, TropDeDeplacements
from bot.contacts.flux import Dire
from bot.contacts.refus import Refus
from bot.contacts.tables import Entretien, Motif

NOM = "deplacer_rdv"
RAPPEL = "Revenons à votre rendez-vous."
ARRET = "C'est arrêté : votre rendez-vous n'a pas changé."
RECAP = "recap"


def noter(fil: Fil, lu: Lu) -> bool:
    """The code and name, the new moment, another place, « oui » or « non » to the exchange; several in one sentence."""
    d = fil.donnees
    compris = acces.noter(fil, lu)
    avant = (d.get("creneau"), d.get("antenne"))
    if fil.etape != acces.ETAPE or lu.moment:
        compris = propositions.noter(fil, lu) or compris
    lieu = lieux.lire(lu.texte, fil.antennes) if lu.texte and fil.etape != acces.ETAPE else lieux.Lieu()
    if len(lieu.antennes) == 1 and lieu.antennes[0] != d.get("antenne"):
        propositions.oublier(fil)
        d["antenne"] = lieu.antennes[0]
        compris = True
    if lu.modalite and fil.etape:
        d["modalite_voulue"] = lu.modalite
        compris = True
    if fil.etape == RECAP and avant == (d.get("creneau"), d.get("antenne")):
        if lu.oui:
            d["confirme"] = d.get("creneau")
        elif lu.non and not compris:
            d["garde"] = True
        return compris or lu.oui or lu.non
    return compris


def appuyer(fil: Fil, charge: Mapping[str, Any]) -> bool:
    for nom in ("perdu", "garde"):
        if charge.get(nom):
            fil.donnees[nom] = True
            return True
    if charge.get("oui"):
        fil.donnees["confirme"] = charge["oui"]
        return True
    return propositions.appuyer(fil, dict(charge))


def suivre(fil: Fil) -> list[Dire]:
    """Identify, then propose, then exchange."""
    d = fil.donnees
    if d.pop("perdu", False):
        return acces.code_perdu(fil)
    ouvert = acces.ouvrir(fil)
    if isinstance(ouvert, list):
        return ouvert
    e = ouvert.entretien
    if e is None:
        fil.finir()
        return [Dire("Une rencontre a une date fixe : elle ne se déplace pas. Vous pouvez laisser votre place et en choisir une autre.", "refusal",
                     [paroles.vers("inscrire_rencontre", "Voir les prochaines rencontres")])]
    if d.pop("garde", False):
        fil.finir()
        return [Dire(f"D'accord, rien ne change : votre rendez-vous reste fixé au {messages.quand(fil.session, e)}.", "answer")]
    impossible = _impossible(fil, e)
    if impossible is not None:
        return impossible
    if d.get("confirme"):
        return _deplacer(fil, e, d.pop("confirme"))
    if d.pop("modalite_voulue", e.modalite) != e.modalite:
        return _autre_modalite(fil, e)
    d.setdefault("antenne", e.antenne_id)
    if not (d.get("moment") or d.get("quand_libre") or d.get("creneau") or d.get("choisi") or d.get("impossible")) and not fil.reprise:
        fil.dire(f"Votre rendez-vous : {messages.quand(fil.session, e)}.")
    motif = motifs.motif(fil.session, fil.caisse.code, e.motif_id)
    proposes = propositions.suivre(fil, motif, d["antenne"], pour=e)
    return proposes if proposes is not None else _recapituler(fil, e, motif)


def _impossible(fil: Fil, e: Entretien) -> Optional[list[Dire]]:
    """Why it cannot be moved here any more, and what is left."""
    if e.statut != "pose" or fil.tour.maintenant >= e.debut:
        fil.finir()
        return [Dire("Ce rendez-vous est passé ou annulé : il ne se déplace plus.", "refusal",
                     [paroles.vers("prendre_rdv", "Prendre un rendez-vous")], donnees={"refus": "TRANSITION_IMPOSSIBLE"})]
    refus: Optional[Refus] = None
    if fenetre(e.debut, e.motif.limite_modif_h, fil.tour.maintenant) != "libre":
        refus = HorsDelai(f"Votre rendez-vous est le {messages.quand(fil.session, e)} : à moins de {e.motif.limite_modif_h} heures, je ne peux plus "
                          "le déplacer. Vous pouvez l'annuler et en prendre un autre, ou appeler votre caisse.")
    elif e.deplacements >= reservation.DEPLACEMENTS_MAX:
        refus = TropDeDeplacements()
    if refus is None:
        return None
    fil.etape = "refus"
    return [Dire(refus.message, "refusal", [paroles.vers("annuler_rdv", "L'annuler")], donnees={"refus": refus.code, "contact": True})]


def _autre_modalite(fil: Fil, e: Entretien) -> list[Dire]:
    """From the antenne to the telephone is another entretien: it is taken first, then this one is cancelled."""
    voulue = "telephone" if e.modalite == "presentiel" else "presentiel"
    par = "par téléphone" if voulue == "telephone" else "à l'antenne"
    fil.etape = "refus"
    return [Dire(f"Pour passer à un entretien {par}, annulez celui-ci, puis prenez l'autre : deux boutons suffisent.", "answer",
                 [paroles.vers("annuler_rdv", "Annuler celui-ci"), paroles.vers("prendre_rdv", f"En prendre un {par}", depart={"modalite": voulue}),
                  paroles.bouton(fil, "Le garder tel quel", garde=True)])]


def _recapituler(fil: Fil, e: Entretien, motif: Motif) -> list[Dire]:
    identifiant = fil.donnees["creneau"]
    _, debut, antenne_id = lire_id(identifiant)
    fuseau = propositions.fuseau_de(fil, antenne_id)
    a = paroles.antenne(fil, antenne_id)
    fil.etape = RECAP
    ou = f", {paroles.adresse(a)}" if a else ", par téléphone"
    lignes = [f"Votre rendez-vous du {messages.quand(fil.session, e)} sera remplacé par : {en_lettres(debut, fuseau, fil.caisse.fuseau)}{ou}.",
              paroles.limites(debut, motif, fuseau), "Si vous dites non, l'ancien est gardé. Je le déplace ?"]
    return [Dire("\n".join(lignes), "recap", [
        paroles.bouton(fil, "Oui, déplacez-le", oui=identifiant), paroles.bouton(fil, "Un autre jour", changer="moment"),
        paroles.bouton(fil, "Non, gardez l'ancien", garde=True)])]


def _deplacer(fil: Fil, e: Entretien, identifiant: str) -> list[Dire]:
    if identifiant != fil.donnees.get("creneau"):
        fil.dire("Ce récapitulatif n'est plus le bon : voici où nous en sommes.")
        return suivre(fil)
    _, debut, antenne_id = lire_id(identifiant)
    try:
        deplace = reservation.deplacer(fil.session, e, debut=debut, antenne_id=antenne_id, auteur=ASSURE_CHAT, maintenant=fil.tour.maintenant,
                                       conversation_id=fil.tour.conversation_id)
    except CreneauPris as refus:
        dits = propositions.perdu(fil, refus)
        dits[0].texte += "\n(Votre ancien rendez-vous est toujours le vôtre.)"
        return dits
    except RdvSimultane as refus:
        fil.refuser(refus)
        propositions.oublier(fil)
        return suivre(fil)
    reprises.fait(fil, "entretien", deplace.id)
    return redire(fil)


def redire(fil: Fil) -> list[Dire]:
    """The move once more: nothing is done."""
    return [paroles.confirme(fil, fil.session.get_one(Entretien, fil.donnees["id"]), "C'est déplacé :")]
