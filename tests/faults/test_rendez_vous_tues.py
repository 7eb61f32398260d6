"""kill -9 in the middle of a booking: at named steps and at random moments, by every way in, on both engines.

A real front (and a real action server for the conversation) dies by SIGKILL, is born again on the same database, and the same message is sent again. Nothing acknowledged is lost, nothing is booked twice, the code is the same. TOURS=100: a hundred rounds of each (`make faults`).
"""
import os
import random
import threading
import time
from datetime import datetime, timedelta
from functools import partial
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import func, select, text

from bot.agenda.instants import local
from bot.contacts.tables import Contact, Entretien, Historique, Notification, Occupation
from tests.faults.rasa_de_poche import moteur as moteur_de_poche
from tests.faults.tuer import Mortel, Pepiniere
from tests.load.agenda import nommer
from tests.site.rdv_aide import PAGE, Lecteur
from tests.unit.agenda_aide import LUNDI, installer, ouvrir

TOURS = int(os.environ.get("TOURS", "3"))
# The three of the issue; then the other places where a process may fall.
ETAPES = ("avant_commit", "apres_commit", "avant_reponse", "au_hasard", "avant_ecriture", "apres_ecriture", "pendant_reponse")
AVANT = ("avant_ecriture", "apres_ecriture", "avant_commit")
HASARD = random.Random(2011)
CELLULES = 5  # an hour and a quarter of pause after it
# In `make test`, the API stands for both engines; in `make faults`, every way in meets both.
TOUS_LES_MOTEURS = pytest.mark.parametrize("moteur_base", ["sqlite", "postgresql"] if TOURS > 3 else ["sqlite"], indirect=True)


@pytest.fixture(scope="module")
def pepiniere():
    with Pepiniere() as p:
        yield p


@pytest.fixture
def guichet(base, tmp_path, pepiniere):
    """A front with rooms for everybody, on `base`; dead or alive, gone at the end."""
    monde = installer(base)
    with base() as s:
        for jour in range(5):
            ouvrir(s, monde, LUNDI + timedelta(jour), "9:00", "17:00", jusqu_au=LUNDI + timedelta(jour + 70))
    adresse = base.engine.url.render_as_string(hide_password=False)
    site = Mortel(pepiniere, "site", tmp_path / "site", CONSEIL_BASE=adresse, CONSEIL_DEMO=1, CONSEIL_CONVERSATIONS_PAR_MINUTE=100_000,
                  CONSEIL_NOW="2011-09-14T10:00", CONSEIL_NOW_ORIGINE=time.time(), CONSEIL_DELAI_MOTEUR=30)
    try:
        yield site.naitre()
    finally:
        site.finir()


def mourir(mortel, etape, envoyer, sql=r"INSERT INTO occupation\b"):
    """`envoyer()` while the process dies at `etape`; the answer when there was one all the same (a shot that came too late, or after the reply)."""
    if etape == "au_hasard":
        tir = threading.Timer(HASARD.uniform(0, 0.06), os.kill, (mortel.pid, 9))
        tir.start()
    else:
        mortel.pieger(etape, sql)
    try:
        reponse = envoyer()
    except httpx.TransportError:
        reponse = None
    if etape == "au_hasard":
        tir.join()
    assert mortel.mort() == 9, "il devait mourir de SIGKILL"
    assert not mortel.ordre.exists(), "le piège n'a pas servi"
    return reponse


def pris(base, operation):
    """The code of what is stored, with all that must have come in the same transaction; None when nothing is."""
    with base.lecture() as s:
        e = s.scalar(select(Entretien).where(Entretien.operation_id == operation))
        if e is None:
            return None
        assert s.scalar(select(func.count()).where(Occupation.porteur == "entretien", Occupation.porteur_id == str(e.id))) == CELLULES
        assert s.scalar(select(func.count()).where(Historique.objet == "entretien", Historique.objet_id == str(e.id))) == 1
        assert s.scalar(select(func.count()).where(Contact.id == e.contact_id)) == 1
        types = s.scalars(select(Notification.type).where(Notification.sujet == "entretien", Notification.sujet_id == e.id).order_by(Notification.type)).all()
        assert types == ["confirmation", "rappel"], "la confirmation, une fois"
        return e.code


def rien_de_trop(base, codes):
    """All that was acknowledged is there, once; nothing else; nothing overlaps; the file is whole."""
    with base.lecture() as s:
        assert sorted(s.scalars(select(Entretien.code))) == sorted(codes) and len(set(codes)) == len(codes)
        assert s.scalar(select(func.count()).select_from(Occupation).where(Occupation.porteur == "entretien")) == CELLULES * len(codes)
        if base.engine.dialect.name == "sqlite":
            assert s.scalar(text("PRAGMA integrity_check")) == "ok"


def tours():
    """(number, step) of each round."""
    return [(n, ETAPES[n % len(ETAPES)]) for n in range(TOURS)]


def qui(n):
    return {"nom": nommer("Exemple", n), "prenom": "Dominique", "telephone": f"0639{n:06d}", "courriel": f"exemple{n}@exemple.example"}


def un_tour_par_l_api(base, guichet, client, n, etape):
    """A booking, a death, a birth, the same booking again; the code."""
    creneau = client.get("/api/creneaux", params={"motif": "conseil_social"}).json()["creneaux"][0]["id"]
    operation = uuid4()
    demande = {"operation_id": str(operation), "creneau": creneau, **qui(n)}
    recu = mourir(guichet, etape, partial(client.post, "/api/entretiens", json=demande))
    stocke = pris(base, f"api-{operation.hex}")
    if etape != "au_hasard":
        assert (stocke is None) == (etape in AVANT) and recu is None
    guichet.naitre()
    encore = client.post("/api/entretiens", json=demande)
    assert encore.status_code == (200 if stocke else 201), encore.text
    code = encore.json()["code"]
    assert {code, *([stocke] if stocke else []), *([recu.json()["code"]] if recu is not None else [])} == {code}, "un code, le même"
    assert client.post("/api/entretiens", json=demande).json()["code"] == pris(base, f"api-{operation.hex}") == code
    return code


def test_par_l_api_la_demande_renvoyee_a_le_meme_code(base, guichet):
    with httpx.Client(base_url=guichet.adresse, timeout=60) as client:
        codes = [un_tour_par_l_api(base, guichet, client, n, etape) for n, etape in tours()]
    rien_de_trop(base, codes)


@pytest.mark.parametrize("moteur_base", ["sqlite"], indirect=True)
@pytest.mark.parametrize("faute", ["sans_operation", "sans_commit"])
def test_temoin_sans_la_garde_le_meme_tour_est_rouge(base, guichet, faute):
    """The operation's id taken away, or the commit: the round above sees it."""
    guichet.tuer()
    guichet.env["PIEGE_FAUTE"] = faute
    guichet.naitre()
    with httpx.Client(base_url=guichet.adresse, timeout=60) as client, pytest.raises(AssertionError):
        un_tour_par_l_api(base, guichet, client, 0, "apres_commit")


class LecteurReel(Lecteur):
    """The same person, at a real address."""

    def __init__(self, adresse):
        self.client, self.reponse, self._lue = httpx.Client(base_url=adresse, timeout=60, headers=PAGE, follow_redirects=True), None, None


@TOUS_LES_MOTEURS
def test_par_les_pages_le_formulaire_renvoye_mene_au_meme_rendez_vous(base, guichet):
    codes = []
    for n, etape in tours():
        lecteur = LecteurReel(guichet.adresse)
        premier = lecteur.client.get("/api/creneaux", params={"motif": "conseil_social"}).json()["creneaux"][0]
        quand = datetime.fromisoformat(premier["debut"])
        assert lecteur.va("/rendez-vous").statut == 200, (lecteur.reponse.text[:500], guichet.journal.read_text()[-2000:])
        lecteur.suit("Faire le point").suit("Antenne de Bordeaux")
        bouton = next(b for f in lecteur.page.formulaires for *_, b in f.boutons if f"{quand.day} septembre" in b or f"{quand:%d}".lstrip("0") in b)
        lecteur.presse(bouton).presse("Continuer", **qui(n))
        envoi = lecteur.preparer("Je confirme")
        avant = len(codes)
        mourir(guichet, etape, partial(lecteur.envoie, *envoi))
        with base.lecture() as s:
            stockes = s.scalars(select(Entretien.operation_id).order_by(Entretien.id)).all()[avant:]
        assert len(stockes) <= 1 and (etape == "au_hasard" or bool(stockes) == (etape not in AVANT))
        stocke = pris(base, stockes[0]) if stockes else None
        guichet.naitre()
        code = lecteur.envoie(*envoi).code
        assert stocke in (None, code), "un code, le même"
        assert lecteur.envoie(*envoi).code == code
        codes.append(code)
        lecteur.client.close()
    rien_de_trop(base, codes)


# ---- in the conversation: the front, or the action server ---------------------------------------------------------------------------------

ETIQUETTES = {"rdv": "prendre_rdv", "oui": "affirmer"}


@pytest.fixture
def conversation(guichet, pepiniere, tmp_path):
    """The action server beside the front, and between them what stands for the engine."""
    env = {n: v for n, v in guichet.env.items() if n.startswith("CONSEIL_")}
    jeton = "jeton-de-test"
    guichet.finir()
    guichet.env["CONSEIL_JETON_MOTEUR"] = jeton
    guichet.naitre()
    actions = Mortel(pepiniere, "actions", tmp_path / "actions", **{**env, "CONSEIL_JETON_MOTEUR": jeton})
    actions.naitre()
    with moteur_de_poche(int(guichet.env["CONSEIL_PORT_MOTEUR"]), actions.adresse, jeton, ETIQUETTES):
        try:
            yield guichet, actions
        finally:
            actions.finir()


class Assure:
    """Someone who chats, up to the summary."""

    def __init__(self, adresse):
        self.client = httpx.Client(base_url=adresse, timeout=60)
        self.client.post("/api/conversations").raise_for_status()

    def envoie(self, **quoi):
        message = {"message_id": str(uuid4()), **quoi}
        return message, self._poster(message)

    def _poster(self, message):
        reponse = self.client.post("/api/messages", json=message)
        assert reponse.status_code == 200, reponse.text
        return reponse.json()["messages"]

    def jusqu_au_recapitulatif(self, quand, n):
        _, dits = self.envoie(text=f"rdv, à Bordeaux le {quand:%d/%m/%Y} à {quand.hour} h {quand.minute:02d}")
        if not dits[-1].get("form"):
            _, dits = self.envoie(choice=next(c["id"] for c in dits[-1]["choices"] if f"{quand.hour}\u00a0h" in c["label"] or "Oui" in c["label"]))
        _, dits = self.envoie(form={"id": dits[-1]["form"]["id"], "values": {k: v for k, v in qui(n).items()}})
        assert dits[-1]["kind"] == "recap", dits
        return dits[-1]


def code_de(messages):
    return next((m["data"]["code"] for m in messages if m["kind"] == "confirmation" and "code" in (m.get("data") or {})), None)


@TOUS_LES_MOTEURS
@pytest.mark.parametrize("mort", ["actions", "site"])
def test_dans_la_conversation_le_oui_renvoye_redit_le_meme_code(base, conversation, mort):
    site, actions = conversation
    victime = {"site": site, "actions": actions}[mort]
    sql = {"site": r"UPDATE echange SET enveloppe", "actions": r"INSERT INTO occupation\b"}[mort]
    codes = []
    for n, etape in tours():
        assure = Assure(site.adresse)
        premier = assure.client.get("/api/creneaux", params={"motif": "conseil_social"}).json()["creneaux"][0]
        recap = assure.jusqu_au_recapitulatif(local(datetime.fromisoformat(premier["debut"]), premier["fuseau"]), n)
        bouton = {"choice": next(c["id"] for c in recap["choices"] if c["label"].startswith("Oui"))}
        oui = {"message_id": str(uuid4()), **({"text": "oui"} if n % 2 else bouton)}
        recu = mourir(victime, etape, partial(assure.client.post, "/api/messages", json=oui), sql)
        with base.lecture() as s:
            stockes = s.scalars(select(Entretien.code).order_by(Entretien.id)).all()[len(codes):]
        assert len(stockes) <= 1
        dit = code_de(recu.json()["messages"]) if recu is not None and recu.status_code == 200 else None
        assert dit is None or [dit] == stockes, "rien n'est annoncé qui ne soit pris"
        if mort == "site":  # a turn that died with its process may be taken again after a minute
            site.env["CONSEIL_NOW_ORIGINE"] = str(float(site.env["CONSEIL_NOW_ORIGINE"]) - 61)
        victime.naitre()
        # the answer of a turn whose action server died is stored, and it is an excuse: the person says « oui » again, in a new message
        if recu is not None:
            oui = {**oui, "message_id": str(uuid4())}
        code = code_de(assure._poster(oui))
        assert code is not None and stockes in ([], [code]), "un code, le même"
        assert code_de(assure._poster(oui)) == code
        codes.append(code)
        assure.client.close()
    rien_de_trop(base, codes)
