"""Brings a database to the current schema, and makes new migrations. The only door to alembic."""
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine


def _config(connexion) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connexion"] = connexion
    return config


def migrer(engine: Engine, version: str = "head") -> None:
    """Upgrade to `version` (the latest by default). Harmless when already there."""
    with engine.connect() as connexion:
        command.upgrade(_config(connexion), version)
        connexion.commit()


def a_jour(engine: Engine) -> bool:
    """Whether the database is at the latest migration; changes nothing."""
    with engine.connect() as connexion:
        attendues = ScriptDirectory.from_config(_config(connexion)).get_heads()
        return set(MigrationContext.configure(connexion).get_current_heads()) == set(attendues)


def revenir(engine: Engine, version: str) -> None:
    """Downgrade to `version` (« base » = empty database)."""
    with engine.connect() as connexion:
        command.downgrade(_config(connexion), version)
        connexion.commit()


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
