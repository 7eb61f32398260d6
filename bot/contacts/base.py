"""Engine and sessions. SQLite (WAL, foreign keys, `BEGIN IMMEDIATE`) by default, PostgreSQL where people outgrow it."""
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Iterator

from sqlalchemy import DateTime, Engine, MetaData, TypeDecorator, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker


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


def _regler_sqlite(engine: Engine) -> None:
    """Pragmas on each connection, and transactions that take the write lock at once.

    With a deferred BEGIN, two readers that both turn writers fail with « database is locked » whatever the timeout
    (reference/security.md: 560 of 640 attempts); IMMEDIATE waits its turn instead.
    """
    @event.listens_for(engine, "connect")
    def _connexion(dbapi, _):
        dbapi.isolation_level = None  # the driver must not begin transactions on its own
        curseur = dbapi.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000", "secure_delete=ON"):
            curseur.execute(f"PRAGMA {pragma}")
        curseur.close()

    @event.listens_for(engine, "begin")
    def _debut(connexion):
        lecture = connexion.get_execution_options().get("lecture_seule")
        connexion.exec_driver_sql("BEGIN" if lecture else "BEGIN IMMEDIATE")


def ouvrir(adresse: str) -> Engine:
    """An engine for a database address (SQLAlchemy URL). Makes the folder of an SQLite file."""
    url = make_url(adresse)
    if url.get_backend_name() == "sqlite":
        if url.database and url.database != ":memory:":
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(url)
        _regler_sqlite(engine)
        return engine
    return create_engine(url, pool_pre_ping=True)


class Sessions:
    """Opens transactions: `with sessions() as s:` writes, `with sessions.lecture() as s:` only reads (takes no write lock)."""

    def __init__(self, engine: Engine):
        self.engine = engine
        self._ecriture = sessionmaker(engine, expire_on_commit=False)
        self._lecture = sessionmaker(engine.execution_options(lecture_seule=True), expire_on_commit=False)

    @contextmanager
    def __call__(self) -> Iterator[Session]:
        with self._ecriture.begin() as session:
            yield session

    @contextmanager
    def lecture(self) -> Iterator[Session]:
        with self._lecture() as session:
            yield session
