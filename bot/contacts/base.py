"""Engine and sessions. SQLite (WAL, foreign keys, `BEGIN IMMEDIATE`) by default, PostgreSQL where people outgrow it."""
import os
import sqlite3
import threading
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Iterator, Optional

from sqlalchemy import DateTime, Engine, MetaData, TypeDecorator, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DisconnectionError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker

ATTENTE = 5.0


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant on every engine. SQLite has no zones: stored naive in UTC there, given back aware."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value, dialect):
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("un instant sans fuseau ne se range pas en base")
        value = value.astimezone(timezone.utc)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value, dialect):
        return value.replace(tzinfo=timezone.utc) if value is not None and value.tzinfo is None else value


class Base(DeclarativeBase):
    """Declarative base; constraint names are fixed so that migrations read the same on every engine."""

    metadata = MetaData(naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s", "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s", "fk": "fk_%(table_name)s_%(column_0_N_name)s", "pk": "pk_%(table_name)s"})


def _regler_sqlite(engine: Engine, attente: float) -> None:
    """Pragmas on each connection, and transactions that take the write lock at once.

    With a deferred BEGIN, two readers that both turn writers fail with « database is locked » whatever the timeout
    (reference/security.md: 560 of 640 attempts); IMMEDIATE waits its turn instead.
    """
    @event.listens_for(engine, "connect")
    def _connexion(dbapi, _):
        dbapi.isolation_level = None  # the driver must not begin transactions on its own
        curseur = dbapi.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={round(1000 * attente)}", "secure_delete=ON"):
            curseur.execute(f"PRAGMA {pragma}")
        curseur.close()

    @event.listens_for(engine, "begin")
    def _debut(connexion):
        options = connexion.get_execution_options()
        if options.get("lecture_seule"):
            connexion.exec_driver_sql("BEGIN")
            return
        connexion.exec_driver_sql(f"PRAGMA synchronous={'NORMAL' if options.get('legere') else 'FULL'}")
        connexion.exec_driver_sql("BEGIN IMMEDIATE")


def _suivre_fichier(engine: Engine, chemin: str) -> None:
    """A file taken away or put back under us: without this, connections would go on writing, and confirming, into a file that nobody will read
    again; and a new one would make an empty base in its place."""
    vu = False

    @event.listens_for(engine, "do_connect")
    def _ouverture(*_: Any) -> None:
        if vu and not os.path.exists(chemin):
            raise sqlite3.OperationalError("unable to open database file")

    @event.listens_for(engine, "connect")
    def _noter(dbapi, fiche):
        nonlocal vu
        vu, fiche.info["fichier"] = True, os.stat(chemin).st_ino

    @event.listens_for(engine, "checkout")
    def _verifier(dbapi, fiche, _):
        try:
            meme = os.stat(chemin).st_ino == fiche.info.get("fichier")
        except FileNotFoundError:
            raise sqlite3.OperationalError("unable to open database file") from None
        if not meme:
            raise DisconnectionError("un autre fichier a pris la place de la base")


def ouvrir(adresse: str, attente: float = ATTENTE) -> Engine:
    """An engine for a database address (SQLAlchemy URL). Makes the folder of an SQLite file.

    `attente`: seconds to wait for a lock, or for a free connection, before giving up (OperationalError, or SQLAlchemy's TimeoutError).
    """
    url = make_url(adresse)
    if url.get_backend_name() == "sqlite":
        en_memoire = not url.database or url.database == ":memory:"
        if not en_memoire:
            Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(url) if en_memoire else create_engine(
            url, pool_timeout=attente, max_overflow=40, connect_args={"timeout": attente})
        _regler_sqlite(engine, attente)
        if not en_memoire:
            _suivre_fichier(engine, str(url.database))
        return engine
    return create_engine(url, pool_pre_ping=True, pool_timeout=max(attente, 1), connect_args=_delais_postgresql(url, attente))


def _delais_postgresql(url: URL, attente: float) -> dict[str, Any]:
    """Nothing waits longer for a server, or for a lock, than who asks can wait; the address may say otherwise."""
    if attente >= ATTENTE or "options" in url.query:
        return {}
    return {"connect_timeout": max(2, round(attente)), "options": f"-c lock_timeout={round(1000 * attente)}"}


class Sessions:
    """Opens transactions: `with sessions() as s:` writes, `with sessions.lecture() as s:` only reads (takes no write lock).

    `sessions.legere()` writes what a cut of the current may take back, since nobody was told of it; it does not wait for the disk (SQLite only;
    what is written after it waits for both).
    """

    def __init__(self, engine: Engine):
        self.engine = engine
        self._ecriture = sessionmaker(engine, expire_on_commit=False)
        self._legere = sessionmaker(engine.execution_options(legere=True), expire_on_commit=False)
        self._lecture = sessionmaker(engine.execution_options(lecture_seule=True), expire_on_commit=False)
        # SQLite lets one writer in at a time, and those who wait ask again at growing intervals; among threads, a queue is quicker and fair.
        self._tour: Optional[threading.Lock] = threading.Lock() if engine.dialect.name == "sqlite" else None

    @contextmanager
    def _a_mon_tour(self) -> Iterator[None]:
        if self._tour is None:
            yield
            return
        attente = getattr(self.engine.pool, "timeout", None)
        if not self._tour.acquire(timeout=attente() if callable(attente) else ATTENTE):
            raise OperationalError("BEGIN IMMEDIATE", {}, sqlite3.OperationalError("database is locked"))
        try:
            yield
        finally:
            self._tour.release()

    @contextmanager
    def __call__(self) -> Iterator[Session]:
        with self._a_mon_tour(), self._ecriture.begin() as session:
            yield session

    @contextmanager
    def legere(self) -> Iterator[Session]:
        with self._a_mon_tour(), self._legere.begin() as session:
            yield session

    @contextmanager
    def lecture(self) -> Iterator[Session]:
        with self._lecture() as session:
            yield session
