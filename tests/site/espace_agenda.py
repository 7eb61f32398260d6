"""A caisse at work for the tests of the counsellor's desk: campaign of 2011, weekly openings, one insured person, an entretien this very morning."""
import shutil
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, datetime, timezone

import pytest
from sqlalchemy import func, select

from bot.agenda import reservation
from bot.agenda.auteurs import ASSURE_PAGE
from bot.agenda.demo import installer_demo_agenda
from bot.agenda.identite import Personne
from bot.agenda.instants import vers_utc
from bot.contacts import comptes
from bot.contacts.base import Sessions, ouvrir
from bot.contacts.campagne import action_pour
from bot.contacts.tables import Assure, Audit, Conseiller, Contact, Entretien, Historique, Motif
from bot.horloge import Horloge, lire_instant
from tests.campagne_essai import installer_campagne, personne
from tests.site.espace import DEPART, Espace, Sites, hachage_rapide

CAISSE = "demo-aquitaine"
MATIN = datetime(2011, 9, 14, 6, tzinfo=timezone.utc)  # 8:00 in Bordeaux, before the first entretien of Wednesday


@dataclass
class Bureau:
    """The workspace, with what the tests look at. `entretien_id`: Claire's, on Wednesday 14 September 2011 at 9:00 in Périgueux."""

    espace: Espace
    claire: int
    paul: int
    assure_id: int
    entretien_id: int

    def connecte(self, qui="claire.fontaine"):
        return self.espace.connecte(qui)

    def a(self, instant: str) -> None:
        """Set the clock: « 2011-09-14T10:30 », in Paris."""
        self.espace.app.state.contexte.horloge = Horloge.depuis(lire_instant(instant))

    def lire(self, table, cle=None):
        with self.espace.sessions.lecture() as s:
            return s.get(table, cle if cle is not None else self.entretien_id)

    def entretien(self) -> Entretien:
        return self.lire(Entretien)

    def contact(self) -> Contact:
        with self.espace.sessions.lecture() as s:
            c = s.get_one(Contact, s.get_one(Entretien, self.entretien_id).contact_id)
            _ = c.domaines, c.effets, c.outils
            return c

    def audits(self, acte=None) -> int:
        with self.espace.sessions.lecture() as s:
            return s.scalar(select(func.count()).select_from(Audit).where(Audit.acte == acte if acte else Audit.id > 0))

    def commandes(self) -> list[str]:
        with self.espace.sessions.lecture() as s:
            return list(s.scalars(select(Historique.commande).order_by(Historique.id)))

    def reserver(self, jour: date, heure: str, code="conseil_social_telephone", conseiller=None, **valeurs) -> int:
        """Another entretien, taken by someone outside the file."""
        with self.espace.sessions() as s:
            motif = s.scalar(select(Motif).where(Motif.caisse_code == CAISSE, Motif.code == code))
            debut = vers_utc(jour, datetime.strptime(heure, "%H:%M").time(), "Europe/Paris")
            autre = Personne(**{"nom": "Exemple", "prenom": "Dominique", "telephone": f"06399801{jour.day:02d}", **valeurs})
            antenne = valeurs.pop("antenne_id", None)
            return reservation.confirmer(s, operation_id=f"essai-{jour}-{heure}-{code}", motif=motif, debut=debut, antenne_id=antenne, personne=autre,
                                         auteur=ASSURE_PAGE, maintenant=MATIN, conseiller_id=conseiller).entretien.id


@pytest.fixture(scope="session")
def modele_bureau(tmp_path_factory, modele_espace):
    chemin = tmp_path_factory.mktemp("modele-bureau") / "contacts.db"
    shutil.copy(modele_espace, chemin)
    engine = ouvrir(f"sqlite:///{chemin}")
    with Sessions(engine)() as s:
        installer_campagne(s)
        installer_demo_agenda(s, CAISSE, MATIN.replace(month=9, day=1))
        qui = personne(s, nom="Fictif-Tilleul", prenom="Éléonore", identifiant="FICTIF001", telephone="06 39 98 00 01", profession="coiffeuse")
        personne(s, naissance=date(1980, 1, 1), nom="Fictif-Cyprès", prenom="Alix", identifiant="FICTIF002", carriere="complete")
        personne(s, nom="Fictif-Tilleul", prenom="Rosa", identifiant="FICTIF001", caisse_code="demo-reunion")
        _reserver_ce_matin(s, qui)
    engine.dispose()
    return chemin


def _reserver_ce_matin(s, qui) -> None:
    claire = comptes.par_identifiant(s, "claire.fontaine").conseiller
    motif = s.scalar(select(Motif).where(Motif.caisse_code == CAISSE, Motif.code == "retraite"))
    debut = vers_utc(date(2011, 9, 14), datetime(2011, 9, 14, 9).time(), "Europe/Paris")
    action = action_pour(s, caisse_code=CAISSE, assure=qui, jour=date(2011, 9, 14))
    antenne = s.scalar(select(Conseiller.antenne_id).where(Conseiller.id == claire.id))
    from bot.agenda.recherche import chercher
    libre = next(c for c in chercher(s, motif, MATIN.replace(day=7), conseiller_id=claire.id).creneaux if c.debut == debut)
    assert antenne is not None
    reservation.confirmer(s, operation_id="ce-matin", motif=motif, debut=debut, antenne_id=libre.antenne_id, maintenant=MATIN.replace(day=7),
                          personne=Personne(assure_id=qui.id), auteur=ASSURE_PAGE, conseiller_id=claire.id, action_id=action.id)


@pytest.fixture(scope="session")
def sites_bureau(tmp_path_factory, modele_bureau):
    sites = Sites(tmp_path_factory.mktemp("bureaux"), modele_bureau)
    sites.pile = ExitStack()
    yield sites
    sites.pile.close()


@pytest.fixture
def bureau(sites_bureau):
    """Wednesday 14 September 2011, 10:00: Claire's entretien of 9:00 is just over."""
    with hachage_rapide():
        espace = sites_bureau.donner()
        assert DEPART == "2011-09-14T10:00"
        with espace.sessions.lecture() as s:
            claire, paul = (comptes.par_identifiant(s, n).conseiller_id for n in ("claire.fontaine", "paul.vallon"))
            qui = s.scalar(select(Assure.id).where(Assure.identifiant == "FICTIF001", Assure.caisse_code == CAISSE))
            entretien = s.scalar(select(Entretien.id).where(Entretien.operation_id == "ce-matin"))
        yield Bureau(espace, claire, paul, qui, entretien)
