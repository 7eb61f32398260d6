"""The manifest beside a model: what it was made from and the hash it must have. Loading a model runs code, so a changed one is refused."""
import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Optional

from bot.cli.commun import refuser
from bot.reglages import RACINE

# What a model depends on. A change anywhere here makes it out of date.
SOURCES = ("knowledge/**/*.yml", "bot/data/**/*.yml", "domain.yml", "bot/engine/*.py", "bot/knowledge/*.py", "bot/texte/*.py",
           "requirements/engine.txt")
CONFIG = RACINE / "config.yml"


@dataclass(frozen=True)
class Manifeste:
    """`sha256` of the model file, `empreinte` of its sources, and what people ask about it."""

    sha256: str
    empreinte: str
    sujets: int
    intentions: int
    exemples: int
    le: str
    duree_s: int

    @staticmethod
    def chemin(modele: Path) -> Path:
        return modele.with_name(modele.name.removesuffix(".tar.gz") + ".json")

    @classmethod
    def lire(cls, modele: Path) -> "Optional[Manifeste]":
        """The manifest of a model, None when it has none that can be read."""
        try:
            return cls(**json.loads(cls.chemin(modele).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def ecrire(self, modele: Path) -> None:
        self.chemin(modele).write_text(json.dumps(asdict(self), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def empreinte_sources(config: Path = CONFIG) -> str:
    """One hash for all that a model is made from."""
    somme = hashlib.sha256(config.read_bytes())
    for chemin in sorted(c for motif in SOURCES for c in RACINE.glob(motif)):
        somme.update(f"\n{chemin.relative_to(RACINE)}\n".encode())
        somme.update(chemin.read_bytes())
    return somme.hexdigest()


def empreinte_fichier(chemin: Path) -> str:
    with chemin.open("rb") as fichier:
        return hashlib.file_digest(fichier, "sha256").hexdigest()


def controler(modele: Path) -> Manifeste:
    """The manifest of a model that may be loaded. Refuses one that is absent, unsigned, or not the file that was signed."""
    if not modele.exists():
        refuser("MODELE_ABSENT", "il n'y a pas encore de modèle : lancez « conseil train » (ou « make train »).")
    manifeste = Manifeste.lire(modele)
    if manifeste is None:
        refuser("MODELE_SANS_MANIFESTE", f"{modele} n'a pas de manifeste : d'où vient-il ? Refaites-le avec « conseil train --force ».")
    if empreinte_fichier(modele) != manifeste.sha256:
        refuser("MODELE_MODIFIE", f"{modele} n'est plus le fichier qui a été entraîné ici : refaites-le avec « conseil train --force ».")
    return manifeste
