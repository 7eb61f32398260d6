"""The survey in the workspace: where waves stand, their results, answers given by telephone or on paper, comments to read.

Rules are bot.enquete's: who led a contact may not enter its answers, no rate below eleven, nothing leaves before a person has read it.
"""
import csv
import io
from datetime import datetime
from typing import Mapping, Optional, Union

from fastapi import Depends, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from bot.contacts.refus import Refus
from bot.contacts.tables import InvitationEnquete
from bot.enquete import commentaires, invitations, reponses, resultats, vagues
from bot.enquete.questionnaire import PASSE
from bot.enquete.refus import CodeInconnu, ModeInvalide, RelectureInvalide
from bot.enquete.reponses import Acces
from bot.enquete.statistiques import Taux
from bot.site.espace.acces import Acteur, Saisie, cle, exiger, noter_acces, routeur_espace, saisie
from bot.site.espace.accueil import CARTES, Carte
from bot.site.espace.gabarits import FAITS, rendre, retour

routeur = routeur_espace()
FAITS.update(reponses_saisies="Les réponses sont enregistrées.",
             reponses_masquees="Les réponses sont enregistrées ; le commentaire a été masqué en partie.", commentaire_relu="Le commentaire est relu.")
A_APPELER = 30


def _carte(session: Session, acteur: Acteur, maintenant: datetime) -> Optional[Carte]:
    """Comments that wait for a reader."""
    nombre = commentaires.a_relire(session, acteur.caisse_code) if acteur.peut("enquete.commentaires") else 0
    lien = ("Lire les commentaires", "/espace/enquete/commentaires")
    return Carte("Enquête", "espace/enquete_carte.html", {"nombre": nombre}, 70, lien) if nombre else None


CARTES.append(_carte)


# -- waves and results --------------------------------------------------------------------------------------------------------------------------


@routeur.get("/espace/enquete", name="enquete")
def liste(request: Request, acteur: Acteur = Depends(exiger())) -> Response:
    """The waves of the caisse and where they stand."""
    with request.app.state.contexte.sessions.lecture() as s:
        siennes = [(v, vagues.etat(s, v)) for v in reversed(vagues.vagues(s, acteur.caisse_code))]
        return rendre(request, "espace/enquete.html", vagues=siennes, pour_cent=resultats.pour_cent)


@routeur.get("/espace/enquete/vagues/{vague_id}", name="enquete.resultats")
def montrer(request: Request, vague_id: int, acteur: Acteur = Depends(exiger())) -> Response:
    """The results of a wave, in tables and words."""
    with request.app.state.contexte.sessions.lecture() as s:
        r = resultats.resultats(s, vagues.vague(s, vague_id, acteur.caisse_code))
        return rendre(request, "espace/enquete_resultats.html", r=r, outils=resultats)


@routeur.get("/espace/enquete/vagues/{vague_id}/csv", name="enquete.resultats.csv")
def exporter(request: Request, vague_id: int, acteur: Acteur = Depends(exiger())) -> Response:
    """The same as a spreadsheet reads it: no sub-count below eleven expressed answers."""
    with request.app.state.contexte.sessions.lecture() as s:
        r = resultats.resultats(s, vagues.vague(s, vague_id, acteur.caisse_code))
    nom = f"enquete-{r.vague.caisse_code}-{r.vague.cible}-{r.vague.exercice}.csv"
    entetes = {"content-disposition": f'attachment; filename="{nom}"'}
    return Response("\ufeff" + ecrire_csv(r), media_type="text/csv; charset=utf-8", headers=entetes)


def ecrire_csv(r: resultats.Resultats) -> str:
    """One line an answer of each item, then one a mode and one a form of Q1, « s » where it is masked on the page."""
    sortie = io.StringIO()
    ecrivain = csv.writer(sortie, delimiter=";", lineterminator="\n")
    ecrivain.writerow(("item", "question", "reponse", "nombre", "exprimees", "taux", "bas", "haut"))
    for i in r.items:
        exprimees = i.taux.exprimees if i.taux else i.vus
        for libelle, n in i.distribution:
            ecrivain.writerow((i.item.id, i.item.question, libelle, n if i.visible else "s", exprimees, *_chiffres(i.taux)))
    for titre, parts in (("Par mode de réponse", r.modes), ("Par forme de contact", r.formes)):
        for p in parts:
            ecrivain.writerow(("Q1", titre, p.nom, *((p.taux.positives, p.taux.exprimees) if p.taux else ("s", "s")), *_chiffres(p.taux)))
    return sortie.getvalue()


def _chiffres(t: Optional[Taux]) -> list[str]:
    """Rate and interval, as a French spreadsheet reads them; empty where there is none."""
    if t is None or t.taux is None or t.intervalle is None:
        return [""] * 3
    return [f"{v:.4f}".replace(".", ",") for v in (t.taux, t.intervalle.bas, t.intervalle.haut)]


# -- answers given by telephone or on paper -------------------------------------------------------------------------------------------------------


@routeur.get("/espace/enquete/saisie", name="enquete.saisie")
def demander(request: Request, acteur: Acteur = Depends(exiger())) -> Response:
    """A code to type, or someone to call."""
    return _demander(request, acteur)


def _demander(request: Request, acteur: Acteur, statut: int = 200, erreurs: Optional[Mapping[str, str]] = None, code: str = "") -> Response:
    contexte = request.app.state.contexte
    with contexte.sessions() as s:
        appels = invitations.a_appeler(s, acteur.caisse_code, acteur.conseiller_id, contexte.horloge.maintenant(), A_APPELER)
        if request.method == "GET":
            noter_acces(request, s, acteur.caisse_code)
    return rendre(request, "espace/enquete_saisie.html", statut, erreurs=erreurs, appels=appels, code=code)


def _acces(request: Request, acteur: Acteur, session: Session, saisie: Saisie) -> Acces:
    """The questionnaire of the code, or of the person called. Raises CodeInconnu for another caisse's, SaisieParLeConseiller."""
    contexte, numero = request.app.state.contexte, saisie.un("invitation")
    maintenant = contexte.horloge.maintenant()
    if numero.isdecimal():
        invitation = session.get(InvitationEnquete, int(numero))
        if invitation is None:
            raise CodeInconnu
        acces = reponses.acces(session, invitation, maintenant)
    else:
        acces = reponses.ouvrir(session, saisie.un("code"), cle(request), maintenant)
    if acces.vague.caisse_code != acteur.caisse_code:
        raise CodeInconnu
    reponses.exiger_autre_personne(session, acces, acteur.conseiller_id)
    return acces


@routeur.post("/espace/enquete/saisie", name="enquete.saisie.ouvrir")
def ouvrir(request: Request, acteur: Acteur = Depends(exiger()), saisie: Saisie = Depends(saisie)) -> Response:
    """The whole questionnaire on one page, to fill for the person."""
    try:
        with request.app.state.contexte.sessions() as s:
            acces = _acces(request, acteur, s, saisie)
            noter_acces(request, s, acces.contact_id)
            return _formulaire(request, acces, saisie, reponses.donnees(s, acces))
    except Refus as refus:
        return _demander(request, acteur, refus.statut, {"code": refus.message}, saisie.un("code"))


def _formulaire(request: Request, acces: Acces, saisie: Saisie, donnees: Mapping[str, tuple[str, ...]], statut: int = 200,
                erreurs: Optional[Mapping[str, str]] = None) -> Response:
    return rendre(request, "espace/enquete_formulaire.html", statut, erreurs=erreurs, acces=acces, donnees=donnees, saisie=saisie, passe=PASSE)


@routeur.post("/espace/enquete/saisie/reponses", name="enquete.saisie.enregistrer")
def enregistrer(request: Request, acteur: Acteur = Depends(exiger()), saisie: Saisie = Depends(saisie)) -> Response:
    """Keep what the person said; with a fault, the page comes back as it was filled, and nothing is kept."""
    with request.app.state.contexte.sessions() as s:
        acces = _acces(request, acteur, s, saisie)
        donnees = {i.id: tuple(c for c in saisie.tous(i.id) if c) for i in acces.items if not acces.echelle(i).texte}
        remplies: dict[str, Union[str, list[str]]] = {i: list(c) for i, c in donnees.items() if c}
        try:
            if saisie.un("mode") not in reponses.SAISIS:
                raise ModeInvalide
            masque = reponses.repondre(s, acces, remplies, saisie.un("mode"), commentaire=saisie.un("commentaire"),
                                       saisi_par=acteur.conseiller_id)
        except Refus as refus:
            champ = "mode" if isinstance(refus, ModeInvalide) else "reponses"
            return _formulaire(request, acces, saisie, donnees, refus.statut, {champ: refus.message})
        noter_acces(request, s, acces.contact_id)
    return retour("enquete.saisie", fait="reponses_masquees" if masque else "reponses_saisies")


# -- comments ----------------------------------------------------------------------------------------------------------------------------------


@routeur.get("/espace/enquete/commentaires", name="enquete.commentaires")
def lire_commentaires(request: Request, acteur: Acteur = Depends(exiger())) -> Response:
    """Comments that wait for a reader, masked as they came in."""
    with request.app.state.contexte.sessions() as s:
        noter_acces(request, s, acteur.caisse_code)
        return _commentaires(request, acteur, s)


def _commentaires(request: Request, acteur: Acteur, session: Session, statut: int = 200, erreurs: Optional[Mapping[str, str]] = None,
                  saisie: Optional[Saisie] = None) -> Response:
    attendent = commentaires.commentaires(session, acteur.caisse_code)
    return rendre(request, "espace/enquete_commentaires.html", statut, erreurs=erreurs, attendent=attendent, themes=commentaires.THEMES,
                  maximum=commentaires.EXTRAIT_MAX, saisie=saisie or Saisie())


@routeur.post("/espace/enquete/commentaires/{commentaire_id}", name="enquete.commentaires.relire")
def relire(request: Request, commentaire_id: int, acteur: Acteur = Depends(exiger()), saisie: Saisie = Depends(saisie)) -> Response:
    contexte, retenu = request.app.state.contexte, saisie.un("decision") == "retenir"
    with contexte.sessions() as s:
        try:
            commentaires.relire(s, acteur.caisse_code, commentaire_id, retenu=retenu, theme=saisie.un("theme") or None if retenu else None,
                                extrait=saisie.un("extrait"), conseiller_id=acteur.conseiller_id, maintenant=contexte.horloge.maintenant(),
                                acteur=acteur.acteur)
        except RelectureInvalide as refus:
            return _commentaires(request, acteur, s, refus.statut, {f"theme-{commentaire_id}": refus.message}, saisie)
    return retour("enquete.commentaires", fait="commentaire_relu")
