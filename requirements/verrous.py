"""`make verrous`: writes the lock files with hashes from pyproject.toml. They name no package host."""
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from installer import RACINE, outils

VERROUS = {"engine": ("3.10", ["engine"]), "service": ("3.11", ["service", "test"])}

if __name__ == "__main__":
    uv = outils()
    for nom, (python, extras) in VERROUS.items():
        commande = [uv, "pip", "compile", "--quiet", "--generate-hashes", "--no-emit-index-url", "--no-header", "--no-annotate",
                    "--python-version", python, *[f"--extra={e}" for e in extras], "-o", f"requirements/{nom}.txt", "pyproject.toml"]
        print(f"requirements/{nom}.txt …", flush=True)
        subprocess.run(commande, check=True, cwd=RACINE)
