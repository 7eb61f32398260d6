"""What is asked of a simulation, how often things happen in it, what is planted in it on purpose, and the bases it refuses."""
import hashlib
import random
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.campagnes.caisses import lire_reseau
from bot.contacts.refus import Refus
from bot.contacts.tables import Assure, Caisse, Compte, Conseiller


class PersonnesReelles(Refus):
    code, statut = "PERSONNES_REELLES", 409

    def __init__(self, caisse: str):
        super().__init__(f"La base porte de vraies personnes (caisse « {caisse} ») : rien n'a été écrit. Une simulation se joue dans sa propre base, "
                         "par exemple CONSEIL_DONNEES=/tmp/simulation.")


class DejaPeuplee(Refus):
    code, statut = "DEJA_PEUPLEE", 409

    def __init__(self, caisse: str):
        super().__init__(f"La caisse « {caisse} » a déjà une population : rien n'a été écrit. Rejouez dans une base neuve (CONSEIL_DONNEES).")


@cache
def _regionales() -> tuple[str, ...]:
    return tuple(c.code for c in lire_reseau().caisses if c.genre == "regionale")


@dataclass(frozen=True)
class Habitudes:
    """How often things happen, as fractions; of a caisse of 2011, rounded."""

    repond: float = 0.46  # of invited people, book
    refuse: float = 0.05  # of invited people, say no
    spontane: float = 0.02  # of the population, come by themselves in the year
    eir: float = 0.002
    vient: float = 0.86
    annule: float = 0.07
    deplace: float = 0.05
    npai: float = 0.03
    sondage: tuple[float, float] = (0.34, 0.18)  # answer at once, after the reminder


@dataclass(frozen=True)
class Plan:
    """A simulation: `annee` of a campaign that exists, caisses of the network, people in each (`reste`: one more in so many of them), seed."""

    annee: int
    caisses: int
    assures: int
    graine: str = "1"
    habitudes: Habitudes = Habitudes()
    reste: int = 0

    @classmethod
    def reparti(cls, annee: int, caisses: int, total: int, graine: str) -> "Plan":
        """So many people in all, shared out evenly."""
        return cls(annee, caisses, total // caisses, graine, reste=total % caisses)

    def effectif(self, code: str) -> int:
        """People of a caisse."""
        return self.assures + (self.codes().index(code) < self.reste)

    def hasard(self, *pour: object) -> random.Random:
        """A generator of its own for each use, so that one more draw here moves nothing there."""
        return random.Random("/".join(map(str, (self.graine, self.annee, *pour))))

    def graine_de(self, *pour: object) -> str:
        """A seed for a service that keeps its own."""
        return hashlib.sha256("/".join(map(str, (self.graine, self.annee, *pour))).encode()).hexdigest()

    def codes(self) -> Sequence[str]:
        """The caisses that are played, in the order of the network."""
        return _regionales()[:self.caisses]

    @property
    def salle(self) -> int:
        """Seats of a rencontre: a small caisse fills a small room."""
        return min(24, max(6, self.assures // 40))

    @property
    def sans_rencontres(self) -> str:
        """Planted: the last caisse holds no rencontre and says why (R15, R29). Empty when it would be the only one."""
        return self.codes()[-1] if self.caisses > 1 else ""

    @property
    def petit_effectif(self) -> str:
        """Planted: in the second of three caisses or more, almost nobody answers the survey (small cells to mask)."""
        return self.codes()[1] if self.caisses > 2 else ""

    @property
    def questionnaire_change(self) -> str:
        """Planted: the waves of the third caisse of six or more opened with other words than the national ones (K16)."""
        return self.codes()[2] if self.caisses > 5 else ""

    @property
    def hors_delai(self) -> str:
        """Planted: the fourth writes its bilan in February, after the deadline (K22)."""
        return self.codes()[3] if self.caisses > 5 else ""

    @property
    def somme_fausse(self) -> str:
        """Planted: in the fifth, one week of the survey counts more people asked than the caisse has met (K15): its bilan does not pass."""
        return self.codes()[4] if self.caisses > 5 else ""

    def plantes(self) -> dict[str, str]:
        """What is planted on purpose, and in which caisse."""
        faits = {nom: getattr(self, nom) for nom in ("sans_rencontres", "petit_effectif", "questionnaire_change", "hors_delai", "somme_fausse")}
        return {nom: code for nom, code in faits.items() if code}

    def lundis(self) -> list[date]:
        """The Mondays of the year, and those of January after it until the data are stopped (20 January)."""
        premier = date(self.annee, 1, 1)
        premier += timedelta(days=(7 - premier.weekday()) % 7)
        return [premier + timedelta(weeks=n) for n in range(56) if premier + timedelta(weeks=n) <= date(self.annee + 1, 1, 20)]


def exiger_fictive(session: Session, plan: Plan) -> None:
    """Nothing is played where people are real: a caisse that is not fictitious and has people, or whose counsellors have real accounts.
    Raises PersonnesReelles, DejaPeuplee."""
    reelle = session.scalar(select(Caisse.code).where(Caisse.fictive.is_(False), Caisse.code.in_(select(Assure.caisse_code))).limit(1))
    reelle = reelle or session.scalar(select(Conseiller.caisse_code).join(Compte, Compte.conseiller_id == Conseiller.id).where(
        Compte.demo.is_(False), Conseiller.caisse_code.in_(plan.codes())).limit(1))
    if reelle is not None:
        raise PersonnesReelles(reelle)
    peuplee = session.scalar(select(Assure.caisse_code).where(Assure.caisse_code.in_(plan.codes())).limit(1))
    if peuplee is not None:
        raise DejaPeuplee(peuplee)
