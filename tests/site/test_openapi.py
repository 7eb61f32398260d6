"""The OpenAPI document against the running front, by schemathesis: every check, none left out, every phase. By hand, with as many examples as wanted:

    API=http://127.0.0.1:8000 SCHEMATHESIS_HOOKS=tests.site.api_acces schemathesis --config-file tests/site/schemathesis.toml run $API/openapi.json \\
        --checks all --max-examples 200 --phases examples,coverage,fuzzing,stateful --seed 1 --continue-on-failure

EXEMPLES=200 gives this test the reference's number (security.md S12); the front is then explored for minutes.
"""
import os
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.site.api_servie import api_servie
from tests.site.test_espace_droits import routes

RACINE = Path(__file__).resolve().parents[2]
EXEMPLES = os.environ.get("EXEMPLES", "3")


@pytest.fixture(scope="module")
def api(tmp_path_factory):
    with api_servie(tmp_path_factory.mktemp("api")) as adresse:
        yield adresse


def test_schemathesis_ne_trouve_aucun_ecart_entre_le_document_et_le_site(api, tmp_path):
    commande = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(RACINE / "tests/site/schemathesis.toml"), "run",
                f"{api}/openapi.json", "--checks", "all", "--max-examples", EXEMPLES, "--phases", "examples,coverage,fuzzing,stateful",
                "--seed", "1", "--continue-on-failure", "--no-color", "--workers", "2"]
    env = {**os.environ, "API": api, "SCHEMATHESIS_HOOKS": "tests.site.api_acces", "PYTHONPATH": str(RACINE)}
    fait = subprocess.run(commande, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=3_000)
    assert fait.returncode == 0, fait.stdout[-20_000:] + fait.stderr[-3_000:]
    assert re.search(r"Tested: (\d+)", fait.stdout)[1] == re.search(r"Selected: (\d+)", fait.stdout)[1]
    assert all(phase in fait.stdout for phase in ("Coverage", "Fuzzing", "Stateful")) and "exclu" not in fait.stdout.lower()


def test_chaque_route_du_document_dit_ses_refus_dans_le_format_du_contrat(api):
    document = httpx.get(f"{api}/openapi.json").json()
    for chemin, operations in document["paths"].items():
        for methode, operation in operations.items():
            refus = {c: r for c, r in operation["responses"].items() if int(c) >= 400}
            assert operation["summary"] and {"500", "503"} <= set(refus), (methode, chemin)
            assert "requestBody" not in operation or {"400", "403", "413", "422"} <= set(refus), (methode, chemin)
            for code, reponse in refus.items():
                assert "Erreur" in reponse["content"]["application/json"]["schema"]["$ref"], (methode, chemin, code)
    assert document["components"]["securitySchemes"]["conversation"] == {"type": "apiKey", "in": "cookie", "name": "conseil", "description": "posé par « Ouvrir une conversation »"}
    assert {m for m, o in document["paths"]["/api/messages"].items() if o.get("security") == [{"conversation": []}]} == {"get", "post"}


def test_chaque_route_de_l_api_est_dans_le_document(api, tmp_path):
    from bot.reglages import Reglages
    from bot.site.app import creer_app
    app = creer_app(Reglages(donnees=tmp_path, port_moteur=1, port_actions=1))
    chemins = set(httpx.get(f"{api}/openapi.json").json()["paths"])
    assert {r.path for r in routes(app) if getattr(r, "path", "").startswith("/api/")} <= chemins


@pytest.mark.parametrize("methode, chemin, permises", [
    ("PUT", "/api/messages", {"GET", "HEAD", "POST"}), ("GET", "/api/conversations", {"DELETE", "POST"}), ("DELETE", "/healthz", {"GET", "HEAD"}),
    ("PATCH", "/api/entretiens/ABCD2345/annulation", {"POST"}), ("OPTIONS", "/api/motifs", {"GET", "HEAD"})])
def test_une_methode_refusee_dit_lesquelles_sont_permises(api, methode, chemin, permises):
    reponse = httpx.request(methode, api + chemin)
    assert reponse.status_code == 405 and reponse.json()["error"]["code"] == "METHODE_REFUSEE"
    assert set(reponse.headers["allow"].split(", ")) == permises


@pytest.mark.parametrize("adresse", ["/api/rencontres?antenne=-8817422008298489849225150464", "/api/creneaux?motif=conseil_social&antenne=99999999999999999999",
                                     "/api/creneaux?motif=conseil_social&du=9999-12-31", "/api/creneaux?motif=conseil_social&au=0001-01-01"])
def test_un_nombre_ou_un_jour_demesure_ne_fait_pas_de_panne(api, adresse):
    assert httpx.get(api + adresse).status_code in (200, 422)


def test_une_panne_ne_dit_rien_de_ses_dedans(api, tmp_path):
    """S12: a sentence and a number to quote; no stack, no SQL, no path."""
    from fastapi.testclient import TestClient

    from bot.reglages import Reglages
    from bot.site.app import creer_app
    app = creer_app(Reglages(donnees=tmp_path, port_moteur=1, port_actions=1))

    @app.get("/api/panne")
    def panne():
        raise RuntimeError("SELECT secret FROM table; /root/chemin/secret.py")
    with TestClient(app, raise_server_exceptions=False) as client:
        reponse = client.get("/api/panne")
    assert reponse.status_code == 500 and reponse.json()["error"]["code"] == "PANNE" and re.fullmatch("[0-9a-f]{8}", reponse.json()["error"]["incident"])
    assert not re.search(r"secret|SELECT|Traceback|\.py|RuntimeError", reponse.text)
