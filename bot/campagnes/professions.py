"""Professions with information on occupational risks, from knowledge/professions_risque.yml to the database (R40).

Whether a rencontre is permitted on a day is `bot.contacts.campagne.exiger_rencontre_permise`.
"""
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Optional

from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.campagnes.schema import Bloc, Code, Phrase, charger
from bot.contacts.tables import ProfessionRisque
from bot.knowledge.chemins import KNOWLEDGE
from bot.knowledge.lecture import ErreurConnaissance
from bot.knowledge.verification import Defaut


class Profession(Bloc):
    code: Code
    libelle: Annotated[Phrase, Field(max_length=120)]
    du: date
    au: Optional[date] = None
    confiance: Literal["elevee", "moyenne", "basse"]
    source: Annotated[Phrase, Field(max_length=300)]
    note: Optional[Phrase] = None


class Professions(Bloc):
    professions: list[Profession]


def lire_professions(dossier: Path = KNOWLEDGE) -> list[Profession]:
    """All lines of the file, those without a source included. Raises ErreurConnaissance, CampagneInvalide."""
    return charger(dossier / "professions_risque.yml", Professions).professions


def installer_professions(session: Session, dossier: Path = KNOWLEDGE) -> None:
    """Bring the table to what the file says; a line of low confidence waits for its source and is not installed."""
    for p in lire_professions(dossier):
        if p.confiance != "basse":
            session.merge(ProfessionRisque(code=p.code, libelle=p.libelle, du=p.du, au=p.au, source=p.source))
    session.flush()


def professions_au(session: Session, jour: date) -> list[ProfessionRisque]:
    """The professions a rencontre may be about on a day, by name."""
    return list(session.scalars(select(ProfessionRisque).where(
        ProfessionRisque.du <= jour, ProfessionRisque.au.is_(None) | (ProfessionRisque.au >= jour)).order_by(ProfessionRisque.libelle)))


def verifier_professions(dossier: Path = KNOWLEDGE) -> list[Defaut]:
    """Faults of professions_risque.yml, for `conseil check`."""
    try:
        lignes = lire_professions(dossier)
    except ErreurConnaissance as e:
        return [Defaut(e.code, "professions_risque.yml", ligne) for ligne in str(e).splitlines()]
    codes = [p.code for p in lignes]
    return [Defaut("PROFESSION_DOUBLE", "professions_risque.yml", f"« {c} » est écrite deux fois.")
            for c in sorted({c for c in codes if codes.count(c) > 1})]
