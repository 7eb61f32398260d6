"""The channel between the front and the engine: JSON over loopback, one answer with what was said and what was understood.

Unlike Rasa's REST channel it never hides a failure behind an empty list: an exception is a 500, and the front says so.
A button arrives as an intent, never as text, so no text can force one.
"""
import asyncio
import hmac
import logging
from typing import Any, Awaitable, Callable, Dict, Optional

from rasa.core.channels.channel import CollectingOutputChannel, InputChannel, UserMessage
from rasa.core.processor import MessageProcessor
from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse

from bot.engine.allegements import alleger
from bot.engine.classifieur import ClassifieurSujets
from bot.knowledge.catalogue import CONTINUER

RANG_MAX = 10
logger = logging.getLogger(__name__)


def comprehension(analyse: Dict[str, Any]) -> Dict[str, Any]:
    """What the front needs of a parse: the decision, what may be offered, the head of the ranking, the entities."""
    return {
        "intention": analyse["intent"]["name"],
        "confiance": analyse["intent"].get("confidence", 0.0),
        "propositions": analyse.get("propositions", []),
        "classement": [{"intention": r["name"], "confiance": round(r["confidence"], 4)}
                       for r in analyse.get("intent_ranking", [])[:RANG_MAX]],
        "entites": [{"entite": e["entity"], "valeur": e["value"]} for e in analyse.get("entities", [])],
    }


def phrase(texte: str) -> str:
    """A text that Rasa can only read as a sentence: one that begins with « / » would be a command (reference/security.md, S2). The front sees to it
    too; this is the last door."""
    return texte.lstrip("/ \t\r\n").removeprefix("EXTERNAL:")


async def analyser(processeur: MessageProcessor, message: UserMessage) -> Dict[str, Any]:
    """What the engine understands of a sentence, read together with those that arrive at the same time."""
    if ClassifieurSujets.en_service is not None:
        await ClassifieurSujets.en_service.prevoir(message.text)
    return await processeur.parse_message(message, only_output_properties=True)


class CanalFront(InputChannel):
    """`POST /webhooks/front/message` {sender, text | intent, metadata} and `POST /webhooks/front/comprendre` {texts, metadata}."""

    @classmethod
    def name(cls) -> str:
        return "front"

    @classmethod
    def from_credentials(cls, credentials: Optional[Dict[str, Any]]) -> "CanalFront":
        return cls((credentials or {}).get("jeton") or "")

    def __init__(self, jeton: str) -> None:
        """`jeton`: shared secret that the front sends; other processes of the machine cannot talk to the engine."""
        alleger()
        self.jeton = jeton
        self._essaye = False

    def _refuse(self, request: Request) -> Optional[HTTPResponse]:
        if not self.jeton or not hmac.compare_digest(request.headers.get("x-jeton", ""), self.jeton):
            return response.json({"erreur": "JETON"}, status=403)
        return None

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        canal = Blueprint("canal_front", __name__)

        @canal.route("/", methods=["GET"])
        async def sante(request: Request) -> HTTPResponse:
            # Rasa listens all the same when its model could not be loaded; and a first parse loads the encoders, which takes seconds.
            # Ready means: a sentence has been understood.
            agent = getattr(request.app.ctx, "agent", None)
            if agent is not None and agent.is_ready() and not self._essaye:
                try:
                    await agent.processor.parse_message(UserMessage("bonjour"))
                    self._essaye = True
                except Exception as erreur:
                    logger.error("le modèle ne comprend rien : %s", type(erreur).__name__)
            return response.json({"statut": "ok" if self._essaye else "pas prêt"}, status=200 if self._essaye else 503)

        @canal.route("/comprendre", methods=["POST"])
        async def comprendre(request: Request) -> HTTPResponse:
            refus = self._refuse(request)
            if refus:
                return refus
            processeur, metadata = request.app.ctx.agent.processor, request.json.get("metadata") or {}
            analyses = await asyncio.gather(*(analyser(processeur, UserMessage(phrase(t), metadata=metadata)) for t in request.json["texts"]))
            return response.json([comprehension(analyse) for analyse in analyses])

        @canal.route("/message", methods=["POST"])
        async def recevoir(request: Request) -> HTTPResponse:
            refus = self._refuse(request)
            if refus:
                return refus
            corps = request.json
            sortie = CollectingOutputChannel()
            message = UserMessage(phrase(corps.get("text") or ""), sortie, corps["sender"], input_channel=self.name(),
                                  metadata=corps.get("metadata") or {})
            if corps.get("intent"):
                analyse = {"text": "", "intent": {"name": corps["intent"], "confidence": 1.0}, "intent_ranking": [],
                           "entities": corps.get("entities") or []}
            else:
                analyse = await analyser(request.app.ctx.agent.processor, message)
            comprise = comprehension(analyse)
            if message.metadata.get("flux") and not corps.get("intent"):
                # An act is under way: its own function reads the message first, with what the engine understood of it.
                message.metadata["comprehension"] = {"intention": comprise["intention"], "confiance": comprise["confiance"]}
                analyse = {**analyse, "intent": {"name": CONTINUER, "confidence": 1.0}}
            message.parse_data = analyse
            await on_new_message(message)
            return response.json({"messages": sortie.messages, "comprehension": comprise})

        return canal
