"""The production layout as it is shipped: the units of deploiement/systemd started from their own ExecStart and environment files, nginx in front
with deploiement/nginx.conf, PostgreSQL and Redis behind. Only paths, ports and secrets are replaced; systemd itself is played by this module."""
import os
import secrets
import shutil
import signal
import ssl
import subprocess
import time
from datetime import datetime, timedelta, timezone
from ipaddress import ip_address
from pathlib import Path

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bot.campagnes.annee import tout_installer
from bot.contacts.base import Sessions, ouvrir
from bot.contacts.reglage_caisse import regler
from bot.contacts.schema import migrer
from bot.reglages import RACINE
from tests.marche import attendre, ports_libres
from tests.postgres import _mourir_avec_les_tests

DEPLOIEMENT = RACINE / "deploiement"
HORAIRES = "du lundi au vendredi, de 9 h à 16 h 30"
DELAI = 600  # seconds; nothing here depends on speed


def unite(nom: str) -> tuple[list[str], list[str], dict[str, str]]:
    """ExecStart, environment files and Environment of a unit."""
    commande, fichiers, env = [], [], {}
    for ligne in (DEPLOIEMENT / "systemd" / nom).read_text(encoding="utf-8").splitlines():
        cle, _, valeur = ligne.partition("=")
        if cle == "ExecStart":
            commande = valeur.split()
        elif cle == "EnvironmentFile":
            fichiers.append(Path(valeur).name)
        elif cle == "Environment":
            env.update([valeur.split("=", 1)])
    return commande, fichiers, env


def lire_env(nom: str) -> dict[str, str]:
    lignes = (DEPLOIEMENT / "environnement" / nom).read_text(encoding="utf-8").splitlines()
    return dict(ligne.split("=", 1) for ligne in lignes if ligne and not ligne.startswith("#"))


class Pile:
    """Everything that runs. `relancer(nom)` does what « systemctl restart » would."""

    def __init__(self, dossier: Path, postgres, redis: str):
        self.dossier, self.postgres, self.redis = dossier, postgres, redis
        self.ports = dict(zip(("8000", "8001", "5005", "5006", "5055", "80", "443"), ports_libres(7)))
        self.vivants: dict[str, subprocess.Popen] = {}
        self.contacts, self.suivi = self._bases()
        self.secrets = {nom: secrets.token_urlsafe(32) for nom in ("CONSEIL_JETON_MOTEUR", "CONSEIL_CLE", "CONSEIL_CLE_SAUVEGARDES")}
        self.certificat = certifier(dossier)
        self.tls = ssl.create_default_context(cafile=str(self.certificat / "site.pem"))

    def _bases(self) -> tuple[str, str]:
        """The contact database, installed for one caisse, and the tracker's own, with an account that can open nothing else."""
        contacts, suivi = self.postgres.vierge(), self.postgres.vierge()
        for sql in ("CREATE ROLE conseil_suivi LOGIN", f"ALTER DATABASE {suivi.database} OWNER TO conseil_suivi",
                    f"REVOKE CONNECT ON DATABASE {contacts.database} FROM PUBLIC"):
            self.postgres._executer(sql)
        adresse = contacts.render_as_string(hide_password=False)
        engine = ouvrir(adresse)
        migrer(engine)
        with Sessions(engine)() as s:
            tout_installer(s, 2011, datetime.now(timezone.utc))
            regler(s, "C02", {"telephone": "05 56 00 00 00", "horaires": HORAIRES}, datetime.now(timezone.utc))
        engine.dispose()
        return adresse, suivi.set(drivername="postgresql", username="conseil_suivi").render_as_string(hide_password=False)

    def environnement(self, nom: str, instance: str) -> dict[str, str]:
        """What systemd would give to the unit: its files, with our secrets and addresses, and nothing of ours besides."""
        _, fichiers, env = unite(nom)
        for fichier in fichiers:
            env |= lire_env(fichier)
        ici = {**self.secrets, "CONSEIL_BASE": self.contacts, "CONSEIL_SUIVI": self.suivi, "CONSEIL_REDIS": self.redis,
               "CONSEIL_PORT_ACTIONS": str(self.ports["5055"]),
               "CONSEIL_MOTEUR": f"http://127.0.0.1:{self.ports['5005']},http://127.0.0.1:{self.ports['5006']}"}
        env |= {cle: valeur for cle, valeur in ici.items() if cle in env}
        env["CONSEIL_DONNEES"] = str(self.dossier / Path(env["CONSEIL_DONNEES"].replace("%i", instance)).name)
        # A loaded machine must not turn an answer into a search; and tests talk more than people do.
        return {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **env, "CONSEIL_DELAI_MOTEUR": "25", "CONSEIL_MESSAGES_PAR_MINUTE": "10000",
                "CONSEIL_CONVERSATIONS_PAR_MINUTE": "60"}

    def lancer(self, nom: str, instance: str = "") -> None:
        commande, _, _ = unite(nom)
        commande = [c.replace("/opt/conseil", str(RACINE)).replace("%i", str(self.ports.get(instance, instance))) for c in commande]
        env = self.environnement(nom, instance)
        Path(env["CONSEIL_DONNEES"]).mkdir(exist_ok=True)
        with (self.dossier / f"{nom}{instance}.log").open("a") as journal:
            self.vivants[nom + instance] = subprocess.Popen(commande, cwd=RACINE, env=env, stdin=subprocess.DEVNULL, stdout=journal, stderr=journal,
                                                            preexec_fn=_mourir_avec_les_tests)

    def attendre(self, nom: str, instance: str, chemin: str) -> None:
        """Until it answers 200, as relancer.sh does."""
        processus = self.vivants[nom + instance]

        def repond() -> bool:
            if processus.poll() is not None:
                raise AssertionError(f"{nom} s'est arrêté :\n{self.journal(nom + instance)}")
            return code(f"http://127.0.0.1:{self.ports[instance]}{chemin}") == 200
        try:
            attendre(repond, DELAI, f"{nom} {instance} prêt")
        except AssertionError as e:
            raise AssertionError(f"{e}\n{self.journal(nom + instance)}") from e

    def relancer(self, nom: str, instance: str, chemin: str) -> None:
        ancien = self.vivants[nom + instance]
        ancien.send_signal(signal.SIGTERM)
        ancien.wait(DELAI)
        self.lancer(nom, instance)
        self.attendre(nom, instance, chemin)

    def journal(self, nom: str) -> str:
        return (self.dossier / f"{nom}.log").read_text(encoding="utf-8", errors="replace")[-3000:]

    def tout_lancer(self) -> None:
        for port in ("5005", "5006"):
            self.lancer("conseil-moteur@.service", port)
        self.lancer("conseil-actions.service")
        self.lancer("conseil-ouvrier.service")
        for port in ("8000", "8001"):
            self.lancer("conseil-site@.service", port)
        self._nginx()
        for port in ("8000", "8001"):
            self.attendre("conseil-site@.service", port, "/healthz")
        for port in ("5005", "5006"):
            self.attendre("conseil-moteur@.service", port, "/webhooks/front/")

    def _nginx(self) -> None:
        principal = configurer_nginx(self.dossier, self.ports, self.certificat)
        essai = subprocess.run([nginx(), "-t", "-c", principal, "-p", self.dossier], capture_output=True, text=True)
        assert essai.returncode == 0, essai.stderr
        self.vivants["nginx"] = subprocess.Popen([nginx(), "-c", principal, "-p", self.dossier], preexec_fn=_mourir_avec_les_tests)
        attendre(lambda: code(f"http://127.0.0.1:{self.ports['80']}/"), 30, "nginx prêt")

    @property
    def adresse(self) -> str:
        return f"https://127.0.0.1:{self.ports['443']}"

    def client(self, **options) -> httpx.Client:
        """A visitor who checks the certificate."""
        return httpx.Client(base_url=self.adresse, verify=self.tls, timeout=60, trust_env=False, **options)

    def arreter(self) -> None:
        for processus in self.vivants.values():
            processus.terminate()
        fin = time.monotonic() + 15
        for processus in self.vivants.values():
            try:
                processus.wait(max(0.1, fin - time.monotonic()))
            except subprocess.TimeoutExpired:
                processus.kill()
                processus.wait()


def nginx() -> str:
    return shutil.which("nginx") or "/usr/sbin/nginx"


def code(adresse: str) -> int:
    try:
        return httpx.get(adresse, timeout=5, trust_env=False).status_code
    except httpx.HTTPError:
        return 0


def certifier(dossier: Path) -> Path:
    """A self-signed certificate for 127.0.0.1, as an installer would have one signed."""
    cle = ec.generate_private_key(ec.SECP256R1())
    nom = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "assistant.caisse.example")])
    maintenant = datetime.now(timezone.utc)
    certificat = (x509.CertificateBuilder().subject_name(nom).issuer_name(nom).public_key(cle.public_key())
                  .serial_number(x509.random_serial_number()).not_valid_before(maintenant - timedelta(days=1))
                  .not_valid_after(maintenant + timedelta(days=2))
                  .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), False)
                  .add_extension(x509.BasicConstraints(ca=True, path_length=None), True).sign(cle, hashes.SHA256()))
    (dossier / "site.pem").write_bytes(certificat.public_bytes(serialization.Encoding.PEM))
    (dossier / "site.key").write_bytes(cle.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return dossier


def configurer_nginx(dossier: Path, ports: dict, certificat: Path) -> Path:
    """deploiement/nginx.conf with our ports and paths, included by the smallest main file."""
    texte = (DEPLOIEMENT / "nginx.conf").read_text(encoding="utf-8")
    for ancien, nouveau in ((" listen [::]:80;\n", "\n"), (" listen [::]:443 ssl http2;\n", "\n"), ("listen 80;", f"listen 127.0.0.1:{ports['80']};"),
                            ("listen 443 ", f"listen 127.0.0.1:{ports['443']} "), ("127.0.0.1:8000", f"127.0.0.1:{ports['8000']}"),
                            ("127.0.0.1:8001", f"127.0.0.1:{ports['8001']}"), ("/etc/conseil/tls", str(certificat)),
                            ("/etc/conseil/nginx-mandataire.conf", str(DEPLOIEMENT / "nginx-mandataire.conf")), ("/var/log/nginx", str(dossier)),
                            ("/opt/conseil", str(RACINE))):
        assert ancien in texte, f"nginx.conf ne contient plus « {ancien.strip()} »"
        texte = texte.replace(ancien, nouveau)
    (dossier / "conseil.conf").write_text(texte, encoding="utf-8")
    temporaires = "".join(f"    {n}_temp_path {dossier}/tmp_{n};\n" for n in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    qui = "user root;\n" if os.geteuid() == 0 else ""
    principal = dossier / "nginx.conf"
    principal.write_text(f"{qui}daemon off;\npid {dossier}/nginx.pid;\nerror_log {dossier}/nginx.log;\nworker_processes 1;\n"
                         f"events {{ worker_connections 256; }}\nhttp {{\n{temporaires}    include {dossier}/conseil.conf;\n}}\n", encoding="utf-8")
    return principal
