"""Brings a database to the current schema, and makes new migrations. The only door to alembic."""
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Iterator

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

ATTENTE_VERROU = "3s"


def _config(connexion) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connexion"] = connexion
    return config


@contextmanager
def _changer(engine: Engine) -> Iterator[Connection]:
    """One transaction for a whole change of schema. SQLite rebuilds a table by dropping it, which would delete the rows that point to it:
    its foreign keys are off meanwhile, and checked before the commit (the way its own documentation tells)."""
    with engine.connect() as connexion:
        sqlite = connexion.dialect.name == "sqlite"
        pilote: Any = connexion.connection.driver_connection
        if sqlite:
            pilote.execute("PRAGMA foreign_keys=OFF")  # does nothing once a transaction is open
        else:
            # A migration that waits for a table makes everyone behind it wait: it gives up, whole, and is asked for again (R14).
            connexion.exec_driver_sql(f"SET lock_timeout = '{ATTENTE_VERROU}'")
            connexion.commit()
        try:
            yield connexion
            if sqlite and (orphelines := connexion.exec_driver_sql("PRAGMA foreign_key_check").fetchall()):
                raise RuntimeError(f"la migration laisserait {len(orphelines)} lignes sans leur parent : rien n'a été changé")
            connexion.commit()
        finally:
            connexion.rollback()
            if sqlite:
                pilote.execute("PRAGMA foreign_keys=ON")
            else:
                connexion.exec_driver_sql("RESET lock_timeout")
                connexion.commit()


def migrer(engine: Engine, version: str = "head") -> None:
    """Upgrade to `version` (the latest by default). Harmless when already there."""
    with _changer(engine) as connexion:
        command.upgrade(_config(connexion), version)


def a_jour(engine: Engine) -> bool:
    """Whether the database is at the latest migration; changes nothing."""
    with engine.connect() as connexion:
        attendues = ScriptDirectory.from_config(_config(connexion)).get_heads()
        return set(MigrationContext.configure(connexion).get_current_heads()) == set(attendues)


def marches() -> list[str]:
    """Every schema that was ever released, the oldest first."""
    return [m.revision for m in ScriptDirectory.from_config(_config(None)).walk_revisions()][::-1]


def connue(version: str) -> bool:
    """Whether this version of the software has that migration: a base beyond it comes from a newer one."""
    return version in marches()


def revenir(engine: Engine, version: str) -> None:
    """Downgrade to `version` (« base » = empty database)."""
    with _changer(engine) as connexion:
        command.downgrade(_config(connexion), version)


def verifier(engine: Engine) -> None:
    """Raises alembic's error when the tables of the code and the migrations do not say the same."""
    with engine.connect() as connexion:
        command.check(_config(connexion))


def nouvelle_migration(engine: Engine, message: str) -> None:
    """Write a migration from the difference between tables and database (`python -m bot.contacts.schema "message"`)."""
    with engine.connect() as connexion:
        command.revision(_config(connexion), message=message, autogenerate=True)


if __name__ == "__main__":
    import sys
    import tempfile

    from bot.contacts.base import ouvrir

    with tempfile.TemporaryDirectory() as dossier:
        moteur = ouvrir(f"sqlite:///{dossier}/schema.db")
        migrer(moteur)
        nouvelle_migration(moteur, sys.argv[1])
