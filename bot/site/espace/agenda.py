"""The agenda of the caisse: day and week as a table, opening and closing with what that brings shown first, undo, calendar feed.
Entretiens one by one are in `rendez_vous`; every rule in bot.agenda."""
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Mapping, Optional, Sequence
from urllib.parse import urlencode

from fastapi import Depends, Request
from fastapi.responses import Response
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.agenda import ics, journee, ouvertures, reprises
from bot.agenda.instants import bornes_du_jour, heure_en_lettres, jour_local, local, vers_utc
from bot.agenda.journee import Ligne
from bot.agenda.jours_feries import feries_entre
from bot.agenda.motifs import motifs
from bot.agenda.ouvertures import DemandeOuverture, lieu_et_heure
from bot.agenda.refus import OuvertureChevauche, OuvertureInvalide
from bot.agenda.transactions import en_transaction
from bot.contacts import comptes
from bot.contacts.isolement import Introuvable, de_la_caisse
from bot.contacts.tables import Antenne, Conseiller, Entretien, FerieOuvert, FluxAgenda, Motif, Ouverture
from bot.site.espace import agenda_commun as commun
from bot.site.espace.acces import Acteur, Saisie, exiger, routeur_espace, saisie
from bot.site.espace.accueil import CARTES, Carte
from bot.site.espace.gabarits import FAITS, adresse, rendre, retour
from bot.texte.typographie import quantite

routeur = routeur_espace()
FAITS.update(
    creneaux_ouverts="Les créneaux sont ouverts. Vous pouvez défaire pendant deux minutes.",
    ouverture_retiree="L'ouverture est retirée : elle n'offre plus de créneau. Les rendez-vous déjà pris restent.",
    jour_retire="Cette journée est retirée de l'ouverture. Les rendez-vous déjà pris restent.",
    defait="C'est défait.", ferie_ouvert="La caisse reçoit ce jour férié.", flux_revoque="L'adresse de votre calendrier ne fonctionne plus.")
GENRES = {"entretien": "Entretien", "rencontre": "Rencontre", "fermeture": "Fermé", "libre": "Libre"}
VUES = ("jour", "semaine")


@dataclass
class Ouvert:
    """An opening as one day shows it."""

    id: int
    heures: str
    ou: str
    hebdomadaire: bool


@dataclass
class Rang:
    """A line of the table, ready to be shown. `lien`: the page of what it names."""

    heures: str
    genre: str
    quoi: str
    qui: str = ""
    ou: str = ""
    etat: str = ""
    lien: Optional[str] = None
    entretien_id: Optional[int] = None
    a_renseigner: bool = False


@dataclass
class Journee:
    """One day of the agenda. `ferie`: the name of the holiday that closes it."""

    jour: date
    titre: str
    ferie: Optional[str] = None
    ouvertures: list[Ouvert] = field(default_factory=list)
    rangs: list[Rang] = field(default_factory=list)


# -- the table -----------------------------------------------------------------------------------------------------------------------------


@routeur.get("/espace/agenda", name="agenda")
def agenda(request: Request, acteur: Acteur = Depends(exiger())) -> Response:
    """A day or a week of one counsellor: one's own, or a colleague's."""
    return _page(request, acteur)


def _page(request: Request, acteur: Acteur, erreurs: Optional[Mapping[str, str]] = None) -> Response:
    demande, maintenant = request.query_params, commun.maintenant(request)
    vue = demande.get("vue", "semaine") if demande.get("vue") in VUES else "semaine"
    try:
        jour = commun.lire_jour(demande.get("jour", ""), defaut=commun.aujourdhui(request, acteur))
    except commun.SaisieIllisible as refus:
        jour, erreurs = commun.aujourdhui(request, acteur), {"jour": refus.message}
    du, au = journee.semaine(jour) if vue == "semaine" else (jour, jour)
    with request.app.state.contexte.sessions.lecture() as s:
        gens = commun.equipe(s, acteur.caisse_code)
        qui = _choisi(s, acteur, demande.get("conseiller", ""), gens)
        jours = _journees(s, qui, du, au, maintenant)
        defaisables = [(r, _decrire(s, acteur, r)) for r in reprises.a_defaire(s, commun.auteur(acteur), maintenant)]
    pas = timedelta(days=7 if vue == "semaine" else 1)
    return rendre(request, "espace/agenda.html", 422 if erreurs else 200, erreurs=erreurs, vue=vue, jour=jour, jours=jours, qui=qui,
                  nom_qui=commun.nommer(qui), gens=commun.choix(gens), a_moi=qui.id == acteur.conseiller_id, ecrire=commun.ecrit_pour(acteur, qui.id),
                  titre=_titre(vue, du, au), avant=_vers(vue, jour - pas, qui), apres=_vers(vue, jour + pas, qui), reprises=defaisables,
                  ce_jour=_vers(vue, commun.aujourdhui(request, acteur), qui), autre_vue=_vers("jour" if vue == "semaine" else "semaine", jour, qui),
                  jour_seul=lambda j: _vers("jour", j, qui))


def _choisi(session: Session, acteur: Acteur, donne: str, gens: Sequence[Conseiller]) -> Conseiller:
    """Whose agenda: the one asked for; one's own; for those who receive nobody, the first of the team."""
    if donne:
        cle = commun.lire_cle(donne)
        if cle is None:
            raise Introuvable
        return de_la_caisse(session, Conseiller, cle, acteur.caisse_code)
    return next((c for c in gens if c.id == acteur.conseiller_id), gens[0] if gens else session.get_one(Conseiller, acteur.conseiller_id))


def _vers(vue: str, jour: date, qui: Conseiller) -> str:
    return adresse("agenda") + "?" + urlencode({"vue": vue, "jour": jour.isoformat(), "conseiller": qui.id})


def _titre(vue: str, du: date, au: date) -> str:
    return commun.jour_en_lettres(du) if vue == "jour" else f"Semaine du {commun.jour_en_lettres(du).lower()}"


def _journees(session: Session, qui: Conseiller, du: date, au: date, maintenant: datetime) -> list[Journee]:
    """The days from `du` to `au`, each with its openings, its lines, and what is still free."""
    fuseau, calendrier = lieu_et_heure(session, qui, None)
    feries = feries_entre(calendrier, du, au)
    ouverts = set(session.scalars(select(FerieOuvert.jour).where(FerieOuvert.caisse_code == qui.caisse_code, FerieOuvert.jour.between(du, au))))
    jours = {du + timedelta(days=n): Journee(du + timedelta(days=n), commun.jour_en_lettres(du + timedelta(days=n)))
             for n in range((au - du).days + 1)}
    for jour, nom in feries.items():
        jours[jour].ferie = None if jour in ouverts else nom
    lignes = journee.agenda(session, qui, du, au, maintenant)
    for j in jours.values():
        _remplir(session, qui, j, [x for x in lignes if _touche(x, j.jour, fuseau)], fuseau, maintenant)
    return list(jours.values())


def _touche(ligne: Ligne, jour: date, fuseau: str) -> bool:
    de, a = bornes_du_jour(jour, fuseau)
    return ligne.debut < a and ligne.fin > de


def _remplir(session: Session, qui: Conseiller, j: Journee, lignes: Sequence[Ligne], fuseau: str, maintenant: datetime) -> None:
    places = [(ligne.debut, _rang(session, ligne, j.jour, fuseau)) for ligne in lignes]
    for o in journee.ouvertures_de(session, qui.id, j.jour):
        heures = _heures_du(o, j.jour)
        if heures is None:
            continue
        lieu = session.get_one(Antenne, o.antenne_id).nom if o.antenne_id is not None else "téléphone"
        de, a = vers_utc(j.jour, heures[0], o.fuseau), vers_utc(j.jour, heures[1], o.fuseau)
        j.ouvertures.append(Ouvert(o.id, commun.heures(de, a, o.fuseau), lieu, o.jusqu_au is not None and o.jusqu_au > o.du))
        if j.ferie is None:
            places += [(d, Rang(commun.heures(d, f, o.fuseau), "libre", "", ou=lieu)) for d, f in _libres(de, a, lignes, maintenant)]
    j.rangs = [rang for _, rang in sorted(places, key=lambda p: p[0])]


def _heures_du(o: Ouverture, jour: date) -> "Optional[tuple[Any, Any]]":
    """The hours an opening gives on a day, None when it does not open then."""
    if not o.du <= jour <= (o.jusqu_au or o.du) or (jour - o.du).days % 7:
        return None
    exception = next((e for e in o.exceptions if e.jour == jour), None)
    if exception is None:
        return o.debut, o.fin
    return (exception.debut, exception.fin) if exception.debut and exception.fin else None


def _libres(de: datetime, a: datetime, lignes: Sequence[Ligne], maintenant: datetime) -> list[tuple[datetime, datetime]]:
    """What nothing occupies in [de, a), from now on; less than a quarter of an hour is no time."""
    libres, curseur = [], max(de, maintenant)
    for ligne in sorted(lignes, key=lambda x: x.debut):
        if ligne.debut - curseur >= timedelta(minutes=15) and ligne.debut > de:
            libres.append((curseur, min(ligne.debut, a)))
        curseur = max(curseur, ligne.fin)
    if a - curseur >= timedelta(minutes=15):
        libres.append((curseur, a))
    return [(d, f) for d, f in libres if f - d >= timedelta(minutes=15) and d < a]


def _rang(session: Session, ligne: Ligne, jour: date, fuseau: str) -> Rang:
    de, a = bornes_du_jour(jour, fuseau)
    heures = "toute la journée" if ligne.debut <= de and ligne.fin >= a else commun.heures(max(ligne.debut, de), min(ligne.fin, a), fuseau)
    antenne = session.get(Antenne, ligne.antenne_id) if ligne.antenne_id is not None else None
    if ligne.genre == "entretien":
        return Rang(heures, "entretien", ligne.libelle, ligne.nom or "", antenne.nom if antenne else "par téléphone", commun.ETATS[ligne.etat],
                    adresse("entretien", entretien_id=ligne.id), ligne.id, ligne.etat in ("a_renseigner", "en_cours"))
    if ligne.genre == "rencontre":
        return Rang(heures, "rencontre", ligne.libelle, ou=antenne.nom if antenne else "", etat="close" if ligne.etat == "cloturee" else "",
                    lien=adresse("rencontre", rencontre_id=ligne.id))
    return Rang(heures, "fermeture", commun.RAISONS_FERMETURE.get(ligne.libelle, ligne.libelle),
                lien=adresse("agenda.fermeture.voir", fermeture_id=ligne.id))


# -- undoing -------------------------------------------------------------------------------------------------------------------------------


def _decrire(session: Session, acteur: Acteur, reprise: reprises.Reprise) -> str:
    """What a command was about, without a name: « mardi 20 septembre 2011 à 9 h 00 »."""
    jusqu = local(reprise.jusqu_a, acteur.fuseau)
    quoi = ""
    if reprise.objet == "entretien":
        e = session.get(Entretien, reprise.objet_id)
        quoi = f", {commun.jour_en_lettres(jour_local(e.debut, e.fuseau)).lower()} à {heure_en_lettres(local(e.debut, e.fuseau))}" if e else ""
    elif reprise.objet == "ouverture":
        o = session.get(Ouverture, reprise.objet_id)
        quoi = f", à partir du {commun.jour_en_lettres(o.du).lower()}" if o else ""
    return f"{reprise.phrase}{quoi} (jusqu'à {heure_en_lettres(jusqu)})"


@routeur.post("/espace/agenda/reprise", name="agenda.defaire")
def defaire(request: Request, acteur: Acteur = Depends(exiger()), saisie: Saisie = Depends(saisie)) -> Response:
    """Take one's last command back. Raises RienADefaire."""
    cle, maintenant = commun.lire_cle(saisie.un("id")), commun.maintenant(request)
    en_transaction(request.app.state.contexte.sessions, lambda s: reprises.defaire(
        s, acteur.caisse_code, saisie.un("objet"), cle if cle is not None else -1, commun.auteur(acteur), maintenant))
    return retour("agenda", fait="defait")


# -- opening -------------------------------------------------------------------------------------------------------------------------------


@routeur.get("/espace/agenda/ouverture", name="agenda.ouverture")
def ouverture(request: Request, acteur: Acteur = Depends(exiger())) -> Response:
    """The form; filled, what it would give: slots, holidays left out, overlaps. Nothing is saved."""
    demandee = Saisie(tuple(request.query_params.multi_items()))
    return _page_ouverture(request, acteur, demandee, apercevoir=bool(demandee.un("debut")))


def _page_ouverture(request: Request, acteur: Acteur, demandee: Saisie, statut: int = 200, erreurs: Optional[Mapping[str, str]] = None,
                    apercevoir: bool = False) -> Response:
    apercu, lignes = None, []
    with request.app.state.contexte.sessions.lecture() as s:
        offerts = motifs(s, acteur.caisse_code, pour_assure=False)
        gens = [c for c in commun.equipe(s, acteur.caisse_code) if commun.ecrit_pour(acteur, c.id)]
        lieux = commun.antennes(s, acteur.caisse_code)
        if apercevoir:
            try:
                apercu = ouvertures.apercu(s, _demande(s, acteur, demandee, commun.aujourdhui(request, acteur)), commun.maintenant(request))
                lignes = [(m.libelle, apercu.creneaux[m.code]) for m in offerts if m.code in apercu.creneaux]
            except (commun.SaisieIllisible, OuvertureInvalide) as refus:
                statut, erreurs = 422, commun.fautes(refus, {}, "debut")
    return rendre(request, "espace/agenda_ouverture.html", statut, erreurs=erreurs, saisie=demandee, apercu=apercu, lignes=lignes,
                  gens=commun.choix(gens), antennes=commun.choix(lieux, "Aucune : au téléphone seulement"),
                  motifs=[(m.code, m.libelle) for m in offerts],
                  chevauche=[f"{_ecrire_heures(o)}, {commun.jour_en_lettres(o.du).lower()}" for o in apercu.chevauchements] if apercu else [],
                  jours_perdus=[f"{commun.jour_en_lettres(j).lower()} ({nom})" for j, nom in apercu.feries.items()] if apercu else [],
                  confirmable=apercu is not None and not apercu.chevauchements and any(apercu.creneaux.values()))


def _ecrire_heures(o: Ouverture) -> str:
    return f"{heure_en_lettres(o.debut)} – {heure_en_lettres(o.fin)}"


def _demande(session: Session, acteur: Acteur, saisie: Saisie, aujourdhui: date) -> DemandeOuverture:
    """What the form asks for. Raises SaisieIllisible, Introuvable, DroitRefuse, OuvertureInvalide (no motif)."""
    qui = commun.lire_cle(saisie.un("conseiller")) or acteur.conseiller_id
    de_la_caisse(session, Conseiller, qui, acteur.caisse_code)
    commun.exiger_ecriture(acteur, qui)
    par_code = {m.code: m for m in motifs(session, acteur.caisse_code, pour_assure=False)}
    choisis: list[Motif] = [par_code[c] for c in saisie.tous("motifs") if c in par_code]
    du = commun.lire_jour(saisie.un("jour"), "jour", aujourdhui)
    fin = saisie.un("jusqu_au")
    return DemandeOuverture(qui, du, commun.lire_heure(saisie.un("debut"), "debut"), commun.lire_heure(saisie.un("fin"), "fin"), choisis,
                            commun.lire_cle(saisie.un("antenne")), commun.lire_jour(fin, "jusqu_au") if fin else None)


@routeur.post("/espace/agenda/ouverture", name="agenda.ouvrir")
def ouvrir(request: Request, acteur: Acteur = Depends(exiger()), saisie: Saisie = Depends(saisie)) -> Response:
    """Save what the preview showed. Wrong or overlapping: the form again, with what was typed."""
    maintenant, jour = commun.maintenant(request), commun.aujourdhui(request, acteur)
    try:
        en_transaction(request.app.state.contexte.sessions, lambda s: ouvertures.ouvrir(
            s, _demande(s, acteur, saisie, jour), commun.auteur(acteur), maintenant))
    except (commun.SaisieIllisible, OuvertureInvalide, OuvertureChevauche) as refus:
        return _page_ouverture(request, acteur, saisie, refus.statut, commun.fautes(refus, {}, "debut"))
    return _retour_agenda("creneaux_ouverts", saisie.un("jour"), saisie.un("conseiller"))


def _retour_agenda(fait: str, jour: str = "", conseiller: str = "") -> Response:
    suite = retour("agenda", fait=fait)
    plus = {n: v for n, v in (("jour", jour), ("conseiller", conseiller)) if v}
    suite.headers["location"] += ("&" + urlencode(plus)) if plus else ""
    return suite


@routeur.post("/espace/agenda/ouvertures/{ouverture_id}/suppression", name="agenda.supprimer")
def supprimer(request: Request, ouverture_id: int, acteur: Acteur = Depends(exiger()), saisie: Saisie = Depends(saisie)) -> Response:
    """Remove an opening, or only its occurrence of one day (« jour »)."""
    maintenant, seul = commun.maintenant(request), saisie.un("seul")

    def retirer(s: Session) -> None:
        trouvee = de_la_caisse(s, Ouverture, ouverture_id, acteur.caisse_code)
        commun.exiger_ecriture(acteur, trouvee.conseiller_id)
        if seul:
            ouvertures.modifier_occurrence(s, trouvee, commun.lire_jour(seul), None, commun.auteur(acteur), maintenant)
        else:
            ouvertures.supprimer(s, trouvee, commun.auteur(acteur), maintenant)
    en_transaction(request.app.state.contexte.sessions, retirer)
    return _retour_agenda("jour_retire" if seul else "ouverture_retiree", saisie.un("jour"), saisie.un("conseiller"))


@routeur.post("/espace/agenda/jours-feries", name="agenda.ferie")
def ouvrir_ferie(request: Request, acteur: Acteur = Depends(exiger()), saisie: Saisie = Depends(saisie)) -> Response:
    """The caisse receives on a holiday: the openings that fall on it offer their slots."""
    maintenant, jour = commun.maintenant(request), commun.lire_jour(saisie.un("jour"))
    with request.app.state.contexte.sessions() as s:
        ouvertures.ouvrir_ferie(s, acteur.caisse_code, jour, commun.auteur(acteur), maintenant)
    return _retour_agenda("ferie_ouvert", jour.isoformat(), saisie.un("conseiller"))


# -- the calendar feed ---------------------------------------------------------------------------------------------------------------------


@routeur.get("/espace/agenda/calendrier", name="agenda.flux")
def flux(request: Request, acteur: Acteur = Depends(exiger())) -> Response:
    """Whether one's calendar has an address, since when, and what it shows."""
    return _page_flux(request, acteur)


def _page_flux(request: Request, acteur: Acteur, jeton: Optional[str] = None) -> Response:
    with request.app.state.contexte.sessions.lecture() as s:
        actif = s.scalar(select(FluxAgenda).where(FluxAgenda.conseiller_id == acteur.conseiller_id, FluxAgenda.revoque_le.is_(None)))
        depuis = jour_local(actif.cree_le, acteur.fuseau) if actif else None
    lien = f"{str(request.base_url).rstrip('/')}/agenda/{jeton}.ics" if jeton else None
    return rendre(request, "espace/agenda_calendrier.html", depuis=depuis, lien=lien)


@routeur.post("/espace/agenda/calendrier", name="agenda.flux.creer")
def creer_flux(request: Request, acteur: Acteur = Depends(exiger())) -> Response:
    """A new address, shown once; the former one stops working."""
    with request.app.state.contexte.sessions() as s:
        jeton = ics.nouveau_flux(s, acteur.conseiller_id, commun.maintenant(request))
    return _page_flux(request, acteur, jeton)


@routeur.post("/espace/agenda/calendrier/revocation", name="agenda.flux.revoquer")
def revoquer_flux(request: Request, acteur: Acteur = Depends(exiger())) -> Response:
    """The address stops working at once."""
    with request.app.state.contexte.sessions() as s:
        s.execute(update(FluxAgenda).where(FluxAgenda.conseiller_id == acteur.conseiller_id, FluxAgenda.revoque_le.is_(None))
                  .values(revoque_le=commun.maintenant(request)))
    return retour("agenda.flux", fait="flux_revoque")


# -- today, and leaving --------------------------------------------------------------------------------------------------------------------


def carte_prochain(session: Session, acteur: Acteur, maintenant: datetime) -> Optional[Carte]:
    """The next entretien: hour, motif and place. No name: this page may stand open on a desk."""
    if not acteur.peut("agenda"):
        return None
    e = journee.prochain(session, acteur.conseiller_id, maintenant)
    if e is None:
        return None
    jour = jour_local(e.debut, e.fuseau)
    quand = "aujourd'hui" if jour == jour_local(maintenant, e.fuseau) else commun.jour_en_lettres(jour).lower()
    valeurs = {"quand": f"{quand}, {commun.heures(e.debut, e.fin, e.fuseau)}", "motif": e.motif.libelle, "ou": commun.ou(session, e)}
    return Carte("Prochain entretien", "espace/agenda_carte_prochain.html", valeurs, 10, ("Ouvrir", adresse("entretien", entretien_id=e.id)))


def carte_a_renseigner(session: Session, acteur: Acteur, maintenant: datetime) -> Optional[Carte]:
    """The entretiens that are over and whose outcome nobody said."""
    if not acteur.peut("entretien.compte_rendu"):
        return None
    a_dire = journee.a_renseigner(session, acteur.conseiller_id, maintenant)
    if not a_dire:
        return None
    lignes = [(f"{commun.jour_en_lettres(jour_local(e.debut, e.fuseau))}, {heure_en_lettres(local(e.debut, e.fuseau))}", e.motif.libelle,
               adresse("entretien.compte_rendu", entretien_id=e.id)) for e in a_dire[:5]]
    return Carte("À renseigner", "espace/agenda_carte_liste.html",
                 {"phrase": f"{quantite(len(a_dire), 'entretien')} sans issue, du plus récent au plus ancien.", "lignes": lignes}, 20)


CARTES += [carte_prochain, carte_a_renseigner]


def entretiens_a_venir(session: Session, conseiller: Conseiller, maintenant: datetime) -> Optional[str]:
    """Someone with entretiens ahead does not leave before a colleague has them (booking.md §5.11)."""
    reste = len(session.scalars(select(Entretien.id).where(Entretien.conseiller_id == conseiller.id, Entretien.statut == "pose",
                                                           Entretien.debut > maintenant)).all())
    if not reste:
        return None
    return (f"{conseiller.prenom} {conseiller.nom} a encore {quantite(reste, 'entretien')} à venir. "
            "Confiez-les d'abord à un collègue, depuis son agenda (« Fermer une période »).")


comptes.EMPECHEMENTS.append(entretiens_a_venir)
