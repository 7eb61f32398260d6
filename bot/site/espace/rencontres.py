"""Rencontres of the caisse: the list, planning one, who is enrolled, cancelling, closing with attendance and what was gone into.
Seats and waiting list are bot.agenda.rencontres'; what is counted, bot.contacts.contacts'."""
from datetime import datetime, time, timedelta
from typing import Any, Mapping, Optional

from fastapi import Depends, Request
from fastapi.responses import Response
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.agenda import rencontres
from bot.agenda.identite import Personne
from bot.agenda.instants import en_lettres, jour_local, vers_utc
from bot.agenda.ouvertures import lieu_et_heure
from bot.agenda.refus import ConseillerOccupe, CourrielInvalide, InscriptionsCloses, NomManquant, OuvertureInvalide, TelephoneManquant
from bot.agenda.rencontres import DemandeRencontre
from bot.agenda.transactions import en_transaction
from bot.campagnes.professions import professions_au
from bot.campagnes.trame import lire_profondeur
from bot.contacts import contacts
from bot.contacts.campagne import GenreIncompatible, HorsFenetre, ProfessionSansRisque, RencontreSansEvenement, SocleAbsent, ThemeIncompatible
from bot.contacts.contacts import CollectifPersonnalise, CompteRenduContact, DomaineAborde, DomainesIncomplets, DureeInvalide, RetraiteCollective
from bot.contacts.isolement import dans_la_caisse, de_la_caisse
from bot.contacts.refus import Refus
from bot.contacts.tables import Action, Antenne, Assure, Cible, Conseiller, Demande, Inscription, Motif, Rencontre, RencontreAnimateur
from bot.contacts.tables.contact import DOMAINES, RAISONS_NON_ABORDE
from bot.site.espace import agenda_commun as commun
from bot.site.espace.acces import Acteur, Saisie, exiger, noter_acces, routeur_espace, saisie
from bot.site.espace.accueil import CARTES, Carte
from bot.site.espace.bilan_contact import PROFONDEURS, RAISONS
from bot.site.espace.gabarits import FAITS, adresse, rendre, retour
from bot.texte.typographie import quantite

routeur = routeur_espace()
FAITS.update(
    rencontre_creee="La rencontre est prévue ; les inscriptions sont ouvertes.", rencontre_annulee="La rencontre est annulée ; chacun est prévenu.",
    inscrit="L'inscription est faite.", en_attente="La rencontre est complète : la personne est sur la liste d'attente.",
    desiste="L'inscription est retirée ; la place va à la personne suivante.",
    rencontre_close="La rencontre est close : les présences sont relevées.")
THEMES = {"auto_entrepreneur": "Auto-entrepreneurs", "profession": "Une profession, lors d'une manifestation", "autre": "Autre thème"}
ETATS = {"ouverte": "inscriptions ouvertes", "complete": "complète", "close": "inscriptions closes", "annulee": "annulée", "a_cloturer": "à clore",
         "cloturee": "close"}
STATUTS = {"inscrit": "inscrit", "attente": "liste d'attente", "offre": "place proposée", "desiste": "désisté", "present": "présent",
           "absent": "absent", "annule": "annulé"}
FAUTIFS: dict[type[Refus], str] = {
    ProfessionSansRisque: "profession", RencontreSansEvenement: "evenement", ThemeIncompatible: "theme", HorsFenetre: "jour",
    GenreIncompatible: "action", OuvertureInvalide: "debut", ConseillerOccupe: "animateurs", NomManquant: "nom", TelephoneManquant: "telephone",
    CourrielInvalide: "courriel", InscriptionsCloses: "nom", DomainesIncomplets: "domaines", RetraiteCollective: "domaines",
    CollectifPersonnalise: "domaines", DureeInvalide: "participants", SocleAbsent: "domaines"}
RATTRAPES: tuple[type[Refus], ...] = (*FAUTIFS, commun.SaisieIllisible)
PASSEES_MAX = 30


@routeur.get("/espace/rencontres", name="rencontres")
def liste(request: Request, acteur: Acteur = Depends(exiger())) -> Response:
    """To close first, then ahead, then the latest past ones."""
    maintenant = commun.maintenant(request)
    with request.app.state.contexte.sessions.lecture() as s:
        toutes = [_ligne(s, r, acteur, maintenant) for r in s.scalars(select(Rencontre).where(dans_la_caisse(Rencontre, acteur.caisse_code))
                                                                       .order_by(Rencontre.debut.desc()).limit(200))]
    a_clore = [x for x in toutes if x["etat"] == "a_cloturer"]
    a_venir = [x for x in reversed(toutes) if x["etat"] in ("ouverte", "complete", "close")]
    passees = [x for x in toutes if x["etat"] in ("cloturee", "annulee")][:PASSEES_MAX]
    return rendre(request, "espace/agenda_rencontres.html", groupes=[("À clore", a_clore), ("À venir", a_venir), ("Passées", passees)])


def _ligne(session: Session, r: Rencontre, acteur: Acteur, maintenant: datetime) -> dict[str, Any]:
    e = rencontres.etat(session, r, maintenant)
    places = "sans limite" if e.restantes is None else "complet" if e.restantes == 0 else f"il reste {quantite(e.restantes, 'place')}"
    return {"id": r.id, "titre": r.titre, "quand": en_lettres(r.debut, r.fuseau, acteur.fuseau), "etat": e.etat, "nom_etat": ETATS[e.etat],
            "lieu": r.lieu, "inscrits": r.inscrits, "places": places, "en_attente": e.en_attente, "participants": r.participants}


# -- planning ------------------------------------------------------------------------------------------------------------------------------


@routeur.get("/espace/rencontres/nouvelle", name="rencontre.nouvelle")
def nouvelle(request: Request, acteur: Acteur = Depends(exiger())) -> Response:
    """The form for one more."""
    return _page_nouvelle(request, acteur, Saisie((("animateurs", str(acteur.conseiller_id)),)))


def _page_nouvelle(request: Request, acteur: Acteur, saisie: Saisie, statut: int = 200, erreurs: Optional[Mapping[str, str]] = None) -> Response:
    jour = commun.aujourdhui(request, acteur)
    with request.app.state.contexte.sessions.lecture() as s:
        gens, lieux = commun.equipe(s, acteur.caisse_code), commun.antennes(s, acteur.caisse_code)
        metiers = [("", "–"), *((p.code, p.libelle) for p in professions_au(s, jour))]
        actions = s.scalars(select(Action).join(Cible, Cible.id == Action.cible_id).where(
            dans_la_caisse(Action, acteur.caisse_code), Cible.genre == "rencontre", Cible.au >= jour).order_by(Action.id)).all()
        au_titre = [("", "Hors campagne"), *((str(a.id), a.titre) for a in actions)]
    return rendre(request, "espace/agenda_rencontre_nouvelle.html", statut, erreurs=erreurs, saisie=saisie, themes=list(THEMES.items()),
                  metiers=metiers, actions=au_titre, gens=commun.choix(gens), antennes=commun.choix(lieux, "Ailleurs"),
                  demain=(jour + commun.UN_JOUR).isoformat())


@routeur.post("/espace/rencontres", name="rencontre.creer")
def creer(request: Request, acteur: Acteur = Depends(exiger()), saisie: Saisie = Depends(saisie)) -> Response:
    """Plan it and take its leaders' time; the rules of the campaign are checked now, not at closing."""
    maintenant = commun.maintenant(request)
    try:
        numero = en_transaction(request.app.state.contexte.sessions, lambda s: rencontres.creer(
            s, _demande(s, acteur, saisie), commun.auteur(acteur), maintenant).id)
    except RATTRAPES as refus:
        return _page_nouvelle(request, acteur, saisie, refus.statut, commun.fautes(refus, FAUTIFS, "titre"))
    return retour("rencontre", fait="rencontre_creee", rencontre_id=numero)


def _demande(session: Session, acteur: Acteur, saisie: Saisie) -> DemandeRencontre:
    """What the form plans. Raises SaisieIllisible, Introuvable."""
    titre, animateurs, antenne_id = saisie.un("titre")[:160], [], commun.lire_cle(saisie.un("antenne"))
    if not titre:
        raise commun.SaisieIllisible("titre", "Donnez un titre à la rencontre, tel que les assurés le liront.")
    if saisie.un("theme") not in THEMES:
        raise commun.SaisieIllisible("theme", "Choisissez le thème dans la liste.")
    for n in saisie.tous("animateurs"):
        animateurs.append(de_la_caisse(session, Conseiller, commun.lire_cle(n) or -1, acteur.caisse_code).id)
    if not animateurs:
        raise commun.SaisieIllisible("animateurs", "Choisissez au moins une personne pour animer la rencontre.")
    antenne = de_la_caisse(session, Antenne, antenne_id, acteur.caisse_code) if antenne_id is not None else None
    lieu = saisie.un("lieu")[:200] or (f"{antenne.adresse}, {antenne.code_postal} {antenne.ville}" if antenne is not None else "")
    if not lieu:
        raise commun.SaisieIllisible("lieu", "Indiquez l'antenne, ou l'adresse du lieu.")
    fuseau = lieu_et_heure(session, session.get_one(Conseiller, animateurs[0]), antenne_id)[0]
    jour = commun.lire_jour(saisie.un("jour"), "jour")
    debut, fin = (vers_utc(jour, commun.lire_heure(saisie.un(n), n), fuseau) for n in ("debut", "fin"))
    cloture = saisie.un("cloture")
    return DemandeRencontre(
        acteur.caisse_code, saisie.un("theme"), titre, lieu, debut, fin, fuseau, animateurs, commun.lire_nombre(saisie.un("places"), "places"),
        antenne_id, commun.lire_cle(saisie.un("action")), saisie.un("profession") or None, saisie.un("evenement")[:160] or None,
        saisie.un("partenaire")[:120] or None, vers_utc(commun.lire_jour(cloture, "cloture") + commun.UN_JOUR, time(0), fuseau) if cloture else None)


# -- one rencontre -------------------------------------------------------------------------------------------------------------------------


@routeur.get("/espace/rencontres/{rencontre_id}", name="rencontre")
def voir(request: Request, rencontre_id: int, acteur: Acteur = Depends(exiger())) -> Response:
    """Where it stands, who is enrolled, and what may be done now."""
    return _page(request, acteur, rencontre_id)


def _page(request: Request, acteur: Acteur, rencontre_id: int, saisie: Saisie = Saisie(), statut: int = 200,
          erreurs: Optional[Mapping[str, str]] = None) -> Response:
    maintenant = commun.maintenant(request)
    with request.app.state.contexte.sessions() as s:
        r = de_la_caisse(s, Rencontre, rencontre_id, acteur.caisse_code)
        ligne = _ligne(s, r, acteur, maintenant)
        inscrits = [_inscrit(s, i) for i in s.scalars(select(Inscription).where(Inscription.rencontre_id == r.id).order_by(Inscription.id))]
        gens = s.scalars(select(Conseiller).join(RencontreAnimateur, RencontreAnimateur.conseiller_id == Conseiller.id)
                         .where(RencontreAnimateur.rencontre_id == r.id)).all()
        animateurs = ", ".join(commun.nommer(c) for c in gens)
        ecrire = commun.ecrit_pour(acteur, *(c.id for c in gens))
        noter_acces(request, s, r.id)
    vivants = [i for i in inscrits if i["statut"] in rencontres.VIVANTES]
    return rendre(request, "espace/agenda_rencontre.html", statut, erreurs=erreurs, r=r, ligne=ligne, inscrits=inscrits, saisie=saisie, ecrire=ecrire,
                  animateurs=animateurs, theme=THEMES[r.theme], presents=[(str(i["id"]), i["nom"]) for i in vivants if i["statut"] == "inscrit"],
                  domaines=list(DOMAINES.items()), profondeurs={c: _profondeurs(c) for c in DOMAINES}, restes=_restes())


def _inscrit(session: Session, i: Inscription) -> dict[str, Any]:
    assure = session.get(Assure, i.assure_id) if i.assure_id is not None else None
    nom = " ".join(x for x in (i.prenom or (assure.prenom if assure else None), i.nom or (assure.nom if assure else None)) if x)
    return {"id": i.id, "nom": nom or "personne effacée", "statut": i.statut, "nom_statut": STATUTS[i.statut], "rang": rencontres.rang_de(session, i),
            "joindre": i.telephone or i.courriel or (assure.telephone if assure else None) or ""}


def _profondeurs(domaine: str) -> list[tuple[str, str]]:
    """Depths of a domain in a collective meeting: retirement only in its broad lines (R48)."""
    retenues = [(v, t) for v, t in PROFONDEURS.items() if domaine != "D3" or v in ("", "1")]
    return [*retenues, *((f"0:{r}", f"0 : {RAISONS[r]}") for r in RAISONS_NON_ABORDE)]


def _restes() -> list[tuple[str, str]]:
    return [("", "je les dis tous"), *((r, RAISONS[r]) for r in RAISONS_NON_ABORDE)]


def _sienne(session: Session, rencontre_id: int, acteur: Acteur) -> Rencontre:
    """A rencontre that this person may change: hers, or anybody's for the secretariat and the responsable. Raises Introuvable, DroitRefuse."""
    r = de_la_caisse(session, Rencontre, rencontre_id, acteur.caisse_code)
    commun.exiger_ecriture(acteur, *session.scalars(select(RencontreAnimateur.conseiller_id).where(RencontreAnimateur.rencontre_id == r.id)))
    return r


@routeur.post("/espace/rencontres/{rencontre_id}/inscriptions", name="rencontre.inscrire")
def inscrire(request: Request, rencontre_id: int, acteur: Acteur = Depends(exiger()), saisie: Saisie = Depends(saisie)) -> Response:
    """Enrol someone who asked by telephone; « hors quota » adds a seat knowingly."""
    maintenant = commun.maintenant(request)

    def travail(s: Session) -> str:
        r = de_la_caisse(s, Rencontre, rencontre_id, acteur.caisse_code)
        assure = s.scalar(select(Assure).where(dans_la_caisse(Assure, acteur.caisse_code), Assure.identifiant == saisie.un("identifiant"))) \
            if saisie.un("identifiant") else None
        if saisie.un("identifiant") and assure is None:
            raise commun.SaisieIllisible("identifiant", "Ce numéro n'est pas dans le fichier de la caisse. Vérifiez-le, ou laissez la case vide.")
        personne = Personne(saisie.un("nom"), saisie.un("prenom"), saisie.un("telephone"), saisie.un("courriel"), assure.id if assure else None)
        i = rencontres.inscrire(s, r, personne, commun.auteur(acteur), maintenant, hors_quota=bool(saisie.un("hors_quota")))
        noter_acces(request, s, r.id)
        return i.statut
    try:
        obtenu = en_transaction(request.app.state.contexte.sessions, travail)
    except RATTRAPES as refus:
        return _page(request, acteur, rencontre_id, saisie, refus.statut, commun.fautes(refus, FAUTIFS, "nom"))
    return retour("rencontre", fait="inscrit" if obtenu == "inscrit" else "en_attente", rencontre_id=rencontre_id)


@routeur.post("/espace/rencontres/{rencontre_id}/inscriptions/{inscription_id}/desistement", name="rencontre.desister")
def desister(request: Request, rencontre_id: int, inscription_id: int, acteur: Acteur = Depends(exiger())) -> Response:
    maintenant = commun.maintenant(request)

    def travail(s: Session) -> None:
        r = de_la_caisse(s, Rencontre, rencontre_id, acteur.caisse_code)
        i = s.scalar(select(Inscription).where(Inscription.id == inscription_id, Inscription.rencontre_id == r.id))
        if i is None:
            raise rencontres.Introuvable
        rencontres.desister(s, i, commun.auteur(acteur), maintenant)
        noter_acces(request, s, r.id)
    en_transaction(request.app.state.contexte.sessions, travail)
    return retour("rencontre", fait="desiste", rencontre_id=rencontre_id)


@routeur.post("/espace/rencontres/{rencontre_id}/annulation", name="rencontre.annuler")
def annuler(request: Request, rencontre_id: int, acteur: Acteur = Depends(exiger())) -> Response:
    maintenant = commun.maintenant(request)
    en_transaction(request.app.state.contexte.sessions, lambda s: rencontres.annuler(
        s, _sienne(s, rencontre_id, acteur), commun.auteur(acteur), maintenant))
    return retour("rencontre", fait="rencontre_annulee", rencontre_id=rencontre_id)


@routeur.post("/espace/rencontres/{rencontre_id}/cloture", name="rencontre.clore")
def clore(request: Request, rencontre_id: int, acteur: Acteur = Depends(exiger()), saisie: Saisie = Depends(saisie)) -> Response:
    """Attendance and the contact of the bilan, in one transaction; then nothing changes any more."""
    maintenant = commun.maintenant(request)

    def travail(s: Session) -> None:
        r = _sienne(s, rencontre_id, acteur)
        compte = _compte(saisie)
        presents = [c for c in map(commun.lire_cle, saisie.tous("presents")) if c is not None]
        rencontres.cloturer(s, r, presents, commun.auteur(acteur), maintenant, commun.lire_nombre(saisie.un("participants"), "participants"))
        contacts.enregistrer_rencontre(s, r, compte, maintenant, conseiller_id=acteur.conseiller_id, acteur=acteur.acteur)
        noter_acces(request, s, r.id)
    try:
        en_transaction(request.app.state.contexte.sessions, travail)
    except RATTRAPES as refus:
        return _page(request, acteur, rencontre_id, saisie, refus.statut, commun.fautes(refus, FAUTIFS, "participants"))
    return retour("rencontre", fait="rencontre_close", rencontre_id=rencontre_id)


def _compte(saisie: Saisie) -> CompteRenduContact:
    """What a rencontre went into: nine domains, nothing of any person (R44). Raises DomainesIncomplets."""
    reste, dits = saisie.un("reste"), {}
    for code in DOMAINES:
        lu = lire_profondeur(saisie.un(f"d_{code}") or (f"0:{reste}" if reste else ""))
        if lu is None:
            raise DomainesIncomplets
        dits[code] = DomaineAborde(lu[0], False, lu[1])
    return CompteRenduContact(domaines=dits)


# -- today ---------------------------------------------------------------------------------------------------------------------------------


def carte_a_clore(session: Session, acteur: Acteur, maintenant: datetime) -> Optional[Carte]:
    """The rencontres that are over and whose attendance nobody took."""
    if not acteur.peut("rencontres"):
        return None
    passees = session.scalars(select(Rencontre).where(
        dans_la_caisse(Rencontre, acteur.caisse_code), Rencontre.fin <= maintenant, Rencontre.cloturee_le.is_(None), Rencontre.annulee_le.is_(None))
        .order_by(Rencontre.debut)).all()
    if not passees:
        return None
    lignes = [(r.titre, en_lettres(r.debut, r.fuseau, acteur.fuseau), adresse("rencontre", rencontre_id=r.id)) for r in passees[:5]]
    return Carte("Rencontres à clore", "espace/agenda_carte_liste.html", {"phrase": "", "lignes": lignes}, 40)


def carte_demandes(session: Session, acteur: Acteur, maintenant: datetime) -> Optional[Carte]:
    """People who wait for a seat in a rencontre ahead, and searches of the week that found no slot (booking.md §5.12)."""
    if not acteur.peut("rencontres"):
        return None
    attendues = [(e, e.en_attente) for e in rencontres.a_venir(session, acteur.caisse_code, maintenant) if e.en_attente]
    depuis = jour_local(maintenant, acteur.fuseau) - timedelta(days=7)
    vides = session.scalar(select(func.coalesce(func.sum(Demande.vides), 0)).join(Motif, Motif.id == Demande.motif_id).where(
        dans_la_caisse(Motif, acteur.caisse_code), Demande.jour >= depuis)) or 0
    if not attendues and not vides:
        return None
    phrase = f"{quantite(vides, 'recherche')} de rendez-vous sans aucun créneau depuis sept jours : ouvrez-en, si vous pouvez." if vides else ""
    lignes = [(e.rencontre.titre, f"{quantite(n, 'personne')} en liste d'attente", adresse("rencontre", rencontre_id=e.rencontre.id))
              for e, n in attendues]
    return Carte("Demandes en attente", "espace/agenda_carte_liste.html", {"phrase": phrase, "lignes": lignes}, 30)


CARTES += [carte_a_clore, carte_demandes]
