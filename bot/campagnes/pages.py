"""Makes pages of letters: one PDF for a batch, ready for window envelopes, and a DOCX to edit by hand. What they say is `modeles`."""
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Callable, Iterable, Iterator, Optional, Sequence

from jinja2 import Environment, FileSystemLoader, select_autoescape

from bot.campagnes.modeles import Lettre
from bot.contacts.tables import Caisse
from bot.texte.typographie import composer, date_longue

GABARITS = Environment(loader=FileSystemLoader(Path(__file__).parent / "gabarits"), autoescape=select_autoescape(), trim_blocks=True)
# Letters laid out at once. WeasyPrint keeps a whole document in memory and slows with its length; pages are then put end to end.
TRANCHE = 25


def expediteur(caisse: Caisse) -> list[str]:
    """The sender's lines: address of the first antenne, telephone, hours."""
    antenne = caisse.antennes[0] if caisse.antennes else None
    lignes = [antenne.adresse, f"{antenne.code_postal} {antenne.ville}"] if antenne else []
    return [composer(ligne) for ligne in [*lignes, caisse.telephone, caisse.horaires] if ligne]


def ecrire_pdf(lettres: Sequence[Lettre], caisse: Caisse, jour: date, chemin: Path, avancer: Optional[Callable[[int], None]] = None) -> int:
    """Write the batch as one PDF; returns its number of pages. `avancer` is told how many letters are laid out.

    The file appears whole or not at all: it is written beside, then put in place.
    """
    from weasyprint import HTML  # here: a second of every start that prints nothing

    morceaux, faites = [], 0
    for tranche in _tranches(lettres):
        morceaux.append(HTML(string=_html(tranche, caisse, jour)).render())
        faites += len(tranche)
        if avancer:
            avancer(faites)
    provisoire = chemin.with_suffix(".en-cours.pdf")
    pages = [page for morceau in morceaux for page in morceau.pages]
    morceaux[0].copy(pages).write_pdf(provisoire)
    provisoire.replace(chemin)
    return len(pages)


def _html(lettres: Sequence[Lettre], caisse: Caisse, jour: date) -> str:
    ville = caisse.antennes[0].ville if caisse.antennes else ""
    return GABARITS.get_template("lettre.html").render(lettres=lettres, caisse=caisse, expediteur=expediteur(caisse), titre=lettres[0].objet,
                                                       lieu_date=f"{ville}, le {date_longue(jour)}" if ville else f"Le {date_longue(jour)}")


def _tranches(lettres: Iterable[Lettre]) -> Iterator[list[Lettre]]:
    reste = iter(lettres)
    while tranche := list(islice(reste, TRANCHE)):
        yield tranche


def ecrire_docx(lettres: Sequence[Lettre], caisse: Caisse, jour: date, chemin: Path) -> None:
    """Write letters as a Word document, one after the other, for a caisse that wants to change a word in one of them."""
    from docx import Document
    from docx.shared import Pt

    document = Document()
    document.core_properties.title, document.core_properties.language = lettres[0].objet, "fr-FR"
    document.styles["Normal"].font.name, document.styles["Normal"].font.size = "Arial", Pt(10.5)
    for rang, lettre in enumerate(lettres):
        if rang:
            document.add_page_break()
        _lettre_docx(document, lettre, caisse, jour)
    provisoire = chemin.with_suffix(".en-cours.docx")
    document.save(str(provisoire))
    provisoire.replace(chemin)


def _lettre_docx(document, lettre: Lettre, caisse: Caisse, jour: date) -> None:
    from docx.shared import Pt

    document.add_paragraph("\n".join([caisse.nom, *expediteur(caisse)]))
    document.add_paragraph("\n".join(lettre.destinataire)).paragraph_format.left_indent = Pt(230)
    document.add_paragraph(f"Le {date_longue(jour)}, référence : {lettre.reference}")
    document.add_paragraph().add_run(lettre.objet).bold = True
    for paragraphe in lettre.paragraphes:
        document.add_paragraph(paragraphe)
    if lettre.code:
        document.add_paragraph(f"Votre code : {lettre.code}")
        document.add_paragraph(lettre.apres_code or "")
    for piece in lettre.a_apporter:
        document.add_paragraph(piece, style="List Bullet")
    document.add_paragraph(lettre.formule)
    document.add_paragraph(f"{lettre.signature}\n{caisse.nom}")
    document.add_paragraph(lettre.mention)
