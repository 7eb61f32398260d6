"""For the tests of the booking pages: `guichet`, a front on a small fictitious caisse at work, and `Lecteur`, a person with a browser that only reads
HTML: she follows links by their words, fills fields by their names, presses buttons by their words."""
import re
import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any, Iterator, Optional

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from bot.contacts.base import Sessions
from bot.contacts.base import ouvrir as ouvrir_base
from bot.contacts.cle import cle_installation
from bot.contacts.schema import migrer
from bot.horloge import Horloge
from bot.reglages import Reglages
from bot.site.app import creer_app
from bot.site.limites import Limites
from tests.unit.agenda_aide import LUNDI, MAINTENANT, Monde, installer, ouvrir

PAGE = {"accept": "text/html"}
QUI = {"nom": "Exemple", "prenom": "Dominique", "telephone": "06 39 98 00 01", "courriel": "exemple@exemple.example"}


@dataclass
class Formulaire:
    action: str
    methode: str
    champs: dict[str, str] = field(default_factory=dict)
    boutons: list[tuple[str, str, str]] = field(default_factory=list)


class Lue(HTMLParser):
    """A page as a person meets it: its text, its links, its forms."""

    def __init__(self, html: str):
        super().__init__()
        self.morceaux: list[str] = []
        self.liens: list[tuple[str, str]] = []
        self.formulaires: list[Formulaire] = []
        self._lien: Optional[str] = None
        self._bouton: Optional[tuple[str, str]] = None
        self._debut, self._liste, self._style = 0, "", False
        self._ouvert: Optional[Formulaire] = None
        self.feed(html)
        self.texte = re.sub(r"\s+", " ", re.sub("[\u00a0\u202f]", " ", "".join(self.morceaux)))

    def handle_starttag(self, nom: str, attributs: Any) -> None:
        a = dict(attributs)
        if nom == "form":
            self._ouvert = Formulaire(a["action"], a.get("method", "get"))
            self.formulaires.append(self._ouvert)
        elif nom == "a":
            self._lien, self._debut = a.get("href"), len(self.morceaux)
        elif nom == "button":
            self._bouton, self._debut = (a.get("name", ""), a.get("value", "")), len(self.morceaux)
        elif nom == "input" and self._ouvert and a.get("name"):
            if a.get("type") not in ("checkbox", "radio") or "checked" in a:
                self._ouvert.champs[a["name"]] = a.get("value", "")
        elif nom == "select" and self._ouvert:
            self._liste = a["name"]
            self._ouvert.champs.setdefault(self._liste, "")
        elif nom == "option" and self._ouvert and "selected" in a:
            self._ouvert.champs[self._liste] = a["value"]
        self.morceaux.append(" " if nom not in ("span", "a", "strong") else "")

    def _dits(self) -> str:
        return re.sub(r"\s+", " ", re.sub("[\u00a0\u202f]", " ", "".join(self.morceaux[self._debut:]))).strip()

    def handle_endtag(self, nom: str) -> None:
        if nom == "a" and self._lien is not None:
            self.liens.append((self._dits(), self._lien))
            self._lien = None
        elif nom == "button" and self._bouton is not None:
            if self._ouvert:
                self._ouvert.boutons.append((*self._bouton, self._dits()))
            self._bouton = None
        elif nom == "form":
            self._ouvert = None

    def handle_data(self, texte: str) -> None:
        self.morceaux.append(texte)


class Lecteur:
    """A person and her browser."""

    def __init__(self, app: FastAPI, portail: Any = None):
        self.client = TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False, headers=PAGE)
        self.client.portal = portail  # one event loop for everybody, as in the real server
        self.reponse: Any = None
        self._lue: Optional[tuple[Any, Lue]] = None

    def va(self, adresse: str) -> "Lecteur":
        self.reponse = self.client.get(adresse)
        return self

    @property
    def page(self) -> Lue:
        if self._lue is None or self._lue[0] is not self.reponse:
            self._lue = (self.reponse, Lue(self.reponse.text))
        return self._lue[1]

    @property
    def texte(self) -> str:
        return self.page.texte

    @property
    def statut(self) -> int:
        return self.reponse.status_code

    @property
    def adresse(self) -> str:
        return self.reponse.url.path

    def suit(self, mots: str) -> "Lecteur":
        """Follow the first link that says this."""
        lien = next((h for texte, h in self.page.liens if mots in texte), None)
        assert lien is not None, f"pas de lien « {mots} » parmi {[t for t, _ in self.page.liens]}"
        return self.va(lien)

    def formulaire(self, bouton: str) -> tuple[Formulaire, tuple[str, str, str]]:
        for f in self.page.formulaires:
            for b in f.boutons:
                if bouton in b[2]:
                    return f, b
        raise AssertionError(f"pas de bouton « {bouton} » parmi {[b[2] for f in self.page.formulaires for b in f.boutons]} : {self.texte[:600]}")

    def preparer(self, bouton: str, **champs: str) -> tuple[str, str, dict[str, str]]:
        """(method, address, fields) of pressing a button, nothing sent yet."""
        f, (nom, valeur, _) = self.formulaire(bouton)
        inconnus = set(champs) - set(f.champs)
        assert not inconnus - {"plus_tot", "raison"}, f"champs absents de la page : {inconnus}"
        return f.methode, f.action, {**f.champs, **champs, **({nom: valeur} if nom else {})}

    def presse(self, bouton: str, **champs: str) -> "Lecteur":
        """Press a button, once some fields are filled."""
        return self.envoie(*self.preparer(bouton, **champs))

    def envoie(self, methode: str, adresse: str, champs: dict[str, str]) -> "Lecteur":
        self.reponse = self.client.post(adresse, data=champs, headers={"content-type": "application/x-www-form-urlencoded"}) if methode == "post" else self.client.get(adresse, params=champs)
        return self

    # -- ways through the pages

    def jusqu_au_creneau(self, heure: str = "Lundi 19 septembre 2011 à 9 h 00", sujet: str = "Faire le point", lieu: str = "Antenne de Bordeaux") -> "Lecteur":
        return self.va("/rendez-vous").suit(sujet).suit(lieu).presse(heure)

    def jusqu_au_recapitulatif(self, heure: str = "Lundi 19 septembre 2011 à 9 h 00", **qui: str) -> "Lecteur":
        return self.jusqu_au_creneau(heure).presse("Continuer", **{**QUI, **qui})

    def reserve(self, heure: str = "Lundi 19 septembre 2011 à 9 h 00", **qui: str) -> "Lecteur":
        return self.jusqu_au_recapitulatif(heure, **qui).presse("Je confirme")

    @property
    def code(self) -> str:
        trouve = re.search(r"Votre code ([A-Z2-9]{8})", self.texte)
        assert trouve, self.texte
        return trouve[1]


@dataclass
class Guichet:
    """The front, its database, its caisse; `avance` moves its clock."""

    app: FastAPI
    sessions: Sessions
    monde: Monde
    reglages: Reglages
    portail: Any = None

    def lecteur(self) -> Lecteur:
        return Lecteur(self.app, self.portail)

    def avance(self, **duree: float) -> None:
        contexte = self.app.state.contexte
        contexte.horloge = Horloge(contexte.horloge.decalage + timedelta(**duree))


@pytest.fixture(scope="session")
def facade(tmp_path_factory):
    """One application and its event loop for all these tests: making one costs half a second. Each test gives it its own database and clock."""
    dossier = tmp_path_factory.mktemp("facade")
    app = creer_app(Reglages(donnees=dossier, base=f"sqlite:///{dossier / 'vide.db'}", port_moteur=1, port_actions=1, demo=True))
    engine = app.state.contexte.sessions.engine
    migrer(engine)
    with TestClient(app) as client:
        yield app, client.portal


@contextmanager
def guichet_ouvert(facade: Any, sessions: Sessions, dossier: Any, monde: Optional[Monde] = None, **reglages: Any) -> Iterator[Guichet]:
    """The front on a database; without `monde`, its caisse gets motifs and counsellors, no opening."""
    app, portail = facade
    contexte, avant = app.state.contexte, vars(app.state.contexte).copy()
    adresse = sessions.engine.url.render_as_string(hide_password=False)
    les_reglages = Reglages(donnees=dossier, base=adresse, port_moteur=1, port_actions=1, demo=True, **reglages)
    contexte.sessions, contexte.reglages, contexte.limites = sessions, les_reglages, Limites()
    contexte.horloge = Horloge.depuis(MAINTENANT)
    app.state.cle = cle_installation(les_reglages)
    try:
        yield Guichet(app, sessions, monde or installer(sessions, les_reglages.caisse), les_reglages, portail)
    finally:
        vars(contexte).update(avant)


@pytest.fixture(scope="session")
def modele_guichet(tmp_path_factory, modele_sqlite):
    """A database file with the agenda of `guichet`, to copy."""
    chemin = tmp_path_factory.mktemp("guichet") / "contacts.db"
    shutil.copy(modele_sqlite, chemin)
    engine = ouvrir_base(f"sqlite:///{chemin}")
    monde = installer(Sessions(engine))
    with Sessions(engine)() as s:
        ouvrir(s, monde)
        ouvrir(s, monde, LUNDI + timedelta(1))
        ouvrir(s, monde, LUNDI + timedelta(3), "13:30", "16:30", codes=("conseil_social_telephone", "auto_entrepreneur"), antenne=None)
    engine.dispose()
    return chemin, monde


@pytest.fixture
def guichet(facade, tmp_path, modele_guichet):
    """Bordeaux receives on Monday and Tuesday morning; the telephone on Thursday afternoon."""
    modele, monde = modele_guichet
    shutil.copy(modele, tmp_path / "contacts.db")
    engine = ouvrir_base(f"sqlite:///{tmp_path / 'contacts.db'}")
    with guichet_ouvert(facade, Sessions(engine), tmp_path, monde) as g:
        yield g
    engine.dispose()
