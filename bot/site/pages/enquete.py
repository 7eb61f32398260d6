"""The survey as pages, without JavaScript: a code opens it, one question a page, each answer kept before the next is shown.

One question a page, because a page then has one heading, one group of fields, one fault at most, a title that says where one is, and nothing to lose
(RGAA 11: forms; docs/decisions/2026-11-22-enquete.md). What is asked and kept is bot.enquete.
"""
from typing import Any, Optional
from urllib.parse import parse_qsl, quote
from uuid import uuid4

from anyio import to_thread
from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from bot.contacts import conversations as memoire
from bot.contacts.cle import cle_installation
from bot.contacts.refus import Refus
from bot.enquete import jetons, reponses
from bot.enquete.dialogue import FLUX
from bot.enquete.questionnaire import PASSE, Item
from bot.enquete.refus import CodeExpire, CodeInconnu, DejaRepondu, InvitationRefusee
from bot.enquete.reponses import Acces
from bot.site.api import lire_cookie, poser_cookie
from bot.site.enveloppe import ChoixPropose, Enveloppe, Message
from bot.site.garde import RequeteIllisible
from bot.site.pages.gabarits import caisse_de, page
from bot.texte.typographie import composer

routeur = APIRouter(include_in_schema=False)
MODE = "web"
ESSAIS_PAR_MINUTE = 60
_FINIES = (DejaRepondu, InvitationRefusee, CodeExpire, CodeInconnu)


async def _champs(request: Request) -> list[tuple[str, str]]:
    """The fields of the form, in order: boxes come several times, a lone button may send nothing. Raises RequeteIllisible."""
    corps = await request.body()
    if corps and not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        raise RequeteIllisible
    try:
        return parse_qsl(corps.decode("utf-8"), keep_blank_values=True, max_num_fields=40)
    except ValueError as e:
        raise RequeteIllisible from e


def _un(champs: list[tuple[str, str]], nom: str) -> str:
    return next((v for n, v in champs if n == nom), "")


async def _compter(request: Request) -> None:
    """Codes cannot be tried by the thousand from one address."""
    await request.app.state.contexte.limites.compter("enquete", request.client.host if request.client else "", ESSAIS_PAR_MINUTE)


def _cle(request: Request) -> bytes:
    return cle_installation(request.app.state.contexte.reglages)


def _aller(code: str, suite: str = "") -> RedirectResponse:
    return RedirectResponse(f"/enquete/{quote(jetons.presenter(code))}{suite}", 303)


def _normal(code: str) -> str:
    """A code as typed or linked, in its plain form; what is no code stays as it is, and will be unknown."""
    return jetons.trouver(code) or code[:40]


def _page(request: Request, gabarit: str, statut: int = 200, caisse_code: Optional[str] = None, **valeurs: Any) -> Response:
    return page(request, gabarit, statut, caisse=caisse_de(request, caisse_code), **valeurs)


def _fin(request: Request, refus: Refus) -> Response:
    """Why a code opens nothing, said calmly: it is no fault of the person's."""
    return _page(request, "enquete_fin.html", refus.statut, titre="Enquête de satisfaction", message=refus.message,
                 inconnu=isinstance(refus, CodeInconnu))


# -- opening ---------------------------------------------------------------------------------------------------------------------------------------


@routeur.get("/enquete")
def demander_code(request: Request) -> Response:
    """Where a code received on paper is typed."""
    return _page(request, "enquete_code.html", code="", erreur=None)


@routeur.post("/enquete")
async def donner_code(request: Request) -> Response:
    await _compter(request)
    tape = _un(await _champs(request), "code")

    def verifier() -> Response:
        code = jetons.trouver(tape)
        try:
            if code is None:
                raise CodeInconnu
            with request.app.state.contexte.sessions.lecture() as s:
                reponses.ouvrir(s, code, _cle(request), request.app.state.contexte.horloge.maintenant())
            return _aller(code)
        except CodeInconnu as refus:
            return _page(request, "enquete_code.html", 422, code=tape[:40], erreur=refus.message)
        except _FINIES as refus:
            return _fin(request, refus)
    return await to_thread.run_sync(verifier)


@routeur.get("/enquete/{code}")
async def ouvrir(request: Request, code: str) -> Response:
    """The introduction, where to answer (here, or in the conversation), and how not to."""
    await _compter(request)

    def montrer() -> Response:
        contexte = request.app.state.contexte
        try:
            with contexte.sessions.lecture() as s:
                acces = reponses.ouvrir(s, _normal(code), _cle(request), contexte.horloge.maintenant())
                suivant, faites = reponses.suivant(s, acces), len(reponses.donnees(s, acces))
        except _FINIES as refus:
            return _fin(request, refus)
        return _page(request, "enquete.html", caisse_code=acces.vague.caisse_code, acces=acces, code=jetons.presenter(_normal(code)),
                     suivant=suivant or acces.items[-1], faites=faites)
    return await to_thread.run_sync(montrer)


@routeur.get("/enquete/{code}/fin")
def finir(request: Request, code: str) -> Response:
    """Thanks; nothing more can be done with the code."""
    message = "Vos réponses sont enregistrées sans votre nom. Elles servent à améliorer nos contacts."
    return _page(request, "enquete_fin.html", titre="Merci de vos réponses", message=message, inconnu=False)


# -- questions -------------------------------------------------------------------------------------------------------------------------------------


def _question(request: Request, code: str, acces: Acces, item: Item, donnees: dict[str, tuple[str, ...]], statut: int = 200,
              erreur: Optional[str] = None, texte: str = "") -> Response:
    rang = acces.rang(item.id)
    return _page(request, "enquete_question.html", statut, caisse_code=acces.vague.caisse_code, acces=acces, item=item, echelle=acces.echelle(item),
                 rang=rang + 1, total=len(acces.items), precedent=acces.items[rang - 1] if rang else None, code=jetons.presenter(_normal(code)),
                 choisis=donnees.get(item.id, ()), erreur=erreur, texte=texte, masque="masque" in request.query_params)


@routeur.get("/enquete/{code}/{item_id}")
async def question(request: Request, code: str, item_id: str) -> Response:
    """One question, with what was answered to it before."""
    await _compter(request)

    def montrer() -> Response:
        contexte = request.app.state.contexte
        try:
            with contexte.sessions.lecture() as s:
                acces = reponses.ouvrir(s, _normal(code), _cle(request), contexte.horloge.maintenant())
                return _question(request, code, acces, acces.item(item_id), reponses.donnees(s, acces))
        except _FINIES as refus:
            return _fin(request, refus)
    return await to_thread.run_sync(montrer)


@routeur.post("/enquete/{code}/conversation")
async def converser(request: Request, code: str) -> Response:
    """The same questionnaire in the conversation: one is opened, its first button starts it."""
    await _compter(request)
    return await to_thread.run_sync(_converser, request, _normal(code))


def _converser(request: Request, code: str) -> Response:
    contexte = request.app.state.contexte
    maintenant, secret = contexte.horloge.maintenant(), lire_cookie(request)
    try:
        with contexte.sessions() as s:
            acces = reponses.ouvrir(s, code, _cle(request), maintenant)
            try:
                conversation, neuf = memoire.retrouver(s, secret, maintenant), None
            except memoire.ConversationInconnue:
                conversation, neuf = memoire.ouvrir(s, acces.vague.caisse_code, maintenant)
            echange_id, _ = memoire.commencer(s, conversation, str(uuid4()), "enquete", "Répondre à l'enquête ici", maintenant)
            [choix] = memoire.proposer(s, conversation, [("Commencer", {"flux": FLUX, "jeton": code})])
            dit = Message(text=composer("Votre invitation est bien là. Quand vous voulez."), kind="question", flow=FLUX,
                          choices=[ChoixPropose(id=choix, label="Commencer")])
            memoire.repondre(s, echange_id, Enveloppe(messages=[dit]).model_dump(mode="json"))
    except _FINIES as refus:
        return _fin(request, refus)
    reponse = RedirectResponse("/conversation#dernier", 303)
    if neuf is not None:
        poser_cookie(reponse, neuf, contexte.reglages)
    return reponse


@routeur.post("/enquete/{code}/refus")
async def refuser(request: Request, code: str) -> Response:
    """Not to answer, taking back what was answered; and, asked so, never to be invited again."""
    champs = await _champs(request)

    def faire() -> Response:
        contexte, jamais = request.app.state.contexte, bool(_un(champs, "plus_jamais"))
        try:
            with contexte.sessions() as s:
                acces = reponses.ouvrir(s, _normal(code), _cle(request), contexte.horloge.maintenant())
                if jamais:
                    reponses.opposer(s, acces.pseudonyme)
                reponses.refuser(s, acces)
        except _FINIES as refus:
            return _fin(request, refus)
        message = "C'est noté : rien n'est gardé, et " + ("vous ne recevrez plus d'enquête de la caisse." if jamais else "vous ne serez pas relancé.")
        return _page(request, "enquete_fin.html", caisse_code=acces.vague.caisse_code, titre="Vous ne répondez pas", message=message, inconnu=False)
    return await to_thread.run_sync(faire)


@routeur.post("/enquete/{code}/{item_id}")
async def repondre(request: Request, code: str, item_id: str) -> Response:
    """Keep an answer (or that the question is passed), then on to the next; the last one ends the questionnaire."""
    champs = await _champs(request)
    return await to_thread.run_sync(_repondre, request, _normal(code), item_id, champs)


def _repondre(request: Request, code: str, item_id: str, champs: list[tuple[str, str]]) -> Response:
    contexte, texte = request.app.state.contexte, _un(champs, "texte")
    passer = _un(champs, "acte") == "passer"
    try:
        with contexte.sessions() as s:
            acces = reponses.ouvrir(s, code, _cle(request), contexte.horloge.maintenant())
            item = acces.item(item_id)
            codes = [PASSE] if passer else [v for n, v in champs if n == "reponse"]
            try:
                masque = reponses.enregistrer(s, acces, item_id, codes, MODE, texte="" if passer else texte)
            except Refus as refus:
                if isinstance(refus, _FINIES):
                    raise
                return _question(request, code, acces, item, reponses.donnees(s, acces), refus.statut, refus.message, texte)
            suite = acces.items[acces.rang(item_id) + 1:]
            if not suite:
                reponses.terminer(s, acces)
    except _FINIES as refus:
        return _fin(request, refus)
    return _aller(code, f"/{suite[0].id}" + ("?masque=1" if masque else "") if suite else "/fin")
