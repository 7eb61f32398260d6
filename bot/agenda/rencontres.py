"""Rencontres: seats, waiting list, offers of 48 hours, cancelling, closing with attendance (booking.md §5.8). Their place in the bilan: contacts.

A seat is taken by one UPDATE that counts and checks at once, under a CHECK of the database. A freed seat is held (counted in `inscrits`) for the
first in line; nobody overtakes. Each command first locks the rencontre's row and lets go the offers that are over.
"""
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Collection, Optional, Sequence

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from bot.agenda import identite, notifications, occupation
from bot.agenda.auteurs import SYSTEME, Auteur
from bot.agenda.identite import Personne
from bot.agenda.instants import jour_local
from bot.agenda.refus import (
    Complet,
    ConseillerOccupe,
    DroitRefuse,
    InscriptionsCloses,
    Introuvable,
    OffrePassee,
    OuvertureInvalide,
    RencontreFigee,
    RencontrePasFinie,
)
from bot.contacts import codes
from bot.contacts.contacts import exiger_rencontre_permise
from bot.contacts.historique import noter
from bot.contacts.tables import Inscription, Rencontre, RencontreAnimateur

OFFRE = timedelta(hours=48)
VIVANTES = ("inscrit", "attente", "offre")


@dataclass(frozen=True)
class DemandeRencontre:
    """What a caisse plans. `places` None: no limit. `cloture_inscriptions` None: until it starts."""

    caisse_code: str
    theme: str
    titre: str
    lieu: str
    debut: datetime
    fin: datetime
    fuseau: str
    animateurs: Sequence[int]
    places: Optional[int] = None
    antenne_id: Optional[int] = None
    action_id: Optional[int] = None
    profession_code: Optional[str] = None
    evenement: Optional[str] = None
    partenaire: Optional[str] = None
    cloture_inscriptions: Optional[datetime] = None


@dataclass(frozen=True)
class Etat:
    """`etat` ouverte, complete, close, annulee, a_cloturer or cloturee; `restantes` None without limit; `en_attente`: people in line."""

    rencontre: Rencontre
    etat: str
    restantes: Optional[int]
    en_attente: int


# ---- planning ---------------------------------------------------------------------------------------------------------


def creer(session: Session, demande: DemandeRencontre, auteur: Auteur, maintenant: datetime) -> Rencontre:
    """Plan a rencontre and take its animateurs' time. Raises OuvertureInvalide (dates, places), ConseillerOccupe, and the refusals of
    `contacts.exiger_rencontre_permise` (profession without risk information, no event…)."""
    if demande.debut <= maintenant or demande.fin <= demande.debut:
        raise OuvertureInvalide("La rencontre doit commencer après maintenant et finir après son début. Corrigez les heures.")
    if demande.places is not None and demande.places < 1:
        raise OuvertureInvalide("Indiquez au moins une place, ou laissez la case vide pour ne pas limiter.")
    exiger_rencontre_permise(session, caisse_code=demande.caisse_code, theme=demande.theme, jour=jour_local(demande.debut, demande.fuseau),
                             profession_code=demande.profession_code, evenement=demande.evenement, action_id=demande.action_id)
    champs = {n: getattr(demande, n) for n in demande.__dataclass_fields__ if n not in ("animateurs", "cloture_inscriptions")}
    with session.begin_nested():
        cloture = min(demande.cloture_inscriptions or demande.debut, demande.debut)
        rencontre = Rencontre(**champs, inscrits=0, hors_quota=0, cloture_inscriptions=cloture)
        session.add(rencontre)
        session.flush()
        session.add_all([RencontreAnimateur(rencontre_id=rencontre.id, conseiller_id=c) for c in sorted(set(demande.animateurs))])
        session.flush()
        occupation.purger(session, maintenant, list(demande.animateurs))
        if not occupation.prendre(session, occupation.cellules_de(demande.animateurs, demande.debut, demande.fin), "rencontre", rencontre.id):
            raise ConseillerOccupe
    _noter(session, rencontre, "rencontre.creer", auteur, maintenant, {"debut": rencontre.debut.isoformat(), "places": rencontre.places})
    return rencontre


def annuler(session: Session, rencontre: Rencontre, auteur: Auteur, maintenant: datetime) -> int:
    """Cancel a rencontre and tell everyone; how many people. Raises RencontreFigee once closed; cancelled already: 0."""
    _verrouiller(session, rencontre)
    if rencontre.annulee_le is not None:
        return 0
    if rencontre.cloturee_le is not None:
        raise RencontreFigee
    rencontre.annulee_le = maintenant
    occupation.liberer(session, "rencontre", rencontre.id)
    vivantes = _inscriptions(session, rencontre, VIVANTES)
    for i in vivantes:
        _changer(i, "annule")
        session.flush()
        notifications.prevoir_inscription(session, i, rencontre, "annulation_rencontre", maintenant)
    _noter(session, rencontre, "rencontre.annuler", auteur, maintenant, {"prevenus": len(vivantes)})
    return len(vivantes)


def cloturer(session: Session, rencontre: Rencontre, presents: Collection[int], auteur: Auteur, maintenant: datetime,
             participants: Optional[int] = None) -> Rencontre:
    """Record attendance after the end: `presents`, ids of inscriptions; the others were absent. `participants`: heads counted, when people came
    without being enrolled. Then nothing changes any more. Raises RencontrePasFinie, RencontreFigee."""
    _verrouiller(session, rencontre)
    if rencontre.cloturee_le is not None or rencontre.annulee_le is not None:
        raise RencontreFigee
    if maintenant < rencontre.fin:
        raise RencontrePasFinie
    venus = set(presents)
    for i in _inscriptions(session, rencontre, VIVANTES):
        _changer(i, "desiste" if i.statut != "inscrit" else "present" if i.id in venus else "absent")
    session.flush()
    comptes = session.scalar(select(func.count()).where(Inscription.rencontre_id == rencontre.id, Inscription.statut == "present")) or 0
    rencontre.cloturee_le, rencontre.participants = maintenant, max(participants or 0, comptes)
    _noter(session, rencontre, "rencontre.cloturer", auteur, maintenant, {"presents": comptes, "participants": rencontre.participants})
    return rencontre


# ---- enrolling --------------------------------------------------------------------------------------------------------


def inscrire(session: Session, rencontre: Rencontre, personne: Personne, auteur: Auteur, maintenant: datetime, *,
             hors_quota: bool = False) -> Inscription:
    """A seat, or a place in the waiting list when it is full (`statut` inscrit or attente; `rang_de` tells the place). Enrolled already: the same.

    `hors_quota`: the caisse adds a seat knowingly. Raises InscriptionsCloses, RencontreFigee, NomManquant, TelephoneManquant, CourrielInvalide,
    DroitRefuse (hors_quota asked by an assuré).
    """
    if hors_quota and auteur.est_assure:
        raise DroitRefuse
    personne = identite.verifier(personne, telephone_exige=False)
    _ouverte(session, rencontre, auteur, maintenant)
    inscription = _sienne(session, rencontre, personne)
    if inscription is not None and inscription.statut == "offre":
        return repondre_offre(session, inscription, True, auteur, maintenant)
    if inscription is not None and (inscription.statut == "inscrit" or (inscription.statut == "attente" and not hors_quota)):
        return inscription
    if inscription is None:
        inscription = Inscription(rencontre_id=rencontre.id, code=_nouveau_code(session), statut="desiste", version=0, servie=False,
                                  inscrite_le=maintenant)
        session.add(inscription)
    _ecrire_personne(inscription, rencontre, personne)
    if hors_quota and rencontre.places is not None and rencontre.inscrits >= rencontre.places:
        session.execute(update(Rencontre).where(Rencontre.id == rencontre.id).values(hors_quota=Rencontre.hors_quota + 1))
    # a seat may be free for an instant while people wait: it is theirs
    pris = (hors_quota or not _inscriptions(session, rencontre, ("attente",))) and _prendre_siege(session, rencontre, hors_quota=hors_quota)
    inscription.rang = inscription.rang if pris else _rang_suivant(session, rencontre)
    _changer(inscription, "inscrit" if pris else "attente")
    session.flush()
    notifications.prevoir_inscription(session, inscription, rencontre, "confirmation" if pris else "attente", maintenant)
    _noter(session, rencontre, "inscription.inscrire" if pris else "inscription.attendre", auteur, maintenant, {"inscription": inscription.id})
    _servir(session, rencontre, maintenant)
    return inscription


def desister(session: Session, inscription: Inscription, auteur: Auteur, maintenant: datetime) -> Inscription:
    """Leave: the seat goes to the first in line, a place in the line is given up. Left already: nothing changes. Raises RencontreFigee."""
    rencontre = session.get_one(Rencontre, inscription.rencontre_id)
    _verrouiller(session, rencontre)
    session.refresh(inscription)
    if rencontre.annulee_le or rencontre.cloturee_le or maintenant >= rencontre.fin:
        raise RencontreFigee
    if inscription.statut not in VIVANTES:
        return inscription
    avait_un_siege = inscription.statut in ("inscrit", "offre")
    _changer(inscription, "desiste")
    session.flush()
    if avait_un_siege:
        _rendre_siege(session, rencontre)
    _noter(session, rencontre, "inscription.desister", auteur, maintenant, {"inscription": inscription.id})
    _laisser_passer(session, rencontre, maintenant)
    return inscription


def repondre_offre(session: Session, inscription: Inscription, oui: bool, auteur: Auteur, maintenant: datetime) -> Inscription:
    """Take the seat that was kept, or leave it to the next. Taken already: nothing changes. Raises OffrePassee (with the rank a new demand would
    have), InscriptionsCloses."""
    rencontre = session.get_one(Rencontre, inscription.rencontre_id)
    _verrouiller(session, rencontre)
    session.refresh(inscription)
    if oui and inscription.statut == "inscrit":
        return inscription
    if inscription.statut != "offre" or inscription.offre_expire_le is None or maintenant >= inscription.offre_expire_le:
        raise OffrePassee(len(_inscriptions(session, rencontre, ("attente",))) + 1)
    if not oui:
        return desister(session, inscription, auteur, maintenant)
    _changer(inscription, "inscrit")
    inscription.servie = True
    session.flush()
    notifications.prevoir_inscription(session, inscription, rencontre, "confirmation", maintenant)
    _noter(session, rencontre, "inscription.accepter", auteur, maintenant, {"inscription": inscription.id})
    return inscription


def expirer_offres(session: Session, maintenant: datetime) -> int:
    """Let go the offers nobody answered in time, and pass each seat on; how many. For the worker; harmless when run again."""
    concernees = session.scalars(select(Rencontre).join(Inscription).where(
        Inscription.statut == "offre", Inscription.offre_expire_le <= maintenant).order_by(Rencontre.id).distinct()).all()
    return sum(_laisser_passer(session, r, maintenant, verrouiller=True) for r in concernees)


# ---- reading ----------------------------------------------------------------------------------------------------------


def etat(session: Session, rencontre: Rencontre, maintenant: datetime) -> Etat:
    """Where a rencontre stands. Offers count as seats taken."""
    attente = session.scalar(select(func.count()).where(Inscription.rencontre_id == rencontre.id, Inscription.statut == "attente")) or 0
    restantes = None if rencontre.places is None else max(0, rencontre.places - rencontre.inscrits) if not attente else 0
    if rencontre.annulee_le is not None:
        nom = "annulee"
    elif rencontre.cloturee_le is not None:
        nom = "cloturee"
    elif maintenant >= rencontre.fin:
        nom = "a_cloturer"
    elif maintenant >= rencontre.cloture_inscriptions:
        nom = "close"
    else:
        nom = "complete" if restantes == 0 else "ouverte"
    return Etat(rencontre, nom, restantes, attente)


def a_venir(session: Session, caisse_code: str, maintenant: datetime, *, theme: Optional[str] = None, antenne_id: Optional[int] = None) -> list[Etat]:
    """The rencontres people may still join or wait for, in order of time."""
    requete = select(Rencontre).where(Rencontre.caisse_code == caisse_code, Rencontre.annulee_le.is_(None), Rencontre.cloturee_le.is_(None),
                                      Rencontre.cloture_inscriptions > maintenant).order_by(Rencontre.debut, Rencontre.id)
    if theme is not None:
        requete = requete.where(Rencontre.theme == theme)
    if antenne_id is not None:
        requete = requete.where(Rencontre.antenne_id == antenne_id)
    return [etat(session, r, maintenant) for r in session.scalars(requete)]


def rencontre(session: Session, caisse_code: str, rencontre_id: int) -> Rencontre:
    """A rencontre of a caisse. Raises Introuvable, for another caisse's alike."""
    trouvee = session.get(Rencontre, rencontre_id)
    if trouvee is None or trouvee.caisse_code != caisse_code:
        raise Introuvable
    return trouvee


def rang_de(session: Session, inscription: Inscription) -> Optional[int]:
    """The place in the waiting list, from 1; None when one does not wait."""
    if inscription.statut != "attente" or inscription.rang is None:
        return None
    devant = session.scalar(select(func.count()).where(Inscription.rencontre_id == inscription.rencontre_id, Inscription.statut == "attente",
                                                       Inscription.rang < inscription.rang)) or 0
    return devant + 1


def exiger_place(etat: Etat) -> None:
    """For those who want a seat or nothing. Raises Complet."""
    if etat.etat == "complete":
        raise Complet


# ---- seats ------------------------------------------------------------------------------------------------------------


def _verrouiller(session: Session, rencontre: Rencontre) -> None:
    session.refresh(rencontre, with_for_update=True)


def _ouverte(session: Session, rencontre: Rencontre, auteur: Auteur, maintenant: datetime) -> None:
    _verrouiller(session, rencontre)
    if rencontre.annulee_le is not None or rencontre.cloturee_le is not None:
        raise RencontreFigee
    limite = rencontre.cloture_inscriptions if auteur.est_assure else rencontre.fin
    if maintenant >= limite:
        raise InscriptionsCloses
    _laisser_passer(session, rencontre, maintenant)


def _prendre_siege(session: Session, rencontre: Rencontre, *, hors_quota: bool = False) -> bool:
    """The guard: one UPDATE that counts and checks. False when there is no seat."""
    commande = update(Rencontre).where(Rencontre.id == rencontre.id)
    if rencontre.places is not None and not hors_quota:
        commande = commande.where(Rencontre.inscrits < Rencontre.places)
    pris = session.execute(commande.values(inscrits=Rencontre.inscrits + 1).returning(Rencontre.id)).first() is not None
    session.refresh(rencontre)
    return pris


def _rendre_siege(session: Session, rencontre: Rencontre) -> None:
    """One seat less; a seat added by the caisse goes first."""
    session.execute(update(Rencontre).where(Rencontre.id == rencontre.id).values(inscrits=Rencontre.inscrits - 1))
    session.refresh(rencontre)
    if rencontre.places is not None:
        rencontre.hors_quota = max(0, rencontre.inscrits - rencontre.places)
        session.flush()


def _servir(session: Session, rencontre: Rencontre, maintenant: datetime) -> None:
    """Keep every free seat for the first in line, 48 hours, at the latest until inscriptions close; nothing after that."""
    while maintenant < rencontre.cloture_inscriptions:
        premier = session.scalar(select(Inscription).where(Inscription.rencontre_id == rencontre.id, Inscription.statut == "attente")
                                 .order_by(Inscription.rang).limit(1))
        if premier is None or not _prendre_siege(session, rencontre):
            return
        _changer(premier, "offre")
        premier.offre_expire_le = min(maintenant + OFFRE, rencontre.cloture_inscriptions)
        session.flush()
        notifications.prevoir_inscription(session, premier, rencontre, "place_liberee", maintenant)
        _noter(session, rencontre, "inscription.proposer", SYSTEME, maintenant, {"inscription": premier.id})


def _laisser_passer(session: Session, rencontre: Rencontre, maintenant: datetime, *, verrouiller: bool = False) -> int:
    """Offers that are over give their seat back; free seats are offered on."""
    if verrouiller:
        _verrouiller(session, rencontre)
    passees = session.scalars(select(Inscription).where(Inscription.rencontre_id == rencontre.id, Inscription.statut == "offre",
                                                        Inscription.offre_expire_le <= maintenant).order_by(Inscription.rang)).all()
    for i in passees:
        _changer(i, "desiste")
        session.flush()
        _rendre_siege(session, rencontre)
        _noter(session, rencontre, "inscription.expirer", SYSTEME, maintenant, {"inscription": i.id})
    _servir(session, rencontre, maintenant)
    return len(passees)


# ---- rows -------------------------------------------------------------------------------------------------------------


def _inscriptions(session: Session, rencontre: Rencontre, statuts: Sequence[str]) -> Sequence[Inscription]:
    return session.scalars(select(Inscription).where(Inscription.rencontre_id == rencontre.id, Inscription.statut.in_(statuts))
                           .order_by(Inscription.id)).all()


def _sienne(session: Session, rencontre: Rencontre, personne: Personne) -> Optional[Inscription]:
    cle = identite.cle(rencontre.caisse_code, personne)
    if cle is None:
        return None
    return session.scalar(select(Inscription).where(Inscription.rencontre_id == rencontre.id, Inscription.personne == cle))


def _ecrire_personne(inscription: Inscription, rencontre: Rencontre, personne: Personne) -> None:
    inscription.assure_id, inscription.personne = personne.assure_id, identite.cle(rencontre.caisse_code, personne)
    inscription.nom, inscription.prenom = personne.nom, personne.prenom
    inscription.telephone, inscription.courriel = personne.telephone, personne.courriel


def _changer(inscription: Inscription, statut: str) -> None:
    """A new state: messages of before fall silent."""
    inscription.statut, inscription.offre_expire_le = statut, None
    inscription.version += 1


def _rang_suivant(session: Session, rencontre: Rencontre) -> int:
    return (session.scalar(select(func.max(Inscription.rang)).where(Inscription.rencontre_id == rencontre.id)) or 0) + 1


def _nouveau_code(session: Session) -> str:
    code = codes.tirer()
    while session.scalar(select(Inscription.id).where(Inscription.code == code)) is not None:
        code = codes.tirer()
    return code


def _noter(session: Session, r: Rencontre, commande: str, auteur: Auteur, maintenant: datetime, apres: dict[str, Any]) -> None:
    noter(session, le=maintenant, acteur=auteur.acteur, role=auteur.role, origine=auteur.origine, commande=commande, objet="rencontre",
          objet_id=r.id, apres={**apres, "inscrits": r.inscrits})
