"""One week of a caisse: what happened in the one before is recorded, letters leave, people book, move and cancel, rencontres are planned and held."""
from datetime import date, datetime, time, timedelta
from typing import Any, Optional, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.agenda import comptes_rendus, rencontres, reservation
from bot.agenda.auteurs import ASSURE_CHAT, ASSURE_PAGE, SYSTEME
from bot.agenda.auteurs import conseiller as la_caisse
from bot.agenda.creneaux import Creneau
from bot.agenda.identite import Personne
from bot.agenda.instants import vers_utc
from bot.agenda.jours_feries import jours_feries, territoire
from bot.agenda.recherche import chercher
from bot.agenda.rencontres import DemandeRencontre
from bot.agenda.themes import ORIENTATIONS, THEMES
from bot.campagnes import courriers, tirage
from bot.contacts import contacts
from bot.contacts.campagne import action_de
from bot.contacts.contacts import CompteRenduContact, DomaineAborde
from bot.contacts.refus import Refus
from bot.contacts.tables import Antenne, Assure, CodeOuverture, Contact, Entretien, Envoi, Inscription, Motif, OutilVersion, Rencontre
from bot.contacts.tables.contact import DOMAINES, EFFETS
from bot.enquete import invitations, vagues
from bot.simulation.decor import Decor
from bot.simulation.plan import Plan

MOIS_AE, MOIS_RCS = (2, 4, 6, 10), (5, 11)
VAGUES_EIG = (0, 9, 18)  # weeks after the campaign of the cible opens
ESSAIS = 3


def jouer(session: Session, plan: Plan, decor: Decor, rang: int, lundi: date, cle: bytes) -> None:
    """Everything of one week but the arrival of people and the survey, in the caller's transaction."""
    maintenant = decor.instant(lundi)
    _rendre_compte(session, plan, decor, maintenant)
    if lundi.year > plan.annee:
        return  # the year is over: only what was begun is finished
    _creer_rencontres(session, plan, decor, lundi, maintenant)
    _inviter(session, plan, decor, rang, lundi, cle)
    _changer(session, decor, rang, maintenant)
    _prendre(session, plan, decor, rang, lundi, maintenant)


# -- letters ----------------------------------------------------------------------------------------------------------------------------------


def ecrire_aux_createurs(session: Session, plan: Plan, decor: Decor, maintenant: datetime, cle: bytes) -> int:
    """The affiliation letters of those who have not had theirs (R36); some come back (R37)."""
    action = action_de(session, decor.code, plan.annee, "CREATEUR")
    return len(_envoyer(session, plan, decor, action, maintenant, cle))


def _envoyer(session: Session, plan: Plan, decor: Decor, action: Any, maintenant: datetime, cle: bytes) -> list[Envoi]:
    """A batch that leaves at once, on paper and by e-mail (no server is asked: nobody is at the other end)."""
    try:
        lot = courriers.preparer(session, action, maintenant, cle)
    except courriers.RienAEnvoyer:
        return []
    courriers.marquer_imprimes(session, lot, maintenant)
    for envoi_id in courriers.courriels_a_envoyer(session, lot):
        courriers.reserver(session, envoi_id)
        courriers.conclure(session, envoi_id, maintenant, True)
    envois = list(session.scalars(select(Envoi).where(Envoi.lot_id == lot.id).order_by(Envoi.id)))
    revenus = [e for e in envois if e.canal == "courrier" and decor.hasard.random() < plan.habitudes.npai]
    references = [f"{action.code}-{action.annee}-{lot.numero}-{e.id}" for e in revenus]
    courriers.noter_retours(session, decor.code, references, maintenant + timedelta(days=8))
    return [e for e in envois if e not in revenus]


def _inviter(session: Session, plan: Plan, decor: Decor, rang: int, lundi: date, cle: bytes) -> None:
    """The draws of the EIG campaign: each invited person will book, say no, or let it be, some weeks later."""
    semaine = (lundi - decor.eig_du).days // 7
    if semaine not in VAGUES_EIG or lundi < decor.eig_du:
        return
    action = action_de(session, decor.code, plan.annee, "EIG")
    maintenant, combien = decor.instant(lundi), -(-plan.assures // 40)
    try:
        tirage.tirer(session, action="EIG", caisse=decor.code, annee=plan.annee, taille=combien, maintenant=maintenant,
                     graine=plan.graine_de(decor.code, "tirage", semaine))
    except tirage.PersonneATirer:
        return
    for envoi in _envoyer(session, plan, decor, action, maintenant, cle):
        sort = decor.hasard.random()
        plus_tard = rang + 1 + int(decor.hasard.random() * 5)
        if sort < plan.habitudes.repond:
            code = session.scalar(select(CodeOuverture.empreinte).where(CodeOuverture.envoi_id == envoi.id))
            decor.rendez_vous.setdefault(plus_tard, []).append((envoi.assure_id, code, action.id))
        elif sort < plan.habitudes.repond + plan.habitudes.refuse:
            dit = contacts.prevoir_entretien(session, caisse_code=decor.code, assure_id=envoi.assure_id, forme="telephone",
                                             jour=lundi + timedelta(days=5), maintenant=maintenant, origine="campagne", action_id=action.id)
            contacts.constater(session, dit, "refus", decor.instant(lundi + timedelta(days=5)))


# -- bookings ---------------------------------------------------------------------------------------------------------------------------------


def _prendre(session: Session, plan: Plan, decor: Decor, rang: int, lundi: date, maintenant: datetime) -> None:
    """The bookings of a week: those who were invited, those who come by themselves, and the legal interviews, which count apart (A6)."""
    h, hasard = plan.habitudes, decor.hasard
    libres: dict[str, list[Creneau]] = {}
    for assure_id, code, action_id in decor.rendez_vous.pop(rang, ()):
        motif = "retraite_telephone" if hasard.random() < 0.3 else "retraite"
        _reserver(session, decor, libres, motif, assure_id, rang, maintenant, plan, invitation=code, action_id=action_id)
    for assure_id in _au_hasard(session, decor, _combien(plan.assures * h.spontane / 52, hasard.random())):
        motif = "conseil_social_telephone" if hasard.random() < 0.4 else "conseil_social"
        _reserver(session, decor, libres, motif, assure_id, rang, maintenant, plan)
    for assure_id in _au_hasard(session, decor, _combien(plan.assures * h.eir / 52, hasard.random())):
        prevu = contacts.prevoir_entretien(session, caisse_code=decor.code, assure_id=assure_id, forme="physique", jour=lundi, maintenant=maintenant,
                                           origine="eir")
        contacts.enregistrer_entretien(session, prevu, _compte_rendu(session, decor, "D3"), decor.instant(lundi, 12))


def _combien(moyenne: float, sort: float) -> int:
    """A whole number whose mean is `moyenne`."""
    return int(moyenne) + (sort < moyenne - int(moyenne))


def _au_hasard(session: Session, decor: Decor, combien: int) -> list[int]:
    """So many people of the caisse, whoever they are. Their numbers follow each other: one caisse is loaded after the other."""
    if not combien:
        return []
    ids = session.scalars(select(Assure.id).where(Assure.caisse_code == decor.code).order_by(Assure.identifiant)).all()
    return [ids[int(decor.hasard.random() * len(ids))] for _ in range(combien)]


def _reserver(session: Session, decor: Decor, libres: dict[str, list[Creneau]], code: str, assure_id: int, rang: int, maintenant: datetime,
              plan: Plan, invitation: Optional[str] = None, action_id: Optional[int] = None) -> None:
    motif = session.get_one(Motif, decor.motifs[code])
    if code not in libres:
        jour = maintenant.date()
        libres[code] = list(chercher(session, motif, maintenant, du=jour, au=jour + timedelta(days=24)).creneaux)
    if motif.modalite == "telephone" and not session.get_one(Assure, assure_id).telephone:
        return
    for essai in range(ESSAIS):
        if not libres[code]:
            return
        place = min(int(decor.hasard.random() ** 2 * len(libres[code])), len(libres[code]) - 1)
        creneau = libres[code].pop(place)
        operation = plan.graine_de(decor.code, rang, code, assure_id, essai)
        try:
            pris = reservation.confirmer(session, operation_id=operation, motif=motif, debut=creneau.debut, antenne_id=creneau.antenne_id,
                                         personne=Personne(assure_id=assure_id), maintenant=maintenant, action_id=action_id, invitation=invitation,
                                         auteur=ASSURE_CHAT if decor.hasard.random() < 0.6 else ASSURE_PAGE)
        except reservation.CreneauPris:
            continue
        except Refus:
            return  # she has one already, or is asked for too late: nobody is forced
        sort = decor.hasard.random()
        if sort < plan.habitudes.annule + plan.habitudes.deplace:
            decor.changements.setdefault(rang + 1, []).append((pris.entretien.id, "annuler" if sort < plan.habitudes.annule else "deplacer"))
        return


def _changer(session: Session, decor: Decor, rang: int, maintenant: datetime) -> None:
    """Those who move or cancel, the week after they booked."""
    for entretien_id, quoi in decor.changements.pop(rang, ()):
        entretien = session.get_one(Entretien, entretien_id)
        if entretien.statut != "pose" or entretien.debut <= maintenant + timedelta(days=2):
            continue
        if quoi == "annuler":
            reservation.annuler(session, entretien, auteur=ASSURE_PAGE, maintenant=maintenant, raison="empechement")
            continue
        jour = entretien.debut.date() + timedelta(days=3)
        autres = chercher(session, entretien.motif, maintenant, antenne_id=entretien.antenne_id, du=jour, au=jour + timedelta(days=14),
                          pour=entretien).creneaux
        if autres:
            vers = autres[int(decor.hasard.random() * len(autres))]
            try:
                reservation.deplacer(session, entretien, debut=vers.debut, antenne_id=vers.antenne_id, auteur=ASSURE_PAGE, maintenant=maintenant)
            except Refus:
                continue


# -- what was done ----------------------------------------------------------------------------------------------------------------------------


def _rendre_compte(session: Session, plan: Plan, decor: Decor, maintenant: datetime) -> None:
    """The outcome of each entretien since the last time, written half an hour after its end; and the rencontres that were held."""
    passes = session.scalars(select(Entretien).where(Entretien.caisse_code == decor.code, Entretien.statut == "pose", Entretien.fin <= maintenant)
                             .order_by(Entretien.debut, Entretien.id)).all()
    for entretien in passes:
        ecrit = entretien.fin + timedelta(minutes=30)
        auteur = la_caisse(entretien.conseiller_id)
        if decor.hasard.random() >= plan.habitudes.vient:
            comptes_rendus.rediger(session, entretien, issue="absent", auteur=auteur, maintenant=ecrit)
            continue
        theme = _un(list(THEMES), decor)
        comptes_rendus.rediger(session, entretien, issue="honore", auteur=auteur, maintenant=ecrit, theme=theme,
                               orientation=_un(list(ORIENTATIONS), decor))
        contact = session.get(Contact, entretien.contact_id) if entretien.contact_id else None
        if contact is not None:
            contacts.enregistrer_entretien(session, contact, _compte_rendu(session, decor, "D3" if contact.action_id else ""), ecrit, auteur.acteur)
    _tenir_rencontres(session, plan, decor, maintenant)


def _un(parmi: Sequence[str], decor: Decor) -> str:
    return parmi[int(decor.hasard.random() * len(parmi))]


def _compte_rendu(session: Session, decor: Decor, approfondi: str, collectif: bool = False) -> CompteRenduContact:
    """The nine domains, most of them taken up, one in depth; tools and effects in their usual measure."""
    hasard = decor.hasard
    domaines = {}
    for d in DOMAINES:
        if d != approfondi and hasard.random() < (0.12 if d in ("D6", "D8") else 0.05):
            domaines[d] = DomaineAborde(0, raison=_un(("sans_objet", "deja_connu", "manque_de_temps"), decor))
        elif collectif:
            domaines[d] = DomaineAborde(1)
        else:
            domaines[d] = DomaineAborde(3 if d == approfondi else 1 + (hasard.random() < 0.4), personnalise=d == approfondi or hasard.random() < 0.3)
    if collectif:
        return CompteRenduContact(domaines)
    retraite = domaines["D3"].profondeur > 0
    outil = session.scalar(select(OutilVersion.id).where(OutilVersion.outil_code == "trame", OutilVersion.caisse_code.is_(None))
                           .order_by(OutilVersion.id).limit(1))
    return CompteRenduContact(
        domaines, minutes=25 + int(hasard.random() * 40), outils=[outil] if outil else [], effets=[e for e in EFFETS if hasard.random() < 0.22],
        ris_utilise=retraite and hasard.random() < 0.7, mecanismes=retraite and hasard.random() < 0.5,
        droits_acquis=retraite and hasard.random() < 0.5, accompagnant=hasard.random() < 0.1, estimation_remise=(remise := hasard.random() < 0.02),
        estimation_raison="demandée par la personne pour un départ proche" if remise else None)


# -- rencontres -------------------------------------------------------------------------------------------------------------------------------


def _creer_rencontres(session: Session, plan: Plan, decor: Decor, lundi: date, maintenant: datetime) -> None:
    """The rencontres of the next month, planned at its eve, with their people and their survey sheets."""
    dans_un_mois = lundi + timedelta(weeks=4)
    if decor.code == plan.sans_rencontres or dans_un_mois.day > 7 or dans_un_mois.year != plan.annee:
        return
    ville = session.get_one(Antenne, decor.antenne_id)
    ferie = jours_feries(territoire(ville.code_postal), plan.annee)
    jour = next(j for j in (dans_un_mois + timedelta(days=n) for n in (3, 4, 1)) if j not in ferie)
    if dans_un_mois.month in MOIS_AE:
        _creer(session, plan, decor, jour, maintenant, "AE", "auto_entrepreneur", "Auto-entrepreneurs : votre protection sociale",
               Assure.auto_entrepreneur.is_(True))
    if dans_un_mois.month in MOIS_RCS:
        _creer(session, plan, decor, jour, maintenant, "RCS", "profession", "Coiffeurs : prévenir les risques du métier",
               Assure.profession == "coiffeur", profession="coiffeur", evenement="Salon fictif des métiers")


def _creer(session: Session, plan: Plan, decor: Decor, jour: date, maintenant: datetime, code: str, theme: str, titre: str, cible: Any,
           profession: Optional[str] = None, evenement: Optional[str] = None) -> None:
    debut = vers_utc(jour, time(18), decor.fuseau)
    animateur = decor.conseillers[jour.month % len(decor.conseillers)]
    rencontre = rencontres.creer(session, DemandeRencontre(
        decor.code, theme, titre, decor.lieu, debut, debut + timedelta(hours=2), decor.fuseau, [animateur], plan.salle, decor.antenne_id,
        action_id=decor.actions[code], profession_code=profession, evenement=evenement, partenaire="Chambre de métiers" if profession else None),
        SYSTEME, maintenant)
    decor.a_imprimer.append(rencontre.id)
    gens = session.scalars(select(Assure.id).where(Assure.caisse_code == decor.code, cible, Assure.statut.in_(("actif", "createur")))
                           .order_by(Assure.identifiant)).all()
    for assure_id in decor.hasard.sample(gens, min(len(gens), plan.salle - 3 + int(decor.hasard.random() * 6))):
        rencontres.inscrire(session, rencontre, Personne(assure_id=assure_id), ASSURE_PAGE, maintenant + timedelta(hours=2))


def imprimer_feuilles(session: Session, plan: Plan, decor: Decor, maintenant: datetime, cle: bytes) -> None:
    """The survey sheets of the rencontres of the coming fortnight; their codes are handed out there."""
    for rencontre in [session.get_one(Rencontre, i) for i in decor.a_imprimer]:
        if rencontre.debut >= maintenant + timedelta(days=14):
            continue
        decor.a_imprimer.remove(rencontre.id)
        vague = next((v for v in vagues.vagues(session, decor.code, plan.annee) if v.action_id == rencontre.action_id and v.etat == "ouverte"), None)
        if vague is not None:
            codes = invitations.preparer_feuilles(session, vague, rencontre.id, plan.salle + 4, cle)
            decor.feuilles[rencontre.id] = [c for _, c in codes]


def _tenir_rencontres(session: Session, plan: Plan, decor: Decor, maintenant: datetime) -> None:
    finies = session.scalars(select(Rencontre).where(Rencontre.caisse_code == decor.code, Rencontre.fin <= maintenant,
                                                     Rencontre.cloturee_le.is_(None), Rencontre.annulee_le.is_(None)).order_by(Rencontre.id)).all()
    for rencontre in finies:
        inscrites = session.scalars(select(Inscription.id).where(Inscription.rencontre_id == rencontre.id, Inscription.statut == "inscrit")
                                    .order_by(Inscription.id)).all()
        venues = [i for i in inscrites if decor.hasard.random() < 0.8]
        apres = rencontre.fin + timedelta(hours=1)
        rencontres.cloturer(session, rencontre, venues, SYSTEME, apres, participants=len(venues) + int(decor.hasard.random() * 4))
        contacts.enregistrer_rencontre(session, rencontre, _compte_rendu(session, decor, "", collectif=True), apres)
