"""Next year's campaign file from an earlier one: what moves on by itself, and the marks that ask a person to read it over.

Nothing is installed from a draft: `socle` refuses while a mark remains.
"""
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from bot.campagnes.socle import chemin, lire
from bot.contacts.refus import Refus
from bot.knowledge.chemins import KNOWLEDGE
from bot.knowledge.lecture import lire_yaml

_ANNEE = re.compile(r"\b(19|20)\d\d\b")
# Lists of the file made of « code: sentence »: no block in them to carry a mark.
LISTES_FERMEES = ("programmes", "difficultes", "moments_vie", "effets", "priorites_n1")


class CampagnePresente(Refus):
    code, statut = "CAMPAGNE_PRESENTE", 409
    message = "Le fichier de cette année existe déjà : corrigez-le, ou retirez-le d'abord."


@dataclass(frozen=True)
class LigneDeplacee:
    """One value that moved on by a year, to be read over; `apres` equals `avant` for a text that merely names a year."""

    lieu: str
    avant: str
    apres: str


def nouvelle(annee: int, depuis: int, dossier: Path = KNOWLEDGE) -> tuple[Path, list[LigneDeplacee]]:
    """Write next year's file from an earlier one: windows and birth years move on, every block that changed or names a year is marked
    « a_relire: true ». Raises CampagneAbsente, CampagnePresente, CampagneInvalide."""
    lire(depuis, dossier)  # a faulty file is not copied on
    fichier = chemin(annee, dossier)
    if fichier.exists():
        raise CampagnePresente
    lignes: list[LigneDeplacee] = []
    brut = _avancer(lire_yaml(chemin(depuis, dossier)), annee - depuis, "", lignes)
    brut["version"] = f"{annee}.1"
    entete = (f"# Préparé depuis {depuis} par « conseil campagne nouvelle ». À relire ligne à ligne : les dates et les années de naissance\n"
              "# ont avancé, les textes qui nomment une année n'ont pas changé. Une fois un bloc vérifié, retirez son « a_relire: true ».\n")
    fichier.write_text(entete + yaml.safe_dump(brut, allow_unicode=True, sort_keys=False, width=150), encoding="utf-8")
    return fichier, lignes


def _avancer(valeur: Any, pas: int, lieu: str, lignes: list[LigneDeplacee]) -> Any:
    """A value of the file moved on by `pas` years; a mapping that holds what moved is marked."""
    if isinstance(valeur, list):
        return [_avancer(v, pas, f"{lieu} › {v['code']}" if isinstance(v, dict) and "code" in v else lieu, lignes) for v in valeur]
    if not isinstance(valeur, dict):
        return _deplacer(valeur, pas, lieu, lignes)
    sien, siens = {}, 0
    for nom, v in valeur.items():
        debut = len(lignes)
        sien[nom] = _avancer(v, pas, f"{lieu} › {nom}" if lieu else str(nom), lignes)
        siens += len(lignes) - debut if not _blocs(v) or nom in LISTES_FERMEES else 0
    # The innermost block is marked: what is read over stands right beside its mark. Closed lists (code: sentence) hold no mark of their own.
    if siens and lieu not in LISTES_FERMEES:
        sien["a_relire"] = True
    return sien


def _blocs(valeur: Any) -> bool:
    """Whether a value is made of blocks, which carry their own marks."""
    return isinstance(valeur, dict) or (isinstance(valeur, list) and any(isinstance(v, dict) for v in valeur))


def _deplacer(valeur: Any, pas: int, lieu: str, lignes: list[LigneDeplacee]) -> Any:
    nom = lieu.rpartition(" › ")[2]
    apres = valeur
    if isinstance(valeur, date):
        apres = _avancer_jour(valeur, pas)
    elif nom in ("annee", "annees_naissance", "annee_naissance"):
        apres = valeur + pas
    elif nom in ("edition", "code") and isinstance(valeur, str) and re.fullmatch(r"\d{4}", valeur):
        apres = str(int(valeur) + pas)
    elif nom == "version" or not (isinstance(valeur, str) and _ANNEE.search(valeur)):
        return valeur
    lignes.append(LigneDeplacee(lieu, str(valeur), str(apres)))
    return apres


def _avancer_jour(jour: date, pas: int) -> date:
    """The same day `pas` years on; the last day of February stays the last one."""
    if (jour.month, jour.day) == (2, 29):
        return date(jour.year + pas, 2, 28)
    return jour.replace(year=jour.year + pas)
