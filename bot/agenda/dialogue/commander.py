"""commander_guide: which guide, then where to send it. Free, one at a time; the caisse sends it."""
from typing import Any, Mapping
from uuid import uuid4

from bot.agenda.dialogue import coordonnees, guides, paroles
from bot.agenda.dialogue import defaire as reprises
from bot.agenda.dialogue.fil import Fil
from bot.agenda.dialogue.lecture import Lu
from bot.agenda.dialogue.lexique import lexique, reconnus
from bot.contacts.flux import Dire

NOM = "commander_guide"
RAPPEL = "Revenons à votre commande."
ARRET = "C'est arrêté : aucun guide n'est commandé, et rien de votre demande n'est gardé."
GUIDE, ADRESSE = "guide", coordonnees.ADRESSE_ETAPE


def noter(fil: Fil, lu: Lu) -> bool:
    """Which guide; several named, or none: asked."""
    if fil.etape == ADRESSE and lu.masque:
        return True
    nommes = reconnus("guides", lu.mots)
    if not nommes or (fil.donnees.get("guide") and lu.question):
        return False
    precis = [g for g in nommes if g != "annuel"] or list(nommes)
    if len(precis) > 1:
        fil.donnees.update(parmi=precis, guide=None)
    else:
        fil.donnees["guide"] = precis[0]
    return True


def encore(lu: Lu) -> bool:
    """« Et celui sur la retraite aussi », just after an order."""
    return bool(reconnus("guides", lu.mots)) and lu.court and not lu.question


def appuyer(fil: Fil, charge: Mapping[str, Any]) -> bool:
    if charge.get("guide"):
        fil.donnees["guide"] = charge["guide"]
        return True
    if charge.get("tous"):
        fil.donnees.update(parmi=None, guide=None, tous=True)
        return True
    return False


def suivre(fil: Fil) -> list[Dire]:
    """Which, then where."""
    d = fil.donnees
    tous: dict[str, Any] = lexique()["guides"]
    if d.get("guide") not in tous:
        debut = "" if fil.etape == GUIDE else "Volontiers, ils sont gratuits. "
        fil.etape = GUIDE
        offerts = d.get("parmi") or (list(tous) if d.get("tous") else list(tous)[:5])
        boutons = [paroles.bouton(fil, tous[g]["titre"], guide=g) for g in offerts]
        if len(offerts) < len(tous):
            boutons.append(paroles.bouton(fil, "Voir les autres", tous=True))
        return [Dire(f"{debut}Lequel voulez-vous ?", "question", boutons)]
    fil.etape = ADRESSE
    d.setdefault("operation", uuid4().hex)
    tapee = {c: v for c, v in fil.prive.items() if c in guides.CHAMPS}
    if all(tapee.get(c) for c in ("nom", "prenom", "adresse", "code_postal", "ville")):
        return commander(fil, tapee)
    return [Dire(f"À quelle adresse vous envoyer « {tous[d['guide']]['titre']} » ? Pour plusieurs exemplaires, appelez votre caisse.", "form",
                 [paroles.bouton(fil, "Un autre guide", tous=True)], coordonnees.formulaire_adresse())]


def commander(fil: Fil, adresse: Mapping[str, str]) -> list[Dire]:
    """The filled form is the order."""
    d = fil.donnees
    titre = lexique()["guides"][d["guide"]]["titre"]
    demande = guides.demander(fil.session, fil.caisse.code, d["guide"], adresse, d["operation"], fil.tour.maintenant)
    reprises.fait(fil, "guide", demande.id)
    texte = f"C'est commandé : votre caisse vous envoie « {titre} » par la poste. C'est gratuit, et votre adresse ne sert qu'à cet envoi."
    return [Dire(texte, "confirmation", [paroles.defaire(fil, "guide", demande.id)], donnees={"guide": demande.guide})]
