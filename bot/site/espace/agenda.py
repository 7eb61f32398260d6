"""The agenda of the caisse: day and week as a table and as a calendar, opening with what that brings shown first, undo, calendar feed.
Entretiens one by one are in `rendez_vous`, closings in `fermetures`; every rule in bot.agenda."""
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, Mapping, Optional, Sequence
from urllib.parse import urlencode

from fastapi import Depends, Request
from fastapi.responses import JSONResponse, Response
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.agenda import ics, journee, ouvertures, phrase_ouverture, reprises
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
from bot.texte.typographie import date_longue, quantite

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


@dataclass(frozen=True)
class Regard:
    """What a page of the agenda looks at: a day or the week of a day. `erreurs`: a date that could not be read, replaced by today."""

    vue: str
    jour: date
    du: date
    au: date
    erreurs: Optional[Mapping[str, str]] = None


def _regard(request: Request, acteur: Acteur) -> Regard:
    demande, erreurs = request.query_params, None
    vue = demande.get("vue", "semaine") if demande.get("vue") in VUES else "semaine"
    try:
        jour = commun.lire_jour(demande.get("jour", ""), defaut=commun.aujourdhui(request, acteur))
    except commun.SaisieIllisible as refus:
        jour, erreurs = commun.aujourdhui(request, acteur), {"jour": refus.message}
    du, au = journee.semaine(jour) if vue == "semaine" else (jour, jour)
    return Regard(vue, jour, du, au, erreurs)


def _page(request: Request, acteur: Acteur) -> Response:
    r, maintenant = _regard(request, acteur), commun.maintenant(request)
    with request.app.state.contexte.sessions.lecture() as s:
        gens = commun.equipe(s, acteur.caisse_code)
        qui = _choisi(s, acteur, request.query_params.get("conseiller", ""), gens)
        jours = _journees(s, qui, r.du, r.au, maintenant)
        defaisables = [(x, _decrire(s, acteur, x)) for x in reprises.a_defaire(s, commun.auteur(acteur), maintenant)]
    pas = timedelta(days=7 if r.vue == "semaine" else 1)
    return rendre(request, "espace/agenda.html", 422 if r.erreurs else 200, erreurs=r.erreurs, vue=r.vue, jour=r.jour, jours=jours, qui=qui,
                  nom_qui=commun.nommer(qui), gens=commun.choix(gens), a_moi=qui.id == acteur.conseiller_id, ecrire=commun.ecrit_pour(acteur, qui.id),
                  titre=_titre(r.vue, r.du, r.au), avant=_vers(r.vue, r.jour - pas, qui), apres=_vers(r.vue, r.jour + pas, qui),
                  reprises=defaisables, ce_jour=_vers(r.vue, commun.aujourdhui(request, acteur), qui),
                  autre_vue=_vers("jour" if r.vue == "semaine" else "semaine", r.jour, qui), jour_seul=lambda j: _vers("jour", j, qui),
                  evenements=_vers(r.vue, r.jour, qui, "agenda.evenements"))


def _choisi(session: Session, acteur: Acteur, donne: str, gens: Sequence[Conseiller]) -> Conseiller:
    """Whose agenda: the one asked for; one's own; for those who receive nobody, the first of the team."""
    if donne:
        cle = commun.lire_cle(donne)
        if cle is None:
            raise Introuvable
        return de_la_caisse(session, Conseiller, cle, acteur.caisse_code)
    return next((c for c in gens if c.id == acteur.conseiller_id), gens[0] if gens else session.get_one(Conseiller, acteur.conseiller_id))


def _vers(vue: str, jour: date, qui: Conseiller, route: str = "agenda") -> str:
    return adresse(route) + "?" + urlencode({"vue": vue, "jour": jour.isoformat(), "conseiller": qui.id})


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


# -- the same as a calendar ------------------------------------------------------------------------------------------------------------------

# What the calendar shows of a day when nothing falls outside.
HEURES_MONTREES = (time(8), time(18))


@routeur.get("/espace/agenda/evenements", name="agenda.evenements")
def evenements(request: Request, acteur: Acteur = Depends(exiger())) -> Response:
    """What the page « agenda » shows for the same address, as the calendar component reads it: local wall-clock times, no offset."""
    r, maintenant = _regard(request, acteur), commun.maintenant(request)
    if r.erreurs:
        raise commun.SaisieIllisible("jour", r.erreurs["jour"])
    with request.app.state.contexte.sessions.lecture() as s:
        qui = _choisi(s, acteur, request.query_params.get("conseiller", ""), commun.equipe(s, acteur.caisse_code))
        fuseau, calendrier = lieu_et_heure(s, qui, None)
        montres = [_evenement(s, x, fuseau) for x in journee.agenda(s, qui, r.du, r.au, maintenant)]
        montres += [_ouvert(s, o, j) for j in _jours(r) for o in journee.ouvertures_de(s, qui.id, j) if _heures_du(o, j) is not None]
        montres += _feries(s, qui.caisse_code, feries_entre(calendrier, r.du, r.au), r)
    return JSONResponse({"jour": r.jour.isoformat(), "vue": r.vue, **_bornes(montres), "evenements": montres})


def _jours(r: Regard) -> list[date]:
    return [r.du + timedelta(days=n) for n in range((r.au - r.du).days + 1)]


def _evenement(session: Session, ligne: Ligne, fuseau: str) -> dict[str, Any]:
    jour = jour_local(ligne.debut, fuseau)
    rang = _rang(session, ligne, jour, fuseau)
    detail = " · ".join(x for x in (rang.quoi, rang.ou, rang.etat) if x) if rang.genre == "entretien" else rang.ou
    titre = {"entretien": rang.qui, "fermeture": f"Fermé : {rang.quoi}"}.get(rang.genre, rang.quoi)
    return {"id": f"{ligne.genre}-{ligne.id}", "genre": ligne.genre, "titre": titre, "detail": detail, "lien": rang.lien,
            "de": f"{local(ligne.debut, fuseau):%Y-%m-%dT%H:%M}", "a": f"{local(ligne.fin, fuseau):%Y-%m-%dT%H:%M}"}


def _ouvert(session: Session, o: Ouverture, jour: date) -> dict[str, Any]:
    de, a = _heures_du(o, jour) or (o.debut, o.fin)
    lieu = session.get_one(Antenne, o.antenne_id).nom if o.antenne_id is not None else "téléphone"
    return {"id": f"ouverture-{o.id}-{jour}", "genre": "ouverture", "titre": f"Ouvert : {lieu}", "detail": "", "lien": None,
            "de": f"{jour}T{de:%H:%M}", "a": f"{jour}T{a:%H:%M}"}


def _feries(session: Session, caisse_code: str, feries: Mapping[date, str], r: Regard) -> list[dict[str, Any]]:
    ouverts = set(session.scalars(select(FerieOuvert.jour).where(FerieOuvert.caisse_code == caisse_code, FerieOuvert.jour.between(r.du, r.au))))
    return [{"id": f"ferie-{j}", "genre": "ferie", "titre": f"Férié : {nom}", "detail": "", "lien": None,
             "de": f"{j}T{HEURES_MONTREES[0]:%H:%M}", "a": f"{j}T{HEURES_MONTREES[1]:%H:%M}"} for j, nom in feries.items() if j not in ouverts]


def _bornes(montres: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The hours of the day that the calendar must show, as « 08:00 », whole; a closing of whole days does not stretch it."""
    dates = [x for x in montres if x["genre"] != "fermeture"]
    tot = min([HEURES_MONTREES[0], *(time.fromisoformat(x["de"][11:]) for x in dates)])
    tard = max([HEURES_MONTREES[1], *(time.fromisoformat(x["a"][11:]) for x in dates)])
    return {"des": f"{tot.hour:02d}:00", "jusque": f"{tard.hour + bool(tard.minute):02d}:00"}


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
    """The form; said in a sentence, drawn in the calendar or filled, what it would give: slots, holidays left out, overlaps. Nothing is saved."""
    demandee = Saisie(tuple(request.query_params.multi_items()))
    if demandee.un("phrase"):
        return _depuis_phrase(request, acteur, demandee)
    if demandee.un("geste"):
        demandee = _completer_geste(request, acteur, demandee)
    return _page_ouverture(request, acteur, demandee, apercevoir=bool(demandee.un("debut")))


def _depuis_phrase(request: Request, acteur: Acteur, demandee: Saisie) -> Response:
    """« mardi et jeudi 14 h-17 h au téléphone jusqu'à fin octobre »: the preview when all is said, else the form with what was understood."""
    texte = demandee.un("phrase")
    with request.app.state.contexte.sessions.lecture() as s:
        qui = _pour(s, acteur, demandee)
        fuseau = lieu_et_heure(s, qui, None)[0]
        lu = phrase_ouverture.lire(texte, commun.maintenant(request), fuseau, commun.antennes(s, acteur.caisse_code))
        manque = [nom for nom, dit in (("le jour", lu.jours), ("les heures", lu.debut), ("le lieu (au téléphone, ou l'antenne)", lu.lieu),
                                       ("jusqu'à quand", lu.jusqu_au or not lu.chaque)) if not dit]
        antenne_id = None if lu.lieu in (None, phrase_ouverture.TELEPHONE) else int(lu.lieu or 0)
        retenus = phrase_ouverture.motifs_qui_tiennent(s, acteur.caisse_code, antenne_id, lu.debut, lu.fin) if lu.debut and lu.fin else []
    paires = [("phrase", texte), ("conseiller", str(qui.id)), *(("jour", j.isoformat()) for j in lu.jours)]
    paires += [(nom, f"{heure:%H:%M}") for nom, heure in (("debut", lu.debut), ("fin", lu.fin)) if heure]
    paires += [("jusqu_au", lu.jusqu_au.isoformat() if lu.jusqu_au else ""), ("antenne", str(antenne_id or ""))]
    comprise = Saisie((*paires, *(("motifs", m.code) for m in retenus)))
    if manque:
        phrase = f"Il manque {' et '.join(manque)}. Ajoutez-le à la phrase, ou complétez le formulaire : ce qui est compris y est déjà."
        return _page_ouverture(request, acteur, comprise, 422, {"phrase": phrase})
    return _page_ouverture(request, acteur, comprise, apercevoir=True)


def _completer_geste(request: Request, acteur: Acteur, demandee: Saisie) -> Saisie:
    """Hours drawn in the calendar: the counsellor's usual antenne, and every motif that fits; all of it may be changed below."""
    try:
        debut, fin = commun.lire_heure(demandee.un("debut"), "debut"), commun.lire_heure(demandee.un("fin"), "fin")
    except commun.SaisieIllisible:
        return demandee
    with request.app.state.contexte.sessions.lecture() as s:
        antenne_id = _pour(s, acteur, demandee).antenne_id
        retenus = phrase_ouverture.motifs_qui_tiennent(s, acteur.caisse_code, antenne_id, debut, fin)
    gardees = tuple((n, v) for n, v in demandee.paires if n in ("conseiller", "jour", "debut", "fin"))
    return Saisie((*gardees, ("antenne", str(antenne_id or "")), *(("motifs", m.code) for m in retenus)))


def _pour(session: Session, acteur: Acteur, demandee: Saisie) -> Conseiller:
    """Whose agenda opens. Raises Introuvable, DroitRefuse."""
    qui = de_la_caisse(session, Conseiller, commun.lire_cle(demandee.un("conseiller")) or acteur.conseiller_id, acteur.caisse_code)
    commun.exiger_ecriture(acteur, qui.id)
    return qui


@dataclass
class Apercu:
    """What several openings would give together, as the page says it."""

    jours: int
    creneaux: list[tuple[str, int]]
    feries: list[str]
    chevauche: list[str]
    quand: str

    @property
    def confirmable(self) -> bool:
        return not self.chevauche and any(n for _, n in self.creneaux)


def _apercevoir(session: Session, demandes: Sequence[DemandeOuverture], offerts: Sequence[Motif], maintenant: datetime) -> Apercu:
    """Raises OuvertureInvalide."""
    vus = [ouvertures.apercu(session, d, maintenant) for d in demandes]
    creneaux = [(m.libelle, sum(v.creneaux[m.code] for v in vus)) for m in offerts if m.code in vus[0].creneaux]
    chevauche = [f"{_ecrire_heures(o)}, {commun.jour_en_lettres(o.du).lower()}" for v in vus for o in v.chevauchements]
    feries = [f"{commun.jour_en_lettres(j).lower()} ({nom})" for v in vus for j, nom in sorted(v.feries.items())]
    une = demandes[0]
    repete = f", puis chaque semaine jusqu'au {date_longue(une.jusqu_au)}" if une.jusqu_au else ""
    ou = session.get_one(Antenne, une.antenne_id).nom if une.antenne_id is not None else "au téléphone"
    premier, *suite = (commun.jour_en_lettres(d.du) for d in demandes)
    jours = " et ".join([premier, *(j.lower() for j in suite)])
    quand = f"{jours}{repete}, {heure_en_lettres(une.debut)} – {heure_en_lettres(une.fin)}, {ou}"
    return Apercu(sum(v.jours for v in vus), creneaux, feries, chevauche, quand)


def _page_ouverture(request: Request, acteur: Acteur, demandee: Saisie, statut: int = 200, erreurs: Optional[Mapping[str, str]] = None,
                    apercevoir: bool = False) -> Response:
    apercu = None
    with request.app.state.contexte.sessions.lecture() as s:
        offerts = motifs(s, acteur.caisse_code, pour_assure=False)
        gens = [c for c in commun.equipe(s, acteur.caisse_code) if commun.ecrit_pour(acteur, c.id)]
        lieux = commun.antennes(s, acteur.caisse_code)
        if apercevoir:
            try:
                demandes = _demandes(s, acteur, demandee, commun.aujourdhui(request, acteur))
                apercu = _apercevoir(s, demandes, offerts, commun.maintenant(request))
            except (commun.SaisieIllisible, OuvertureInvalide) as refus:
                statut, erreurs = 422, commun.fautes(refus, {}, "debut")
    return rendre(request, "espace/agenda_ouverture.html", statut, erreurs=erreurs, saisie=demandee, apercu=apercu, gens=commun.choix(gens),
                  antennes=commun.choix(lieux, "Aucune : au téléphone seulement"), motifs=[(m.code, m.libelle) for m in offerts])


def _ecrire_heures(o: Ouverture) -> str:
    return f"{heure_en_lettres(o.debut)} – {heure_en_lettres(o.fin)}"


def _demandes(session: Session, acteur: Acteur, saisie: Saisie, aujourdhui: date) -> list[DemandeOuverture]:
    """What the form asks for, one a day. Raises SaisieIllisible, Introuvable, DroitRefuse, OuvertureInvalide (no motif)."""
    qui = _pour(session, acteur, saisie)
    par_code = {m.code: m for m in motifs(session, acteur.caisse_code, pour_assure=False)}
    choisis: list[Motif] = [par_code[c] for c in saisie.tous("motifs") if c in par_code]
    jours = [commun.lire_jour(j, "jour", aujourdhui) for j in dict.fromkeys(saisie.tous("jour"))][:7] or [aujourdhui]
    fin = saisie.un("jusqu_au")
    jusqu_au = commun.lire_jour(fin, "jusqu_au") if fin else None
    return [DemandeOuverture(qui.id, du, commun.lire_heure(saisie.un("debut"), "debut"), commun.lire_heure(saisie.un("fin"), "fin"), choisis,
                             commun.lire_cle(saisie.un("antenne")), jusqu_au) for du in jours]


@routeur.post("/espace/agenda/ouverture", name="agenda.ouvrir")
def ouvrir(request: Request, acteur: Acteur = Depends(exiger()), saisie: Saisie = Depends(saisie)) -> Response:
    """Save what the preview showed, all of it or nothing. Wrong or overlapping: the form again, with what was typed."""
    maintenant, jour = commun.maintenant(request), commun.aujourdhui(request, acteur)

    def travail(s: Session) -> None:
        for demande in _demandes(s, acteur, saisie, jour):
            ouvertures.ouvrir(s, demande, commun.auteur(acteur), maintenant)
    try:
        en_transaction(request.app.state.contexte.sessions, travail)
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
