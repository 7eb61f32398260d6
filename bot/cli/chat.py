"""`conseil chat`: a conversation in the terminal, over the same API as the page. Knows nothing but that API."""
import argparse
import sys
import textwrap
import uuid
from typing import Any, Optional

import requests

from bot.cli.commun import RefusCommande, dire, lire_reglages, refuser

AIDE = "parle à un site en marche, depuis le terminal"
DELAI = 20.0
LARGEUR = 100
QUITTER = ("/quitter", "/q", "/exit")


def declarer(analyseur: argparse.ArgumentParser) -> None:
    analyseur.add_argument("--url", help="adresse du site (http://127.0.0.1:8000 par défaut)")
    analyseur.add_argument("--caisse", help="code de la caisse à qui l'on parle")


def executer(options: argparse.Namespace) -> int:
    reglages = lire_reglages()
    adresse = (options.url or f"http://127.0.0.1:{reglages.port}").rstrip("/")
    client = Client(adresse)
    afficher(client.ouvrir(options.caisse))
    dire("(Un numéro choisit, /effacer oublie tout, /quitter termine.)")
    dialoguer(client)
    return 0


class Client:
    """The chat API: opens a conversation, sends messages; failures come out as RefusCommande."""

    def __init__(self, adresse: str):
        self.adresse = adresse
        self.session = requests.Session()
        self.choix: list[dict[str, Any]] = []

    def ouvrir(self, caisse: Optional[str] = None) -> dict[str, Any]:
        return self._retenir(self._appeler("POST", "/api/conversations", {"caisse": caisse} if caisse else None))

    def envoyer(self, **contenu: Any) -> dict[str, Any]:
        """One message: text=…, choice=… or form={…}."""
        return self._retenir(self._appeler("POST", "/api/messages", {"message_id": str(uuid.uuid4()), **contenu}))

    def effacer(self) -> None:
        self._appeler("DELETE", "/api/conversations", None)

    def _retenir(self, enveloppe: dict[str, Any]) -> dict[str, Any]:
        self.choix = [c for m in enveloppe["messages"] for c in m.get("choices") or []]
        return enveloppe

    def _appeler(self, methode: str, chemin: str, corps: Optional[dict[str, Any]]) -> dict[str, Any]:
        try:
            reponse = self.session.request(methode, self.adresse + chemin, json=corps, timeout=DELAI)
        except (requests.exceptions.MissingSchema, requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema):
            refuser("ADRESSE_ILLISIBLE", f"« {self.adresse} » n'est pas une adresse : écrivez par exemple http://127.0.0.1:8000.")
        except requests.exceptions.Timeout:
            refuser("SITE_LENT", f"{self.adresse} ne répond pas depuis {DELAI:.0f} secondes. Réessayez, ou regardez les journaux du site.")
        except requests.exceptions.ConnectionError:
            refuser("SITE_ABSENT", f"rien ne répond à {self.adresse} : lancez d'abord le site avec « make run » ou « conseil serve ».")
        try:
            lu = reponse.json() if reponse.content else {}
        except ValueError:
            refuser("SITE_INCONNU", f"{self.adresse} répond, mais ce n'est pas l'assistant (code {reponse.status_code}).")
        if reponse.status_code >= 400:
            erreur = lu.get("error") or {}
            raise RefusCommande(erreur.get("code", "REFUS"), erreur.get("message", f"demande refusée (code {reponse.status_code})."))
        if methode == "POST" and "messages" not in lu:
            refuser("SITE_INCONNU", f"{self.adresse} répond, mais ce n'est pas l'assistant.")
        return lu


def dialoguer(client: Client) -> None:
    """Read lines and answer them, until /quitter or the end of the input."""
    while (ligne := _lire("vous > ")) is not None:
        texte = ligne.strip()
        if texte in QUITTER:
            return
        if not texte:
            continue
        try:
            if texte == "/effacer":
                client.effacer()
                dire("Conversation effacée.")
                afficher(client.ouvrir())
            else:
                _poursuivre(client, _repondre(client, texte))
        except RefusCommande as refus:
            if refus.code in ("SITE_ABSENT", "SITE_INCONNU"):
                raise
            dire(f"! {refus}")
            if refus.code == "CONVERSATION_INCONNUE":
                afficher(client.ouvrir())


def _repondre(client: Client, texte: str) -> dict[str, Any]:
    if texte.isdecimal() and 1 <= int(texte) <= len(client.choix):
        return client.envoyer(choice=client.choix[int(texte) - 1]["id"])
    return client.envoyer(text=texte)


def _poursuivre(client: Client, enveloppe: dict[str, Any]) -> None:
    """Show what came back; when it holds a form, ask its fields one by one and send it."""
    afficher(enveloppe)
    formulaire = next((m["form"] for m in enveloppe["messages"] if m.get("form")), None)
    if formulaire:
        valeurs = _remplir(formulaire)
        if valeurs is None:
            dire("Formulaire laissé de côté.")
        else:
            _poursuivre(client, client.envoyer(form={"id": formulaire["id"], "values": valeurs}))


def _remplir(formulaire: dict[str, Any]) -> Optional[dict[str, str]]:
    valeurs = {}
    for champ in formulaire["fields"]:
        possibles = f" ({' / '.join(champ['choices'])})" if champ.get("choices") else ""
        facultatif = "" if champ.get("required", True) else " (facultatif)"
        if champ.get("error"):
            dire(f"  ! {champ['label']} : {champ['error']}")
        lu = _lire(f"  {champ['label']}{possibles}{facultatif} : ")
        if lu is None or lu.strip() in QUITTER:
            return None
        valeurs[champ["name"]] = lu.strip()
    return valeurs


def _lire(invite: str) -> Optional[str]:
    """A line of the person, None at the end. Nothing is prompted when the input is not a terminal."""
    try:
        return input(invite if sys.stdin.isatty() else "")
    except EOFError:
        return None


def afficher(enveloppe: dict[str, Any]) -> None:
    """Messages, their sources, and all choices numbered from 1."""
    for message in enveloppe["messages"]:
        if message["author"] == "assure":
            continue
        dire("")
        for paragraphe in message["text"].split("\n"):
            dire(textwrap.fill(paragraphe, LARGEUR, initial_indent="  ", subsequent_indent="  ", break_long_words=False, break_on_hyphens=False))
        if message.get("sources"):
            dire("  Sources : " + " ; ".join(s["title"] for s in message["sources"]))
    rang = 0
    for message in enveloppe["messages"]:
        for choix in message.get("choices") or []:
            rang += 1
            dire(f"   {rang}. {choix['label']}")
    dire("")
