"""Writes a bilan's pieces: HTML page, tagged PDF with its JSON attached, XLSX with numbers as numbers, DOCX to edit at the caisse.

PDF and XLSX are the same bytes for the same document; a DOCX is for editing and is never signed.
"""
import io
import os
import re
import threading
from base64 import b64encode
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Iterator, Optional, Union

from jinja2 import Environment, FileSystemLoader, select_autoescape
from markupsafe import Markup

from bot.bilan.pieces import ABSENT, Document, Figure, Liste, Part, Section, Tableau, Texte, ecrire
from bot.texte.typographie import composer

GABARITS = Environment(loader=FileSystemLoader(Path(__file__).parent / "gabarits"), autoescape=select_autoescape(default=True), trim_blocks=True,
                       lstrip_blocks=True)
_VERROU = threading.Lock()


def genre(bloc: Any) -> str:
    return type(bloc).__name__.lower()


def est_nombre(valeur: Any) -> bool:
    return isinstance(valeur, (int, float, Part)) or valeur in (None, "s")


def numerique(tableau: Tableau, colonne: int) -> bool:
    """Whether a column is set to the right: it holds numbers, and nothing else but signs of absence."""
    valeurs = [ligne[colonne] for ligne in tableau.lignes if ligne[colonne] != ""]
    return bool(valeurs) and all(est_nombre(v) for v in valeurs)


def css(texte: str) -> Markup:
    """A text as a CSS string: markup escapes mean nothing there."""
    return Markup('"' + composer(texte).replace("\\", "").replace('"', "\\22 ").replace("<", "\\3c ").replace("\n", " ") + '"')


GABARITS.filters.update(numerique=numerique, css=css, ecrire=ecrire, typo=composer, genre=genre, est_nombre=est_nombre,
                        image=lambda svg: "data:image/svg+xml;base64," + b64encode(svg).decode(),
                        paragraphes=lambda texte: [p for p in str(texte).split("\n") if p.strip()])


def html(document: Document) -> str:
    """The document as one page, styles and charts inside."""
    return GABARITS.get_template("bilan.html").render(d=document)


def instant(document: Document) -> datetime:
    """The instant written in files: the day of the data, so that the same document has the same bytes."""
    return datetime.fromisoformat(document.date).replace(tzinfo=timezone.utc)


@contextmanager
def _epoque(quand: datetime) -> Iterator[None]:
    """SOURCE_DATE_EPOCH for WeasyPrint, one document at a time: it is a variable of the whole process."""
    with _VERROU:
        avant = os.environ.get("SOURCE_DATE_EPOCH")
        os.environ["SOURCE_DATE_EPOCH"] = str(int(quand.timestamp()))
        try:
            yield
        finally:
            os.environ.pop("SOURCE_DATE_EPOCH") if avant is None else os.environ.__setitem__("SOURCE_DATE_EPOCH", avant)


def pdf(document: Document, joint: Optional[tuple[str, bytes]] = None) -> bytes:
    """A tagged PDF (PDF/UA-1); `joint`: name and bytes of the JSON it carries, which alone is authoritative."""
    from weasyprint import HTML, Attachment

    quand = instant(document)
    with _epoque(quand):
        jointes = [Attachment(string=joint[1], name=joint[0], description="Fichier d'échange du bilan (JSON)", relationship="Source",
                              created=quand, modified=quand)] if joint else []
        return HTML(string=html(document)).write_pdf(pdf_variant="pdf/ua-1", attachments=jointes) or b""


# -- XLSX ----------------------------------------------------------------------------------------------------------------------------------


def xlsx(document: Document) -> bytes:
    """One sheet a table; numbers stay numbers, shares percentages, texts are texts even when they look like a formula."""
    import xlsxwriter

    sortie = io.BytesIO()
    texte_seul = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    classeur = xlsxwriter.Workbook(sortie, {"in_memory": True, **texte_seul})
    classeur.set_properties({"title": document.titre, "subject": document.sous_titre, "comments": " ".join(document.mentions),
                             "created": instant(document).replace(tzinfo=None)})
    formats = {nom: classeur.add_format(options) for nom, options in {
        "titre": {"bold": True, "font_size": 13}, "tete": {"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"},
        "texte": {"text_wrap": True}, "entier": {"num_format": "#,##0"}, "decimal": {"num_format": "#,##0.00"}, "part": {"num_format": "0.0\u202f%"},
        "note": {"italic": True, "text_wrap": True}, "vide": {"align": "right"}}.items()}
    accueil = classeur.add_worksheet("Identification")
    accueil.set_column(0, 0, 34)
    accueil.set_column(1, 1, 80)
    lignes = [(document.titre, document.sous_titre), *document.identite, *(("Mention", m) for m in document.mentions)]
    for rang, (nom, valeur) in enumerate(lignes):
        accueil.write_string(rang, 0, composer(nom), formats["titre" if rang == 0 else "tete"])
        accueil.write_string(rang, 1, composer(valeur), formats["texte"])
    pris: set[str] = {"identification"}
    for tableau in document.tableaux():
        _feuille(classeur, tableau, formats, pris)
    classeur.close()
    return sortie.getvalue()


def _feuille(classeur: Any, tableau: Tableau, formats: dict[str, Any], pris: set[str]) -> None:
    feuille = classeur.add_worksheet(_nom_feuille(tableau.code, pris))
    feuille.write_string(0, 0, composer(tableau.legende), formats["titre"])
    feuille.freeze_panes(3, 1)
    feuille.set_column(0, 0, 44)
    feuille.set_column(1, max(len(tableau.colonnes) - 1, 1), 15)
    for j, nom in enumerate(tableau.colonnes):
        feuille.write_string(2, j, composer(nom), formats["tete"])
    for i, ligne in enumerate(tableau.lignes, 3):
        for j, valeur in enumerate(ligne):
            _cellule(feuille, i, j, valeur, formats)
    if tableau.note:
        feuille.write_string(len(tableau.lignes) + 4, 0, composer(tableau.note), formats["note"])


def _nom_feuille(code: str, pris: set[str]) -> str:
    nom = base = re.sub(r"[\[\]:*?/\\]", "-", code)[:28]
    rang = 2
    while nom.lower() in pris:
        nom, rang = f"{base} {rang}", rang + 1
    pris.add(nom.lower())
    return nom


def _cellule(feuille: Any, i: int, j: int, valeur: Any, formats: dict[str, Any]) -> None:
    if isinstance(valeur, Part):
        valeur, sorte = valeur.valeur, "part"
    else:
        sorte = "decimal" if isinstance(valeur, float) else "entier"
    if valeur is None:
        feuille.write_string(i, j, ABSENT, formats["vide"])
    elif isinstance(valeur, (int, float)) and not isinstance(valeur, bool):
        feuille.write_number(i, j, valeur, formats[sorte])
    else:
        feuille.write_string(i, j, ecrire(valeur), formats["texte"])


# -- DOCX ----------------------------------------------------------------------------------------------------------------------------------


def docx(document: Document) -> bytes:
    """The same document to edit with a word processor: headings, tables, data of the charts with their sentence."""
    from docx import Document as Docx
    from docx.shared import Pt

    fichier = Docx()
    proprietes = fichier.core_properties
    proprietes.title, proprietes.language, proprietes.author = document.titre, "fr-FR", ""
    proprietes.created = proprietes.modified = instant(document).replace(tzinfo=None)
    normal: Any = fichier.styles["Normal"]
    normal.font.name, normal.font.size = "Liberation Sans", Pt(10)
    fichier.add_heading(composer(document.titre), 0)
    fichier.add_paragraph(composer(document.sous_titre))
    for mention in document.mentions:
        fichier.add_paragraph().add_run(composer(mention)).italic = True
    for nom, valeur in document.identite:
        paragraphe = fichier.add_paragraph()
        paragraphe.add_run(composer(f"{nom} : ")).bold = True
        paragraphe.add_run(composer(valeur))
    for rang, section in enumerate(document.sections, 1):
        _section_docx(fichier, section, f"{rang}. ", 1)
    sortie = io.BytesIO()
    fichier.save(sortie)
    return sortie.getvalue()


def _section_docx(fichier: Any, section: Section, prefixe: str, niveau: int) -> None:
    fichier.add_heading(composer(prefixe + section.titre), niveau)
    for bloc in section.blocs:
        if isinstance(bloc, Texte):
            for paragraphe in bloc.texte.split("\n"):
                fichier.add_paragraph().add_run(composer(paragraphe)).italic = bloc.genre == "note"
        elif isinstance(bloc, Liste):
            for element in bloc.elements:
                fichier.add_paragraph(composer(element), style="List Number" if bloc.ordonnee else "List Bullet")
        elif isinstance(bloc, Figure):
            fichier.add_paragraph(composer(f"{bloc.code}. {bloc.titre}. {bloc.alternative}"))
            _tableau_docx(fichier, bloc.donnees)
        else:
            _tableau_docx(fichier, bloc)
    for sous in section.sous:
        _section_docx(fichier, sous, "", niveau + 1)


def _tableau_docx(fichier: Any, tableau: Tableau) -> None:
    fichier.add_paragraph().add_run(composer(tableau.legende)).bold = True
    table = fichier.add_table(rows=1, cols=len(tableau.colonnes), style="Light Grid Accent 1")
    for cellule, nom in zip(table.rows[0].cells, tableau.colonnes):
        cellule.text = composer(nom)
    for ligne in tableau.lignes:
        for cellule, valeur in zip(table.add_row().cells, ligne):
            cellule.text = ecrire(valeur)
    if tableau.note:
        fichier.add_paragraph().add_run(composer(tableau.note)).italic = True


# -- all of them ---------------------------------------------------------------------------------------------------------------------------


def fichiers(document: Document, joint: tuple[str, bytes]) -> dict[str, Union[bytes, str]]:
    """Every file of a bilan by its extension; the JSON is the authority, the others are how people read it."""
    return {"html": html(document), "pdf": pdf(document, joint), "xlsx": xlsx(document), "docx": docx(document)}
