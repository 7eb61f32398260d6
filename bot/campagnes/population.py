"""Brings a population file into the database: read whole aside (`assure_lu`), then merged slice by slice. A crash loses nothing and doubles nothing.

What a line must be is `fichier`; the command, its progress and its reject file are `bot.cli.population`.
"""
import fcntl
import hashlib
import os
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, Callable, Iterator, Optional, Sequence

from sqlalchemy import ColumnElement, and_, case, delete, func, literal, or_, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from bot.campagnes.fichier import COLONNES, FACULTATIVES, FichierRefuse, FichierVide, LigneLue, Population, Rejet, ouvrir_fichier
from bot.contacts.base import Sessions
from bot.contacts.historique import noter
from bot.contacts.refus import Refus
from bot.contacts.tables import Assure, AssureLu, Caisse, Importation

LOT = 5_000  # lines read between two writes
TRANCHE, TRANCHE_MIN, TRANCHE_MAX = 5_000, 500, 50_000  # people merged in one transaction, at first and at the ends
# Seconds one slice should hold the base, so how long the site may wait. Shorter slices write the same pages of the indexes more often: at 0.3
# an import of 300,000 people took half as long again as at 0.6.
DUREE_TRANCHE = 0.5
# SQLite's waiters look again every 100 ms: a shorter pause could leave one of them outside until its five seconds are over.
PAUSE = 0.11
PREMIERS_REJETS = 10
_CLE_VERROU = int.from_bytes(hashlib.sha256(b"conseil.importation").digest()[:8], "big", signed=True)


class CaisseAbsente(FichierRefuse):
    code, statut = "CAISSE_INCONNUE", 404
    message = "La caisse « {caisse} » n'existe pas dans la base. Caisses connues : {connues}."


class CaisseSansSocle(FichierRefuse):
    code, statut = "CAISSE_HORS_SOCLE", 409
    message = "La politique de contact ne concerne que les caisses régionales, hors professions libérales : rien à importer pour « {caisse} »."


class AucuneLigneValable(FichierRefuse):
    code = "AUCUNE_LIGNE_VALABLE"
    message = "Aucune des {lues} lignes n'est valable (première raison : {raison}). Rien n'a changé ; corrigez le fichier et relancez."


class ImportationEnCours(Refus):
    code, statut = "IMPORTATION_EN_COURS", 409
    message = "Un autre import est en cours sur cette base. Attendez qu'il finisse, puis relancez."

    def __init__(self) -> None:
        super().__init__()


@dataclass(frozen=True)
class Avancement:
    """How far an import is: `phase` lecture or fusion, lines or people done, fraction of the phase when it is known."""

    phase: str
    faites: int
    fraction: Optional[float]


@dataclass(frozen=True)
class Reprise:
    """An import that a crash had left: `finie` (it was being merged: it is now whole) or forgotten (it was being read: nothing had changed)."""

    importation_id: int
    caisse: str
    fichier: str
    commencee_le: datetime
    finie: bool


@dataclass
class Rapport:
    """What an import did. lues = rejetees + nouvelles + modifiees + inchangees; `absentes`: people of the caisse that the file no longer has."""

    importation_id: int
    caisse: str
    fichier: str
    lues: int = 0
    rejetees: int = 0
    nouvelles: int = 0
    modifiees: int = 0
    absentes: int = 0
    codes: Counter[str] = field(default_factory=Counter)
    premiers: list[Rejet] = field(default_factory=list)
    colonnes_absentes: list[str] = field(default_factory=list)
    reprises: list[Reprise] = field(default_factory=list)

    @property
    def inchangees(self) -> int:
        return self.lues - self.rejetees - self.nouvelles - self.modifiees

    def en_dict(self) -> dict[str, Any]:
        """For JSON; instants as ISO text."""
        contenu = asdict(self) | {"inchangees": self.inchangees, "codes": dict(sorted(self.codes.items()))}
        for reprise in contenu["reprises"]:
            reprise["commencee_le"] = reprise["commencee_le"].isoformat()
        return contenu


Suivre = Callable[[Avancement], None]


def importer(sessions: Sessions, chemin: Path, caisse_code: str, *, maintenant: datetime, rejeter: Callable[[Rejet], None] = lambda _: None,
             suivre: Suivre = lambda _: None, acteur: str = "systeme", lot: int = LOT) -> Rapport:
    """Import a population file: all its good lines or, when it is refused, none.

    `rejeter` gets each reject as it comes; `suivre` is told how far it is. People absent from the file stay as they were; opt-outs and the
    counsellor who follows someone are never touched. Raises a FichierRefuse (nothing has changed then) or ImportationEnCours.
    """
    with _seul(sessions):
        reprises = _reprendre(sessions, maintenant, suivre)
        _controler_caisse(sessions, caisse_code)
        with ouvrir_fichier(chemin) as flux, _memoire(sessions):
            taille = os.fstat(flux.fileno()).st_size
            population = Population(flux, taille, maintenant)
            rapport = _commencer(sessions, chemin, caisse_code, population, maintenant, acteur)
            rapport.reprises = reprises
            try:
                _lire(sessions, population, rapport, rejeter, suivre, lot)
            except BaseException as e:  # Ctrl-C too: what was read of people does not stay behind
                _oublier(sessions, rapport.importation_id, maintenant, acteur, getattr(e, "code", "INTERROMPU"))
                raise
            _fusionner(sessions, rapport.importation_id, maintenant, suivre, acteur)
        return _achever(sessions, rapport)


def reprendre(sessions: Sessions, *, maintenant: datetime, suivre: Suivre = lambda _: None) -> list[Reprise]:
    """Finish or forget the imports that a crash left; `importer` does it first by itself. Raises ImportationEnCours."""
    with _seul(sessions):
        return _reprendre(sessions, maintenant, suivre)


# -- one at a time ----------------------------------------------------------------------------------------------------------------------------


@contextmanager
def _seul(sessions: Sessions) -> Iterator[None]:
    """One import at a time on a base; the lock goes with the process, even killed, so that a lock never outlives a crash."""
    url = sessions.engine.url
    if url.get_backend_name() == "sqlite":  # always a file: tables in memory would be lost with the command
        with open(f"{url.database}.importation", "w") as fichier:
            try:
                fcntl.flock(fichier, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise ImportationEnCours from None
            yield
        return
    with sessions.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connexion:
        if not connexion.execute(text("SELECT pg_try_advisory_lock(:cle)"), {"cle": _CLE_VERROU}).scalar():
            raise ImportationEnCours
        try:
            yield
        finally:
            connexion.execute(text("SELECT pg_advisory_unlock(:cle)"), {"cle": _CLE_VERROU})


@contextmanager
def _memoire(sessions: Sessions) -> Iterator[None]:
    """64 MB of page cache for SQLite while it merges: with its usual 2 MB, each line of a large file in no order would read the disk again."""
    def regler(ko: int) -> None:
        if sessions.engine.dialect.name == "sqlite":
            with sessions.lecture() as session:
                session.connection().exec_driver_sql(f"PRAGMA cache_size=-{ko}")
    regler(65536)
    try:
        yield
    finally:
        regler(2000)


def _reprendre(sessions: Sessions, maintenant: datetime, suivre: Suivre) -> list[Reprise]:
    with sessions.lecture() as session:
        restees = list(session.scalars(select(Importation).where(Importation.etat.in_(("lecture", "fusion"))).order_by(Importation.id)))
        # a reading that was refused, then killed before its lines were thrown away
        traces = set(session.scalars(select(AssureLu.importation_id).distinct())) - {i.id for i in restees}
    for importation_id in traces:
        _vider(sessions, importation_id)
    for importation in restees:
        if importation.etat == "fusion":
            with sessions.lecture() as session:
                restantes = _restantes(session, importation.id)
            _fusionner(sessions, importation.id, maintenant, suivre, "systeme", restantes)
        else:
            _oublier(sessions, importation.id, maintenant, "systeme", "INTERROMPU")
    return [Reprise(i.id, i.caisse_code, i.fichier, i.commencee_le, i.etat == "fusion") for i in restees]


def _controler_caisse(sessions: Sessions, code: str) -> None:
    with sessions.lecture() as session:
        caisse = session.get(Caisse, code)
        if caisse is None:
            connues = session.scalars(select(Caisse.code).where(Caisse.genre == "regionale").order_by(Caisse.code).limit(30))
            raise CaisseAbsente(caisse=code, connues=", ".join(connues) or "aucune")
        if caisse.genre != "regionale":  # R18
            raise CaisseSansSocle(caisse=code)


# -- reading --------------------------------------------------------------------------------------------------------------------------------


def _commencer(sessions: Sessions, chemin: Path, caisse_code: str, population: Population, maintenant: datetime, acteur: str) -> Rapport:
    presentes = [c for c in COLONNES if c in population.colonnes]
    with sessions() as session:
        importation = Importation(caisse_code=caisse_code, fichier=chemin.name[:200], etat="lecture", commencee_le=maintenant, colonnes=presentes)
        session.add(importation)
        session.flush()
        _noter(session, importation, maintenant, acteur)
        return Rapport(importation.id, caisse_code, importation.fichier, colonnes_absentes=[c for c in FACULTATIVES if c not in presentes])


def _lire(sessions: Sessions, population: Population, rapport: Rapport, rejeter: Callable[[Rejet], None], suivre: Suivre, lot: int) -> None:
    """Every line into `assure_lu` or among the rejects; the last transaction says that the reading is whole."""
    def refuser(rejets: Sequence[Rejet]) -> None:
        rapport.rejetees += 1
        for rejet in rejets:
            rapport.codes[rejet.code] += 1
            rejeter(rejet)
        rapport.premiers += rejets[:PREMIERS_REJETS - len(rapport.premiers)]

    lignes = population.lignes()
    while tout := list(islice(lignes, lot)):
        rapport.lues += len(tout)
        bonnes = [ligne for ligne in tout if isinstance(ligne, LigneLue)]
        doubles = _ranger(sessions, rapport.importation_id, bonnes)
        for rejets in sorted([ligne for ligne in tout if isinstance(ligne, list)] + doubles, key=lambda r: r[0].ligne):
            refuser(rejets)
        suivre(Avancement("lecture", rapport.lues, population.octets / population.taille if population.taille else None))
    if rapport.lues == 0:
        raise FichierVide
    if rapport.lues == rapport.rejetees:
        raise AucuneLigneValable(lues=rapport.lues, raison=rapport.premiers[0].raison)
    with sessions() as session:
        session.execute(update(Importation).where(Importation.id == rapport.importation_id).values(
            etat="fusion", lues=rapport.lues, rejetees=rapport.rejetees, sha256=population.sha256))


def _ranger(sessions: Sessions, importation_id: int, lignes: Sequence[LigneLue]) -> list[list[Rejet]]:
    """Put a batch aside; gives the rejects of the lines whose `identifiant` came before (the first one counts)."""
    if not lignes:
        return []
    with sessions() as session:
        marque = "?" if sessions.engine.dialect.name == "sqlite" else "%s"
        # Straight to the driver: values are text, booleans and None already, and a million lines leave no time for more.
        mises = session.connection().exec_driver_sql(
            f"INSERT INTO assure_lu (importation_id, ligne, {', '.join(COLONNES)}) VALUES ({', '.join([marque] * (len(COLONNES) + 2))}) "
            "ON CONFLICT DO NOTHING", [(importation_id, ligne.ligne, *ligne.valeurs) for ligne in lignes])
        if mises.rowcount == len(lignes):
            return []
        premieres = {identifiant: ligne for debut in range(0, len(lignes), 500) for identifiant, ligne in session.execute(
            select(AssureLu.identifiant, AssureLu.ligne).where(
                AssureLu.importation_id == importation_id, AssureLu.identifiant.in_([li.valeurs[0] for li in lignes[debut:debut + 500]])))}
    return [[Rejet(ligne.ligne, "DOUBLON", "identifiant", f"même identifiant que la ligne {premieres[ligne.valeurs[0]]}")]
            for ligne in lignes if premieres[ligne.valeurs[0]] != ligne.ligne]


# -- merging --------------------------------------------------------------------------------------------------------------------------------


def _fusionner(sessions: Sessions, importation_id: int, maintenant: datetime, suivre: Suivre, acteur: str, restantes: Optional[int] = None) -> None:
    """Slices until nothing is left aside: each leaves `assure_lu` in the transaction that brings it into `assure`, so it is done once."""
    with sessions.lecture() as session:
        importation = session.get_one(Importation, importation_id)
    total = importation.lues - importation.rejetees
    faites, taille = (0 if restantes is None else total - restantes), TRANCHE
    _informer_le_planificateur(sessions)
    while True:
        debut = time.monotonic()
        with sessions() as session:
            borne = _borne(session, importation_id, taille)
            if borne is None:
                importation = session.get_one(Importation, importation_id)
                importation.etat, importation.finie_le = "terminee", maintenant
                _noter(session, importation, maintenant, acteur)
                return
            tranche = _fusionner_tranche(session, importation, borne)
        faites += tranche
        suivre(Avancement("fusion", faites, faites / total if total else None))
        if tranche == taille:
            taille = _laisser_passer(sessions, taille, time.monotonic() - debut)


def _informer_le_planificateur(sessions: Sessions) -> None:
    """PostgreSQL knows nothing yet of the lines just put aside, and would compare each with everybody (14 s instead of 2 for 50,000 people)."""
    if sessions.engine.dialect.name == "postgresql":
        with sessions() as session:
            session.execute(text("ANALYZE assure_lu, assure"))


def _laisser_passer(sessions: Sessions, taille: int, duree: float) -> int:
    """Let the site write, then give the size of the next slice: what this machine does in DUREE_TRANCHE."""
    if sessions.engine.dialect.name == "sqlite":
        time.sleep(PAUSE)
    return max(TRANCHE_MIN, min(TRANCHE_MAX, int(taille * min(2.0, DUREE_TRANCHE / max(duree, 0.001)))))


def _restantes(session: Session, importation_id: int) -> int:
    return session.scalar(select(func.count()).select_from(AssureLu).where(AssureLu.importation_id == importation_id)) or 0


def _borne(session: Session, importation_id: int, taille: int) -> Optional[str]:
    """The last `identifiant` of the next slice, in the base's own order; None when nothing is left."""
    tranche = (select(AssureLu.identifiant).where(AssureLu.importation_id == importation_id).order_by(AssureLu.identifiant).limit(taille)).subquery()
    return session.scalar(select(func.max(tranche.c.identifiant)))


def _fusionner_tranche(session: Session, importation: Importation, borne: str) -> int:
    """Merge the people up to `borne`: counted, brought in, taken out of `assure_lu`. Gives how many."""
    dans = and_(AssureLu.importation_id == importation.id, AssureLu.identifiant <= borne)
    presentes = [c for c in COLONNES if c in importation.colonnes and c != "identifiant"]
    nouvelle = Assure.id.is_(None)
    differe = or_(*(getattr(Assure, c).is_distinct_from(getattr(AssureLu, c)) for c in presentes))
    ici = and_(Assure.caisse_code == importation.caisse_code, Assure.identifiant == AssureLu.identifiant)
    nouvelles, modifiees = session.execute(select(
        func.coalesce(func.sum(case((nouvelle, 1), else_=0)), 0), func.coalesce(func.sum(case((and_(~nouvelle, differe), 1), else_=0)), 0),
    ).select_from(AssureLu).join(Assure, ici, isouter=True).where(dans)).one()
    inserer = postgresql.insert(Assure) if session.get_bind().dialect.name == "postgresql" else sqlite.insert(Assure)
    lues = select(literal(importation.caisse_code), literal(importation.id), *(getattr(AssureLu, c) for c in COLONNES)).where(dans)
    ordre = inserer.from_select(["caisse_code", "importation_id", *COLONNES], lues.order_by(AssureLu.identifiant))
    session.execute(ordre.on_conflict_do_update(index_elements=["caisse_code", "identifiant"], set_=_apports(presentes, ordre.excluded)))
    faites = session.execute(delete(AssureLu).where(dans)).rowcount  # type: ignore[attr-defined]
    session.execute(update(Importation).where(Importation.id == importation.id).values(
        nouvelles=Importation.nouvelles + int(nouvelles), modifiees=Importation.modifiees + int(modifiees)))
    return faites


def _apports(presentes: Sequence[str], lu: Any) -> dict[str, Any]:
    """What a file changes of someone already known: its own columns. `refus_contact`, `refus_enquete` and `referent_id` are the caisse's."""
    apports: dict[str, Any] = {c: lu[c] for c in presentes} | {"importation_id": lu.importation_id}
    if "canal" not in presentes:  # she chose e-mail, and the file brings no address any more
        garde: ColumnElement[str] = case((lu.courriel.is_(None), "courrier"), else_=Assure.canal)
        apports["canal"] = garde
    return apports


# -- the end --------------------------------------------------------------------------------------------------------------------------------


def _achever(sessions: Sessions, rapport: Rapport) -> Rapport:
    with sessions.lecture() as session:
        importation = session.get_one(Importation, rapport.importation_id)
        rapport.nouvelles, rapport.modifiees = importation.nouvelles, importation.modifiees
        autres = or_(Assure.importation_id.is_(None), Assure.importation_id != rapport.importation_id)
        rapport.absentes = session.scalar(select(func.count()).select_from(Assure).where(Assure.caisse_code == rapport.caisse, autres)) or 0
    return rapport


def _oublier(sessions: Sessions, importation_id: int, maintenant: datetime, acteur: str, code: str) -> None:
    """Refuse an import: its state first, then its lines, which a later start would throw away as well."""
    with sessions() as session:
        importation = session.get_one(Importation, importation_id)
        importation.etat, importation.finie_le = "refusee", maintenant
        _noter(session, importation, maintenant, acteur, code)
    _vider(sessions, importation_id)


def _vider(sessions: Sessions, importation_id: int) -> None:
    taille = TRANCHE_MAX
    while True:
        debut = time.monotonic()
        with sessions() as session:
            borne = _borne(session, importation_id, taille)
            if borne is None:
                return
            dans = and_(AssureLu.importation_id == importation_id, AssureLu.identifiant <= borne)
            otees = session.execute(delete(AssureLu).where(dans)).rowcount  # type: ignore[attr-defined]
        if otees == taille:
            taille = _laisser_passer(sessions, taille, time.monotonic() - debut)


def _noter(session: Session, importation: Importation, maintenant: datetime, acteur: str, code: Optional[str] = None) -> None:
    apres = {"etat": importation.etat, "fichier": importation.fichier, "lues": importation.lues, "rejetees": importation.rejetees}
    noter(session, le=maintenant, acteur=acteur, commande="population.importer", objet="importation", objet_id=importation.id, origine="commande",
          apres=apres | ({"code": code} if code else {}))
