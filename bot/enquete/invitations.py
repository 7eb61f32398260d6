"""Invitations on their way: sheets for a rencontre, e-mails and their one reminder, lists to print, mail that came back. Each step may run twice.

Who is drawn is `cadre`; the mail server is given by the caller. An e-mail cut off in mid-sending counts as sent: nobody gets it twice, and the
reminder makes up for it.
"""
import hashlib
import smtplib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Iterable, Optional, Sequence
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from bot.contacts import courriel
from bot.contacts.base import Sessions
from bot.contacts.tables import Assure, Caisse, Contact, FeuilleRencontre, InvitationEnquete, Releve, Rencontre, UniteSondage, Vague
from bot.contacts.tables.enquete import CANAUX_INVITATION
from bot.enquete import jetons
from bot.enquete.questionnaire import questionnaire
from bot.enquete.refus import RencontreEtrangere
from bot.enquete.reponses import TYPES
from bot.enquete.vagues import RELANCE, exiger_ouverte
from bot.texte.typographie import composer, date_longue

ECHECS_MAX = 3
EN_COURS_MAX = timedelta(hours=1)
FEUILLES_MAX = 500
LISTE = ("civilite", "prenom", "nom", "complement", "adresse", "code_postal", "ville", "date_contact", "type_contact", "repondre_avant", "code",
         "page")


@dataclass(frozen=True)
class Destinataire:
    """Someone to invite or remind: her invitation, where to write, what the letter says of her contact."""

    invitation: InvitationEnquete
    releve: Releve
    vague: Vague
    contact: Contact
    assure: Optional[Assure]


# -- who is due ----------------------------------------------------------------------------------------------------------------------------------


def _dus(session: Session, canal: str, relance: bool, maintenant: datetime, caisse_code: Optional[str], vague_id: Optional[int] = None):
    """Invitations to send, or to remind: not closed, not answered, not in the hands of the server already."""
    requete = (select(InvitationEnquete, Releve, Vague, Contact, Assure).join(Releve, Releve.id == InvitationEnquete.releve_id)
               .join(Vague, Vague.id == Releve.vague_id).join(UniteSondage, UniteSondage.id == InvitationEnquete.unite_id)
               .join(Contact, Contact.id == UniteSondage.contact_id).outerjoin(Assure, Assure.id == UniteSondage.assure_id)
               .where(InvitationEnquete.canal == canal, InvitationEnquete.en_cours.is_(None), Releve.comptes.is_(None), Releve.clos_le > maintenant)
               .order_by(InvitationEnquete.id))
    if caisse_code is not None:
        requete = requete.where(Vague.caisse_code == caisse_code)
    if vague_id is not None:
        requete = requete.where(Vague.id == vague_id)
    if relance:  # opted out meanwhile: left alone
        return requete.where(InvitationEnquete.etat.in_(("delivre", "partiel")), InvitationEnquete.relancee_le.is_(None),
                             InvitationEnquete.delivree_le <= maintenant - RELANCE, func.coalesce(Assure.refus_enquete, False).is_(False))
    return requete.where(InvitationEnquete.etat == "tire")


def dus(session: Session, canal: str, maintenant: datetime, *, relance: bool = False, caisse_code: Optional[str] = None,
        vague_id: Optional[int] = None) -> list[Destinataire]:
    """Who is to be invited (or reminded) by a channel now: courriel, papier."""
    return [Destinataire(*ligne) for ligne in session.execute(_dus(session, canal, relance, maintenant, caisse_code, vague_id))]


def inviter(session: Session, vague: Vague, maintenant: datetime, *, relance: bool = False) -> int:
    """Mark everyone due in a wave as invited (or reminded) by this hand, whatever the channel: for simulations, and for lists taken away.
    Gives how many. Raises VagueClose."""
    exiger_ouverte(vague)
    tous = [d.invitation for canal in CANAUX_INVITATION for d in dus(session, canal, maintenant, relance=relance, vague_id=vague.id)]
    for invitation in tous:
        marquer(invitation, maintenant, relance)
    session.flush()
    return len(tous)


def marquer(invitation: InvitationEnquete, maintenant: datetime, relance: bool) -> None:
    """An invitation, or its reminder, has left."""
    invitation.en_cours = None
    if relance:
        invitation.relancee_le = maintenant
        invitation.etat = "relance" if invitation.etat == "delivre" else invitation.etat
    else:
        invitation.etat, invitation.delivree_le = "delivre", maintenant


def non_remis(session: Session, caisse_code: str, codes: Iterable[str], cle: bytes) -> tuple[int, list[str]]:
    """Letters that came back, by their code: undeliverable, out of the response rate. Gives how many, and the codes that are none of ours."""
    notes, inconnus = 0, []
    for code in codes:
        invitation = session.scalar(select(InvitationEnquete).join(Releve, Releve.id == InvitationEnquete.releve_id).join(
            Vague, Vague.id == Releve.vague_id).where(Vague.caisse_code == caisse_code,
                                                      InvitationEnquete.jeton_empreinte == jetons.empreinte(cle, code)))
        if invitation is None or invitation.etat not in ("tire", "delivre", "relance", "non_remis"):
            inconnus.append(code)
        else:
            invitation.etat, notes = "non_remis", notes + 1
    session.flush()
    return notes, inconnus


# -- lists to print -------------------------------------------------------------------------------------------------------------------------------


def ligne(session: Session, d: Destinataire, cle: bytes, adresse: str) -> dict[str, str]:
    """What a letter of invitation needs, by the columns of LISTE. `adresse`: of the site (« https://assistant.caisse.example »)."""
    a, zone = d.assure, ZoneInfo(session.get_one(Caisse, d.vague.caisse_code).fuseau)
    code = jetons.presenter(jetons.code(cle, d.invitation.pseudonyme))
    valeurs = [a.civilite, a.prenom, a.nom, a.complement, a.adresse, a.code_postal, a.ville] if a else [None] * 7
    fin = date_longue(d.releve.clos_le.astimezone(zone).date())
    suite = [date_longue(d.contact.jour), TYPES[d.contact.forme], fin, code, f"{adresse}/enquete/{code}"]
    return dict(zip(LISTE, [v or "" for v in valeurs] + suite, strict=True))


def preparer_feuilles(session: Session, vague: Vague, rencontre_id: int, nombre: int, cle: bytes) -> list[tuple[int, str]]:
    """Numbered sheets to hand out at a rencontre: (number, code). Asked for again, the same codes come back, more of them if more are wanted.
    Raises VagueClose, RencontreEtrangere."""
    exiger_ouverte(vague)
    rencontre = session.get(Rencontre, rencontre_id)
    if rencontre is None or rencontre.caisse_code != vague.caisse_code or rencontre.action_id != vague.action_id or vague.genre != "rencontre":
        raise RencontreEtrangere
    feuilles = list(session.scalars(select(FeuilleRencontre).where(FeuilleRencontre.rencontre_id == rencontre_id).order_by(FeuilleRencontre.numero)))
    for numero in range(len(feuilles) + 1, min(nombre, FEUILLES_MAX) + 1):
        pseudo = jetons.pseudonyme()
        feuilles.append(FeuilleRencontre(rencontre_id=rencontre_id, numero=numero, vague_id=vague.id, pseudonyme=pseudo,
                                         jeton_empreinte=jetons.empreinte(cle, jetons.code(cle, pseudo))))
        session.add(feuilles[-1])
    session.flush()
    return [(f.numero, jetons.presenter(jetons.code(cle, f.pseudonyme))) for f in feuilles[:nombre]]


# -- e-mail ---------------------------------------------------------------------------------------------------------------------------------------


def texte(d: Destinataire, caisse: Caisse, code: str, adresse: str, relance: bool) -> tuple[str, str]:
    """Subject and words of an invitation. Neutral: neither the subject of the contact nor anything of the person."""
    q, zone = questionnaire(d.vague.version), ZoneInfo(caisse.fuseau)
    fin = date_longue(d.releve.clos_le.astimezone(zone).date())
    objet = "Rappel : votre avis nous intéresse" if relance else "Votre avis nous intéresse"
    debut = ["Il y a une semaine, nous vous avons écrit pour avoir votre avis. Si vous avez déjà répondu, merci : ne tenez pas compte de ce rappel, "
             "c'est le seul."] if relance else []
    return objet, composer("\n\n".join([
        "Madame, Monsieur,", *debut, q.intro.format(date=date_longue(d.contact.jour), type=TYPES[d.contact.forme]),
        f"Pour répondre, jusqu'au {fin} : {adresse}/enquete/{code}\nVotre code : {code}. Vous pouvez aussi l'écrire dans la conversation du site.",
        f"Vous préférez le téléphone ? Appelez le {caisse.telephone}, {caisse.horaires}, et donnez votre code.",
        "Vos réponses sont séparées de votre nom ; le lien entre les deux est détruit 30 jours après la fin de l'enquête. Vous ne souhaitez plus "
        "recevoir nos enquêtes ? La page ci-dessus le permet, en un clic.",
        caisse.nom, f"-- \nEnquête « {q.id} {q.version} », {q.mention}."])) + "\n"


def message_id(invitation: InvitationEnquete, relance: bool) -> str:
    """The same for the same message whenever it leaves, so that a mail server can tell a copy."""
    return f"<{hashlib.sha256(f'{invitation.pseudonyme}:{relance}'.encode()).hexdigest()[:24]}@enquete.conseil.invalid>"


@dataclass(frozen=True)
class Envois:
    """What a round of e-mails did; `panne`: the server stopped answering, the others wait."""

    partis: int = 0
    refuses: int = 0
    panne: Optional[str] = None


def envoyer(sessions: Sessions, serveur: courriel.Serveur, cle: bytes, adresse: str, maintenant: datetime, *, relance: bool = False,
            caisse_code: Optional[str] = None) -> Envois:
    """Hand every e-mail due to the server, each taken before and concluded after, in its own transactions."""
    with sessions.lecture() as s:
        attendent = [d.invitation.id for d in dus(s, "courriel", maintenant, relance=relance, caisse_code=caisse_code)]
    partis = refuses = 0
    for numero in attendent:
        m = _reserver(sessions, serveur, numero, cle, adresse, maintenant, relance)
        if m is None:
            continue
        try:
            serveur.envoyer(m)
        except (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused, smtplib.SMTPDataError):
            refuses += 1
            _conclure(sessions, numero, maintenant, relance, reussi=False)
        except (OSError, smtplib.SMTPException) as e:
            return Envois(partis, refuses, type(e).__name__)  # taken or not, nobody can tell: it is not sent again (reprendre_coupes)
        else:
            partis += 1
            _conclure(sessions, numero, maintenant, relance, reussi=True)
    return Envois(partis, refuses)


def _reserver(sessions: Sessions, serveur: courriel.Serveur, numero: int, cle: bytes, adresse: str, maintenant: datetime, relance: bool):
    with sessions() as s:
        pris = s.execute(update(InvitationEnquete).where(InvitationEnquete.id == numero, InvitationEnquete.en_cours.is_(None),
                                                         InvitationEnquete.etat.in_(("delivre", "partiel") if relance else ("tire",)))
                         .values(en_cours=maintenant).returning(InvitationEnquete.id)).first()
        if pris is None:
            return None
        invitation = s.get_one(InvitationEnquete, numero)
        releve, unite = s.get_one(Releve, invitation.releve_id), s.get_one(UniteSondage, invitation.unite_id)
        assure = s.get(Assure, unite.assure_id or 0)
        if assure is None or not assure.courriel or assure.refus_enquete:
            invitation.en_cours, invitation.etat = None, "non_remis"
            return None
        d = Destinataire(invitation, releve, s.get_one(Vague, releve.vague_id), s.get_one(Contact, unite.contact_id), assure)
        objet, corps = texte(d, s.get_one(Caisse, d.vague.caisse_code), jetons.presenter(jetons.code(cle, invitation.pseudonyme)), adresse, relance)
        return courriel.message(serveur.expediteur, assure.courriel, objet, corps, message_id=message_id(invitation, relance), date=maintenant)


def _conclure(sessions: Sessions, numero: int, maintenant: datetime, relance: bool, reussi: bool) -> None:
    with sessions() as s:
        invitation = s.get_one(InvitationEnquete, numero)
        if reussi:
            marquer(invitation, maintenant, relance)
            return
        invitation.en_cours, invitation.echecs = None, invitation.echecs + 1
        if relance:
            invitation.relancee_le = maintenant  # the reminder was refused: there is only one
        elif invitation.echecs >= ECHECS_MAX:
            invitation.etat = "non_remis"


def reprendre_coupes(session: Session, maintenant: datetime) -> int:
    """E-mails cut off in mid-sending an hour ago: taken as sent. Gives how many."""
    trop_vieux = InvitationEnquete.en_cours <= maintenant - EN_COURS_MAX
    coupes: Sequence[InvitationEnquete] = session.scalars(select(InvitationEnquete).where(trop_vieux)).all()
    for invitation in coupes:
        marquer(invitation, invitation.en_cours or maintenant, relance=invitation.delivree_le is not None)
    session.flush()
    return len(coupes)


def a_appeler(session: Session, caisse_code: str, conseiller_id: int, maintenant: datetime, limite: int) -> list[Destinataire]:
    """People drawn who have not answered and have a telephone, for someone other than the counsellor of their contact to call."""
    requete = (select(InvitationEnquete, Releve, Vague, Contact, Assure).join(Releve, Releve.id == InvitationEnquete.releve_id)
               .join(Vague, Vague.id == Releve.vague_id).join(UniteSondage, UniteSondage.id == InvitationEnquete.unite_id)
               .join(Contact, Contact.id == UniteSondage.contact_id).join(Assure, Assure.id == UniteSondage.assure_id)
               .where(Vague.caisse_code == caisse_code, InvitationEnquete.etat.in_(("tire", "delivre", "relance")), Releve.comptes.is_(None),
                      Releve.clos_le > maintenant, Assure.telephone.is_not(None), Assure.refus_enquete.is_(False),
                      func.coalesce(Contact.conseiller_id, 0) != conseiller_id).order_by(Releve.clos_le, InvitationEnquete.id).limit(limite))
    return [Destinataire(*trouve) for trouve in session.execute(requete)]
