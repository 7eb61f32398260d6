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
from bot.site.api import COOKIE, lire_cookie, poser_cookie
from bot.site.dialogue import accueil
from bot.site.enveloppe import Message
from bot.site.garde import RequeteIllisible, lire_texte
from bot.site.pages.gabarits import caisse_de, page, page_erreur

routeur = APIRouter(include_in_schema=False)
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
        return dict(parse_qsl((await request.body()).decode("utf-8"), keep_blank_values=True, max_num_fields=20))
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


def _messages(request: Request, caisse: Caisse) -> tuple[list[Message], str]:
    """The conversation so far, greeting included, and how it stands: « ouverte », « aucune », « terminee » (its cookie outlived it)."""
    secret = lire_cookie(request)
    if not secret:
        return accueil(caisse), "aucune"
    try:
        return request.app.state.contexte.dialogue.relire(secret).messages, "ouverte"
    except ConversationInconnue:
        return accueil(caisse), "terminee"


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
    messages, etat = _messages(request, cadre.caisse)
    rangs = [rang for rang, m in enumerate(messages) if m.author == "assure"]
    gabarit = "cadre.html" if cadre.chemin == "/cadre" else "conversation.html"
    return _sans_memoire(page(
        request, gabarit, statut, caisse=cadre.caisse, cadre=cadre, messages=[m for m in messages if not (m.data or {}).get("notice")],
        # The notice is on the page in full, before anything can be typed; the one of the API is for other programs.
        dernier=messages[rangs[-1]] if rangs else None, faits=choix_faits(messages), jeton=uuid4(), etat=etat,
        efface="efface" in request.query_params, exemples=[fiches[s].question for s in EXEMPLES if s in fiches], **valeurs))


@routeur.get("/conversation")
@routeur.get("/cadre")
def conversation(request: Request) -> Response:
    """The conversation, readable and usable without JavaScript; /cadre is the same for the frame of a caisse's site."""
    return _conversation(request, _cadre(request))


async def _traiter(request: Request, caisse_code: str, champs: Mapping[str, str]) -> Optional[str]:
    """Answer a message or a button; the secret of the conversation when one had to be opened for it."""
    contexte, secret = request.app.state.contexte, lire_cookie(request)
    choix, texte = champs.get("choix"), champs.get("texte", "")
    demande = {"choix": choix} if choix else {"texte": texte}
    numero = message_id(champs.get("jeton", ""), choix or texte)
    if secret:
        try:
            await contexte.dialogue.traiter(secret, numero, **demande)
            return None
        except ConversationInconnue:
            pass  # over: what was typed opens another
    if choix:
        raise ConversationInconnue
    lire_texte(texte)  # an empty or endless message is refused before a cookie is set for it
    await contexte.limites.compter("conversation", request.client.host if request.client else "", contexte.reglages.conversations_par_minute)
    _, secret = await contexte.dialogue.ouvrir(caisse_code)
    await contexte.dialogue.traiter(secret, numero, **demande)
    return secret


def _refuser(request: Request, cadre: Cadre, refus: Refus, texte: str) -> Response:
    """The conversation again, with the reason and what had been typed."""
    reponse = _conversation(request, cadre, refus.statut, erreur=refus.message, texte=texte)
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
        secret = await _traiter(request, cadre.caisse.code, champs)
    except Refus as refus:
        return await to_thread.run_sync(_refuser, request, cadre, refus, champs.get("texte", ""))
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
    reponse.delete_cookie(COOKIE, path="/")
    if cadre.chemin == "/cadre":
        reponse.headers.append("set-cookie", f"{COOKIE}=; Path=/; HttpOnly; Secure; SameSite=None; Partitioned; Max-Age=0")
    return reponse
