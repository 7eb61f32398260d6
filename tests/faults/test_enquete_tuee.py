"""kill -9 in the middle of answering the survey, through the real front: no answer given is lost, none counts twice. TOURS=100: `make faults`."""
import random
import re
import time

import httpx
import pytest
from sqlalchemy import func, select

from bot.contacts.tables import InvitationEnquete, Participation, Reponse
from bot.enquete import jetons, resultats
from tests.fabrique_enquete import SECRET, ouverte
from tests.faults.test_rendez_vous_tues import ETAPES, TOURS, TOUS_LES_MOTEURS, mourir, pepiniere  # noqa: F401  (fixture)
from tests.faults.tuer import Mortel

pytestmark = TOUS_LES_MOTEURS
AVANT = ("avant_ecriture", "apres_ecriture", "avant_commit")
Q1 = ("tres", "plutot", "plutot_pas", "pas", "nsp")
ECRIT = r"INSERT INTO reponse\b"
HASARD = random.Random(1211)


@pytest.fixture
def enquete(base, tmp_path, pepiniere):  # noqa: F811
    """A front on an open wave, and the code of one person for each round."""
    with base() as s:
        vague, codes = ouverte(s, TOURS)
        numero, codes = vague.id, [jetons.presenter(c) for c in codes]
    site = Mortel(pepiniere, "site", tmp_path / "site", CONSEIL_BASE=base.engine.url.render_as_string(hide_password=False), CONSEIL_DEMO=1,
                  CONSEIL_CLE=SECRET, CONSEIL_NOW="2011-09-14T10:00", CONSEIL_NOW_ORIGINE=time.time())
    try:
        yield site.naitre(), codes, numero
    finally:
        site.finir()


def envoyer(site, code, item, **champs) -> httpx.Response:
    """One page of the survey, as a browser without JavaScript sends it."""
    return httpx.post(f"{site.adresse}/enquete/{code}/{item}", data={"acte": "continuer", **champs}, headers={"accept": "text/html"}, timeout=60)


def donnees(base) -> dict[str, list[str]]:
    """What is stored of the one person who has answers and is not done; codes by item."""
    with base.lecture() as s:
        lues: dict[str, list[str]] = {}
        for item, c in s.execute(select(Reponse.item, Reponse.code).join(Participation, Participation.pseudonyme == Reponse.pseudonyme)
                                 .where(Participation.etat != "complete").order_by(Reponse.item, Reponse.code)):
            lues.setdefault(item, []).append(c)
        return lues


def test_tue_au_milieu_rien_nest_perdu_ni_compte_deux_fois(base, enquete):
    site, codes, vague = enquete
    attendus = dict.fromkeys(Q1, 0)
    for n, code in enumerate(codes):
        etape, dernier = ETAPES[n % len(ETAPES)], HASARD.choice(Q1)
        # given and acknowledged before the blow: an answer, and a list of several
        assert envoyer(site, code, "Q2", reponse="tout_a_fait").status_code == 303 and envoyer(site, code, "Q5", reponse=["D1", "D3"]).status_code == 303
        avant = donnees(base)
        assert {i: len(c) for i, c in avant.items()} == {"Q2": 1, "Q5": 2}, avant
        recu = mourir(site, etape, lambda code=code, dernier=dernier: envoyer(site, code, "Q1", reponse=dernier), ECRIT)
        stocke = donnees(base)
        assert {i: c for i, c in stocke.items() if i != "Q1"} == avant, "ce qui était donné l'est encore"
        assert stocke.get("Q1") in (None, [dernier])
        if etape != "au_hasard":
            assert (stocke.get("Q1") is None) == (etape in AVANT)
        if recu is not None and recu.status_code == 303:
            assert stocke["Q1"] == [dernier], "une réponse accusée est gardée"
        site.naitre()
        assert envoyer(site, code, "Q1", reponse=dernier).status_code == 303  # the browser sends the page again
        assert donnees(base) == {**avant, "Q1": [dernier]}
        finir(site, code)
        attendus[dernier] += 1
    verifier(base, vague, attendus, len(codes))


def finir(site, code) -> None:
    """Pass every other question, to the end; the code serves no more."""
    page = {"headers": {"accept": "text/html"}, "timeout": 60}
    ou = re.search(rf'href="/enquete/{code}/([\w-]+)"', httpx.get(f"{site.adresse}/enquete/{code}", **page).text)[1]
    while ou != "fin":
        passee = httpx.post(f"{site.adresse}/enquete/{code}/{ou}", data={"reponse": ["D1", "D3"]} if ou == "Q5" else {"acte": "passer"}, **page)
        assert passee.status_code == 303, passee.text
        ou = passee.headers["location"].rsplit("/", 1)[1].split("?")[0]
    assert httpx.get(f"{site.adresse}/enquete/{code}", **page).status_code in (409, 410)


def verifier(base, vague, attendus, combien) -> None:
    """Everyone once, with the last answer she gave."""
    with base.lecture() as s:
        assert s.scalar(select(func.count()).select_from(Participation)) == combien
        assert s.scalar(select(func.count()).where(InvitationEnquete.etat == "complet")) == combien
        comptes = resultats.compter(s, [vague])[(vague, None)]
        assert {c: comptes["Q1"].get(c, 0) for c in Q1} == attendus
        assert comptes["Q5"] == {"D1": combien, "D3": combien}
