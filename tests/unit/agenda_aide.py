"""What the tests of the agenda share: a small fictitious caisse at work, on the two engines."""
import atexit
import shutil
import tempfile
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from functools import cache
from pathlib import Path
from typing import Optional

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from bot.agenda import motifs, ouvertures, reservation
from bot.agenda.auteurs import ASSURE_CHAT, SYSTEME, Auteur
from bot.agenda.identite import Personne
from bot.agenda.instants import vers_utc
from bot.agenda.ouvertures import DemandeOuverture
from bot.agenda.recherche import chercher
from bot.contacts.base import Sessions
from bot.contacts.base import ouvrir as ouvrir_base
from bot.contacts.caisses import caisse
from bot.contacts.tables import Assure, Conseiller, Entretien, Motif, Socle
from tests.postgres import _sessions

# Wednesday 14 September 2011, 10:00 in Paris.
MAINTENANT = datetime(2011, 9, 14, 8, 0, tzinfo=timezone.utc)
PARIS, REUNION = "Europe/Paris", "Indian/Reunion"
AQUITAINE = "demo-aquitaine"
LUNDI = date(2011, 9, 19)


def a(jour: date, heure: str, fuseau: str = PARIS) -> datetime:
    """The instant of a local « 9:30 »."""
    return vers_utc(jour, time.fromisoformat(heure.zfill(5)), fuseau)


# A fresh PostgreSQL database costs a second: rules are tested on SQLite, what the engine arbitrates on both (DEUX_MOTEURS).
DEUX_MOTEURS = pytest.mark.parametrize("moteur_base", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture(name="moteur_base")
def moteur_agenda(request):
    """The engine of `base`: SQLite, unless the test is marked DEUX_MOTEURS."""
    return getattr(request, "param", "sqlite")


@cache
def _moteur_partage() -> tuple[Engine, Path]:
    """One SQLite engine for all these tests: what it compiled for one serves the next. Its file is put back new before each."""
    dossier = tempfile.mkdtemp(prefix="agenda-")
    atexit.register(shutil.rmtree, dossier, ignore_errors=True)
    fichier = Path(dossier) / "contacts.db"
    return ouvrir_base(f"sqlite:///{fichier}"), fichier


@pytest.fixture(name="base")
def base_agenda(request, tmp_path, moteur_base):
    """Sessions on a fresh database with the demonstration's caisses (see tests/postgres.py)."""
    if moteur_base != "sqlite":
        yield from _sessions(request, tmp_path, moteur_base, prete=True)
        return
    engine, fichier = _moteur_partage()
    engine.dispose()
    for reste in fichier.parent.glob("contacts.db*"):
        reste.unlink()
    shutil.copy(request.getfixturevalue("modele_sqlite"), fichier)
    yield Sessions(engine)
    engine.dispose()


@dataclass
class Monde:
    """Ids and detached rows of the installed caisse."""

    caisse_code: str
    antennes: dict[str, int]
    conseillers: list[int]
    motifs: dict[str, Motif]
    fuseau: str = PARIS


def installer(sessions: Sessions, caisse_code: str = AQUITAINE, conseillers: int = 2, socle: bool = True) -> Monde:
    """Motifs of the file, an empty socle, counsellors without any opening."""
    with sessions() as s:
        c = caisse(s, caisse_code)
        antennes = {an.nom: an.id for an in c.antennes}
        if socle and not s.query(Socle).count():
            s.add(Socle(annee=2011, version="2011.1", sha256="0" * 64, contenu={"cibles": []}, installe_le=MAINTENANT))
        gens = [Conseiller(caisse_code=caisse_code, nom=f"Fictif{i}", prenom="Camille", telephone="01 99 00 12 50") for i in range(conseillers)]
        s.add_all(gens)
        trouves = {m.code: m for m in motifs.installer(s, caisse_code)}
        s.flush()
        ids = [g.id for g in gens]
    return Monde(caisse_code, antennes, ids, trouves, c.fuseau)


def ouvrir(s: Session, monde: Monde, jour: date = LUNDI, debut: str = "9:00", fin: str = "12:00", *, qui: int = 0, codes: tuple[str, ...] = ("conseil_social",),
           antenne: Optional[str] = "Bordeaux", jusqu_au: Optional[date] = None, maintenant: datetime = MAINTENANT):
    """An opening of the counsellor number `qui`."""
    antenne_id = monde.antennes[antenne] if antenne else None
    return ouvertures.ouvrir(s, DemandeOuverture(monde.conseillers[qui], jour, time.fromisoformat(debut.zfill(5)), time.fromisoformat(fin.zfill(5)),
                                                 [monde.motifs[c] for c in codes], antenne_id, jusqu_au), SYSTEME, maintenant)


def libres(s: Session, monde: Monde, code: str = "conseil_social", maintenant: datetime = MAINTENANT, **reste) -> list[str]:
    """The free slots as « lun. 19/09 09:00 » local, without the place."""
    return [f"{c.local:%d/%m %H:%M}" for c in chercher(s, monde.motifs[code], maintenant, **reste).creneaux]


def quelqu_un(numero: int = 1) -> Personne:
    """Someone fictitious who is not in the population."""
    return Personne(nom=f"Exemple{numero}", prenom="Dominique", telephone=f"06399800{numero:02d}", courriel=f"exemple{numero}@exemple.example")


def reserver(s: Session, monde: Monde, debut: datetime, *, personne: Optional[Personne] = None, operation: Optional[str] = None,
             code: str = "conseil_social", antenne: Optional[str] = "Bordeaux", auteur: Auteur = ASSURE_CHAT, maintenant: datetime = MAINTENANT,
             **reste) -> Entretien:
    """A confirmed entretien."""
    motif = s.merge(monde.motifs[code], load=False)
    return reservation.confirmer(
        s, operation_id=operation or f"op-{code}-{debut:%d%H%M}-{abs(hash(personne))}", motif=motif, debut=debut,
        antenne_id=monde.antennes[antenne] if antenne and motif.modalite == "presentiel" else None, personne=personne or quelqu_un(),
        auteur=auteur, maintenant=maintenant, **reste).entretien


def assure(s: Session, numero: int = 1, caisse_code: str = AQUITAINE, **valeurs) -> Assure:
    """Someone fictitious of the population."""
    qui = Assure(**{"caisse_code": caisse_code, "identifiant": f"F{numero:06d}", "nom": f"Fictif{numero}", "prenom": "Alix", "groupe_pro": "artisan",
                    "statut": "actif", "auto_entrepreneur": False, "carriere": "complete", "telephone": f"06399801{numero:02d}", **valeurs})
    s.add(qui)
    s.flush()
    return qui


def plus(**duree) -> datetime:
    """MAINTENANT and a while."""
    return MAINTENANT + timedelta(**duree)
