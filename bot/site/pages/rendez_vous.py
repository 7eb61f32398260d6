"""Booking an entretien by pages, without JavaScript: subject, place, slot, identity, summary, confirmation. One address a step; « Précédent » and
reloading do nothing twice. Coming back to a booking is `mon_rendez_vous`; what the agenda offers, `rdv_creneaux`."""
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Mapping, Optional

import structlog
from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from bot.agenda import code_ouverture, identification, identite, motifs, reservation
from bot.agenda.creneaux import lire_id
from bot.agenda.dialogue import paroles
from bot.agenda.instants import en_lettres, heure_en_lettres, local
from bot.agenda.jours_feries import fuseau
from bot.agenda.recherche import noter_recherche
from bot.agenda.refus import CourrielInvalide, CreneauPris, DejaUnRdv, HorsDelai, MotifInconnu, NomManquant, TelephoneManquant
from bot.agenda.reservation import Retenue
from bot.contacts import codes
from bot.contacts.refus import Refus
from bot.contacts.tables import Caisse, CodeOuverture, Conseiller, Entretien, Motif
from bot.site import demarche as brouillon
from bot.site import prise
from bot.site.demarche import Demarche, DemarcheExpiree, Invite
from bot.site.pages import rdv_creneaux as agenda
from bot.site.pages.conversation import lire_formulaire
from bot.site.pages.gabarits import caisse_de, page
from bot.texte.normalisation import nettoyer

routeur = APIRouter(include_in_schema=False)
Saisie = Mapping[str, str]
RIEN: Saisie = MappingProxyType({})
# Far enough ahead for an earlier slot to be worth a message (bot.agenda.plus_tot).
ASSEZ_LOIN = timedelta(days=7)
journal = structlog.get_logger("rendez_vous")


def ici(request: Request) -> Caisse:
    """The caisse of this site. Raises the refusal of a site whose database is away."""
    caisse = caisse_de(request)
    if caisse is None:
        raise SiteAbsent
    return caisse


class SiteAbsent(Refus):
    code, statut, attendre = "SITE_ABSENT", 503, 60
    message = "Les rendez-vous ne répondent pas pour le moment. Réessayez dans quelques minutes, ou appelez votre caisse."


def aller(adresse: str) -> RedirectResponse:
    """The page that follows a form: reloading it sends nothing twice."""
    return RedirectResponse(adresse, 303)


# ---- subject, place ---------------------------------------------------------------------------------------------------


@routeur.get("/rendez-vous")
def accueil(request: Request) -> Response:
    """The first step; with a code in the address (a letter, a message), the door that it opens."""
    if request.query_params.get("code"):
        return page_code(request, saisie=dict(request.query_params))
    return page_sujets(request)


def page_sujets(request: Request, statut: int = 200, refus: Optional[str] = None) -> Response:
    """What the entretien is about."""
    caisse, demarche = ici(request), brouillon.lire(request)
    with request.app.state.contexte.sessions.lecture() as s:
        offertes = agenda.familles(s, caisse.code)
    return page(request, "rendez_vous.html", statut, caisse=caisse, sujets=agenda.sujets(offertes), refus=refus, invite=demarche.invite)


@routeur.get("/rendez-vous/lieu")
def lieu(request: Request) -> Response:
    """Where, or by telephone."""
    caisse, voulu = ici(request), agenda.lire_souhait(request.query_params, _aujourdhui(request)).souhait
    with request.app.state.contexte.sessions.lecture() as s:
        offertes = agenda.familles(s, caisse.code)
    if voulu.sujet not in offertes:
        return aller("/rendez-vous")
    possibles = {m: agenda.motif_de(offertes, voulu.sujet, m) for m in ("presentiel", "telephone")}
    return page(request, "rendez_vous_lieu.html", caisse=caisse, voulu=voulu, possibles=possibles, sujet=dict(agenda.sujets(offertes))[voulu.sujet],
                par_telephone=agenda.TELEPHONE, partout=agenda.PARTOUT, duree=paroles.duree, titre=agenda.titre)


# ---- slots ------------------------------------------------------------------------------------------------------------


@routeur.get("/rendez-vous/creneaux")
def creneaux(request: Request) -> Response:
    """The free slots, by day."""
    return page_creneaux(request, request.query_params)


def page_creneaux(request: Request, champs: Saisie, statut: int = 200, refus: Optional[str] = None, perdu: Optional[CreneauPris] = None) -> Response:
    """The free slots for the wish of an address or a form; `perdu`: the one chosen has just been taken."""
    caisse, demarche, maintenant = ici(request), brouillon.lire(request), prise.maintenant_de(request)
    lu = agenda.lire_souhait(champs, _aujourdhui(request))
    voulu, lieu_lu = lu.souhait, agenda.lieu_de(caisse, lu.souhait.lieu)
    with request.app.state.contexte.sessions.lecture() as s:
        offertes = agenda.familles(s, caisse.code)
        motif = agenda.motif_de(offertes, voulu.sujet, lieu_lu[0]) if voulu.sujet in offertes and lieu_lu else None
        if motif is None:
            if refus or perdu:
                return page_sujets(request, statut, refus or str(perdu))
            return aller(voulu.adresse("/rendez-vous/lieu") if voulu.sujet in offertes else "/rendez-vous")
        offre = agenda.offrir(s, caisse, offertes, motif, voulu, maintenant, porteur=demarche.porteur)
    if statut == 200 and "suite" not in champs:
        _compter_recherche(request, motif, offre.vide, maintenant)
    return page(request, "rendez_vous_creneaux.html", 422 if lu.erreur else statut, caisse=caisse, voulu=voulu, lu=lu, offre=offre, refus=refus,
                parties=agenda.PARTIES, titre=agenda.titre(motif), proches=proches_de(caisse, perdu),
                jour_de=lambda d: voulu.adresse(du=d.isoformat(), suite="1"))


def _compter_recherche(request: Request, motif: Motif, vide: bool, maintenant: datetime) -> None:
    """Demand against supply (booking.md §5.12). A count lost when two first searches of a day meet is worth less than a page."""
    try:
        prise.en_base(request, lambda s: noter_recherche(s, motif, maintenant, vide))
    except SQLAlchemyError as e:
        journal.info("recherche_non_comptee", genre=type(e).__name__)


def proches_de(caisse: Caisse, perdu: Optional[CreneauPris]) -> Optional[list[agenda.Offert]]:
    return None if perdu is None else [agenda.offert(caisse, c) for c in perdu.proches]


@routeur.post("/rendez-vous/creneaux")
def choisir(request: Request, champs: Saisie = Depends(lire_formulaire)) -> Response:
    """A slot is chosen: it is held for five minutes, then who is asked."""
    demarche = brouillon.lire(request)
    try:
        prise.compter(request, "retenue")
        demarche = retenir(request, demarche, champs.get("creneau", ""))
    except CreneauPris as e:
        return page_creneaux(request, _avec_lieu(request, champs), e.statut, perdu=e)
    except Refus as e:
        return avec_delai(e, page_creneaux(request, _avec_lieu(request, champs), e.statut, refus=dire(e)))
    etape = "recapitulatif" if demarche.connue else "coordonnees"
    return brouillon.poser(request, aller(f"/rendez-vous/{etape}?creneau={demarche.tenu}"), demarche)


def _avec_lieu(request: Request, champs: Saisie) -> Saisie:
    """A slot says its own subject and place: a form that came from elsewhere than the list finds its list again."""
    if champs.get("sujet"):
        return champs
    try:
        with request.app.state.contexte.sessions.lecture() as s:
            motif, _, antenne_id = _motif_du(s, ici(request).code, champs.get("creneau", ""))
    except Refus:
        return champs
    return {**champs, "sujet": agenda.famille(motif.code), "lieu": str(antenne_id) if antenne_id else agenda.TELEPHONE}


def retenir(request: Request, demarche: Demarche, creneau: str, pour: Optional[int] = None) -> Demarche:
    """Hold a slot for this browser; its former hold is given back. `pour`: id of the entretien being moved. Raises CreneauIllisible, MotifInconnu,
    CreneauPris, HorsDelai."""
    caisse, maintenant = ici(request), prise.maintenant_de(request)

    def travail(s: Session) -> Retenue:
        deplace = s.get_one(Entretien, pour) if pour else None
        motif, debut, antenne_id = _motif_du(s, deplace.caisse_code if deplace else caisse.code, creneau)
        return reservation.retenir(s, conversation_id=demarche.porteur, motif=motif, debut=debut, antenne_id=antenne_id, maintenant=maintenant,
                                   pour=deplace, assure_id=demarche.invite.assure_id if demarche.invite else None)
    tenue: Retenue = prise.en_base(request, travail)
    return replace(demarche, tenu=creneau, jusqu_a=tenue.expire_le.isoformat(), conseiller_id=tenue.conseiller_id)


def _motif_du(session: Session, caisse_code: str, creneau: str) -> tuple[Motif, datetime, Optional[int]]:
    """(motif, start, antenne) of a slot of this caisse that people may book. Raises CreneauIllisible, MotifInconnu."""
    motif_id, debut, antenne_id = lire_id(creneau)
    motif = motifs.motif(session, caisse_code, motif_id)
    if not motif.libre_service:
        raise MotifInconnu
    return motif, debut, antenne_id


def dire(refus: Refus) -> str:
    """A refusal met while booking, in words that fit someone who has nothing booked yet."""
    if isinstance(refus, HorsDelai):
        return "Ce créneau est maintenant trop proche, ou trop lointain, pour être réservé ici. Choisissez-en un autre."
    return refus.message


# ---- who --------------------------------------------------------------------------------------------------------------


@routeur.get("/rendez-vous/coordonnees")
def coordonnees_get(request: Request, creneau: str = "") -> Response:
    """Name and how to be reached."""
    demarche = brouillon.lire(request)
    return _coordonnees(request, demarche, creneau, demarche.personne, plus_tot=demarche.plus_tot)


@routeur.post("/rendez-vous/coordonnees")
def nommer(request: Request, champs: Saisie = Depends(lire_formulaire)) -> Response:
    """What was typed is checked, kept in the draft, and the slot held anew; then the summary."""
    demarche, creneau, plus_tot = brouillon.lire(request), champs.get("creneau", ""), champs.get("plus_tot") == "oui"
    try:
        prise.compter(request, "retenue")
        with request.app.state.contexte.sessions.lecture() as s:
            motif, _, _ = _motif_du(s, ici(request).code, creneau)
            attendus, exige = prise.champs_identite(s, demarche.invite, motif)
        lues, erreurs = prise.lire_identite(attendus, champs, exige, invite=demarche.invite is not None)
        if erreurs:
            return _coordonnees(request, demarche, creneau, champs, 422, erreurs=erreurs, plus_tot=plus_tot)
        demarche = demarche.nommer(lues, plus_tot)
        demarche = retenir(request, demarche, creneau)
    except CreneauPris as e:
        return brouillon.poser(request, _coordonnees(request, demarche, creneau, champs, e.statut, perdu=e, plus_tot=plus_tot), demarche)
    except Refus as e:
        return avec_delai(e, _coordonnees(request, demarche, creneau, champs, e.statut, refus=dire(e), plus_tot=plus_tot))
    return brouillon.poser(request, aller(f"/rendez-vous/recapitulatif?creneau={creneau}"), demarche)


def _coordonnees(request: Request, demarche: Demarche, creneau: str, valeurs: Saisie, statut: int = 200, *, erreurs: Saisie = RIEN,
                 perdu: Optional[CreneauPris] = None, refus: Optional[str] = None, plus_tot: bool = False) -> Response:
    """The identity form for a slot; when the slot was lost, its buttons are the nearest ones, and what was typed goes with them."""
    caisse, maintenant = ici(request), prise.maintenant_de(request)
    with request.app.state.contexte.sessions.lecture() as s:
        try:
            motif, debut, antenne_id = _motif_du(s, caisse.code, creneau)
        except Refus as e:
            return page_sujets(request, e.statut, e.message)
        if perdu is None and refus is None and agenda.est_libre(s, motif, debut, antenne_id, maintenant, porteur=demarche.porteur) is None:
            statut, perdu = CreneauPris.statut, agenda.perdu(s, motif, debut, antenne_id, maintenant)
        champs, _ = prise.champs_identite(s, demarche.invite, motif)
    champs = [c.model_copy(update={"error": erreurs.get(c.name)}) for c in champs]
    return page(request, "rendez_vous_coordonnees.html", statut, caisse=caisse, creneau=creneau, quand=_quand(caisse, debut, antenne_id),
                ou=agenda.a_l_antenne(_antenne(caisse, antenne_id)), motif=motif, champs=champs, valeurs=valeurs, refus=refus, invite=demarche.invite,
                fautes=[c for c in champs if c.error], proches=proches_de(caisse, perdu), garde=_garde(caisse, demarche, creneau, maintenant),
                loin=debut - maintenant > ASSEZ_LOIN, plus_tot=plus_tot, liste=_liste(motif, antenne_id))


def _antenne(caisse: Caisse, antenne_id: Optional[int]) -> Any:
    return next((a for a in caisse.antennes if a.id == antenne_id), None)


def _fuseau(caisse: Caisse, antenne_id: Optional[int]) -> str:
    antenne = _antenne(caisse, antenne_id)
    return fuseau(antenne.code_postal, caisse.fuseau) if antenne else caisse.fuseau


def _quand(caisse: Caisse, debut: datetime, antenne_id: Optional[int]) -> str:
    return en_lettres(debut, _fuseau(caisse, antenne_id), caisse.fuseau)


def _garde(caisse: Caisse, demarche: Demarche, creneau: str, maintenant: datetime) -> Optional[str]:
    """Until what hour the slot is held; None when it is not."""
    if demarche.tenu != creneau or demarche.jusqu_a is None:
        return None
    fin = datetime.fromisoformat(demarche.jusqu_a)
    return heure_en_lettres(local(fin, caisse.fuseau)) if fin > maintenant else None


def _liste(motif: Motif, antenne_id: Optional[int]) -> str:
    """The list of slots that a slot comes from."""
    return agenda.Souhait(agenda.famille(motif.code), str(antenne_id) if antenne_id else agenda.TELEPHONE).adresse()


# ---- summary and confirmation -----------------------------------------------------------------------------------------


@routeur.get("/rendez-vous/recapitulatif")
def recapitulatif(request: Request, creneau: str = "") -> Response:
    """All that « Je confirme » will book."""
    demarche = brouillon.lire(request)
    if not demarche.connue:  # over, or booked already: the booking is there when there is one
        return aller("/rendez-vous/mon" if demarche.acces else f"/rendez-vous/coordonnees?creneau={creneau}")
    return _recapituler(request, demarche, creneau)


def _recapituler(request: Request, demarche: Demarche, creneau: str, statut: int = 200, *, perdu: Optional[CreneauPris] = None,
                 refus: Optional[Refus] = None) -> Response:
    caisse, maintenant = ici(request), prise.maintenant_de(request)
    with request.app.state.contexte.sessions.lecture() as s:
        try:
            motif, debut, antenne_id = _motif_du(s, caisse.code, creneau)
        except Refus as e:
            return page_sujets(request, e.statut, e.message)
        _, exige = prise.champs_identite(s, demarche.invite, motif)
        if exige and identite.telephone(demarche.personne.get("telephone")) is None:
            return aller(f"/rendez-vous/coordonnees?creneau={creneau}")
        if perdu is None and refus is None and agenda.est_libre(s, motif, debut, antenne_id, maintenant, porteur=demarche.porteur) is None:
            statut, perdu = CreneauPris.statut, agenda.perdu(s, motif, debut, antenne_id, maintenant)
        lignes = lignes_recap(s, caisse, motif, debut, antenne_id, demarche)
    return page(request, "rendez_vous_recapitulatif.html", statut, caisse=caisse, creneau=creneau, lignes=lignes, refus=refus,
                liste=_liste(motif, antenne_id), proches=proches_de(caisse, perdu), sceau=brouillon.sceller(request, demarche, creneau),
                garde=_garde(caisse, demarche, creneau, maintenant), limites=paroles.limites(debut, motif, _fuseau(caisse, antenne_id)))


def lignes_recap(session: Session, caisse: Caisse, motif: Motif, debut: datetime, antenne_id: Optional[int],
                 demarche: Demarche) -> list[tuple[str, str]]:
    """(what, value) of the summary, in the order of reading; what has no value is left out."""
    antenne, qui = _antenne(caisse, antenne_id), demarche.personne
    numero = identite.telephone(qui.get("telephone"))
    ecrit = paroles.numero_entier(numero) if numero else ""
    if antenne is not None:
        ou = ("Où", f"Antenne de {antenne.nom}, {antenne.adresse}, {antenne.code_postal} {antenne.ville}")
    else:
        conseiller = session.get(Conseiller, demarche.conseiller_id) if demarche.conseiller_id else None
        depuis = (conseiller.telephone if conseiller else None) or caisse.telephone
        au = f"au {ecrit}" if ecrit else "au numéro que votre caisse connaît"
        ou = ("Comment", f"Le conseiller vous appelle {au}, depuis le {depuis}. Sans réponse, il rappelle une fois dix minutes plus tard.")
    nom = " ".join(v for v in (qui.get("prenom"), qui.get("nom")) if v)
    return [ligne for ligne in (
        ("Quand", paroles.majuscule(_quand(caisse, debut, antenne_id))), ou, ("Sujet", agenda.titre(motif)),
        ("Durée", f"Comptez {paroles.duree(motif.duree)}."), ("Au nom de", nom or "La personne à qui le courrier d'invitation était adressé"),
        ("Téléphone", ecrit if antenne is not None else ""), ("Courriel", qui.get("courriel", "")),
        ("À apporter" if antenne is not None else "À prévoir", " ; ".join(motifs.documents(motif))),
        ("Place plus tôt", "Nous vous prévenons si une place se libère plus tôt." if demarche.plus_tot else "")) if ligne[1]]


@routeur.post("/rendez-vous/confirmer")
def confirmer(request: Request, champs: Saisie = Depends(lire_formulaire)) -> Response:
    """Book what the summary showed. The same form again gives the same booking."""
    try:
        demarche, creneau = brouillon.desceller(request, champs.get("sceau", ""))
    except DemarcheExpiree as e:
        return page_sujets(request, e.statut, e.message)
    try:
        prise.compter(request, "rendez_vous")
        acces = _reserver(request, demarche, creneau)
    except CreneauPris as e:
        return brouillon.poser(request, _recapituler(request, demarche, creneau, e.statut, perdu=e), demarche)
    except (NomManquant, TelephoneManquant, CourrielInvalide) as e:
        fautif = {"NOM_MANQUANT": "nom", "TELEPHONE_MANQUANT": "telephone", "COURRIEL_INVALIDE": "courriel"}[e.code]
        return _coordonnees(request, demarche, creneau, demarche.personne, e.statut, erreurs={fautif: e.message}, plus_tot=demarche.plus_tot)
    except DejaUnRdv as e:
        return _recapituler(request, demarche, creneau, e.statut, refus=e)
    except Refus as e:
        return avec_delai(e, page_creneaux(request, _avec_lieu(request, {"creneau": creneau}), e.statut, refus=dire(e)))
    return brouillon.poser(request, aller("/rendez-vous/mon?fait=pris"), demarche.finie(acces))


def _reserver(request: Request, demarche: Demarche, creneau: str) -> str:
    """Book, and open the booking; the secret of that access."""
    caisse, maintenant = ici(request), prise.maintenant_de(request)
    demande = prise.Demande(caisse.code, creneau, demarche.operation(creneau), demarche.personne, demarche.plus_tot, demarche.invite,
                            demarche.porteur)

    def travail(s: Session) -> str:
        return identification.ouvrir(s, prise.confirmer(s, demande, maintenant).entretien, maintenant).jeton
    return prise.en_base(request, travail)


# ---- a code -----------------------------------------------------------------------------------------------------------


@routeur.get("/rendez-vous/code")
def code_get(request: Request) -> Response:
    """« Retrouver mon rendez-vous »: a code, and three letters."""
    return page_code(request, saisie=dict(request.query_params))


def page_code(request: Request, statut: int = 200, saisie: Saisie = RIEN, *, refus: Optional[Refus] = None,
              erreurs: Saisie = RIEN) -> Response:
    """The door of a booking, and of an invitation."""
    reponse = page(request, "rendez_vous_code.html", statut, caisse=ici(request), refus=refus, erreurs=erreurs,
                   saisie={n: nettoyer(saisie.get(n, ""))[:40] for n in ("code", "nom", "action")})
    return avec_delai(refus, reponse) if refus else reponse


@routeur.post("/rendez-vous/code")
def code_post(request: Request, champs: Saisie = Depends(lire_formulaire)) -> Response:
    """Open a booking by its code and name, or booking itself by a letter's code. A wrong code and a wrong name get the same answer."""
    saisie = {n: nettoyer(champs.get(n, ""))[:80] for n in ("code", "nom", "action")}
    if not codes.lire(saisie["code"]):
        return page_code(request, 422, saisie, erreurs={"code": "Écrivez le code : huit lettres et chiffres."})
    try:
        prise.compter(request, "code")
        if not saisie["nom"] or _est_invitation(request, saisie["code"]):
            return _ouvrir_invitation(request, saisie["code"])
        acces = prise.ouvrir(request, saisie["code"], saisie["nom"])
    except Refus as e:
        return page_code(request, e.statut, saisie, refus=e)
    suites = {"deplacer": "/rendez-vous/mon/deplacer", "annuler": "/rendez-vous/mon/annuler", "venir": "/rendez-vous/mon?fait=vient"}
    suite = suites.get(saisie["action"] if acces.entretien else "", "/rendez-vous/mon")
    return brouillon.poser(request, aller(suite), replace(brouillon.lire(request), acces=acces.jeton))


def _est_invitation(request: Request, code: str) -> bool:
    """Whether a letter bears this code. Only says which door to knock at: the doors count the tries."""
    with request.app.state.contexte.sessions.lecture() as s:
        return s.get(CodeOuverture, codes.empreinte_ouverture(brouillon.cle(request), code)) is not None


def _ouvrir_invitation(request: Request, code: str) -> Response:
    """A letter's code: the person is known, and the subject when her cible has one. Raises CodeOuvertureInconnu, EnPause."""
    caisse, maintenant = ici(request), prise.maintenant_de(request)
    essai = prise.en_base(request, lambda s: code_ouverture.ouvrir_par_code(
        s, code, brouillon.cle(request), caisse_code=caisse.code, visiteurs=prise.visiteurs(request), maintenant=maintenant))
    if essai.invitation is None:
        raise essai.refus
    offerts = {agenda.famille(m.code) for m in essai.invitation.motifs}
    demarche = replace(brouillon.lire(request), invite=Invite(essai.invitation.assure.id, essai.invitation.empreinte), personne={}, graine="")
    adresse = agenda.Souhait(sujet=offerts.pop()).adresse("/rendez-vous/lieu") if len(offerts) == 1 else "/rendez-vous"
    return brouillon.poser(request, aller(adresse), demarche)


# ---- the parts --------------------------------------------------------------------------------------------------------


def _aujourdhui(request: Request) -> Any:
    """The day on the caisse's own clock."""
    return agenda.jour_de_la_caisse(ici(request), prise.maintenant_de(request))


def avec_delai(refus: Refus, reponse: Response) -> Response:
    """How long to wait, where waiting helps."""
    if refus.attendre:
        reponse.headers["Retry-After"] = str(refus.attendre)
    return reponse

