"""The acts that a conversation leads: finds the one a turn belongs to, lets its room answer, hands the answer to the front.

No rule of any act here: each is a function of its room (`bot.contacts.flux.Conduite`), listed in CONDUITES by the label of topics.yml.
"""
import asyncio
from typing import Any, Mapping

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from bot.actions import base
from bot.actions.garde import ActionGardee
from bot.agenda import dialogue as rdv
from bot.agenda import dialogue_conseiller
from bot.contacts import flux
from bot.contacts.flux import Conduite, Dire, Suite, Tour
from bot.enquete.dialogue import conduire as conduire_enquete
from bot.knowledge.catalogue import CONTINUER, etiquette

CONDUITES: dict[str, Conduite] = {**rdv.CONDUITES, **dialogue_conseiller.CONDUITES, "repondre_enquete": conduire_enquete}
INCOMPRIS = "nlu_fallback"
# What a counsellor's sentence asks when an insured person says it.
JUMEAUX = {"voir_agenda": "consulter_rdv", "signaler_absence": "annuler_rdv", "ouvrir_creneaux": "prendre_rdv"}


def conduire(metadonnees: Mapping[str, Any], texte: str, intention: str) -> dict[str, Any]:
    """One turn of an act, in one transaction. Gives what the front needs: {"flux", "pris", "dits"}."""
    with base.sessions()() as s:
        brouillon = flux.lire(s, metadonnees["conversation"])
        comprise = metadonnees.get("comprehension") or {"intention": intention, "confiance": 1.0}
        label = None if comprise["intention"] in (INCOMPRIS, CONTINUER) else etiquette(comprise["intention"])
        tour = Tour(metadonnees["conversation"], metadonnees["caisse"], base.horloge().maintenant(), texte or None, label,
                    comprise["confiance"], metadonnees.get("charge") or {}, metadonnees.get("profil") or {}, metadonnees.get("acteur"))
        nom = brouillon.flux if brouillon else _acte(intention, tour)
        suite = CONDUITES[nom](s, tour, brouillon) if nom in CONDUITES else Suite([], pris=False)
        return {"flux": nom, "pris": suite.pris, "dits": [_ecrire(d) for d in suite.dits]}


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

    async def agir(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[dict[str, Any]]:
        """Reads what the front wrote in the metadata of the message; utters one custom message."""
        dernier = tracker.latest_message
        suite = await asyncio.to_thread(conduire, dernier.get("metadata") or {}, dernier.get("text") or "", dernier["intent"]["name"])
        dispatcher.utter_message(json_message=suite)
        return []
