"""Opening a booking that exists: its code and the beginning of the name, asked once, kept ten minutes (booking.md §5.7).

Nothing of the booking is said before. An unknown code and a wrong name get the same words; the fifth error opens a pause.
"""
import re
from typing import Mapping

from bot.agenda import identification
from bot.agenda.dialogue import coordonnees, paroles
from bot.agenda.dialogue.fil import Fil
from bot.agenda.dialogue.lecture import Lu
from bot.agenda.identification import Acces
from bot.agenda.refus import AccesExpire, EnPause
from bot.contacts.flux import Dire

ETAPE = "code"
_PERDU = re.compile(r"\b(?:perdu\w*|oublie\w*|(?:pas|plus) (?:de|le|mon|ce|du) code|l ai (?:pas|plus)|en ai (?:pas|plus)"
                    r"|(?:re)?trouve (?:pas|plus)|sai[st] (?:pas|plus)|souviens (?:pas|plus)|rappelle (?:pas|plus)|rien recu|pas recu)\b")


def noter(fil: Fil, lu: Lu) -> bool:
    """A code or a name in a message, into the draft's private part."""
    if fil.etape == ETAPE and not lu.code and _PERDU.search(lu.mots):
        fil.donnees["perdu"] = True
        return True
    if lu.code:
        fil.prive["code"] = lu.code
        fil.prive.pop("jeton", None)
    if lu.nom and (lu.code or fil.etape == ETAPE):
        fil.prive["nom_dit"] = lu.nom
    return bool(lu.code or (fil.etape == ETAPE and (lu.nom or lu.masque)))


def recevoir(fil: Fil, valeurs: Mapping[str, str]) -> None:
    """The filled form."""
    fil.prive.update({nom: valeurs[champ] for nom, champ in (("code", "code"), ("nom_dit", "nom")) if valeurs.get(champ)})
    fil.prive.pop("jeton", None)


def ouvrir(fil: Fil) -> "Acces | list[Dire]":
    """The access, or what to say to get it. After the fifth error the act ends, with the caisse's telephone."""
    p = fil.prive
    if p.get("jeton"):
        try:
            return identification.reprendre(fil.session, p["jeton"], fil.tour.maintenant)
        except AccesExpire as e:
            p.pop("jeton")
            fil.refuser(e)
    if p.get("code") and p.get("nom_dit"):
        essai = identification.identifier(fil.session, code=p.pop("code"), nom=p.pop("nom_dit"), visiteurs=fil.visiteurs,
                                          maintenant=fil.tour.maintenant)
        if essai.acces is not None:
            p["jeton"] = essai.acces.jeton
            return essai.acces
        assert essai.refus is not None
        if isinstance(essai.refus, EnPause):
            fil.finir()
            return [Dire(f"{essai.refus.message}\n{fil.joindre()}", "refusal", donnees={"refus": essai.refus.code, "contact": True})]
        fil.refuser(essai.refus)
        fil.donnees["essais"] = fil.donnees.get("essais", 0) + 1
    return _demander(fil)


def _demander(fil: Fil) -> list[Dire]:
    fil.etape = ETAPE
    connu = bool(fil.prive.get("code"))
    texte = "Merci. Donnez-moi aussi votre nom : le code seul n'ouvre rien." if connu else \
        "Pour ouvrir votre rendez-vous, donnez son code et votre nom."
    perdu = "" if fil.donnees.get("essais", 0) < 2 else f" Code perdu ? Votre caisse le retrouve : {fil.caisse.telephone}."
    return [Dire(texte + perdu, "form", [paroles.bouton(fil, "J'ai perdu mon code", perdu=True)], coordonnees.formulaire_code(connu))]


def code_perdu(fil: Fil) -> list[Dire]:
    """Without the code, only a person may look."""
    fil.finir()
    return [Dire(f"Le code est dans le courriel de confirmation. Sans lui, votre caisse retrouve votre rendez-vous par téléphone.\n{fil.joindre()}",
                 "answer", donnees={"contact": True})]


