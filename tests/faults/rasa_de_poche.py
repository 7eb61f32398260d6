"""The engine's part of a turn without the engine: labels a message by a word list, calls the real action server, answers as bot/engine/canal.py does.

For tests that kill the processes around it a hundred times; the real one takes twenty seconds to come back (tests/dialogues has it).
"""
import json
import threading
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Iterator, Mapping

import httpx

CONTINUER = "continuer_flux"


def _tracker(corps: Mapping[str, Any], intention: str, metadonnees: Mapping[str, Any]) -> dict[str, Any]:
    dernier = {"text": corps.get("text") or "", "intent": {"name": intention, "confidence": 1.0}, "entities": [], "metadata": metadonnees}
    return {"sender_id": corps["sender"], "slots": {}, "latest_message": dernier, "events": [], "paused": False, "followup_action": None,
            "active_loop": {}, "latest_action_name": "action_listen"}


@contextmanager
def moteur(port: int, adresse_actions: str, jeton: str, etiquettes: Mapping[str, str]) -> Iterator[None]:
    """Serve on `port` while the block lasts. `etiquettes`: intent of a message by its first words, up to the comma; the rest is not understood."""

    class Tour(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._rendre({"statut": "ok"})

        def do_POST(self) -> None:
            corps = json.loads(self.rfile.read(int(self.headers["content-length"])))
            meta = dict(corps.get("metadata") or {})
            label = corps.get("intent") or etiquettes.get((corps.get("text") or "").split(",")[0], "nlu_fallback")
            comprise = {"intention": label, "confiance": 0.9}
            if meta.get("flux") and not corps.get("intent"):
                meta["comprehension"] = comprise
                label = CONTINUER
            self._rendre({"messages": self._agir(corps, label, meta), "comprehension": {**comprise, "propositions": [], "classement": []}})

        def _agir(self, corps: Mapping[str, Any], label: str, meta: Mapping[str, Any]) -> list[dict[str, Any]]:
            """What Rasa makes of an action: its messages; of a dead action server: nothing, and no error (security.md, fact 4)."""
            appel = {"next_action": "action_flux", "sender_id": corps["sender"], "tracker": _tracker(corps, label, meta)}
            try:
                rendu = httpx.post(f"{adresse_actions}/webhook", json=appel, headers={"x-jeton": jeton}, timeout=30).json()
            except httpx.HTTPError:
                return []
            return [{"recipient_id": corps["sender"], **({"text": r["text"]} if r.get("text") else {"custom": r["custom"]})}
                    for r in rendu["responses"]]

        def _rendre(self, quoi: Any) -> None:
            corps = json.dumps(quoi).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(corps)))
            self.end_headers()
            with suppress(OSError):  # whoever asked was killed
                self.wfile.write(corps)

        def log_message(self, *_: Any) -> None:
            """Say nothing on the terminal."""

    serveur = ThreadingHTTPServer(("127.0.0.1", port), Tour)
    fil = threading.Thread(target=serveur.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    fil.start()
    try:
        yield
    finally:
        serveur.shutdown()
        serveur.server_close()
        fil.join(10)
