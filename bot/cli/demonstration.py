"""What the demonstration is made of, in the order it stands on: caisses, people, campaign, agenda. Run again, it changes nothing that people did."""
from datetime import datetime

from sqlalchemy.orm import Session

from bot.agenda.demo import installer_demo_agenda
from bot.campagnes.annee import tout_installer
from bot.contacts.caisses import DEMO, installer_demo
from bot.contacts.comptes_demo import installer_demo_comptes

ANNEE = 2011


def installer(session: Session, maintenant: datetime, origines: tuple[str, ...] = ()) -> None:
    """Everything fictitious, marked so. `origines`: the sites that may carry the chat window."""
    installer_demo(session, origines=origines)
    installer_demo_comptes(session, maintenant)
    tout_installer(session, ANNEE, maintenant, souple=True)
    for caisse in DEMO:
        installer_demo_agenda(session, caisse.code, maintenant)
