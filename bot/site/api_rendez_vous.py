"""Booking for programs (contract: « Booking without chat »): free slots, booking, moving, cancelling, rencontres, calendar feed of a counsellor.
The same services as the pages and the chat. Instants are ISO 8601 with their offset, and `fuseau` names the zone."""
import re
import secrets
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Callable, Coroutine, Literal, Optional, Sequence
from uuid import UUID

from annotated_types import Interval
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from bot.agenda import code_ouverture, ics, identification, messages, motifs, rencontres, reservation
from bot.agenda.auteurs import ASSURE_PAGE
from bot.agenda.creneaux import Creneau, lire_id, pourquoi_vide
from bot.agenda.dialogue import coordonnees, paroles
from bot.agenda.etats import etat, fenetre
from bot.agenda.identite import Personne, lettres
from bot.agenda.instants import en_lettres, local
from bot.agenda.motifs import documents
from bot.agenda.recherche import chercher
from bot.agenda.refus import CourrielInvalide, CreneauPris, Introuvable, MotifInconnu
from bot.contacts.caisses import caisse_ouverte
from bot.contacts.refus import Refus
from bot.contacts.tables import Caisse, Entretien, Inscription, Rencontre
from bot.site import demarche, prise
from bot.site.demarche import Invite
from bot.site.enveloppe import Champ, Erreur, erreurs
from bot.texte.normalisation import nettoyer

Modalite = Literal["presentiel", "telephone"]
MAX_CRENEAUX = 200
# A number of the database (PostgreSQL's INTEGER): a larger one names nothing, and SQLite would not even read it.
Numero = Annotated[int, Interval(ge=1, le=2**31 - 1)]


class ApiCreneau(BaseModel):
    """A free slot. `id` names it and gives no right."""

    id: str
    debut: datetime
    fin: datetime
    fuseau: str
    quand: str = Field(description="en toutes lettres, à l'heure du lieu")
    antenne: Optional[int] = Field(None, description="absente par téléphone")


class ApiAntenne(BaseModel):
    id: int
    nom: str
    adresse: str


class ApiMotif(BaseModel):
    code: str
    libelle: str
    modalite: Modalite
    duree: int = Field(description="minutes")
    delai_min_h: int
    delai_max_j: int
    limite_modif_h: int
    documents: list[str]


class ApiMotifs(BaseModel):
    """What may be booked, and where."""

    motifs: list[ApiMotif]
    antennes: list[ApiAntenne]
    fuseau: str


class ApiCreneaux(BaseModel):
    """Free slots in order of time. `pourquoi_vide`, when there is none: how many exist, and how many each rule removed."""

    creneaux: list[ApiCreneau]
    suite: bool = Field(description=f"vrai quand il y en a plus de {MAX_CRENEAUX} : demandez à partir du dernier jour")
    pourquoi_vide: Optional[dict[str, int]] = None


class ApiEntretien(BaseModel):
    """A booking, for who knows its code and the beginning of the name."""

    code: str
    debut: datetime
    fin: datetime
    fuseau: str
    quand: str
    lieu: str
    motif: str
    modalite: Modalite
    etat: str = Field(description="a_venir, en_cours, a_renseigner, honore, absent, annule_assure, annule_caisse")
    possible: str = Field(description="libre : déplacer et annuler ; annuler : annuler seulement ; rien")
    deplacable_jusqu_a: datetime
    tardive: bool = Field(description="annulé après la limite")
    documents: list[str]
    agenda: str = Field(description="adresse du fichier iCalendar")


class ApiRencontre(BaseModel):
    id: int
    titre: str
    theme: str
    debut: datetime
    fin: datetime
    fuseau: str
    quand: str
    lieu: str
    etat: str = Field(description="ouverte, ou complete : l'inscription donne alors un rang en liste d'attente")
    places_restantes: Optional[int] = Field(description="absent : sans limite")
    en_attente: int
    inscriptions_jusqu_a: datetime


class ApiRencontres(BaseModel):
    rencontres: list[ApiRencontre]


class ApiInscription(BaseModel):
    code: str
    statut: str = Field(description="inscrit, attente, offre (une place est gardée), desiste, present, absent, annule")
    rang: Optional[int] = Field(None, description="en liste d'attente, à partir de 1")
    offre_jusqu_a: Optional[datetime] = None
    rencontre: int


# What the fields of a program's identity look like, in the words of a JSON schema; `_hors_contrat` holds them to it. Latin letters of a name: at
# least two that have a plain form, of which the code of a booking is made.
_SIGNE, _LETTRE = r"A-Za-zÀ-ÖØ-öø-ÿĀ-ıĴ-ľŁ-ňŊ-ž'’ .\-", "A-Za-zÀ-ÅÇ-ÏÑ-ÖÙ-Ýà-åç-ïñ-öù-ýÿ"
_CHIFFRES = r"[1-9](?:[ .]?[0-9]{2}){4}"
CONTRAT = {
    "nom": rf"^(?:[{_SIGNE}]*[{_LETTRE}][{_SIGNE}]*[{_LETTRE}][{_SIGNE}]*)?$", "prenom": rf"^[{_SIGNE}]*$",
    "telephone": rf"^(?:(?:0|\+33 ?){_CHIFFRES})?$", "code_postal": "^(?:[0-9]{5}|2[AB][0-9]{3})?$",
    "courriel": r"^(?:[A-Za-z0-9_+\-]{1,32}(?:\.[A-Za-z0-9_+\-]{1,30})?@[A-Za-z0-9\-]{1,32}(?:\.[A-Za-z0-9\-]{1,12})?\.[A-Za-z]{2,10})?$"}
_JOINDRE: list[dict[str, Any]] = [{"required": [champ], "properties": {champ: {"minLength": 1}}} for champ in ("telephone", "courriel")]
_SE_NOMMER: dict[str, Any] = {"required": ["nom"], "properties": {"nom": {"minLength": 1}}, "anyOf": _JOINDRE}


def _champ(nom: str, maximum: int) -> Any:
    return Field("", max_length=maximum, json_schema_extra={"pattern": CONTRAT[nom]})


class Identite(BaseModel):
    """Who comes: a name, and a number or an address. Fields that are not given are left out, or empty."""

    model_config = ConfigDict(extra="forbid", strict=True, json_schema_extra={"allOf": [_SE_NOMMER]})
    nom: str = _champ("nom", 80)
    prenom: str = _champ("prenom", 80)
    telephone: str = _champ("telephone", 25)
    courriel: str = _champ("courriel", 120)
    code_postal: str = _champ("code_postal", 5)
    caisse: Optional[str] = Field(None, max_length=40, description="code de la caisse ; sinon celle du site")


class DemandeEntretien(Identite):
    """Body of `POST /api/entretiens`. The same `operation_id` again gives the same booking and does nothing twice. A letter's code stands for who
    comes; when the counsellor calls, the number is needed (409 TELEPHONE_MANQUANT otherwise)."""

    model_config = ConfigDict(extra="forbid", strict=True, json_schema_extra={
        "anyOf": [_SE_NOMMER, {"required": ["invitation"], "properties": {"invitation": {"type": "string", "minLength": 1}}}]})
    operation_id: UUID = Field(strict=False)
    creneau: str = Field(max_length=60)
    invitation: Optional[str] = Field(None, max_length=40, description="code d'un courrier d'invitation : le nom n'est plus nécessaire")
    plus_tot: bool = Field(False, description="prévenir d'une place plus tôt")


class Preuve(BaseModel):
    """What opens a booking beside its code: the name, or its three first letters."""

    model_config = ConfigDict(extra="forbid", strict=True)
    nom: str = Field(min_length=1, max_length=80)


class Deplacement(Preuve):
    creneau: str = Field(max_length=60)


class Annulation(Preuve):
    raison: Optional[Literal["empechement", "plus_besoin", "autre_canal", "autre"]] = None


class Reponse(Preuve):
    oui: bool


class ErreurSaisie(Erreur):
    champs: Optional[dict[str, str]] = Field(None, description="ce qui est à corriger, par champ")
    proches: Optional[list[ApiCreneau]] = Field(None, description="CRENEAU_PRIS : les créneaux libres les plus proches")


class EnveloppeErreurSaisie(BaseModel):
    error: ErreurSaisie


class OperationAutre(Refus):
    code, statut = "OPERATION_AUTRE", 409
    message = "Ce numéro d'opération a déjà servi pour une autre demande. Tirez-en un nouveau."


HORS_CONTRAT = "Ce champ n'a pas la forme attendue : voyez son modèle dans /openapi.json."


class SaisieRefusee(Refus):
    """`erreurs`: what is wrong, by field; the code and the sentence are those of the first."""

    code, statut = "SAISIE_INVALIDE", 422
    _CODES = {"nom": "NOM_MANQUANT", "courriel": CourrielInvalide.code}

    def __init__(self, erreurs: dict[str, str], exige: bool):
        champ, message = next(iter(erreurs.items()))
        super().__init__(message)
        self.erreurs = erreurs
        if exige and list(erreurs) == ["telephone"]:
            self.statut = 409  # well written, but it does not go with this slot
        self.code = ("TELEPHONE_MANQUANT" if exige else "MOYEN_MANQUANT") if champ == "telephone" else self._CODES.get(champ, self.code)


class RouteRdv(APIRoute):
    """A refusal that offers something carries it: the nearest slots, what is wrong in each field."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        servir = super().get_route_handler()

        async def repondre(request: Request) -> Response:
            try:
                return await servir(request)
            except CreneauPris as e:
                return refuser(e, proches=[creneau_json(c).model_dump(mode="json") for c in e.proches])
            except SaisieRefusee as e:
                return refuser(e, champs=e.erreurs)
        return repondre


def refuser(refus: Refus, **plus: Any) -> Response:
    """A refusal in the envelope of the contract, and what it offers."""
    return JSONResponse({"error": {"code": refus.code, "message": refus.message, "incident": secrets.token_hex(4), **plus}}, refus.statut)


routeur = APIRouter(prefix="/api", tags=["rendez-vous"], route_class=RouteRdv, responses=erreurs(
    400, 403, 404, 409, 413, 422, 429, modele=EnveloppeErreurSaisie,
    e404="caisse, motif, créneau, code ou rencontre introuvable ; code et nom faux reçoivent la même réponse",
    e409="créneau pris, délai passé, déjà un rendez-vous, inscriptions closes… : voir error.code", e422="saisie illisible ou à corriger",
    e429="trop de demandes, ou cinq codes faux ; voir Retry-After"))
flux = APIRouter(tags=["rendez-vous"], responses=erreurs(404, 422))


# ---- reading ----------------------------------------------------------------------------------------------------------


def _caisse(s: Session, request: Request, code: Optional[str]) -> Caisse:
    return caisse_ouverte(s, code or request.app.state.contexte.reglages.caisse)


def creneau_json(c: Creneau) -> ApiCreneau:
    """A slot for programs."""
    return ApiCreneau(id=c.id, debut=local(c.debut, c.fuseau), fin=local(c.fin, c.fuseau), fuseau=c.fuseau, quand=en_lettres(c.debut, c.fuseau),
                      antenne=c.antenne_id)


@routeur.get("/motifs", response_model=ApiMotifs, summary="Ce que l'on peut réserver")
def lire_motifs(request: Request, caisse: Optional[str] = Query(None, max_length=40)) -> ApiMotifs:
    """The motifs people may book themselves, and the antennes."""
    with request.app.state.contexte.sessions.lecture() as s:
        la_caisse = _caisse(s, request, caisse)
        offerts = motifs.motifs(s, la_caisse.code)
    return ApiMotifs(motifs=[ApiMotif(code=m.code, libelle=m.libelle, modalite=m.modalite, duree=m.duree, delai_min_h=m.delai_min_h,
                                      delai_max_j=m.delai_max_j, limite_modif_h=m.limite_modif_h, documents=documents(m)) for m in offerts],
                     antennes=[ApiAntenne(id=a.id, nom=a.nom, adresse=f"{a.adresse}, {a.code_postal} {a.ville}") for a in la_caisse.antennes],
                     fuseau=la_caisse.fuseau)


@routeur.get("/creneaux", response_model=ApiCreneaux, summary="Créneaux libres")
def lire_creneaux(request: Request, motif: str = Query(max_length=40), antenne: Optional[Numero] = None, du: Optional[date] = None,
                  au: Optional[date] = None, caisse: Optional[str] = Query(None, max_length=40)) -> ApiCreneaux:
    """The free slots of a motif from `du` to `au` (local days, included; by default from today as far as the agenda is open)."""
    maintenant = prise.maintenant_de(request)
    with request.app.state.contexte.sessions.lecture() as s:
        trouve = _motif_offert(s, _caisse(s, request, caisse).code, motif)
        resultat = chercher(s, trouve, maintenant, antenne_id=antenne, du=du, au=au)
    return ApiCreneaux(creneaux=[creneau_json(c) for c in resultat.creneaux[:MAX_CRENEAUX]], suite=len(resultat.creneaux) > MAX_CRENEAUX,
                       pourquoi_vide=None if resultat.creneaux else pourquoi_vide(resultat))


def _motif_offert(s: Session, caisse_code: str, code: "str | int") -> Any:
    trouve = motifs.motif(s, caisse_code, code)
    if not trouve.libre_service:
        raise MotifInconnu
    return trouve


# ---- booking ----------------------------------------------------------------------------------------------------------


@routeur.post("/entretiens", status_code=201, response_model=ApiEntretien, summary="Réserver",
              responses={200: {"model": ApiEntretien, "description": "déjà réservé par la même opération"}})
def reserver(request: Request, reponse: Response, demande: DemandeEntretien) -> ApiEntretien:
    """Books a slot. 201 the first time; the same `operation_id` again: 200, the same booking."""
    prise.compter(request, "rendez_vous")
    maintenant = prise.maintenant_de(request)
    with request.app.state.contexte.sessions.lecture() as s:
        code = _caisse(s, request, demande.caisse).code
    invite = _inviter(request, code, demande.invitation) if demande.invitation else None

    def travail(s: Session) -> tuple[bool, ApiEntretien]:
        motif = _motif_offert(s, code, lire_id(demande.creneau)[0])
        champs, exige = prise.champs_identite(s, invite, motif)
        lues = _identite(demande, champs, exige, invite is not None)
        operation = f"api-{demande.operation_id.hex}"
        faite = prise.confirmer(s, prise.Demande(code, demande.creneau, operation, lues, demande.plus_tot, invite), maintenant)
        if faite.deja and (faite.entretien.motif_id != motif.id or (invite is None and lettres(lues["nom"]) != lettres(faite.entretien.nom or ""))):
            raise OperationAutre
        return faite.deja, entretien_json(s, faite.entretien, maintenant)
    deja, vu = prise.en_base(request, travail)
    reponse.status_code = 200 if deja else 201
    return vu


def _identite(qui: Identite, champs: Sequence[Champ], exige: bool, invite: bool = False) -> dict[str, str]:
    """Who comes, as the pages read it and as the document says it. Raises SaisieRefusee."""
    valeurs = qui.model_dump(include=set(coordonnees.CHAMPS))
    lues, faux = prise.lire_identite(champs, valeurs, exige, invite=invite)
    if not nettoyer(qui.prenom):
        faux.pop("prenom", None)  # a program may not know it
    for nom, motif in CONTRAT.items():
        if nom not in faux and not re.fullmatch(motif, valeurs[nom]):
            faux[nom] = HORS_CONTRAT
    if faux:
        raise SaisieRefusee(faux, exige)
    return lues


def _inviter(request: Request, caisse_code: str, code: str) -> Invite:
    """The person a letter's code opens. Raises CodeOuvertureInconnu, EnPause."""
    essai = prise.en_base(request, lambda s: code_ouverture.ouvrir_par_code(
        s, code, demarche.cle(request), caisse_code=caisse_code, visiteurs=prise.visiteurs(request), maintenant=prise.maintenant_de(request)))
    if essai.invitation is None:
        raise essai.refus
    return Invite(essai.invitation.assure.id, essai.invitation.empreinte)


def entretien_json(s: Session, e: Entretien, maintenant: datetime) -> ApiEntretien:
    """A booking for programs."""
    limite = e.debut - timedelta(hours=e.motif.limite_modif_h)
    return ApiEntretien(
        code=e.code, debut=local(e.debut, e.fuseau), fin=local(e.fin, e.fuseau), fuseau=e.fuseau, quand=messages.quand(s, e),
        lieu=messages.lieu(s, e), motif=e.motif.code, modalite=e.modalite, etat=etat(e.statut, e.debut, e.fin, maintenant), tardive=e.tardive,
        documents=documents(e.motif), possible=fenetre(e.debut, e.motif.limite_modif_h, maintenant) if e.statut == "pose" else "rien",
        deplacable_jusqu_a=local(limite, e.fuseau), agenda=paroles.lien_ics(s, e))


def _sur_entretien(request: Request, code: str, nom: str, faire: "Callable[[Session, Entretien, datetime], Any]") -> ApiEntretien:
    """Open a booking by code and name, do something, close it."""
    prise.compter(request, "code")
    acces = prise.ouvrir(request, code, nom)
    maintenant = prise.maintenant_de(request)

    def travail(s: Session) -> ApiEntretien:
        ouvert = identification.reprendre(s, acces.jeton, maintenant)
        if ouvert.entretien is None:
            raise Introuvable
        faire(s, ouvert.entretien, maintenant)
        return entretien_json(s, ouvert.entretien, maintenant)
    return _puis_fermer(request, acces.jeton, travail)


def _puis_fermer(request: Request, jeton: str, travail: Callable[[Session], Any]) -> Any:
    """Whatever comes of it, the access does not stay open."""
    try:
        return prise.en_base(request, travail)
    finally:
        prise.en_base(request, lambda s: identification.fermer(s, jeton))


@routeur.post("/entretiens/{code}/consultation", response_model=ApiEntretien, summary="Relire un rendez-vous")
def consulter(request: Request, code: str, preuve: Preuve) -> ApiEntretien:
    """Where a booking stands. Five wrong codes: a pause of a quarter of an hour."""
    return _sur_entretien(request, code, preuve.nom, lambda s, e, maintenant: None)


@routeur.post("/entretiens/{code}/deplacement", response_model=ApiEntretien, summary="Déplacer")
def deplacer(request: Request, code: str, demande: Deplacement) -> ApiEntretien:
    """Moves to a slot of the same motif; code and calendar UID stay. Sent again, nothing changes."""
    def faire(s: Session, e: Entretien, maintenant: datetime) -> None:
        motif_id, debut, antenne_id = lire_id(demande.creneau)
        if motif_id != e.motif_id:
            raise MotifInconnu
        reservation.deplacer(s, e, debut=debut, antenne_id=antenne_id, auteur=ASSURE_PAGE, maintenant=maintenant)
    return _sur_entretien(request, code, demande.nom, faire)


@routeur.post("/entretiens/{code}/annulation", response_model=ApiEntretien, summary="Annuler")
def annuler(request: Request, code: str, demande: Annulation) -> ApiEntretien:
    """Cancels; `tardive` when it was after the limit. Sent again, nothing changes."""
    return _sur_entretien(request, code, demande.nom, lambda s, e, maintenant: reservation.annuler(
        s, e, auteur=ASSURE_PAGE, maintenant=maintenant, raison=demande.raison))


# ---- rencontres -------------------------------------------------------------------------------------------------------


@routeur.get("/rencontres", response_model=ApiRencontres, summary="Prochaines rencontres")
def lire_rencontres(request: Request, theme: Optional[str] = Query(None, max_length=40), antenne: Optional[Numero] = None,
                    caisse: Optional[str] = Query(None, max_length=40)) -> ApiRencontres:
    """Those one may still join, or wait for."""
    with request.app.state.contexte.sessions.lecture() as s:
        trouvees = rencontres.a_venir(s, _caisse(s, request, caisse).code, prise.maintenant_de(request), theme=theme, antenne_id=antenne)
    return ApiRencontres(rencontres=[ApiRencontre(
        id=e.rencontre.id, titre=e.rencontre.titre, theme=e.rencontre.theme, debut=local(e.rencontre.debut, e.rencontre.fuseau),
        fin=local(e.rencontre.fin, e.rencontre.fuseau), fuseau=e.rencontre.fuseau, quand=en_lettres(e.rencontre.debut, e.rencontre.fuseau),
        lieu=e.rencontre.lieu, etat=e.etat, places_restantes=e.restantes, en_attente=e.en_attente,
        inscriptions_jusqu_a=local(e.rencontre.cloture_inscriptions, e.rencontre.fuseau)) for e in trouvees])


@routeur.post("/rencontres/{rencontre_id}/inscriptions", status_code=201, response_model=ApiInscription, summary="S'inscrire à une rencontre")
def inscrire(request: Request, rencontre_id: Numero, qui: Identite) -> ApiInscription:
    """A seat, or a rank in the waiting list. The same person again gets the same inscription."""
    prise.compter(request, "rendez_vous")
    maintenant = prise.maintenant_de(request)
    lues = _identite(qui, prise.champs_inscription(), False)

    def travail(s: Session) -> ApiInscription:
        r = rencontres.rencontre(s, _caisse(s, request, qui.caisse).code, rencontre_id)
        personne = Personne(lues.get("nom"), lues.get("prenom"), lues.get("telephone"), lues.get("courriel"))
        return inscription_json(s, rencontres.inscrire(s, r, personne, ASSURE_PAGE, maintenant))
    return prise.en_base(request, travail)


def inscription_json(s: Session, i: Inscription) -> ApiInscription:
    """An inscription for programs."""
    r = s.get_one(Rencontre, i.rencontre_id)
    return ApiInscription(code=i.code, statut=i.statut, rang=rencontres.rang_de(s, i), rencontre=r.id,
                          offre_jusqu_a=local(i.offre_expire_le, r.fuseau) if i.offre_expire_le else None)


def _sur_inscription(request: Request, code: str, nom: str, faire: "Callable[[Session, Inscription, datetime], Any]") -> ApiInscription:
    prise.compter(request, "code")
    acces = prise.ouvrir(request, code, nom)
    maintenant = prise.maintenant_de(request)

    def travail(s: Session) -> ApiInscription:
        ouvert = identification.reprendre(s, acces.jeton, maintenant)
        if ouvert.inscription is None:
            raise Introuvable
        faire(s, ouvert.inscription, maintenant)
        return inscription_json(s, ouvert.inscription)
    return _puis_fermer(request, acces.jeton, travail)


@routeur.post("/inscriptions/{code}/consultation", response_model=ApiInscription, summary="Relire une inscription")
def consulter_inscription(request: Request, code: str, preuve: Preuve) -> ApiInscription:
    """Enrolled, in line at which rank, or offered a seat until when."""
    return _sur_inscription(request, code, preuve.nom, lambda s, i, maintenant: None)


@routeur.post("/inscriptions/{code}/reponse", response_model=ApiInscription, summary="Répondre à l'offre d'une place")
def repondre(request: Request, code: str, demande: Reponse) -> ApiInscription:
    """Takes the seat that was kept, or leaves it to the next."""
    return _sur_inscription(request, code, demande.nom, lambda s, i, maintenant: rencontres.repondre_offre(
        s, i, demande.oui, ASSURE_PAGE, maintenant))


@routeur.post("/inscriptions/{code}/desistement", response_model=ApiInscription, summary="Laisser sa place")
def desister(request: Request, code: str, preuve: Preuve) -> ApiInscription:
    """Leaves the rencontre, or its waiting list."""
    return _sur_inscription(request, code, preuve.nom, lambda s, i, maintenant: rencontres.desister(s, i, ASSURE_PAGE, maintenant))


# ---- a counsellor's calendar ------------------------------------------------------------------------------------------


@flux.get("/agenda/{jeton}.ics", summary="Agenda d'un conseiller (iCalendar)", response_class=Response,
          responses={200: {"content": {"text/calendar": {}}, "description": "le mois passé et la suite, sans donnée personnelle"},
                     **erreurs(404, e404="adresse inconnue ou retirée")})
def agenda_conseiller(request: Request, jeton: str) -> Response:
    """The feed that calendar programs read again and again; its address is a secret the counsellor can take back. An unknown one: 404."""
    with request.app.state.contexte.sessions.lecture() as s:
        contenu = ics.flux(s, ics.conseiller_du_flux(s, jeton[:100]), prise.maintenant_de(request))
    return Response(contenu, media_type="text/calendar; charset=utf-8")
