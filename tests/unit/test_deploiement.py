"""What is shipped to run the site: systemd's units hold and shut the processes in, nginx reads its file, the model is checked before it is loaded."""
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from bot.cli import production, serve
from bot.cli.commun import RefusCommande
from bot.cli.manifeste import Manifeste, controler, empreinte_fichier
from bot.reglages import RACINE, Reglages

SYSTEMD = RACINE / "deploiement" / "systemd"
UNITES = sorted(f.name for f in SYSTEMD.glob("*.service"))
# systemd's own measure, from 0 (shut in) to 100; « OK » begins under 50. Ours are at 11.
EXPOSITION_MAX = 20


@pytest.fixture(scope="module")
def unites(tmp_path_factory):
    """The units with a command that exists here: systemd-analyze looks for it. Skips without systemd, fails when CI=true."""
    if shutil.which("systemd-analyze") is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("systemd-analyze est absent : installez le paquet « systemd »")
    dossier = tmp_path_factory.mktemp("systemd")
    for fichier in SYSTEMD.iterdir():
        texte = fichier.read_text(encoding="utf-8").replace("/opt/conseil/.venv/service/bin/conseil", "/bin/true")
        (dossier / fichier.name).write_text(texte, encoding="utf-8")
    return dossier


def analyser(*arguments):
    return subprocess.run(["systemd-analyze", *map(str, arguments)], capture_output=True, text=True, timeout=60)


def test_systemd_lit_les_unites_sans_une_remarque(unites):
    lues = [unites / f.name for f in SYSTEMD.iterdir() if f.suffix in (".service", ".target", ".timer")]
    essai = analyser("verify", *lues)
    assert (essai.returncode, essai.stderr.strip()) == (0, "")


@pytest.mark.parametrize("nom", UNITES)
def test_chaque_processus_est_enferme(unites, nom):
    essai = analyser("security", "--offline=true", f"--threshold={EXPOSITION_MAX}", unites / nom)
    assert essai.returncode == 0, essai.stdout[-500:]


def test_temoin_une_unite_ouverte_depasse_le_seuil(unites):
    ouverte = unites / "ouverte.service"
    ouverte.write_text("[Service]\nExecStart=/bin/true\n")
    assert analyser("security", "--offline=true", f"--threshold={EXPOSITION_MAX}", ouverte).returncode != 0


def test_temoin_une_faute_dans_une_unite_se_voit(unites):
    fausse = unites / "fausse.service"
    fausse.write_text("[Service]\nExecStart=/bin/absent-de-cette-machine\nProtegeSysteme=oui\n")
    assert analyser("verify", fausse).stderr


def test_le_moteur_na_ni_sortie_ni_ecriture_ni_secret():
    texte = (SYSTEMD / "conseil-moteur@.service").read_text(encoding="utf-8")
    for ligne in ("IPAddressDeny=any", "IPAddressAllow=localhost", "ReadOnlyPaths=/opt/conseil", "ProtectSystem=strict", "NoNewPrivileges=yes",
                  "MemoryMax=2G", "User=conseil-moteur", "CapabilityBoundingSet="):
        assert re.search(rf"^{re.escape(ligne)}$", texte, re.M), ligne
    for fichier in ("commun.env", "moteur.env"):
        ecrit = (RACINE / "deploiement" / "environnement" / fichier).read_text(encoding="utf-8")
        assert not re.findall(rf"^({'|'.join(production.INTERDITS_AU_MOTEUR)})=", ecrit, re.M)


def test_chaque_processus_a_son_compte_et_son_role():
    vus = {}
    for nom in UNITES:
        texte = (SYSTEMD / nom).read_text(encoding="utf-8")
        role = re.search(r"--role (\w+)", texte)
        if role:
            vus[role[1]] = re.search(r"^User=(.+)$", texte, re.M)[1]
    assert set(vus) == set(production.ROLES) and len(set(vus.values())) == len(vus)
    comptes = (SYSTEMD / "conseil-utilisateurs.conf").read_text(encoding="utf-8")
    assert all(f"u {compte} " in comptes for compte in vus.values())


def test_le_script_de_relance_est_lisible_par_bash():
    assert subprocess.run(["bash", "-n", RACINE / "deploiement" / "relancer.sh"]).returncode == 0


# -- the model before it is loaded ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
def modele(tmp_path) -> Path:
    fichier = tmp_path / "essai.tar.gz"
    fichier.write_bytes(b"un modele")
    Manifeste(empreinte_fichier(fichier), "x", 1, 1, 1, "2026-11-22", 1).ecrire(fichier)
    return fichier


def test_temoin_le_modele_entraine_ici_se_charge(modele):
    assert controler(modele).sujets == 1


@pytest.mark.parametrize("abimer, code", [
    (lambda m: m.write_bytes(b"un autre"), "MODELE_MODIFIE"), (lambda m: m.unlink(), "MODELE_ABSENT"),
    (lambda m: Manifeste.chemin(m).unlink(), "MODELE_SANS_MANIFESTE"), (lambda m: Manifeste.chemin(m).write_text("{"), "MODELE_SANS_MANIFESTE")])
def test_un_modele_qui_nest_pas_celui_quon_a_entraine_ne_se_charge_pas(modele, abimer, code):
    abimer(modele)
    with pytest.raises(RefusCommande) as refus:
        controler(modele)
    assert refus.value.code == code


# -- Rasa's own hazards (reference/security.md, H1 to H20) ---------------------------------------------------------------------------------------


def test_le_moteur_est_lance_sans_interface_dadministration_ni_adresse_ouverte_ni_telemesure(tmp_path, monkeypatch):
    """H1 to H4, H16, H19: no HTTP API, no CORS, no remote model, the loopback only, no telemetry, and none of our secrets in its environment."""
    for nom, valeur in (("CONSEIL_BASE", "postgresql://base-de-contacts"), ("CONSEIL_CLE", "x" * 40), ("CONSEIL_SMTP_MOT_DE_PASSE", "secret")):
        monkeypatch.setenv(nom, valeur)
    moteur = serve.moteur(Reglages(donnees=tmp_path, modele=tmp_path / "m.tar.gz"))
    options = " ".join(moteur.commande[1:])
    assert "-i 127.0.0.1" in options
    for interdit in ("--enable-api", "--cors", "--remote-storage", "--auth-token", "--jwt", "--connector", "--debug", "http:", "0.0.0.0"):
        assert interdit not in options
    assert moteur.environnement["RASA_TELEMETRY_ENABLED"] == "false"
    assert not {"base-de-contacts", "x" * 40, "secret"} & {v for valeur in moteur.environnement.values() for v in (valeur, valeur.split("//")[-1])}
    assert moteur.avant is not None  # the manifest is checked before each life


def test_les_points_dacces_du_depot_ne_chargent_aucun_modele_de_loin():
    """H1, H5, H12: one channel of our own, no `models:` endpoint, one worker a process."""
    acces = yaml.safe_load((RACINE / "endpoints.yml").read_text(encoding="utf-8"))
    canaux = yaml.safe_load((RACINE / "credentials.yml").read_text(encoding="utf-8"))
    assert set(acces) == {"action_endpoint", "tracker_store"} and list(canaux) == ["bot.engine.canal.CanalFront"]
    assert acces["action_endpoint"]["enable_selective_domain"] is True and "x-jeton" in acces["action_endpoint"]["headers"]


def test_le_numero_dune_conversation_tient_partout():
    """H18: 32 hexadecimal digits, drawn here, never read from outside."""
    from datetime import datetime, timezone

    from bot.contacts import conversations

    class Session:
        def add(self, _):
            pass

        flush = staticmethod(lambda: None)
    conversation, secret = conversations.ouvrir(Session(), "demo", datetime(2011, 9, 14, tzinfo=timezone.utc))
    assert re.fullmatch(r"[0-9a-f]{32}", conversation.moteur_id) and len(secret) >= 43 and conversation.moteur_id != conversation.id
