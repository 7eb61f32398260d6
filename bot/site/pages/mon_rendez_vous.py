"""Coming back to a booking by pages: see it, print it, put it in one's calendar, move it, cancel it, take back; answer the offer of a seat.
Opened for ten minutes by a code and three letters (`rendez_vous.code_post`), or by booking."""
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Callable, Mapping, Optional

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.agenda import choix, ics, identification, messages, plus_tot, rencontres, reservation
from bot.agenda.auteurs import ASSURE_PAGE
from bot.agenda.creneaux import lire_id
from bot.agenda.dialogue import paroles
from bot.agenda.etats import ANNULES, REPRISE, etat, fenetre
from bot.agenda.identification import Acces
from bot.agenda.identite import Personne, lettres
from bot.agenda.instants import en_lettres
from bot.agenda.moment import Moment
from bot.agenda.motifs import documents
from bot.agenda.refus import AccesExpire, CreneauPris, HorsDelai, TransitionImpossible, TropDeDeplacements
from bot.contacts.caisses import caisse as caisse_par_code
from bot.contacts.refus import Refus
from bot.contacts.tables import Caisse, Entretien, Historique, Inscription, Motif, Notification, Rencontre
from bot.site import demarche as brouillon
from bot.site import prise
from bot.site.pages import rdv_creneaux as agenda
from bot.site.pages.conversation import lire_formulaire
from bot.site.pages.gabarits import page
from bot.site.pages.rendez_vous import Saisie, aller, avec_delai, dire, page_code, proches_de, retenir

routeur = APIRouter(include_in_schema=False)
MON = "/rendez-vous/mon"
RAISONS = {"empechement": "Un empêchement", "plus_besoin": "Je n'en ai plus besoin", "autre_canal": "J'ai eu ma réponse autrement",
           "autre": "Une autre raison"}
ETATS = {"a_venir": "À venir", "en_cours": "En ce moment", "a_renseigner": "Passé", "honore": "Passé",
         "absent": "Passé : l'entretien n'a pas eu lieu",
         "annule_assure": "Annulé à votre demande", "annule_caisse": "Annulé par votre caisse"}
FAITS = {"pris": "C'est réservé.", "deplace": "C'est déplacé.", "annule": "C'est annulé. Merci d'avoir prévenu.", "defait": "C'est défait.",
         "vient": "Merci : votre rendez-vous est maintenu.", "inscrit": "C'est noté.",
         "parti": "C'est noté : votre place servira à quelqu'un d'autre.",
         "accepte": "La place est à vous.", "refuse": "C'est noté : la place est proposée à la personne suivante."}
CALENDRIER = "text/calendar; charset=utf-8"


# ---- seeing it --------------------------------------------------------------------------------------------------------


@routeur.get("/rendez-vous/mon")
def mon(request: Request) -> Response:
    """The booking that was opened, and what can still be done with it."""
    return _montrer(request)


def _montrer(request: Request, statut: int = 200, refus: Optional[Refus] = None, gabarit: str = "rendez_vous_mon.html") -> Response:
    def rendre(s: Session, acces: Acces, caisse: Caisse, maintenant: datetime) -> Response:
        vue = _entretien(s, caisse, acces.entretien, maintenant) if acces.entretien else _inscription(s, caisse, acces.inscription, maintenant)
        fait = request.query_params.get("fait", "")
        reponse = page(request, gabarit, statut, caisse=caisse, refus=refus, fait=FAITS.get(fait) if refus is None else None, **vue)
        return avec_delai(refus, reponse) if refus else reponse
    return _avec_acces(request, rendre)


def _avec_acces(request: Request, rendre: Callable[[Session, Acces, Caisse, datetime], Response]) -> Response:
    """A page of the booking that is open; the door when none is, or no longer."""
    jeton, maintenant = brouillon.lire(request).acces, prise.maintenant_de(request)
    if jeton is None:
        return aller("/rendez-vous/code")
    with request.app.state.contexte.sessions.lecture() as s:
        try:
            acces = identification.reprendre(s, jeton, maintenant)
            return rendre(s, acces, _sa_caisse(s, acces), maintenant)
        except AccesExpire as e:
            return page_code(request, e.statut, refus=e)


def _sa_caisse(s: Session, acces: Acces) -> Caisse:
    """The caisse of the booking: it may not be this site's own."""
    if acces.entretien is not None:
        return caisse_par_code(s, acces.entretien.caisse_code)
    assert acces.inscription is not None
    return caisse_par_code(s, s.get_one(Rencontre, acces.inscription.rencontre_id).caisse_code)


def _entretien(s: Session, caisse: Caisse, e: Entretien, maintenant: datetime) -> dict[str, Any]:
    """What the page shows of an entretien."""
    ou_en_est = etat(e.statut, e.debut, e.fin, maintenant)
    personne = Personne(e.nom, e.prenom, e.telephone, e.courriel, e.assure_id)
    autres = [a for a in reservation.a_venir(s, caisse_code=e.caisse_code, personne=personne, maintenant=maintenant) if a.id != e.id]
    limite = en_lettres(e.debut - timedelta(hours=e.motif.limite_modif_h), e.fuseau, caisse.fuseau)
    return {"e": e, "quand": messages.quand(s, e), "ou": messages.lieu(s, e), "sujet": agenda.titre(e.motif), "duree": paroles.duree(e.motif.duree),
            "documents": documents(e.motif), "etat": ou_en_est, "etat_dit": ETATS[ou_en_est],
            "fenetre": fenetre(e.debut, e.motif.limite_modif_h, maintenant),
            "limite": limite, "epuise": e.deplacements >= reservation.DEPLACEMENTS_MAX, "autres": [messages.quand(s, a) for a in autres],
            "lettres": lettres(paroles.nom_de(s, e)).upper(), "offre": _plus_tot(s, e, maintenant) if ou_en_est == "a_venir" else None,
            "reprise": _reprise(s, e, maintenant), "suivants": _suivants(s, caisse, e, maintenant) if e.statut in ANNULES else []}


def _plus_tot(s: Session, e: Entretien, maintenant: datetime) -> Optional[str]:
    """The earlier slot that is offered now, in words."""
    derniere = s.scalar(select(Notification).where(Notification.sujet == "entretien", Notification.sujet_id == e.id, Notification.type == "plus_tot")
                        .order_by(Notification.version.desc()).limit(1))
    charge = derniere.charge if derniere else None
    if not charge or charge["version"] != e.version or datetime.fromisoformat(charge["debut"]) <= maintenant:
        return None
    return str(charge["en_lettres"])


def _reprise(s: Session, e: Entretien, maintenant: datetime) -> Optional[str]:
    """What the last command was, while it may be taken back: « confirmer », « deplacer », « annuler »."""
    dernier = s.scalar(select(Historique).where(Historique.objet == "entretien", Historique.objet_id == str(e.id))
                       .order_by(Historique.id.desc()).limit(1))
    if dernier is None or dernier.acteur != ASSURE_PAGE.acteur or maintenant - dernier.le > REPRISE or maintenant >= e.debut:
        return None
    commande = dernier.commande.partition(".")[2]
    return commande if commande in ("deplacer", "annuler") else None  # a booking is taken back by cancelling it, which asks first


def _suivants(s: Session, caisse: Caisse, e: Entretien, maintenant: datetime) -> "list[agenda.Offert]":
    """Three new slots for the same subject and place, once it is cancelled."""
    if not (e.motif.visible and e.motif.libre_service):
        return []
    return [agenda.offert(caisse, c, dire_lieu=False) for c in choix.proposer(s, e.motif, Moment(), maintenant, antenne_id=e.antenne_id).creneaux]


def _inscription(s: Session, caisse: Caisse, i: Optional[Inscription], maintenant: datetime) -> dict[str, Any]:
    """What the page shows of an enrolment."""
    assert i is not None
    r = s.get_one(Rencontre, i.rencontre_id)
    rang = rencontres.rang_de(s, i)
    jusqu_a = en_lettres(i.offre_expire_le, r.fuseau, caisse.fuseau) if i.offre_expire_le else None
    vivante = i.statut in rencontres.VIVANTES and r.annulee_le is None and r.cloturee_le is None and maintenant < r.fin
    return {"i": i, "r": r, "quand": en_lettres(r.debut, r.fuseau, caisse.fuseau), "rang": rang,
            "jusqu_a": jusqu_a, "vivante": vivante, "lettres": lettres(paroles.nom_de(s, i)).upper()}


@routeur.get("/rendez-vous/mon/imprimer")
def imprimer(request: Request) -> Response:
    """The booking on a sheet of paper: no menu, no button."""
    return _montrer(request, gabarit="rendez_vous_imprimer.html")


# ---- calendar file ----------------------------------------------------------------------------------------------------


@routeur.get("/rendez-vous/mon/agenda.ics")
def calendrier(request: Request) -> Response:
    """The booking for one's calendar."""
    return _avec_acces(request, lambda s, acces, caisse, maintenant: fichier(s, acces))


@routeur.get("/rendez-vous/agenda/{code}.ics")
def calendrier_par_code(request: Request, code: str, nom: str = "") -> Response:
    """The same by code and first letters of the name, for the conversation: tries are counted, and nothing stays open."""
    prise.compter(request, "code")
    acces = prise.ouvrir(request, code, nom)

    def travail(s: Session) -> Response:
        reponse = fichier(s, identification.reprendre(s, acces.jeton, prise.maintenant_de(request)))
        identification.fermer(s, acces.jeton)
        return reponse
    return prise.en_base(request, travail)


def fichier(s: Session, acces: Acces) -> Response:
    """The calendar file of a booking (RFC 5545)."""
    if acces.entretien is not None:
        contenu = ics.entretien(s, acces.entretien)
    else:
        assert acces.inscription is not None
        contenu = ics.rencontre(s, s.get_one(Rencontre, acces.inscription.rencontre_id), acces.inscription.code)
    return Response(contenu, media_type=CALENDRIER, headers={"content-disposition": 'attachment; filename="rendez-vous.ics"'})


# ---- commands ---------------------------------------------------------------------------------------------------------


def _commander(request: Request, faire: Callable[[Session, Acces, datetime], Any], fait: str,
               perdu: Optional[Callable[[CreneauPris], Response]] = None) -> Response:
    """Run a command on the booking that is open; where it leads, or the booking again with the refusal. `perdu`: the page of a slot just taken."""
    jeton, maintenant = brouillon.lire(request).acces, prise.maintenant_de(request)
    if jeton is None:
        return aller("/rendez-vous/code")
    try:
        prise.compter(request, "rendez_vous")
        prise.en_base(request, lambda s: faire(s, identification.reprendre(s, jeton, maintenant), maintenant))
    except AccesExpire as e:
        return page_code(request, e.statut, refus=e)
    except Refus as e:
        return perdu(e) if perdu is not None and isinstance(e, CreneauPris) else _montrer(request, e.statut, e)
    return aller(f"{MON}?fait={fait}")


def _son_entretien(acces: Acces) -> Entretien:
    if acces.entretien is None:
        raise TransitionImpossible
    return acces.entretien


def _son_inscription(acces: Acces) -> Inscription:
    if acces.inscription is None:
        raise TransitionImpossible
    return acces.inscription


@routeur.get("/rendez-vous/mon/annuler")
def annuler_get(request: Request) -> Response:
    """What is lost by cancelling, and why, if the person wishes to say."""
    def rendre(s: Session, acces: Acces, caisse: Caisse, maintenant: datetime) -> Response:
        e = acces.entretien
        if e is None or etat(e.statut, e.debut, e.fin, maintenant) != "a_venir":
            return aller(MON)
        return page(request, "rendez_vous_annuler.html", caisse=caisse, quand=messages.quand(s, e), raisons=RAISONS,
                    tard=fenetre(e.debut, e.motif.limite_modif_h, maintenant) != "libre")
    return _avec_acces(request, rendre)


@routeur.post("/rendez-vous/mon/annuler")
def annuler(request: Request, champs: Saisie = Depends(lire_formulaire)) -> Response:
    """Cancel."""
    return _commander(request, lambda s, acces, maintenant: reservation.annuler(
        s, _son_entretien(acces), auteur=ASSURE_PAGE, maintenant=maintenant, raison=champs.get("raison")), "annule")


@routeur.post("/rendez-vous/mon/defaire")
def defaire(request: Request) -> Response:
    """Take back the last command, within two minutes."""
    return _commander(request, lambda s, acces, maintenant: reservation.defaire(
        s, _son_entretien(acces), auteur=ASSURE_PAGE, maintenant=maintenant), "defait")


@routeur.post("/rendez-vous/mon/avancer")
def avancer(request: Request) -> Response:
    """Take the earlier slot that was offered."""
    return _commander(request, lambda s, acces, maintenant: plus_tot.accepter(s, _son_entretien(acces), ASSURE_PAGE, maintenant), "deplace")


@routeur.post("/rendez-vous/mon/desister")
def desister(request: Request) -> Response:
    """Leave a rencontre, or its waiting list."""
    return _commander(request, lambda s, acces, maintenant: rencontres.desister(s, _son_inscription(acces), ASSURE_PAGE, maintenant), "parti")


@routeur.post("/rendez-vous/mon/offre")
def repondre(request: Request, champs: Saisie = Depends(lire_formulaire)) -> Response:
    """Answer the offer of a seat."""
    oui = champs.get("reponse") == "oui"
    return _commander(request, lambda s, acces, maintenant: rencontres.repondre_offre(
        s, _son_inscription(acces), oui, ASSURE_PAGE, maintenant), "accepte" if oui else "refuse")


@routeur.post("/rendez-vous/mon/fermer")
def fermer(request: Request) -> Response:
    """Close the access now: for a shared computer."""
    demarche = brouillon.lire(request)
    if demarche.acces:
        prise.en_base(request, lambda s: identification.fermer(s, demarche.acces or ""))
    return brouillon.retirer(request, aller("/rendez-vous/code"))


# ---- moving -----------------------------------------------------------------------------------------------------------


def _deplacable(s: Session, acces: Acces, maintenant: datetime) -> Entretien:
    """The entretien, when its owner may still move it. Raises TransitionImpossible, HorsDelai, TropDeDeplacements."""
    e = _son_entretien(acces)
    if etat(e.statut, e.debut, e.fin, maintenant) != "a_venir":
        raise TransitionImpossible
    if fenetre(e.debut, e.motif.limite_modif_h, maintenant) != "libre":
        raise HorsDelai
    if e.deplacements >= reservation.DEPLACEMENTS_MAX:
        raise TropDeDeplacements
    return e


@routeur.get("/rendez-vous/mon/deplacer")
def deplacer_get(request: Request) -> Response:
    """The free slots for the same subject."""
    return _page_deplacer(request, request.query_params)


def _page_deplacer(request: Request, champs: Mapping[str, str], statut: int = 200, refus: Optional[str] = None,
                   perdu: Optional[CreneauPris] = None) -> Response:
    """The slots an entretien may be moved to; its own time counts as free."""
    def rendre(s: Session, acces: Acces, caisse: Caisse, maintenant: datetime) -> Response:
        try:
            e = _deplacable(s, acces, maintenant)
        except Refus as r:
            return _montrer(request, r.statut, r)
        lu = agenda.lire_souhait(champs, agenda.jour_de_la_caisse(caisse, maintenant))
        la = agenda.lieu_de(caisse, lu.souhait.lieu)
        lieu = lu.souhait.lieu if la and la[0] == e.modalite else str(e.antenne_id) if e.antenne_id else agenda.TELEPHONE
        voulu = replace(lu.souhait, sujet=agenda.famille(e.motif.code), lieu=lieu)
        offre = agenda.offrir(s, caisse, {}, e.motif, voulu, maintenant, porteur=brouillon.lire(request).porteur, pour=e, chemin=MON + "/deplacer")
        return page(request, "rendez_vous_deplacer.html", 422 if lu.erreur else statut, caisse=caisse, e=e, quand=messages.quand(s, e), voulu=voulu,
                    lu=lu, offre=offre, refus=refus, proches=proches_de(caisse, perdu), parties=agenda.PARTIES, partout=agenda.PARTOUT,
                    jour_de=lambda d: voulu.adresse(MON + "/deplacer", du=d.isoformat(), suite="1"))
    return _avec_acces(request, rendre)


@routeur.post("/rendez-vous/mon/deplacer")
def choisir(request: Request, champs: Saisie = Depends(lire_formulaire)) -> Response:
    """A new slot is chosen: held, then read back."""
    demarche = brouillon.lire(request)
    try:
        prise.compter(request, "retenue")
        demarche = retenir(request, demarche, champs.get("creneau", ""), pour=_entretien_ouvert(request))
    except AccesExpire as e:
        return page_code(request, e.statut, refus=e)
    except CreneauPris as e:
        return _page_deplacer(request, champs, e.statut, perdu=e)
    except Refus as e:
        return avec_delai(e, _page_deplacer(request, champs, e.statut, refus=dire(e)))
    return brouillon.poser(request, aller(f"{MON}/deplacer/confirmer?creneau={demarche.tenu}"), demarche)


def _entretien_ouvert(request: Request) -> int:
    """The id of the entretien that is open. Raises AccesExpire, TransitionImpossible."""
    with request.app.state.contexte.sessions.lecture() as s:
        return _son_entretien(identification.reprendre(s, brouillon.lire(request).acces or "", prise.maintenant_de(request))).id


@routeur.get("/rendez-vous/mon/deplacer/confirmer")
def deplacer_recapituler(request: Request, creneau: str = "") -> Response:
    """« Votre rendez-vous du … sera remplacé par … »"""
    def rendre(s: Session, acces: Acces, caisse: Caisse, maintenant: datetime) -> Response:
        try:
            e = _deplacable(s, acces, maintenant)
            debut, antenne_id = _creneau_du_motif(creneau, e.motif)
        except Refus as r:
            return _montrer(request, r.statut, r)
        if (e.debut, e.antenne_id) == (debut, antenne_id):  # « Précédent » after the move
            return aller(f"{MON}?fait=deplace")
        libre = agenda.est_libre(s, e.motif, debut, antenne_id, maintenant, porteur=brouillon.lire(request).porteur, pour=e)
        if libre is None:
            return _page_deplacer(request, {}, 409, perdu=agenda.perdu(s, e.motif, debut, antenne_id, maintenant, pour=e))
        antenne = next((a for a in caisse.antennes if a.id == antenne_id), None)
        return page(request, "rendez_vous_deplacer_confirmer.html", caisse=caisse, avant=messages.quand(s, e), creneau=creneau,
                    apres=en_lettres(debut, libre.fuseau, caisse.fuseau), ou=paroles.adresse(antenne) if antenne else "par téléphone",
                    limites=paroles.limites(debut, e.motif, libre.fuseau))
    return _avec_acces(request, rendre)


def _creneau_du_motif(creneau: str, motif: Motif) -> tuple[datetime, Optional[int]]:
    """(start, antenne) of a slot of this motif. Raises CreneauIllisible, TransitionImpossible for another motif's."""
    motif_id, debut, antenne_id = lire_id(creneau)
    if motif_id != motif.id:
        raise TransitionImpossible
    return debut, antenne_id


@routeur.post("/rendez-vous/mon/deplacer/confirmer")
def deplacer(request: Request, champs: Saisie = Depends(lire_formulaire)) -> Response:
    """Move. Sent twice, it moves once; the slot lost, the old booking stays and the nearest slots are shown."""
    porteur = brouillon.lire(request).porteur

    def faire(s: Session, acces: Acces, maintenant: datetime) -> None:
        e = _son_entretien(acces)
        debut, antenne_id = _creneau_du_motif(champs.get("creneau", ""), e.motif)
        reservation.deplacer(s, e, debut=debut, antenne_id=antenne_id, auteur=ASSURE_PAGE, maintenant=maintenant, conversation_id=porteur)
    return _commander(request, faire, "deplace", perdu=lambda e: _page_deplacer(request, {}, e.statut, perdu=e))
