"""The campaign of the caisse: socle and cibles, volumes with their SQL, draws and the people drawn. Letters are `courriers`, tools `kit`.
What is counted and drawn belongs to bot.campagnes."""
import csv
import io
from typing import Any, Mapping, Optional

from fastapi import Depends, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.campagnes import suivi, tirage
from bot.campagnes.kit import CODES
from bot.campagnes.suivi import PAR_PAGE
from bot.campagnes.volumes import Volume, critere, socle_de, volumes
from bot.contacts.campagne import ActionInconnue
from bot.contacts.campagne import action_de as par_code
from bot.contacts.isolement import Introuvable
from bot.contacts.refus import Refus
from bot.contacts.tables import Action, Outil, Tirage
from bot.site.espace.acces import Acteur, Saisie, aller, exiger, noter_acces, routeur_espace, saisie
from bot.site.espace.gabarits import FAITS, adresse, rendre
from bot.site.pages.gabarits import GABARITS
from bot.texte.typographie import nombre

routeur = routeur_espace()
GABARITS.filters.setdefault("nombre", nombre)
FAITS.update(tirage_fait="Le tirage est fait et gardé, avec sa graine.")
MESURES = (("demande", "Dans la cible"), ("joignables", "Joignables"), ("avec_adresse", "Adresse"), ("avec_telephone", "Téléphone"),
           ("avec_courriel", "Courriel"), ("carriere_incomplete", "Carrière incomplète"), ("contactes", "Déjà contactés"),
           ("invites", "Déjà invités"), ("refus", "Ne veulent plus l'être"), ("restants", "À inviter"))
COLONNES_CSV = ("caisse", "annee", "cible", "titre", "genre", "perimetre", "requete", "objectif", *(nom for nom, _ in MESURES))
GENRES = {"entretien": "Entretien", "courrier": "Courrier", "rencontre": "Rencontre"}
FORMES = {"physique": "sur place", "telephone": "par téléphone", "courrier": "par courrier", "courriel": "par courriel", "collective": "en réunion"}
FENETRES = {"avant": "pas encore ouverte", "ouverte": "en cours", "close": "terminée"}
ECARTS = {"refus": "ne veulent plus être invitées", "contactes": "déjà contactées", "invites": "déjà invitées",
          "injoignables": "sans moyen de les joindre"}
ETATS_COURRIER = {"prepare": "préparé", "en_cours": "envoi incertain", "envoye": "parti", "retourne": "revenu", "echec": "refusé"}
TAILLE_MAX = 100_000


class TirageEntreTemps(Refus):
    code, statut = "TIRAGE_ENTRE_TEMPS", 409
    message = ("Un tirage de cette action vient d'être fait, par vous ou par un collègue : celui-ci n'a pas eu lieu. Revenez à l'action pour le "
               "voir, et tirez de nouveau s'il faut davantage de monde.")


class TailleIllisible(Refus):
    code, statut = "TAILLE_ILLISIBLE", 422
    message = "Écrivez combien de personnes vos conseillers peuvent recevoir, en chiffres : par exemple 120."


# -- the year -------------------------------------------------------------------------------------------------------------------------------


@routeur.get("/espace/campagne", name="campagne")
def campagne(request: Request, acteur: Acteur = Depends(exiger()), annee: Optional[int] = None) -> Response:
    """Socle and cibles of a year with their windows and tools, and the volume of each."""
    contexte = request.app.state.contexte
    jour = contexte.horloge.aujourdhui()
    with contexte.sessions.lecture() as s:
        installees = suivi.annees(s)
        choisie = annee if annee is not None else _par_defaut(installees, jour.year)
        if choisie is None:
            return rendre(request, "espace/campagne_absente.html", annee=jour.year)
        if choisie not in installees:
            raise Introuvable
        socle = socle_de(s, choisie)
        vues = suivi.cibles(s, socle, acteur.caisse_code)
        titres = {o.code: o.titre for o in s.scalars(select(Outil).where(Outil.code.in_(CODES)))}
        return rendre(request, "espace/campagne.html", socle=socle, annees=installees, vues=vues, volumes=volumes(s, choisie, acteur.caisse_code),
                      actions=suivi.actions(s, choisie, acteur.caisse_code), mesures=MESURES, genres=GENRES, formes=FORMES, titres=titres,
                      fenetre=lambda cible: FENETRES[suivi.ouverte(cible, jour)])


def _par_defaut(installees: list[int], courante: int) -> Optional[int]:
    return courante if courante in installees else next(iter(installees), None)


@routeur.get("/espace/campagne/{annee}/volumes.csv", name="campagne.volumes")
def volumes_csv(request: Request, annee: int, acteur: Acteur = Depends(exiger())) -> Response:
    """The volumes as a spreadsheet opens them in France: « ; », and the mark that tells it the file is UTF-8."""
    with request.app.state.contexte.sessions.lecture() as s:
        lignes = [v.en_dict() for v in volumes(s, annee, acteur.caisse_code)]
    sortie = io.StringIO()
    ecrivain = csv.DictWriter(sortie, COLONNES_CSV, delimiter=";", extrasaction="ignore", lineterminator="\r\n")
    ecrivain.writeheader()
    ecrivain.writerows(lignes)
    return fichier("\ufeff" + sortie.getvalue(), "text/csv; charset=utf-8", f"volumes-{acteur.caisse_code}-{annee}.csv")


def fichier(contenu: "str | bytes", genre: str, nom: str) -> Response:
    """A file to keep. Its name is ours: letters, digits and hyphens."""
    return Response(contenu, media_type=genre, headers={"content-disposition": f'attachment; filename="{nom}"'})


@routeur.get("/espace/campagne/{annee}/requetes", name="campagne.requetes")
def requetes(request: Request, annee: int, acteur: Acteur = Depends(exiger())) -> Response:
    """The selections and the count as SQL, on demand."""
    with request.app.state.contexte.sessions.lecture() as s:
        dites = suivi.requetes(s, annee, acteur.caisse_code)
    return rendre(request, "espace/campagne_requetes.html", annee=annee, requetes=dites)


# -- an action and its draws ----------------------------------------------------------------------------------------------------------------


@routeur.get("/espace/campagne/{annee}/{code}", name="campagne.action")
def action(request: Request, annee: int, code: str, acteur: Acteur = Depends(exiger())) -> Response:
    """An action: its volume, its draws, the form for one more."""
    with request.app.state.contexte.sessions.lecture() as s:
        return _page_action(request, s, action_de(s, annee, code, acteur))


def action_de(session: Session, annee: int, code: str, acteur: Acteur) -> Action:
    """The action of one's own caisse. Raises Introuvable."""
    try:
        return par_code(session, acteur.caisse_code, annee, code)
    except ActionInconnue as refus:
        raise Introuvable from refus


def _page_action(request: Request, s: Session, action: Action, statut: int = 200, erreurs: Optional[Mapping[str, str]] = None,
                 **valeurs: Any) -> Response:
    voulu = critere(s, action.cible, action.caisse_code, action.code)
    vol: Optional[Volume] = next((v for v in volumes(s, action.annee, action.caisse_code) if v.cible == action.code), None)
    faits = suivi.tirages(s, action)
    return rendre(request, "espace/campagne_action.html", statut, erreurs=erreurs, action=action, cible=action.cible, voulu=voulu, volume=vol,
                  tirages=faits, dernier=faits[0].id if faits else 0, genres=GENRES, mesures=MESURES, taille_max=TAILLE_MAX,
                  saisie=valeurs.pop("saisie", Saisie()), **valeurs)


@routeur.post("/espace/campagne/{annee}/{code}/tirages", name="campagne.tirer")
def tirer(request: Request, annee: int, code: str, acteur: Acteur = Depends(exiger()), saisie: Saisie = Depends(saisie)) -> Response:
    """Draw the people to invite. A form sent twice draws once: it says which draw it had seen last."""
    contexte = request.app.state.contexte
    with contexte.sessions() as s:
        trouvee = action_de(s, annee, code, acteur)
        try:
            taille = _taille(saisie.un("taille"))
            trouvee = par_code(s, acteur.caisse_code, annee, code, tenir=True)  # held until the end: two draws wait for each other
            if saisie.un("apres") != str(s.scalar(select(func.max(Tirage.id)).where(Tirage.action_id == trouvee.id)) or 0):
                raise TirageEntreTemps
            fait = tirage.tirer(s, action=code, caisse=acteur.caisse_code, annee=annee, taille=taille, graine=saisie.un("graine") or None,
                                maintenant=contexte.horloge.maintenant(), acteur=acteur.acteur)
        except (TailleIllisible, tirage.TailleInvalide) as refus:
            return _page_action(request, s, trouvee, refus.statut, {"taille": refus.message}, saisie=saisie)
        noter_acces(request, s, fait.tirage_id)
    return aller(adresse("campagne.tirage", tirage_id=fait.tirage_id) + "?fait=tirage_fait")


def _taille(ecrite: str) -> int:
    chiffres = "".join(ecrite.split())
    if not (chiffres.isascii() and chiffres.isdecimal()) or not 1 <= int(chiffres) <= TAILLE_MAX:
        raise TailleIllisible
    return int(chiffres)


@routeur.get("/espace/tirages/{tirage_id}", name="campagne.tirage")
def voir_tirage(request: Request, tirage_id: int, acteur: Acteur = Depends(exiger())) -> Response:
    """A draw told: how many among how many, why those, why not the others, and what proves it."""
    with request.app.state.contexte.sessions.lecture() as s:
        return _page_tirage(request, s, tirage_id, acteur)


def _page_tirage(request: Request, s: Session, tirage_id: int, acteur: Acteur, **valeurs: Any) -> Response:
    fait, action = suivi.tirage_de(s, tirage_id, acteur.caisse_code)
    return rendre(request, "espace/campagne_tirage.html", tirage=fait, action=action, raisons=suivi.raisons(s, fait),
                  ecartes=suivi.ecartes(s, fait, action), ecarts=ECARTS, **valeurs)


@routeur.post("/espace/tirages/{tirage_id}/preuve", name="campagne.preuve")
def prouver(request: Request, tirage_id: int, acteur: Acteur = Depends(exiger())) -> Response:
    """Draw again from the seed and compare; nothing is written. A form, not a link: it reads the whole cible."""
    with request.app.state.contexte.sessions.lecture() as s:
        fait, _ = suivi.tirage_de(s, tirage_id, acteur.caisse_code)
        return _page_tirage(request, s, tirage_id, acteur, rejeu=tirage.rejouer(s, fait))


@routeur.get("/espace/tirages/{tirage_id}/personnes", name="campagne.personnes")
def personnes(request: Request, tirage_id: int, acteur: Acteur = Depends(exiger()), page: int = 1) -> Response:
    """The people drawn by rank, with why each stands there; each page read leaves its line."""
    with request.app.state.contexte.sessions() as s:
        fait, action = suivi.tirage_de(s, tirage_id, acteur.caisse_code)
        pages = max(1, -(-fait.taille // PAR_PAGE))
        if not 1 <= page <= pages:
            return RedirectResponse(adresse("campagne.personnes", tirage_id=tirage_id), 303)
        noter_acces(request, s, tirage_id)
        return rendre(request, "espace/campagne_personnes.html", tirage=fait, action=action, tires=suivi.tires(s, fait, page), page=page, pages=pages,
                      etats=ETATS_COURRIER)
