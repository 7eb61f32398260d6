"""Entretiens one by one: looking at one, saying what became of it, moving, cancelling, booking for someone, one that nobody had booked.
Slots and bookings are bot.agenda's; what the bilan counts is read by `bilan_contact`."""
import secrets
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any, Mapping, Optional, Sequence

from fastapi import Depends, Request
from fastapi.responses import Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.agenda import comptes_rendus, reservation
from bot.agenda.creneaux import Creneau, lire_id, pourquoi_vide
from bot.agenda.etats import ROLES_CAISSE, etat, transitions
from bot.agenda.identite import Personne
from bot.agenda.instants import heure_en_lettres, jour_local, local
from bot.agenda.journee import nom_de
from bot.agenda.messages import lieu, quand
from bot.agenda.motifs import documents, motif, motifs
from bot.agenda.recherche import chercher
from bot.agenda.refus import (
    ConseillerOccupe,
    CourrielInvalide,
    CreneauIllisible,
    CreneauPris,
    DejaUnRdv,
    MotifInconnu,
    NomManquant,
    NoteTropLongue,
    RdvSimultane,
    TelephoneManquant,
)
from bot.agenda.themes import ISSUES, ORIENTATIONS, THEMES
from bot.agenda.transactions import en_transaction
from bot.campagnes.trame import derniere, domaines_de, minutes_de, trame_pour
from bot.contacts import contacts
from bot.contacts.campagne import action_pour
from bot.contacts.isolement import de_la_caisse
from bot.contacts.refus import Refus
from bot.contacts.tables import Assure, CompteRendu, Conseiller, Contact, ContactDomaine, Entretien, Motif
from bot.contacts.tables.agenda import RAISONS_ANNULATION
from bot.knowledge.lecture import ErreurConnaissance
from bot.site.espace import agenda_commun as commun
from bot.site.espace import bilan_contact
from bot.site.espace.acces import Acteur, Saisie, exiger, noter_acces, routeur_espace, saisie
from bot.site.espace.accueil import CARTES, Carte
from bot.site.espace.gabarits import FAITS, adresse, rendre, retour
from bot.texte import sante
from bot.texte.typographie import quantite

routeur = routeur_espace()
FAITS.update(
    rdv_pris="Le rendez-vous est pris, et la personne prévenue si elle a donné une adresse ou un mobile.",
    rdv_deplace="Le rendez-vous est déplacé. Vous pouvez défaire pendant deux minutes, depuis l'agenda.",
    rdv_annule="Le rendez-vous est annulé. Vous pouvez défaire pendant deux minutes, depuis l'agenda ; le message part ensuite.",
    issue_dite="C'est noté. Il restera à dire, pour le bilan, ce qui a été abordé.",
    compte_rendu_garde="Le compte rendu est enregistré.", contact_enregistre="L'entretien spontané est enregistré.")
RAISONS = {"empechement": "empêchement", "plus_besoin": "plus besoin", "autre_canal": "réponse donnée autrement", "autre": "autre raison"}
PORTEE = timedelta(days=35)
OFFERTS = 36
FAUTIFS: dict[type[Refus], str] = {
    NomManquant: "nom", TelephoneManquant: "telephone", CourrielInvalide: "courriel", CreneauPris: "creneau", CreneauIllisible: "creneau",
    ConseillerOccupe: "creneau", RdvSimultane: "creneau", DejaUnRdv: "creneau", MotifInconnu: "motif", NoteTropLongue: "note",
    **bilan_contact.CHAMPS, contacts.FormeInterdite: "forme"}
RATTRAPES: tuple[type[Refus], ...] = (*FAUTIFS, commun.SaisieIllisible)


# -- one entretien -------------------------------------------------------------------------------------------------------------------------


@routeur.get("/espace/entretiens/{entretien_id}", name="entretien")
def voir(request: Request, entretien_id: int, acteur: Acteur = Depends(exiger())) -> Response:
    """Who, when, where, what to bring; what was written of it; and what may be done now."""
    maintenant = commun.maintenant(request)
    with request.app.state.contexte.sessions() as s:
        e = de_la_caisse(s, Entretien, entretien_id, acteur.caisse_code)
        compte = comptes_rendus.compte_rendu(s, e)
        vu = {**_resume(s, e, maintenant), "pieces": documents(e.motif), "compte": lisible(compte, acteur),
              "actions": _actions(acteur, e, maintenant)}
        noter_acces(request, s, e.id)
    return rendre(request, "espace/entretien.html", e=e, **vu)


def _resume(session: Session, e: Entretien, maintenant: datetime) -> dict[str, Any]:
    assure = session.get(Assure, e.assure_id) if e.assure_id is not None else None
    return {"nom": nom_de(session, e), "quand": quand(session, e), "lieu": lieu(session, e), "duree": int((e.fin - e.debut).total_seconds() // 60),
            "etat": commun.ETATS[etat(e.statut, e.debut, e.fin, maintenant)], "motif": e.motif.libelle, "assure": assure,
            "conseiller": commun.nommer(session.get(Conseiller, e.conseiller_id)), "joindre": e.telephone or (assure.telephone if assure else None),
            "second": commun.nommer(session.get(Conseiller, e.second_conseiller_id)) if e.second_conseiller_id else None}


def lisible(compte: Optional[CompteRendu], acteur: Acteur) -> Optional[dict[str, Any]]:
    """A compte rendu for who reads it; its note only for its author and the responsable."""
    if compte is None:
        return None
    return {"issue": ISSUES[compte.issue], "theme": THEMES.get(compte.theme or "", ""), "orientation": ORIENTATIONS.get(compte.orientation or "", ""),
            "documents": [d for d in compte.documents.splitlines() if d], "cachee": compte.note is not None and not _note_lisible(compte, acteur),
            "note": compte.note if _note_lisible(compte, acteur) else None, "le": compte.le, "version": compte.version}


def _note_lisible(compte: CompteRendu, acteur: Acteur) -> bool:
    return comptes_rendus.note_lisible(compte, commun.auteur(acteur))


def _actions(acteur: Acteur, e: Entretien, maintenant: datetime) -> dict[str, bool]:
    """What the state of the entretien and the rights of the reader allow now."""
    siens = commun.ecrit_pour(acteur, e.conseiller_id, e.second_conseiller_id)
    role = commun.auteur(acteur).role
    a_venir = e.statut == "pose" and maintenant < e.debut and siens
    possibles = transitions(e.statut, e.debut, maintenant, role if role in ROLES_CAISSE else "conseiller", fin=e.fin)
    return {"deplacer": a_venir, "annuler": a_venir, "trame": acteur.peut("entretien.trame") and siens and e.statut in ("pose", "honore"),
            "rendre_compte": acteur.peut("entretien.compte_rendu") and siens and maintenant >= e.debut and (bool(possibles) or e.statut == "honore")}


def charger(session: Session, entretien_id: int, acteur: Acteur) -> Entretien:
    """An entretien of the caisse that this person may change. Raises Introuvable, DroitRefuse."""
    e = de_la_caisse(session, Entretien, entretien_id, acteur.caisse_code)
    commun.exiger_ecriture(acteur, e.conseiller_id, e.second_conseiller_id)
    return e


# -- what became of it ---------------------------------------------------------------------------------------------------------------------


@routeur.get("/espace/entretiens/{entretien_id}/compte-rendu", name="entretien.compte_rendu")
def compte_rendu(request: Request, entretien_id: int, acteur: Acteur = Depends(exiger())) -> Response:
    """The form, filled from the trame or from what was said before."""
    return _page_compte(request, acteur, entretien_id)


def _page_compte(request: Request, acteur: Acteur, entretien_id: int, saisie: Optional[Saisie] = None, statut: int = 200,
                 erreurs: Optional[Mapping[str, str]] = None) -> Response:
    maintenant = commun.maintenant(request)
    with request.app.state.contexte.sessions() as s:
        e = charger(s, entretien_id, acteur)
        jour = jour_local(e.debut, e.fuseau)
        contact = s.get(Contact, e.contact_id) if e.contact_id is not None else None
        compte = comptes_rendus.compte_rendu(s, e)
        valeurs = {**_resume(s, e, maintenant), "choix": bilan_contact.choix_de(s, bilan_contact.socle_de(s, contact, jour), e.caisse_code, jour),
                   "regles": bilan_contact.regles(s.get(Assure, e.assure_id) if e.assure_id else None, jour),
                   "remettre": [(d, d[:1].upper() + d[1:]) for d in _a_remettre(s, e, jour)],
                   "tot": maintenant < e.debut, "cachee": compte is not None and compte.note is not None and not _note_lisible(compte, acteur)}
        remplie = saisie or _prefaire(s, e, contact, compte, acteur)
        noter_acces(request, s, e.id, acte="compte_rendu.lu", objet="entretien")
    return rendre(request, "espace/entretien_compte_rendu.html", statut, erreurs=erreurs, e=e, saisie=remplie, issues=list(ISSUES.items()),
                  themes=[("", "–"), *THEMES.items()], orientations=[("", "–"), *ORIENTATIONS.items()], **valeurs)


def _a_remettre(session: Session, e: Entretien, jour: date) -> list[str]:
    """What the open drawers say to hand over."""
    try:
        ouverte = trame_pour(session, e, jour)
    except ErreurConnaissance:
        return []
    return list(dict.fromkeys(d for t in ouverte.ouverts for d in t.remettre))


def _prefaire(session: Session, e: Entretien, contact: Optional[Contact], compte: Optional[CompteRendu], acteur: Acteur) -> Saisie:
    """What the page starts with: what was recorded; else what the trame says; else the planned length."""
    prevues = int((e.fin - e.debut).total_seconds() // 60)
    trame = derniere(session, e.id)
    if contact is not None and contact.domaines:
        base = bilan_contact.depuis_contact(contact)
    elif trame is not None:
        ouverte = trame_pour(session, e, jour_local(e.debut, e.fuseau))
        outil = [ouverte.outil.id] if ouverte.outil is not None else []
        base = bilan_contact.remplir(domaines_de(ouverte.trame, trame.contenu), minutes=minutes_de(trame.contenu) or prevues, outils=outil,
                                     note=str(trame.contenu.get("decisions", ""))[:comptes_rendus.NOTE_MAX], documents=trame.contenu.get("remis", []))
    else:
        base = bilan_contact.remplir({}, minutes=prevues)
    if compte is None:
        return Saisie((("issue", "honore" if e.statut == "pose" else e.statut), *base.paires))
    note = compte.note if _note_lisible(compte, acteur) else None
    siennes = [("issue", compte.issue), ("theme", compte.theme or ""), ("orientation", compte.orientation or ""), ("note", note or "")]
    siennes += [("documents", d) for d in compte.documents.splitlines() if d]
    return Saisie((*siennes, *base.paires))


@routeur.post("/espace/entretiens/{entretien_id}/compte-rendu", name="entretien.rendre_compte")
def rendre_compte(request: Request, entretien_id: int, acteur: Acteur = Depends(exiger()), saisie: Saisie = Depends(saisie)) -> Response:
    """The issue, the record and the contact of the bilan in one transaction: all of it or nothing. Wrong: the form again, as it was typed."""
    maintenant = commun.maintenant(request)

    def travail(s: Session) -> tuple[Entretien, bool]:
        e = charger(s, entretien_id, acteur)
        complet = enregistrer(s, e, saisie, acteur, maintenant)
        noter_acces(request, s, e.id)
        return e, complet
    try:
        e, complet = en_transaction(request.app.state.contexte.sessions, travail)
    except RATTRAPES as refus:
        return _page_compte(request, acteur, entretien_id, saisie, refus.statut, commun.fautes(refus, FAUTIFS, "issue"))
    if saisie.un("suite"):
        suite = retour("rendez_vous", fait="compte_rendu_garde")
        suite.headers["location"] += f"&apres={e.id}"
        return suite
    return retour("entretien", fait="compte_rendu_garde" if complet or saisie.un("issue") != "honore" else "issue_dite", entretien_id=e.id)


def enregistrer(session: Session, e: Entretien, saisie: Saisie, acteur: Acteur, maintenant: datetime) -> bool:
    """Write the issue and, when the domains are said, what the bilan counts; whether it was. Raises what either refuses, and SaisieIllisible."""
    issue, theme, orientation = saisie.un("issue"), saisie.un("theme"), saisie.un("orientation")
    if issue not in ISSUES:
        raise commun.SaisieIllisible("issue", "Dites d'abord si la personne est venue.")
    if theme not in ("", *THEMES) or orientation not in ("", *ORIENTATIONS):
        raise commun.SaisieIllisible("theme", "Choisissez le sujet et l'orientation dans les listes.")
    compte = _pour_le_bilan(session, e, saisie) if issue == "honore" else None
    avant = comptes_rendus.compte_rendu(session, e)
    note = saisie.un("note")
    if (dits := sante.mots(note)) and not saisie.un("note_relue"):
        raise commun.SaisieIllisible("note", f"Cette note parle de santé (« {dits[0]} »). Retirez ce mot si l'entretien peut s'en passer ; sinon, "
                                             "cochez la case sous la note, puis enregistrez à nouveau.")
    if avant is not None and not note and avant.note is not None and not _note_lisible(avant, acteur):
        note = avant.note  # a note one may not read is not one's to erase
    remis = [d[:120] for d in saisie.tous("documents") if d][:20]
    comptes_rendus.rediger(session, e, issue=issue, auteur=commun.auteur(acteur), maintenant=maintenant, theme=theme or None,
                           orientation=orientation or None, documents=remis, note=note)
    contact = session.get(Contact, e.contact_id) if e.contact_id is not None else None
    if compte is None or contact is None:
        return False
    contacts.enregistrer_entretien(session, contact, compte, maintenant, acteur.acteur)
    return True


def _pour_le_bilan(session: Session, e: Entretien, saisie: Saisie) -> Optional[contacts.CompteRenduContact]:
    """What the form says for the bilan; None, and for later, where it only repeats the drawers that the trame keeps. Raises DomainesIncomplets."""
    try:
        return bilan_contact.lire(saisie)
    except contacts.DomainesIncomplets:
        trame = derniere(session, e.id)
        if saisie.un("reste") or trame is None:
            raise
        pour = trame_pour(session, e, jour_local(e.debut, e.fuseau))
        if not bilan_contact.repete(saisie, domaines_de(pour.trame, trame.contenu)):
            raise
        return None


# -- moving, cancelling --------------------------------------------------------------------------------------------------------------------


@routeur.get("/espace/entretiens/{entretien_id}/deplacement", name="entretien.deplacement")
def deplacement(request: Request, entretien_id: int, acteur: Acteur = Depends(exiger())) -> Response:
    """The free slots for this entretien; the old one is kept until another is secured."""
    return _page_deplacement(request, acteur, entretien_id, Saisie(tuple(request.query_params.multi_items())))


def _page_deplacement(request: Request, acteur: Acteur, entretien_id: int, demandee: Saisie, statut: int = 200,
                      erreurs: Optional[Mapping[str, str]] = None) -> Response:
    maintenant = commun.maintenant(request)
    with request.app.state.contexte.sessions() as s:
        e = charger(s, entretien_id, acteur)
        try:
            du = commun.lire_jour(demandee.un("du"), "du", max(jour_local(maintenant, e.fuseau), jour_local(e.debut, e.fuseau) - timedelta(days=3)))
        except commun.SaisieIllisible as refus:
            du, statut, erreurs = jour_local(maintenant, e.fuseau), 422, {"du": refus.message}
        seul = demandee.un("avec") != "tous"
        jours, vide = _creneaux(s, e.motif, maintenant, du, e.antenne_id, e.conseiller_id if seul else None, e)
        valeurs = _resume(s, e, maintenant)
        noter_acces(request, s, e.id, acte="entretien.lu", objet="entretien")
    return rendre(request, "espace/entretien_deplacement.html", statut, erreurs=erreurs, e=e, jours=jours, vide=vide, du=du, seul=seul, **valeurs)


@routeur.post("/espace/entretiens/{entretien_id}/deplacement", name="entretien.deplacer")
def deplacer(request: Request, entretien_id: int, acteur: Acteur = Depends(exiger()), saisie: Saisie = Depends(saisie)) -> Response:
    maintenant = commun.maintenant(request)

    def travail(s: Session) -> None:
        e = charger(s, entretien_id, acteur)
        motif_id, debut, antenne_id = lire_id(saisie.un("creneau"))
        if motif_id != e.motif_id:
            raise CreneauIllisible
        reservation.deplacer(s, e, debut=debut, antenne_id=antenne_id, auteur=commun.auteur(acteur), maintenant=maintenant,
                             conseiller_id=e.conseiller_id if saisie.un("avec") != "tous" else None)
        noter_acces(request, s, e.id)
    try:
        en_transaction(request.app.state.contexte.sessions, travail)
    except RATTRAPES as refus:
        return _page_deplacement(request, acteur, entretien_id, saisie, refus.statut, commun.fautes(refus, FAUTIFS, "creneau"))
    return retour("entretien", fait="rdv_deplace", entretien_id=entretien_id)


@routeur.post("/espace/entretiens/{entretien_id}/annulation", name="entretien.annuler")
def annuler(request: Request, entretien_id: int, acteur: Acteur = Depends(exiger()), saisie: Saisie = Depends(saisie)) -> Response:
    """Cancel, for the caisse or because the person asked for it by telephone; counts for nothing against her."""
    maintenant, raison = commun.maintenant(request), saisie.un("raison")

    def travail(s: Session) -> None:
        e = charger(s, entretien_id, acteur)
        reservation.annuler(s, e, auteur=commun.auteur(acteur), maintenant=maintenant, raison=raison if raison in RAISONS_ANNULATION else None)
        noter_acces(request, s, e.id)
    en_transaction(request.app.state.contexte.sessions, travail)
    return retour("entretien", fait="rdv_annule", entretien_id=entretien_id)


def _creneaux(session: Session, pour_motif: Motif, maintenant: datetime, du: date, antenne_id: Optional[int], conseiller_id: Optional[int],
              pour: Optional[Entretien] = None) -> tuple[list[tuple[str, list[tuple[str, str]]]], str]:
    """The free slots from a day on, by day, as (day, [(id, label)]); and, when there is none, why."""
    resultat = chercher(session, pour_motif, maintenant, antenne_id=antenne_id, conseiller_id=conseiller_id, du=du, au=du + PORTEE, pour=pour,
                        delais=False)
    lieux = {a.id: a.nom for a in commun.antennes(session, pour_motif.caisse_code)}

    def jour(c: Creneau) -> date:
        return c.local.date()

    def libelle(c: Creneau) -> str:
        return heure_en_lettres(c.local) + (f", {lieux[c.antenne_id]}" if c.antenne_id is not None else "")
    autres = [c for c in resultat.creneaux if pour is None or (c.debut, c.antenne_id) != (pour.debut, pour.antenne_id)][:OFFERTS]
    jours = [(commun.jour_en_lettres(j), [(c.id, libelle(c)) for c in groupe]) for j, groupe in groupby(autres, key=jour)]
    pertes = pourquoi_vide(resultat)
    vide = ("Aucun créneau n'est ouvert pour ce motif dans les cinq semaines. Ouvrez-en depuis l'agenda, ou élargissez la recherche."
            if not pertes["existants"] else f"{quantite(pertes['existants'], 'créneau existe', 'créneaux existent')} dans les cinq semaines, "
            f"dont {pertes.get('pris', 0)} déjà pris et {pertes.get('fermeture', 0) + pertes.get('ferie', 0)} sur des jours fermés.")
    return jours, vide


# -- booking for someone -------------------------------------------------------------------------------------------------------------------


@routeur.get("/espace/rendez-vous", name="rendez_vous")
def rendez_vous(request: Request, acteur: Acteur = Depends(exiger())) -> Response:
    """Booking for a person of the file (`assure`), for the person of an entretien (`apres`), or for someone the file does not have."""
    return _page_rdv(request, acteur, Saisie(tuple(request.query_params.multi_items())))


def _page_rdv(request: Request, acteur: Acteur, demandee: Saisie, statut: int = 200, erreurs: Optional[Mapping[str, str]] = None) -> Response:
    maintenant, aujourdhui = commun.maintenant(request), commun.aujourdhui(request, acteur)
    jours: Sequence[Any] = ()
    vide, choisi, erreurs = "", None, dict(erreurs or {})
    with request.app.state.contexte.sessions() as s:
        assure, connue = _pour_qui(s, acteur, demandee)
        offerts = motifs(s, acteur.caisse_code, pour_assure=False)
        gens, lieux = commun.equipe(s, acteur.caisse_code), commun.antennes(s, acteur.caisse_code)
        if demandee.un("motif"):
            try:
                choisi = motif(s, acteur.caisse_code, demandee.un("motif"))
                du = commun.lire_jour(demandee.un("du"), "du", aujourdhui)
                antenne_id, conseiller_id = (commun.lire_cle(demandee.un(n)) for n in ("antenne", "conseiller"))
                jours, vide = _creneaux(s, choisi, maintenant, du, antenne_id, conseiller_id)
            except (MotifInconnu, commun.SaisieIllisible) as refus:
                statut, erreurs = 422, {**commun.fautes(refus, {MotifInconnu: "motif"}, "motif"), **erreurs}
        if assure is not None or connue is not None:
            noter_acces(request, s, assure.id if assure is not None else demandee.un("apres"), acte="dossier.lu",
                        objet="assure" if assure is not None else "entretien")
    return rendre(request, "espace/entretien_nouveau.html", statut, erreurs=erreurs, saisie=demandee, assure=assure, connue=connue, motif=choisi,
                  motifs=[(m.code, m.libelle) for m in offerts], gens=commun.choix(gens, "Le premier libre"),
                  antennes=commun.choix(lieux, "N'importe laquelle"),
                  jours=jours, vide=vide, operation=demandee.un("operation") or f"esp-{secrets.token_hex(16)}", aujourdhui_ici=aujourdhui,
                  pieces=documents(choisi) if choisi is not None else [])


def _pour_qui(session: Session, acteur: Acteur, demandee: Saisie) -> tuple[Optional[Assure], Optional[Personne]]:
    """The person of the file, or what an earlier entretien says of someone the file does not have. Raises Introuvable."""
    if demandee.un("apres"):
        e = de_la_caisse(session, Entretien, commun.lire_cle(demandee.un("apres")) or -1, acteur.caisse_code)
        if e.assure_id is not None:
            return session.get_one(Assure, e.assure_id), None
        return None, Personne(e.nom, e.prenom, e.telephone, e.courriel)
    if demandee.un("assure"):
        return de_la_caisse(session, Assure, commun.lire_cle(demandee.un("assure")) or -1, acteur.caisse_code), None
    return None, None


@routeur.post("/espace/rendez-vous", name="rendez_vous.prendre")
def prendre(request: Request, acteur: Acteur = Depends(exiger()), saisie: Saisie = Depends(saisie)) -> Response:
    """Book. The same form sent twice gives the same entretien."""
    maintenant = commun.maintenant(request)

    def travail(s: Session) -> int:
        assure, _ = _pour_qui(s, acteur, saisie)
        confirmation = reserver(s, acteur, saisie, assure, maintenant)
        noter_acces(request, s, confirmation.entretien.id)
        return confirmation.entretien.id
    try:
        numero = en_transaction(request.app.state.contexte.sessions, travail)
    except RATTRAPES as refus:
        return _page_rdv(request, acteur, saisie, refus.statut, commun.fautes(refus, FAUTIFS, "creneau"))
    return retour("entretien", fait="rdv_pris", entretien_id=numero)


def reserver(session: Session, acteur: Acteur, saisie: Saisie, assure: Optional[Assure], maintenant: datetime) -> reservation.Confirmation:
    """The entretien of the form, under the action of the campaign that the person belongs to, if any."""
    if not saisie.un("creneau"):
        raise commun.SaisieIllisible("creneau", "Choisissez un créneau dans la liste.")
    motif_id, debut, antenne_id = lire_id(saisie.un("creneau"))
    pour_motif = motif(session, acteur.caisse_code, motif_id)
    personne = Personne(saisie.un("nom"), saisie.un("prenom"), saisie.un("telephone"), saisie.un("courriel"), assure.id if assure else None)
    jour = jour_local(debut, acteur.fuseau)
    action = action_pour(session, caisse_code=acteur.caisse_code, assure=assure, jour=jour) if assure is not None else None
    operation = saisie.un("operation")
    return reservation.confirmer(
        session, operation_id=operation[:64] if operation.startswith("esp-") else f"esp-{secrets.token_hex(16)}", motif=pour_motif, debut=debut,
        antenne_id=antenne_id, personne=personne, auteur=commun.auteur(acteur), maintenant=maintenant, action_id=action.id if action else None,
        conseiller_id=commun.lire_cle(saisie.un("conseiller")), plus_tot=bool(saisie.un("plus_tot")))


# -- one that nobody had booked ------------------------------------------------------------------------------------------------------------


@routeur.get("/espace/entretien-spontane", name="spontane")
def spontane(request: Request, acteur: Acteur = Depends(exiger())) -> Response:
    """Someone who came or rang without an appointment: what was gone into, nothing else is asked. One came for one thing: the domains left
    blank start as « sans objet », so that opening the page, saying the domain and saving are enough."""
    return _page_spontane(request, acteur, Saisie((*request.query_params.multi_items(), ("forme", "physique"), ("reste", "sans_objet"))))


def _page_spontane(request: Request, acteur: Acteur, demandee: Saisie, statut: int = 200, erreurs: Optional[Mapping[str, str]] = None) -> Response:
    jour = commun.aujourdhui(request, acteur)
    with request.app.state.contexte.sessions() as s:
        assure, _ = _pour_qui(s, acteur, demandee)
        choix = bilan_contact.choix_de(s, bilan_contact.socle_de(s, None, jour), acteur.caisse_code, jour)
        if assure is not None:
            noter_acces(request, s, assure.id, acte="dossier.lu", objet="assure")
    return rendre(request, "espace/entretien_spontane.html", statut, erreurs=erreurs, saisie=demandee, assure=assure, choix=choix,
                  regles=bilan_contact.regles(assure, jour))


@routeur.post("/espace/entretien-spontane", name="spontane.enregistrer")
def enregistrer_spontane(request: Request, acteur: Acteur = Depends(exiger()), saisie: Saisie = Depends(saisie)) -> Response:
    """Counted apart: a spontaneous entretien, or an EIR, fills no cible (R55, A6)."""
    maintenant, jour = commun.maintenant(request), commun.aujourdhui(request, acteur)

    def travail(s: Session) -> Optional[int]:
        assure, _ = _pour_qui(s, acteur, saisie)
        compte = bilan_contact.lire(saisie)
        if compte is None:
            raise contacts.DomainesIncomplets
        contact = contacts.prevoir_entretien(
            s, caisse_code=acteur.caisse_code, assure_id=assure.id if assure is not None else None, forme=saisie.un("forme"), jour=jour,
            maintenant=maintenant, origine="eir" if saisie.un("origine") == "eir" else "spontane", conseiller_id=acteur.conseiller_id,
            acteur=acteur.acteur)
        contacts.enregistrer_entretien(s, contact, compte, maintenant, acteur.acteur)
        noter_acces(request, s, contact.id)
        return assure.id if assure is not None else None
    try:
        assure_id = en_transaction(request.app.state.contexte.sessions, travail)
    except RATTRAPES as refus:
        return _page_spontane(request, acteur, saisie, refus.statut, commun.fautes(refus, FAUTIFS, "forme"))
    if assure_id is not None:
        return retour("assure", fait="contact_enregistre", assure_id=assure_id)
    return retour("accueil", fait="contact_enregistre")


# -- today ---------------------------------------------------------------------------------------------------------------------------------


def carte_bilan(session: Session, acteur: Acteur, maintenant: datetime) -> Optional[Carte]:
    """The entretiens that were held and of which nothing is told for the bilan yet."""
    if not acteur.peut("entretien.compte_rendu"):
        return None
    dits = select(ContactDomaine.contact_id)
    incomplets = session.scalars(select(Entretien).join(Contact, Contact.id == Entretien.contact_id).where(
        Entretien.conseiller_id == acteur.conseiller_id, Entretien.statut == "honore", Contact.id.not_in(dits))
        .order_by(Entretien.debut.desc())).all()
    if not incomplets:
        return None
    lignes = [(f"{commun.jour_en_lettres(jour_local(e.debut, e.fuseau))}, {heure_en_lettres(local(e.debut, e.fuseau))}", e.motif.libelle,
               adresse("entretien.compte_rendu", entretien_id=e.id)) for e in incomplets[:5]]
    phrase = f"{quantite(len(incomplets), 'entretien tenu', 'entretiens tenus')} : il reste à dire ce qui a été abordé."
    return Carte("À compléter pour le bilan", "espace/agenda_carte_liste.html", {"phrase": phrase, "lignes": lignes}, 25)


CARTES.append(carte_bilan)
