"""consulter_rdv: opens a booking by its code and says where it stands and what can still be done; the next ones after it."""
from typing import Any, Mapping

from bot.agenda import messages, rencontres, reservation
from bot.agenda.auteurs import ASSURE_CHAT
from bot.agenda.dialogue import acces, paroles
from bot.agenda.dialogue.fil import Fil
from bot.agenda.dialogue.lecture import Lu
from bot.agenda.etats import etat, fenetre
from bot.agenda.identite import Personne
from bot.agenda.refus import OffrePassee
from bot.contacts.flux import Bouton, Dire
from bot.contacts.tables import Entretien, Inscription, Rencontre

NOM = "consulter_rdv"
RAPPEL = "Revenons à votre rendez-vous."
ARRET = "C'est arrêté : rien n'a été changé."
VU = "vu"
_ETATS = {"honore": "Cet entretien a eu lieu", "absent": "Cet entretien n'a pas eu lieu", "en_cours": "Cet entretien est en cours",
          "a_renseigner": "Cet entretien est passé", "annule_assure": "Ce rendez-vous est annulé, à votre demande",
          "annule_caisse": "Ce rendez-vous a été annulé par votre caisse"}


def noter(fil: Fil, lu: Lu) -> bool:
    """A code, a name; an answer to the offer of a seat."""
    if fil.etape == VU and fil.donnees.get("offre") and (lu.oui or lu.non):
        fil.donnees["reponse"] = lu.oui
        return True
    return acces.noter(fil, lu)


def appuyer(fil: Fil, charge: Mapping[str, Any]) -> bool:
    for nom in ("perdu", "reponse", "partir"):
        if nom in charge:
            fil.donnees[nom] = charge[nom]
            return True
    return False


def suivre(fil: Fil) -> list[Dire]:
    """The booking, once it is open."""
    if fil.donnees.pop("perdu", False):
        return acces.code_perdu(fil)
    ouvert = acces.ouvrir(fil)
    if isinstance(ouvert, list):
        return ouvert
    fil.etape = VU
    if ouvert.entretien is not None:
        return _entretien(fil, ouvert.entretien)
    assert ouvert.inscription is not None
    return _inscription(fil, ouvert.inscription)


def _entretien(fil: Fil, e: Entretien) -> list[Dire]:
    maintenant = fil.tour.maintenant
    quand = messages.quand(fil.session, e)
    ou_en_est = etat(e.statut, e.debut, e.fin, maintenant)
    if ou_en_est != "a_venir":
        avis = [Bouton("Donner mon avis sur cet entretien", {"intention": "repondre_enquete"})] if ou_en_est == "honore" else []
        return [Dire(f"{_ETATS[ou_en_est]} : il était prévu le {quand}." if ou_en_est != "en_cours" else f"{_ETATS[ou_en_est]}.", "answer",
                     [*avis, paroles.vers("prendre_rdv", "Prendre un rendez-vous")], donnees={**paroles.donnees(fil.session, e), "etat": ou_en_est})]
    lignes = [f"Votre rendez-vous : {quand}.", messages.lieu(fil.session, e), paroles.a_apporter(e.motif), paroles.possibles(fil, e)]
    autres = [a for a in reservation.a_venir(fil.session, caisse_code=e.caisse_code, personne=_personne(e), maintenant=maintenant) if a.id != e.id]
    if autres:
        lignes.append("Ensuite : " + " ; ".join(messages.quand(fil.session, a) for a in autres) + ".")
    boutons = [paroles.vers("deplacer_rdv", "Le déplacer")] if fenetre(e.debut, e.motif.limite_modif_h, maintenant) == "libre" else []
    boutons.append(paroles.vers("annuler_rdv", "L'annuler"))
    return [Dire("\n".join(ligne for ligne in lignes if ligne), "answer", boutons, donnees={**paroles.donnees(fil.session, e), "etat": ou_en_est})]


def _personne(e: Entretien) -> Personne:
    return Personne(e.nom, e.prenom, e.telephone, e.courriel, e.assure_id)


# ---- a seat at a rencontre --------------------------------------------------------------------------------------------


def _inscription(fil: Fil, i: Inscription) -> list[Dire]:
    d = fil.donnees
    d.pop("offre", None)
    if "reponse" in d:
        return _repondre(fil, i, bool(d.pop("reponse")))
    if d.pop("partir", False):
        rencontres.desister(fil.session, i, ASSURE_CHAT, fil.tour.maintenant)
        fil.finir()
        return [Dire("C'est noté : votre place servira à quelqu'un d'autre.", "confirmation")]
    r = fil.session.get_one(Rencontre, i.rencontre_id)
    quand = paroles.quand_rencontre(fil, r)
    donnees = {"code": i.code, "etat": i.statut}
    partir = paroles.bouton(fil, "Je ne viendrai pas", partir=True)
    if i.statut == "offre" and i.offre_expire_le is not None:
        d["offre"] = True
        jusqu_au = paroles.instant(fil, i.offre_expire_le, r.fuseau)
        return [Dire(f"Une place s'est libérée à la rencontre du {quand}, {r.lieu}. Elle vous est gardée jusqu'au {jusqu_au}. La prenez-vous ?",
                     "question", [paroles.bouton(fil, "Oui, je la prends", reponse=True), paroles.bouton(fil, "Non, je la laisse", reponse=False)],
                     donnees=donnees)]
    if i.statut == "attente":
        rang = rencontres.rang_de(fil.session, i)
        texte = (f"Rencontre du {quand}, {r.lieu} : vous êtes sur la liste d'attente, au rang {rang or 1}. "
                 "Nous vous prévenons dès qu'une place se libère.")
        return [Dire(texte, "answer", [paroles.bouton(fil, "Quitter la liste", partir=True)], donnees=donnees)]
    if i.statut == "inscrit":
        return [Dire(f"Votre place est réservée à la rencontre du {quand}, {r.lieu}.", "answer", [partir], donnees=donnees)]
    autres = paroles.vers("inscrire_rencontre", "Voir les prochaines rencontres")
    return [Dire(f"Vous n'avez plus de place à la rencontre du {quand}.", "answer", [autres], donnees=donnees)]


def _repondre(fil: Fil, i: Inscription, oui: bool) -> list[Dire]:
    """« Oui » or « non » to the offer of a seat; too late, it is said with the rank one would have."""
    try:
        rencontres.repondre_offre(fil.session, i, oui, ASSURE_CHAT, fil.tour.maintenant)
    except OffrePassee as e:
        fil.finir()
        rang = f" En reprenant une place sur la liste, vous auriez le rang {e.rang}." if e.rang else ""
        return [Dire(f"{e.message}{rang}", "refusal", [paroles.vers("inscrire_rencontre", "Me réinscrire")], donnees={"refus": e.code})]
    fil.finir()
    if not oui:
        return [Dire("C'est noté : la place est proposée à la personne suivante.", "confirmation")]
    r = fil.session.get_one(Rencontre, i.rencontre_id)
    return [Dire(f"La place est à vous : {paroles.quand_rencontre(fil, r)}, {r.lieu}.", "confirmation", donnees={"code": i.code})]
