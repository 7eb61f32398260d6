"""How to reach the caisse: the way out when a person wants a person."""
import asyncio
from typing import Any, Optional

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from bot.actions import base
from bot.actions.garde import ActionGardee
from bot.contacts.caisses import CaisseInconnue, caisse_ouverte, contact
from bot.contacts.tables import Caisse
from bot.reglages import Reglages
from bot.texte.typographie import composer


def lire_caisse(code: Optional[str]) -> Caisse:
    """The caisse of a code, else the one this installation serves. Raises CaisseInconnue when there is neither."""
    habituelle = Reglages().caisse
    with base.sessions().lecture() as s:
        try:
            return caisse_ouverte(s, code or habituelle)
        except CaisseInconnue:
            return caisse_ouverte(s, habituelle)


class ActionCoordonnees(ActionGardee):
    nom = "action_coordonnees"
    excuse = "Un conseiller peut vous répondre par téléphone, mais je n'arrive pas à lire le numéro de votre caisse. Il figure sur vos courriers."

    async def agir(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[dict[str, Any]]:
        """Reads the caisse's code in the metadata of the message, which the front wrote."""
        code = (tracker.latest_message.get("metadata") or {}).get("caisse")
        trouvee = await asyncio.to_thread(lire_caisse, code)
        texte = ("Un conseiller peut vous répondre par téléphone ou vous recevoir. "
                 f"{trouvee.nom} : {trouvee.telephone}, {trouvee.horaires}.")
        dispatcher.utter_message(text=composer(texte), json_message={"flux": "parler_conseiller", "contact": contact(trouvee)})
        return []
