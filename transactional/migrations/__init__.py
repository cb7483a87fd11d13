"""Brings a shop database to the newest schema, with Alembic."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from transactional.database import writing

# Any number, the same in every process: whoever starts second waits for the first to finish migrating.
_LOCK = 5_307_841


_SCRIPTS = str(Path(__file__).parent)


def alembic_config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", _SCRIPTS)
    config.attributes["connection"] = connection
    return config


@cache
def _newest() -> tuple[str, ...]:
    """The revision of the newest schema; reading all scripts takes longer than asking the database."""
    return tuple(ScriptDirectory(_SCRIPTS).get_heads())


def migrate(engine: Engine) -> None:
    """Upgrade to the newest schema in one transaction; does nothing when it is there.

    On SQLite the transaction itself holds the write lock from its start.
    """
    with writing(engine) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        if MigrationContext.configure(connection).get_current_heads() != _newest():
            command.upgrade(alembic_config(connection), "head")
