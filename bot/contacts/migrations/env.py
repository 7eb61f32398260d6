"""Alembic environment: always given a connection by bot.contacts.schema, never a URL of its own."""
from alembic import context
from sqlalchemy.sql.elements import False_, True_

from bot.contacts import tables  # noqa: F401  (fills the metadata)
from bot.contacts.base import Base


def rendre(genre, objet, _):
    """New migrations are written from SQLite, where « false » is 0, which PostgreSQL refuses as a default: keep the word."""
    if genre == "server_default" and isinstance(getattr(objet, "arg", None), (False_, True_)):
        return f"sa.{objet.arg}()"
    return False


connexion = context.config.attributes["connexion"]
context.configure(connection=connexion, target_metadata=Base.metadata, render_as_batch=connexion.dialect.name == "sqlite",
                  compare_type=True, render_item=rendre)
with context.begin_transaction():
    context.run_migrations()
