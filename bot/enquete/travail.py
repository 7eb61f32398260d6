"""What the worker does for the survey, every minute: freeze and draw the week, invite, remind, close, destroy the links. Each step may run twice."""
import smtplib

import structlog
from sqlalchemy import select

from bot.contacts import courriel
from bot.contacts.base import Sessions
from bot.contacts.cle import cle_installation
from bot.contacts.tables import Vague
from bot.enquete import cadre, invitations, vagues
from bot.horloge import Horloge
from bot.reglages import Reglages

journal = structlog.get_logger("enquete")


def passer(sessions: Sessions, horloge: Horloge, reglages: Reglages) -> int:
    """One round. Gives how many things were done: weeks drawn, e-mails sent, weeks closed, links destroyed."""
    maintenant, faits = horloge.maintenant(), 0
    cle = cle_installation(reglages)
    with sessions.lecture() as s:
        ouvertes = s.scalars(select(Vague.id).where(Vague.etat == "ouverte")).all()
    for numero in ouvertes:
        with sessions() as s:
            vague = s.get_one(Vague, numero)
            faits += vague.etat == "ouverte" and cadre.tirer(s, vague, maintenant, cle) is not None
    faits += _courriels(sessions, horloge, reglages, cle)
    with sessions() as s:
        faits += invitations.reprendre_coupes(s, maintenant) + vagues.clore_releves(s, maintenant) + vagues.detruire_liens(s, maintenant)
    return faits


def _courriels(sessions: Sessions, horloge: Horloge, reglages: Reglages, cle: bytes) -> int:
    """E-mails and reminders due. Without a mail server they wait; a server that stops answering is for the next minute."""
    if not reglages.smtp_hote or not reglages.smtp_expediteur:
        return 0
    maintenant, adresse = horloge.maintenant(), reglages.adresse_publique
    with sessions.lecture() as s:
        if not any(invitations.dus(s, "courriel", maintenant, relance=r) for r in (False, True)):
            return 0
    faits = 0
    try:
        with courriel.serveur(reglages) as serveur:
            for relance in (False, True):
                envois = invitations.envoyer(sessions, serveur, cle, adresse, maintenant, relance=relance)
                faits += envois.partis
                if envois.panne:
                    journal.warning("courriel_injoignable", genre=envois.panne)
                    break
    except (OSError, smtplib.SMTPException) as e:
        journal.warning("courriel_injoignable", genre=type(e).__name__)
    return faits
