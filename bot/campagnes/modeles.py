"""Letter templates: read, checked, merged with a person's few facts. Text only: no markup nor code can come in by a caisse's adaptation.

Making pages of them, and sending, is `courriers`.
"""
import re
from pathlib import Path
from string import Formatter
from typing import Any, Mapping, Optional

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from bot.contacts.refus import Refus
from bot.knowledge.chemins import KNOWLEDGE
from bot.knowledge.lecture import lire_yaml
from bot.texte.typographie import composer

DOSSIER = KNOWLEDGE / "courriers"
# What a template may name. Nothing else of a person ever enters a letter.
CHAMPS = frozenset({"appel", "nom_complet", "carriere", "expire", "telephone", "horaires", "caisse", "annee"})
# What a caisse may change in its adaptation (R54); the mention, the tool and the opening code are common.
ADAPTABLES = frozenset({"objet", "paragraphes", "apres_code", "a_apporter", "formule", "signature", "variables"})


class ModeleInvalide(Refus):
    code, statut = "MODELE_INVALIDE", 422
    message = "Ce modèle de courrier n'est pas lisible. Corrigez-le comme indiqué."


class ModeleInconnu(Refus):
    code, statut = "MODELE_INCONNU", 404
    message = "Aucun modèle de courrier ne correspond à cette action. Ajoutez-en un dans knowledge/courriers."


class Modele(BaseModel):
    """One letter. Placeholders are {names} of CHAMPS; `variables` gives a sentence by case (`carriere`: incomplete, autre)."""

    model_config = ConfigDict(extra="forbid")
    titre: str
    outil: str
    version: str
    mention: str
    actions: list[str]
    objet: str
    paragraphes: list[str] = Field(min_length=1)
    formule: str
    signature: str
    code_ouverture: bool = False
    apres_code: Optional[str] = None
    support: Optional[str] = None
    variables: dict[str, dict[str, str]] = Field(default_factory=dict)
    a_apporter: list[str] = Field(default_factory=list)

    @field_validator("objet", "paragraphes", "apres_code", "formule", "variables", mode="after")
    @classmethod
    def _champs_connus(cls, valeur: Any) -> Any:
        for texte in _textes(valeur):
            try:
                inconnus = {nom + (":" + forme if forme else "") for _, nom, forme, _ in Formatter().parse(texte) if nom is not None} - CHAMPS
            except ValueError as e:
                raise ValueError("une accolade est restée ouverte") from e
            if inconnus:
                raise ValueError(f"champ inconnu : {', '.join('{' + n + '}' for n in sorted(inconnus))} ; "
                                 f"champs possibles : {', '.join('{' + n + '}' for n in sorted(CHAMPS))}")
        return valeur


def _textes(valeur: Any) -> list[str]:
    if isinstance(valeur, str):
        return [valeur]
    if isinstance(valeur, Mapping):
        return [t for v in valeur.values() for t in _textes(v)]
    return [t for v in valeur or () for t in _textes(v)]


def valider(brut: Any, nom: str) -> Modele:
    """A template from its mapping. Raises ModeleInvalide, in one sentence that says where."""
    try:
        return Modele.model_validate(brut)
    except ValidationError as e:
        faute = e.errors()[0]
        ou = " > ".join(str(p) for p in faute["loc"]) or "le fichier"
        connus = {"missing": "manque", "extra_forbidden": "n'est pas prévu dans un modèle"}
        quoi = connus.get(faute["type"], faute["msg"].removeprefix("Value error, "))
        raise ModeleInvalide(f"Modèle de courrier « {nom} » : {ou} {quoi}.") from e


def modeles(dossier: Path = DOSSIER) -> dict[str, Modele]:
    """All national templates, by file name."""
    return {f.stem: valider(lire_yaml(f), f.stem) for f in sorted(dossier.glob("*.yml"))}


def modele_de(action: str, adaptation: Optional[str] = None, dossier: Path = DOSSIER) -> tuple[str, Modele]:
    """(name, template) of an action, with the caisse's adaptation (YAML text) laid over it. Raises ModeleInconnu, ModeleInvalide."""
    for nom, modele in modeles(dossier).items():
        if action in modele.actions:
            return nom, adapter(modele, adaptation, nom) if adaptation else modele
    raise ModeleInconnu


def adapter(modele: Modele, adaptation: str, nom: str) -> Modele:
    """The template with what the caisse changed. Raises ModeleInvalide when it touches what is common to all (R54)."""
    try:
        changes = yaml.safe_load(adaptation) or {}
    except yaml.YAMLError as e:
        raise ModeleInvalide(f"L'adaptation du modèle « {nom} » n'est pas du YAML lisible : vérifiez les guillemets et les retraits.") from e
    interdits = sorted(set(changes) - ADAPTABLES) if isinstance(changes, dict) else ["le fichier entier"]
    if interdits:
        raise ModeleInvalide(f"L'adaptation du modèle « {nom} » change ce qui est commun à toutes les caisses : {', '.join(interdits)}. "
                             f"Ce qui s'adapte : {', '.join(sorted(ADAPTABLES))}.")
    return valider({**modele.model_dump(), **changes}, nom)


class Lettre(BaseModel):
    """A merged letter: plain typeset text, ready to lay out as a page, an e-mail or a document."""

    destinataire: list[str]
    objet: str
    paragraphes: list[str]
    code: Optional[str] = None
    apres_code: Optional[str] = None
    a_apporter: list[str]
    formule: str
    signature: str
    mention: str
    reference: str


def fusionner(modele: Modele, valeurs: Mapping[str, str], destinataire: list[str], reference: str, code: Optional[str] = None) -> Lettre:
    """The letter of one person. `valeurs` gives CHAMPS; a case of `variables` is chosen by the value of the same name, else « autre »."""
    connus = {c: valeurs.get(c, "") for c in CHAMPS}
    for nom, cas in modele.variables.items():
        connus[nom] = cas.get(valeurs.get(nom, ""), cas.get("autre", ""))

    def dire(texte: str) -> str:
        return composer(re.sub(r"\s+", " ", texte.format_map(connus)).strip())

    return Lettre(destinataire=destinataire, objet=dire(modele.objet), paragraphes=[t for p in modele.paragraphes if (t := dire(p))], code=code,
                  apres_code=dire(modele.apres_code) if modele.apres_code and code else None, a_apporter=[composer(a) for a in modele.a_apporter],
                  formule=dire(modele.formule), signature=composer(modele.signature), mention=composer(modele.mention), reference=reference)
