"""Runs the revisions on the connection that the caller gives, in the caller's transaction."""

from alembic import context

from smki.adapters.sql.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    transactional_ddl=True,
)
context.run_migrations()
