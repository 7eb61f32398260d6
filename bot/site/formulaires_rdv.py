"""The forms of the booking acts in the conversation, and what is typed in their place: from the page to bot.agenda.dialogue, past the engine."""
from datetime import datetime
from typing import Callable, Mapping, Optional

from sqlalchemy.orm import Session

from bot.agenda.dialogue import ACTES, coordonnees, formulaires, paroles, saisie
from bot.agenda.dialogue.fil import FAIT
from bot.contacts import conversations
from bot.contacts.caisses import caisse
from bot.contacts.flux import Dire, Tour
from bot.contacts.tables import Brouillon, Conversation
from bot.site import actes
from bot.site.formulaires import TRAITEMENTS, ErreursDeSaisie
from bot.site.reponses import Replique
from bot.texte.masquage import Masquage, masquer
from bot.texte.typographie import composer

# Acts that need to know who asks.
_MASQUES = {"nom": "[nom masqué]", "prenom": "[nom masqué]", "telephone": "[téléphone masqué]", "courriel": "[adresse masquée]"}
POUR_QUI = frozenset({"prendre_rdv", "inscrire_rencontre"})
Recevoir = Callable[[Session, Tour, Mapping[str, str]], "tuple[str, list[Dire]]"]


def _traitement(recevoir: Recevoir):
    def traiter(session: Session, conversation: Conversation, valeurs: Mapping[str, str], maintenant: datetime) -> list[Replique]:
        tour = Tour(conversation.id, conversation.caisse_code, maintenant, profil=conversation.profil)
        try:
            nom, dits = recevoir(session, tour, valeurs)
        except formulaires.ChampsFaux as e:
            raise ErreursDeSaisie(e.erreurs) from e
        return actes.ecrire(nom, dits, caisse(session, conversation.caisse_code))
    return traiter


TRAITEMENTS.update({coordonnees.IDENTITE: _traitement(formulaires.identite), coordonnees.CODE: _traitement(formulaires.code),
                    coordonnees.ADRESSE: _traitement(formulaires.adresse)})


def relever(session: Session, conversation: Conversation, brouillon: Optional[Brouillon], brut: str,
            lu: Masquage) -> "tuple[Masquage, dict[str, str]]":
    """A typed message without what identifies, put aside in the draft of the act under way; with no act, what a first message gave is handed
    back, for the draft that its turn may open (`deposer`)."""
    if (brouillon is not None and brouillon.flux not in ACTES):
        return lu, {}
    lieux = [a.nom for a in caisse(session, conversation.caisse_code).antennes] if brouillon else []
    releve = saisie.relever(brut, brouillon.etape if brouillon else "", lieux)
    if not releve.prive:
        return lu, {}
    if brouillon is None:
        return (Masquage(masquer(releve.texte).texte, lu.genres) if "nom" in releve.prive else lu), releve.prive
    brouillon.prive = {**brouillon.prive, **releve.prive}
    return Masquage(masquer(releve.texte).texte, lu.genres), {}


def prive(brouillon: Optional[Brouillon]) -> Mapping[str, str]:
    """What the act under way knows of the person; nothing outside the booking acts."""
    return brouillon.prive if brouillon is not None and brouillon.flux in ACTES else {}


def oublier(session: Session, conversation: Conversation, brouillon: Optional[Brouillon], avant: Mapping[str, str]) -> None:
    """The act is over, done or stopped: what its summary said of the person (`prive` as it stood before the turn) leaves the conversation."""
    reste = prive(brouillon)
    finis = {champ: valeur for champ, valeur in avant.items() if champ in _MASQUES and valeur and champ not in reste}
    masques = {composer(forme): _MASQUES[champ] for champ, valeur in finis.items()
               for forme in ((valeur, paroles.numero_entier(valeur)) if champ == "telephone" else (valeur,))}
    if masques:
        conversations.taire(session, conversation, masques)


def deposer(brouillon: Optional[Brouillon], prive: Mapping[str, str]) -> None:
    """Put what a first message gave (a number, an address) into the draft that the turn opened; dropped when it opened none that needs it."""
    if prive and brouillon is not None and brouillon.flux in POUR_QUI and brouillon.etape != FAIT:
        brouillon.prive = {**prive, **brouillon.prive}
