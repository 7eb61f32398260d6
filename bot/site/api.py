"""The chat API of the contract: the widget uses nothing else, and so may any other program."""
from typing import Optional

from anyio import to_thread
from fastapi import APIRouter, Request, Response, Security
from fastapi.security import APIKeyCookie
from pydantic import BaseModel, ConfigDict, Field

from bot.reglages import Reglages
from bot.site.enveloppe import Enveloppe, erreurs
from bot.site.garde import MessageEnvoye
from bot.site.visiteur import conseiller

COOKIE = "conseil"
routeur = APIRouter(prefix="/api", tags=["conversation"], responses=erreurs(
    400, 401, 403, 404, 409, 410, 413, 422, 429, e404="caisse, choix ou formulaire inconnu",
    e409="message en cours, ou même numéro avec un autre contenu", e410="conversation terminée", e422="message vide, trop long ou illisible"))
# The cookie is made by the server, read by it, and never leaves it: here only so that the document says which routes need one.
Porteur = Security(APIKeyCookie(name=COOKIE, scheme_name="conversation", description="posé par « Ouvrir une conversation »", auto_error=False))


class Ouverture(BaseModel):
    """Which caisse the page belongs to, and whether it stands in a frame on another site."""

    model_config = ConfigDict(extra="forbid", strict=True)
    caisse: Optional[str] = Field(None, max_length=40)
    cadre: bool = False


def poser_cookie(reponse: Response, secret: str, reglages: Reglages, cadre: bool = False) -> None:
    """The conversation's cookie. In a frame on another site it is partitioned: that site's visitors, and nobody else's."""
    if cadre:
        reponse.headers.append("set-cookie", f"{COOKIE}={secret}; Path=/; HttpOnly; Secure; SameSite=None; Partitioned; Max-Age=86400")
    else:
        reponse.set_cookie(COOKIE, secret, max_age=86_400, httponly=True, samesite="lax", secure=reglages.cookies_surs, path="/")


def retirer_cookie(reponse: Response, reglages: Reglages) -> None:
    """Removes the conversation's cookie, the ordinary one and the one partitioned for a frame: a browser drops each only under its own attributes."""
    reponse.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax", secure=reglages.cookies_surs)
    reponse.headers.append("set-cookie", f"{COOKIE}=; Path=/; HttpOnly; Secure; SameSite=None; Partitioned; Max-Age=0")


def lire_cookie(requete: Request) -> Optional[str]:
    return requete.cookies.get(COOKIE)


@routeur.post("/conversations", status_code=201, response_model=Enveloppe, summary="Ouvrir une conversation")
async def ouvrir(requete: Request, reponse: Response, ouverture: Optional[Ouverture] = None) -> Enveloppe:
    """Opens a conversation and sets its cookie. The body, optional, names the caisse; the answer is the notice and the greeting."""
    contexte = requete.app.state.contexte
    await contexte.limites.compter("conversation", requete.client.host if requete.client else "", contexte.reglages.conversations_par_minute)
    ouverture = ouverture or Ouverture(caisse=None)
    enveloppe, secret = await contexte.dialogue.ouvrir(ouverture.caisse)
    poser_cookie(reponse, secret, contexte.reglages, ouverture.cadre)
    return enveloppe


@routeur.post("/messages", response_model=Enveloppe, summary="Envoyer un message, un choix ou un formulaire", dependencies=[Porteur])
async def envoyer(requete: Request, message: MessageEnvoye) -> Enveloppe:
    """Answers a message. The same `message_id` again returns the same envelope and does nothing twice."""
    # Only a browser that holds another cookie may be a counsellor's: in a crowd, a thread for each message is a wait for each.
    acteur = await to_thread.run_sync(conseiller, requete) if requete.cookies.keys() - {COOKIE} else None
    return await requete.app.state.contexte.dialogue.traiter(lire_cookie(requete), message.message_id, texte=message.text, choix=message.choice,
                                                               formulaire=message.form, acteur=acteur)


@routeur.get("/messages", response_model=Enveloppe, summary="Relire la conversation", dependencies=[Porteur])
def relire(requete: Request) -> Enveloppe:
    """The conversation so far."""
    return requete.app.state.contexte.dialogue.relire(lire_cookie(requete))


@routeur.delete("/conversations", status_code=204, summary="Effacer la conversation", dependencies=[Porteur])
def effacer(requete: Request, reponse: Response) -> None:
    """Forgets the conversation now and removes its cookie."""
    requete.app.state.contexte.dialogue.oublier(lire_cookie(requete))
    retirer_cookie(reponse, requete.app.state.contexte.reglages)
