"""Runs the migrations: alembic, over the files of `migrations/versions`, without a configuration file."""

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection


def upgrade(connection: Connection, revision: str = "head") -> None:
    """The tables are those of the revision, in the caller's transaction; none goes back."""
    config = Config()
    config.set_main_option("script_location", "smki.adapters.sql:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
