"""Asking for a person in a conversation: the queue, news of it, the way back to the assistant, the message box outside opening hours.
Rules and rows are bot.contacts.relais; the counsellors' side is bot.site.espace.relais."""
from datetime import datetime
from typing import Callable, Mapping, Sequence
from uuid import NAMESPACE_OID, uuid5
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from bot.agenda.jours_feries import feries_entre, territoire
from bot.contacts import relais
from bot.contacts.caisses import caisse as lire_caisse
from bot.contacts.caisses import contact
from bot.contacts.conversations import proposer
from bot.contacts.relais import Attente
from bot.contacts.tables import Caisse, Conversation, Relais
from bot.site.enveloppe import Champ, ChoixPropose, Formulaire, Message
from bot.site.formulaires import TRAITEMENTS
from bot.site.reponses import Bouton, Replique, phrase_contact
from bot.texte.normalisation import cle
from bot.texte.typographie import composer

PARLER = "parler_conseiller"
FORMULAIRE = "rappel"
MOMENTS = ("Dès que possible", "Le matin", "En début d'après-midi", "En fin d'après-midi")
REVENIR = Bouton("Revenir à l'assistant", {"relais": "reprendre"}, "contact")
LAISSER = Bouton("Laisser un message", {"relais": "message"}, "contact")
DEMANDER = Bouton("Attendre un conseiller", {"relais": "demander"}, "contact")
# How a person who talks to a counsellor asks for the robot again; nothing else wakes it.
_RETOURS = frozenset({"assistant", "robot", "retour assistant", "revenir a l assistant", "retour a l assistant", "revenir au robot", "stop",
                      "quitter"})
# What a turn does to the hand-over, in the transaction that stores its answer: sent again, it is done once.
Acte = Callable[[Session, Conversation, datetime], list[Replique]]


def joignable(session: Session, caisse: Caisse, maintenant: datetime) -> bool:
    """Whether someone may answer now: in opening hours, public holidays apart, or whenever a counsellor is there."""
    jour = maintenant.astimezone(ZoneInfo(caisse.fuseau)).date()
    lieu = territoire(caisse.antennes[0].code_postal if caisse.antennes else None)
    return relais.ouverte(caisse, maintenant, bool(feries_entre(lieu, jour, jour))) or bool(relais.presents(session, caisse.code, maintenant))


def revient(texte: str) -> bool:
    """Whether a typed message asks for the assistant again."""
    return cle(texte) in _RETOURS


# -- what a turn does -------------------------------------------------------------------------------------------------------------------------


def demander(session: Session, conversation: Conversation, maintenant: datetime) -> list[Replique]:
    """Into the queue with a place and an estimate; outside opening hours, the message box."""
    caisse = lire_caisse(session, conversation.caisse_code)
    if relais.en_cours(session, conversation.id) is None and not joignable(session, caisse, maintenant):
        return [_fermee(caisse), _boite(caisse)]
    _, situation = relais.demander(session, conversation, maintenant)
    texte = (f"Je demande à un conseiller de {caisse.nom} de vous répondre ici. {phrase_place(situation)} "
             f"En attendant, écrivez-lui votre question ; je réponds à ce que je sais. {phrase_contact(caisse)}")
    donnees = {"contact": contact(caisse), "attente": {"place": situation.place, "minutes": situation.minutes}}
    return [Replique(Message(text=composer(texte), flow=PARLER, data=donnees), [REVENIR, LAISSER])]


def phrase_place(situation: Attente) -> str:
    """Place and estimate in words; what cannot be said honestly is said so."""
    place = "Vous êtes la prochaine personne." if situation.place == 1 else f"Vous êtes à la place {situation.place} de la file."
    if not situation.presents:
        return f"{place} Aucun conseiller n'est connecté à l'instant : je ne peux pas vous dire combien de temps cela prendra."
    if situation.minutes is None:
        return f"{place} Je n'ai pas encore de quoi estimer l'attente."
    if situation.minutes <= 5:
        return f"{place} Un conseiller est là : l'attente devrait être de moins de cinq minutes."
    return f"{place} L'attente est d'environ {situation.minutes} minutes, d'après les dernières conversations."


def reprendre(session: Session, conversation: Conversation, maintenant: datetime) -> list[Replique]:
    """Back to the assistant, whoever was answering."""
    etait = relais.reprendre(session, conversation, maintenant)
    caisse = lire_caisse(session, conversation.caisse_code)
    if etait is None:
        return [Replique(Message(text=composer("C'est bien moi, l'assistant, qui vous réponds. Quelle est votre question ?"), flow=PARLER))]
    texte = "Vous parlez de nouveau à l'assistant. Quelle est votre question ?"
    return [Replique(Message(text=composer(texte), flow=PARLER), [DEMANDER] if joignable(session, caisse, maintenant) else [LAISSER])]


def message(session: Session, conversation: Conversation, maintenant: datetime) -> list[Replique]:
    """The message box, at any time; leaving one does not lose a place in the queue."""
    return [_boite(lire_caisse(session, conversation.caisse_code))]


def ecouter(session: Session, conversation: Conversation, maintenant: datetime) -> list[Replique]:
    """A counsellor is in: the words are his to read, the assistant is silent."""
    return []


ACTES: Mapping[str, Acte] = {"demander": demander, "reprendre": reprendre, "message": message}


def _fermee(caisse: Caisse) -> Replique:
    texte = (f"Les conseillers de {caisse.nom} ne sont pas là en ce moment. {phrase_contact(caisse)} "
             "Vous pouvez leur laisser un message : ils vous rappelleront.")
    return Replique(Message(text=composer(texte), flow=PARLER, data={"contact": contact(caisse)}))


def _boite(caisse: Caisse) -> Replique:
    champs = [
        Champ(name="nom", label="Votre nom", autocomplete="name", max_length=80),
        Champ(name="telephone", label="Téléphone", type="tel", autocomplete="tel", max_length=30, help="Le numéro où vous rappeler."),
        Champ(name="moment", label="Quand vous rappeler", type="select", choices=list(MOMENTS)),
        Champ(name="message", label="Votre question", required=False, max_length=300, autocomplete="off",
              help="En une phrase. Ni numéro de sécurité sociale, ni information de santé.")]
    texte = f"Laissez votre message à {caisse.nom}. Votre nom et votre numéro sont effacés après le rappel."
    return Replique(Message(text=composer(texte), kind="form", flow=PARLER,
                            form=Formulaire(id=FORMULAIRE, fields=champs, submit="Demander à être rappelé", sent="Demande de rappel envoyée")))


def recevoir(session: Session, conversation: Conversation, valeurs: Mapping[str, str], maintenant: datetime) -> list[Replique]:
    """The message box, filled."""
    caisse = lire_caisse(session, conversation.caisse_code)
    relais.laisser_message(session, caisse.code, nom=valeurs["nom"], telephone=valeurs["telephone"], moment=valeurs["moment"],
                           message=valeurs.get("message"), maintenant=maintenant)
    quand = valeurs["moment"][:1].lower() + valeurs["moment"][1:]
    texte = f"C'est noté : {caisse.nom} vous rappellera, {quand}, aux heures d'ouverture ({caisse.horaires})."
    return [Replique(Message(text=composer(texte), kind="confirmation", flow=PARLER))]


TRAITEMENTS[FORMULAIRE] = recevoir


# -- what happens between two messages of the visitor -----------------------------------------------------------------------------------------


def a_veiller(session: Session, conversation: Conversation, maintenant: datetime) -> bool:
    """Whether `veiller` would say something; read only, so that most looks at a conversation write nothing."""
    ligne = relais.en_cours(session, conversation.id)
    if ligne is None:
        return False
    if ligne.etat == "en_cours":
        return ligne.signe_le is not None and maintenant - ligne.signe_le > relais.SILENCE
    caisse = lire_caisse(session, conversation.caisse_code)
    return relais.attente(session, ligne, maintenant).place != ligne.place_dite or not joignable(session, caisse, maintenant)


def veiller(session: Session, conversation: Conversation, maintenant: datetime) -> None:
    """News of the queue, added to the conversation: a counsellor's browser that died, a better place, doors that close."""
    ligne = relais.en_cours(session, conversation.id)
    if ligne is None:
        return
    if relais.remettre_si_muet(session, ligne, conversation, maintenant):
        situation = relais.attente(session, ligne, maintenant)
        ligne.place_dite = situation.place
        _annoncer(session, conversation, ligne, f"La liaison avec le conseiller s'est coupée. Vous gardez votre place. {phrase_place(situation)}",
                  maintenant, f"coupure-{ligne.coupures}")
        return
    if ligne.etat != "attente":
        return
    caisse = lire_caisse(session, conversation.caisse_code)
    if not joignable(session, caisse, maintenant):
        relais.fermer(session, ligne, conversation, maintenant)
        _annoncer(session, conversation, ligne, f"Les conseillers sont partis sans avoir pu vous répondre, et je vous prie de nous en excuser. "
                  f"{phrase_contact(caisse)} Vous pouvez leur laisser un message.", maintenant, "fermeture", [LAISSER])
        return
    situation = relais.attente(session, ligne, maintenant)
    if situation.place < ligne.place_dite:
        _annoncer(session, conversation, ligne, phrase_place(situation), maintenant, f"place-{situation.place}-{ligne.coupures}")
    ligne.place_dite = situation.place


def _annoncer(session: Session, conversation: Conversation, ligne: Relais, texte: str, maintenant: datetime, quoi: str,
              boutons: "list[Bouton] | None" = None) -> None:
    """One piece of news, once: its number is made of what it says, so two looks at the same time add it once. It is not a sign of life of the
    visitor's: the conversation ages as before."""
    active = conversation.active_le
    dit = Message(text=composer(texte), flow=PARLER, choices=_choix(session, conversation, boutons or [REVENIR]))
    relais.dire(session, conversation, dit.model_dump(mode="json"), str(uuid5(NAMESPACE_OID, f"relais-{ligne.id}-{quoi}")), maintenant)
    conversation.active_le = active


def du_conseiller(session: Session, conversation: Conversation, texte: str, numero: str, maintenant: datetime, premier: bool = False) -> bool:
    """A counsellor's words in the conversation; the first time, with the way back to the assistant. False when they were there already."""
    dits = texte.replace("\r", "").strip()
    if not 0 < len(dits) <= relais.LONGUEUR_MAX:
        raise relais.MessageHorsTaille
    dit = Message(author="conseiller", text=composer(dits), flow=PARLER, choices=_choix(session, conversation, [REVENIR] if premier else []))
    return relais.dire(session, conversation, dit.model_dump(mode="json"), numero, maintenant)


def _choix(session: Session, conversation: Conversation, boutons: Sequence[Bouton]) -> list[ChoixPropose]:
    ids = proposer(session, conversation, [(b.libelle, b.charge) for b in boutons])
    return [ChoixPropose(id=cle, label=b.libelle, role=b.role) for cle, b in zip(ids, boutons, strict=True)]
