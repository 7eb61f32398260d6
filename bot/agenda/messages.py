"""What the messages of the agenda say: place, date, clock, code, what can be done. Never a motif, never a word of health (booking.md §5.6)."""
from dataclasses import dataclass
from typing import Any, Optional
from urllib.parse import urlencode

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.agenda import ics
from bot.agenda.instants import en_lettres
from bot.agenda.motifs import documents
from bot.contacts.tables import Antenne, Caisse, Conseiller, Entretien, Inscription, Notification, Rencontre
from bot.texte.typographie import composer as typographier


@dataclass(frozen=True)
class Message:
    """Ready to leave. `agenda`: an iCalendar file. `message_id` is the same when the message is sent again."""

    destinataire: str
    objet: str
    texte: str
    message_id: str
    agenda: Optional[bytes] = None


def lien(site: str, code: str, action: Optional[str] = None) -> str:
    """The page that opens on a code, once the name is given. In the query, which no log keeps."""
    return f"{site.rstrip('/')}/rendez-vous?" + urlencode({"code": code} | ({"action": action} if action else {}))


def composer(session: Session, ligne: Notification, destinataire: str, site: str) -> Message:
    """The message of an outbox row, from what its subject is now."""
    identifiant = f"<{ligne.sujet}-{ligne.sujet_id}-{ligne.type}-{ligne.version}-{ligne.canal}@agenda.conseil>"
    if ligne.sujet == "entretien":
        entretien = session.get_one(Entretien, ligne.sujet_id)
        objet, phrases = _entretien(session, entretien, ligne.type, site, ligne.charge or {})
        fichier = ics.entretien(session, entretien) if ligne.type in ("confirmation", "modification", "annulation") else None
    else:
        inscription = session.get_one(Inscription, ligne.sujet_id)
        objet, phrases = _inscription(session, inscription, ligne.type, site)
        fichier = None
    if ligne.canal == "sms":
        return Message(destinataire, objet, typographier(" ".join(p for p in phrases[:3] if p)), identifiant)
    caisse = session.get_one(Caisse, _caisse_code(session, ligne))
    pied = f"{caisse.nom}\n{caisse.telephone} ({caisse.horaires})"
    if caisse.fictive:
        pied += "\nDémonstration : caisse et personnes fictives."
    texte = "\n\n".join(["Bonjour,", *(p for p in phrases if p), pied]) + "\n"
    return Message(destinataire, typographier(objet), typographier(texte), identifiant, fichier)


def _caisse_code(session: Session, ligne: Notification) -> str:
    if ligne.sujet == "entretien":
        return session.get_one(Entretien, ligne.sujet_id).caisse_code
    return session.get_one(Rencontre, session.get_one(Inscription, ligne.sujet_id).rencontre_id).caisse_code


def lieu(session: Session, entretien: Entretien) -> str:
    """Where, in a sentence: the antenne's address, or who calls and from which number."""
    if entretien.antenne_id is not None:
        a = session.get_one(Antenne, entretien.antenne_id)
        return f"Lieu : antenne de {a.nom}, {a.adresse}, {a.code_postal} {a.ville}."
    conseiller = session.get_one(Conseiller, entretien.conseiller_id)
    numero = conseiller.telephone or session.get_one(Caisse, entretien.caisse_code).telephone
    return f"C'est le conseiller qui vous appelle, depuis le {numero}. Sans réponse, il rappelle une fois dix minutes plus tard."


def quand(session: Session, entretien: Entretien) -> str:
    """The date in words, with the clock when the caisse's is another."""
    return en_lettres(entretien.debut, entretien.fuseau, session.get_one(Caisse, entretien.caisse_code).fuseau)


def _entretien(session: Session, e: Entretien, type: str, site: str, charge: dict[str, Any]) -> tuple[str, list[str]]:
    date, ou, code = quand(session, e), lieu(session, e), f"Votre code : {e.code}."
    limite = f"Vous pouvez le déplacer jusqu'à {e.motif.limite_modif_h} heures avant, et l'annuler jusqu'à l'heure prévue : {lien(site, e.code)}"
    # the list itself would tell the subject to whoever opens the mail: it stands behind the code and the name
    a_apporter = f"Ce qu'il faut préparer : {lien(site, e.code)}" if documents(e.motif) else ""
    if type == "confirmation":
        return f"Votre rendez-vous du {date}", [f"Votre rendez-vous est confirmé : {date}.", ou, code, a_apporter, limite]
    if type == "modification":
        return f"Votre rendez-vous : nouvelle date, {date}", [f"Votre rendez-vous est maintenant fixé : {date}.", ou, code, a_apporter, limite]
    if type == "rappel":
        reponses = (f"Je viens : {lien(site, e.code, 'venir')}\nDéplacer : {lien(site, e.code, 'deplacer')}\n"
                    f"Annuler : {lien(site, e.code, 'annuler')}")
        return f"Rappel : rendez-vous du {date}", [f"Votre rendez-vous approche : {date}.", ou, code, a_apporter, reponses]
    if type == "plus_tot":
        offre = charge["en_lettres"]
        return "Un rendez-vous plus tôt est possible", [
            f"Une place s'est libérée : {offre}. Votre rendez-vous du {date} reste le vôtre tant que vous n'avez pas répondu.",
            "La proposition vaut pour la première personne qui répond.", f"Je la prends : {lien(site, e.code, 'avancer')}", code]
    assume = "Votre caisse a dû annuler ce rendez-vous ; nous vous prions de nous en excuser." if e.statut == "annule_caisse" else \
        "Comme vous l'avez demandé, ce rendez-vous est annulé."
    return f"Rendez-vous du {date} : annulé", [f"{assume} Il était prévu {date}.", f"Pour choisir une autre date : {site.rstrip('/')}/rendez-vous"]


def _inscription(session: Session, i: Inscription, type: str, site: str) -> tuple[str, list[str]]:
    r = session.get_one(Rencontre, i.rencontre_id)
    date = en_lettres(r.debut, r.fuseau, session.get_one(Caisse, r.caisse_code).fuseau)
    ou, code = f"Lieu : {r.lieu}.", f"Votre code : {i.code}."
    partir = f"Pour libérer votre place : {lien(site, i.code, 'desister')}"
    if type == "confirmation":
        return f"Votre inscription à la rencontre du {date}", [f"Vous êtes inscrit(e) à notre rencontre d'information : {date}.", ou, code, partir]
    if type == "rappel":
        return f"Rappel : rencontre du {date}", [f"La rencontre d'information approche : {date}.", ou, code, partir]
    if type == "attente":
        return f"Rencontre du {date} : liste d'attente", [
            f"La rencontre du {date} est complète. Vous êtes sur la liste d'attente : nous vous écrivons dès qu'une place se libère.", code, partir]
    if type == "place_liberee":
        assert i.offre_expire_le is not None
        limite = en_lettres(i.offre_expire_le, r.fuseau)
        return f"Une place pour vous à la rencontre du {date}", [
            f"Une place s'est libérée : elle vous est gardée jusqu'au {limite}.", ou, code,
            f"Je la prends : {lien(site, i.code, 'accepter')}\nJe la laisse : {lien(site, i.code, 'refuser')}"]
    suivante = session.scalar(select(Rencontre).where(
        Rencontre.caisse_code == r.caisse_code, Rencontre.theme == r.theme, Rencontre.debut > r.debut, Rencontre.annulee_le.is_(None))
        .order_by(Rencontre.debut).limit(1))
    proposee = f"Prochaine date : {en_lettres(suivante.debut, suivante.fuseau)}. " if suivante else ""
    return f"Rencontre du {date} : annulée", [f"Nous avons dû annuler la rencontre du {date} ; nous vous prions de nous en excuser.",
                                              f"{proposee}Pour vous inscrire : {site.rstrip('/')}/rencontres"]


