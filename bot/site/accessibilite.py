"""The grid of the 106 RGAA criteria (accessibilite.yml) and the state that follows from it, for the declaration and the foot of every page.
What is tested stands in tests/browser/test_accessibilite*.py; what the declaration says in its template."""
from collections import Counter
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Literal, Mapping, Optional, Sequence

import yaml
from pydantic import BaseModel, ConfigDict

FICHIER = Path(__file__).with_name("accessibilite.yml")
MANUEL = "manuel"
Constat = Literal["conforme", "non_conforme", "non_applicable", "a_verifier"]
NOMS: Mapping[str, str] = {"conforme": "conforme", "non_conforme": "non conforme", "non_applicable": "non applicable",
                           "a_verifier": "à vérifier à la main"}
# The thirteen themes of RGAA and how many criteria each has.
THEMES: Mapping[int, tuple[str, int]] = {
    1: ("Images", 9), 2: ("Cadres", 2), 3: ("Couleurs", 3), 4: ("Multimédia", 13), 5: ("Tableaux", 8), 6: ("Liens", 2), 7: ("Scripts", 5),
    8: ("Éléments obligatoires", 10), 9: ("Structure", 4), 10: ("Présentation", 14), 11: ("Formulaires", 13), 12: ("Navigation", 11),
    13: ("Consultation", 12)}


class Critere(BaseModel):
    """One line of the grid. `moyen`: short names of tests, or « manuel »."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    n: str
    quoi: str
    etat: Constat
    moyen: tuple[str, ...]
    note: Optional[str] = None
    # When it was looked at, if not with the rest of the grid.
    date: Optional[date] = None

    @property
    def theme(self) -> int:
        return int(self.n.split(".")[0])


class Grille(BaseModel):
    """The whole grid. `essais`: test by short name (« fichier::test »)."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    date: date
    referentiel: str
    essais: Mapping[str, str]
    criteres: tuple[Critere, ...]


@dataclass(frozen=True)
class Bilan:
    """What follows from a grid. `taux`: conforming among applicable, as a fraction; what nobody has judged yet does not conform."""

    etat: str
    taux: float
    nombres: Mapping[str, int]
    grille: Grille

    @property
    def pourcent(self) -> int:
        """Rounded down: 99,9 % is not 100 %."""
        return int(self.taux * 100)

    def themes(self) -> Sequence[tuple[str, Sequence[Critere]]]:
        """The criteria under their thirteen headings."""
        return [(nom, [c for c in self.grille.criteres if c.theme == n]) for n, (nom, _) in THEMES.items()]


def conclure(grille: Grille) -> Bilan:
    """The state of a grid, by the rule of the declarations: all, at least half, or less than half of the applicable criteria."""
    nombres: "Counter[str]" = Counter(c.etat for c in grille.criteres)
    applicables = len(grille.criteres) - nombres["non_applicable"]
    taux = nombres["conforme"] / applicables if applicables else 0.0
    etat = "totalement conforme" if taux == 1 else "partiellement conforme" if taux >= 0.5 else "non conforme"
    return Bilan(etat, taux, {nom: nombres[nom] for nom in NOMS}, grille)


def lire(fichier: Path = FICHIER) -> Grille:
    """A grid from its file. Raises ValidationError."""
    return Grille.model_validate(yaml.safe_load(fichier.read_text(encoding="utf-8")))


@cache
def bilan() -> Bilan:
    """What the site declares."""
    return conclure(lire())
