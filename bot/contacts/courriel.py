"""Hands an e-mail to the mail server. Text only, one recipient, a message id that stays the same when a message must be handed over again."""
import smtplib
import ssl
from contextlib import contextmanager
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Iterator, Optional

from bot.contacts.refus import Refus
from bot.reglages import Reglages

DELAI = 20.0


class SansServeurCourriel(Refus):
    code, statut = "SANS_SERVEUR_COURRIEL", 409
    message = "Aucun serveur de courriel n'est réglé : donnez CONSEIL_SMTP_HOTE et CONSEIL_SMTP_EXPEDITEUR (docs/reglages.md)."


def message(expediteur: str, destinataire: str, objet: str, texte: str, *, message_id: str, date: datetime,
            agenda: Optional[bytes] = None) -> EmailMessage:
    """A message ready to leave; `agenda`: an iCalendar file to attach."""
    m = EmailMessage()
    m["From"], m["To"], m["Subject"], m["Message-ID"], m["Date"] = expediteur, destinataire, objet, message_id, format_datetime(date)
    m["Auto-Submitted"], m["Content-Language"] = "auto-generated", "fr"
    m.set_content(texte)
    if agenda is not None:
        m.add_attachment(agenda, maintype="text", subtype="calendar", filename="rendez-vous.ics")
    return m


class Serveur:
    """One connection to the mail server; `envoyer` raises OSError or smtplib.SMTPException when a message was not taken."""

    def __init__(self, connexion: smtplib.SMTP, expediteur: str):
        self._connexion, self.expediteur = connexion, expediteur

    def envoyer(self, m: EmailMessage) -> None:
        self._connexion.send_message(m)


@contextmanager
def serveur(reglages: Reglages) -> Iterator[Serveur]:
    """A connection for a batch. Raises SansServeurCourriel when none is set, OSError or SMTPException when it does not answer."""
    if not reglages.smtp_hote or not reglages.smtp_expediteur:
        raise SansServeurCourriel
    with smtplib.SMTP(reglages.smtp_hote, reglages.smtp_port, timeout=DELAI) as connexion:
        if reglages.smtp_tls:
            connexion.starttls(context=ssl.create_default_context())
        if reglages.smtp_utilisateur:
            secret = reglages.smtp_mot_de_passe.get_secret_value() if reglages.smtp_mot_de_passe else ""
            connexion.login(reglages.smtp_utilisateur, secret)
        yield Serveur(connexion, reglages.smtp_expediteur)
