"""What a reviewer does with questions that were not understood: groups by likeness, proposals written beside the sheets, sheets about to expire.
A proposal is a file that a person reads and carries into a sheet by hand: nothing here ever reaches the training data."""
import hashlib
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Dict, List, Mapping, Sequence, Tuple

import yaml

from bot.knowledge.chemins import KNOWLEDGE
from bot.knowledge.fiches import Fiche
from bot.knowledge.voisinage import Formulation, identiques, proches
from bot.texte.masquage import masquer
from bot.texte.normalisation import cle, nettoyer

DOSSIER = KNOWLEDGE / "propositions"
NATURES = ("formulation", "nouvelle_fiche", "hors_sujet")
# From here two questions are shown together; measured by eye on what people write: below, « mon RIS » and « mes IJ » meet.
SEUIL = 0.5
PAIRES_MAX = 5_000
_EN_TETE = ("# Proposition d'un relecteur, à lire par une personne : rien n'est appris tant qu'elle n'est pas reportée à la main dans une fiche.\n"
            "# Ensuite : « conseil check », « make train », puis « conseil evaluate » sur les jeux gelés ; enfin, supprimez ce fichier.\n")


def grouper(textes: Sequence[str]) -> List[List[int]]:
    """Texts that look alike, as lists of their ranks: the largest group first, then the order of arrival; someone alone is a group of one.

    >>> grouper(["c koi leirl", "mon ris est faux", "C'est quoi l'EIRL ?", "c koi l eirl"])[0]
    [0, 3]
    """
    formulations = [Formulation(str(rang), texte) for rang, texte in enumerate(textes)]
    chef = list(range(len(textes)))

    def racine(i: int) -> int:
        while chef[i] != i:
            chef[i] = i = chef[chef[i]]
        return i

    for paire in [*identiques(formulations), *proches(formulations, PAIRES_MAX)]:
        if paire.similarite >= SEUIL:
            une, autre = sorted((racine(int(paire.une.etiquette)), racine(int(paire.autre.etiquette))))
            chef[autre] = une
    # `proches` drops exact doubles of one label and `identiques` keeps the first only: the same key is the same group.
    premiers: Dict[str, int] = {}
    for rang, texte in enumerate(textes):
        une = premiers.setdefault(cle(texte) or texte, rang)
        chef[racine(rang)] = racine(une)
    groupes: Dict[int, List[int]] = defaultdict(list)
    for rang in range(len(textes)):
        groupes[racine(rang)].append(rang)
    return sorted((sorted(g) for g in groupes.values()), key=lambda g: (-len(g), g[0]))


@dataclass(frozen=True)
class Proposition:
    """What a reviewer proposes. `sujet`: the topic of a formulation, the title of a new sheet, nothing when out of scope."""

    nature: str
    sujet: str
    formulations: Tuple[str, ...]
    le: date
    par: str
    caisse: str


def ecrire(proposition: Proposition, dossier: Path = DOSSIER) -> Path:
    """Write a proposal as a file of its own; the same proposal again is the same file. Numbers are masked once more. Raises OSError."""
    formulations = [masquer(nettoyer(f)).texte for f in proposition.formulations]
    contenu: Dict[str, Any] = {"nature": proposition.nature, "sujet": proposition.sujet or None, "formulations": formulations,
                               "propose_le": proposition.le, "par": proposition.par, "caisse": proposition.caisse}
    marque = hashlib.sha256(repr((proposition.nature, proposition.sujet, formulations)).encode()).hexdigest()[:8]
    quoi = cle(proposition.sujet or proposition.nature).replace(" ", "-")[:40]
    chemin = dossier / f"{proposition.le.isoformat()}-{quoi}-{marque}.yml"
    dossier.mkdir(parents=True, exist_ok=True)
    provisoire = chemin.with_suffix(".en-cours")
    provisoire.write_text(_EN_TETE + yaml.safe_dump(contenu, allow_unicode=True, sort_keys=False, width=150), encoding="utf-8")
    provisoire.replace(chemin)
    return chemin


def propositions(caisse: str, dossier: Path = DOSSIER) -> List[Tuple[str, Mapping[str, Any]]]:
    """(file name, content) of the proposals of a caisse that nobody has carried over yet, newest first."""
    lues = [(f.name, yaml.safe_load(f.read_text(encoding="utf-8"))) for f in sorted(dossier.glob("*.yml"), reverse=True)]
    return [(nom, contenu) for nom, contenu in lues if isinstance(contenu, dict) and contenu.get("caisse") == caisse]


def a_revoir(fiches: Mapping[str, Fiche], jour: date, delai: timedelta = timedelta(days=120), age: timedelta = timedelta(days=365)) -> List[Fiche]:
    """Sheets whose validity ends within `delai` (or has ended), or that nobody checked for `age`; the most urgent first."""
    concernees = [f for f in fiches.values() if f.validite[1] <= jour + delai or f.verifie_le < jour - age]
    return sorted(concernees, key=lambda f: (f.validite[1], f.verifie_le, f.sujet))
