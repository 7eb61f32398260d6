"""The domain's words, from knowledge/glossaire.yml: each defined once in French, with its English gloss (R04)."""
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator, Mapping, Optional, Sequence

from bot.knowledge.chemins import KNOWLEDGE
from bot.knowledge.lecture import ErreurConnaissance, lire_yaml
from bot.knowledge.verification import Defaut
from bot.texte.normalisation import cle


@dataclass(frozen=True)
class Mot:
    """One word: as code and tables write it, as people read it, its definition, its English gloss, the words it is not to be confused with."""

    code: str
    mot: str
    definition: str
    anglais: str
    exigences: Sequence[str] = ()
    pas: Optional[str] = None


def glossaire(dossier: Path = KNOWLEDGE) -> Mapping[str, Mot]:
    """All words by code, in the file's order. Raises ErreurConnaissance."""
    mots = {}
    for code, brut in (lire_yaml(dossier / "glossaire.yml") or {}).items():
        manquants = sorted({"mot", "definition", "anglais"} - set(brut or ()))
        inconnus = sorted(set(brut or ()) - set(Mot.__dataclass_fields__))
        if manquants or inconnus:
            quoi = f"il manque « {manquants[0]} »" if manquants else f"« {inconnus[0]} » n'est pas prévu"
            raise ErreurConnaissance(f"glossaire.yml, {code} : {quoi}.")
        mots[code] = Mot(code=code, **brut)
    return mots


def verifier_glossaire(dossier: Path = KNOWLEDGE) -> list[Defaut]:
    """Faults of the glossary, for `conseil check`: a word twice, a definition that says nothing."""
    try:
        mots = glossaire(dossier)
    except ErreurConnaissance as e:
        return [Defaut(e.code, "glossaire.yml", str(e))]
    return [Defaut(code, "glossaire.yml", quoi) for code, quoi in _fautes(mots)]


def _fautes(mots: Mapping[str, Mot]) -> Iterator[tuple[str, str]]:
    vus: dict[str, str] = {}
    for mot in mots.values():
        if (autre := vus.setdefault(cle(mot.mot), mot.code)) != mot.code:
            yield "MOT_DOUBLE", f"« {mot.mot} » est défini deux fois, sous {autre} et {mot.code}."
        if len(mot.definition.split()) < 5 or not _finie(mot.definition):
            yield "DEFINITION_COURTE", f"« {mot.mot} » : écrivez une phrase entière, avec son point."


def _finie(definition: Any) -> bool:
    return isinstance(definition, str) and definition.rstrip().endswith(".")
