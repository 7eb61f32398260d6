"""The shape of campaign, complement, kit and trame files, and their errors in French: file, place, what to do. No database here.

What the values must mean together is `socle` and `complement`.
"""
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Optional, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from bot.contacts.tables.campagne import GENRES_CIBLE
from bot.contacts.tables.contact import DOMAINES
from bot.knowledge.lecture import ErreurConnaissance, lire_yaml

Genre = Literal["entretien", "courrier", "rencontre"]
Forme = Literal["physique", "telephone", "courrier", "courriel", "collective"]
Domaine = Literal["D1", "D2", "D3", "D4", "D5", "D6", "D7", "D8", "D9"]
Theme = Literal["auto_entrepreneur", "profession", "autre"]
assert set(Domaine.__args__) == set(DOMAINES) and set(Genre.__args__) == set(GENRES_CIBLE)  # type: ignore[attr-defined]
FORMES_DU_GENRE = {"entretien": {"physique", "telephone"}, "courrier": {"courrier", "courriel"}, "rencontre": {"collective"}}


def _phrase(texte: str) -> str:
    if not texte.strip():
        raise ValueError("est vide ; écrivez-le")
    return texte


Phrase = Annotated[str, AfterValidator(_phrase)]
Code = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$", max_length=40)]
CodeAction = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9-]*$", max_length=20)]


class CampagneInvalide(ErreurConnaissance):
    """A campaign file that cannot be used; each line of the message says where and what to do."""

    code = "CAMPAGNE_INVALIDE"


class Bloc(BaseModel):
    """A block of a file. `a_relire` marks what `conseil campagne nouvelle` moved on: nothing is installed while one remains."""

    model_config = ConfigDict(extra="forbid")
    a_relire: bool = False


class Periode(Bloc):
    du: date
    au: date

    @model_validator(mode="after")
    def _dans_l_ordre(self) -> "Periode":
        if self.au < self.du:
            raise ValueError(f"finit le {self.au:%d/%m/%Y}, avant de commencer le {self.du:%d/%m/%Y} ; échangez les deux dates")
        return self


class Criteres(Bloc):
    """Who is in a cible; an absent criterion lets everybody in."""

    statuts: Optional[list[Literal["actif", "retraite", "radie", "createur", "conjoint"]]] = None
    groupes_pro: Optional[list[Literal["artisan", "commercant"]]] = None
    auto_entrepreneur: Optional[bool] = None
    annees_naissance: Optional[list[Annotated[int, Field(ge=1900, le=2100)]]] = None
    affiliation: Optional[Periode] = None
    profession_avec_risque: Optional[bool] = None


class Condition(Bloc):
    """What one person must be, for a priority or a sub-cible."""

    carriere: Optional[Literal["complete", "incomplete", "inconnue"]] = None
    annee_naissance: Optional[int] = None
    groupe_pro: Optional[Literal["artisan", "commercant"]] = None
    auto_entrepreneur: Optional[bool] = None
    referent: Optional[Literal["aucun"]] = None

    @model_validator(mode="after")
    def _une_au_moins(self) -> "Condition":
        if not self.model_dump(exclude_none=True, exclude={"a_relire"}):
            raise ValueError("ne demande rien ; écrivez au moins une condition")
        return self


class Priorite(Bloc):
    """Who comes first, in the order of the list; `phrase` explains it to a person (R23, R30)."""

    code: Code
    si: Condition
    phrase: Phrase


class SousCible(Bloc):
    code: Code
    titre: Phrase
    si: Condition


class Module(Bloc):
    """One piece of content due at each contact of the cible, and the domain it belongs to (R32, R41, R43)."""

    code: Code
    domaine: Domaine
    titre: Phrase


class Publication(Bloc):
    code: Code
    titre: Phrase
    autre_titre: Optional[Phrase] = None
    edition: Phrase


class SousAction(Bloc):
    """An optional action under a cible, which a caisse opens in its complement; its absence is never a failure (R38)."""

    code: CodeAction
    genre: Genre
    titre: Phrase
    formes: list[Forme]


class Objectif(Bloc):
    code: Code
    titre: Phrase


class Cible(Bloc):
    code: CodeAction
    titre: Annotated[Phrase, Field(max_length=160)]
    genre: Genre
    theme: Optional[Theme] = None
    justification: Phrase
    objectif_specifique: Phrase
    engagement_cog: bool = False
    criteres: Criteres
    priorites: list[Priorite]
    sous_cibles: list[SousCible]
    contenu: list[Module] = Field(min_length=1)
    calendrier: Periode
    formes: list[Forme] = Field(min_length=1)
    outils: list[Code]
    publications: list[Publication]
    effets: list[Code]
    programmes: list[Code] = Field(min_length=1)
    sous_actions: list[SousAction] = Field(default_factory=list)

    @model_validator(mode="after")
    def _formes_du_genre(self) -> "Cible":
        if not set(self.formes) <= FORMES_DU_GENRE[self.genre]:
            raise ValueError(f"({self.code}) est de genre « {self.genre} » : ses formes sont {', '.join(sorted(FORMES_DU_GENRE[self.genre]))}")
        if (self.genre == "rencontre") != (self.theme is not None):
            raise ValueError(f"({self.code}) : « theme » se donne pour une rencontre, et pour elle seule")
        return self


class Campagne(Bloc):
    """A year's socle, as knowledge/campagnes/<year>.yml gives it."""

    annee: Annotated[int, Field(ge=2009, le=2100)]
    version: Annotated[str, Field(pattern=r"^\d{4}\.\d+$")]
    titre: Phrase
    source: Phrase
    transition: Optional[Phrase] = None
    objectifs: list[Objectif] = Field(min_length=1)
    programmes: dict[Code, Phrase]
    cibles: list[Cible] = Field(min_length=1)
    difficultes: dict[Code, Phrase]
    moments_vie: dict[Code, Phrase]
    effets: dict[Code, Phrase]
    priorites_n1: dict[Code, Phrase]

    def cible(self, code: str) -> Optional[Cible]:
        return next((c for c in self.cibles if c.code == code), None)


class AjoutCible(Bloc):
    """What a caisse says of a cible of the socle. Everything that could weaken it is read, so that it is refused with its reason."""

    objectif: Optional[Annotated[int, Field(gt=0)]] = None
    priorites: list[Priorite] = Field(default_factory=list)
    sous_actions: list[CodeAction] = Field(default_factory=list)
    contenu_ajoute: list[Module] = Field(default_factory=list)
    retirer: bool = False
    genre: Optional[Genre] = None
    criteres: Optional[Criteres] = None
    calendrier: Optional[Periode] = None
    formes: Optional[list[Forme]] = None
    contenu: Optional[list[Code]] = None
    outils: Optional[list[Code]] = None


class ActionLocale(Bloc):
    code: CodeAction
    titre: Annotated[Phrase, Field(max_length=160)]
    genre: Genre
    perimetre: Literal["local", "socle"] = "local"
    theme: Optional[Theme] = None
    justification: Phrase
    criteres: Criteres = Field(default_factory=Criteres)
    priorites: list[Priorite] = Field(default_factory=list)
    calendrier: Periode
    formes: list[Forme] = Field(min_length=1)
    objectif: Optional[Annotated[int, Field(gt=0)]] = None

    @model_validator(mode="after")
    def _formes_du_genre(self) -> "ActionLocale":
        if not set(self.formes) <= FORMES_DU_GENRE[self.genre]:
            raise ValueError(f"({self.code}) est de genre « {self.genre} » : ses formes sont {', '.join(sorted(FORMES_DU_GENRE[self.genre]))}")
        return self


class OutilAdapte(Bloc):
    """A tool of the kit with the caisse's own text, in a file beside the complement."""

    fichier: Phrase
    prise_en_main: Annotated[Phrase, Field(max_length=300)]


class Complement(Bloc):
    """What one caisse adds to the socle (R19, R54)."""

    caisse: Annotated[str, Field(max_length=40)]
    annee: int
    socle: str
    cibles: dict[CodeAction, AjoutCible] = Field(default_factory=dict)
    actions: list[ActionLocale] = Field(default_factory=list)
    outils: dict[Code, OutilAdapte] = Field(default_factory=dict)


# -- reading, with errors people can act on -----------------------------------------------------------------------------------------------------

T = TypeVar("T", bound=BaseModel)
_DATE = "n'est pas une date ({input}) ; écrivez par exemple 2011-07-01"
_FAUTES = {
    "missing": "il manque ; ajoutez-le",
    "extra_forbidden": "n'existe pas dans ce fichier ; retirez-le ou corrigez son nom",
    "literal_error": "ne peut pas valoir {input} ; valeurs possibles : {expected}",
    "string_pattern_mismatch": "ne peut pas s'écrire {input} ; forme attendue : {pattern}",
    "date_from_datetime_parsing": _DATE, "date_type": _DATE, "date_parsing": _DATE,
    "int_type": "n'est pas un nombre entier ({input})", "int_parsing": "n'est pas un nombre entier ({input})",
    "bool_type": "vaut true ou false, pas {input}", "bool_parsing": "vaut true ou false, pas {input}",
    "string_type": "n'est pas un texte ({input}) ; mettez-le entre guillemets",
    "list_type": "n'est pas une liste ({input}) ; commencez chaque élément par un tiret",
    "dict_type": "n'est pas un bloc ({input})", "model_type": "n'est pas un bloc ({input})",
    "string_too_long": "est trop long ; {max_length} signes au plus", "too_short": "est vide ; il en faut au moins un",
    "greater_than": "doit dépasser {gt}, pas valoir {input}", "greater_than_equal": "doit valoir au moins {ge}, pas {input}",
    "less_than_equal": "doit valoir au plus {le}, pas {input}",
}


def charger(chemin: Path, modele: type[T]) -> T:
    """A file of the knowledge base as a checked value. Raises ErreurConnaissance (YAML) or CampagneInvalide, one line a fault."""
    return valider(lire_yaml(chemin), modele, chemin.name)


def valider(brut: Any, modele: type[T], nom: str) -> T:
    """The same from a mapping already read; `nom` is how the errors call it."""
    try:
        return modele.model_validate(brut if brut is not None else {})
    except ValidationError as e:
        raise CampagneInvalide("\n".join(f"{nom}, {_lieu(f['loc'], brut)} : {_faute(f)}." for f in e.errors())) from e


def _lieu(loc: tuple[Any, ...], brut: Any) -> str:
    """« cibles › EIG › calendrier »: list items are named by their code when they have one."""
    lieu = []
    for pas in loc:
        try:
            brut = brut[pas]
        except (KeyError, IndexError, TypeError):
            brut = None
        lieu.append(str(brut["code"]) if isinstance(pas, int) and isinstance(brut, dict) and "code" in brut
                    else f"n° {pas + 1}" if isinstance(pas, int) else str(pas))
    return " › ".join(lieu) or "le fichier"


def _faute(faute: Any) -> str:
    if faute["type"] == "value_error":
        return str(faute["ctx"]["error"])
    phrase = _FAUTES.get(faute["type"], "ne convient pas ({input})")
    entree = faute["input"] if isinstance(faute["input"], (str, int, float, bool, date)) else type(faute["input"]).__name__
    return phrase.format(input=f"« {entree} »", **{"expected": "", "pattern": "", **faute.get("ctx", {})}).replace(" or ", " ou ")
