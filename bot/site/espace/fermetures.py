"""Closing a period: what it hits is shown first, and something is decided for each entretien before anything is saved. Lifting it again.
The rules are those of bot.agenda.fermetures and bot.agenda.decisions; the agenda itself is in `agenda`."""
from dataclasses import dataclass
from datetime import datetime, time
from typing import Mapping, Optional, Sequence
from urllib.parse import urlencode

from fastapi import Depends, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from bot.agenda import decisions, fermetures
from bot.agenda.decisions import ChoixManquant
from bot.agenda.fermetures import Portee, Touche
from bot.agenda.instants import en_lettres, vers_utc
from bot.agenda.journee import nom_de
from bot.agenda.refus import ConseillerOccupe, CreneauIllisible, CreneauPris, FermetureInvalide, RdvSimultane, TransitionImpossible
from bot.agenda.transactions import en_transaction
from bot.contacts.isolement import Introuvable, de_la_caisse
from bot.contacts.tables import Antenne, Conseiller, Fermeture
from bot.site.espace import agenda_commun as commun
from bot.site.espace.acces import Acteur, Saisie, exiger, noter_acces, routeur_espace, saisie
from bot.site.espace.gabarits import FAITS, adresse, rendre, retour

routeur = routeur_espace()
FAITS.update(periode_fermee="La période est fermée. Vous pouvez défaire pendant deux minutes ; les messages partent ensuite.",
             fermeture_levee="La fermeture est levée : les créneaux sont de nouveau offerts.")


@dataclass(frozen=True)
class Consequence:
    """One entretien that the closing hits: when, who, what, and what may be done with it as (value, sentence)."""

    id: int
    quand: str
    qui: str
    motif: str
    choix: Sequence[tuple[str, str]]


@routeur.get("/espace/agenda/fermeture", name="agenda.fermeture")
def fermeture(request: Request, acteur: Acteur = Depends(exiger())) -> Response:
    """The form; filled, whom the closing would hit and what may be done for each. Nothing is saved."""
    demandee = Saisie(tuple(request.query_params.multi_items()))
    return _page(request, acteur, demandee, montrer=bool(demandee.un("jour")))


def _page(request: Request, acteur: Acteur, demandee: Saisie, statut: int = 200, erreurs: Optional[Mapping[str, str]] = None,
          montrer: bool = False) -> Response:
    consequences: Sequence[Consequence] = ()
    rencontres: Sequence[str] = ()
    portee, maintenant = None, commun.maintenant(request)
    with request.app.state.contexte.sessions() as s:
        scopes = _portees(s, acteur)
        if montrer:
            try:
                portee = lire_portee(s, acteur, demandee)
                consequences = [_consequence(s, t, portee, maintenant) for t in fermetures.touches(s, portee, maintenant)]
                rencontres = [f"{r.titre}, {en_lettres(r.debut, r.fuseau)}" for r in fermetures.rencontres_touchees(s, portee, maintenant)]
            except (commun.SaisieIllisible, FermetureInvalide) as refus:
                portee, statut, erreurs = None, 422, commun.fautes(refus, {}, "jour")
        for c in consequences:
            noter_acces(request, s, c.id, acte="entretien.lu", objet="entretien")
    return rendre(request, "espace/agenda_fermeture.html", statut, erreurs=erreurs, saisie=demandee, portees=scopes, montre=portee is not None,
                  raisons=[(r, libelle) for r, libelle in commun.RAISONS_FERMETURE.items()], consequences=consequences, rencontres=rencontres)


def _portees(session: Session, acteur: Acteur) -> list[tuple[str, str]]:
    """What this person may close, as the form offers it."""
    gens = [c for c in commun.equipe(session, acteur.caisse_code) if commun.ecrit_pour(acteur, c.id)]
    offertes = [(f"conseiller:{c.id}", f"L'agenda de {commun.nommer(c)}") for c in sorted(gens, key=lambda c: c.id != acteur.conseiller_id)]
    if commun.ecrit_pour(acteur):
        offertes += [(f"antenne:{a.id}", f"L'antenne de {a.nom}") for a in commun.antennes(session, acteur.caisse_code)]
        offertes.append(("caisse", "Toute la caisse"))
    return offertes


def lire_portee(session: Session, acteur: Acteur, saisie: Saisie) -> Portee:
    """What the form closes; whole days where no hour is given. Raises SaisieIllisible, Introuvable, DroitRefuse."""
    genre, _, numero = (saisie.un("portee") or f"conseiller:{acteur.conseiller_id}").partition(":")
    cle = commun.lire_cle(numero)
    conseiller_id, antenne_id = (cle if genre == "conseiller" else None), (cle if genre == "antenne" else None)
    if genre not in ("conseiller", "antenne", "caisse") or (genre != "caisse" and cle is None):
        raise Introuvable
    fuseau = acteur.fuseau
    if conseiller_id is not None:
        de_la_caisse(session, Conseiller, conseiller_id, acteur.caisse_code)
    if antenne_id is not None:
        de_la_caisse(session, Antenne, antenne_id, acteur.caisse_code)
    commun.exiger_ecriture(acteur, *([conseiller_id] if conseiller_id else []))
    du, au = commun.lire_jour(saisie.un("jour"), "jour"), saisie.un("au_jour")
    dernier = commun.lire_jour(au, "au_jour", du) if au else du
    debut, fin = saisie.un("debut"), saisie.un("fin")
    de = vers_utc(du, commun.lire_heure(debut, "debut") if debut else time(0), fuseau)
    a = vers_utc(dernier, commun.lire_heure(fin, "fin"), fuseau) if fin else vers_utc(dernier + commun.UN_JOUR, time(0), fuseau)
    return Portee(acteur.caisse_code, de, a, conseiller_id, antenne_id)


def _consequence(session: Session, touche: Touche, portee: Portee, maintenant: datetime) -> Consequence:
    e = touche.entretien
    return Consequence(e.id, en_lettres(e.debut, e.fuseau), nom_de(session, e), e.motif.libelle,
                       decisions.choix_possibles(session, touche, portee, maintenant))


@routeur.post("/espace/agenda/fermeture", name="agenda.fermer")
def fermer(request: Request, acteur: Acteur = Depends(exiger()), saisie: Saisie = Depends(saisie)) -> Response:
    """Close, and do what was decided for each entretien, in one transaction: all of it or nothing."""
    maintenant, qui = commun.maintenant(request), commun.auteur(acteur)

    def travail(s: Session) -> None:
        portee = lire_portee(s, acteur, saisie)
        choix = {t.entretien.id: saisie.un(f"choix_{t.entretien.id}") for t in fermetures.touches(s, portee, maintenant)}
        decisions.fermer_avec(s, portee, saisie.un("raison"), choix, qui, maintenant)
    try:
        en_transaction(request.app.state.contexte.sessions, travail)
    except (commun.SaisieIllisible, FermetureInvalide, ChoixManquant, CreneauPris, ConseillerOccupe, RdvSimultane, TransitionImpossible,
            CreneauIllisible) as refus:
        return _page(request, acteur, saisie, refus.statut, commun.fautes(refus, {FermetureInvalide: "jour"}, "consequences"), montrer=True)
    suite = retour("agenda", fait="periode_fermee")
    suite.headers["location"] += "&" + urlencode({"jour": saisie.un("jour")})
    return suite


@routeur.get("/espace/agenda/fermetures/{fermeture_id}", name="agenda.fermeture.voir")
def voir(request: Request, fermeture_id: int, acteur: Acteur = Depends(exiger())) -> Response:
    """One closing: what, when, why; and the button that lifts it."""
    with request.app.state.contexte.sessions.lecture() as s:
        f = de_la_caisse(s, Fermeture, fermeture_id, acteur.caisse_code)
        antenne = s.get(Antenne, f.antenne_id) if f.antenne_id is not None else None
        de_qui = (f"L'agenda de {commun.nommer(s.get(Conseiller, f.conseiller_id))}" if f.conseiller_id is not None
                  else f"L'antenne de {antenne.nom}" if antenne is not None else "Toute la caisse")
    return rendre(request, "espace/agenda_fermee.html", f=f, de_qui=de_qui, du=en_lettres(f.du, acteur.fuseau), au=en_lettres(f.au, acteur.fuseau),
                  raison=commun.RAISONS_FERMETURE[f.raison], ecrire=commun.ecrit_pour(acteur, f.conseiller_id),
                  lever=adresse("agenda.lever", fermeture_id=f.id))


@routeur.post("/espace/agenda/fermetures/{fermeture_id}/levee", name="agenda.lever")
def lever(request: Request, fermeture_id: int, acteur: Acteur = Depends(exiger())) -> Response:
    """Take a closing back, at any time."""
    maintenant = commun.maintenant(request)
    with request.app.state.contexte.sessions() as s:
        f = de_la_caisse(s, Fermeture, fermeture_id, acteur.caisse_code)
        commun.exiger_ecriture(acteur, f.conseiller_id)
        fermetures.lever(s, f, commun.auteur(acteur), maintenant)
    return retour("agenda", fait="fermeture_levee")
