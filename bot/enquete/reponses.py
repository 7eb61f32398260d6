"""Answers: opening a questionnaire by its code, keeping each answer as it is given, finishing, refusing; and whole questionnaires in bulk.

An answer is written before the next question is shown, so a crash loses none; written again, it replaces, so none counts twice. How it is asked
is `dialogue`, the pages and the entry screen.
"""
from dataclasses import dataclass
from datetime import date, datetime
from typing import Mapping, Optional, Sequence, Union
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from bot.contacts.tables import (
    Assure,
    Commentaire,
    Conseiller,
    Contact,
    FeuilleRencontre,
    InvitationEnquete,
    Participation,
    Releve,
    Rencontre,
    RencontreAnimateur,
    Reponse,
    UniteSondage,
    Vague,
)
from bot.contacts.tables.enquete import MODES_REPONSE
from bot.enquete import jetons
from bot.enquete.commentaires import masquer_commentaire
from bot.enquete.questionnaire import ECRIT, PASSE, Echelle, Item, Questionnaire, locales_de, questionnaire
from bot.enquete.refus import (
    CodeExpire,
    CodeInconnu,
    CommentaireTropLong,
    DejaRepondu,
    InvitationRefusee,
    ItemInconnu,
    ModeInvalide,
    QuestionnaireChange,
    ReponseInvalide,
    SaisieParLeConseiller,
)
from bot.enquete.vagues import CLOTURE, module_de
from bot.texte.normalisation import nettoyer
from bot.texte.typographie import date_longue

SAISIS = ("telephone", "papier")
TYPES = {"physique": "entretien sur place", "telephone": "entretien par téléphone", "courrier": "courrier", "courriel": "courriel",
         "collective": "rencontre"}


@dataclass(frozen=True)
class Acces:
    """A questionnaire that its code has opened: whose wave, for which contact, which items are asked. Nothing in it names the person."""

    pseudonyme: int
    vague: Vague
    questionnaire: Questionnaire
    items: tuple[Item, ...]
    forme: str
    jour: date
    contact_id: Optional[int]
    rencontre_id: Optional[int]
    invitation: Optional[InvitationEnquete]

    @property
    def mois(self) -> str:
        return f"{self.jour:%Y-%m}"

    @property
    def intro(self) -> str:
        """The introduction of the questionnaire, for this contact."""
        return self.questionnaire.intro.format(date=date_longue(self.jour), type=TYPES[self.forme])

    def item(self, item_id: str) -> Item:
        """An item of this questionnaire. Raises ItemInconnu."""
        trouve = next((i for i in self.items if i.id == item_id), None)
        if trouve is None:
            raise ItemInconnu
        return trouve

    def echelle(self, item: Item) -> Echelle:
        return self.questionnaire.echelle(item)

    def rang(self, item_id: str) -> int:
        """The place of an item, from 0."""
        return [i.id for i in self.items].index(self.item(item_id).id)


# -- opening ---------------------------------------------------------------------------------------------------------------------------------


def ouvrir(session: Session, code: str, cle: bytes, maintenant: datetime) -> Acces:
    """The questionnaire of a code as typed. Raises CodeInconnu, CodeExpire, DejaRepondu, InvitationRefusee, QuestionnaireChange."""
    marque = jetons.empreinte(cle, code)
    invitation = session.scalar(select(InvitationEnquete).where(InvitationEnquete.jeton_empreinte == marque))
    if invitation is not None:
        return _acces_invitation(session, invitation, maintenant)
    feuille = session.scalar(select(FeuilleRencontre).where(FeuilleRencontre.jeton_empreinte == marque))
    if feuille is None:
        raise CodeInconnu
    return _acces_feuille(session, feuille, maintenant)


def reprendre(session: Session, pseudonyme: int, maintenant: datetime) -> Acces:
    """The same, by the pseudonym that a conversation under way remembers."""
    invitation = session.scalar(select(InvitationEnquete).where(InvitationEnquete.pseudonyme == pseudonyme))
    if invitation is not None:
        return _acces_invitation(session, invitation, maintenant)
    feuille = session.scalar(select(FeuilleRencontre).where(FeuilleRencontre.pseudonyme == pseudonyme))
    if feuille is None:
        raise CodeExpire
    return _acces_feuille(session, feuille, maintenant)


def acces(session: Session, invitation: InvitationEnquete, maintenant: datetime) -> Acces:
    """The questionnaire of an invitation, for who prepares an entry by telephone."""
    return _acces_invitation(session, invitation, maintenant)


def _acces_invitation(session: Session, invitation: InvitationEnquete, maintenant: datetime) -> Acces:
    releve = session.get_one(Releve, invitation.releve_id)
    if invitation.etat == "complet":
        raise DejaRepondu
    if invitation.etat == "refuse":
        raise InvitationRefusee
    if releve.comptes is not None or releve.clos_le <= maintenant:
        raise CodeExpire
    unite = session.get_one(UniteSondage, invitation.unite_id)
    contact = session.get_one(Contact, unite.contact_id)
    vague = session.get_one(Vague, releve.vague_id)
    return _acces(session, invitation.pseudonyme, vague, unite.forme, contact.jour, contact.id, contact.rencontre_id, invitation)


def _acces_feuille(session: Session, feuille: FeuilleRencontre, maintenant: datetime) -> Acces:
    """A sheet handed out at a rencontre that no frame has taken yet: it may be filled at once."""
    vague, rencontre = session.get_one(Vague, feuille.vague_id), session.get_one(Rencontre, feuille.rencontre_id)
    deja = session.get(Participation, feuille.pseudonyme)
    if deja is not None and deja.etat == "complete":
        raise DejaRepondu
    if vague.etat != "ouverte" or rencontre.debut + CLOTURE <= maintenant:
        raise CodeExpire
    jour = rencontre.debut.astimezone(ZoneInfo(rencontre.fuseau)).date()
    return _acces(session, feuille.pseudonyme, vague, "collective", jour, None, rencontre.id, None)


def _acces(session: Session, pseudonyme: int, vague: Vague, forme: str, jour: date, contact_id: Optional[int], rencontre_id: Optional[int],
           invitation: Optional[InvitationEnquete]) -> Acces:
    q = questionnaire(vague.version)
    if q.sha256 != vague.sha256:
        raise QuestionnaireChange
    items = q.poses(module_de(session, vague), forme, locales_de(vague.locales))
    return Acces(pseudonyme, vague, q, items, forme, jour, contact_id, rencontre_id, invitation)


# -- answering -------------------------------------------------------------------------------------------------------------------------------


def donnees(session: Session, acces: Acces) -> dict[str, tuple[str, ...]]:
    """The answers given so far: codes by item, in the order of the scale."""
    siennes: dict[str, set[str]] = {}
    for item, code in session.execute(select(Reponse.item, Reponse.code).where(Reponse.pseudonyme == acces.pseudonyme)):
        siennes.setdefault(item, set()).add(code)
    return {i.id: tuple(c for c in (*acces.echelle(i).codes, ECRIT, PASSE) if c in siennes[i.id]) for i in acces.items if i.id in siennes}


def suivant(session: Session, acces: Acces) -> Optional[Item]:
    """The first item without an answer; None when all have one."""
    faits = donnees(session, acces)
    return next((i for i in acces.items if i.id not in faits), None)


def enregistrer(session: Session, acces: Acces, item_id: str, codes: Sequence[str], mode: str, *, texte: Optional[str] = None,
                saisi_par: Optional[int] = None) -> bool:
    """Keep the answer to one item, in place of what it had: codes of its scale, or « passe »; `texte` for a free comment.

    Gives whether something of the comment was masked. Raises ItemInconnu, ReponseInvalide, CommentaireTropLong, ModeInvalide, SaisieParLeConseiller.
    """
    item = acces.item(item_id)
    commentaire = _lire_texte(acces.echelle(item), texte)
    choisis = _verifier(acces.echelle(item), codes, commentaire)
    participation = _participation(session, acces, mode, saisi_par)
    masque = _garder_commentaire(session, acces, commentaire) if acces.echelle(item).texte else False
    session.execute(delete(Reponse).where(Reponse.pseudonyme == acces.pseudonyme, Reponse.item == item_id))
    session.add_all(Reponse(pseudonyme=acces.pseudonyme, item=item_id, code=c) for c in choisis)
    session.flush()
    participation.exprimee = bool(session.scalar(select(func.count()).select_from(Reponse).where(
        Reponse.pseudonyme == acces.pseudonyme, Reponse.code != PASSE)))
    if participation.etat == "ouverte" and participation.exprimee:
        participation.etat = "partielle"
    if acces.invitation is not None and participation.exprimee:
        acces.invitation.etat = "partiel"
    session.flush()
    return masque


def _lire_texte(echelle: Echelle, texte: Optional[str]) -> str:
    propre = nettoyer(texte or "")
    if echelle.texte and len(propre) > echelle.texte:
        raise CommentaireTropLong
    return propre if echelle.texte else ""


def _verifier(echelle: Echelle, codes: Sequence[str], commentaire: str) -> list[str]:
    if echelle.texte:
        return [ECRIT] if commentaire else [PASSE]
    choisis = list(dict.fromkeys(codes))
    if choisis == [PASSE]:
        return choisis
    if not choisis or set(choisis) - set(echelle.codes) or (len(choisis) > 1 and (not echelle.multiple or echelle.exclusif in choisis)):
        raise ReponseInvalide
    return choisis


def _participation(session: Session, acces: Acces, mode: str, saisi_par: Optional[int]) -> Participation:
    """The participation of a pseudonym, taken for this transaction: two tabs answer one after the other."""
    if mode not in MODES_REPONSE or (mode in SAISIS) != (saisi_par is not None):
        raise ModeInvalide
    if saisi_par is not None:
        exiger_autre_personne(session, acces, saisi_par)
    trouvee = session.scalar(select(Participation).where(Participation.pseudonyme == acces.pseudonyme).with_for_update())
    if trouvee is None:
        trouvee = Participation(pseudonyme=acces.pseudonyme, vague_id=acces.vague.id, forme=acces.forme, mois=acces.mois, mode=mode, etat="ouverte",
                                exprimee=False, saisi_par=saisi_par)
        session.add(trouvee)
        session.flush()
    if trouvee.etat == "complete":
        raise DejaRepondu
    trouvee.mode, trouvee.saisi_par = mode, saisi_par
    return trouvee


def exiger_autre_personne(session: Session, acces: Acces, conseiller_id: int) -> None:
    """Whoever led the contact may not enter its answers (§3a). Raises SaisieParLeConseiller."""
    contact = session.get(Contact, acces.contact_id) if acces.contact_id else None
    menes = {contact.conseiller_id} if contact else set()
    if acces.rencontre_id is not None:
        menes |= set(session.scalars(select(RencontreAnimateur.conseiller_id).where(RencontreAnimateur.rencontre_id == acces.rencontre_id)))
    if conseiller_id in menes:
        raise SaisieParLeConseiller


def _garder_commentaire(session: Session, acces: Acces, texte: str) -> bool:
    session.execute(delete(Commentaire).where(Commentaire.pseudonyme == acces.pseudonyme))
    if not texte:
        return False
    masque, change = masquer_commentaire(texte, _noms(session, acces))
    session.add(Commentaire(vague_id=acces.vague.id, pseudonyme=acces.pseudonyme, texte=masque, masque=change, etat="a_relire"))
    return change


def _noms(session: Session, acces: Acces) -> set[str]:
    """Names that may be in a comment: the counsellors' of the caisse, and the person's while her link stands."""
    paires = session.execute(select(Conseiller.nom, Conseiller.prenom).where(Conseiller.caisse_code == acces.vague.caisse_code))
    noms = {n for paire in paires for n in paire}
    if acces.invitation is not None:
        assure = session.get(Assure, session.get_one(UniteSondage, acces.invitation.unite_id).assure_id or 0)
        noms |= {assure.nom, assure.prenom} if assure else set()
    return noms


def terminer(session: Session, acces: Acces) -> bool:
    """The questionnaire is over: its code serves no more. False, and nothing done, when nothing at all was answered."""
    participation = session.get(Participation, acces.pseudonyme)
    if participation is None:
        return False
    participation.etat = "complete"
    if acces.invitation is not None:
        acces.invitation.etat = "complet"
    session.flush()
    return True


def refuser(session: Session, acces: Acces) -> None:
    """Give up the survey and take back what was answered; the code serves no more."""
    for table in (Reponse, Commentaire, Participation):
        session.execute(delete(table).where(table.pseudonyme == acces.pseudonyme))
    if acces.invitation is not None:
        acces.invitation.etat = "refuse"
    session.flush()


def opposer(session: Session, pseudonyme: int) -> None:
    """Never ask this person again (kept for ever). Nothing happens once the link is destroyed: nobody knows any more whose it was."""
    unite = session.scalar(select(UniteSondage).join(InvitationEnquete, InvitationEnquete.unite_id == UniteSondage.id).where(
        InvitationEnquete.pseudonyme == pseudonyme))
    if unite is not None and unite.assure_id is not None:
        session.get_one(Assure, unite.assure_id).refus_enquete = True
        session.flush()


def ne_pas_relancer(session: Session, acces: Acces, maintenant: datetime) -> None:
    """She said stop: no reminder for what she left unanswered."""
    if acces.invitation is not None and acces.invitation.relancee_le is None:
        acces.invitation.relancee_le = maintenant
        session.flush()


# -- whole questionnaires, for entry screens and simulations -----------------------------------------------------------------------------------


def repondre(session: Session, acces: Acces, reponses: Mapping[str, Union[str, Sequence[str]]], mode: str, *, commentaire: str = "",
             saisi_par: Optional[int] = None, terminer_apres: bool = True) -> bool:
    """Keep a whole questionnaire at once: codes by item (one, or several); what is left out is not shown. `commentaire`: the answer to Q12.

    Gives whether something of the comment was masked. Everything is checked before anything is written; the refusals are those of `enregistrer`.
    """
    lues = {i: [c] if isinstance(c, str) else list(c) for i, c in reponses.items()}
    texte_item = next((i.id for i in acces.items if acces.echelle(i).texte), None)
    if commentaire and texte_item:
        lues[texte_item] = [ECRIT]
    propre = _lire_texte(acces.echelle(acces.item(texte_item)), commentaire) if texte_item else ""
    codes = {i: _verifier(acces.echelle(acces.item(i)), c, propre) for i, c in lues.items()}
    if not codes:
        raise ReponseInvalide
    participation = _participation(session, acces, mode, saisi_par)
    masque = _garder_commentaire(session, acces, propre) if texte_item in codes else False
    session.execute(delete(Reponse).where(Reponse.pseudonyme == acces.pseudonyme, Reponse.item.in_(list(codes))))
    session.add_all(Reponse(pseudonyme=acces.pseudonyme, item=i, code=c) for i, siens in codes.items() for c in siens)
    participation.exprimee = participation.exprimee or any(c != PASSE for siens in codes.values() for c in siens)
    participation.etat = "complete" if terminer_apres else "partielle" if participation.exprimee else "ouverte"
    if acces.invitation is not None:
        acces.invitation.etat = "complet" if terminer_apres else "partiel"
    session.flush()
    return masque


