"""The conversation without JavaScript: history in the page, one form, a redirection after each message; and its frame for a caisse's site.
What is answered belongs to `bot.site.dialogue`."""
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Mapping, Optional, Sequence
from urllib.parse import parse_qsl, urlencode
from uuid import UUID, uuid4, uuid5

from anyio import to_thread
from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from bot.contacts.conversations import ConversationInconnue
from bot.contacts.refus import Refus
from bot.contacts.tables import Caisse
from bot.site.api import lire_cookie, poser_cookie, retirer_cookie
from bot.site.dialogue import accueil
from bot.site.enveloppe import Enveloppe, Message
from bot.site.formulaires import en_attente
from bot.site.garde import FormulaireEnvoye, RequeteIllisible, lire_texte
from bot.site.pages.gabarits import caisse_de, page, page_erreur
from bot.site.visiteur import conseiller

routeur = APIRouter(include_in_schema=False)
# Before the name of a field of a form of the conversation, which shares its request with the page's own fields.
CHAMP = "champ."
EXEMPLES = ("auto_entrepreneur/seuils_ca", "eirl/definition", "cotisations/difficulte_paiement")


@dataclass(frozen=True)
class Cadre:
    """Where a conversation is shown: on the site's own page, or in the frame of a caisse's site (`hote`: that site's origin)."""

    chemin: str
    caisse: Optional[Caisse]
    hote: Optional[str] = None

    def adresse(self, suite: str = "", **parametres: str) -> str:
        """The address of this page, or of what follows it (« /effacer »)."""
        garde = {"caisse": self.caisse.code, "hote": self.hote or ""} if self.chemin == "/cadre" and self.caisse else {}
        requete = urlencode({k: v for k, v in {**garde, **parametres}.items() if v})
        return self.chemin + suite + (f"?{requete}" if requete else "")


def _cadre(request: Request) -> Cadre:
    """The place a request comes from. An origin that the caisse did not declare is not kept: nothing will be posted to it."""
    if not request.url.path.startswith("/cadre"):
        return Cadre("/conversation", caisse_de(request))
    caisse = caisse_de(request, request.query_params.get("caisse"))
    hote = request.query_params.get("hote")
    return Cadre("/cadre", caisse, hote if caisse and hote in caisse.origines else None)


async def lire_formulaire(request: Request) -> dict[str, str]:
    """The fields of an ordinary form. Raises RequeteIllisible for anything else."""
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        raise RequeteIllisible
    try:
        return dict(parse_qsl((await request.body()).decode("utf-8"), keep_blank_values=True, max_num_fields=40))
    except ValueError as e:
        raise RequeteIllisible from e


def message_id(jeton: str, contenu: str) -> str:
    """The id of a message sent by a form: sent twice from one page it is the same, edited after « Précédent » it is another."""
    try:
        return str(uuid5(UUID(jeton), contenu))
    except ValueError:
        return str(uuid4())


def _sans_memoire(reponse: Response) -> Response:
    """What a person wrote stays out of every cache."""
    reponse.headers["Cache-Control"] = "no-store"
    return reponse


def _relire(request: Request, caisse: Caisse) -> tuple[Enveloppe, str]:
    """The conversation so far, greeting included, and how it stands: « ouverte », « aucune », « terminee » (its cookie outlived it)."""
    secret = lire_cookie(request)
    if not secret:
        return Enveloppe(messages=accueil(caisse)), "aucune"
    try:
        return request.app.state.contexte.dialogue.relire(secret), "ouverte"
    except ConversationInconnue:
        return Enveloppe(messages=accueil(caisse)), "terminee"


def choix_faits(messages: Sequence[Message]) -> set[str]:
    """The ids of the buttons already used: the visitor's next words are their label."""
    faits: set[str] = set()
    offerts: dict[str, str] = {}
    for m in messages:
        if m.author == "assure":
            faits.update({offerts[m.text]} if m.text in offerts else set())
        else:
            offerts.update({c.label: c.id for c in m.choices})
    return faits


def _conversation(request: Request, cadre: Cadre, statut: int = 200, **valeurs: Any) -> Response:
    if cadre.caisse is None:
        if caisse_de(request) is None:  # not even the site's own: the database is away
            return page_erreur(request, 503)
        return page_erreur(request, 404, "Cette caisse n'est pas connue de l'assistant.")
    fiches = request.app.state.contexte.fiches
    enveloppe, etat = _relire(request, cadre.caisse)
    # The notice is on the page in full, before anything can be typed; the one of the API is for other programs.
    messages = [m for m in enveloppe.messages if not (m.data or {}).get("notice")]
    attendent = list(en_attente(messages).values())
    rangs = [rang for rang, m in enumerate(messages) if m.author == "assure"]
    gabarit = "cadre.html" if cadre.chemin == "/cadre" else "conversation.html"
    return _sans_memoire(page(
        request, gabarit, statut, caisse=cadre.caisse, cadre=cadre, messages=messages, dernier=messages[rangs[-1]] if rangs else None,
        faits=choix_faits(messages), jeton=uuid4(), etat=etat,
        attendent=[rang for rang, m in enumerate(messages) if any(m is a for a in attendent)], mode=enveloppe.state.mode,
        vus=len(enveloppe.messages), efface="efface" in request.query_params,
        exemples=[fiches[s].question for s in EXEMPLES if s in fiches], **valeurs))


@routeur.get("/conversation")
@routeur.get("/cadre")
def conversation(request: Request) -> Response:
    """The conversation, readable and usable without JavaScript; /cadre is the same for the frame of a caisse's site."""
    return _conversation(request, _cadre(request))


def saisie_formulaire(champs: Mapping[str, str]) -> Optional[FormulaireEnvoye]:
    """The form of the conversation that a request fills, or None."""
    numero = champs.get("formulaire", "")[:64]
    return FormulaireEnvoye(id=numero, values={n[len(CHAMP):]: v for n, v in champs.items() if n.startswith(CHAMP)}) if numero else None


async def _traiter(request: Request, caisse_code: str, champs: Mapping[str, str]) -> tuple[Enveloppe, Optional[str]]:
    """The answer to a message, a button or a form; and the secret of the conversation when one had to be opened for it."""
    contexte, secret = request.app.state.contexte, lire_cookie(request)
    choix, formulaire, texte = champs.get("choix"), saisie_formulaire(champs), champs.get("texte", "")
    demande: dict[str, Any] = {"choix": choix} if choix else {"formulaire": formulaire} if formulaire else {"texte": texte}
    demande["acteur"] = await to_thread.run_sync(conseiller, request)
    numero = message_id(champs.get("jeton", ""), choix or (formulaire.model_dump_json() if formulaire else texte))
    if secret:
        try:
            return await contexte.dialogue.traiter(secret, numero, **demande), None
        except ConversationInconnue:
            pass  # over: what was typed opens another
    if choix or formulaire:
        raise ConversationInconnue
    lire_texte(texte)  # an empty or endless message is refused before a cookie is set for it
    await contexte.limites.compter("conversation", request.client.host if request.client else "", contexte.reglages.conversations_par_minute)
    _, secret = await contexte.dialogue.ouvrir(caisse_code)
    return await contexte.dialogue.traiter(secret, numero, **demande), secret


def _refuser(request: Request, cadre: Cadre, refus: Refus, champs: Mapping[str, str]) -> Response:
    """The conversation again, with the reason and what had been typed."""
    saisie = saisie_formulaire(champs)
    reponse = _conversation(request, cadre, refus.statut, erreur=refus.message, texte=champs.get("texte", ""),
                            saisies={saisie.id: saisie.values} if saisie else {})
    if refus.attendre:
        reponse.headers["Retry-After"] = str(refus.attendre)
    return reponse


@routeur.post("/conversation")
@routeur.post("/cadre")
async def envoyer(request: Request) -> Response:
    """A message sent by the form: answered, then shown by the page it leads back to, so that reloading sends nothing again."""
    cadre = await to_thread.run_sync(_cadre, request)
    if cadre.caisse is None:
        return await to_thread.run_sync(_conversation, request, cadre)
    champs: dict[str, str] = {}
    try:
        champs = await lire_formulaire(request)
        enveloppe, secret = await _traiter(request, cadre.caisse.code, champs)
    except Refus as refus:
        return await to_thread.run_sync(_refuser, request, cadre, refus, champs)
    saisie = saisie_formulaire(champs)
    if saisie and any(c.error for m in enveloppe.messages if m.form and m.form.id == saisie.id for c in m.form.fields):
        # Shown at once rather than after a redirection: what was typed is kept nowhere, and nobody should type it twice.
        return await to_thread.run_sync(lambda: _conversation(request, cadre, 422, saisies={saisie.id: saisie.values}))
    reponse = _sans_memoire(RedirectResponse(cadre.adresse() + "#dernier", 303))
    if secret:
        poser_cookie(reponse, secret, request.app.state.contexte.reglages, cadre.chemin == "/cadre")
    return reponse


@routeur.post("/conversation/effacer")
@routeur.post("/cadre/effacer")
def effacer(request: Request) -> Response:
    """Forget the conversation now, cookie included."""
    secret, cadre = lire_cookie(request), _cadre(request)
    if secret:
        with suppress(ConversationInconnue):  # already gone, which is what was asked
            request.app.state.contexte.dialogue.oublier(secret)
    reponse = _sans_memoire(RedirectResponse(cadre.adresse(efface="1"), 303))
    retirer_cookie(reponse, request.app.state.contexte.reglages)
    return reponse
