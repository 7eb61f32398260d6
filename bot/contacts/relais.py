"""The hand-over of a conversation to a person: opening hours, the queue and its estimate, taking over, silence, giving back, call-backs.
What is said around it belongs to the site (bot.site.relais); nothing said is kept here: messages stay in the conversation."""
import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from math import ceil
from typing import Any, Optional, Sequence
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bot.contacts.conversations import DUREE_MAX, INACTIVITE, empreinte
from bot.contacts.historique import noter
from bot.contacts.isolement import Introuvable
from bot.contacts.refus import Refus
from bot.contacts.tables import Caisse, Conversation, Echange, Presence, Rappel, Relais
from bot.texte import sante
from bot.texte.masquage import masquer
from bot.texte.normalisation import nettoyer, sans_accents

# A counsellor's page gives a sign every 20 seconds; without one for this long its browser is dead and the person waits again, in her place.
SILENCE = timedelta(minutes=3)
# How long « je suis disponible » is worth without another sign.
PRESENCE = timedelta(minutes=5)
# Conversations the estimate rests on; below the least number it is not given.
PASSEES, PASSEES_MIN = 20, 3
GARDE_RAPPEL = timedelta(days=30)
OUVERTS = ("attente", "en_cours")
LONGUEUR_MAX = 2_000


class DejaPrise(Refus):
    code, statut = "CONVERSATION_DEJA_PRISE", 409
    message = "Un collègue vient de prendre cette conversation, ou la personne est revenue à l'assistant. La file est à jour."


class PlusAVous(Refus):
    code, statut = "CONVERSATION_PLUS_A_VOUS", 409
    message = "Cette conversation n'est plus entre vos mains : votre message n'est pas parti. Copiez-le s'il peut servir, puis revenez à la file."


class MessageHorsTaille(Refus):
    code, statut = "MESSAGE_HORS_TAILLE", 422
    message = f"Écrivez un message de 1 à {LONGUEUR_MAX} caractères, puis envoyez-le."


class RappelDejaTraite(Refus):
    code, statut = "RAPPEL_DEJA_TRAITE", 409
    message = "Un collègue s'est déjà occupé de ce rappel. La liste est à jour."


# -- opening hours ----------------------------------------------------------------------------------------------------------------------------

_JOURS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_UN_JOUR = "|".join(_JOURS)
_SUITE = re.compile(rf"\b({_UN_JOUR})s?\s+(?:au|a)\s+({_UN_JOUR})\b")
_HEURE = re.compile(r"\b(\d{1,2})\s*(?:h|:)\s*(\d{2})?(?!\d)")


@dataclass(frozen=True)
class Horaires:
    """When a caisse answers: days (Monday = 0) and ranges of local time, the end not included."""

    jours: frozenset[int]
    plages: tuple[tuple[time, time], ...]

    def ouvert(self, local: datetime) -> bool:
        return local.weekday() in self.jours and any(du <= local.time() < au for du, au in self.plages)


def lire_horaires(texte: str) -> Optional[Horaires]:
    """Opening hours from the caisse's own sentence; None when it cannot be read, and then nothing is promised.

    >>> lire_horaires("du lundi au vendredi, de 9 h à 12 h et de 13 h 30 à 16 h 30").plages[1]
    (datetime.time(13, 30), datetime.time(16, 30))
    """
    propre = sans_accents(nettoyer(texte)).lower()
    jours = {_JOURS.index(j) for j in re.findall(rf"\b({_UN_JOUR})", propre)}
    for du, au in _SUITE.findall(propre):
        jours |= set(range(_JOURS.index(du), _JOURS.index(au) + 1))
    try:
        heures = [time(int(h), int(m or 0)) for h, m in _HEURE.findall(propre)]
    except ValueError:
        return None
    plages = tuple(zip(heures[::2], heures[1::2], strict=False))
    if not jours or not plages or len(heures) % 2 or any(au <= du for du, au in plages):
        return None
    return Horaires(frozenset(jours), plages)


def ouverte(caisse: Caisse, maintenant: datetime, ferie: bool = False) -> bool:
    """Whether the caisse answers at this instant, on its own clock."""
    horaires = lire_horaires(caisse.horaires)
    return not ferie and horaires is not None and horaires.ouvert(maintenant.astimezone(ZoneInfo(caisse.fuseau)))


# -- who is there -----------------------------------------------------------------------------------------------------------------------------


def signaler(session: Session, conseiller_id: int, caisse_code: str, maintenant: datetime) -> None:
    """A counsellor says she is there to answer; worth PRESENCE."""
    session.merge(Presence(conseiller_id=conseiller_id, caisse_code=caisse_code, vu_le=maintenant))


def s_absenter(session: Session, conseiller_id: int) -> None:
    presence = session.get(Presence, conseiller_id)
    if presence is not None:
        session.delete(presence)


def presents(session: Session, caisse_code: str, maintenant: datetime) -> list[int]:
    """Who is there to answer, as numbers of conseiller: those who said so, and those who are answering."""
    dits = session.scalars(select(Presence.conseiller_id).where(Presence.caisse_code == caisse_code, Presence.vu_le > maintenant - PRESENCE))
    occupes = session.scalars(select(Relais.conseiller_id).where(Relais.caisse_code == caisse_code, Relais.etat == "en_cours",
                                                                 Relais.signe_le > maintenant - SILENCE))
    return sorted({*dits, *(c for c in occupes if c is not None)})


# -- the queue --------------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Attente:
    """Where someone stands. `minutes`: an estimate rounded up to five, None when nothing honest can be said; `presents`: people answering."""

    place: int
    presents: int
    minutes: Optional[int]


def en_cours(session: Session, conversation_id: str) -> Optional[Relais]:
    """The open hand-over of a conversation: waiting, or in a counsellor's hands."""
    return session.scalar(select(Relais).where(Relais.conversation_id == conversation_id, Relais.etat.in_(OUVERTS)))


def demander(session: Session, conversation: Conversation, maintenant: datetime) -> "tuple[Relais, Attente]":
    """Put a conversation in the queue; asked again, the same place."""
    relais = en_cours(session, conversation.id)
    if relais is None:
        relais = Relais(conversation_id=conversation.id, caisse_code=conversation.caisse_code, etat="attente", demande_le=maintenant, place_dite=0,
                        coupures=0)
        session.add(relais)
        session.flush()
        _noter(session, relais, "demander", "assure", maintenant)
    if relais.etat == "attente":
        conversation.mode = "waiting"
    situation = attente(session, relais, maintenant)
    relais.place_dite = situation.place
    return relais, situation


def attente(session: Session, relais: Relais, maintenant: datetime) -> Attente:
    """Place and estimate, from how long the last conversations took and how many people answer now."""
    devant = session.scalar(select(func.count()).select_from(Relais).where(
        Relais.caisse_code == relais.caisse_code, Relais.etat == "attente", Relais.conversation_id.is_not(None),
        (Relais.demande_le < relais.demande_le) | ((Relais.demande_le == relais.demande_le) & (Relais.id < relais.id)))) or 0
    la = len(presents(session, relais.caisse_code, maintenant))
    return Attente(devant + 1, la, _estimer(session, relais.caisse_code, devant, la))


def _estimer(session: Session, caisse_code: str, devant: int, la: int) -> Optional[int]:
    """Minutes, up to five: the people ahead and the conversations under way, shared among those who answer; five when someone is free."""
    durees = session.execute(select(Relais.pris_le, Relais.fini_le).where(
        Relais.caisse_code == caisse_code, Relais.etat.in_(("rendu", "repris")), Relais.pris_le.is_not(None)).order_by(Relais.id.desc())
        .limit(PASSEES)).all()
    occupes = session.scalar(select(func.count()).select_from(Relais).where(Relais.caisse_code == caisse_code, Relais.etat == "en_cours")) or 0
    if not la:
        return None
    if devant + occupes < la:
        return 5
    if len(durees) < PASSEES_MIN:
        return None
    moyenne = sum((fini - pris).total_seconds() for pris, fini in durees if pris and fini) / len(durees) / 60
    # One person more than there are hands waits for one conversation to end, and so on.
    return max(5, 5 * ceil((devant + occupes + 1 - la) * moyenne / la / 5))


def ouverts(session: Session, caisse_code: str, maintenant: datetime) -> list[Relais]:
    """Open hand-overs whose conversation still lives, in order; read only."""
    lignes = session.execute(select(Relais, Conversation).join(Conversation, Conversation.id == Relais.conversation_id).where(
        Relais.caisse_code == caisse_code, Relais.etat.in_(OUVERTS)).order_by(Relais.demande_le, Relais.id))
    return [r for r, conversation in lignes if not finie(conversation, maintenant)]


def file(session: Session, caisse_code: str, maintenant: datetime) -> Sequence[Relais]:
    """Open hand-overs of a caisse, in order. Those whose browser fell silent wait again; those whose conversation is gone are closed."""
    ouverts = session.scalars(select(Relais).where(Relais.caisse_code == caisse_code, Relais.etat.in_(OUVERTS))
                              .order_by(Relais.demande_le, Relais.id))
    vivants = []
    for relais in ouverts.all():
        conversation = session.get(Conversation, relais.conversation_id) if relais.conversation_id else None
        if conversation is None or finie(conversation, maintenant):
            _finir(session, relais, "ferme", "systeme", maintenant)
            continue
        remettre_si_muet(session, relais, conversation, maintenant)
        vivants.append(relais)
    session.flush()
    return vivants


def finie(conversation: Conversation, maintenant: datetime) -> bool:
    """Whether a conversation is over for its visitor (the purge takes it within a minute)."""
    return maintenant - conversation.active_le > INACTIVITE or maintenant - conversation.cree_le > DUREE_MAX


def muet(relais: Relais, maintenant: datetime) -> bool:
    """Whether the counsellor who holds a conversation has given no sign for SILENCE."""
    return relais.etat == "en_cours" and relais.signe_le is not None and maintenant - relais.signe_le > SILENCE


def remettre_si_muet(session: Session, relais: Relais, conversation: Conversation, maintenant: datetime) -> bool:
    """Back to the queue, in her place, someone whose counsellor's browser gave no sign for SILENCE. True when that was done."""
    if not muet(relais, maintenant):
        return False
    # Written where it was read: a sign that arrives meanwhile wins.
    mis = session.execute(update(Relais).where(Relais.id == relais.id, Relais.etat == "en_cours", Relais.signe_le == relais.signe_le)
                          .values(etat="attente", place_dite=0, coupures=Relais.coupures + 1).returning(Relais.id)).first()
    session.refresh(relais)
    if mis is None:
        return False
    conversation.mode = "waiting"
    _noter(session, relais, "remettre", "systeme", maintenant)
    return True


# -- a counsellor's hands -----------------------------------------------------------------------------------------------------------------------


def de_la_caisse(session: Session, relais_id: int, caisse_code: str) -> "tuple[Relais, Conversation]":
    """A hand-over with its conversation. Raises Introuvable when it is another caisse's, never was, or its conversation is gone."""
    relais = session.scalar(select(Relais).where(Relais.id == relais_id, Relais.caisse_code == caisse_code))
    conversation = session.get(Conversation, relais.conversation_id) if relais is not None and relais.conversation_id else None
    if relais is None or conversation is None:
        raise Introuvable
    return relais, conversation


def prendre(session: Session, relais_id: int, caisse_code: str, conseiller_id: int, maintenant: datetime) -> "tuple[Relais, Conversation]":
    """Take a conversation that waits, or whose holder fell silent; only one of two colleagues does. Raises DejaPrise, Introuvable."""
    relais, conversation = de_la_caisse(session, relais_id, caisse_code)
    remettre_si_muet(session, relais, conversation, maintenant)
    pris = session.execute(update(Relais).where(Relais.id == relais_id, Relais.etat == "attente").values(
        etat="en_cours", conseiller_id=conseiller_id, pris_le=maintenant, signe_le=maintenant).returning(Relais.id)).first()
    session.refresh(relais)
    if pris is None and not (relais.etat == "en_cours" and relais.conseiller_id == conseiller_id):
        raise DejaPrise
    conversation.mode = "counsellor"
    if pris is not None:
        _noter(session, relais, "prendre", f"conseiller:{conseiller_id}", maintenant)
    return relais, conversation


def tenir(session: Session, relais_id: int, caisse_code: str, conseiller_id: int, maintenant: datetime) -> "tuple[Relais, Conversation]":
    """A sign of the counsellor who holds a conversation; one who comes back after a cut takes it again while it waits. Raises PlusAVous."""
    relais, conversation = de_la_caisse(session, relais_id, caisse_code)
    if relais.etat == "attente" and relais.conseiller_id == conseiller_id:
        try:
            return prendre(session, relais_id, caisse_code, conseiller_id, maintenant)
        except DejaPrise as e:
            raise PlusAVous from e
    tenu = session.execute(update(Relais).where(Relais.id == relais_id, Relais.etat == "en_cours", Relais.conseiller_id == conseiller_id)
                           .values(signe_le=maintenant).returning(Relais.id)).first()
    if tenu is None:
        raise PlusAVous
    session.refresh(relais)
    return relais, conversation


def dire(session: Session, conversation: Conversation, message: dict[str, Any], numero: str, maintenant: datetime) -> bool:
    """Add a message that answers no message: a counsellor's, or news of the queue. The same number again adds nothing (False).
    `message`: as in the envelope. It keeps the conversation alive as the visitor's own messages do."""
    try:
        numero = str(UUID(numero))
    except ValueError as e:
        raise MessageHorsTaille from e
    if session.scalar(select(Echange.id).where(Echange.conversation_id == conversation.id, Echange.message_id == numero)) is not None:
        return False
    try:
        with session.begin_nested():
            session.add(Echange(conversation_id=conversation.id, message_id=numero, empreinte=empreinte(repr(message)), dit="",
                                enveloppe={"messages": [message], "state": {"mode": conversation.mode}}, recu_le=maintenant))
    except IntegrityError:
        return False
    conversation.active_le = maintenant
    return True


def rendre(session: Session, relais: Relais, conversation: Conversation, conseiller_id: int, maintenant: datetime) -> None:
    """The counsellor gives the conversation back to the assistant."""
    _finir(session, relais, "rendu", f"conseiller:{conseiller_id}", maintenant)
    conversation.mode = "assistant"


def reprendre(session: Session, conversation: Conversation, maintenant: datetime) -> Optional[Relais]:
    """The person goes back to the assistant, from the queue or from a counsellor; always possible. None when nothing was under way."""
    relais = en_cours(session, conversation.id)
    if relais is not None:
        _finir(session, relais, "repris", "assure", maintenant)
    conversation.mode = "assistant"
    return relais


def fermer(session: Session, relais: Relais, conversation: Conversation, maintenant: datetime) -> None:
    """Nobody is left to answer: the queue lets the person go, and the assistant answers again."""
    _finir(session, relais, "ferme", "systeme", maintenant)
    conversation.mode = "assistant"


def _finir(session: Session, relais: Relais, etat: str, acteur: str, maintenant: datetime) -> None:
    relais.etat, relais.fini_le = etat, maintenant
    _noter(session, relais, etat, acteur, maintenant)
    session.flush()


def _noter(session: Session, relais: Relais, commande: str, acteur: str, maintenant: datetime) -> None:
    noter(session, le=maintenant, acteur=acteur, commande=f"relais.{commande}", objet="relais", objet_id=relais.id,
          origine="espace" if acteur.startswith("conseiller") else "chat", apres={"etat": relais.etat, "conseiller_id": relais.conseiller_id})


# -- call-backs -------------------------------------------------------------------------------------------------------------------------------


def laisser_message(session: Session, caisse_code: str, *, nom: str, telephone: str, moment: str, message: Optional[str],
                    maintenant: datetime) -> Rappel:
    """A message for the caisse, which rings back. Numbers and words of health are masked; the telephone has its own column."""
    rappel = Rappel(caisse_code=caisse_code, nom=nom, telephone=telephone, moment=moment, etat="a_faire", demande_le=maintenant,
                    message=sante.masquer(masquer(message).texte) if message else None)
    session.add(rappel)
    session.flush()
    noter(session, le=maintenant, acteur="assure", commande="rappel.demander", objet="rappel", objet_id=rappel.id, origine="chat")
    return rappel


def rappels(session: Session, caisse_code: str) -> Sequence[Rappel]:
    """The call-backs to make, oldest first."""
    return session.scalars(select(Rappel).where(Rappel.caisse_code == caisse_code, Rappel.etat == "a_faire")
                           .order_by(Rappel.demande_le, Rappel.id)).all()


def traiter_rappel(session: Session, rappel_id: int, caisse_code: str, etat: str, conseiller_id: int, maintenant: datetime) -> Rappel:
    """Rung back (« fait »), or nobody answered (« injoignable »): name, number and words go at once. Raises Introuvable, RappelDejaTraite."""
    rappel = session.scalar(select(Rappel).where(Rappel.id == rappel_id, Rappel.caisse_code == caisse_code))
    if rappel is None or etat not in ("fait", "injoignable"):
        raise Introuvable
    if rappel.etat != "a_faire":
        raise RappelDejaTraite
    rappel.etat, rappel.traite_le, rappel.conseiller_id = etat, maintenant, conseiller_id
    rappel.nom = rappel.telephone = rappel.message = None
    noter(session, le=maintenant, acteur=f"conseiller:{conseiller_id}", commande=f"rappel.{etat}", objet="rappel", objet_id=rappel.id,
          origine="espace")
    session.flush()
    return rappel


def purger_rappels(session: Session, maintenant: datetime) -> int:
    """Call-backs nobody made in GARDE_RAPPEL lose what names the person and are closed; safe to run twice. Gives how many."""
    vieux = session.scalars(select(Rappel).where(Rappel.etat == "a_faire", Rappel.demande_le < maintenant - GARDE_RAPPEL)).all()
    for rappel in vieux:
        rappel.etat, rappel.traite_le = "injoignable", maintenant
        rappel.nom = rappel.telephone = rappel.message = None
    session.flush()
    return len(vieux)
