"""An engine at its worst, where the real front believes it talks to Rasa: slow, dead, mad, mute. In its right mind it does as rasa_de_poche.

    with MauvaisMoteur(port, adresse_actions, jeton) as moteur: moteur.humeur = "lent"
"""
import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Optional

import httpx

from tests.faults.rasa_de_poche import CONTINUER, _tracker

SUJET = "auto_entrepreneur.seuils_ca"
# What a message means, by a word of it.
SENS = {"plafond": SUJET, "rendez-vous": "prendre_rdv", "oui": "affirmer"}
CHARABIA = {
    "charabia": b"\x00\xff\x13ceci n'est pas du JSON", "page": b"<html><body>502 Bad Gateway</body></html>", "nul": b"null", "liste": b"[1, 2]",
    "formes": json.dumps({"messages": ["bonjour"], "comprehension": []}).encode(),
    "sens": json.dumps({"messages": [{"text": "a"}], "comprehension": {"intention": 3, "confiance": "x", "propositions": 1, "classement": [{}]}}).encode(),
    "acte": json.dumps({"messages": [{"custom": {"dits": "non"}}], "comprehension": {
        "intention": "prendre_rdv", "confiance": 0.9, "propositions": [], "classement": []}}).encode(),
    "tronque": b'{"messages": [{"text": "bonj'}
HUMEURS = ("lent", "goutte", "http500", "coupe", "vide", *CHARABIA)


class Serveur:
    """On `self.port` until the end of its block; `fin` wakes those whom it keeps waiting."""

    def __init__(self, port: int):
        self.port, self.fin = port, threading.Event()

    def servir(self, reponse: type[BaseHTTPRequestHandler]) -> None:
        ThreadingHTTPServer.allow_reuse_address, ThreadingHTTPServer.request_queue_size = True, 128
        self.serveur = ThreadingHTTPServer(("127.0.0.1", self.port), reponse)
        self.serveur.daemon_threads = True
        threading.Thread(target=self.serveur.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def __exit__(self, *_: object) -> None:
        self.fin.set()
        self.serveur.shutdown()
        self.serveur.server_close()


class MauvaisMoteur(Serveur):
    """`humeur`: « sain », one of HUMEURS, or « http » and a status. `recus`, `sondes`: how many messages and health checks came."""

    def __init__(self, port: int, adresse_actions: Optional[str] = None, jeton: str = ""):
        super().__init__(port)
        self.adresse_actions, self.jeton = adresse_actions, jeton
        self.humeur, self.recus, self.sondes = "sain", 0, 0

    def __enter__(self) -> "MauvaisMoteur":
        moteur = self

        class Tour(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                moteur.sondes += 1
                self.rendre(200, b'{"statut": "ok"}')

            def do_POST(self) -> None:
                corps = json.loads(self.rfile.read(int(self.headers["content-length"])))
                moteur.recus += 1
                humeur = moteur.humeur
                if humeur == "lent":
                    moteur.fin.wait(30)
                if humeur == "coupe":
                    return self.connection.close()
                if humeur.startswith("http"):
                    return self.rendre(int(humeur[4:]), b'{"message": "Traceback"}')
                if humeur == "goutte":
                    return self.rendre(200, b" " * 60, goutte=True)
                if humeur in CHARABIA:
                    return self.rendre(200, CHARABIA[humeur])
                return self.rendre(200, json.dumps(moteur.tour(corps, vide=humeur == "vide")).encode())

            def rendre(self, statut: int, corps: bytes, goutte: bool = False) -> None:
                try:
                    self.send_response(statut)
                    self.send_header("content-type", "application/json")
                    self.send_header("content-length", str(len(corps)))
                    self.end_headers()
                    for octet in (corps[i:i + 1] for i in range(len(corps))) if goutte else (corps,):
                        self.wfile.write(octet)
                        if goutte and moteur.fin.wait(0.5):
                            return
                except OSError:
                    pass  # the front did not wait

            def log_message(self, *_: Any) -> None:
                """Say nothing on the terminal."""

        self.servir(Tour)
        return self

    def tour(self, corps: Any, vide: bool) -> Any:
        """A turn as bot/engine/canal.py would play it."""
        if "texts" in corps:
            return [self._comprise(SUJET) for _ in corps["texts"]]
        meta = dict(corps.get("metadata") or {})
        label = corps.get("intent") or next((sens for mot, sens in SENS.items() if mot in (corps.get("text") or "")), "nlu_fallback")
        comprise, messages = self._comprise(label), [{"text": "fiche"}]
        if meta.get("flux") and not corps.get("intent"):
            meta["comprehension"], label = {"intention": label, "confiance": 0.95}, CONTINUER
        if label in (CONTINUER, "prendre_rdv"):
            messages = self._agir(corps, label, meta)
        return {"messages": [] if vide else messages, "comprehension": comprise}

    def _comprise(self, label: str) -> dict[str, Any]:
        return {"intention": label, "confiance": 0.95, "propositions": [], "classement": [{"intention": label, "confiance": 0.95}]}

    def _agir(self, corps: Any, label: str, meta: Any) -> list[dict[str, Any]]:
        """As Rasa: of an action server that is dead or fails, nothing is said, and no error either (security.md, fact 4)."""
        appel = {"next_action": "action_flux", "sender_id": corps["sender"], "tracker": _tracker(corps, label, meta)}
        try:
            rendu = httpx.post(f"{self.adresse_actions}/webhook", json=appel, headers={"x-jeton": self.jeton}, timeout=30).raise_for_status().json()
            return [{"text": r["text"]} if r.get("text") else {"custom": r["custom"]} for r in rendu["responses"]]
        except (httpx.HTTPError, ValueError, KeyError, TypeError):
            return []


class FauxServiteur(Serveur):
    """An action server at its worst, on a port: « lent », « http500 », « charabia »."""

    def __init__(self, port: int, humeur: str):
        super().__init__(port)
        self.humeur = humeur

    def __enter__(self) -> "FauxServiteur":
        soi = self

        class Reponse(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                if soi.humeur == "lent":
                    soi.fin.wait(30)
                corps = b"\xff pas du JSON" if soi.humeur == "charabia" else b"{}"
                try:
                    self.send_response(500 if soi.humeur == "http500" else 200)
                    self.send_header("content-length", str(len(corps)))
                    self.end_headers()
                    self.wfile.write(corps)
                except OSError:
                    pass

            def log_message(self, *_: Any) -> None:
                """Say nothing on the terminal."""

        self.servir(Reponse)
        return self


def durer(faire: Any) -> tuple[Any, float]:
    """What `faire()` gives, and the seconds it took."""
    debut = time.monotonic()
    return faire(), time.monotonic() - debut


if __name__ == "__main__":  # a process of its own, to be killed: PORT ADRESSE_ACTIONS JETON
    with MauvaisMoteur(int(sys.argv[1]), sys.argv[2], sys.argv[3]):
        threading.Event().wait()
