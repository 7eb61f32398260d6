"""The supervisor: restarts, back-off, stops without orphans, refusals before anything starts. Real processes."""
import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from bot.cli.processus import laisse
from bot.cli.superviseur import Delais, Journal, Processus, Recul, superviser
from tests.marche import CONSEIL, RACINE, Marche, attendre, conseil, environnement, lisible, ports_libres

VITE = Delais(recul=0.1, recul_max=0.4, sante=60, demarrage=20, silence=1, sonde=0.1, arret=0.5, avance=0)


# -- back-off ----------------------------------------------------------------------------------------------------------------------------


def test_lattente_double_a_chaque_mort_jusqua_trente_secondes():
    recul = Recul(Delais())
    assert [recul.apres(0.2) for _ in range(7)] == [1, 2, 4, 8, 16, 30, 30]


def test_une_minute_de_bonne_sante_ramene_lattente_a_une_seconde():
    recul = Recul(Delais())
    for _ in range(5):
        recul.apres(0.2)
    assert recul.apres(61) == 1
    assert recul.apres(0.2) == 2


def _superviser(processus, delais, journaux, jusqua):
    """Run the supervisor until `jusqua()`, then send it SIGINT, as Ctrl-C would."""
    async def tout():
        async def arreter():
            while not jusqua():
                await asyncio.sleep(0.02)
            os.kill(os.getpid(), signal.SIGINT)
        code, _ = await asyncio.wait_for(asyncio.gather(superviser(processus, journaux, delais), arreter()), 30)
        return code
    return asyncio.run(tout())


def _python(code, *arguments):
    return [sys.executable, "-c", code, *map(str, arguments)]


def _vivant(pid):
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_un_processus_qui_meurt_sans_cesse_est_relance_de_moins_en_moins_souvent(tmp_path):
    marques = tmp_path / "lancements"
    enfant = Processus("fragile", _python("import sys, time; open(sys.argv[1], 'a').write(f'{time.monotonic()}\\n'); sys.exit(3)", marques), os.environ)
    code = _superviser([enfant], VITE, tmp_path, lambda: marques.exists() and len(marques.read_text().split()) >= 5)
    instants = [float(x) for x in marques.read_text().split()]
    ecarts = [b - a for a, b in zip(instants, instants[1:])][:4]
    assert code == 0
    assert all(ecart >= attendu for ecart, attendu in zip(ecarts, (0.1, 0.2, 0.4, 0.4)))
    assert "code 3" in (tmp_path / "fragile.log").read_text()


def test_un_processus_qui_ignore_sigterm_est_tue_apres_le_delai(tmp_path):
    pret = tmp_path / "pid"
    code = ("import os, signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); open(sys.argv[1], 'w').write(str(os.getpid()))\n"
            "while True: time.sleep(1)")
    _superviser([Processus("sourd", _python(code, pret), os.environ)], VITE, tmp_path, lambda: pret.exists() and pret.read_text())
    assert not _vivant(int(pret.read_text()))


def test_ce_quun_enfant_a_lance_part_avec_lui(tmp_path):
    petit = tmp_path / "petit"
    code = ("import subprocess, sys; p = subprocess.Popen(['sleep', '600']); open(sys.argv[1], 'w').write(str(p.pid)); sys.exit(1)")
    _superviser([Processus("parent", _python(code, petit), os.environ)], Delais(recul=5, avance=0), tmp_path,
                lambda: petit.exists() and petit.read_text() and not _vivant(int(petit.read_text())))


def test_un_processus_fige_est_relance(tmp_path):
    """SIGSTOP: alive for the kernel, dead for whoever asks it something."""
    port = ports_libres(2)[0]
    serveur = Processus("fige", [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1", "--directory", str(tmp_path)], os.environ,
                        f"http://127.0.0.1:{port}/")
    journal, figes = tmp_path / "fige.log", []

    def relance():
        dit = journal.read_text() if journal.exists() else ""
        lances = re.findall(r"-- lancé, processus (\d+)", dit)
        if "-- prêt en" in dit and not figes:
            figes.append(int(lances[-1]))
            os.kill(figes[0], signal.SIGSTOP)
        return figes and len(lances) > 1

    _superviser([serveur], VITE, tmp_path, relance)
    assert not _vivant(figes[0])


def test_un_processus_indispensable_qui_ne_demarre_pas_arrete_tout(tmp_path, capsys):
    async def tout():
        casse = Processus("site", _python("raise RuntimeError('base illisible')"), os.environ, "http://127.0.0.1:9/", indispensable=True)
        return await asyncio.wait_for(superviser([casse], tmp_path, VITE), 30)
    assert asyncio.run(tout()) == 1
    assert "« site » ne démarre pas (code 1, RuntimeError: base illisible)" in lisible(capsys.readouterr().err)


def test_les_cinq_derniers_journaux_sont_gardes(tmp_path):
    for tour in range(7):
        journal = Journal(tmp_path / "x.log")
        journal.ecrire(f"tour {tour}")
        journal.fermer()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["x.log", "x.log.1", "x.log.2", "x.log.3", "x.log.4", "x.log.5"]
    assert "tour 6" in (tmp_path / "x.log").read_text()


@pytest.mark.parametrize("tenu", [True, False], ids=["en laisse", "sans laisse : témoin"])
def test_la_laisse_tue_lenfant_dun_parent_tue(tmp_path, tenu):
    code = ("import os, subprocess, sys; from bot.cli.processus import laisse\n"
            "p = subprocess.Popen(['sleep', '600'], preexec_fn=laisse() if sys.argv[1] == 'True' else None)\n"
            "print(p.pid, flush=True); os.kill(os.getpid(), 9)")
    with subprocess.Popen(_python(code, tenu), cwd=RACINE, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(RACINE)}) as parent:
        petit = int(parent.stdout.readline())
    try:
        if tenu:
            attendre(lambda: not _vivant(petit), 5, "la mort de l'enfant")
        else:
            assert _vivant(petit)
    finally:
        if _vivant(petit):
            os.kill(petit, signal.SIGKILL)


def test_la_laisse_nexiste_que_sous_linux(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    assert laisse() is None


# -- the site itself, without the engine --------------------------------------------------------------------------------------------------


@pytest.fixture
def marche(tmp_path):
    """Starts sites, and stops them whatever happens."""
    lancees = []

    def lancer(*options, **reglages):
        m = Marche(tmp_path / f"site{len(lancees)}", *options, **reglages)
        lancees.append(m)
        return m
    yield lancer
    for m in lancees:
        m.finir(signal.SIGKILL)


def test_chaque_processus_tue_est_relance_puis_tout_sarrete_par_ctrl_c(marche):
    site = marche("--demo", "--sans-moteur")
    site.attendre("Site prêt : " + site.adresse)
    attendre(lambda: (site.donnees / "journaux" / "ouvrier.log").exists() and "prêt en" in (site.donnees / "journaux" / "actions.log").read_text(),
             60, "les actions")
    premiers = {nom: site.pid(nom) for nom in ("site", "caisse", "actions", "ouvrier")}
    for pid in premiers.values():
        os.kill(pid, signal.SIGKILL)
    for nom in premiers:
        site.attendre(rf"{nom} +│ arrêté \(signal SIGKILL\)")
    for nom in ("site", "caisse", "actions"):
        site.attendre(rf"{nom} +│ de nouveau prêt")
    attendre(lambda: site.pid("ouvrier") != premiers["ouvrier"] and _vivant(site.pid("ouvrier")), 30, "l'ouvrier")
    assert requests.get(site.adresse + "/healthz", timeout=5).status_code == 200
    assert site.finir(signal.SIGINT) == 0
    assert site.descendants() == set()
    assert "Arrêt…" in site.terminal()
    assert (site.donnees / "conseil.pid").read_text() == ""


def test_un_superviseur_tue_ne_laisse_aucun_orphelin(marche):
    site = marche("--demo", "--sans-moteur")
    site.attendre("Site prêt")
    attendre(lambda: len(site.descendants()) >= 4, 30, "quatre processus")
    os.kill(site.processus.pid, signal.SIGKILL)
    attendre(lambda: not site.descendants(), 10, "la mort de tous")


def test_sigterm_arrete_aussi_pendant_le_demarrage(marche):
    site = marche("--demo", "--sans-moteur")
    site.attendre("Démarrage…")
    assert site.finir(signal.SIGTERM) == 0
    assert site.descendants() == set()


def test_un_deuxieme_site_sur_les_memes_donnees_est_refuse(marche):
    site = marche("--sans-moteur")
    site.attendre("Site prêt")
    second = conseil("serve", "--sans-moteur", env=site.env)
    assert second.returncode == 1
    assert f"le site est déjà en route : {site.adresse} (processus {site.processus.pid})" in lisible(second.stderr)
    assert site.processus.poll() is None


def test_un_fichier_de_processus_laisse_par_un_arret_brutal_narrete_personne(marche, tmp_path):
    (tmp_path / "site0").mkdir()
    (tmp_path / "site0" / "conseil.pid").write_text('{"pid": 1, "adresse": "http://127.0.0.1:1"}')
    marche("--sans-moteur").attendre("Site prêt")


@pytest.mark.parametrize("reglage, remede", [("CONSEIL_PORT", "--port"), ("CONSEIL_PORT_ACTIONS", "CONSEIL_PORT_ACTIONS"),
                                             ("CONSEIL_PORT_MOTEUR", "CONSEIL_PORT_MOTEUR")])
def test_un_port_pris_est_refuse_en_une_phrase_avant_de_rien_lancer(tmp_path, reglage, remede):
    env = environnement(tmp_path)
    with socket.socket() as autre:
        autre.bind(("127.0.0.1", 0))
        autre.listen()
        env[reglage] = str(autre.getsockname()[1])
        refus = conseil("serve", env=env)
    assert refus.returncode == 1
    assert f"le port {env[reglage]} " in lisible(refus.stderr) and remede in refus.stderr
    assert len(refus.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "contacts.db").exists() and not (tmp_path / "journaux").exists()


def test_un_modele_qui_nest_pas_celui_du_manifeste_est_refuse(tmp_path):
    modele = tmp_path / "autre.tar.gz"
    modele.write_bytes(b"du code venu d'ailleurs")
    (tmp_path / "autre.json").write_text(json.dumps({"sha256": "0" * 64, "empreinte": "", "sujets": 1, "intentions": 1, "exemples": 1, "le": "", "duree_s": 1}))
    refus = conseil("serve", env=environnement(tmp_path / "var", CONSEIL_MODELE=modele))
    assert refus.returncode == 1
    assert "n'est plus le fichier qui a été entraîné ici" in lisible(refus.stderr)


def test_sans_modele_la_phrase_dit_comment_en_faire_un(tmp_path):
    refus = conseil("serve", env=environnement(tmp_path / "var", CONSEIL_MODELE=tmp_path / "absent.tar.gz"))
    assert refus.returncode == 1
    assert "conseil train" in refus.stderr


def test_une_base_partagee_en_retard_nest_pas_migree_en_douce(tmp_path):
    refus = conseil("serve", "--sans-moteur", env=environnement(tmp_path / "var", CONSEIL_BASE=f"sqlite:///{tmp_path / 'partagee.db'}"))
    assert refus.returncode == 1
    assert "conseil base migrer" in refus.stderr


# -- all processes, engine included --------------------------------------------------------------------------------------------------------


@pytest.mark.moteur
def test_le_site_entier_du_demarrage_a_larret(marche, tmp_path):
    """One long scenario, since the engine takes its time: what listens, what the engine knows, what is logged, its death, the end."""
    if not (RACINE / "models" / "assistant.json").exists():
        pytest.fail("il n'y a pas de modèle : « make train » d'abord (« make test » le fait).")
    maison = tmp_path / "maison"
    maison.mkdir()
    secret = f"sqlite:///{tmp_path / 'secrete.db'}"
    site = marche("--demo", HOME=maison, CONSEIL_BASE=secret)
    site.attendre("Site prêt")
    site.attendre("Moteur prêt", 240)
    attendre(site.pret, 30, "toutes les parties")

    assert {hote for pid in site.descendants() for hote in _ecoutes(pid)} == {"127.0.0.1"}
    env_moteur = Path(f"/proc/{site.pid('moteur')}/environ").read_bytes()
    assert b"CONSEIL_BASE" not in env_moteur and b"secrete.db" not in env_moteur
    assert b"RASA_TELEMETRY_ENABLED=false" in env_moteur
    assert requests.get(f"http://127.0.0.1:{site.env['CONSEIL_PORT_MOTEUR']}/status", timeout=5).status_code == 404  # no HTTP API
    assert requests.post(f"http://127.0.0.1:{site.env['CONSEIL_PORT_MOTEUR']}/webhooks/front/message", json={}, timeout=5).status_code == 403

    dit = conseil("chat", "--url", site.adresse, entree="je voudrais parler à un conseiller zyxwvu\n", env=site.env)
    assert "01 99 00 12 00" in lisible(dit.stdout) and "La conversation" not in dit.stderr
    assert not any("zyxwvu" in p.read_text() for p in (site.donnees / "journaux").iterdir())
    assert b"zyxwvu" not in (site.donnees / "suivi.db").read_bytes()
    assert list(maison.iterdir()) == []

    os.kill(site.pid("moteur"), signal.SIGKILL)
    site.attendre(r"moteur +│ arrêté \(signal SIGKILL\)")
    debut = time.monotonic()
    degrade = conseil("chat", "--url", site.adresse, entree="c koi leirl\n", env=site.env)
    assert degrade.returncode == 0 and "EIRL" in degrade.stdout and time.monotonic() - debut < 20
    site.attendre(r"moteur +│ de nouveau prêt", 240)
    assert site.finir() == 0
    assert site.descendants() == set()


def _ecoutes(pid):
    """Addresses on which a process listens."""
    inodes = set()
    for lien in os.scandir(f"/proc/{pid}/fd"):
        cible = os.readlink(lien.path)
        if cible.startswith("socket:["):
            inodes.add(cible[8:-1])
    adresses = set()
    for table in ("tcp", "tcp6"):
        for ligne in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            champs = ligne.split()
            if champs[3] == "0A" and champs[9] in inodes:
                brut = bytes.fromhex(champs[1].split(":")[0])
                adresses.add(socket.inet_ntop(socket.AF_INET, brut[::-1]) if table == "tcp" else f"IPv6 {brut.hex()}")
    return adresses


def test_conseil_se_lance_depuis_nimporte_quel_dossier(tmp_path):
    fait = subprocess.run([*CONSEIL, "--help"], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(RACINE)}, capture_output=True, text=True, timeout=60)
    assert fait.returncode == 0 and "serve" in fait.stdout
