"""Makes the two environments from their lock files: `.venv/engine` (Python 3.10) and `.venv/service` (3.11 or newer).

Standard library only: it runs before anything is installed. Does nothing when the locks have not changed.
"""
import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

RACINE = Path(__file__).resolve().parents[1]
VENV = RACINE / ".venv"
ENVIRONNEMENTS = {"service": (3, 11), "engine": (3, 10)}
# A module run once in a new environment: what it prepares there is made again when it changes.
SUITES = {"engine": Path("bot/engine/e5.py")}


def version(python: str) -> "tuple[int, int] | None":
    """(major, minor) of an interpreter, None when it does not run (a pyenv shim without its version, say)."""
    try:
        sortie = subprocess.run([python, "-c", "import sys; print(*sys.version_info[:2])"], capture_output=True, text=True, timeout=30)
    except OSError:
        return None
    return tuple(map(int, sortie.stdout.split())) if sortie.returncode == 0 else None  # type: ignore[return-value]


def candidats(exacte: "tuple[int, int]") -> "list[str]":
    """Interpreters that may be of that version: on the path, in pyenv, known to uv."""
    nom = f"python{exacte[0]}.{exacte[1]}"
    trouves = [sys.executable, shutil.which(nom) or ""]
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    trouves += [str(p) for p in sorted(pyenv.glob(f"{exacte[0]}.{exacte[1]}.*/bin/python"), reverse=True)]
    return [t for t in trouves if t]


def trouver(nom: str, exacte: "tuple[int, int]", uv: str) -> str:
    """The interpreter for an environment, or one clear sentence on how to get it."""
    for candidat in candidats(exacte):
        trouvee = version(candidat)
        if trouvee == exacte or (nom == "service" and trouvee and trouvee >= exacte):
            return candidat
    essai = subprocess.run([uv, "python", "find", "--no-python-downloads", f"{exacte[0]}.{exacte[1]}"], capture_output=True, text=True)
    if essai.returncode == 0:
        return essai.stdout.strip()
    essai = subprocess.run([uv, "python", "install", f"{exacte[0]}.{exacte[1]}"], capture_output=True, text=True)
    if essai.returncode == 0:
        return subprocess.run([uv, "python", "find", f"{exacte[0]}.{exacte[1]}"], capture_output=True, text=True).stdout.strip()
    sys.exit(f"Python {exacte[0]}.{exacte[1]} est introuvable (ni sur le chemin, ni dans pyenv, ni par uv) : installez-le, "
             f"par exemple avec « pyenv install {exacte[0]}.{exacte[1]} », puis relancez la commande.")


def patienter(commande: "list[str]", quoi: str) -> None:
    """Run a long command, with a sign of life every 20 s. Ends the installer, saying what failed, when it fails."""
    debut = time.monotonic()
    processus = subprocess.Popen(commande)
    while True:
        try:
            code = processus.wait(timeout=20)
            break
        except subprocess.TimeoutExpired:
            print(f"  {quoi} : toujours en cours, {time.monotonic() - debut:.0f} s…", flush=True)
        except KeyboardInterrupt:
            processus.wait()
            sys.exit("Interrompu ; relancez la commande, elle reprendra.")
    if code != 0:
        sys.exit(f"{quoi} : échec (code {code}) ; le motif est écrit au-dessus.")


def outils() -> str:
    """uv, from its own small environment, pinned with hashes like the rest."""
    uv = VENV / "outils" / "bin" / "uv"
    if not uv.exists():
        print("Préparation : outil d'installation…", flush=True)
        fait = subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV / "outils")], capture_output=True, text=True)
        if fait.returncode != 0:
            sys.exit(f"L'environnement d'installation ne se crée pas : {(fait.stdout + fait.stderr).strip()}\n"
                     "Sous Debian, il manque sans doute le paquet « python3-venv » : « apt install python3-venv ».")
        subprocess.run([str(VENV / "outils" / "bin" / "pip"), "install", "-qq", "--disable-pip-version-check", "--require-hashes",
                        "-r", str(RACINE / "requirements" / "outils.txt")], check=True)
    return str(uv)


def preparer(nom: str, exacte: "tuple[int, int]") -> None:
    """One environment, made anew when its lock changed."""
    verrou = RACINE / "requirements" / f"{nom}.txt"
    dossier = VENV / nom
    suite = RACINE / SUITES[nom] if nom in SUITES else None
    empreinte = hashlib.sha256(verrou.read_bytes() + (suite.read_bytes() if suite else b"")).hexdigest()
    temoin = dossier / "verrou.sha256"
    if temoin.exists() and temoin.read_text() == empreinte and (dossier / "bin" / "python").exists():
        return
    uv = outils()
    python = trouver(nom, exacte, uv)
    lignes = sum(1 for ligne in verrou.read_text().splitlines() if "==" in ligne)
    print(f"Préparation : environnement « {nom} » ({lignes} paquets)…", flush=True)
    debut = time.monotonic()
    if not (dossier / "bin" / "python").exists():
        subprocess.run([uv, "venv", "--quiet", "--python", python, str(dossier)], check=True)
    # The machine's own index settings are pip's; uv is told what it needs through its environment by whoever set them.
    # Bytecode is compiled once here: Python may not be allowed to write it later, and every start would then cost seconds.
    patienter([uv, "pip", "sync", "--compile-bytecode", "--require-hashes", *([] if sys.stderr.isatty() else ["--quiet"]),
               "--python", str(dossier / "bin" / "python"), str(verrou)], f"environnement « {nom} »")
    # Our own code is importable from both, straight from the tree.
    paquets = next((dossier / "lib").glob("python3.*/site-packages"))
    (paquets / "conseil.pth").write_text(f"{RACINE}\n")
    if suite:
        patienter([str(dossier / "bin" / "python"), str(suite)], "encodeur de phrases")
    commande = dossier / "bin" / "conseil"
    if nom == "service":
        commande.write_text(f"#!{dossier / 'bin' / 'python'}\nimport sys\nfrom bot.cli import principal\nsys.exit(principal())\n")
        commande.chmod(0o755)
    temoin.write_text(empreinte)
    print(f"  fait en {time.monotonic() - debut:.0f} s", flush=True)


if __name__ == "__main__":
    if sys.version_info < (3, 11):
        sys.exit(f"Python 3.11 ou plus récent est nécessaire pour le service ; vous avez {sys.version.split()[0]}.")
    for nom, exacte in ENVIRONNEMENTS.items():
        if len(sys.argv) < 2 or nom in sys.argv[1:]:
            preparer(nom, exacte)
