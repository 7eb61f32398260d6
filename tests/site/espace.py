"""For the tests of the workspace: `espace`, a front on a copied database with the fictitious people, and `Navigateur`, one of their browsers.

    claire = espace.connecte("claire.fontaine")          # already logged in
    claire.get("/espace/agenda")                         # follows redirections
    claire.post("/espace/agenda/ouvertures", jour="2011-09-20")   # with the token of her forms
"""
import re
import shutil
import sqlite3
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator

import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from fastapi.testclient import TestClient

from bot.contacts import comptes, connexion, mots_de_passe
from bot.contacts.base import Sessions, ouvrir
from bot.contacts.cle import cle_installation, hmac_hex
from bot.contacts.comptes_demo import MOT_DE_PASSE_DEMO, installer_demo_comptes
from bot.horloge import Horloge, lire_instant
from bot.reglages import Reglages
from bot.site.app import creer_app
from bot.site.espace.acces import nom_cookie
from bot.site.limites import Limites

DEPART = "2011-09-14T10:00"
PAGE = {"accept": "text/html"}


class Navigateur:
    """One browser: its cookies, the token that its forms would carry."""

    def __init__(self, app: FastAPI, reglages: Reglages):
        base = "https://conseil.example" if reglages.cookies_surs else "http://127.0.0.1"
        self.client = TestClient(app, base_url=base, raise_server_exceptions=False, headers=PAGE)
        self.reglages = reglages

    @property
    def cookie(self) -> str:
        return self.client.cookies.get(nom_cookie(self.reglages)) or ""

    @property
    def csrf(self) -> str:
        return hmac_hex(cle_installation(self.reglages), "espace.csrf", self.cookie)

    def get(self, adresse: str, **options: Any):
        return self.client.get(adresse, **options)

    def post(self, adresse: str, suivre: bool = False, **champs: Any):
        """Send a form as the page would; where it leads is not followed unless asked."""
        return self.client.post(adresse, data={"csrf": self.csrf, **champs}, follow_redirects=suivre)

    def entrer(self, identifiant: str, mot_de_passe: str = MOT_DE_PASSE_DEMO, **champs: Any):
        """Through the door, with the token that its page shows."""
        page = self.get("/espace/connexion")
        jeton = re.search(r'name="csrf" value="(\w+)"', page.text)[1]
        return self.client.post("/espace/connexion", data={"csrf": jeton, "identifiant": identifiant, "mot_de_passe": mot_de_passe, **champs},
                                follow_redirects=False)


@dataclass
class Espace:
    """A workspace: its application, its database, its settings."""

    app: FastAPI
    sessions: Sessions
    reglages: Reglages

    def visiteur(self) -> Navigateur:
        return Navigateur(self.app, self.reglages)

    def connecte(self, identifiant: str, second_facteur: bool = True) -> Navigateur:
        """A browser where this person is in, without going through the door."""
        navigateur = self.visiteur()
        with self.sessions() as s:
            ouverte, secret = connexion.ouvrir_session(s, comptes.par_identifiant(s, identifiant), self.maintenant)
            ouverte.second_facteur = second_facteur
        navigateur.client.cookies.set(nom_cookie(self.reglages), secret, domain=navigateur.client.base_url.host)
        return navigateur

    @property
    def maintenant(self):
        return self.app.state.contexte.horloge.maintenant()


@contextmanager
def hachage_rapide() -> Iterator[None]:
    """Hashing is made quick: tests/unit/test_comptes.py tests the real one."""
    vrai, mots_de_passe._HACHEUR = mots_de_passe._HACHEUR, PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    mots_de_passe._leurre.cache_clear()
    yield
    mots_de_passe._HACHEUR = vrai
    mots_de_passe._leurre.cache_clear()


@pytest.fixture(scope="session")
def modele_espace(tmp_path_factory, modele_sqlite):
    """A database with the fictitious people, to copy."""
    chemin = tmp_path_factory.mktemp("modele-espace") / "contacts.db"
    shutil.copy(modele_sqlite, chemin)
    engine = ouvrir(f"sqlite:///{chemin}")
    with hachage_rapide(), Sessions(engine)() as s:
        installer_demo_comptes(s, lire_instant(DEPART))
    engine.dispose()
    return chemin


class Sites:
    """Workspaces kept open for the whole run, one for each set of settings: opening one costs more than most tests. Each test finds the
    database, the clock and the limits as new."""

    def __init__(self, racine: Path, modele: Path):
        self.racine, self.modele, self.pile = racine, modele, ExitStack()
        self.ouverts: dict[str, Espace] = {}

    def donner(self, **reglages: Any) -> Espace:
        cle = repr(sorted(reglages.items()))
        if cle not in self.ouverts:
            self.ouverts[cle] = self._ouvrir(self.racine / str(len(self.ouverts)), reglages)
        espace = self.ouverts[cle]
        self._remettre(espace)
        return espace

    def _ouvrir(self, dossier: Path, reglages: dict[str, Any]) -> Espace:
        dossier.mkdir(parents=True)
        shutil.copy(self.modele, dossier / "contacts.db")
        choisis = Reglages(donnees=dossier, port_moteur=1, port_actions=1, **{"demo": True, "connexions_par_minute": 1000, **reglages})
        app = creer_app(choisis)
        self.pile.enter_context(TestClient(app))
        return Espace(app, app.state.contexte.sessions, choisis)

    def _remettre(self, espace: Espace) -> None:
        contexte = espace.app.state.contexte
        contexte.horloge, contexte.limites = Horloge.depuis(lire_instant(DEPART)), Limites()
        with closing(sqlite3.connect(self.modele)) as neuve, closing(sqlite3.connect(espace.reglages.donnees / "contacts.db")) as vecue:
            neuve.backup(vecue)


@pytest.fixture(scope="session")
def sites_espace(tmp_path_factory, modele_espace):
    sites = Sites(tmp_path_factory.mktemp("espaces"), modele_espace)
    yield sites
    sites.pile.close()


@pytest.fixture
def espace(sites_espace):
    """The workspace of a demonstration, on 14 September 2011 at 10:00. With other settings: `sites_espace.donner(demo=False)`."""
    with hachage_rapide():
        yield sites_espace.donner()
