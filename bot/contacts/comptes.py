"""People's accounts: creating, changing rights, giving a new password, deactivating; each act leaves its history and its audit line.
Coming in belongs to `connexion`, the second factor to `totp`, what each level opens to the site."""
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Callable, Iterable, Mapping, Optional, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from bot.contacts import audit, connexion, historique, mots_de_passe, totp
from bot.contacts.caisses import caisse
from bot.contacts.isolement import Introuvable
from bot.contacts.refus import Refus
from bot.contacts.tables import Compte, Conseiller, Role
from bot.contacts.tables.caisse import NIVEAUX

# Which levels each may give, and so whose accounts each may touch: nobody gives what she could not hold over others.
ACCORDABLES: dict[str, frozenset[str]] = {
    "responsable": frozenset({"conseiller", "secretariat", "responsable"}),
    "administrateur": frozenset(NIVEAUX) - {"national"},
}
_IDENTIFIANT = re.compile(r"[a-z0-9](?:[a-z0-9.-]{1,58}[a-z0-9])")
# A module that keeps someone from leaving (booked entretiens…) adds a function: it gives the sentence that says what to do first, or None.
EMPECHEMENTS: list[Callable[[Session, Conseiller, datetime], Optional[str]]] = []


class IdentifiantPris(Refus):
    code, statut = "IDENTIFIANT_PRIS", 409
    message = "Cet identifiant appartient déjà à quelqu'un. Choisissez-en un autre, par exemple prenom.nom suivi d'un chiffre."


class IdentifiantIncorrect(Refus):
    code, statut = "IDENTIFIANT_INCORRECT", 422
    message = "L'identifiant s'écrit en minuscules sans accent, de 3 à 60 signes : lettres, chiffres, points et tirets (par exemple claire.fontaine)."


class NomManquant(Refus):
    code, statut = "NOM_MANQUANT", 422
    message = "Écrivez le prénom et le nom de la personne (80 signes au plus chacun)."


class RoleInterdit(Refus):
    code, statut = "ROLE_INTERDIT", 422
    message = "Choisissez au moins un rôle, parmi ceux que vous pouvez donner."


class DernierResponsable(Refus):
    code, statut = "DERNIER_RESPONSABLE", 409
    message = "C'est le seul compte de responsable actif de la caisse. Nommez d'abord un autre responsable."


class DepartEmpeche(Refus):
    code, statut = "DEPART_EMPECHE", 409


class SurSoiMeme(Refus):
    code, statut = "SUR_SOI_MEME", 409
    message = "Vous ne pouvez pas faire cela sur votre propre compte. Demandez à un autre responsable, ou passez par « Mon compte »."


@dataclass(frozen=True)
class Auteur:
    """Who does something, as history and audit write it."""

    acteur: str
    role: Optional[str] = None
    caisse_code: Optional[str] = None
    origine: str = "espace"


COMMANDE = Auteur("commande", origine="commande")
SYSTEME = Auteur("systeme", origine="systeme")


def noter(session: Session, auteur: Auteur, acte: str, compte: Compte, le: datetime, avant: Optional[Mapping[str, Any]] = None,
          apres: Optional[Mapping[str, Any]] = None) -> None:
    """One line of history and one of audit for an act on an account."""
    historique.noter(session, le=le, acteur=auteur.acteur, role=auteur.role, origine=auteur.origine, commande=acte, objet="compte",
                     objet_id=compte.id, avant=avant, apres=apres)
    audit.noter(session, le=le, acteur=auteur.acteur, role=auteur.role, caisse_code=compte.conseiller.caisse_code, acte=acte, objet="compte",
                objet_id=compte.id)


# -- reading -------------------------------------------------------------------------------------------------------------------------------


def par_identifiant(session: Session, identifiant: str) -> Optional[Compte]:
    """The account of an identifier as typed (case and spaces around it do not count)."""
    return session.scalar(select(Compte).where(Compte.identifiant == identifiant.strip().lower()).options(joinedload(Compte.conseiller)))


def verrouille(session: Session, compte_id: int) -> Compte:
    """An account, its line locked until the transaction ends: two uses of one code come one after the other."""
    return session.scalars(select(Compte).where(Compte.id == compte_id).options(joinedload(Compte.conseiller)).with_for_update(of=Compte)).one()


def niveaux(session: Session, conseiller: Conseiller) -> frozenset[str]:
    """What a person may do in her caisse."""
    return frozenset(session.scalars(select(Role.niveau).where(Role.conseiller_id == conseiller.id, Role.caisse_code == conseiller.caisse_code)))


def comptes(session: Session, caisse_code: Optional[str] = None) -> Sequence[Compte]:
    """The accounts of a caisse (of all without `caisse_code`), with their people and roles, by name."""
    requete = select(Compte).join(Conseiller).options(joinedload(Compte.conseiller).selectinload(Conseiller.roles))
    if caisse_code is not None:
        requete = requete.where(Conseiller.caisse_code == caisse_code)
    return session.scalars(requete.order_by(Conseiller.caisse_code, Conseiller.nom, Conseiller.prenom)).all()


def de_la_personne(session: Session, conseiller_id: int, caisse_code: str, gerables: "frozenset[str] | None" = None) -> Compte:
    """The account of a person of a caisse. Raises Introuvable for another caisse's, and for one whose levels go beyond `gerables`."""
    compte = session.scalar(select(Compte).join(Conseiller).where(Compte.conseiller_id == conseiller_id, Conseiller.caisse_code == caisse_code)
                            .options(joinedload(Compte.conseiller)))
    if compte is None or (gerables is not None and not niveaux(session, compte.conseiller) <= gerables):
        raise Introuvable
    return compte


def accordables(siens: Iterable[str]) -> frozenset[str]:
    """The levels that someone may give to others."""
    return frozenset().union(*(ACCORDABLES.get(n, frozenset()) for n in siens))


# -- changing ------------------------------------------------------------------------------------------------------------------------------


def creer(session: Session, *, caisse_code: str, prenom: str, nom: str, identifiant: str, roles: Iterable[str], mot_de_passe: str,
          auteur: Auteur, maintenant: datetime, courriel: Optional[str] = None, doit_changer: bool = True) -> Compte:
    """A person and her account. `doit_changer`: the password was chosen by somebody else, and is replaced at the first login.

    Raises CaisseInconnue, NomManquant, IdentifiantIncorrect, IdentifiantPris, RoleInterdit, MotDePasseFaible.
    """
    caisse(session, caisse_code)
    prenom, nom, identifiant, voulus = " ".join(prenom.split()), " ".join(nom.split()), identifiant.strip().lower(), frozenset(roles)
    if not 0 < len(prenom) <= 80 or not 0 < len(nom) <= 80:
        raise NomManquant
    if not _IDENTIFIANT.fullmatch(identifiant):
        raise IdentifiantIncorrect
    if par_identifiant(session, identifiant) is not None:
        raise IdentifiantPris
    if not voulus or not voulus <= set(NIVEAUX):
        raise RoleInterdit
    mots_de_passe.controler(mot_de_passe, (prenom, nom, identifiant))
    personne = Conseiller(caisse_code=caisse_code, nom=nom, prenom=prenom, courriel=courriel)
    personne.roles = [Role(caisse_code=caisse_code, niveau=n) for n in sorted(voulus)]
    compte = Compte(conseiller=personne, identifiant=identifiant, mot_de_passe=mots_de_passe.hacher(mot_de_passe), mot_de_passe_le=maintenant,
                    doit_changer=doit_changer, demo=False, cree_le=maintenant)
    session.add(compte)
    session.flush()
    noter(session, auteur, "compte.cree", compte, maintenant, apres={"roles": sorted(voulus), "conseiller_id": personne.id})
    return compte


def changer_mot_de_passe(session: Session, compte: Compte, nouveau: str, auteur: Auteur, maintenant: datetime, *, doit_changer: bool = False,
                         garder: Optional[int] = None, cle: Optional[bytes] = None) -> None:
    """Replace a password and log the account out everywhere but in the session `garder`. With `cle`, failed tries are forgotten too.

    Raises MotDePasseFaible.
    """
    mots_de_passe.controler(nouveau, (compte.conseiller.prenom, compte.conseiller.nom, compte.identifiant))
    compte.mot_de_passe, compte.mot_de_passe_le, compte.doit_changer = mots_de_passe.hacher(nouveau), maintenant, doit_changer
    connexion.fermer_sessions(session, compte.id, sauf=garder)
    if cle is not None:
        connexion.oublier_essais(session, connexion.cle_essai(cle, "mot_de_passe", compte.identifiant))
        connexion.oublier_essais(session, connexion.cle_essai(cle, "code", str(compte.id)))
    noter(session, auteur, "compte.mot_de_passe", compte, maintenant, apres={"doit_changer": doit_changer})


def changer_roles(session: Session, compte: Compte, roles: Iterable[str], auteur: Auteur, maintenant: datetime) -> None:
    """Give an account exactly these levels. Takes effect at its next request. Raises RoleInterdit, DernierResponsable."""
    personne, voulus = compte.conseiller, frozenset(roles)
    avant = niveaux(session, personne)
    if not voulus or not voulus <= set(NIVEAUX):
        raise RoleInterdit
    if "responsable" in avant - voulus:
        _garder_un_responsable(session, compte)
    if voulus == avant:
        return
    ailleurs = [r for r in personne.roles if r.caisse_code != personne.caisse_code]
    restants = [r for r in personne.roles if r.caisse_code == personne.caisse_code and r.niveau in voulus]
    personne.roles = [*ailleurs, *restants, *(Role(caisse_code=personne.caisse_code, niveau=n) for n in sorted(voulus - avant))]
    session.flush()
    noter(session, auteur, "compte.roles", compte, maintenant, avant={"roles": sorted(avant)}, apres={"roles": sorted(voulus)})


def desactiver(session: Session, compte: Compte, auteur: Auteur, maintenant: datetime) -> None:
    """Close an account and log it out everywhere; the person has left from this day. Harmless when done already.

    Raises DernierResponsable, and DepartEmpeche when a module of EMPECHEMENTS says what must be done first (booking.md §5.11).
    """
    if compte.desactive_le is not None:
        return
    if "responsable" in niveaux(session, compte.conseiller):
        _garder_un_responsable(session, compte)
    for empechement in EMPECHEMENTS:
        if phrase := empechement(session, compte.conseiller, maintenant):
            raise DepartEmpeche(phrase)
    compte.desactive_le, compte.conseiller.parti_le = maintenant, maintenant.date()
    connexion.fermer_sessions(session, compte.id)
    noter(session, auteur, "compte.desactive", compte, maintenant)


def reactiver(session: Session, compte: Compte, auteur: Auteur, maintenant: datetime) -> None:
    """Open a closed account again, with the rights it had."""
    if compte.desactive_le is None:
        return
    compte.desactive_le = compte.conseiller.parti_le = None
    noter(session, auteur, "compte.reactive", compte, maintenant)


def retirer_double(session: Session, compte: Compte, auteur: Auteur, maintenant: datetime) -> None:
    """The telephone is lost: a second person takes the second factor away (security.md S8). The account is logged out everywhere."""
    totp.retirer(session, compte)
    connexion.fermer_sessions(session, compte.id)
    noter(session, auteur, "compte.double_retire", compte, maintenant)


def _garder_un_responsable(session: Session, compte: Compte) -> None:
    """At least one responsable a caisse (booking.md §5.11). The caisse's accounts are locked, so that the last two cannot leave together."""
    restants = session.scalars(
        select(Compte.id).join(Conseiller).join(Role).where(
            Conseiller.caisse_code == compte.conseiller.caisse_code, Role.caisse_code == Conseiller.caisse_code, Role.niveau == "responsable",
            Compte.desactive_le.is_(None)).with_for_update(of=Compte)).all()
    if set(restants) <= {compte.id}:
        raise DernierResponsable


def nombre(session: Session) -> int:
    """How many accounts there are."""
    return session.scalar(select(func.count()).select_from(Compte)) or 0
