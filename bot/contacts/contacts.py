"""Contacts as the campaign counts them: planned, moved, held or missed, then recorded with their depth, tools and effects (R21-R52).

What leads to a contact is elsewhere: bookings and meetings in `agenda`, letters and cibles in `campagnes`. R-numbers: circular of 2011.
"""
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Iterable, Mapping, Optional
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.contacts.campagne import correspond, definition, exiger_rencontre_permise, rattacher
from bot.contacts.historique import noter
from bot.contacts.refus import Refus
from bot.contacts.tables import (
    Action,
    Assure,
    Caisse,
    Contact,
    ContactDomaine,
    ContactEffet,
    ContactOutil,
    Envoi,
    Lot,
    OutilVersion,
    Rencontre,
    Socle,
)
from bot.contacts.tables.contact import BENEFICIAIRES, DOMAINES, EFFETS, RAISONS_NON_ABORDE

FORMES_ENTRETIEN = ("physique", "telephone")
AGE_ESTIMATION = 54
MINUTES_MAX = 480
# What may follow what. A wrong click is put right (held, refused, missed); a cancelled contact stays cancelled.
SUITES = {"prevu": ("realise", "refus", "absent", "annule"), "realise": ("refus", "absent"), "refus": ("realise", "absent"),
          "absent": ("realise", "refus"), "annule": ()}


# -- refusals ------------------------------------------------------------------------------------------------------------------------------


class AssureInconnu(Refus):
    code, statut = "ASSURE_INCONNU", 404
    message = "Cette personne n'est pas dans le fichier de la caisse. Vérifiez son numéro, ou importez le fichier à jour."


class FormeInterdite(Refus):
    code, statut = "FORME_INTERDITE", 422
    message = "Un entretien se tient sur place ou par téléphone. Choisissez l'une de ces deux formes."


class HorsCible(Refus):
    code, statut = "HORS_CIBLE", 422
    message = "Cette personne n'est pas dans la cible de l'action. Proposez-lui plutôt un entretien spontané."


class SuiteImpossible(Refus):
    code, statut = "SUITE_IMPOSSIBLE", 409
    message = "Ce contact est déjà dans un état qui ne permet pas ce changement. Rechargez la page pour voir où il en est."


class DomainesIncomplets(Refus):
    code, statut = "DOMAINES_INCOMPLETS", 422
    message = "Tout le champ du régime se parcourt à chaque contact : indiquez la profondeur (0 à 3) de chacun des neuf domaines."


class ProfondeurInvalide(Refus):
    code, statut = "PROFONDEUR_INVALIDE", 422
    message = "La profondeur d'un domaine va de 0 (non abordé) à 3 (approfondi). Corrigez-la."


class RaisonManquante(Refus):
    code, statut = "RAISON_MANQUANTE", 422
    message = "Un domaine non abordé demande une raison de la liste ; un domaine abordé n'en a pas. Complétez ou retirez la raison."


class RetraiteCollective(Refus):
    code, statut = "RETRAITE_COLLECTIVE", 422
    message = "En rencontre collective, la retraite ne se présente que dans ses grandes lignes (profondeur 1). Proposez un entretien individuel."


class CollectifPersonnalise(Refus):
    code, statut = "COLLECTIF_PERSONNALISE", 422
    message = "Une rencontre collective ne donne pas d'information personnalisée. Décochez « personnalisé », ou enregistrez un entretien."


class RetraiteIncoherente(Refus):
    code, statut = "RETRAITE_INCOHERENTE", 422
    message = "Une case de retraite est cochée alors que la retraite n'est pas abordée. Corrigez la profondeur ou décochez la case."


class EstimationSansRaison(Refus):
    code, statut = "ESTIMATION_SANS_RAISON", 422
    message = "Dès 54 ans, remettre une estimation de la caisse n'est plus préconisé : appuyez-vous sur le RIS, ou écrivez la raison."


class DureeInvalide(Refus):
    code, statut = "DUREE_INVALIDE", 422
    message = "La durée s'écrit en minutes, de 1 à 480. Corrigez-la."


class ValeurHorsListe(Refus):
    code, statut = "VALEUR_HORS_LISTE", 422
    message = "Cette valeur n'est pas dans la liste de la campagne. Choisissez-en une qui s'y trouve."


class OutilEtranger(Refus):
    code, statut = "OUTIL_ETRANGER", 422
    message = "Cet outil n'est ni national ni adapté par cette caisse. Choisissez une version en vigueur dans le kit."


# -- an entretien, from booking to its day -----------------------------------------------------------------------------------------------------


def prevoir_entretien(session: Session, *, caisse_code: str, assure_id: Optional[int], forme: str, jour: date, maintenant: datetime, origine: str,
                      action_id: Optional[int] = None, conseiller_id: Optional[int] = None, acteur: str = "systeme") -> Contact:
    """Plan an entretien with one person (R45): « prevu » until the day says otherwise.

    `forme` physique or telephone (R34); `origine` campagne, local (with `action_id`), spontane or eir (without); `jour` is the local day.
    `assure_id` None: someone the file does not have yet, who can only come spontaneously (R55).
    Raises FormeInterdite, CaisseHorsSocle, OrigineIncoherente, ActionInconnue, ActionLocale, GenreIncompatible, HorsFenetre, AssureInconnu,
    HorsCible, SocleAbsent.
    """
    if forme not in FORMES_ENTRETIEN:
        raise FormeInterdite
    socle, action = rattacher(session, caisse_code=caisse_code, jour=jour, genre="entretien", origine=origine, action_id=action_id)
    assure = session.get(Assure, assure_id) if assure_id is not None else None
    if (assure is None and (action is not None or assure_id is not None)) or (assure is not None and assure.caisse_code != caisse_code):
        raise AssureInconnu
    if action is not None and assure is not None and not correspond(assure, definition(session, action.cible).get("criteres", {})):
        raise HorsCible
    contact = Contact(caisse_code=caisse_code, socle_id=socle.id, type="entretien", collectif=False, forme=forme, origine=origine,
                      action_id=action_id, assure_id=assure_id, conseiller_id=conseiller_id, jour=jour, resultat="prevu", enregistre_le=maintenant)
    return _garder(session, contact, maintenant, acteur, "prevoir")


def changer_jour(session: Session, contact: Contact, jour: date, *, conseiller_id: Optional[int] = None, maintenant: Optional[datetime] = None,
                 acteur: str = "systeme") -> None:
    """Move a planned contact to another day, and to another counsellor when given; it keeps its action, so the day stays in its window.

    Without `maintenant` the move is not noted here: the caller that moves the booking has noted it. Raises SuiteImpossible, HorsFenetre.
    """
    if contact.resultat != "prevu":
        raise SuiteImpossible
    socle, _ = rattacher(session, caisse_code=contact.caisse_code, jour=jour, genre=contact.type, origine=contact.origine,
                         action_id=contact.action_id)
    avant = {"jour": contact.jour.isoformat(), "conseiller_id": contact.conseiller_id}
    contact.jour, contact.socle_id = jour, socle.id
    contact.conseiller_id = conseiller_id if conseiller_id is not None else contact.conseiller_id
    _noter(session, contact, maintenant, acteur, "changer_jour", avant, {"jour": jour.isoformat(), "conseiller_id": contact.conseiller_id})


def annuler(session: Session, contact: Contact, *, maintenant: Optional[datetime] = None, acteur: str = "systeme") -> None:
    """A planned contact will not take place. Raises SuiteImpossible when it already did, or was missed."""
    _passer(session, contact, "annule", maintenant, acteur)


def constater(session: Session, contact: Contact, resultat: str, maintenant: datetime, acteur: str = "systeme") -> None:
    """What became of a contact: realise, refus, absent (for a letter: came back), annule. A wrong outcome may be put right; what had been
    recorded of an entretien that was not held goes away with it. Raises SuiteImpossible."""
    _passer(session, contact, resultat, maintenant, acteur)


def _passer(session: Session, contact: Contact, resultat: str, maintenant: Optional[datetime], acteur: str) -> None:
    if resultat == contact.resultat:
        return
    if resultat not in SUITES[contact.resultat]:
        raise SuiteImpossible
    avant, contact.resultat = contact.resultat, resultat
    if avant == "realise":
        _vider(session, contact)
    if maintenant is not None:
        contact.enregistre_le = maintenant
    _noter(session, contact, maintenant, acteur, "constater", {"resultat": avant}, {"resultat": resultat})


# -- what was done ---------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class DomaineAborde:
    """How far one domain was taken: 0 (with a reason of RAISONS_NON_ABORDE) to 3; personalised or generic (R08, R46)."""

    profondeur: int
    personnalise: bool = False
    raison: Optional[str] = None


@dataclass(frozen=True)
class CompteRenduContact:
    """What the counsellor records. `domaines`: all of D1 to D9; `outils`: ids of `outil_version`; `minutes`: 1 to 480; `moment_vie`: a code of
    the campaign. For a rencontre only `domaines`, `outils` and `minutes` are read: nothing of a person is (R44)."""

    domaines: Mapping[str, DomaineAborde]
    minutes: Optional[int] = None
    outils: Iterable[int] = ()
    effets: Iterable[str] = ()
    ris_utilise: bool = False
    estimation_remise: bool = False
    estimation_raison: Optional[str] = None
    mecanismes: bool = False
    droits_acquis: bool = False
    optimisation: bool = False
    beneficiaire: str = "assure"
    moment_vie: Optional[str] = None
    accompagnant: bool = False


def enregistrer_entretien(session: Session, contact: Contact, compte: CompteRenduContact, maintenant: datetime, acteur: str = "systeme") -> Contact:
    """Record an entretien that was held; recorded again, the new account replaces the former.

    What the campaign counts of the person is read now and kept without her: birth year, career incomplete, 54 or over (R30, R50).
    Raises SuiteImpossible, DomainesIncomplets, ProfondeurInvalide, RaisonManquante, RetraiteIncoherente, EstimationSansRaison, DureeInvalide,
    ValeurHorsListe, OutilEtranger.
    """
    if contact.type != "entretien" or contact.resultat not in ("realise", *[r for r, suites in SUITES.items() if "realise" in suites]):
        raise SuiteImpossible
    _verifier_domaines(compte.domaines, collectif=False)
    _verifier_entretien(session, contact, compte)
    _lire_personne(session, contact)
    if compte.estimation_remise and contact.age_54_ou_plus and not (compte.estimation_raison or "").strip():
        raise EstimationSansRaison
    avant, contact.resultat = contact.resultat, "realise"
    contact.minutes, contact.enregistre_le = compte.minutes, maintenant
    for nom in ("beneficiaire", "moment_vie", "accompagnant", "mecanismes", "droits_acquis", "optimisation", "ris_utilise", "estimation_remise"):
        setattr(contact, nom, getattr(compte, nom))
    contact.estimation_raison = (compte.estimation_raison or "").strip() or None
    _details(session, contact, compte)
    _noter(session, contact, maintenant, acteur, "enregistrer", {"resultat": avant}, {"resultat": "realise", "minutes": compte.minutes})
    return contact


def enregistrer_courrier(session: Session, envoi: Envoi, maintenant: datetime, acteur: str = "systeme") -> Contact:
    """A letter that left is a contact (R36, R37). Run again for the same letter, gives the contact it made. The letter must have left
    (SuiteImpossible). When it comes back, `constater(…, "absent", …)`."""
    deja = session.scalar(select(Contact).where(Contact.envoi_id == envoi.id))
    if deja is not None:
        return deja
    if envoi.parti_le is None or envoi.etat not in ("envoye", "retourne"):
        raise SuiteImpossible
    lot, action = session.get_one(Lot, envoi.lot_id), session.get_one(Action, envoi.action_id)
    caisse = session.get_one(Caisse, action.caisse_code)
    assure = session.get_one(Assure, envoi.assure_id)
    contact = Contact(caisse_code=caisse.code, socle_id=action.cible.socle_id, type="courrier", collectif=False, forme=envoi.canal,
                      origine="campagne" if action.perimetre == "socle" else "local", action_id=action.id, assure_id=assure.id, envoi_id=envoi.id,
                      jour=envoi.parti_le.astimezone(ZoneInfo(caisse.fuseau)).date(), enregistre_le=maintenant,
                      resultat="absent" if envoi.etat == "retourne" else "realise")
    _garder(session, contact, maintenant, acteur, "enregistrer")
    if lot.outil_version_id is not None:
        session.add(ContactOutil(contact_id=contact.id, outil_version_id=lot.outil_version_id))
    return contact


def enregistrer_rencontre(session: Session, rencontre: Rencontre, compte: CompteRenduContact, maintenant: datetime, *,
                          conseiller_id: Optional[int] = None, acteur: str = "systeme") -> Contact:
    """A rencontre that was held is one contact, without any person's data (R44); its participants are a number on the rencontre itself.

    Recorded again, the new account replaces the former. Raises SuiteImpossible for a cancelled one, the refusals of
    `exiger_rencontre_permise`, DomainesIncomplets, ProfondeurInvalide, RaisonManquante, RetraiteCollective, CollectifPersonnalise, DureeInvalide.
    """
    if rencontre.annulee_le is not None:
        raise SuiteImpossible
    jour = rencontre.debut.astimezone(ZoneInfo(rencontre.fuseau)).date()
    exiger_rencontre_permise(session, caisse_code=rencontre.caisse_code, theme=rencontre.theme, jour=jour, evenement=rencontre.evenement,
                             profession_code=rencontre.profession_code, action_id=rencontre.action_id)
    _verifier_domaines(compte.domaines, collectif=True)
    minutes = compte.minutes or min(int((rencontre.fin - rencontre.debut).total_seconds() // 60), MINUTES_MAX)
    _verifier_minutes(minutes)
    contact = session.scalar(select(Contact).where(Contact.rencontre_id == rencontre.id))
    if contact is None:
        action = session.get_one(Action, rencontre.action_id) if rencontre.action_id else None
        origine = "spontane" if action is None else "campagne" if action.perimetre == "socle" else "local"
        socle, _ = rattacher(session, caisse_code=rencontre.caisse_code, jour=jour, genre="rencontre", origine=origine,
                             action_id=rencontre.action_id)
        contact = Contact(caisse_code=rencontre.caisse_code, socle_id=socle.id, type="rencontre", collectif=True, forme="collective", origine=origine,
                          action_id=rencontre.action_id, rencontre_id=rencontre.id, conseiller_id=conseiller_id, jour=jour, resultat="realise",
                          enregistre_le=maintenant)
        _garder(session, contact, maintenant, acteur, "enregistrer")
    contact.minutes = minutes
    _details(session, contact, compte)
    return contact


# -- checks and writing ------------------------------------------------------------------------------------------------------------------------


def _verifier_domaines(domaines: Mapping[str, DomaineAborde], collectif: bool) -> None:
    if set(domaines) != set(DOMAINES):
        raise DomainesIncomplets
    for code, aborde in domaines.items():
        if not 0 <= aborde.profondeur <= 3:
            raise ProfondeurInvalide
        if (aborde.profondeur == 0) != (aborde.raison is not None) or (aborde.raison or RAISONS_NON_ABORDE[0]) not in RAISONS_NON_ABORDE:
            raise RaisonManquante
        if collectif and code == "D3" and aborde.profondeur > 1:
            raise RetraiteCollective
        if collectif and aborde.personnalise:
            raise CollectifPersonnalise


def _verifier_minutes(minutes: Optional[int]) -> None:
    if minutes is not None and not 1 <= minutes <= MINUTES_MAX:
        raise DureeInvalide


def _verifier_entretien(session: Session, contact: Contact, compte: CompteRenduContact) -> None:
    _verifier_minutes(compte.minutes)
    if compte.domaines["D3"].profondeur == 0 and (compte.mecanismes or compte.droits_acquis or compte.optimisation):
        raise RetraiteIncoherente
    moments = session.get_one(Socle, contact.socle_id).contenu.get("moments_vie", {})
    if compte.beneficiaire not in BENEFICIAIRES or not set(compte.effets) <= set(EFFETS) or (compte.moment_vie or "") not in ("", *moments):
        raise ValeurHorsListe


def _lire_personne(session: Session, contact: Contact) -> None:
    """What the bilan needs of the person, on the day of the contact. An erased person leaves what was known before."""
    assure = session.get(Assure, contact.assure_id) if contact.assure_id is not None else None
    if assure is None:
        return
    naissance = assure.date_naissance
    contact.naissance_annee = naissance.year if naissance else None
    contact.carriere_incomplete = {"incomplete": True, "complete": False}.get(assure.carriere)
    contact.age_54_ou_plus = naissance is not None and age(naissance, contact.jour) >= AGE_ESTIMATION


def age(naissance: date, jour: date) -> int:
    """Age in whole years on a day."""
    return jour.year - naissance.year - ((jour.month, jour.day) < (naissance.month, naissance.day))


def _details(session: Session, contact: Contact, compte: CompteRenduContact) -> None:
    """Domains, effects and tools of a contact, in place of those it had."""
    outils = sorted(set(compte.outils))
    siens = {v.id for v in session.scalars(select(OutilVersion).where(OutilVersion.id.in_(outils)))
             if v.caisse_code in (None, contact.caisse_code)} if outils else set()
    if siens != set(outils):
        raise OutilEtranger
    _effacer_details(session, contact)
    contact.domaines = [ContactDomaine(collectif=contact.collectif, domaine=code, profondeur=d.profondeur, personnalise=d.personnalise,
                                       raison=d.raison) for code, d in sorted(compte.domaines.items())]
    contact.effets = [] if contact.collectif else [ContactEffet(effet=e) for e in sorted(set(compte.effets))]
    contact.outils = [ContactOutil(outil_version_id=v) for v in outils]
    session.flush()


def _effacer_details(session: Session, contact: Contact) -> None:
    contact.domaines, contact.effets, contact.outils = [], [], []
    session.flush()  # the same keys may come back at once


def _vider(session: Session, contact: Contact) -> None:
    """Nothing was held: nothing was said, nor handed over."""
    _effacer_details(session, contact)
    contact.minutes = contact.moment_vie = contact.naissance_annee = contact.carriere_incomplete = contact.estimation_raison = None
    for nom in ("accompagnant", "mecanismes", "droits_acquis", "optimisation", "ris_utilise", "estimation_remise", "age_54_ou_plus"):
        setattr(contact, nom, False)
    contact.beneficiaire = "assure"


def _garder(session: Session, contact: Contact, maintenant: datetime, acteur: str, commande: str) -> Contact:
    session.add(contact)
    session.flush()
    _noter(session, contact, maintenant, acteur, commande, None,
           {n: getattr(contact, n) for n in ("type", "forme", "origine", "resultat", "action_id")} | {"jour": contact.jour.isoformat()})
    return contact


def _noter(session: Session, contact: Contact, maintenant: Optional[datetime], acteur: str, commande: str, avant: Optional[Mapping[str, Any]],
           apres: Mapping[str, Any]) -> None:
    if maintenant is not None:
        noter(session, le=maintenant, acteur=acteur, commande=f"contact.{commande}", objet="contact", objet_id=contact.id, origine="systeme",
              avant=avant, apres=apres)
