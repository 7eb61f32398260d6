"""Where a caisse stands during the year: each cible against its volumes and its calendar, projected to the end of its campaign.

Live figures, read from the contacts each time; nothing here is signed or kept.
"""
from dataclasses import dataclass
from datetime import date
from typing import Any, Mapping, Optional

from sqlalchemy.orm import Session

from bot.bilan import assemblage
from bot.texte.typographie import date_longue, nombre, quantite

# Before a tenth of the campaign has passed, a rhythm says nothing.
PART_MIN = 0.10


@dataclass(frozen=True)
class Avancement:
    """One cible today. `attendu`: where an even rhythm would be today; `projection`: where this rhythm leads by the end; None: cannot be said."""

    code: str
    titre: str
    genre: str
    objectif: Optional[int]
    requete: int
    invites: int
    realises: int
    participants: Optional[int]
    du: date
    au: date
    ecoule: float
    attendu: Optional[int]
    projection: Optional[int]

    @property
    def retard(self) -> bool:
        return self.attendu is not None and self.realises < self.attendu

    @property
    def phrase(self) -> str:
        """Where one stands, in a sentence."""
        if self.ecoule <= 0:
            return f"La campagne commence le {date_longue(self.du)}."
        fait = f"{nombre(self.realises)} sur {nombre(self.objectif)}" if self.objectif else f"{nombre(self.realises)} (sans objectif chiffré)"
        if self.ecoule >= 1:
            return f"Campagne terminée le {date_longue(self.au)} : {fait}."
        if self.projection is None:
            return f"{fait}. Trop tôt pour projeter : la campagne a commencé le {date_longue(self.du)}."
        suite = f"à ce rythme, {nombre(self.projection)} au {date_longue(self.au)}"
        if self.objectif and self.projection < self.objectif:
            reste = (self.objectif - self.realises)
            return f"{fait} ; {suite}. Il en reste {nombre(reste)} à tenir, {quantite(self.par_semaine(reste), 'par semaine', 'par semaine')}."
        return f"{fait} ; {suite}."

    def par_semaine(self, reste: int) -> int:
        """How many a week until the end."""
        semaines = max((self.au - self.du).days * (1 - self.ecoule) / 7, 1)
        return -(-reste // max(round(semaines), 1))


def avancement(session: Session, caisse_code: str, annee: int, jour: date) -> list[Avancement]:
    """Each cible of a caisse on a day, socle first, then its own. Raises SocleAbsent."""
    contenu = assemblage.assembler(session, caisse_code, annee, jour)
    return [_un(a, jour) for a in contenu["actions"] if a.get("campagne")]


def _un(a: Mapping[str, Any], jour: date) -> Avancement:
    du, au = (date.fromisoformat(j) for j in a["campagne"])
    duree = (au - du).days + 1
    ecoule = min(max((jour - du).days + 1, 0) / duree, 1.0)
    v, faits = a.get("volumes") or {}, (a.get("cumul") or {}).get("realises", 0)
    objectif = a["objectif"]
    return Avancement(code=a["code"], titre=a["titre"], genre=a["genre"], objectif=objectif, requete=v.get("requete", 0), invites=v.get("invites", 0),
                      realises=faits, participants=a.get("participants"), du=du, au=au, ecoule=ecoule,
                      attendu=round(objectif * ecoule) if objectif else None,
                      projection=round(faits / ecoule) if ecoule >= PART_MIN else None)
