"""The shipped production layout, whole and real: two fronts, two engines, actions and worker under nginx, PostgreSQL and Redis."""
import os
import shutil
import threading
import time
from collections import Counter
from pathlib import Path
from uuid import uuid4

import httpx
import psycopg
import pytest
import redis

from tests.marche import attendre, lisible
from tests.production.pile import Pile, nginx
from tests.redis import serveur_redis  # noqa: F401  (fixture)

pytestmark = pytest.mark.moteur
QUESTIONS = ("plafond ca auto entrepreneur ?", "quand dois-je payer mes cotisations ?", "bonjour", "j'ai perdu ma carte vitale")


@pytest.fixture(scope="module")
def pile(tmp_path_factory, serveur_postgres, serveur_redis):  # noqa: F811
    """The whole layout, running. Skips without nginx, fails when CI=true."""
    if not (shutil.which("nginx") or Path(nginx()).exists()):
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("nginx est absent : installez le paquet « nginx-light »")
    pile = Pile(tmp_path_factory.mktemp("production"), serveur_postgres, serveur_redis)
    try:
        pile.tout_lancer()
        yield pile
    finally:
        pile.arreter()


class Assure:
    """Someone who talks through nginx, and remembers what was answered."""

    def __init__(self, pile: Pile):
        self.client = pile.client()
        self.ouverture = self.client.post("/api/conversations")
        assert self.ouverture.status_code == 201, self.ouverture.text
        self.recus: list[httpx.Response] = []

    def dit(self, texte: str) -> dict:
        self.recus.append(self.client.post("/api/messages", json={"message_id": str(uuid4()), "text": texte}))
        return self.recus[-1].json()


def test_une_question_traverse_tout_et_revient_comprise(pile):
    reponse = Assure(pile).dit("plafond ca auto entrepreneur ?")
    assert reponse["messages"][0]["topic"] == "auto_entrepreneur/seuils_ca"
    assert not (reponse["messages"][0]["data"] or {}).get("reduit")


def test_nginx_chiffre_borne_et_cache_ce_qui_nest_pas_public(pile):
    with pile.client() as client:
        page = client.get("/")
        assert page.status_code == 200 and "max-age=31536000" in page.headers["strict-transport-security"]
        assert page.headers["content-security-policy"].startswith("default-src 'none'")
        assert page.headers["server"] == "nginx" and page.headers["x-content-type-options"] == "nosniff"
        assert [client.get(chemin).status_code for chemin in ("/readyz", "/metrics")] == [404, 404]
        cookie = client.post("/api/conversations").headers["set-cookie"]
        assert "Secure" in cookie and "HttpOnly" in cookie
    clair = httpx.get(f"http://127.0.0.1:{pile.ports['80']}/faq?q=a", trust_env=False)
    assert clair.status_code == 301 and clair.headers["location"].startswith("https://") and clair.headers["location"].endswith("/faq?q=a")


@pytest.mark.parametrize("octets", [9_000, 5_000_000])
def test_un_corps_demesure_est_refuse_en_francais(pile, octets):
    with pile.client() as client:
        refus = client.post("/api/messages", content=b"a" * octets, headers={"content-type": "application/json"})
    assert refus.status_code == 413 and refus.json()["error"]["code"] == "CORPS_TROP_GRAND"


def test_les_deux_sites_comptent_ensemble_et_croient_nginx_seul(pile):
    """60 openings a minute and address, whichever front is asked; an address that a visitor makes up changes nothing."""
    with httpx.Client(trust_env=False, timeout=30) as client:
        codes = Counter(client.post(f"http://127.0.0.1:{pile.ports[site]}/api/conversations",
                                    headers={"x-forwarded-for": "192.0.2.77"}).status_code for _ in range(35) for site in ("8000", "8001"))
    assert codes == {201: 60, 429: 10}
    with pile.client() as client:
        client.post("/api/conversations", headers={"x-forwarded-for": "192.0.2.99", "forwarded": "for=192.0.2.99"})
    comptees = [cle.decode() for cle in redis.Redis.from_url(pile.redis).scan_iter("conseil*")]
    assert any("192.0.2.77" in c for c in comptees) and not any("192.0.2.99" in c for c in comptees)


def test_le_suivi_est_dans_sa_base_sans_texte_et_son_compte_nouvre_pas_les_contacts(pile):
    Assure(pile).dit("zyxwvu plafond ca auto entrepreneur ?")
    with psycopg.connect(pile.suivi) as base:
        lignes = base.execute("SELECT type_name, data FROM events").fetchall()
    assert {"user", "bot"} <= {genre for genre, _ in lignes} and not any("zyxwvu" in donnees for _, donnees in lignes)
    contacts = pile.contacts.replace("postgresql+psycopg", "postgresql").replace("conseil@", "conseil_suivi@")
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        psycopg.connect(contacts)


def test_le_moteur_necoute_que_cette_machine_et_nouvre_aucune_administration(pile):
    """H1 to H3: `ss` shows the loopback only, and Rasa's own API is not there."""
    ecoutes = [ligne.split()[1:4] for nom in ("tcp", "tcp6") for ligne in Path(f"/proc/net/{nom}").read_text().splitlines()[1:]]
    for port in ("5005", "5006", "5055", "8000", "8001"):
        adresses = {locale.split(":")[0] for locale, _, etat in ecoutes if etat == "0A" and locale.endswith(f":{pile.ports[port]:04X}")}
        assert adresses == {"0100007F"}, port
    for chemin in ("/status", "/model", "/domain", "/version", "/conversations/x/tracker", "/webhooks/rest/webhook"):
        reponse = httpx.get(f"http://127.0.0.1:{pile.ports['5005']}{chemin}", trust_env=False)
        assert reponse.status_code == 404, chemin
    assert httpx.post(f"http://127.0.0.1:{pile.ports['5005']}/webhooks/front/message", json={}, trust_env=False).status_code == 403


def test_les_verrous_des_moteurs_sont_dans_redis(pile):
    serveur = redis.Redis.from_url(pile.redis)
    serveur.config_resetstat()
    Assure(pile).dit("bonjour")
    assert serveur.info("commandstats")["cmdstat_set"]["calls"] >= 1


def test_le_journal_de_nginx_ne_garde_ni_adresse_entiere_ni_question(pile):
    with pile.client() as client:
        client.get("/faq", params={"q": "zyxwvu"})
    attendre(lambda: '"chemin":"/faq"' in (pile.dossier / "conseil.log").read_text(), 30, "la visite au journal")  # written after the answer has left
    journal = (pile.dossier / "conseil.log").read_text()
    assert "zyxwvu" not in journal and "127.0.0.1" not in journal and "127.0.0.0" in journal


def test_tout_se_relance_un_par_un_sans_quun_message_se_perde(pile):
    """Three people talk on while engines, then fronts, are replaced one at a time: every message has its answer at the first try, from
    an engine, and each stands once in the conversation."""
    gens, fin, pannes = [Assure(pile) for _ in range(3)], threading.Event(), []

    def parler(assure: Assure, rang: int) -> None:
        tour = rang
        try:
            while not fin.wait(0.6):
                assure.dit(QUESTIONS[tour % len(QUESTIONS)])
                tour += 1
        except Exception as e:
            pannes.append(repr(e))

    fils = [threading.Thread(target=parler, args=(assure, rang)) for rang, assure in enumerate(gens)]
    for fil in fils:
        fil.start()
    try:
        for moteur in ("5005", "5006"):
            pile.relancer("conseil-moteur@.service", moteur, "/webhooks/front/")
            time.sleep(1.2)  # as long as the fronts take to see that it is back: relancer.sh waits as much
        for site in ("8000", "8001"):
            pile.relancer("conseil-site@.service", site, "/healthz")
    finally:
        fin.set()
        for fil in fils:
            fil.join(60)
    assert pannes == []
    recus = [r for a in gens for r in a.recus]
    assert Counter(r.status_code for r in recus) == {200: len(recus)} and len(recus) > 10
    reduites = [r for r in recus if any((m["data"] or {}).get("reduit") for m in r.json()["messages"])]
    assert not reduites, f"{len(reduites)} réponses sans moteur sur {len(recus)}"
    for assure in gens:
        relus = [m["text"] for m in assure.client.get("/api/messages").json()["messages"] if m["author"] == "assure"]
        assert len(relus) == len(assure.recus)


def test_sites_arretes_la_page_de_panne_est_en_francais(pile):
    """Last of the file: nothing is left after it."""
    for site in ("8000", "8001"):
        pile.vivants[f"conseil-site@.service{site}"].terminate()
        pile.vivants[f"conseil-site@.service{site}"].wait(30)
    with pile.client() as client:
        page, api = client.get("/"), client.post("/api/conversations")
    assert page.status_code == 502 and "Le service est momentanément indisponible" in lisible(page.text) and page.headers["retry-after"] == "30"
    assert api.status_code == 503 and api.json()["error"]["code"] == "SITE_ABSENT"
