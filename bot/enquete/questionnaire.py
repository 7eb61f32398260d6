"""The national questionnaire (QSN) as data: reading, checking, hashes, the lock that holds its wording, and which items a person is asked.

Wording belongs to knowledge/questionnaires; who answers what is `reponses`. Locked for all caisses: R54, R56, circular of 2011.
"""
import hashlib
import json
import re
import unicodedata
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Iterable, Literal, Mapping, Optional, Sequence

import rfc8785
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from bot.enquete.refus import QuestionnaireChange, QuestionnaireInvalide, VersionInconnue
from bot.knowledge.chemins import KNOWLEDGE
from bot.knowledge.lecture import ErreurConnaissance, lire_yaml
from bot.knowledge.verification import Defaut

DOSSIER = KNOWLEDGE / "questionnaires"
VERSION = "2011.1"  # the version in force: what a new wave opens with
PASSE, ECRIT = "passe", "ecrit"
FORMES = ("physique", "telephone", "courrier", "courriel", "collective")
CIBLES = ("EIG", "CREATEUR", "AE", "RCS")
LOCALES_MAX = 2
_CHAMPS_INTRO = frozenset({"date", "type"})


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Echelle(_Strict):
    """Codes and labels in their order, and what they mean for a rate. `texte`: a free comment of so many characters instead."""

    codes: dict[str, str] = Field(default_factory=dict)
    multiple: bool = False
    exclusif: Optional[str] = None
    positifs: tuple[str, ...] = ()
    negatifs: tuple[str, ...] = ()
    sans_avis: tuple[str, ...] = ()
    texte: Optional[int] = None

    @model_validator(mode="after")
    def _coherente(self) -> "Echelle":
        if bool(self.codes) == (self.texte is not None):
            raise ValueError("une échelle a des codes, ou un texte libre, pas les deux")
        roles = [*self.positifs, *self.negatifs, *self.sans_avis, *([self.exclusif] if self.exclusif else [])]
        if set(roles) - set(self.codes) or len(set(roles)) != len(roles):
            raise ValueError("positifs, negatifs, sans_avis et exclusif citent chacun des codes de l'échelle, une seule fois")
        if PASSE in self.codes or any(not re.fullmatch(r"[A-Za-z0-9_]{1,20}", c) for c in self.codes):
            raise ValueError(f"un code compte 1 à 20 lettres sans accent, chiffres ou « _ », et n'est pas « {PASSE} »")
        if not self.multiple and self.codes and not (self.positifs and self.negatifs):
            raise ValueError("une échelle à choix unique dit ses codes positifs et négatifs")
        return self


class Item(_Strict):
    """One question. `sauf`: forms of contact where it is not asked; `cibles`: the only ones where it is (empty: all)."""

    id: str
    question: str = Field(min_length=5, max_length=300)
    echelle: str
    sauf: tuple[Literal["physique", "telephone", "courrier", "courriel", "collective"], ...] = ()
    cibles: tuple[Literal["EIG", "CREATEUR", "AE", "RCS"], ...] = ()


class Locales(_Strict):
    """What a caisse adds after Q12: two questions at most, on a national scale."""

    caisse: str
    version: str
    items: tuple[Item, ...] = Field(min_length=1, max_length=LOCALES_MAX)

    @model_validator(mode="after")
    def _numeros(self) -> "Locales":
        if tuple(i.id for i in self.items) != ("LOC-01", "LOC-02")[:len(self.items)]:
            raise ValueError("les questions locales s'appellent LOC-01 puis LOC-02")
        return self


class Questionnaire(_Strict):
    """A published version. Its wording never changes: another wording is another version (R59)."""

    id: Literal["QSN"]
    version: str
    mention: Literal["modèle reconstitué"]
    titre: str
    intro: str
    echelles: dict[str, Echelle]
    items: tuple[Item, ...]

    @model_validator(mode="after")
    def _coherent(self) -> "Questionnaire":
        ids = [i.id for i in self.items]
        if len(set(ids)) != len(ids):
            raise ValueError("deux questions portent le même identifiant")
        for item in self.items:
            if item.echelle not in self.echelles:
                raise ValueError(f"la question {item.id} cite l'échelle « {item.echelle} », qui n'existe pas")
            if not re.fullmatch(r"[A-Z]\d{1,2}", item.id):
                raise ValueError(f"« {item.id} » n'est pas un identifiant national : une lettre et un numéro")
        if set(re.findall(r"{(\w+)}", self.intro)) != _CHAMPS_INTRO:
            raise ValueError("l'introduction cite {date} et {type}, et rien d'autre")
        return self

    def echelle(self, item: Item) -> Echelle:
        return self.echelles[item.echelle]

    @cached_property
    def empreintes(self) -> Mapping[str, str]:
        """SHA-256 of each item: its words and those of its scale, its filters and what counts as positive."""
        return {i.id: _sha256({**i.model_dump(mode="json", exclude={"echelle"}), "echelle": self.echelle(i).model_dump(mode="json"),
                               "ordre": list(self.echelle(i).codes)}) for i in self.items}

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the whole, order of the items included."""
        return _sha256({"id": self.id, "version": self.version, "titre": self.titre, "intro": self.intro, "mention": self.mention,
                        "items": [[i.id, self.empreintes[i.id]] for i in self.items]})

    @property
    def multiples(self) -> frozenset[str]:
        """The items where several answers may be given: their counts add up to more than the respondents."""
        return frozenset(i.id for i in self.items if self.echelle(i).multiple)

    def identite(self) -> dict[str, Any]:
        """The `questionnaire` object of the exchange file (§4d): {"id", "version", "sha256", "items": {id: sha256}}."""
        return {"id": self.id, "version": self.version, "sha256": self.sha256, "items": dict(self.empreintes)}

    def poses(self, cible: str, forme: str, locales: Optional[Locales] = None) -> tuple[Item, ...]:
        """The items asked of someone: cible of the wave (« SPONT », or a local code, has no module), form of her contact, local questions last."""
        national = tuple(i for i in self.items if forme not in i.sauf and (not i.cibles or cible in i.cibles))
        return national + (tuple(i for i in locales.items if forme not in i.sauf) if locales else ())


def _nfc(valeur: Any) -> Any:
    if isinstance(valeur, str):
        return unicodedata.normalize("NFC", valeur)
    if isinstance(valeur, Mapping):
        return {_nfc(c): _nfc(v) for c, v in valeur.items()}
    return [_nfc(v) for v in valeur] if isinstance(valeur, (list, tuple)) else valeur


def _sha256(valeur: Any) -> str:
    return hashlib.sha256(rfc8785.dumps(_nfc(valeur))).hexdigest()


# -- reading ---------------------------------------------------------------------------------------------------------------------------------


def _valider(modele: "type[Any]", brut: Any, nom: str) -> Any:
    try:
        return modele.model_validate(brut)
    except ValidationError as e:
        faute = e.errors()[0]
        ou = " > ".join(str(p) for p in faute["loc"]) or "le fichier"
        connus = {"missing": "manque", "extra_forbidden": "n'est pas prévu dans un questionnaire", "too_long": "en compte trop",
                  "literal_error": f"ne peut pas valoir « {faute.get('input')} »"}
        quoi = connus.get(faute["type"]) or ": " + faute["msg"].removeprefix("Value error, ")
        raise QuestionnaireInvalide(f"Questionnaire « {nom} » : {ou} {quoi}.") from e


def lire(chemin: Path) -> Questionnaire:
    """A version from its file. Raises QuestionnaireInvalide, saying where, or ErreurConnaissance when the YAML cannot be read."""
    q = _valider(Questionnaire, lire_yaml(chemin), chemin.name)
    if chemin.stem != f"{q.id.lower()}-{q.version}":
        raise QuestionnaireInvalide(f"Questionnaire « {chemin.name} » : la version « {q.version} » s'écrit dans « {q.id.lower()}-{q.version}.yml ».")
    return q


@cache
def questionnaire(version: str = VERSION, dossier: Path = DOSSIER) -> Questionnaire:
    """A published version, read once and held to its lock. Raises VersionInconnue, QuestionnaireInvalide, QuestionnaireChange."""
    chemin = dossier / f"qsn-{version}.yml"
    if not re.fullmatch(r"\d{4}\.\d+", version) or not chemin.exists():
        raise VersionInconnue
    q = lire(chemin)
    if verrou(chemin) != q.identite():
        raise QuestionnaireChange
    return q


def versions(dossier: Path = DOSSIER) -> Sequence[str]:
    """The published versions, oldest first."""
    return sorted(c.stem.removeprefix("qsn-") for c in dossier.glob("qsn-*.yml"))


def verrou(chemin: Path) -> Optional[dict[str, Any]]:
    """The lock beside a version: what `identite` said when it was published; None when it has not been."""
    fichier = chemin.with_suffix(".verrou.json")
    return json.loads(fichier.read_text(encoding="utf-8")) if fichier.exists() else None


def questions_locales(caisse_code: str, dossier: Path = DOSSIER) -> Optional[Locales]:
    """The local questions of a caisse, None when it has none. Raises QuestionnaireInvalide."""
    chemin = dossier / "locales" / f"{caisse_code}.yml"
    return lire_locales(chemin, questionnaire(dossier=dossier)) if chemin.exists() else None


def lire_locales(chemin: Path, national: Questionnaire) -> Locales:
    locales = _valider(Locales, lire_yaml(chemin), f"locales/{chemin.name}")
    if locales.caisse != chemin.stem:
        raise QuestionnaireInvalide(f"Questions locales « {chemin.name} » : le fichier porte le code de sa caisse, « {locales.caisse}.yml ».")
    for item in locales.items:
        if item.echelle not in national.echelles or national.echelles[item.echelle].texte:
            raise QuestionnaireInvalide(f"Questions locales « {chemin.name} » : {item.id} prend une échelle nationale, sans texte libre.")
    return locales


def locales_de(contenu: Optional[Mapping[str, Any]]) -> Optional[Locales]:
    """The local questions as a wave froze them at its opening."""
    return Locales.model_validate(contenu) if contenu else None


# -- what `conseil check` asks -----------------------------------------------------------------------------------------------------------------


def verifier(dossier: Path = DOSSIER) -> Iterable[Defaut]:
    """Faults of the questionnaire files: unreadable, not as locked, local questions outside the rules, synonyms that fit no code."""
    from bot.enquete.comprendre import verifier_synonymes

    lus: list[Questionnaire] = []
    for chemin in sorted(dossier.glob("qsn-*.yml")):
        ou = f"questionnaires/{chemin.name}"
        try:
            q = lire(chemin)
        except (QuestionnaireInvalide, ErreurConnaissance) as e:
            yield Defaut(e.code, ou, str(e))
            continue
        lus.append(q)
        yield from _ecarts(q, verrou(chemin), ou)
    if not lus:
        yield Defaut("QUESTIONNAIRE_ABSENT", "questionnaires", "aucun questionnaire lisible (qsn-<version>.yml) : l'enquête ne peut pas s'ouvrir.")
        return
    for chemin in sorted((dossier / "locales").glob("*.yml")):
        try:
            lire_locales(chemin, lus[-1])
        except (QuestionnaireInvalide, ErreurConnaissance) as e:
            yield Defaut(e.code, f"questionnaires/locales/{chemin.name}", str(e))
    yield from verifier_synonymes(lus, dossier)


def _ecarts(q: Questionnaire, scelle: Optional[Mapping[str, Any]], ou: str) -> Iterable[Defaut]:
    if scelle is None:
        yield Defaut("QUESTIONNAIRE_SANS_VERROU", ou, "pas de verrou : « python -m bot.enquete.questionnaire » le publie, puis il ne change plus.")
        return
    siens = q.identite()
    changees = [i for i in {**siens["items"], **scelle["items"]} if siens["items"].get(i) != scelle["items"].get(i)]
    if changees:
        yield Defaut("QUESTION_CHANGEE", ou,
                     f"{', '.join(changees)} : les mots ne sont plus ceux du verrou. Remettez-les, ou publiez une autre version.")
    elif siens != scelle:
        yield Defaut("QUESTIONNAIRE_CHANGE", ou, "l'introduction, le titre ou l'ordre ont changé. Remettez-les, ou publiez une autre version.")


def publier(dossier: Path = DOSSIER) -> list[str]:
    """Write the lock of each version that has none; a lock that is there is never written again."""
    faits = []
    for chemin in sorted(dossier.glob("qsn-*.yml")):
        if verrou(chemin) is None:
            chemin.with_suffix(".verrou.json").write_text(json.dumps(lire(chemin).identite(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
            faits.append(chemin.stem)
    return faits


if __name__ == "__main__":
    print("Verrous écrits :", ", ".join(publier()) or "aucun, toutes les versions sont publiées.")
