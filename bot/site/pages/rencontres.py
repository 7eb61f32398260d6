"""Rencontres by pages: the list, one of them with its form, a seat or a rank in the list. Leaving, answering an offer: `mon_rendez_vous`."""
from dataclasses import replace
from typing import Any, Optional

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from bot.agenda import identification, rencontres
from bot.agenda.auteurs import ASSURE_PAGE
from bot.agenda.dialogue import paroles
from bot.agenda.dialogue.lexique import bouton, lexique
from bot.agenda.identite import Personne
from bot.agenda.instants import en_lettres
from bot.agenda.refus import CourrielInvalide, Introuvable, NomManquant, TelephoneManquant
from bot.agenda.rencontres import Etat
from bot.contacts.refus import Refus
from bot.contacts.tables import Caisse
from bot.site import demarche as brouillon
from bot.site import prise
from bot.site.pages.conversation import lire_formulaire
from bot.site.pages.gabarits import page, page_erreur
from bot.site.pages.rendez_vous import RIEN, Saisie, aller, avec_delai, ici

routeur = APIRouter(include_in_schema=False)
ABSENTE = "Cette rencontre n'existe pas, ou n'est plus proposée, sur ce site."


def theme_dit(theme: str) -> str:
    """A theme in words."""
    return bouton("themes", theme) if theme in lexique()["themes"] else "Autre"


def vue(caisse: Caisse, etat: Etat) -> dict[str, Any]:
    """What a page shows of a rencontre."""
    r = etat.rencontre
    return {"id": r.id, "titre": r.titre, "theme": theme_dit(r.theme), "quand": en_lettres(r.debut, r.fuseau, caisse.fuseau), "lieu": r.lieu,
            "etat": etat.etat, "places": paroles.places(etat.restantes, etat.en_attente),
            "cloture": en_lettres(r.cloture_inscriptions, r.fuseau, caisse.fuseau), "evenement": r.evenement}


@routeur.get("/rencontres")
def liste(request: Request, theme: str = "") -> Response:
    """The rencontres one may still join or wait for."""
    caisse, maintenant = ici(request), prise.maintenant_de(request)
    with request.app.state.contexte.sessions.lecture() as s:
        toutes = rencontres.a_venir(s, caisse.code, maintenant)
        themes = list(dict.fromkeys(e.rencontre.theme for e in toutes))
        voulues = [vue(caisse, e) for e in toutes if theme not in themes or e.rencontre.theme == theme]
    return page(request, "rencontres.html", caisse=caisse, rencontres=voulues, themes=[(t, theme_dit(t)) for t in themes],
                theme=theme if theme in themes else "")


@routeur.get("/rencontres/{rencontre_id}")
def une(request: Request, rencontre_id: int) -> Response:
    """One rencontre, and the form to join it."""
    return _montrer(request, rencontre_id, brouillon.lire(request).personne)


def _montrer(request: Request, rencontre_id: int, valeurs: Saisie, statut: int = 200, *, erreurs: Saisie = RIEN,
             refus: Optional[Refus] = None) -> Response:
    caisse, maintenant = ici(request), prise.maintenant_de(request)
    with request.app.state.contexte.sessions.lecture() as s:
        try:
            etat = rencontres.etat(s, rencontres.rencontre(s, caisse.code, rencontre_id), maintenant)
        except Introuvable:
            return page_erreur(request, 404, ABSENTE)
        autres = [vue(caisse, e) for e in rencontres.a_venir(s, caisse.code, maintenant) if e.rencontre.id != rencontre_id][:3]
        montree = vue(caisse, etat)
    champs = [c.model_copy(update={"error": erreurs.get(c.name)}) for c in prise.champs_inscription()]
    reponse = page(request, "rencontre.html", statut, caisse=caisse, r=montree, champs=champs, valeurs=valeurs, fautes=[c for c in champs if c.error],
                   refus=refus, ouverte=etat.etat in ("ouverte", "complete"), autres=autres)
    return avec_delai(refus, reponse) if refus else reponse


@routeur.post("/rencontres/{rencontre_id}")
def inscrire(request: Request, rencontre_id: int, champs: Saisie = Depends(lire_formulaire)) -> Response:
    """A seat, or a rank. The same person again finds her inscription as it is."""
    lues, erreurs = prise.lire_identite(prise.champs_inscription(), champs, False)
    if erreurs:
        return _montrer(request, rencontre_id, champs, 422, erreurs=erreurs)
    caisse, maintenant = ici(request), prise.maintenant_de(request)

    def travail(s: Session) -> str:
        r = rencontres.rencontre(s, caisse.code, rencontre_id)
        qui = Personne(lues.get("nom"), lues.get("prenom"), lues.get("telephone"), lues.get("courriel"))
        return identification.ouvrir(s, rencontres.inscrire(s, r, qui, ASSURE_PAGE, maintenant), maintenant).jeton
    try:
        prise.compter(request, "rendez_vous")
        acces = prise.en_base(request, travail)
    except (NomManquant, TelephoneManquant, CourrielInvalide) as e:
        fautif = {"NOM_MANQUANT": "nom", "TELEPHONE_MANQUANT": "telephone", "COURRIEL_INVALIDE": "courriel"}[e.code]
        return _montrer(request, rencontre_id, champs, e.statut, erreurs={fautif: e.message})
    except Refus as e:
        return _montrer(request, rencontre_id, champs, e.statut, refus=e)
    return brouillon.poser(request, aller("/rendez-vous/mon?fait=inscrit"), replace(brouillon.lire(request), acces=acces))
