"""Who gives a command of the agenda, and by which way: what the history keeps, and which windows bind. Rights of each role are checked before."""
from dataclasses import dataclass
from typing import Optional


@dataclass(frozen=True)
class Auteur:
    """`acteur` « assure », « conseiller:12 », « systeme »; `role` of NIVEAUX, None for an assuré; `origine` chat, page, espace, commande, systeme."""

    acteur: str
    role: Optional[str]
    origine: str

    @property
    def est_assure(self) -> bool:
        """True for the person herself: delays and the number of moves bind her, not the caisse."""
        return self.acteur == "assure"

    @property
    def conseiller_id(self) -> Optional[int]:
        """The counsellor's id, None for anybody else."""
        genre, _, numero = self.acteur.partition(":")
        return int(numero) if genre == "conseiller" else None


ASSURE_CHAT = Auteur("assure", None, "chat")
ASSURE_PAGE = Auteur("assure", None, "page")
SYSTEME = Auteur("systeme", None, "systeme")


def conseiller(conseiller_id: int, role: str = "conseiller", origine: str = "espace") -> Auteur:
    """The author for someone of the caisse."""
    return Auteur(f"conseiller:{conseiller_id}", role, origine)
