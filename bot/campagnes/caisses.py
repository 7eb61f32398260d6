"""The network of 2011: the caisses whose bilan is expected, from knowledge/caisses.yml to the database (R18).

Reading caisses, and the fictitious ones of the demonstration, is `bot.contacts.caisses`.
"""
from datetime import date
from pathlib import Path
from typing import Iterator, Literal, Optional

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.campagnes.schema import Bloc, Code, Periode, Phrase, charger
from bot.contacts.tables import Caisse
from bot.knowledge.chemins import KNOWLEDGE
from bot.knowledge.lecture import ErreurConnaissance
from bot.knowledge.verification import Defaut

ATTENDUES_2011 = 28


class CaisseReseau(Bloc):
    code: Code
    nom: Phrase
    zone: Literal["metropole", "dom"]
    genre: Literal["regionale", "professions_liberales", "nationale"] = "regionale"
    departements: list[str]
    fuseau: Phrase = "Europe/Paris"
    confiance: Literal["elevee", "moyenne", "basse"]


class Reseau(Bloc):
    attendues: Periode
    caisses: list[CaisseReseau]


def lire_reseau(dossier: Path = KNOWLEDGE) -> Reseau:
    """knowledge/caisses.yml. Raises ErreurConnaissance, CampagneInvalide."""
    return charger(dossier / "caisses.yml", Reseau)


def installer_caisses(session: Session, dossier: Path = KNOWLEDGE) -> int:
    """Add the caisses that are not in the database yet, without telephone nor hours: what a caisse then fills in is never overwritten, its
    dates and kind are brought back to the file. Gives how many were added."""
    reseau, ajoutees = lire_reseau(dossier), 0
    for modele in reseau.caisses:
        caisse = session.get(Caisse, modele.code)
        if caisse is None:
            ajoutees += 1
            caisse = Caisse(code=modele.code, nom=modele.nom, telephone="", horaires="", fuseau=modele.fuseau, origines=[], fictive=False)
            session.add(caisse)
        regionale = modele.genre == "regionale"
        caisse.genre = modele.genre
        caisse.attendue_du = reseau.attendues.du if regionale else None
        caisse.attendue_au = reseau.attendues.au if regionale else None
    session.flush()
    return ajoutees


def attendues(session: Session, annee: int) -> list[Caisse]:
    """The caisses whose bilan of a year is expected, by code; the fictitious ones, which have no dates, are not among them (A5)."""
    return list(session.scalars(select(Caisse).where(Caisse.attendue_du <= date(annee, 12, 31),
                                                     (Caisse.attendue_au.is_(None)) | (Caisse.attendue_au >= date(annee, 12, 31)))
                                .order_by(Caisse.code)))


def caisse_du_departement(departement: str, dossier: Path = KNOWLEDGE) -> Optional[CaisseReseau]:
    """The regional caisse of a département (« 33 », « 2A », « 974 »); None when the file does not say."""
    return next((c for c in lire_reseau(dossier).caisses if departement in c.departements), None)


def verifier_reseau(dossier: Path = KNOWLEDGE) -> list[Defaut]:
    """Faults of caisses.yml, for `conseil check`."""
    try:
        reseau = lire_reseau(dossier)
    except ErreurConnaissance as e:
        return [Defaut(e.code, "caisses.yml", ligne) for ligne in str(e).splitlines()]
    return [Defaut(code, "caisses.yml", message) for code, message in _fautes(reseau)]


def _fautes(reseau: Reseau) -> Iterator[tuple[str, str]]:
    regionales = [c for c in reseau.caisses if c.genre == "regionale"]
    if len(regionales) != ATTENDUES_2011 or sum(c.zone == "dom" for c in regionales) != 2:
        yield "RESEAU_NOMBRE", f"{len(regionales)} caisses régionales : il en faut {ATTENDUES_2011}, dont deux d'outre-mer (R18)."
    codes = [c.code for c in reseau.caisses]
    departements = [d for c in reseau.caisses for d in c.departements]
    for quoi, liste in (("code", codes), ("département", departements)):
        for double in sorted({x for x in liste if liste.count(x) > 1}):
            yield "RESEAU_DOUBLE", f"le {quoi} « {double} » est donné deux fois."
