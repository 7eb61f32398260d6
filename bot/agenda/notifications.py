"""The outbox of the agenda: which messages an entretien or an inscription calls for, when, and their sending. What they say: `messages`.

A row says that a message is due; everything else is read again when it leaves. Each message leaves in its own transactions: claimed, sent with
no transaction open (SQLite's writer lock must not wait for a mail server), marked. A crash in between sends it again under the same Message-ID.
"""
import smtplib
import socket
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any, Mapping, Optional, Protocol, Union

import structlog
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from bot.agenda import messages
from bot.agenda.etats import ANNULES, REPRISE
from bot.agenda.instants import jour_local, local, vers_utc
from bot.agenda.messages import Message
from bot.contacts import courriel
from bot.contacts.base import Sessions
from bot.contacts.tables import Assure, Entretien, Inscription, Notification, Rencontre
from bot.reglages import Reglages

BAIL = timedelta(minutes=5)
ESSAIS_MAX = 4  # the first try and three more
PAUSES = (timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1))
AVANT_RAPPEL = timedelta(hours=1)
J_MOINS_2, VEILLE = (2, time(10)), (1, time(17))
PAR_TOURNEE = 200
# The server itself does not answer: nothing was said against the message, so this is not one of its tries, however long it lasts.
INJOIGNABLE = (ConnectionError, TimeoutError, socket.gaierror, smtplib.SMTPConnectError, smtplib.SMTPServerDisconnected)
Sujet = Union[Entretien, Inscription]
journal = structlog.get_logger("agenda")


class Expediteur(Protocol):
    """Takes a message over to people. Raises OSError (smtplib's errors are) when it was not taken."""

    def envoyer(self, message: Message) -> None: ...


@dataclass(frozen=True)
class ExpediteurCourriel:
    """By the mail server of the settings (CONSEIL_SMTP_*)."""

    reglages: Reglages
    maintenant: datetime

    def envoyer(self, message: Message) -> None:
        with courriel.serveur(self.reglages) as serveur:
            serveur.envoyer(courriel.message(serveur.expediteur, message.destinataire, message.objet, message.texte, message_id=message.message_id,
                                             date=self.maintenant, agenda=message.agenda))


@dataclass(frozen=True)
class ExpediteurFichier:
    """Into a folder, one file a message: the default of the demonstration, and the interface that an SMS or a post service will take."""

    dossier: Path

    def envoyer(self, message: Message) -> None:
        self.dossier.mkdir(parents=True, exist_ok=True)
        nom = message.message_id.strip("<>").replace("/", "_")
        (self.dossier / f"{nom}.txt").write_text(f"À : {message.destinataire}\nObjet : {message.objet}\n\n{message.texte}", encoding="utf-8")


# ---- what is due ------------------------------------------------------------------------------------------------------


def rappel_le(debut: datetime, fuseau: str, maintenant: datetime) -> Optional[datetime]:
    """When the reminder leaves: two days before at 10:00 on the local clock; too late for that, the eve at 17:00; too late again, never."""
    for jours, heure in (J_MOINS_2, VEILLE):
        quand = vers_utc(jour_local(debut, fuseau) - timedelta(days=jours), heure, fuseau)
        if quand > maintenant:
            return quand
    return None


def hors_nuit(quand: datetime, fuseau: str) -> datetime:
    """The same instant, or 3:00 when it falls between 2:00 and 2:59 local: that hour exists twice, or not at all, when the clocks change."""
    la = local(quand, fuseau)
    while la.hour == 2:
        quand += timedelta(minutes=60 - la.minute, seconds=-la.second, microseconds=-la.microsecond)
        la = local(quand, fuseau)
    return quand


def adresses(session: Session, sujet: Sujet) -> dict[str, str]:
    """How a person is written to, by channel: the address typed for this booking, else the known one; an SMS only when there is no e-mail."""
    assure = session.get(Assure, sujet.assure_id) if sujet.assure_id is not None else None
    mail = sujet.courriel or (assure.courriel if assure else None)
    if mail:
        return {"courriel": mail}
    mobile = sujet.telephone or (assure.telephone if assure else None) or ""
    return {"sms": mobile} if mobile.startswith(("06", "07")) else {}


def prevoir(session: Session, entretien: Entretien, type: str, maintenant: datetime) -> None:
    """Put the messages that a change of an entretien calls for in the outbox, with its reminder. Nothing for what is past."""
    if entretien.debut <= maintenant:
        return
    attente = timedelta(0) if type == "confirmation" else REPRISE  # a change may be taken back for two minutes
    dus = {type: maintenant + attente}
    rappel = rappel_le(entretien.debut, entretien.fuseau, maintenant) if entretien.statut == "pose" else None
    if rappel is not None:
        dus["rappel"] = rappel
    for canal in adresses(session, entretien):
        for genre, quand in dus.items():
            ajouter(session, "entretien", entretien.id, genre, entretien.version, canal, hors_nuit(quand, entretien.fuseau))


def prevoir_inscription(session: Session, inscription: Inscription, rencontre: Rencontre, type: str, maintenant: datetime) -> None:
    """The same for an inscription: confirmation with its reminder, place in the list, seat freed, meeting cancelled."""
    if rencontre.debut <= maintenant:
        return
    dus = {type: maintenant}
    rappel = rappel_le(rencontre.debut, rencontre.fuseau, maintenant) if type == "confirmation" else None
    if rappel is not None:
        dus["rappel"] = rappel
    for canal in adresses(session, inscription):
        for genre, quand in dus.items():
            ajouter(session, "inscription", inscription.id, genre, inscription.version, canal, hors_nuit(quand, rencontre.fuseau))


def ajouter(session: Session, sujet: str, sujet_id: int, type: str, version: int, canal: str, du_le: datetime,
            charge: Optional[dict[str, Any]] = None) -> None:
    """One row of the outbox; the same row again changes nothing."""
    deja = session.scalar(select(Notification.id).where(
        Notification.sujet == sujet, Notification.sujet_id == sujet_id, Notification.type == type, Notification.version == version,
        Notification.canal == canal))
    if deja is None:
        session.add(Notification(sujet=sujet, sujet_id=sujet_id, type=type, version=version, canal=canal, du_le=du_le, essais=0, charge=charge))


# ---- sending ----------------------------------------------------------------------------------------------------------


def envoyer_dues(sessions: Sessions, expediteurs: Mapping[str, Expediteur], maintenant: datetime, site: str) -> dict[str, int]:
    """Send what is due now; how many ended in each way (« envoyee », « perimee », « sans_adresse », « abandonnee », « a_reprendre »,
    « injoignable »: its server is down, and the next messages of that channel wait with it).

    `site`: public address, for the links. A failure is logged, tried again three times, and never stops the next message.
    """
    comptes: dict[str, int] = {}
    with sessions.lecture() as s:
        ids = s.execute(select(Notification.id, Notification.canal).where(*_due(maintenant))
                        .order_by(Notification.du_le, Notification.id).limit(PAR_TOURNEE)).all()
    muets: set[str] = set()  # channels whose server does not answer: one message has found out for all
    for identifiant, canal in ids:
        fin = _envoyer(sessions, identifiant, expediteurs, maintenant, site) if canal not in muets else None
        if fin == "injoignable":
            muets.add(canal)
        if fin is not None:
            comptes[fin] = comptes.get(fin, 0) + 1
    return comptes


def _due(maintenant: datetime) -> tuple[Any, ...]:
    return (Notification.resultat.is_(None), Notification.du_le <= maintenant,
            or_(Notification.pris_le.is_(None), Notification.pris_le <= maintenant - BAIL))


def _envoyer(sessions: Sessions, identifiant: int, expediteurs: Mapping[str, Expediteur], maintenant: datetime, site: str) -> Optional[str]:
    with sessions() as s:
        ligne = s.scalar(select(Notification).where(Notification.id == identifiant, *_due(maintenant)).with_for_update(skip_locked=True))
        if ligne is None:
            return None  # another worker has it, or it is done
        verdict = _verdict(s, ligne, maintenant)
        expediteur = expediteurs.get(ligne.canal)
        if verdict is None and expediteur is None:
            verdict = "abandonnee"
        if verdict == "attendre":
            return None
        if verdict is not None:
            ligne.resultat = verdict
            return verdict
        message = messages.composer(s, ligne, adresses(s, _sujet(s, ligne))[ligne.canal], site)
        ligne.pris_le, ligne.essais = maintenant, ligne.essais + 1
        essais = ligne.essais
    assert expediteur is not None
    try:
        expediteur.envoyer(message)
    except INJOIGNABLE as e:
        journal.warning("serveur_injoignable", notification=identifiant, genre=type(e).__name__)
        return _marquer(sessions, identifiant, None, maintenant, essais, injoignable=True)
    except Exception as e:  # whatever a mail server or an adapter does, the next message leaves
        journal.warning("message_non_parti", notification=identifiant, essai=essais, genre=type(e).__name__)
        return _marquer(sessions, identifiant, None, maintenant, essais)
    return _marquer(sessions, identifiant, "envoyee", maintenant, essais)


def _marquer(sessions: Sessions, identifiant: int, resultat: Optional[str], maintenant: datetime, essais: int, injoignable: bool = False) -> str:
    with sessions() as s:
        ligne = s.get_one(Notification, identifiant, with_for_update=True)
        if injoignable:
            ligne.pris_le, ligne.essais, ligne.du_le = None, essais - 1, maintenant + PAUSES[0]
            return "injoignable"
        if resultat is None and essais >= ESSAIS_MAX:
            resultat = "abandonnee"
        ligne.resultat, ligne.pris_le = resultat, None
        if resultat == "envoyee":
            ligne.envoyee_le = maintenant
        elif resultat is None:
            ligne.du_le = maintenant + PAUSES[min(essais, len(PAUSES)) - 1]
        return resultat or "a_reprendre"


def _sujet(session: Session, ligne: Notification) -> Any:
    return session.get(Entretien if ligne.sujet == "entretien" else Inscription, ligne.sujet_id)


def _verdict(session: Session, ligne: Notification, maintenant: datetime) -> Optional[str]:
    """None when the message may leave now; « attendre » in the small hour of the night; otherwise how it ends without leaving."""
    sujet = _sujet(session, ligne)
    # offers of an earlier slot are numbered; the version they were made for travels with them
    attendue = (ligne.charge or {}).get("version", ligne.version)
    if sujet is None or sujet.version != attendue:
        return "perimee"
    quand, fuseau, statut = ((sujet.debut, sujet.fuseau, sujet.statut) if ligne.sujet == "entretien" else _de_la_rencontre(session, sujet))
    if quand <= maintenant + (AVANT_RAPPEL if ligne.type == "rappel" else timedelta(0)):
        return "perimee"
    if statut not in _ATTENDUS[ligne.sujet, ligne.type]:
        return "perimee"
    if local(maintenant, fuseau).hour == 2:
        return "attendre"
    return None if ligne.canal in adresses(session, sujet) else "sans_adresse"


def _de_la_rencontre(session: Session, inscription: Inscription) -> tuple[datetime, str, str]:
    rencontre = session.get_one(Rencontre, inscription.rencontre_id)
    return rencontre.debut, rencontre.fuseau, inscription.statut


_POSE = frozenset({"pose"})
# In which state of its subject a message still makes sense.
_ATTENDUS = {
    ("entretien", "confirmation"): _POSE, ("entretien", "modification"): _POSE, ("entretien", "rappel"): _POSE, ("entretien", "plus_tot"): _POSE,
    ("entretien", "annulation"): ANNULES,
    ("inscription", "confirmation"): frozenset({"inscrit"}), ("inscription", "rappel"): frozenset({"inscrit"}),
    ("inscription", "attente"): frozenset({"attente"}), ("inscription", "place_liberee"): frozenset({"offre"}),
    ("inscription", "annulation_rencontre"): frozenset({"annule"}),
}
