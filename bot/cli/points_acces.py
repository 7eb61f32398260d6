"""The engine's endpoints file (Rasa's `--endpoints`) of an installation with several engines: tracker in PostgreSQL, locks in Redis.

With one engine the file of the repository is enough; it says the same with SQLite and locks in memory.
"""
import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from sqlalchemy.engine import make_url

from bot.reglages import RACINE, Reglages

EMBARQUE = RACINE / "endpoints.yml"
# Rasa's own store blocks its event loop while it waits (reference/security.md, H10): the server gives up before people do.
PATIENCE = "-c statement_timeout=2000 -c lock_timeout=2000"


def fichier(reglages: Reglages, maison: Path) -> Path:
    """The file to give to an engine whose folder is `maison`; written there, readable by its account alone, when settings ask for servers."""
    if not (reglages.suivi or reglages.redis):
        return EMBARQUE
    chemin = maison / "endpoints.yml"
    brouillon = chemin.with_suffix(".nouveau")
    with os.fdopen(os.open(brouillon, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as sortie:
        json.dump(contenu(reglages), sortie, ensure_ascii=False, indent=1)  # JSON is YAML, with every text quoted
    os.replace(brouillon, chemin)
    return chemin


def contenu(reglages: Reglages) -> dict[str, Any]:
    """The endpoints as data. Secrets stand in it as they are: quoted, Rasa does not look for variables in them."""
    points: dict[str, Any] = {
        "action_endpoint": {"url": f"http://127.0.0.1:{reglages.port_actions}/webhook", "enable_selective_domain": True,
                            "headers": {"x-jeton": reglages.jeton_moteur}},
        "tracker_store": _suivi(reglages)}
    if reglages.redis:
        points["lock_store"] = _verrous(reglages.redis)
    return points


def _suivi(reglages: Reglages) -> dict[str, Any]:
    magasin = {"type": "bot.engine.suivi.SuiviSobre"}
    if not reglages.suivi:
        return {**magasin, "dialect": "sqlite", "db": str(reglages.donnees / "suivi.db")}
    url = make_url(reglages.suivi)
    points = {**magasin, "dialect": "postgresql", "db": url.database or "", "query": {**dict(url.query), "options": PATIENCE}}
    return points | {nom: valeur for nom, valeur in (("host", url.host), ("port", url.port), ("username", url.username), ("password", url.password))
                     if valeur}


def _verrous(redis: str) -> dict[str, Any]:
    adresse = urlsplit(redis)
    verrous: dict[str, Any] = {"type": "redis", "url": adresse.hostname or "127.0.0.1", "port": adresse.port or 6379,
                               "db": int(adresse.path.strip("/") or 0), "key_prefix": "conseil", "use_ssl": adresse.scheme == "rediss"}
    return verrous | {nom: unquote(valeur) for nom, valeur in (("username", adresse.username), ("password", adresse.password)) if valeur}
