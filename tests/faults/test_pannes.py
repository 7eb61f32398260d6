"""Each part of the installation fails in turn, the others being real: the person is told something useful, at once, and all heals by itself.

A real front under uvicorn, a real action server, a real SQLite file; the engine is `mauvais_moteur` where the fault is its own. DELAI=2: the
seconds an answer may take (`make faults`); a busy machine is given more in `make test`.
"""
import os
import re
import resource
import shutil
import sqlite3
import time
from contextlib import closing, contextmanager
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event, select

from bot.contacts.base import Sessions, ouvrir
from bot.contacts.tables import Entretien
from bot.horloge import Horloge
from bot.reglages import Reglages
from bot.site.app import creer_app
from tests.faults.mauvais_moteur import HUMEURS, FauxServiteur, MauvaisMoteur, durer
from tests.faults.tuer import Mortel, Pepiniere
from tests.marche import attendre, lisible
from tests.unit import agenda_aide
from tests.unit.agenda_aide import LUNDI

DELAI = float(os.environ.get("DELAI", "8"))
TELEPHONE = "01 99 00 12 00"
JETON = "jeton-de-test"


class Pile:
    """A front, an action server, a database file, and what stands for the engine."""

    def __init__(self, pepiniere, dossier, modele):
        self.base = dossier / "contacts.db"
        shutil.copy(modele, self.base)
        commun = dict(CONSEIL_BASE=f"sqlite:///{self.base}", CONSEIL_DEMO=1, CONSEIL_NOW="2011-09-14T10:00", CONSEIL_NOW_ORIGINE=time.time(),
                      CONSEIL_JETON_MOTEUR=JETON, CONSEIL_MESSAGES_PAR_MINUTE=100_000, CONSEIL_CONVERSATIONS_PAR_MINUTE=100_000)
        self.site = Mortel(pepiniere, "site", dossier, **commun)
        ports = {n: self.site.env[n] for n in ("CONSEIL_PORT_ACTIONS", "CONSEIL_PORT_MOTEUR")}
        self.actions = Mortel(pepiniere, "actions", dossier, **{**commun, **ports})
        self.port_moteur, self.port_actions = (int(ports[n]) for n in ("CONSEIL_PORT_MOTEUR", "CONSEIL_PORT_ACTIONS"))
        self.moteur = MauvaisMoteur(self.port_moteur, f"http://127.0.0.1:{self.port_actions}", JETON)
        self.client = httpx.Client(base_url=self.site.adresse, timeout=60)

    def ouvre(self):
        """A person opens a conversation."""
        client = httpx.Client(base_url=self.site.adresse, timeout=60)
        client.post("/api/conversations").raise_for_status()
        return client


def dit(client, texte):
    return client.post("/api/messages", json={"message_id": str(uuid4()), "text": texte})


def lu(reponse):
    """What the person reads: the last message, or the refusal."""
    corps = reponse.json()
    return lisible(corps["messages"][0]["text"] if "messages" in corps else corps["error"]["message"])


def normal(client):
    """Whether the assistant answers as on a good day."""
    reponse = dit(client, "quel est le plafond ?")
    return reponse.status_code == 200 and "81 500" in lu(reponse)


def en_francais(texte):
    """A sentence for people: French, no code, no trace."""
    assert re.search(r"\b(votre|vous|je|le|la)\b", texte.lower()) and not re.search(r"Traceback|Error|Exception|sqlite|None|[{}<>]", texte), texte


@contextmanager
def a_temps(limite=None):
    """What the block does is over in time."""
    debut = time.monotonic()
    yield
    duree = time.monotonic() - debut
    print(f"    {duree:.2f} s")
    assert duree <= (limite or DELAI), f"{duree:.1f} s"


@pytest.fixture(scope="module")
def pile(modele_sqlite, tmp_path_factory):
    dossier = tmp_path_factory.mktemp("pannes")
    engine = ouvrir(f"sqlite:///{shutil.copy(modele_sqlite, dossier / 'modele.db')}")
    monde = agenda_aide.installer(Sessions(engine))
    with Sessions(engine)() as s:
        for jour in range(5):
            agenda_aide.ouvrir(s, monde, LUNDI + timedelta(jour), "9:00", "17:00", jusqu_au=LUNDI + timedelta(jour + 30))
    engine.dispose()
    with Pepiniere() as pepiniere:
        p = Pile(pepiniere, dossier, dossier / "modele.db")
        try:
            p.site.naitre()
            p.actions.naitre()
            with p.moteur:
                attendre(lambda: normal(p.ouvre()), 30, "la pile répond")
                yield p
        finally:
            p.site.finir()
            p.actions.finir()


@pytest.fixture
def assure(pile):
    """Someone who chats, on a stack in good health, and who finds it so again afterwards."""
    client = pile.ouvre()
    assert normal(client)
    yield client
    pile.moteur.humeur = "sain"
    attendre(lambda: normal(client) or normal(pile.ouvre()), 30, "tout va de nouveau bien, sans rien relancer")


# ---- the engine -----------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("humeur", HUMEURS)
def test_un_moteur_malade_donne_une_reponse_reduite(pile, assure, humeur):
    pile.moteur.humeur = humeur
    with a_temps():
        reponse = dit(assure, "quel est le plafond ?")
    assert reponse.status_code == 200
    en_francais(lu(reponse))
    message = reponse.json()["messages"][0]
    assert message["data"]["reduit"] and message["choices"], "les fiches trouvées par les mots"


def test_un_moteur_lent_ne_fait_pas_attendre_tout_le_monde(pile, assure):
    pile.moteur.humeur = "lent"
    for _ in range(3):
        with a_temps():
            dit(assure, "quel est le plafond ?")
    recus = pile.moteur.recus
    autres = [pile.ouvre() for _ in range(5)]
    for autre in autres:
        with a_temps(DELAI / 2):
            assert dit(autre, "quel est le plafond ?").json()["messages"][0]["data"]["reduit"]
    assert pile.moteur.recus <= recus + 1, "le fusible épargne le moteur aussi"
    pile.moteur.humeur = "sain"
    attendre(lambda: normal(assure), 20, "le fusible s'est refermé")


def test_une_urgence_passe_avant_tout(pile, assure):
    pile.moteur.humeur = "lent"
    with a_temps():
        assert "3114" in lu(dit(assure, "j'ai envie de mourir"))


def test_le_moteur_arrete_le_reste_du_site_va_bien(pile, assure):
    pile.moteur.__exit__()
    try:
        with a_temps():
            assert dit(assure, "quel est le plafond ?").json()["messages"][0]["data"]["reduit"]
        assert pile.client.get("/healthz").status_code == 200
        pas_pret = pile.client.get("/readyz")
        assert pas_pret.status_code == 503 and "moteur" in pas_pret.json()["error"]["message"] and pas_pret.headers["retry-after"]
        for page in ("/", "/faq", "/faq?q=plafond", "/faq/eirl/definition", "/rendez-vous", "/espace/connexion", "/rencontres"):
            assert pile.client.get(page, headers={"accept": "text/html"}).status_code == 200, page
        assert reserver(pile.client).status_code == 201, "la prise de rendez-vous ne dépend pas du moteur"
    finally:
        pile.moteur.fin.clear()
        pile.moteur.__enter__()


# ---- the actions ----------------------------------------------------------------------------------------------------------------------------


def reserver(client, operation=None):
    """Each operation is another person's."""
    operation = operation or str(uuid4())
    creneau = client.get("/api/creneaux", params={"motif": "conseil_social"}).json()["creneaux"][0]["id"]
    return client.post("/api/entretiens", json={"operation_id": operation, "creneau": creneau, "nom": "Exemple",
                                                 "courriel": f"e{operation[:8]}@exemple.example"})


def en_demarche(assure):
    """A booking under way: the assistant asks the next thing."""
    message = dit(assure, "je voudrais un rendez-vous").json()["messages"][-1]
    assert message["flow"] == "prendre_rdv" and not (message["data"] or {}).get("reduit"), message
    return message


@pytest.mark.parametrize("humeur", ["mortes", "lent", "http500", "charabia"])
def test_des_actions_malades_gardent_la_demarche(pile, assure, humeur):
    en_demarche(assure)
    pile.actions.tuer()
    serveur = FauxServiteur(pile.port_actions, humeur) if humeur != "mortes" else None
    try:
        if serveur:
            serveur.__enter__()
        with a_temps():
            reponse = dit(assure, "mardi matin")
        texte = lu(reponse)
        en_francais(texte)
        assert reponse.status_code == 200 and TELEPHONE in texte and "Prendre rendez-vous" in texte and "gardé" in texte
        with a_temps():
            assert "81 500" in lu(dit(pile.ouvre(), "quel est le plafond ?")), "les questions des autres passent"
    finally:
        if serveur:
            serveur.__exit__()
        pile.actions.naitre()
    attendre(lambda: not (dit(assure, "mardi matin").json()["messages"][0]["data"] or {}).get("reduit"), 20, "la démarche reprend")


# ---- the database ---------------------------------------------------------------------------------------------------------------------------


def panne_de_base(pile, assure):
    """What people are told while the database is away, everywhere it shows; nothing is confirmed."""
    with a_temps():
        reponse = dit(assure, "quel est le plafond ?")
    assert reponse.status_code == 503 and reponse.headers["retry-after"], reponse.text
    en_francais(lu(reponse))
    assert TELEPHONE in lu(reponse)
    with a_temps():
        assert "3114" in lu(dit(assure, "j'ai envie de mourir")), "les numéros d'urgence ne dépendent de rien"
    operation = str(uuid4())
    with a_temps(DELAI * 2):  # two requests: the free slots are read, then one is asked for
        try:
            refusee = reserver(pile.client, operation)
        except KeyError:  # not even the free slots can be read
            refusee = None
    assert refusee is None or (refusee.status_code == 503 and "code" not in refusee.json()), refusee.text
    with a_temps():
        page = pile.client.post("/rendez-vous/code", data={"code": "ABCD-EFGH", "nom": "Exemple"}, headers={"accept": "text/html"})
    assert page.status_code in (200, 503, 422, 404) and "Traceback" not in page.text
    assert pile.client.get("/healthz").status_code == 200
    return operation


def prises(pile, operation):
    engine = ouvrir(f"sqlite:///{pile.base}")
    try:
        with Sessions(engine).lecture() as s:
            return s.scalars(select(Entretien.code).where(Entretien.operation_id == f"api-{operation.replace('-', '')}")).all()
    finally:
        engine.dispose()


def test_la_base_verrouillee_par_un_autre(pile, assure):
    with closing(sqlite3.connect(pile.base, isolation_level=None, timeout=10)) as autre:
        autre.execute("BEGIN IMMEDIATE")
        operation = panne_de_base(pile, assure)
        autre.execute("ROLLBACK")
    attendre(lambda: normal(assure), 20, "le verrou parti, tout va bien")
    assert prises(pile, operation) == []


def test_la_base_partie_puis_revenue(pile, assure):
    ailleurs = pile.base.with_name("ailleurs")
    ailleurs.mkdir()
    for fichier in pile.base.parent.glob("contacts.db*"):
        fichier.rename(ailleurs / fichier.name)
    try:
        operation = panne_de_base(pile, assure)
        assert not pile.base.exists(), "aucune base vide n'a pris sa place"
    finally:
        for fichier in ailleurs.iterdir():
            fichier.replace(pile.base.parent / fichier.name)
        ailleurs.rmdir()
    attendre(lambda: normal(assure), 20, "la base revenue, tout va bien")
    assert prises(pile, operation) == []


def test_le_disque_plein(pile, assure):
    """No file of the front may grow any more: what the kernel refuses, SQLite refuses."""
    with closing(sqlite3.connect(pile.base, isolation_level=None)) as c:
        c.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    avant = resource.prlimit(pile.site.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pile.site.pid, resource.RLIMIT_FSIZE, (4096, avant[1]))
    try:
        operation = panne_de_base(pile, assure)
    finally:
        resource.prlimit(pile.site.pid, resource.RLIMIT_FSIZE, avant)
    attendre(lambda: normal(assure), 20, "la place revenue, tout va bien")
    assert prises(pile, operation) == []
    encore = reserver(pile.client, operation)
    assert encore.status_code == 201 and prises(pile, operation) == [encore.json()["code"]], "la demande refusée peut être refaite telle quelle"
    with closing(sqlite3.connect(pile.base)) as c:
        assert c.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@contextmanager
def dans_ce_processus(tmp_path, modele_sqlite, pragma):
    """The front in this process, so that its own connections may be told something: `pragma()` at each use of one."""
    shutil.copy(modele_sqlite, tmp_path / "contacts.db")
    app = creer_app(Reglages(donnees=tmp_path, demo=True, port_moteur=1, port_actions=1, messages_par_minute=1000))
    with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        client.post("/api/conversations").raise_for_status()
        event.listen(app.state.contexte.sessions.engine, "checkout", lambda dbapi, *_: pragma(dbapi))
        yield app, client


@pytest.mark.parametrize(("mauvais", "bon"), [("query_only=ON", "query_only=OFF"), ("max_page_count=1", "max_page_count=1073741823")],
                         ids=["lecture seule", "plus une page"])
def test_la_base_qui_ne_prend_plus_rien(tmp_path, modele_sqlite, monkeypatch, mauvais, bon):
    monkeypatch.setenv("CONSEIL_NOW", "2011-09-14T10:00")
    etat = {"pragma": bon}
    with dans_ce_processus(tmp_path, modele_sqlite, lambda dbapi: dbapi.execute(f"PRAGMA {etat['pragma']}")) as (_, client):
        assert dit(client, "quel est le plafond ?").status_code == 200
        etat["pragma"] = mauvais
        for _ in range(40):  # until no page is left
            reponse = dit(client, f"quel est le plafond {'x' * 400} ?")
            if reponse.status_code != 200:
                break
        assert reponse.status_code == 503 and TELEPHONE in lu(reponse) and reponse.headers["retry-after"]
        assert client.get("/faq/eirl/definition").status_code == 200
        etat["pragma"] = bon
        assert dit(client, "quel est le plafond ?").status_code == 200


# ---- the clock ------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("saut", [timedelta(hours=-2), timedelta(seconds=-90), timedelta(minutes=20)], ids=["recule de deux heures", "recule", "avance"])
def test_l_horloge_saute_la_conversation_continue(tmp_path, modele_sqlite, monkeypatch, saut):
    monkeypatch.setenv("CONSEIL_NOW", "2011-09-14T10:00")
    with dans_ce_processus(tmp_path, modele_sqlite, lambda _: None) as (app, client):
        dialogue = app.state.contexte.dialogue
        dialogue.reglages.messages_par_minute = 5
        for _ in range(5):
            assert dit(client, "quel est le plafond ?").status_code == 200
        vrai = dialogue._sortir
        monkeypatch.setattr(dialogue, "_sortir", lambda *_: time.sleep(0) or (_ for _ in ()).throw(RuntimeError("mort")))
        monkeypatch.setattr(dialogue, "_abandonner", lambda *_: _rien())
        perdu = {"message_id": str(uuid4()), "text": "un tour perdu"}
        dialogue.reglages.messages_par_minute = 6
        assert client.post("/api/messages", json=perdu).status_code == 500
        monkeypatch.setattr(dialogue, "_sortir", vrai)
        dialogue.horloge = Horloge(dialogue.horloge.decalage + saut)
        assert dit(client, "quel est le plafond ?").status_code == 200, "ni « trop de messages », ni « je réponds encore »"
        assert client.post("/api/messages", json=perdu).status_code == 200


async def _rien():
    return None


# ---- all of them, measured ------------------------------------------------------------------------------------------------------------------


def test_sous_une_panne_le_site_repond_encore_vite(pile, assure):
    """What people do meanwhile does not wait behind what fails."""
    pile.moteur.humeur = "lent"
    (page, duree) = durer(lambda: pile.client.get("/faq/eirl/definition"))
    assert page.status_code == 200 and duree < DELAI
