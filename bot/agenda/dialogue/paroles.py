"""How the acts say things: buttons, dates, places, durations, summaries and confirmations. No rule and no question here."""
from datetime import timedelta
from typing import Any, Optional
from urllib.parse import quote

from sqlalchemy.orm import Session

from bot.agenda import messages
from bot.agenda.creneaux import Creneau
from bot.agenda.dialogue.fil import Fil
from bot.agenda.etats import fenetre
from bot.agenda.identite import lettres
from bot.agenda.instants import en_lettres, local
from bot.agenda.motifs import documents
from bot.contacts.flux import Bouton, Dire
from bot.contacts.tables import Antenne, Assure, Conseiller, Entretien, Inscription, Motif, Rencontre
from bot.texte.typographie import composer, quantite

# The calendar file of a booking, served by the booking pages: code and first letters of the name, as everywhere.
CHEMIN_ICS = "/rendez-vous/agenda/{code}.ics?nom={lettres}"
DEFAIRE = "Annuler ce que je viens de faire"
_DUREES = {30: "une demi-heure", 45: "trois quarts d'heure", 60: "une heure", 90: "une heure et demie", 120: "deux heures"}


def bouton(fil: Fil, libelle: str, **charge: Any) -> Bouton:
    """A button of this act."""
    return Bouton(composer(libelle), {"flux": fil.nom, **charge})


def vers(flux: str, libelle: str, **charge: Any) -> Bouton:
    """A button that starts another act."""
    return Bouton(composer(libelle), {"flux": flux, **charge})


def defaire(fil: Fil, objet: str, objet_id: int) -> Bouton:
    """The button that takes back what was just done."""
    return Bouton(DEFAIRE, {"flux": fil.nom, "geste": "defaire", "objet": objet, "id": objet_id, "le": fil.tour.maintenant.isoformat()})


def majuscule(texte: str) -> str:
    """The same, for the head of a sentence."""
    return texte[:1].upper() + texte[1:]


def duree(minutes: int) -> str:
    """« une demi-heure », « 75 minutes »."""
    return _DUREES.get(minutes) or quantite(minutes, "minute")


def quand(fil: Fil, creneau: Creneau) -> str:
    """« mardi 20 septembre 2011 à 9 h 00 », with the clock when it is not the caisse's."""
    return en_lettres(creneau.debut, creneau.fuseau, fil.caisse.fuseau)


def antenne(fil: Fil, antenne_id: Optional[int]) -> Optional[Antenne]:
    return next((a for a in fil.antennes if a.id == antenne_id), None)


def a_l_antenne(fil: Fil, antenne_id: Optional[int]) -> str:
    """« à l'antenne de Bayonne », or by telephone when there is none."""
    a = antenne(fil, antenne_id)
    return f"à l'antenne de {a.nom}" if a else "par téléphone"


def adresse(a: Antenne) -> str:
    return f"à l'antenne de {a.nom}, {a.adresse}, {a.code_postal} {a.ville}"


def numero_masque(numero: str) -> str:
    """What may go through the engine of a number: how it ends."""
    return f"qui se termine par {numero[-2:]}"


def numero_entier(numero: str) -> str:
    """« 06 39 98 00 12 »."""
    return " ".join(numero[i:i + 2] for i in range(0, len(numero), 2))


def appel(fil: Fil, numero: str, conseiller_id: Optional[int], *, entier: bool) -> str:
    """Who calls which number, and from which. The whole number only where the engine does not see it."""
    qui = fil.session.get(Conseiller, conseiller_id) if conseiller_id else None
    depuis = (qui.telephone if qui else None) or fil.caisse.telephone
    appele = f"au {numero_entier(numero)}" if entier else f"au numéro {numero_masque(numero)}"
    return f"par téléphone : c'est le conseiller qui vous appelle, {appele}, depuis le {depuis}"


def a_apporter(motif: Motif) -> Optional[str]:
    """The documents, in a line; None when there are none."""
    pieces = documents(motif)
    if not pieces:
        return None
    return ("À apporter : " if motif.modalite == "presentiel" else "À prévoir : ") + " ; ".join(pieces) + "."


def limites(debut: Any, motif: Motif, fuseau: str) -> str:
    """Until when it can be moved, and cancelled."""
    jusqu_au = en_lettres(debut - timedelta(hours=motif.limite_modif_h), fuseau)
    return f"Vous pourrez le déplacer jusqu'au {jusqu_au}, et l'annuler jusqu'à l'heure prévue."


def nom_de(session: Session, sujet: "Entretien | Inscription") -> str:
    """The name a booking is under."""
    assure = session.get(Assure, sujet.assure_id) if sujet.assure_id is not None else None
    return sujet.nom or (assure.nom if assure else "")


def donnees(session: Session, e: Entretien) -> dict[str, Any]:
    """What a program wants of an entretien (contract: `data.code`)."""
    return {"code": e.code, "debut": iso(e.debut, e.fuseau), "fuseau": e.fuseau, "ics": lien_ics(session, e)}


def lien_ics(session: Session, sujet: "Entretien | Inscription") -> str:
    """Where the calendar file of a booking is."""
    return CHEMIN_ICS.format(code=sujet.code, lettres=quote(lettres(nom_de(session, sujet))))


def garder_code(session: Session, sujet: "Entretien | Inscription", objet: str) -> str:
    """The code, and what it is for; with the letters, so that a name taken for a first name is seen."""
    debut = lettres(nom_de(session, sujet)).upper()
    return f"Votre code : {sujet.code}. Gardez-le : avec les trois premières lettres de votre nom ({debut}), il ouvre {objet}."


def confirme(fil: Fil, e: Entretien, debut: str) -> Dire:
    """What is said once an entretien is booked or moved: date, place, code, documents, calendar file, and the way back."""
    lignes = [f"{debut} {messages.quand(fil.session, e)}.", messages.lieu(fil.session, e),
              garder_code(fil.session, e, "votre rendez-vous, pour le revoir, le déplacer ou l'annuler"), a_apporter(e.motif)]
    if e.courriel:
        lignes.append("Vous recevrez aussi une confirmation par courriel.")
    return Dire("\n".join(ligne for ligne in lignes if ligne), "confirmation", [defaire(fil, "entretien", e.id)], donnees=donnees(fil.session, e))


def possibles(fil: Fil, e: Entretien) -> str:
    """What can still be done with an entretien, in a sentence."""
    la = fenetre(e.debut, e.motif.limite_modif_h, fil.tour.maintenant)
    if la == "libre":
        return limites(e.debut, e.motif, e.fuseau).replace("Vous pourrez", "Vous pouvez")
    if la == "annuler":
        return "Il est trop tard pour le déplacer vous-même ; vous pouvez encore l'annuler jusqu'à l'heure prévue."
    return "Il ne peut plus être changé ici."


def places(restantes: Optional[int], en_attente: int) -> str:
    """« il reste 2 places », or the rank one would have."""
    if restantes is None:
        return "il y a de la place"
    if restantes:
        return f"il reste {quantite(restantes, 'place')}"
    return f"complet, vous auriez le rang {en_attente + 1} sur la liste d'attente"


def quand_rencontre(fil: Fil, r: Rencontre) -> str:
    return en_lettres(r.debut, r.fuseau, fil.caisse.fuseau)


def instant(fil: Fil, quand: Any, fuseau: str) -> str:
    """An instant in words, on its place's clock."""
    return en_lettres(quand, fuseau, fil.caisse.fuseau)


def iso(quand: Any, fuseau: str) -> str:
    """An instant for programs, with its offset."""
    return local(quand, fuseau).isoformat()
