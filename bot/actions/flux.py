"""The acts that a conversation leads: finds the one a turn belongs to, lets its room answer, hands the answer to the front.

No rule of any act here: each is a function of its room (`bot.contacts.flux.Conduite`), listed in CONDUITES by the label of topics.yml.
"""
import asyncio
import re
from typing import Any, Mapping

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher
from sqlalchemy.orm import Session

from bot.actions import base
from bot.actions.garde import ActionGardee
from bot.agenda import dialogue as rdv
from bot.agenda import dialogue_conseiller
from bot.agenda.transactions import en_transaction
from bot.contacts import flux
from bot.contacts.arrets import RENDEZ_VOUS
from bot.contacts.flux import Conduite, Dire, Suite, Tour
from bot.enquete.dialogue import conduire as conduire_enquete
from bot.knowledge.catalogue import CONTINUER, etiquette
from bot.texte.normalisation import cle

CONDUITES: dict[str, Conduite] = {**rdv.CONDUITES, **dialogue_conseiller.CONDUITES, "repondre_enquete": conduire_enquete}
INCOMPRIS = "nlu_fallback"
# Acts that take a place in somebody's agenda: stopped with the bookings (`conseil arret poser rendez-vous`).
RESERVENT = ("prendre_rdv", "deplacer_rdv", "inscrire_rencontre")
# What a counsellor's sentence asks when an insured person says it.
_ORDRE = re.compile(r"\b(?:ouvr\w+|ferm\w+|creneaux|resume|pas venue?|pas presente?e?|ma journee)\b")
POUR_VOUS = "Gérer l'agenda est réservé aux conseillers, depuis leur espace. Pour votre propre rendez-vous, je m'en occupe ici."
JUMEAUX = {"voir_agenda": "consulter_rdv", "signaler_absence": "annuler_rdv", "ouvrir_creneaux": "prendre_rdv"}


def conduire(metadonnees: Mapping[str, Any], texte: str, intention: str) -> dict[str, Any]:
    """One turn of an act, in one transaction. Gives what the front needs: {"flux", "pris", "dits"}."""
    def travail(s: Session) -> dict[str, Any]:
        brouillon = flux.lire(s, metadonnees["conversation"])
        comprise = metadonnees.get("comprehension") or {"intention": intention, "confiance": 1.0}
        label = None if comprise["intention"] in (INCOMPRIS, CONTINUER) else etiquette(comprise["intention"])
        tour = Tour(metadonnees["conversation"], metadonnees["caisse"], base.horloge().maintenant(), texte or None, label,
                    comprise["confiance"], metadonnees.get("charge") or {}, metadonnees.get("profil") or {}, metadonnees.get("acteur"),
                    flux.vu(brouillon))
        nom = brouillon.flux if brouillon else _acte(intention, tour)
        arrete = base.arrets().etat().phrase(RENDEZ_VOUS) if nom in RESERVENT and tour.acteur is None else None
        if arrete:
            return {"flux": nom, "pris": brouillon is None, "dits": [_ecrire(Dire(arrete, donnees={"contact": True}))]}
        suite = CONDUITES[nom](s, tour, brouillon) if nom in CONDUITES else Suite([], pris=False)
        _prevenir(suite, intention, tour, brouillon is None)
        return {"flux": suite.flux or nom, "pris": suite.pris, "dits": [_ecrire(d) for d in suite.dits]}
    return en_transaction(base.sessions(), travail)  # PostgreSQL may ask for the whole turn again


def _prevenir(suite: Suite, intention: str, tour: Tour, neuf: bool) -> None:
    """A counsellor's order typed by an insured person: said politely, before her own appointment."""
    if neuf and tour.acteur is None and intention in JUMEAUX and _ORDRE.search(cle(tour.texte or "")):
        suite.dits = [Dire(POUR_VOUS, "answer"), *suite.dits]


def _acte(intention: str, tour: Tour) -> str:
    """The act a turn opens: the one its button names, else the one understood. « Mon prochain rendez-vous » is a counsellor's sentence too:
    from anyone else it is her own appointment that is meant."""
    nom = str(tour.charge.get("flux") or "") if intention == CONTINUER else intention
    return nom if tour.acteur is not None else JUMEAUX.get(nom, nom)


def _ecrire(dit: Dire) -> dict[str, Any]:
    return {"texte": dit.texte, "genre": dit.genre, "boutons": [{"libelle": b.libelle, "charge": dict(b.charge)} for b in dit.boutons],
            "formulaire": dit.formulaire, "donnees": dit.donnees}


class ActionFlux(ActionGardee):
    nom = "action_flux"
    excuse = "Je n'arrive pas à poursuivre cette démarche ; rien n'a été enregistré. Votre caisse peut la faire avec vous par téléphone."
    tardive = ("Cette démarche prend plus de temps que prévu, et je ne sais pas encore si elle est allée au bout. Redites-le-moi dans une minute : "
               "rien ne sera fait deux fois.")

    async def agir(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[dict[str, Any]]:
        """Reads what the front wrote in the metadata of the message; utters one custom message."""
        dernier = tracker.latest_message
        suite = await asyncio.to_thread(conduire, dernier.get("metadata") or {}, dernier.get("text") or "", dernier["intent"]["name"])
        dispatcher.utter_message(json_message=suite)
        return []
