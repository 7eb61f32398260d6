"""prendre_rdv: modality, antenne, day, one of three slots, identity, summary, « oui ». Asks only what is missing, takes what is said in any order."""
import re
from typing import Any, Mapping
from uuid import uuid4

from sqlalchemy import select

from bot.agenda import motifs, reservation
from bot.agenda.auteurs import ASSURE_CHAT
from bot.agenda.creneaux import lire_id
from bot.agenda.dialogue import coordonnees, lieux, modalites, paroles, propositions, sujets
from bot.agenda.dialogue import defaire as reprises
from bot.agenda.dialogue.fil import Fil
from bot.agenda.dialogue.lecture import Lu
from bot.agenda.instants import en_lettres
from bot.agenda.refus import (
    CourrielInvalide,
    CreneauPris,
    DejaUnRdv,
    HorsDelai,
    NomManquant,
    RdvSimultane,
    TelephoneManquant,
)
from bot.contacts.campagne import action_pour
from bot.contacts.flux import Bouton, Dire
from bot.contacts.tables import Entretien, Motif

NOM = "prendre_rdv"
RAPPEL = "Revenons à votre rendez-vous."
ARRET = "C'est arrêté : aucun rendez-vous n'a été pris, et rien de votre demande n'est gardé."
RECAP, CHANGER = "recap", "changer"
_CHANGE_DAVIS = re.compile(r"\b(?:change d ?avis|me suis trompee?|pas ca|c est faux|il y a une erreur|erreur)\b")
_AUTRE = {"telephone": "presentiel", "presentiel": "telephone"}


# ---- what comes in ----------------------------------------------------------------------------------------------------


def noter(fil: Fil, lu: Lu) -> bool:
    """All that a message says of the booking; at the summary, « oui » when it corrects nothing."""
    d = fil.donnees
    avant = (d.get("modalite"), d.get("antenne"), d.get("sujet"), d.get("creneau"))
    compris = sujets.noter_code(fil, lu)
    if propositions.noter(fil, lu):
        compris = True
    if lu.modalite:
        modalites.choisir(fil, lu.modalite)
        compris = True
    lieu = lieux.lire(lu.texte, fil.antennes, attendu=fil.etape == modalites.ANTENNE) if lu.texte else lieux.Lieu()
    if lieu:
        modalites.noter_lieu(fil, lieu, impossible=bool(lu.moment.impossible), par_telephone=lu.modalite == "telephone")
        compris = True
    if lu.sujets and (not d.get("sujet_dit") or fil.etape in (sujets.MOTIF, RECAP, CHANGER)):
        compris = sujets.noter(fil, lu.sujets) or compris
    bref = fil.etape == RECAP and len(lu.mots.split()) <= 3  # « le jour », at the summary
    quoi = lu.quoi if fil.etape == CHANGER or bref else lu.a_changer
    if quoi and not compris and not (lu.masque and quoi == "identite") and _est_dit(fil, quoi):
        return appuyer(fil, {"changer": quoi})
    if fil.etape == RECAP:
        change = avant != (d.get("modalite"), d.get("antenne"), d.get("sujet"), d.get("creneau"))
        if lu.oui and not change:
            d["confirme"] = d.get("operation")
        elif (lu.non or _CHANGE_DAVIS.search(lu.mots)) and not change and not compris and not lu.masque:
            d["a_changer"] = True
            return True
        return compris or lu.oui or lu.non or lu.masque
    return compris or lu.masque


def _est_dit(fil: Fil, quoi: str) -> bool:
    """Whether there is yet something to change: before a slot is held, the name was not asked."""
    return quoi in ("sujet", "moment") or bool(fil.donnees.get("creneau")) or (quoi == "lieu" and bool(fil.donnees.get("modalite")))


def appuyer(fil: Fil, charge: Mapping[str, Any]) -> bool:
    """A button of this act."""
    d = fil.donnees
    if charge.get("depart"):
        d.update(charge["depart"])
    if propositions.appuyer(fil, dict(charge)):
        return True
    if charge.get("mode"):
        modalites.choisir(fil, charge["mode"])
    elif "antenne" in charge:
        modalites.choisir_antenne(fil, charge["antenne"])
    elif charge.get("partout"):
        modalites.choisir_antenne(fil, None)
    elif charge.get("sujet"):
        sujets.noter(fil, (charge["sujet"],))
    elif charge.get("sans_code"):
        d["sans_code"] = True
    elif charge.get("oui"):
        d["confirme"] = charge["oui"]
    elif charge.get("changer"):
        _changer(fil, charge["changer"])
    else:
        return False
    return True


def _changer(fil: Fil, quoi: str) -> None:
    d = fil.donnees
    if quoi == "lieu":
        propositions.garder_l_heure(fil)
        for nom in ("modalite", "antenne", "partout", "parmi"):
            d.pop(nom, None)
    elif quoi == "sujet":
        d["sujets"] = list(sujets.familles(fil))
    elif quoi == "identite":
        fil.prive = {c: v for c, v in fil.prive.items() if c not in coordonnees.CHAMPS}
        d["reprendre_identite"] = True


# ---- what goes out ----------------------------------------------------------------------------------------------------


def suivre(fil: Fil) -> list[Dire]:
    """The next question, or the booking."""
    d = fil.donnees
    if d.get("confirme"):
        return _confirmer(fil)
    if d.pop("a_changer", False):
        return _que_changer(fil)
    if fil.prive.get("code"):
        sujets.ouvrir_invitation(fil)
    elif d.pop("code_demande", False) and not d.get("sans_code"):
        return sujets.demander_code(fil)
    sujets.deviner(fil)
    manque = sujets.demander(fil) or modalites.demander(fil) or modalites.demander_antenne(fil)
    if manque:
        propositions.refuser_le_jour(fil)
        return manque
    motif = sujets.motif(fil, d["modalite"])
    antenne_id = d.get("antenne") if motif.modalite == "presentiel" else None
    proposes = propositions.suivre(fil, motif, antenne_id, autre=sujets.motif_ou_rien(fil, _AUTRE[motif.modalite]))
    if proposes is not None:
        return proposes
    motif = _suivre_le_creneau(fil)
    exige = motif.modalite == "telephone"
    if d.pop("reprendre_identite", False) or not coordonnees.complete(fil, exige):
        return _demander_identite(fil, motif)
    return _recapituler(fil, motif)


def _suivre_le_creneau(fil: Fil) -> Motif:
    """The slot chosen may be of the other modality or place (« rien à l'antenne ; par téléphone, mardi »): the draft follows it."""
    motif_id, _, antenne_id = lire_id(fil.donnees["creneau"])
    motif = motifs.motif(fil.session, fil.caisse.code, motif_id)
    fil.donnees.update({"modalite": motif.modalite} | ({"antenne": antenne_id} if antenne_id else {}))
    return motif


# ---- who, and the summary ---------------------------------------------------------------------------------------------


def _demander_identite(fil: Fil, motif: Motif) -> list[Dire]:
    _, debut, antenne_id = lire_id(fil.donnees["creneau"])
    quand = en_lettres(debut, propositions.fuseau_de(fil, antenne_id), fil.caisse.fuseau)
    par_telephone = motif.modalite == "telephone"
    question = coordonnees.question(fil, par_telephone)
    return coordonnees.demander(fil, par_telephone, f"Je vous garde cinq minutes le {quand}, {paroles.a_l_antenne(fil, antenne_id)}. {question}")


def _recapituler(fil: Fil, motif: Motif) -> list[Dire]:
    """All that « oui » will confirm. The name and the number in full only when they come straight from the form, which the engine does not see;
    typed in the chat, they can be corrected by a button."""
    d = fil.donnees
    d["operation"] = uuid4().hex
    fil.etape = RECAP
    entier = bool(d.pop("par_formulaire", False))
    sur_place = motif.modalite == "presentiel"
    return [Dire(texte_recap(fil, motif, entier=entier), "recap", [
        paroles.bouton(fil, "Oui, je confirme", oui=d["operation"]), paroles.bouton(fil, "Changer le jour ou l'heure", changer="moment"),
        paroles.bouton(fil, "Changer le lieu", changer="lieu") if sur_place else paroles.bouton(fil, "Venir à l'antenne plutôt", mode="presentiel"),
        paroles.bouton(fil, "Changer le sujet", changer="sujet") if entier else paroles.bouton(fil, "Corriger mes coordonnées", changer="identite"),
        paroles.bouton(fil, "Tout arrêter", stop=True)])]


def texte_recap(fil: Fil, motif: Motif, *, entier: bool) -> str:
    """The summary, line by line."""
    _, debut, antenne_id = lire_id(fil.donnees["creneau"])
    fuseau = propositions.fuseau_de(fil, antenne_id)
    a = paroles.antenne(fil, antenne_id)
    if a is not None:
        ou = paroles.majuscule(paroles.adresse(a))
    else:
        ou = paroles.majuscule(paroles.appel(fil, coordonnees.numero(fil) or "", fil.donnees.get("conseiller"), entier=entier))
    qui = coordonnees.au_nom_de(fil, entier=entier)
    sujet, duree = motif.libelle.split(",")[0], paroles.duree(motif.duree)
    lignes = ["Je récapitule.", f"{paroles.majuscule(en_lettres(debut, fuseau, fil.caisse.fuseau))}" + (f", {qui}." if qui else "."), f"{ou}.",
              f"{sujet} : comptez {duree}.", paroles.a_apporter(motif), paroles.limites(debut, motif, fuseau), "Je réserve ?"]
    return "\n".join(ligne for ligne in lignes if ligne)


def _que_changer(fil: Fil) -> list[Dire]:
    fil.etape = CHANGER
    return [Dire("D'accord, rien n'est réservé. Que voulez-vous changer ?", "question", [
        paroles.bouton(fil, "Le jour ou l'heure", changer="moment"), paroles.bouton(fil, "Le lieu, ou par téléphone", changer="lieu"),
        paroles.bouton(fil, "Le sujet", changer="sujet"), paroles.bouton(fil, "Mes coordonnées", changer="identite"),
        paroles.bouton(fil, "Tout arrêter", stop=True)])]


# ---- the booking ------------------------------------------------------------------------------------------------------


def _confirmer(fil: Fil) -> list[Dire]:
    d = fil.donnees
    operation = d.pop("confirme")
    deja = fil.session.scalar(select(Entretien).where(Entretien.operation_id == operation))
    if deja is not None:
        return _fini(fil, deja)
    if operation != d.get("operation") or not d.get("creneau"):
        if not d.get("creneau"):
            return _plus_en_cours(fil)
        fil.dire("Ce récapitulatif n'est plus le bon : voici le dernier.")
        return suivre(fil)
    motif_id, debut, antenne_id = lire_id(d["creneau"])
    motif = motifs.motif(fil.session, fil.caisse.code, motif_id)
    try:
        confirmation = reservation.confirmer(
            fil.session, operation_id=operation, motif=motif, debut=debut, antenne_id=antenne_id, personne=_personne(fil), auteur=ASSURE_CHAT,
            maintenant=fil.tour.maintenant, conversation_id=fil.tour.conversation_id, action_id=d.get("action"))
    except CreneauPris as e:
        return propositions.perdu(fil, e)
    except DejaUnRdv as e:
        return _deja_un(fil, e)
    except (RdvSimultane, HorsDelai) as e:
        fil.refuser(e)
        propositions.oublier(fil)
        return suivre(fil)
    except (NomManquant, TelephoneManquant, CourrielInvalide) as e:
        fil.refuser(e)
        return _demander_identite(fil, motif)
    return _fini(fil, confirmation.entretien)


def _personne(fil: Fil) -> Any:
    """Who books; tied to her file, and to the campaign that she is in, when five facts agree."""
    if fil.prive.get("assure_id") is None:
        connu = coordonnees.reconnaitre(fil.session, fil.caisse.code, fil.prive)
        if connu is not None:
            fil.prive["assure_id"] = connu.id
            tenu = propositions.creneau_tenu(fil)
            assert tenu is not None
            action = action_pour(fil.session, caisse_code=fil.caisse.code, assure=connu, jour=propositions.local_de(fil, tenu).date())
            fil.donnees["action"] = action.id if action else None
    return coordonnees.personne(fil)


def redire(fil: Fil) -> list[Dire]:
    """The booking once more, with the same code: nothing is done."""
    return _fini(fil, fil.session.get_one(Entretien, fil.donnees["id"]))


def _fini(fil: Fil, entretien: Entretien) -> list[Dire]:
    reprises.fait(fil, "entretien", entretien.id, jeton=True)
    return [paroles.confirme(fil, entretien, "C'est réservé :")]


def _deja_un(fil: Fil, e: DejaUnRdv) -> list[Dire]:
    fil.finir()
    boutons: list[Bouton] = [paroles.vers("deplacer_rdv", "Le déplacer"), paroles.vers("annuler_rdv", "L'annuler")]
    return [Dire(f"{e.message} Il vous faudra son code et votre nom.", "refusal", boutons, donnees={"refus": e.code})]


def _plus_en_cours(fil: Fil) -> list[Dire]:
    fil.finir()
    return [Dire("Cette demande n'est plus en cours : rien n'est réservé par ce bouton.", "answer", [paroles.vers(NOM, "Prendre un rendez-vous")])]

