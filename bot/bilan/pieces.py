"""What a bilan is made of on paper: sections, paragraphs, tables, figures. The same pieces become HTML, PDF, XLSX and DOCX (`rendus`).

What they say is `regional` and `documents_nationaux`. A value is a number here; how French prints it is decided once, in `ecrire`.
"""
from dataclasses import dataclass, field
from typing import Any, Optional, Sequence, Union

from bot.texte.typographie import ESPACE_FINE, composer, nombre

ABSENT, CACHE = "–", "s"
COURT = 16  # lines of a table that is kept on one page


@dataclass(frozen=True)
class Part:
    """A share: 0.941 is printed « 94,1 % », and stays a number in a sheet."""

    valeur: Optional[float]
    decimales: int = 1


@dataclass(frozen=True)
class Tableau:
    """A table with its code (T1…), headings, lines. The first column heads each line. None is « – » (nothing), never 0; « s » is hidden."""

    code: str
    titre: str
    colonnes: Sequence[str]
    lignes: Sequence[Sequence[Any]]
    note: Optional[str] = None

    @property
    def legende(self) -> str:
        """Code and title; the data of a chart name their chart in the title already."""
        return self.titre if self.titre.startswith("Données du graphique") else f"{self.code}. {self.titre}"

    @property
    def court(self) -> bool:
        """Whether it fits on what is left of a page, or on the next: it is never cut in two."""
        return len(self.lignes) <= COURT


@dataclass(frozen=True)
class Figure:
    """A chart: SVG bytes, the sentence that says what it shows, and its data as a table (always printed with it)."""

    code: str
    titre: str
    svg: bytes
    alternative: str
    donnees: Tableau


@dataclass(frozen=True)
class Texte:
    """A paragraph; `genre`: texte, note or alerte."""

    texte: str
    genre: str = "texte"


@dataclass(frozen=True)
class Liste:
    """Items in a list; `ordonnee`: numbered by the page itself, so that nobody hears « puce, 1 »."""

    elements: Sequence[str]
    ordonnee: bool = False


Bloc = Union[Tableau, Figure, Texte, Liste]


@dataclass
class Section:
    """A numbered section, or a sub-section."""

    titre: str
    blocs: list[Bloc] = field(default_factory=list)
    sous: list["Section"] = field(default_factory=list)


@dataclass
class Document:
    """A whole bilan, ready to be written. `mentions` are on every page; `identite`: (label, value) pairs of the first page."""

    titre: str
    sous_titre: str
    identite: Sequence[tuple[str, str]]
    mentions: Sequence[str]
    sections: list[Section]
    date: str
    langue: str = "fr"

    def tableaux(self) -> list[Tableau]:
        """Every table, those of the figures included, in reading order."""
        trouves: list[Tableau] = []

        def parcourir(section: Section) -> None:
            for bloc in section.blocs:
                if isinstance(bloc, (Tableau, Figure)):
                    trouves.append(bloc if isinstance(bloc, Tableau) else bloc.donnees)
            for sous in section.sous:
                parcourir(sous)
        for section in self.sections:
            parcourir(section)
        return trouves

    def figures(self) -> list[Figure]:
        def de(section: Section) -> list[Figure]:
            return [b for b in section.blocs if isinstance(b, Figure)] + [f for sous in section.sous for f in de(sous)]
        return [f for section in self.sections for f in de(section)]


def ecrire(valeur: Any) -> str:
    """A value as French prints it."""
    if valeur is None:
        return ABSENT
    if isinstance(valeur, Part):
        return ABSENT if valeur.valeur is None else f"{nombre(100 * valeur.valeur, valeur.decimales)}{ESPACE_FINE}%"
    if isinstance(valeur, bool):
        return "oui" if valeur else "non"
    if isinstance(valeur, (int, float)):
        return nombre(valeur)
    return composer(str(valeur))


def rapport(partie: Optional[int], tout: Optional[int]) -> Part:
    """A share of two counts; nothing when there is nothing to divide by."""
    return Part(partie / tout if partie is not None and tout else None)
