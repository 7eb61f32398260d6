"""Backups of the contact database and their return: one file, whole even while the site writes, readable by its owner alone.

Who asks for one is the command; what must be replayed on a restored base (erasures) is given by the caller (`apres`).
"""
import os
import secrets
import sqlite3
import subprocess
import tempfile
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from shutil import which
from typing import Any, Callable, Iterator, Optional

from sqlalchemy import URL, text
from sqlalchemy.engine import make_url

from bot.contacts import schema
from bot.contacts.base import Sessions, ouvrir
from bot.contacts.refus import Refus

PAGES = 2_000  # copied between two words to the person: 8 MB
PREFIXE = "contacts"
_ATTENTE = 5.0
Suivre = Callable[[float], None]
Apres = Callable[[Sessions], None]


class SauvegardeIllisible(Refus):
    code, statut = "SAUVEGARDE_ILLISIBLE", 422
    message = "Ce fichier n'est pas une sauvegarde entière de la base de contacts : rien n'a été changé. Prenez une autre sauvegarde."


class SchemaPlusRecent(Refus):
    code, statut = "SCHEMA_PLUS_RECENT", 409

    def __init__(self, version: str):
        super().__init__(f"Cette sauvegarde vient d'une version plus récente du logiciel (schéma {version}, inconnu ici) : rien n'a été changé. "
                         "Mettez le logiciel à jour, puis relancez.")


class BaseOccupee(Refus):
    code, statut = "BASE_OCCUPEE", 409
    message = "La base est ouverte par le site ou par une autre commande : arrêtez « conseil serve » partout, puis relancez la restauration."


class BaseAbsente(Refus):
    code, statut = "BASE_ABSENTE", 404
    message = "Il n'y a pas encore de base à sauvegarder à cette adresse : vérifiez CONSEIL_BASE et CONSEIL_DONNEES."


class BaseAbimee(Refus):
    code, statut = "BASE_ABIMEE", 500
    message = ("La copie de la base n'a pas passé son contrôle d'intégrité : la base est sans doute abîmée. Ne l'effacez pas, gardez les sauvegardes "
               "précédentes et restaurez la plus récente (« conseil base restaurer »).")


class OutilAbsent(Refus):
    code, statut = "OUTIL_ABSENT", 409

    def __init__(self, outil: str):
        super().__init__(f"Une base PostgreSQL se sauvegarde avec ses propres outils, et « {outil} » est absent d'ici : installez les outils clients "
                         "de PostgreSQL (paquet « postgresql-client »), de la version du serveur ou d'une plus récente.")


class OutilRefuse(Refus):
    code, statut = "OUTIL_REFUSE", 409

    def __init__(self, outil: str, raison: str):
        super().__init__(f"« {outil} » a refusé : {raison}. Rien n'a été changé.")


class DossierInterdit(Refus):
    code, statut = "DOSSIER_INTERDIT", 409

    def __init__(self, dossier: Path, genre: str):
        super().__init__(f"Rien ne peut être écrit dans « {dossier} » ({genre}) : donnez un dossier de ce poste où vous pouvez écrire.")


@dataclass(frozen=True)
class Sauvegarde:
    """A backup: its file, its schema version, its size in bytes."""

    chemin: Path
    schema: str
    octets: int


@dataclass(frozen=True)
class Restauration:
    """What a return did: schema of the backup before it was brought to this version's, and where the former base was put aside (None: none)."""

    schema: str
    avant: Optional[Path]


def sauvegarder(adresse: str, dossier: Path, maintenant: datetime, suivre: Suivre = lambda _: None, prefixe: str = PREFIXE) -> Sauvegarde:
    """A whole copy of the base at one instant, in `dossier`, while people go on writing; `suivre` is told the fraction done.

    The file is named by instant and schema version, mode 600, and put there only once it has been checked.
    Raises BaseAbsente, BaseAbimee, OutilAbsent, OutilRefuse, DossierInterdit.
    """
    url = make_url(adresse)
    postgresql = url.get_backend_name() == "postgresql"
    if not postgresql and not _fichier(url).exists():
        raise BaseAbsente
    with _brouillon(dossier, ".dump" if postgresql else ".db") as brouillon:
        try:
            version = _copier_postgresql(url, brouillon) if postgresql else _copier_sqlite(_fichier(url), brouillon, suivre)
        except SauvegardeIllisible as e:
            raise BaseAbimee from e
        nom = f"{prefixe}-{maintenant.astimezone(timezone.utc):%Y%m%dT%H%M%SZ}-s{version}"
        chemin = _placer(brouillon, dossier, nom)
    return Sauvegarde(chemin, version, chemin.stat().st_size)


def restaurer(adresse: str, fichier: Path, maintenant: datetime, apres: Apres = lambda _: None) -> Restauration:
    """Put a backup in the place of the base. Checked, brought to the current schema and handed to `apres` (erasures to replay) before it is
    there; the former base is kept beside it. Raises SauvegardeIllisible, SchemaPlusRecent, BaseOccupee, OutilAbsent, OutilRefuse, DossierInterdit.
    """
    url = make_url(adresse)
    if url.get_backend_name() == "postgresql":
        return _restaurer_postgresql(url, adresse, fichier, maintenant, apres)
    return _restaurer_sqlite(_fichier(url), fichier, maintenant, apres)


# -- files ----------------------------------------------------------------------------------------------------------------------------------


def _fichier(url: URL) -> Path:
    if not url.database or url.database == ":memory:":
        raise BaseAbsente
    return Path(url.database)


@contextmanager
def _brouillon(dossier: Path, suffixe: str) -> Iterator[Path]:
    """An empty file of mode 600 to work in, gone at the end whatever happened."""
    chemin = dossier / f".{PREFIXE}-{secrets.token_hex(6)}{suffixe}"
    try:
        dossier.mkdir(parents=True, exist_ok=True)
        os.close(os.open(chemin, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except OSError as e:
        raise DossierInterdit(dossier, type(e).__name__) from e
    try:
        yield chemin
    finally:
        for reste in (chemin, *(chemin.with_name(chemin.name + s) for s in ("-wal", "-shm", "-journal"))):
            reste.unlink(missing_ok=True)


def _placer(brouillon: Path, dossier: Path, nom: str) -> Path:
    """Give a finished file its name, without ever taking the place of another one."""
    _fixer(brouillon)
    for rang in range(1, 1_000):
        chemin = dossier / f"{nom}{'' if rang == 1 else f'-{rang}'}{brouillon.suffix}"
        try:
            os.link(brouillon, chemin)
        except FileExistsError:
            continue
        _fixer(dossier)
        return chemin
    raise DossierInterdit(dossier, "FileExistsError")


def _fixer(chemin: Path) -> None:
    """What was written is on the disk, not in the machine's memory."""
    descripteur = os.open(chemin, os.O_RDONLY)
    try:
        os.fsync(descripteur)
    finally:
        os.close(descripteur)


# -- SQLite ---------------------------------------------------------------------------------------------------------------------------------


def _copier_sqlite(source: Path, vers: Path, suivre: Suivre = lambda _: None) -> str:
    """Copy a base as it is at one instant; gives its schema version. The read transaction opened first holds that instant: without it, each
    write of the site between two slices would start the copy again (WAL keeps the old pages until we are done)."""
    try:
        with closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True, timeout=_ATTENTE, isolation_level=None)) as lue, \
                closing(sqlite3.connect(vers, timeout=_ATTENTE, isolation_level=None)) as ecrite:
            lue.execute("BEGIN")
            lue.execute("SELECT count(*) FROM sqlite_master").fetchone()
            lue.backup(ecrite, pages=PAGES, sleep=0, progress=lambda _, reste, total: suivre(1 - reste / total if total else 1.0))
            lue.execute("ROLLBACK")
            ecrite.execute("PRAGMA journal_mode=DELETE")  # one file, nothing beside it
            return _controler_sqlite(ecrite)
    except sqlite3.DatabaseError as e:
        raise SauvegardeIllisible from e


def _controler_sqlite(base: sqlite3.Connection) -> str:
    """The schema version of a base that is whole. Raises SauvegardeIllisible."""
    if [ligne[0] for ligne in base.execute("PRAGMA integrity_check")] != ["ok"] or base.execute("PRAGMA foreign_key_check").fetchone():
        raise SauvegardeIllisible
    if not base.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'alembic_version'").fetchone():
        raise SauvegardeIllisible
    ligne = base.execute("SELECT version_num FROM alembic_version").fetchone()
    if ligne is None:
        raise SauvegardeIllisible
    return str(ligne[0])


def _restaurer_sqlite(base: Path, fichier: Path, maintenant: datetime, apres: Apres) -> Restauration:
    if not fichier.is_file():
        raise SauvegardeIllisible
    with _brouillon(base.parent, ".db") as brouillon:
        version = _copier_sqlite(fichier, brouillon)
        if not schema.connue(version):
            raise SchemaPlusRecent(version)
        sessions = Sessions(ouvrir(f"sqlite:///{brouillon}"))
        try:
            schema.migrer(sessions.engine)
            apres(sessions)
        finally:
            sessions.engine.dispose()
        _seul(brouillon)
        _fixer(brouillon)
        avant = _mettre_de_cote(base, maintenant)
        os.replace(brouillon, base)
        _fixer(base.parent)
    return Restauration(version, avant)


def _mettre_de_cote(base: Path, maintenant: datetime) -> Optional[Path]:
    """The former base under another name (a second name: its place is never empty). Raises BaseOccupee while somebody has it open."""
    if not base.exists():
        return None
    try:
        _seul(base)
    except sqlite3.OperationalError as e:
        raise BaseOccupee from e
    except sqlite3.DatabaseError:
        pass  # ruined beyond reading: a reason to restore, not to refuse; its bytes are kept all the same
    os.chmod(base, 0o600)
    return _placer(base, base.parent, f"{base.stem}-avant-{maintenant.astimezone(timezone.utc):%Y%m%dT%H%M%SZ}")


def _seul(base: Path) -> None:
    """Bring a base back to one file without its journal beside it. Only who is alone on it may: others keep it in WAL mode."""
    with closing(sqlite3.connect(base, timeout=0.2, isolation_level=None)) as connexion:
        connexion.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        if connexion.execute("PRAGMA journal_mode=DELETE").fetchone()[0] != "delete":
            raise sqlite3.OperationalError("occupée")


# -- PostgreSQL -----------------------------------------------------------------------------------------------------------------------------


def _outil(nom: str) -> str:
    trouve = which(nom)
    if trouve is None:
        raise OutilAbsent(nom)
    return trouve


def _environnement(url: URL) -> dict[str, str]:
    """How the tools of PostgreSQL find the server. By the environment: an argument would show the password to the whole machine."""
    noms = {"host": "PGHOST", "port": "PGPORT", "dbname": "PGDATABASE", "user": "PGUSER", "password": "PGPASSWORD", "sslmode": "PGSSLMODE",
            "sslrootcert": "PGSSLROOTCERT"}
    donnees: dict[str, Any] = {**url.translate_connect_args(username="user", database="dbname"), **url.query}
    return {**os.environ, **{noms[n]: str(v) for n, v in donnees.items() if n in noms and v}, "PGAPPNAME": "conseil-sauvegarde", "LC_MESSAGES": "C"}


def _lancer(url: URL, nom: str, *arguments: str) -> None:
    """Run a tool of PostgreSQL. Raises OutilAbsent, OutilRefuse with its first line of complaint."""
    fini = subprocess.run([_outil(nom), *arguments], env=_environnement(url), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True, errors="replace")
    if fini.returncode:
        dites = fini.stderr.splitlines()
        plaintes = [ligne for ligne in dites if "error" in ligne.lower()] or dites or [f"code {fini.returncode}"]
        raise OutilRefuse(nom, plaintes[0].split("error:")[-1].strip().rstrip("."))


def _copier_postgresql(url: URL, vers: Path) -> str:
    """pg_dump takes one snapshot for the whole copy; the version read from the copy itself is that of the snapshot."""
    _lancer(url, "pg_dump", "--format=custom", "--no-owner", "--no-privileges", "--file", str(vers))
    os.chmod(vers, 0o600)
    return _version_postgresql(url, vers)


def _version_postgresql(url: URL, fichier: Path) -> str:
    """The schema version inside a dump. Raises SauvegardeIllisible."""
    fini = subprocess.run([_outil("pg_restore"), "--data-only", "--table=alembic_version", "--file=-", str(fichier)], capture_output=True, text=True,
                          errors="replace", env=_environnement(url), stdin=subprocess.DEVNULL)
    lignes = fini.stdout.splitlines()
    debut = next((i for i, ligne in enumerate(lignes) if ligne.startswith("COPY ") and "alembic_version" in ligne), None)
    if fini.returncode or debut is None or len(lignes) < debut + 2 or lignes[debut + 1] == "\\.":
        raise SauvegardeIllisible
    return lignes[debut + 1].strip()


def _restaurer_postgresql(url: URL, adresse: str, fichier: Path, maintenant: datetime, apres: Apres) -> Restauration:
    if not fichier.is_file():
        raise SauvegardeIllisible
    version = _version_postgresql(url, fichier)
    if not schema.connue(version):
        raise SchemaPlusRecent(version)
    _outil("psql")
    sessions = Sessions(ouvrir(adresse))
    try:
        avant = _sauver_avant(sessions, adresse, fichier.parent, maintenant)
        sessions.engine.dispose()
        with tempfile.TemporaryDirectory(prefix="conseil-", dir=fichier.parent) as dossier:
            script = Path(dossier) / "retour.sql"  # a whole script, run in one transaction: cut short, nothing has changed
            _lancer(url, "pg_restore", "--no-owner", "--no-privileges", f"--file={script}", str(fichier))
            menage = Path(dossier) / "menage.sql"
            menage.write_text("DROP SCHEMA public CASCADE; CREATE SCHEMA public;\n", encoding="utf-8")
            _lancer(url, "psql", "--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", f"--file={menage}", f"--file={script}")
        schema.migrer(sessions.engine)
        apres(sessions)
    finally:
        sessions.engine.dispose()
    return Restauration(version, avant)


def _sauver_avant(sessions: Sessions, adresse: str, dossier: Path, maintenant: datetime) -> Optional[Path]:
    """A backup of what is about to be replaced; None when there is nothing yet. Raises BaseOccupee while others are connected."""
    with sessions.lecture() as s:
        if s.scalar(text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")):
            raise BaseOccupee
        vide = s.scalar(text("SELECT to_regclass('alembic_version') IS NULL"))
    if vide:
        return None
    return sauvegarder(adresse, dossier, maintenant, prefixe=f"{PREFIXE}-avant").chemin
