"""The action server: rasa-sdk's executor behind an endpoint of our own, in one process.

rasa-sdk's own server is not used: killed, it leaves its worker behind on the port; on an error it answers with the whole tracker; it inflates
bodies without limit and asks for no secret (docs/decisions/2026-11-22-serveur-actions.md).
"""
import hmac
import json

import structlog
import uvicorn
from rasa_sdk.executor import ActionExecutor
from rasa_sdk.interfaces import ActionExecutionRejection, ActionMissingDomainException, ActionNotFoundException
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from bot.actions.coordonnees import ActionCoordonnees
from bot.actions.flux import ActionFlux
from bot.journal import regler
from bot.reglages import Reglages

ACTIONS = (ActionCoordonnees, ActionFlux)
# A tracker keeps its last turns only (bot/engine/suivi.py): some kilobytes.
CORPS_MAX = 2_000_000
journal = structlog.get_logger(__name__)


def creer_executeur() -> ActionExecutor:
    executeur = ActionExecutor()
    for action in ACTIONS:
        executeur.register_action(action())
    return executeur


def _erreur(statut: int, code: str, action: str = "") -> JSONResponse:
    return JSONResponse({"error": code, "action_name": action}, statut)


async def _corps(requete: Request) -> bytes:
    """The body, b"" when it is larger than an honest one."""
    morceaux, total = [], 0
    async for morceau in requete.stream():
        total += len(morceau)
        if total > CORPS_MAX:
            return b""
        morceaux.append(morceau)
    return b"".join(morceaux)


def creer_app(jeton: str) -> Starlette:
    """The ASGI application; `jeton` is the secret that the engine sends (endpoints.yml)."""
    executeur = creer_executeur()

    async def webhook(requete: Request) -> JSONResponse:
        if not jeton or not hmac.compare_digest(requete.headers.get("x-jeton", "").encode(), jeton.encode()):
            return _erreur(403, "JETON")
        try:
            appel = json.loads(await _corps(requete))
            action = str(appel["next_action"])
            # Rasa 3.6 leaves the domain out (enable_selective_domain); this SDK takes that for a newer Rasa's digest that it does not know.
            appel.setdefault("domain", {})
        except (ValueError, KeyError, TypeError, AttributeError):
            return _erreur(400, "REQUETE_ILLISIBLE")
        try:
            fait = await executeur.run(appel)
        except ActionExecutionRejection:
            return _erreur(400, "REFUS", action)
        except ActionNotFoundException:
            return _erreur(404, "ACTION_INCONNUE", action)
        except ActionMissingDomainException:
            return _erreur(449, "DOMAINE_ABSENT", action)
        except Exception as e:
            journal.error("appel_en_panne", action=action, genre=type(e).__name__)
            return _erreur(500, "PANNE", action)
        return JSONResponse(fait.model_dump() if fait else None)

    async def sante(_: Request) -> JSONResponse:
        return JSONResponse({"status": "ok"})

    return Starlette(routes=[Route("/webhook", webhook, methods=["POST"]), Route("/health", sante)])


if __name__ == "__main__":
    regler()
    reglages = Reglages()
    uvicorn.run(creer_app(reglages.jeton_moteur), host="127.0.0.1", port=reglages.port_actions, log_level="warning", access_log=False,
                server_header=False, timeout_graceful_shutdown=3)
