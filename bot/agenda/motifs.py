"""Motifs: reading knowledge/motifs.yml, putting them into a caisse's database, finding one. Slots and bookings are elsewhere."""
from pathlib import Path
from typing import Optional

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.agenda.refus import MotifInconnu
from bot.contacts.tables import Motif
from bot.knowledge.chemins import KNOWLEDGE
from bot.knowledge.lecture import ErreurConnaissance, lire_yaml

FICHIER = KNOWLEDGE / "motifs.yml"


class FicheMotif(BaseModel):
    """One motif as the file writes it."""

    model_config = ConfigDict(extra="forbid")
    libelle: str = Field(min_length=5, max_length=120)
    libelle_court: str = Field(min_length=5, max_length=40)
    modalite: str = Field(pattern="^(presentiel|telephone)$")
    duree: int = Field(ge=15, le=480, multiple_of=15)
    battement: int = Field(0, ge=0, le=120, multiple_of=15)
    delai_min_h: int = Field(24, ge=0)
    delai_max_j: int = Field(90, ge=1, le=365)
    limite_modif_h: int = Field(24, ge=0)
    max_par_jour: Optional[int] = Field(None, ge=1)
    libre_service: bool = True
    suivi_referent: bool = False
    visible: bool = True
    cible: Optional[str] = None
    documents: list[str] = []

    @model_validator(mode="after")
    def _delais(self) -> "FicheMotif":
        if self.delai_max_j * 24 <= self.delai_min_h:
            raise ValueError("delai_max_j doit dépasser delai_min_h")
        return self


def lire(chemin: Path = FICHIER) -> dict[str, FicheMotif]:
    """The motifs of the file, by code. Raises ErreurConnaissance, which names the motif and the key."""
    fiches = {}
    for code, valeurs in (lire_yaml(chemin) or {}).get("motifs", {}).items():
        try:
            fiches[code] = FicheMotif.model_validate(valeurs)
        except ValidationError as e:
            premiere = e.errors()[0]
            ou = ".".join(map(str, premiere["loc"])) or "motif"
            raise ErreurConnaissance(f"{chemin.name}, motif « {code} », {ou} : {premiere['msg']}") from e
    return fiches


def installer(session: Session, caisse_code: str, chemin: Path = FICHIER) -> list[Motif]:
    """Put the motifs of the file into a caisse, or bring them up to date; those no longer in the file are hidden, never deleted.

    The database refuses to change the modality of a motif that has an entretien.
    """
    connus = {m.code: m for m in session.scalars(select(Motif).where(Motif.caisse_code == caisse_code))}
    fiches = lire(chemin)
    for code, fiche in fiches.items():
        motif = connus.get(code)
        if motif is None:
            motif = connus[code] = Motif(caisse_code=caisse_code, code=code)
            session.add(motif)
        for nom, valeur in fiche.model_dump(exclude={"cible", "documents"}).items():
            setattr(motif, nom, valeur)
        motif.cible_code, motif.documents = fiche.cible, "\n".join(fiche.documents)
    for code in set(connus) - set(fiches):
        connus[code].visible = False
    session.flush()
    return [connus[code] for code in fiches]


def motifs(session: Session, caisse_code: str, *, modalite: Optional[str] = None, pour_assure: bool = True) -> list[Motif]:
    """The motifs a caisse offers, in the order of the file; `pour_assure` leaves out those people cannot book themselves."""
    requete = select(Motif).where(Motif.caisse_code == caisse_code, Motif.visible).order_by(Motif.id)
    if pour_assure:
        requete = requete.where(Motif.libre_service)
    if modalite is not None:
        requete = requete.where(Motif.modalite == modalite)
    return list(session.scalars(requete))


def motif(session: Session, caisse_code: str, code: "str | int") -> Motif:
    """A motif of a caisse by its code or id. Raises MotifInconnu for another caisse's, and for what never existed, alike."""
    cle = Motif.id == code if isinstance(code, int) else Motif.code == code
    trouve = session.scalar(select(Motif).where(Motif.caisse_code == caisse_code, Motif.visible, cle))
    if trouve is None:
        raise MotifInconnu
    return trouve


def documents(motif: Motif) -> list[str]:
    """What to bring."""
    return [ligne for ligne in motif.documents.splitlines() if ligne.strip()]
