"""The rows of security.md §1b that no other file holds whole: S1 conversations change hands, S5 writes from elsewhere, S11 headers on every route,
S13 guessing codes."""
import os
import random
import re
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from bot.agenda import identification
from bot.contacts.tables import AccesRdv, Conversation, Entretien, Historique
from tests.site.espace import hachage_rapide
from tests.site.rdv_aide import QUI, facade, guichet, modele_guichet  # noqa: F401  (fixtures)
from tests.site.test_espace_droits import routes
from tests.unit.agenda_aide import LUNDI, MAINTENANT, a, quelqu_un, reserver


def adresse(route) -> str:
    return re.sub(r"{[^}]+}", "1", route.path)


def methodes_ecrites(app):
    """Every non-GET route, at any depth."""
    return [(r, m) for r in routes(app) for m in sorted(getattr(r, "methods", None) or ()) if m not in ("GET", "HEAD", "OPTIONS")]


# -- S1: who speaks is made by the server, and changes with who is there --------------------------------------------------------------------------------


@pytest.mark.parametrize("ajout", [{"sender": "autre"}, {"sender_id": "autre"}, {"metadata": {"role": "conseiller"}}, {"input_channel": "cmdline"},
                                   {"conversation_id": "0" * 32}, {"message": "bonjour"}])
def test_lexpediteur_ne_vient_jamais_du_visiteur(visiteur, ajout):
    reponse = visiteur.client.post("/api/messages", json={"message_id": str(uuid4()), "text": "bonjour", **ajout})
    assert (reponse.status_code, reponse.json()["error"]["code"]) == (422, "REQUETE_ILLISIBLE")


def test_deux_conversations_ont_des_numeros_de_128_bits_sans_suite(client, sessions):
    for _ in range(8):
        client.cookies.clear()
        client.post("/api/conversations")
    with sessions.lecture() as s:
        numeros = list(s.scalars(select(Conversation.id)))
    assert len(numeros) == 8 and all(re.fullmatch("[0-9a-f]{32}", n) for n in numeros)
    entiers = sorted(int(n, 16) for n in numeros)
    assert min(b - a for a, b in zip(entiers, entiers[1:])) > 2**64


def test_la_conversation_change_a_la_connexion_a_la_deconnexion_et_a_leffacement(espace):
    claire = espace.visiteur()
    claire.client.post("/api/conversations")
    vus = [claire.client.cookies["conseil"]]

    def suivante():
        assert "conseil" not in claire.client.cookies, "la conversation d'avant n'est plus là"
        assert claire.client.get("/api/messages", headers={"accept": "application/json"}).status_code == 401
        claire.client.post("/api/conversations")
        vus.append(claire.client.cookies["conseil"])
    claire.entrer("claire.fontaine")
    suivante()
    claire.post("/espace/deconnexion")
    suivante()
    claire.client.delete("/api/conversations")
    suivante()
    assert len(set(vus)) == 4
    with espace.sessions.lecture() as s:
        assert s.scalar(select(func.count()).select_from(Conversation)) <= 2, "celles d'avant sont oubliées"


# -- S5 ------------------------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("entetes", [{"origin": "https://malin.example"}, {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}])
def test_aucune_route_qui_ecrit_ne_repond_a_un_autre_site(client, entetes):
    vues = methodes_ecrites(client.app)
    assert len(vues) > 90
    for route, methode in vues:
        reponse = client.request(methode, adresse(route), headers={**entetes, "accept": "application/json"}, json={})
        assert (reponse.status_code, reponse.json()["error"]["code"]) == (403, "AUTRE_SITE"), route.path


def test_aucune_page_publique_necrit_quand_on_la_lit(guichet):  # noqa: F811
    """No GET has an effect (the workspace's: tests/site/test_audit_routes.py)."""
    lecteur = guichet.lecteur().reserve()

    def histoire():
        with guichet.sessions.lecture() as s:
            return s.scalar(select(func.count()).select_from(Historique))
    avant = histoire()
    for route in routes(guichet.app):
        if "GET" in (getattr(route, "methods", None) or ()) and not route.path.startswith("/espace"):
            lecteur.client.get(adresse(route))
            assert histoire() == avant, route.path


# -- S11 -----------------------------------------------------------------------------------------------------------------------------------------------

FIXES = {"x-content-type-options": "nosniff", "referrer-policy": "strict-origin-when-cross-origin", "cross-origin-opener-policy": "same-origin"}


def test_chaque_route_porte_les_entetes_de_securite(sites_espace, monkeypatch):
    """Every route and every way to fail: content policy closed by default, no inline, no frame, no sniffing, HSTS of a year, no store, no CORS."""
    with hachage_rapide():
        espace = sites_espace.donner(demo=False, cookies_surs=True)
    client = TestClient(espace.app, base_url="https://conseil.example", raise_server_exceptions=False, follow_redirects=False)
    demandes = [(m, adresse(r)) for r in routes(espace.app) for m in (getattr(r, "methods", None) or ()) if m not in ("HEAD", "OPTIONS")]
    demandes += [("GET", "/static/style.css"), ("GET", "/nulle-part"), ("PATCH", "/api/messages"), ("POST", "/api/messages"), ("OPTIONS", "/api/messages"),
                 ("GET", "/faq/../../etc/passwd"), ("HEAD", "/")]
    def verifier(ou, recus):
        csp = dict(part.strip().split(" ", 1) for part in recus["content-security-policy"].split(";"))
        assert csp["default-src"] == "'none'" and csp["base-uri"] == "'none'" and "frame-ancestors" in csp, ou
        assert "unsafe" not in recus["content-security-policy"] or "script-src" not in csp or "unsafe" not in csp["script-src"], ou
        assert {n: recus.get(n) for n in FIXES} == FIXES, ou
        assert int(re.search(r"max-age=(\d+)", recus["strict-transport-security"])[1]) >= 31_536_000, ou
        assert "access-control-allow-origin" not in recus and "server" not in recus and "x-powered-by" not in recus, ou
        if not ou.startswith(("/static", "/faq")):
            assert recus["cache-control"] == "no-store", ou
        assert csp["frame-ancestors"].startswith("'self'") if ou.startswith("/cadre") else csp["frame-ancestors"] == "'none'", ou
        for cookie in recus.get_list("set-cookie"):
            assert "secure" in cookie.lower() and "httponly" in cookie.lower() and "samesite" in cookie.lower(), ou

    for methode, ou in demandes:
        for accepte in ("text/html", "application/json"):
            verifier(ou, client.request(methode, ou, headers={"accept": accepte, "origin": "https://malin.example"} if methode == "GET" else {"accept": accepte}).headers)
    monkeypatch.setattr(espace.app.state.contexte, "moteur", None)  # a failure that nobody foresaw
    panne = client.get("/readyz")
    assert panne.status_code == 500 and panne.json()["error"]["code"] == "PANNE" and panne.headers["x-request-id"]
    verifier("/readyz", panne.headers)


# -- S13 ------------------------------------------------------------------------------------------------------------------------------------------------


def test_deviner_des_codes_ne_trouve_rien_et_s_arrete(guichet):  # noqa: F811
    """CODES=100000 tries them all; here a few. Codes are drawn as a thief would who knows their form, the name is known to him."""
    with guichet.sessions() as s:
        for n, heure in enumerate(("9:00", "10:15")):
            reserver(s, guichet.monde, a(LUNDI, heure), personne=quelqu_un(n + 1), operation=f"cible-{n}")
        vrais = set(s.scalars(select(Entretien.code)))
    alphabet, hasard, trouves = sorted({c for code in vrais for c in code} | set("ABCDEFGHJKMNPQRSTUVWXYZ23456789")), random.Random(1), 0
    for essai in range(int(os.environ.get("CODES", "300"))):
        with guichet.sessions() as s:
            tente = identification.identifier(s, code="".join(hasard.choices(alphabet, k=8)), nom="exe", visiteurs=[f"voleur-{essai}"], maintenant=MAINTENANT)
            trouves += tente.acces is not None
    assert trouves == 0
    client = guichet.lecteur().client
    statuts = [client.post(f"/api/entretiens/{''.join(hasard.choices(alphabet, k=8))}/consultation", json={"nom": "Exemple"}).status_code for _ in range(8)]
    assert statuts[:4] == [404] * 4 and set(statuts[5:]) == {429}, "au cinquième code faux, la pause"
    with guichet.sessions.lecture() as s:
        assert s.scalar(select(func.count()).select_from(AccesRdv)) == 0


def test_un_bon_code_avec_un_autre_nom_ressemble_a_un_code_inconnu(guichet):  # noqa: F811
    lecteur = guichet.lecteur().reserve()
    code = lecteur.code
    etranger = guichet.lecteur().client
    bons, faux = (etranger.post(f"/api/entretiens/{c}/consultation", json={"nom": n}) for c, n in ((code, "Autre"), ("ZZZZ2345", QUI["nom"])))
    sans_numero = [re.sub(r'"incident":"\w+"', "", r.text) for r in (bons, faux)]
    assert bons.status_code == faux.status_code == 404 and sans_numero[0] == sans_numero[1]
