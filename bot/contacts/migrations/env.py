"""Alembic environment: always given a connection by bot.contacts.schema, never a URL of its own."""
from alembic import context

from bot.contacts import tables  # noqa: F401  (fills the metadata)
from bot.contacts.base import Base

connexion = context.config.attributes["connexion"]
context.configure(connection=connexion, target_metadata=Base.metadata, render_as_batch=connexion.dialect.name == "sqlite",
                  compare_type=True)
with context.begin_transaction():
    context.run_migrations()
