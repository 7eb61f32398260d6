"""What the booking pages and the booking API do alike: who is speaking, limits by address, opening a booking by code, confirming. No page here."""
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Mapping, Optional, Sequence

from anyio import from_thread
from fastapi import Request
from sqlalchemy.orm import Session

from bot.agenda import identification, identite, motifs, reservation
from bot.agenda.auteurs import ASSURE_PAGE
from bot.agenda.creneaux import lire_id
from bot.agenda.dialogue import coordonnees
from bot.agenda.identification import Acces
from bot.agenda.identite import Personne
from bot.agenda.instants import jour_local
from bot.agenda.refus import Introuvable
from bot.agenda.reservation import Confirmation
from bot.agenda.transactions import en_transaction
from bot.contacts.campagne import action_pour
from bot.contacts.tables import Assure, Caisse, Motif
from bot.site import formulaires
from bot.site.demarche import Invite
from bot.site.enveloppe import Champ
from bot.texte.normalisation import nettoyer


def adresse_de(request: Request) -> str:
    """The visitor's network address."""
    return request.client.host if request.client else ""


def visiteurs(request: Request) -> list[str]:
    """By what wrong codes are counted here: the address, since a browser can throw its cookies away."""
    return [f"adresse:{adresse_de(request)}"]


def compter(request: Request, quoi: str) -> None:
    """One more write of a kind from this address (as many a minute as conversations). For routes in a thread. Raises TropDeMessages."""
    contexte = request.app.state.contexte
    from_thread.run(contexte.limites.compter, quoi, adresse_de(request), contexte.reglages.conversations_par_minute)


def ouvrir(request: Request, code: str, nom: str) -> Acces:
    """Open a booking by its code and the name; the count of wrong tries is kept either way. Raises Introuvable, EnPause."""
    contexte = request.app.state.contexte
    essai = en_transaction(contexte.sessions, lambda s: identification.identifier(
        s, code=code[:40], nom=nom[:120], visiteurs=visiteurs(request), maintenant=contexte.horloge.maintenant()))
    if essai.acces is None:
        raise essai.refus or Introuvable()
    return essai.acces


@dataclass(frozen=True)
class Demande:
    """A booking as it was asked for. `valeurs`: what was typed, by field of `coordonnees.CHAMPS`."""

    caisse_code: str
    creneau: str
    operation_id: str
    valeurs: Mapping[str, str]
    plus_tot: bool = False
    invite: Optional[Invite] = None
    porteur: Optional[str] = None


def confirmer(session: Session, demande: Demande, maintenant: datetime) -> Confirmation:
    """Book. Raises CreneauIllisible and all that `reservation.confirmer` raises."""
    motif_id, debut, antenne_id = lire_id(demande.creneau)
    motif = motifs.motif(session, demande.caisse_code, motif_id)
    qui, action_id = personne(session, motif, demande.valeurs, debut, demande.invite)
    return reservation.confirmer(
        session, operation_id=demande.operation_id, motif=motif, debut=debut, antenne_id=antenne_id, personne=qui, auteur=ASSURE_PAGE,
        maintenant=maintenant, conversation_id=demande.porteur, action_id=action_id, plus_tot=demande.plus_tot,
        invitation=demande.invite.empreinte if demande.invite else None)


def personne(session: Session, motif: Motif, valeurs: Mapping[str, str], debut: datetime, invite: Optional[Invite]) -> tuple[Personne, Optional[int]]:
    """Who books, and the action of the campaign it counts for: the person invited, else the one that five facts point to, else who she says."""
    typee = Personne(valeurs.get("nom"), valeurs.get("prenom"), valeurs.get("telephone"), valeurs.get("courriel"))
    if invite is not None:
        return replace(typee, assure_id=invite.assure_id), None
    connu = coordonnees.reconnaitre(session, motif.caisse_code, valeurs)
    if connu is None:
        return typee, None
    jour = jour_local(debut, session.get_one(Caisse, motif.caisse_code).fuseau)
    action = action_pour(session, caisse_code=motif.caisse_code, assure=connu, jour=jour)
    return replace(typee, assure_id=connu.id), action.id if action else None


def champs_identite(session: Session, invite: Optional[Invite], motif: Motif) -> tuple[list[Champ], bool]:
    """The fields asked for a motif, and whether a number is required: all, or for an invited person how to reach her if it has changed."""
    exige = motif.modalite == "telephone"
    champs = [Champ(**c) for c in coordonnees.formulaire(exige)["fields"]]
    if invite is None:
        return champs, exige
    assure = session.get(Assure, invite.assure_id)
    exige = exige and identite.telephone(assure.telephone if assure else None) is None
    aide = None if exige else "Laissez vide pour garder ce que votre caisse connaît déjà."
    gardes = [c for c in champs if c.name in ("telephone", "courriel")]
    return [c.model_copy(update={"required": exige and c.name == "telephone", "help": aide}) for c in gardes], exige


def champs_inscription() -> list[Champ]:
    """The fields of a rencontre: who comes, and how she is told that a seat is free."""
    return [Champ(**c) for c in coordonnees.formulaire(False)["fields"] if c["name"] != "code_postal"]


def lire_identite(champs: Sequence[Champ], valeurs: Mapping[str, str], exige: bool, *, invite: bool = False) -> tuple[dict[str, str], dict[str, str]]:
    """(values that fit, faults by field). One letter is a name; an invited person need not be reached otherwise than her caisse does."""
    erreurs: dict[str, str] = {}
    try:
        lues = formulaires.lire(champs, valeurs)
    except formulaires.ErreursDeSaisie as e:
        erreurs = dict(e.erreurs)
        lues = {c.name: v for c in champs if c.name not in erreurs and (v := nettoyer(valeurs.get(c.name, "")))}
    for nom, phrase in coordonnees.erreurs({"nom": "invité"} | lues if invite else lues, exige).items():
        vide = not nettoyer(valeurs.get(nom, ""))
        if (nom == "nom" and identite.lettres(valeurs.get("nom", ""))) or (invite and vide and not exige):
            continue
        if nom not in erreurs or vide:
            erreurs[nom] = phrase
    return lues, erreurs


def maintenant_de(request: Request) -> datetime:
    """The instant of this request."""
    return request.app.state.contexte.horloge.maintenant()


def en_base(request: Request, travail: Any) -> Any:
    """`travail(session)` in a write transaction, tried again when the database asks for it."""
    return en_transaction(request.app.state.contexte.sessions, travail)
