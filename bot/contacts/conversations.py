"""Conversations as the database keeps them: opening, one message in flight, answers given once, journal, purge."""
import hashlib
import json
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Mapping, Optional, Sequence, cast

from sqlalchemy import Table, bindparam, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from bot.contacts.refus import Refus
from bot.contacts.tables import Avis, Choix, Conversation, Echange, Tour

INACTIVITE = timedelta(minutes=30)
DUREE_MAX = timedelta(hours=24)
GARDE_INCOMPRIS = timedelta(days=90)
# A turn that has had no answer for this long died with its process; the message may be taken again.
TOUR_PERDU = timedelta(seconds=60)
TOURS_PAR_MOTEUR_ID = 60
INCIVILITES_MAX = 3
PAUSE = timedelta(minutes=5)

# What every message asks of the database, written once, and without objects where none is needed: made anew each time, these statements were half
# of what a message costs the site (docs/decisions/2026-11-22-classifieur.md).
_conversation, _echange, _tour, _choix = (cast(Table, t.__table__) for t in (Conversation, Echange, Tour, Choix))
_PAR_JETON = select(Conversation).where(Conversation.jeton_empreinte == bindparam("jeton"))
_A_TENIR = select(Conversation).where(Conversation.id == bindparam("cle")).with_for_update()
_ACTIVE = update(_conversation).where(_conversation.c.id == bindparam("cle")).values(active_le=bindparam("le"))
_RECENTS = select(func.count()).select_from(_echange).where(
    _echange.c.conversation_id == bindparam("cle"), _echange.c.recu_le.between(bindparam("depuis"), bindparam("jusque")))
_CONNUS = select(_echange.c.id, _echange.c.message_id, _echange.c.empreinte, _echange.c.enveloppe, _echange.c.recu_le).where(
    _echange.c.conversation_id == bindparam("cle"),
    or_(_echange.c.message_id == bindparam("numero"),
        _echange.c.enveloppe.is_(None) & _echange.c.recu_le.between(bindparam("depuis"), bindparam("jusque"))))
_PRENDRE = insert(_echange)
_REPRENDRE = update(_echange).where(_echange.c.id == bindparam("cle")).values(recu_le=bindparam("le"))
_REPONDRE = update(_echange).where(_echange.c.id == bindparam("cle")).values(enveloppe=bindparam("reponse"))
_JOURNALISER, _PROPOSER = insert(_tour), insert(_choix)


class ConversationInconnue(Refus):
    code, statut = "CONVERSATION_INCONNUE", 401
    message = "Cette conversation n'existe plus : ses messages ont été effacés. Vous pouvez en ouvrir une nouvelle."


class MessageEnCours(Refus):
    code, statut, attendre = "MESSAGE_EN_COURS", 409, 2
    message = "Je réponds encore à votre message précédent. Un instant, puis renvoyez celui-ci."


class MessageDifferent(Refus):
    code, statut = "MESSAGE_DIFFERENT", 409
    message = "Ce message a déjà été envoyé avec un autre contenu. Envoyez-le à nouveau comme un nouveau message."


class TropDeMessages(Refus):
    code, statut, attendre = "TROP_DE_MESSAGES", 429, 60
    message = "Vous avez envoyé beaucoup de messages en peu de temps. Patientez une minute avant le suivant."


class EnPause(Refus):
    code, statut, attendre = "EN_PAUSE", 429, 300
    message = "Faisons une pause de quelques minutes. Pour parler à une personne, votre caisse reste joignable par téléphone."


class ChoixInconnu(Refus):
    code, statut = "CHOIX_INCONNU", 404
    message = "Ce bouton ne répond plus. Écrivez votre question, ou choisissez parmi les derniers boutons proposés."


def empreinte(texte: str) -> str:
    """SHA-256 in hexadecimal. For secrets of 128 bits and more, not for anything guessable."""
    return hashlib.sha256(texte.encode()).hexdigest()


def ouvrir(session: Session, caisse_code: str, maintenant: datetime) -> tuple[Conversation, str]:
    """A new conversation and the secret its cookie will hold; only the secret's hash is kept."""
    secret = secrets.token_urlsafe(32)
    conversation = Conversation(
        id=secrets.token_hex(16), jeton_empreinte=empreinte(secret), moteur_id=secrets.token_hex(16), caisse_code=caisse_code,
        cree_le=maintenant, active_le=maintenant, mode="assistant", tours=0, incompris=0, incivilites=0, profil={})
    session.add(conversation)
    session.flush()
    return conversation, secret


def retrouver(session: Session, secret: Optional[str], maintenant: datetime) -> Conversation:
    """The conversation of a cookie. Raises ConversationInconnue when there is none, or when it is over."""
    trouvee = session.scalar(_PAR_JETON, {"jeton": empreinte(secret)}) if secret else None
    if trouvee is None or maintenant - trouvee.active_le > INACTIVITE or maintenant - trouvee.cree_le > DUREE_MAX:
        raise ConversationInconnue
    return trouvee


def tenir(session: Session, conversation_id: str) -> Conversation:
    """The conversation as it stands now, kept from other writers until the transaction ends. Raises ConversationInconnue once it is forgotten."""
    trouvee = session.scalar(_A_TENIR, {"cle": conversation_id})
    if trouvee is None:
        raise ConversationInconnue
    return trouvee


def messages_recents(session: Session, conversation: Conversation, maintenant: datetime, periode: timedelta) -> int:
    """How many messages this conversation took in the last `periode`. Those of a clock that was set back since do not count."""
    return session.scalar(_RECENTS, {"cle": conversation.id, "depuis": maintenant - periode, "jusque": maintenant + periode}) or 0


def commencer(session: Session, conversation: Conversation, message_id: str, contenu: str, dit: str,
              maintenant: datetime) -> tuple[int, Optional[dict[str, Any]]]:
    """Take a message in: the id of its exchange, and the envelope that answered it already under the same id (None: to be answered).

    `contenu` is what was sent (its hash is kept, not itself); `dit` what the page shows of it. Raises MessageEnCours while another message of
    the conversation is being answered, MessageDifferent when the id was used for something else.
    """
    # Taken before any read: on PostgreSQL this row lock puts two messages of one conversation one after the other.
    session.execute(_ACTIVE, {"cle": conversation.id, "le": maintenant})
    set_committed_value(conversation, "active_le", maintenant)
    marque = empreinte(contenu)
    connus = session.execute(_CONNUS, {"cle": conversation.id, "numero": message_id, "depuis": maintenant - TOUR_PERDU,
                                       "jusque": maintenant + TOUR_PERDU}).all()
    deja = next((e for e in connus if e.message_id == message_id), None)
    if deja is not None:
        if deja.empreinte != marque:
            raise MessageDifferent
        if deja.enveloppe is not None:
            return deja.id, deja.enveloppe
        if abs(maintenant - deja.recu_le) < TOUR_PERDU:  # « abs »: a clock set back must not hold a conversation for hours
            raise MessageEnCours
        session.execute(_REPRENDRE, {"cle": deja.id, "le": maintenant})
        return deja.id, None
    if connus:
        raise MessageEnCours
    try:
        pris = session.execute(_PRENDRE, {"conversation_id": conversation.id, "message_id": message_id, "empreinte": marque, "dit": dit,
                                          "recu_le": maintenant})
    except IntegrityError as e:
        raise MessageEnCours from e
    return pris.inserted_primary_key[0], None  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Trace:
    """What the journal keeps of a turn."""

    issue: str
    sujet: Optional[str]
    confiance: Optional[float]
    premiers: Sequence[tuple[str, float]]
    texte_masque: Optional[str]
    duree_ms: int


def journaliser(session: Session, conversation: Conversation, trace: Trace, maintenant: datetime) -> int:
    """Append a turn to the journal; its id."""
    ecrit = session.execute(_JOURNALISER, {
        "conversation_id": conversation.id, "caisse_code": conversation.caisse_code, "le": maintenant, "issue": trace.issue, "sujet": trace.sujet,
        "confiance": trace.confiance, "premiers": [list(p) for p in trace.premiers], "texte_masque": trace.texte_masque,
        "duree_ms": trace.duree_ms})
    return ecrit.inserted_primary_key[0]  # type: ignore[attr-defined]


def proposer(session: Session, conversation: Conversation, boutons: Sequence[tuple[str, Mapping[str, Any]]]) -> list[str]:
    """Buttons (what each reads, what it asks): an opaque id for each."""
    ids = [secrets.token_hex(8) for _ in boutons]
    if boutons:
        session.execute(_PROPOSER, [{"id": cle, "conversation_id": conversation.id, "libelle": libelle, "charge": dict(charge)}
                                    for cle, (libelle, charge) in zip(ids, boutons, strict=True)])
    return ids


def choisir(session: Session, conversation: Conversation, choix_id: str) -> Choix:
    """What a button of this conversation asks. Raises ChoixInconnu for another conversation's, and for what never existed, alike."""
    choix = session.get(Choix, choix_id)
    if choix is None or choix.conversation_id != conversation.id:
        raise ChoixInconnu
    return choix


def donner_avis(session: Session, tour_id: int, utile: bool, raison: Optional[str], maintenant: datetime) -> None:
    """Keep whether an answer helped; said again, it replaces."""
    session.merge(Avis(tour_id=tour_id, utile=utile, raison=raison, le=maintenant))


def echanges(session: Session, conversation: Conversation) -> Sequence[Echange]:
    """The conversation so far, oldest first."""
    return session.scalars(select(Echange).where(Echange.conversation_id == conversation.id).order_by(Echange.id)).all()


def taire(session: Session, conversation: Conversation, masques: Mapping[str, str]) -> None:
    """Replace words in what the conversation shows (whole words, mask by word): what a summary said of someone is not kept after its act."""
    motif = re.compile("|".join(rf"(?<!\w){re.escape(mot)}(?!\w)" for mot in sorted(masques, key=len, reverse=True)))
    for echange in echanges(session, conversation):
        if echange.enveloppe and motif.search(texte := json.dumps(echange.enveloppe, ensure_ascii=False)):
            echange.enveloppe = json.loads(motif.sub(lambda m: masques[m[0]], texte))
    session.flush()


def oublier(session: Session, conversation: Conversation) -> None:
    """Forget a conversation now: messages, buttons, profile; the journal keeps its line without text nor link."""
    _effacer(session, [conversation.id], garder_incompris=False)


def _effacer(session: Session, ids: Sequence[str], garder_incompris: bool) -> None:
    texte = update(Tour).where(Tour.conversation_id.in_(ids))
    if garder_incompris:
        # What was not understood is read by a person for 90 days, masked and without any link to a conversation (security.md §3.2).
        texte = texte.where(Tour.issue.not_in(("incompris", "propose", "hors_sujet")))
    session.execute(texte.values(texte_masque=None))
    session.execute(update(Tour).where(Tour.conversation_id.in_(ids)).values(conversation_id=None))
    for table in (Echange, Choix):
        session.execute(delete(table).where(table.conversation_id.in_(ids)))
    session.execute(delete(Conversation).where(Conversation.id.in_(ids)))


def purger(session: Session, maintenant: datetime) -> dict[str, int]:
    """Delete conversations idle for 30 minutes or older than 24 h, and journal texts older than 90 days. Safe to run twice."""
    ids = session.scalars(select(Conversation.id).where(
        (Conversation.active_le < maintenant - INACTIVITE) | (Conversation.cree_le < maintenant - DUREE_MAX))).all()
    for debut in range(0, len(ids), 500):
        _effacer(session, ids[debut:debut + 500], garder_incompris=True)
    vieux = session.scalars(select(Tour.id).where(Tour.texte_masque.is_not(None), Tour.le < maintenant - GARDE_INCOMPRIS)).all()
    for debut in range(0, len(vieux), 500):
        session.execute(update(Tour).where(Tour.id.in_(vieux[debut:debut + 500])).values(texte_masque=None))
    return {"conversations": len(ids), "textes": len(vieux)}


def retenir(conversation: Conversation, issue: str, sujet: Optional[str], profil: Mapping[str, str]) -> None:
    """What a turn leaves in the conversation: topic, profile (empty: as before), misunderstandings in a row, and a new engine id every 60 turns.

    A fresh engine id keeps the cost of a message flat: the engine reads its whole session at each turn (reference/security.md, R16).
    """
    if sujet:
        conversation.dernier_sujet = sujet
    if profil:
        conversation.profil = dict(profil)
    conversation.incompris = conversation.incompris + 1 if issue in ("propose", "incompris", "hors_sujet", "degrade") else 0
    conversation.tours += 1
    if conversation.tours >= TOURS_PAR_MOTEUR_ID:
        conversation.tours, conversation.moteur_id = 0, secrets.token_hex(16)


def repondre(session: Session, echange_id: int, enveloppe: dict[str, Any]) -> None:
    """Keep the answer of a message, so that a resend gets it again."""
    session.execute(_REPONDRE, {"cle": echange_id, "reponse": enveloppe})


def abandonner(session: Session, echange_id: int) -> None:
    """A turn failed before it answered: its message may be sent again."""
    session.execute(delete(Echange).where(Echange.id == echange_id, Echange.enveloppe.is_(None)))


def liberer(session: Session, avant: datetime) -> int:
    """Free the messages that were being answered before `avant`: their process is gone, and they may be sent again without waiting TOUR_PERDU.
    Only for who knows to be alone on the database."""
    return len(session.execute(delete(Echange).where(Echange.enveloppe.is_(None), Echange.recu_le < avant).returning(Echange.id)).all())


def noter_incivilite(conversation: Conversation, maintenant: datetime) -> None:
    """Count an insult; the third opens a pause of five minutes, in which only danger is answered."""
    conversation.incivilites += 1
    if conversation.incivilites >= INCIVILITES_MAX:
        conversation.incivilites, conversation.pause_jusqua = 0, maintenant + PAUSE
