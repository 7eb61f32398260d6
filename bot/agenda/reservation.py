"""Bookings: holding a slot, confirming, moving, cancelling, taking back. Every way in (chat, page, counsellor) comes through here.

The order of each command: lock the person, read again, take the cells (`occupation`, the guard), write the entretien, its contact, its
history and its messages, all in the caller's transaction. Repeating a confirmation gives the same entretien and does nothing twice.
"""
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Optional, Sequence

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from bot.agenda import identite, notifications, occupation, rattachement
from bot.agenda.auteurs import Auteur
from bot.agenda.creneaux import Creneau, Resultat
from bot.agenda.etats import ANNULES, REPRISE, ROLES_CAISSE, fenetre, transitions
from bot.agenda.identite import Personne
from bot.agenda.instants import jour_local
from bot.agenda.recherche import charge_du_jour, chercher, proches
from bot.agenda.refus import (
    ConseillerOccupe,
    CreneauPris,
    DatePassee,
    DejaUnRdv,
    DroitRefuse,
    HorsDelai,
    JourFerme,
    MotifInconnu,
    RdvSimultane,
    RienADefaire,
    TransitionImpossible,
    TropDeDeplacements,
)
from bot.contacts import codes
from bot.contacts.historique import noter
from bot.contacts.tables import Assure, Caisse, CodeOuverture, Entretien, Historique, Motif, Occupation
from bot.contacts.tables.agenda import RAISONS_ANNULATION

DEPLACEMENTS_MAX = 3
DOMAINE_UID = "agenda.conseil"


@dataclass(frozen=True)
class Retenue:
    """A slot held for a conversation until `expire_le`."""

    conseiller_id: int
    debut: datetime
    fin: datetime
    expire_le: datetime


@dataclass(frozen=True)
class Confirmation:
    """`deja`: the confirmation had been given before; nothing was done this time."""

    entretien: Entretien
    deja: bool


# ---- holding ----------------------------------------------------------------------------------------------------------


def retenir(session: Session, *, conversation_id: str, motif: Motif, debut: datetime, antenne_id: Optional[int], maintenant: datetime,
            pour: Optional[Entretien] = None, assure_id: Optional[int] = None) -> Retenue:
    """Keep a slot for five minutes; the conversation's former hold is given back. `pour`: the entretien being moved there.

    Raises CreneauPris (with the three nearest), HorsDelai.
    """
    occupation.verrouiller(session, f"conversation:{conversation_id}")
    with session.begin_nested():
        occupation.liberer(session, "conversation", conversation_id)
        creneau = _creneau(session, motif, debut, antenne_id, maintenant, pour=pour)
        expire_le = maintenant + occupation.DUREE_RETENUE
        siennes = _tenues(session, pour)
        for qui in _ordre(session, creneau, motif, assure_id):
            occupation.purger(session, maintenant, [qui])
            voulues = [c for c in _cellules([qui], creneau, motif) if c not in siennes]
            if occupation.prendre(session, voulues, "conversation", conversation_id, expire_le):
                return Retenue(qui, creneau.debut, creneau.fin, expire_le)
        raise CreneauPris(proches(session, motif, debut, maintenant, antenne_id=antenne_id, pour=pour))


def relacher(session: Session, conversation_id: str) -> None:
    """Give back what a conversation holds."""
    occupation.liberer(session, "conversation", conversation_id)


# ---- confirming -------------------------------------------------------------------------------------------------------


def confirmer(session: Session, *, operation_id: str, motif: Motif, debut: datetime, antenne_id: Optional[int], personne: Personne, auteur: Auteur,
              maintenant: datetime, conversation_id: Optional[str] = None, action_id: Optional[int] = None, conseiller_id: Optional[int] = None,
              second_conseiller_id: Optional[int] = None, plus_tot: bool = False, invitation: Optional[str] = None) -> Confirmation:
    """The entretien. `operation_id` is drawn when the summary is shown: a repeated « oui » gets the same entretien.

    `conversation_id`: its hold is used, then given back. `action_id`: the campaign's (spontaneous without it, or when it does not hold);
    `invitation`: hash of the opening code used (`code_ouverture`), which brings its action and is marked as used.
    `conseiller_id`: chosen by the caisse, else by the rule of §5.3; `second_conseiller_id`: both or none.
    Raises NomManquant, TelephoneManquant, CourrielInvalide, MotifInconnu, DejaUnRdv, RdvSimultane, CreneauPris, HorsDelai, ConseillerOccupe.
    """
    occupation.verrouiller(session, f"operation:{operation_id}")
    deja = session.scalar(select(Entretien).where(Entretien.operation_id == operation_id))
    if deja is not None:
        return Confirmation(deja, True)
    if auteur.est_assure and not (motif.libre_service and motif.visible):
        raise MotifInconnu
    personne = _personne(session, motif, personne)
    cle = identite.cle(motif.caisse_code, personne)
    if cle is not None:
        occupation.verrouiller(session, f"personne:{cle}")
    with session.begin_nested():  # a refusal leaves everything as it was, the conversation's hold included
        creneau = _creneau(session, motif, debut, antenne_id, maintenant, conversation_id=conversation_id, delais=auteur.est_assure,
                           conseiller_id=conseiller_id)
        _refuser_doubles(session, motif, cle, creneau, maintenant)
        candidats = _candidats(session, creneau, motif, personne, conversation_id, conseiller_id, second_conseiller_id)
        entretien = _nouvel_entretien(session, operation_id, motif, creneau, personne, cle, auteur, maintenant)
        entretien.conseiller_id, entretien.second_conseiller_id = candidats[0] if candidats else creneau.candidats[0], second_conseiller_id
        entretien.plus_tot = plus_tot
        session.add(entretien)
        session.flush()
        entretien.conseiller_id = _prendre(session, entretien, creneau, candidats, maintenant, choisi=bool(conseiller_id or second_conseiller_id))
        action_id = _action_invitee(session, entretien, invitation, maintenant) or action_id
        rattachement.prevoir(session, entretien, action_id=action_id, maintenant=maintenant, auteur=auteur)
        _noter(session, entretien, "entretien.confirmer", auteur, maintenant, None)
        notifications.prevoir(session, entretien, "confirmation", maintenant)
        session.flush()
    return Confirmation(entretien, False)


def _action_invitee(session: Session, entretien: Entretien, invitation: Optional[str], maintenant: datetime) -> Optional[int]:
    """The action of an invitation that was sent to this very person; its first use is noted."""
    code = session.get(CodeOuverture, invitation) if invitation is not None else None
    if code is None or code.assure_id != entretien.assure_id:
        return None
    code.utilise_le = code.utilise_le or maintenant
    return code.action_id


def _nouvel_entretien(session: Session, operation_id: str, motif: Motif, creneau: Creneau, personne: Personne, cle: Optional[str], auteur: Auteur,
                      maintenant: datetime) -> Entretien:
    code = codes.tirer()
    while session.scalar(select(Entretien.id).where(Entretien.code == code)) is not None:
        code = codes.tirer()
    origine = "secretariat" if auteur.role == "secretariat" else auteur.origine if auteur.origine in ("chat", "page") else "espace"
    return Entretien(
        caisse_code=motif.caisse_code, code=code, ics_uid=f"{uuid.uuid4()}@{DOMAINE_UID}", ics_sequence=0,
        assure_id=personne.assure_id, personne=cle, nom=personne.nom, prenom=personne.prenom, telephone=personne.telephone,
        courriel=personne.courriel, motif=motif, motif_id=motif.id, modalite=motif.modalite, antenne_id=creneau.antenne_id,
        debut=creneau.debut, fin=creneau.fin, fuseau=creneau.fuseau, statut="pose", origine=origine, version=1, operation_id=operation_id,
        deplacements=0, pris_le=maintenant, change_le=maintenant)


# ---- moving -----------------------------------------------------------------------------------------------------------


def deplacer(session: Session, entretien: Entretien, *, debut: datetime, antenne_id: Optional[int], auteur: Auteur, maintenant: datetime,
             conversation_id: Optional[str] = None, conseiller_id: Optional[int] = None) -> Entretien:
    """Another time, place or counsellor; id, code and calendar UID stay, the old slot is held until the new one is. Done already: nothing changes.

    The assuré moves until `limite_modif_h` hours before, three times. Raises TransitionImpossible, HorsDelai, TropDeDeplacements, CreneauPris,
    RdvSimultane, ConseillerOccupe.
    """
    entretien = relire(session, entretien)
    motif = entretien.motif
    if (entretien.debut, entretien.antenne_id) == (debut, antenne_id) and conseiller_id in (None, entretien.conseiller_id):
        return entretien
    _exiger_deplacable(entretien, motif, auteur, maintenant)
    with session.begin_nested():
        creneau = _creneau(session, motif, debut, antenne_id, maintenant, pour=entretien, conversation_id=conversation_id,
                           delais=auteur.est_assure, conseiller_id=conseiller_id)
        _refuser_doubles(session, motif, entretien.personne, creneau, maintenant, sauf=entretien)
        avant = _visible(entretien)
        entretien.conseiller_id = _echanger(session, entretien, creneau, _repreneurs(session, entretien, creneau, conversation_id, conseiller_id),
                                            maintenant)
        entretien.debut, entretien.fin, entretien.antenne_id, entretien.fuseau = creneau.debut, creneau.fin, creneau.antenne_id, creneau.fuseau
        entretien.deplacements += auteur.est_assure
        _changer(entretien, maintenant)
        session.flush()
        rattachement.changer_jour(session, entretien, maintenant, auteur)
        _noter(session, entretien, "entretien.deplacer", auteur, maintenant, avant)
        notifications.prevoir(session, entretien, "modification", maintenant)
        session.flush()
    return entretien


def _repreneurs(session: Session, entretien: Entretien, creneau: Creneau, conversation_id: Optional[str], conseiller_id: Optional[int]) -> list[int]:
    """Who may take a moved entretien: the one asked for; else the one held, the same as before, then the rule. The hold is given back."""
    retenu = _conseiller_retenu(session, conversation_id)
    if conversation_id is not None:
        occupation.liberer(session, "conversation", conversation_id)
    if conseiller_id is not None:
        return [conseiller_id]
    rang = {retenu: 0, entretien.conseiller_id: 1}
    return sorted(_ordre(session, creneau, entretien.motif, entretien.assure_id), key=lambda c: rang.get(c, 2))


def _exiger_deplacable(entretien: Entretien, motif: Motif, auteur: Auteur, maintenant: datetime) -> None:
    if auteur.est_assure:
        if entretien.statut == "pose" and fenetre(entretien.debut, motif.limite_modif_h, maintenant) != "libre":
            raise HorsDelai
        if entretien.deplacements >= DEPLACEMENTS_MAX:
            raise TropDeDeplacements
    elif auteur.role is not None and auteur.role not in ROLES_CAISSE:
        raise DroitRefuse
    if entretien.statut != "pose" or maintenant >= entretien.debut:
        raise TransitionImpossible


def _echanger(session: Session, entretien: Entretien, creneau: Creneau, candidats: Sequence[int], maintenant: datetime) -> int:
    """The counsellor who takes the entretien over (the second one follows it). Raises CreneauPris."""
    second = entretien.second_conseiller_id
    for qui in candidats:
        if qui == second:
            continue
        occupation.purger(session, maintenant, [qui])
        if occupation.echanger(session, _cellules([qui, second], creneau, entretien.motif), "entretien", entretien.id):
            return qui
    raise CreneauPris(proches(session, entretien.motif, creneau.debut, maintenant, antenne_id=creneau.antenne_id, pour=entretien))


# ---- cancelling, taking back ------------------------------------------------------------------------------------------


def annuler(session: Session, entretien: Entretien, *, auteur: Auteur, maintenant: datetime, raison: Optional[str] = None) -> Entretien:
    """Cancel: by the assuré until the start (`tardive` within the limit), by the caisse also after. Cancelled already: nothing changes.

    `raison`: a code of RAISONS_ANNULATION, or None. Raises HorsDelai (the assuré, once it has begun), TransitionImpossible.
    """
    entretien = relire(session, entretien)
    statut = "annule_assure" if auteur.est_assure else "annule_caisse"
    if entretien.statut in ANNULES:
        return entretien
    if statut not in transitions(entretien.statut, entretien.debut, maintenant, _role(auteur), fin=entretien.fin):
        raise HorsDelai if auteur.est_assure and entretien.statut == "pose" else TransitionImpossible
    avant = _visible(entretien)
    passe = maintenant >= entretien.debut
    entretien.tardive = auteur.est_assure and fenetre(entretien.debut, entretien.motif.limite_modif_h, maintenant) == "annuler"
    entretien.statut, entretien.annule_le = statut, maintenant
    entretien.annule_raison = raison if raison in RAISONS_ANNULATION else None
    _changer(entretien, maintenant)
    session.flush()
    occupation.liberer(session, "entretien", entretien.id)
    rattachement.annuler(session, entretien)
    _noter(session, entretien, "entretien.annuler", auteur, maintenant, avant)
    if not passe:
        notifications.prevoir(session, entretien, "annulation", maintenant)
    return entretien


def defaire(session: Session, entretien: Entretien, *, auteur: Auteur, maintenant: datetime) -> Entretien:
    """Take back the last command on an entretien, by the one who gave it, within two minutes: a booking is cancelled, a move goes back, a
    cancellation is lifted. Raises RienADefaire; CreneauPris when the old slot has been taken meanwhile."""
    entretien = relire(session, entretien)
    dernier = session.scalar(select(Historique).where(Historique.objet == "entretien", Historique.objet_id == str(entretien.id))
                             .order_by(Historique.id.desc()).limit(1))
    if dernier is None or dernier.acteur != auteur.acteur or maintenant - dernier.le > REPRISE or maintenant >= entretien.debut:
        raise RienADefaire
    if dernier.commande == "entretien.confirmer":
        return annuler(session, entretien, auteur=auteur, maintenant=maintenant)
    if dernier.commande not in ("entretien.deplacer", "entretien.annuler") or not dernier.avant:
        raise RienADefaire
    return _revenir(session, entretien, dernier.avant, auteur, maintenant)


def _revenir(session: Session, entretien: Entretien, etat: dict[str, Any], auteur: Auteur, maintenant: datetime) -> Entretien:
    """Put an entretien back as it was, if its cells are still free."""
    debut, fin = (datetime.fromisoformat(etat[n]) for n in ("debut", "fin"))
    if debut <= maintenant:
        raise RienADefaire
    avant, annule = _visible(entretien), entretien.statut in ANNULES
    fin_prise = fin + timedelta(minutes=entretien.motif.battement)
    voulues = occupation.cellules_de([c for c in (etat["conseiller_id"], entretien.second_conseiller_id) if c], debut, fin_prise)
    occupation.purger(session, maintenant, [etat["conseiller_id"]])
    if not occupation.echanger(session, voulues, "entretien", entretien.id):
        raise CreneauPris(proches(session, entretien.motif, debut, maintenant, antenne_id=etat["antenne_id"], pour=entretien))
    entretien.debut, entretien.fin, entretien.statut = debut, fin, "pose"
    entretien.conseiller_id, entretien.antenne_id, entretien.fuseau = etat["conseiller_id"], etat["antenne_id"], etat["fuseau"]
    entretien.annule_le, entretien.annule_raison, entretien.tardive = None, None, False
    entretien.deplacements = etat["deplacements"]
    _changer(entretien, maintenant)
    session.flush()
    if annule:
        action_id = rattachement.action_du_contact(session, entretien)
        entretien.contact_id = None
        rattachement.prevoir(session, entretien, action_id=action_id, maintenant=maintenant, auteur=auteur)
    else:
        rattachement.changer_jour(session, entretien, maintenant, auteur)
    _noter(session, entretien, "entretien.defaire", auteur, maintenant, avant)
    notifications.prevoir(session, entretien, "modification", maintenant)
    return entretien


# ---- reading ----------------------------------------------------------------------------------------------------------


def a_venir(session: Session, *, caisse_code: str, personne: Personne, maintenant: datetime) -> list[Entretien]:
    """The entretiens a person has ahead, in order. Nobody told apart: none."""
    cle = identite.cle(caisse_code, personne)
    if cle is None:
        return []
    return list(session.scalars(select(Entretien).where(Entretien.caisse_code == caisse_code, Entretien.personne == cle, Entretien.statut == "pose",
                                                        Entretien.debut > maintenant).order_by(Entretien.debut)))


# ---- the parts --------------------------------------------------------------------------------------------------------


def _role(auteur: Auteur) -> Optional[str]:
    return None if auteur.est_assure else auteur.role or "responsable"


def _personne(session: Session, motif: Motif, personne: Personne) -> Personne:
    """The person with clean values; a known assuré's own number serves a telephone motif when none was typed."""
    if personne.assure_id is not None:
        assure = session.get(Assure, personne.assure_id)
        if assure is None or assure.caisse_code != motif.caisse_code:
            raise MotifInconnu
        if not (personne.telephone or "").strip() and motif.modalite == "telephone":
            personne = Personne(personne.nom, personne.prenom, identite.telephone(assure.telephone), personne.courriel, assure.id)
    return identite.verifier(personne, telephone_exige=motif.modalite == "telephone")


def _creneau(session: Session, motif: Motif, debut: datetime, antenne_id: Optional[int], maintenant: datetime, *, pour: Optional[Entretien] = None,
             conversation_id: Optional[str] = None, delais: bool = True, conseiller_id: Optional[int] = None) -> Creneau:
    """The slot as the agenda computes it now. Raises HorsDelai when only the delays refuse it, else CreneauPris, or what is more precise: DatePassee,
    JourFerme."""
    jour = jour_local(debut, session.get_one(Caisse, motif.caisse_code).fuseau)
    un_jour = timedelta(days=1)
    resultat: Resultat = chercher(session, motif, maintenant, antenne_id=antenne_id, du=jour - un_jour, au=jour + un_jour, pour=pour,
                                  conversation_id=conversation_id, delais=delais, conseiller_id=conseiller_id)
    trouve = next((c for c in resultat.creneaux if c.debut == debut and c.antenne_id == antenne_id), None)
    if trouve is not None:
        return trouve
    raison = "passe" if debut <= maintenant else resultat.raison(debut, antenne_id)
    if raison in ("trop_tot", "trop_loin"):
        raise HorsDelai
    refus = {"passe": DatePassee, "ferie": JourFerme, "fermeture": JourFerme}.get(raison or "", CreneauPris)
    raise refus(proches(session, motif, debut, maintenant, antenne_id=antenne_id, pour=pour, conversation_id=conversation_id, delais=delais))


def _refuser_doubles(session: Session, motif: Motif, cle: Optional[str], creneau: Creneau, maintenant: datetime,
                     sauf: Optional[Entretien] = None) -> None:
    """One entretien ahead per person and motif, and never two at once. Raises DejaUnRdv, RdvSimultane."""
    if cle is None:
        return
    siens = session.scalars(select(Entretien).where(
        Entretien.caisse_code == motif.caisse_code, Entretien.personne == cle, Entretien.statut == "pose",
        or_(Entretien.debut > maintenant, Entretien.fin > creneau.debut), Entretien.id != (sauf.id if sauf else -1))).all()
    for autre in siens:
        if sauf is None and autre.motif_id == motif.id and autre.debut > maintenant:
            raise DejaUnRdv(autre)
        if autre.debut < creneau.fin and autre.fin > creneau.debut:
            raise RdvSimultane


def _ordre(session: Session, creneau: Creneau, motif: Motif, assure_id: Optional[int]) -> list[int]:
    """Who receives, best first: the referent, then the fewest entretiens that day, then the one served longest ago, then the lowest id."""
    assure = session.get(Assure, assure_id) if assure_id is not None and motif.suivi_referent else None
    charge = charge_du_jour(session, creneau.candidats, jour_local(creneau.debut, creneau.fuseau), creneau.fuseau)
    referent = assure.referent_id if assure else None
    return sorted(creneau.candidats, key=lambda c: (c != referent, *charge[c], c))


def _cellules(conseillers: Sequence[Optional[int]], creneau: Creneau, motif: Motif) -> list[occupation.Cellule]:
    return occupation.cellules_de([c for c in conseillers if c is not None], creneau.debut, creneau.fin + timedelta(minutes=motif.battement))


def _tenues(session: Session, entretien: Optional[Entretien]) -> set[occupation.Cellule]:
    """Cells an entretien holds already: moving by half an hour overlaps itself."""
    if entretien is None:
        return set()
    siennes = select(Occupation.conseiller_id, Occupation.cellule).where(
        Occupation.porteur == "entretien", Occupation.porteur_id == str(entretien.id))
    return {(c, cellule) for c, cellule in session.execute(siennes)}


def _conseiller_retenu(session: Session, conversation_id: Optional[str]) -> Optional[int]:
    if conversation_id is None:
        return None
    return session.scalar(select(Occupation.conseiller_id).where(
        Occupation.porteur == "conversation", Occupation.porteur_id == conversation_id).limit(1))


def _candidats(session: Session, creneau: Creneau, motif: Motif, personne: Personne, conversation_id: Optional[str],
               conseiller_id: Optional[int], second_id: Optional[int]) -> list[int]:
    """The counsellors to try, best first: the one asked for; the one held, if any, then the rule."""
    retenu = _conseiller_retenu(session, conversation_id)
    if conversation_id is not None:
        occupation.liberer(session, "conversation", conversation_id)
    candidats = [conseiller_id] if conseiller_id is not None else _ordre(session, creneau, motif, personne.assure_id)
    return sorted((c for c in candidats if c != second_id), key=lambda c: c != retenu)


def _prendre(session: Session, entretien: Entretien, creneau: Creneau, candidats: Sequence[int], maintenant: datetime, *, choisi: bool) -> int:
    """The counsellor whose cells the entretien now holds, with the second one's. Raises CreneauPris, ConseillerOccupe when the caisse chose."""
    second = entretien.second_conseiller_id
    for qui in candidats:
        deux = [c for c in (qui, second) if c is not None]
        occupation.purger(session, maintenant, deux)
        if occupation.prendre(session, _cellules(deux, creneau, entretien.motif), "entretien", entretien.id):
            return qui
    if choisi:
        raise ConseillerOccupe
    raise CreneauPris(proches(session, entretien.motif, creneau.debut, maintenant, antenne_id=creneau.antenne_id))


def relire(session: Session, entretien: Entretien) -> Entretien:
    """The entretien as it is now, its row locked until the transaction ends."""
    if entretien.personne is not None:
        occupation.verrouiller(session, f"personne:{entretien.personne}")
    session.refresh(entretien, with_for_update=True)
    return entretien


def _changer(entretien: Entretien, maintenant: datetime) -> None:
    """A change people see: messages of before fall silent, calendars take the new one."""
    entretien.version += 1
    entretien.ics_sequence += 1
    entretien.change_le = maintenant


def _visible(entretien: Entretien) -> dict[str, Any]:
    """What the history keeps of an entretien: nothing personal."""
    return {"statut": entretien.statut, "debut": entretien.debut.isoformat(), "fin": entretien.fin.isoformat(), "fuseau": entretien.fuseau,
            "conseiller_id": entretien.conseiller_id, "antenne_id": entretien.antenne_id, "deplacements": entretien.deplacements,
            "version": entretien.version}


def _noter(session: Session, entretien: Entretien, commande: str, auteur: Auteur, maintenant: datetime, avant: Optional[dict[str, Any]]) -> None:
    apres = _visible(entretien) | ({"tardive": True} if entretien.tardive else {})
    noter(session, le=maintenant, acteur=auteur.acteur, role=auteur.role, origine=auteur.origine, commande=commande, objet="entretien",
          objet_id=entretien.id, avant=avant, apres=apres)
