"""`conseil serve --production`: the settings that a public site must not start with, each with its code and a sentence that says what to do.

Only looks: settings, environment, and what answers at the addresses given. How the installation is laid out is `deploiement/`.
"""
import ipaddress
import os
from dataclasses import dataclass
from typing import Callable, Mapping, Optional, Sequence
from urllib.parse import urlsplit

import redis
from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.orm import Session

from bot.cli.commun import RefusCommande
from bot.contacts.cle import LONGUEUR_MIN
from bot.contacts.tables import Caisse
from bot.reglages import Reglages

# Who may be started alone, each under its own account (deploiement/systemd); None: all of them under `conseil serve`.
ROLES = ("site", "moteur", "actions", "ouvrier")
# What the engine must not even hold in its environment: its files run code (reference/security.md, H1 and H19).
INTERDITS_AU_MOTEUR = ("CONSEIL_BASE", "CONSEIL_CLE", "CONSEIL_CLE_SAUVEGARDES", "CONSEIL_SMTP_MOT_DE_PASSE")
ATTENTE = 2.0
# Signs of a key that somebody typed, or copied from an example. A key drawn at random has more than 12 different characters.
_EXEMPLES = ("changez", "changer", "exemple", "example", "secret", "password", "motdepasse", "azerty", "0123456789")
SIGNES_MIN = 12


@dataclass(frozen=True)
class Defaut:
    """One unsafe setting: a stable code, and what to do about it."""

    code: str
    phrase: str


class ProductionRefusee(RefusCommande):
    """All the defects at once: an installer mends them in one go."""

    def __init__(self, defauts: Sequence[Defaut]):
        lignes = "".join(f"\n  {d.code} : {d.phrase}" for d in defauts)
        combien = "un réglage n'est pas sûr" if len(defauts) == 1 else f"{len(defauts)} réglages ne sont pas sûrs"
        super().__init__("PRODUCTION_REFUSEE", f"rien n'est lancé, {combien} pour un site public :{lignes}")
        self.defauts = tuple(defauts)


def exiger(reglages: Reglages, role: Optional[str] = None, bavard: bool = False, environ: Optional[Mapping[str, str]] = None) -> None:
    """Refuses (ProductionRefusee) when a setting of this role is unsafe; None: of all roles together."""
    trouves = defauts(reglages, role, bavard, os.environ if environ is None else environ)
    if trouves:
        raise ProductionRefusee(trouves)


def defauts(reglages: Reglages, role: Optional[str], bavard: bool, environ: Mapping[str, str]) -> list[Defaut]:
    """Every unsafe setting, in the order of docs/reglages.md."""
    demandes: tuple[tuple[tuple[str, ...], Callable[[], list[Defaut]]], ...] = (
        (ROLES, lambda: _jeu(reglages, bavard, environ)),
        (("site",), lambda: _adresses(reglages)),
        (("site", "actions", "ouvrier"), lambda: _base(reglages)),
        (("site", "actions", "ouvrier"), lambda: _cle(reglages)),
        (("site", "moteur"), lambda: _redis(reglages)),
        (("moteur", "ouvrier"), lambda: _suivi(reglages)),
        (("site", "moteur", "actions"), lambda: _jeton(reglages, role)),
        (("moteur",), lambda: _moteur(role, environ)),
        (("site", "ouvrier"), lambda: _courriel(reglages)),
        (("ouvrier",), lambda: _sauvegardes(reglages)))
    return [d for roles, lire in demandes if role is None or role in roles for d in lire()]


def plusieurs(reglages: Reglages) -> bool:
    """Whether more than one front or engine share what they know."""
    return reglages.sites > 1 or len(reglages.adresses_moteur) > 1 or reglages.moteurs > 1


# -- one function a subject ---------------------------------------------------------------------------------------------------------------


def _jeu(reglages: Reglages, bavard: bool, environ: Mapping[str, str]) -> list[Defaut]:
    trouves = []
    if reglages.demo:
        trouves.append(Defaut("PRODUCTION_DEMO", "la démonstration est allumée, avec ses personnes fictives et son mot de passe connu de tous. "
                                                 "Retirez « --demo » et CONSEIL_DEMO."))
    if environ.get("CONSEIL_NOW"):
        trouves.append(Defaut("PRODUCTION_HORLOGE", "CONSEIL_NOW déplace l'horloge : les rendez-vous et les effacements tomberaient au mauvais "
                                                    "jour. Retirez-le."))
    if reglages.caisse.startswith("demo-"):
        trouves.append(Defaut("PRODUCTION_CAISSE_DEMO", f"CONSEIL_CAISSE vaut « {reglages.caisse} », une caisse fictive. Donnez le code de la vôtre "
                                                        "(« conseil campagne installer » les inscrit)."))
    if bavard or any(environ.get(nom) for nom in ("PYTHONDEVMODE", "PYTHONASYNCIODEBUG", "PYTHONINSPECT")):
        trouves.append(Defaut("PRODUCTION_DEBOGAGE", "un mode de mise au point est allumé (« --bavard » ou une variable PYTHON…). Retirez-le : il "
                                                     "montre et ralentit."))
    return trouves


def _adresses(reglages: Reglages) -> list[Defaut]:
    trouves = []
    if not _locale(reglages.hote):
        trouves.append(Defaut("PRODUCTION_HOTE_OUVERT", f"CONSEIL_HOTE vaut « {reglages.hote} » : le site serait joignable sans chiffrement, en "
                                                        "passant à côté du mandataire. Laissez 127.0.0.1 et mettez nginx devant "
                                                        "(deploiement/nginx.conf)."))
    if urlsplit(reglages.site or "").scheme != "https":
        trouves.append(Defaut("PRODUCTION_SANS_TLS", "CONSEIL_SITE doit être l'adresse publique en https://, telle que les courriers l'écrivent."))
    if not reglages.cookies_surs:
        trouves.append(Defaut("PRODUCTION_COOKIES", "CONSEIL_COOKIES_SURS n'est pas mis : les cookies partiraient aussi sans chiffrement. "
                                                    "Donnez-lui la valeur 1."))
    if any(m.strip() in ("*", "0.0.0.0/0", "::/0", "") for m in reglages.mandataires.split(",")):
        trouves.append(Defaut("PRODUCTION_MANDATAIRES", "CONSEIL_MANDATAIRES croit n'importe qui : chacun choisirait l'adresse que comptent les "
                                                        "limites. Donnez l'adresse du seul nginx, par exemple 127.0.0.1."))
    return trouves


def _base(reglages: Reglages) -> list[Defaut]:
    url = _lire_url(reglages.adresse_base)
    if url is None:
        return [Defaut("PRODUCTION_BASE_ILLISIBLE", "CONSEIL_BASE n'est pas une adresse de base : écrivez postgresql+psycopg://…")]
    if url.get_backend_name() == "sqlite":
        return [Defaut("PRODUCTION_BASE_SQLITE", "plusieurs sites ou moteurs ne peuvent pas partager une base SQLite. Donnez CONSEIL_BASE, l'adresse "
                                                 "d'une base PostgreSQL.")] if plusieurs(reglages) else []
    return _en_clair(url, "PRODUCTION_BASE_EN_CLAIR", "CONSEIL_BASE")


def _cle(reglages: Reglages) -> list[Defaut]:
    return _secret(reglages.cle, "CONSEIL_CLE", "PRODUCTION_CLE",
                   "elle signe les formulaires et chiffre le second facteur, la même pour tous les sites d'une base")


def _sauvegardes(reglages: Reglages) -> list[Defaut]:
    trouves = _secret(reglages.cle_sauvegardes, "CONSEIL_CLE_SAUVEGARDES", "PRODUCTION_CLE_SAUVEGARDES",
                      "sans elle les sauvegardes seraient lisibles de qui les trouve ; gardez-en une copie hors de ce poste")
    if not trouves and reglages.cle and reglages.cle_sauvegardes and reglages.cle.get_secret_value() == reglages.cle_sauvegardes.get_secret_value():
        trouves.append(Defaut("PRODUCTION_CLES_EGALES", "CONSEIL_CLE et CONSEIL_CLE_SAUVEGARDES sont la même clé : une sauvegarde volée livrerait "
                                                        "aussi le site. Tirez-en deux."))
    return trouves


def _jeton(reglages: Reglages, role: Optional[str]) -> list[Defaut]:
    if role is None:  # drawn at each start by `conseil serve`
        return []
    return _secret(SecretStr(reglages.jeton_moteur) if reglages.jeton_moteur else None, "CONSEIL_JETON_MOTEUR", "PRODUCTION_JETON",
                   "il ferme le moteur et les actions aux autres programmes de la machine")


def _redis(reglages: Reglages) -> list[Defaut]:
    if not reglages.redis:
        phrase = ("CONSEIL_REDIS manque : plusieurs sites compteraient les essais chacun de leur côté, et deux moteurs pourraient tenir la même "
                  "conversation. Donnez redis://127.0.0.1:6379/0.")
        return [Defaut("PRODUCTION_REDIS_ABSENT", phrase)] if plusieurs(reglages) else []
    adresse = urlsplit(reglages.redis)
    if adresse.scheme == "redis" and not _locale(adresse.hostname or ""):
        return [Defaut("PRODUCTION_REDIS_EN_CLAIR", "CONSEIL_REDIS est sur une autre machine et ne chiffre pas : écrivez rediss://…")]
    try:
        redis.Redis.from_url(reglages.redis, socket_timeout=ATTENTE, socket_connect_timeout=ATTENTE).ping()
    except (redis.RedisError, ValueError, OSError) as e:
        return [Defaut("PRODUCTION_REDIS_MUET", f"le serveur de CONSEIL_REDIS ne répond pas ({type(e).__name__}) : démarrez-le, ou corrigez "
                                                "l'adresse.")]
    return []


def _suivi(reglages: Reglages) -> list[Defaut]:
    url = _lire_url(reglages.suivi or "")
    if url is None or url.get_backend_name() != "postgresql":
        return [Defaut("PRODUCTION_SUIVI_LOCAL", "plusieurs moteurs doivent partager leur suivi : donnez CONSEIL_SUIVI, l'adresse d'une base "
                                                 "PostgreSQL à part.")] if plusieurs(reglages) or reglages.suivi else []
    contacts = _lire_url(reglages.base or "")
    if contacts is not None and _ou(contacts) == _ou(url):
        phrase = "CONSEIL_SUIVI est la base de contacts elle-même : le moteur ne doit pas pouvoir la lire. Donnez-lui une base et un compte à lui."
        return [Defaut("PRODUCTION_SUIVI_COMMUN", phrase)]
    return _en_clair(url, "PRODUCTION_SUIVI_EN_CLAIR", "CONSEIL_SUIVI")


def _moteur(role: Optional[str], environ: Mapping[str, str]) -> list[Defaut]:
    presents = [nom for nom in INTERDITS_AU_MOTEUR if environ.get(nom)]
    if role != "moteur" or not presents:  # under one supervisor, the engine's environment is made anew (bot/cli/processus.py)
        return []
    return [Defaut("PRODUCTION_MOTEUR_INFORME", f"le moteur n'a pas à connaître {', '.join(presents)} : retirez-le de son fichier "
                                                "d'environnement.")]


def _courriel(reglages: Reglages) -> list[Defaut]:
    if not (reglages.smtp_hote and reglages.smtp_expediteur):
        return [Defaut("PRODUCTION_COURRIEL_ABSENT", "sans serveur de courriel, aucune confirmation ni aucun rappel ne partirait. Donnez "
                                                     "CONSEIL_SMTP_HOTE et CONSEIL_SMTP_EXPEDITEUR.")]
    if not reglages.smtp_tls and not _locale(reglages.smtp_hote):
        return [Defaut("PRODUCTION_COURRIEL_EN_CLAIR", "CONSEIL_SMTP_TLS est à non pour un serveur d'une autre machine : noms et adresses "
                                                       "voyageraient en clair. Retirez ce réglage.")]
    return []


# -- what they share ----------------------------------------------------------------------------------------------------------------------


def _lire_url(adresse: str) -> Optional[URL]:
    try:
        return make_url(adresse)
    except ArgumentError:
        return None


def _ou(url: URL) -> tuple[object, ...]:
    """What tells two databases apart, whoever opens them."""
    return url.host or url.query.get("host") or "localhost", url.port or 5432, url.database


def _locale(hote: str) -> bool:
    """A name or address of this machine; an empty name stands for all addresses."""
    if hote == "localhost":
        return True
    try:
        return ipaddress.ip_address(hote.strip("[]")).is_loopback
    except ValueError:
        return False


def _en_clair(url: URL, code: str, nom: str) -> list[Defaut]:
    """A PostgreSQL server on another machine must be spoken to in TLS; a Unix socket or the loopback needs none."""
    hote = url.host or url.query.get("host") or ""
    sur = str(hote).startswith("/") or not hote or _locale(str(hote)) or url.query.get("sslmode") in ("require", "verify-ca", "verify-full")
    return [] if sur else [Defaut(code, f"{nom} est sur une autre machine et rien n'oblige au chiffrement : ajoutez « ?sslmode=verify-full ».")]


def _secret(valeur: Optional[SecretStr], nom: str, code: str, pourquoi: str) -> list[Defaut]:
    """Absent, too short, or typed by hand."""
    comment = "À tirer par « openssl rand -base64 32 »."
    if valeur is None or not valeur.get_secret_value():
        return [Defaut(f"{code}_ABSENTE", f"{nom} manque ({pourquoi}). {comment}")]
    secret = valeur.get_secret_value()
    if len(secret) < LONGUEUR_MIN:
        return [Defaut(f"{code}_COURTE", f"{nom} ne compte que {len(secret)} caractères sur {LONGUEUR_MIN}. {comment}")]
    if len(set(secret)) < SIGNES_MIN or any(exemple in secret.lower() for exemple in _EXEMPLES):
        return [Defaut(f"{code}_EXEMPLE", f"{nom} ressemble à un exemple recopié. {comment}")]
    return []


def defauts_base(session: Session) -> list[Defaut]:
    """What a production database must not hold."""
    fictives = session.scalars(select(Caisse.code).where(Caisse.fictive).order_by(Caisse.code)).all()
    return [Defaut("PRODUCTION_DONNEES_FICTIVES", f"la base contient les caisses fictives de la démonstration ({', '.join(fictives)}), avec leurs "
                                                  "comptes au mot de passe public. Partez d'une base neuve.")] if fictives else []
