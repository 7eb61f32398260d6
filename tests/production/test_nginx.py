"""nginx alone, with deploiement/nginx.conf: whichever front stops, the other answers at once, even right after having been away itself."""
import os
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.marche import attendre, ports_libres
from tests.postgres import _mourir_avec_les_tests
from tests.production.pile import certifier, code, configurer_nginx, nginx


def test_les_sites_se_relaient_sans_un_refus(tmp_path):
    if not (shutil.which("nginx") or Path(nginx()).exists()):
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("nginx est absent : installez le paquet « nginx-light »")
    ports = dict(zip(("8000", "8001", "80", "443"), ports_libres(4)))
    (tmp_path / "servi").mkdir()

    def lancer(site):
        processus = subprocess.Popen([sys.executable, "-m", "http.server", str(ports[site]), "--bind", "127.0.0.1", "-d", str(tmp_path / "servi")],
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=_mourir_avec_les_tests)
        attendre(lambda: code(f"http://127.0.0.1:{ports[site]}/") == 200, 60, f"site {site}")
        return processus
    sites = {site: lancer(site) for site in ("8000", "8001")}
    serveur = subprocess.Popen([nginx(), "-c", configurer_nginx(tmp_path, ports, certifier(tmp_path)), "-p", tmp_path], stderr=subprocess.DEVNULL,
                               preexec_fn=_mourir_avec_les_tests)
    try:
        attendre(lambda: code(f"http://127.0.0.1:{ports['80']}/"), 30, "nginx prêt")
        with httpx.Client(base_url=f"https://127.0.0.1:{ports['443']}", verify=False, trust_env=False, timeout=30) as client:
            vus = []
            for site in ("8000", "8001", "8000", "8001"):
                sites[site].terminate()
                sites[site].wait(30)
                vus += [client.get("/").status_code for _ in range(5)]
                sites[site] = lancer(site)
        assert vus == [200] * 20
    finally:
        for processus in (serveur, *sites.values()):
            processus.terminate()
            processus.wait(30)
