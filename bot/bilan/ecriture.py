"""Writes a bilan's files into a folder, regional or national: JSON first (the authority), then the page, the PDF, the sheets, the editable copy.

Each file appears whole or not at all. What they say is `regional` and `documents_nationaux`, how they are made `rendus`.
"""
import json
from pathlib import Path
from typing import Any, Callable, Mapping, Optional, Union

from sqlalchemy.orm import Session

from bot.bilan import documents_nationaux, echange, etats, national, registre, rendus, saisie
from bot.bilan.codes import ETATS
from bot.bilan.pieces import Document
from bot.bilan.regional import Source, document
from bot.contacts.tables import Bilan, Caisse, EditionNationale
from bot.horloge import PARIS
from bot.texte.typographie import date_longue

Avancer = Callable[[str], None]
FORMATS = ("html", "pdf", "xlsx", "docx")


def source(session: Session, bilan: Bilan) -> Source:
    """What the documents of a bilan are made from: its checked or signed content, never the data of today. Raises BilanAbsent."""
    if bilan.contenu is None:
        raise etats.BilanAbsent
    payload = json.loads(bilan.contenu)
    avant = etats.courant(session, bilan.caisse_code, bilan.annee - 1)
    caisse = session.get_one(Caisse, bilan.caisse_code)
    signataires = [f"le directeur, le {date_longue(bilan.signe_le.astimezone(PARIS).date())}"] if bilan.signe_le else []
    vises = {"chiffres": "visa de l'agent comptable", "prevention": "visa du médecin-conseil"}
    return Source(payload, saisie.socle_de(session, bilan.annee).contenu, caisse.nom, ETATS[bilan.etat],
                  [*signataires, *(vises[g] for g in sorted(etats.visas(session, bilan)))], bilan.sha256 or "",
                  json.loads(avant.contenu) if avant and avant.contenu else None, bilan.rapport)


def octets_json(bilan: Bilan) -> bytes:
    """The interchange file: the signed one, byte for byte, else the checked content in an envelope without signature. Raises BilanAbsent."""
    if bilan.enveloppe is not None:
        return bilan.enveloppe.encode()
    if bilan.contenu is None:
        raise etats.BilanAbsent
    return echange.enveloppe(json.loads(bilan.contenu))


def ecrire_regional(session: Session, bilan: Bilan, dossier: Path, avancer: Optional[Avancer] = None,
                    formats: tuple[str, ...] = FORMATS) -> list[Path]:
    """Write every file of a regional bilan; gives their paths. Raises BilanAbsent."""
    octets = octets_json(bilan)
    nom = echange.nom_fichier(json.loads(bilan.contenu or "{}"))
    return _ecrire(document(source(session, bilan)), dossier, Path(nom).stem, (nom, octets), avancer, formats)


def ecrire_national(session: Session, edition: EditionNationale, dossier: Path, avancer: Optional[Avancer] = None,
                    formats: tuple[str, ...] = FORMATS) -> list[Path]:
    """Write both editions of a bilan national: internal, and public with its small cells hidden everywhere."""
    chemins: list[Path] = []
    for genre, octets in (("interne", edition.interne), ("publique", edition.publique)):
        stem = f"bilan-national-{edition.annee}-{edition.numero}-{genre}"
        doc = document_national(session, edition, json.loads(octets))
        chemins += _ecrire(doc, dossier, stem, (f"{stem}.json", octets.encode()), avancer, formats)
    return chemins


def document_national(session: Session, edition: EditionNationale, contenu: Mapping[str, Any]) -> Document:
    jour = registre.lire(session, edition.annee).limite.astimezone(PARIS).date().isoformat()
    toutes = [e for e in national.editions(session, edition.annee) if e.numero <= edition.numero]
    return documents_nationaux.document(contenu, saisie.socle_de(session, edition.annee).contenu, edition.numero, jour, national.changements(toutes))


def _ecrire(doc: Document, dossier: Path, stem: str, joint: tuple[str, bytes], avancer: Optional[Avancer], formats: tuple[str, ...]) -> list[Path]:
    dossier.mkdir(parents=True, exist_ok=True)
    faire: dict[str, Callable[[], Union[str, bytes]]] = {
        "html": lambda: rendus.html(doc), "pdf": lambda: rendus.pdf(doc, joint), "xlsx": lambda: rendus.xlsx(doc), "docx": lambda: rendus.docx(doc)}
    chemins = [_poser(dossier / joint[0], joint[1])]
    for extension in formats:
        if avancer:
            avancer(f"{stem}.{extension}")
        chemins.append(_poser(dossier / f"{stem}.{extension}", faire[extension]()))
    return chemins


def _poser(chemin: Path, contenu: Union[str, bytes]) -> Path:
    provisoire = chemin.with_name(f".{chemin.name}.en-cours")
    provisoire.write_bytes(contenu.encode() if isinstance(contenu, str) else contenu)
    provisoire.replace(chemin)
    return chemin
