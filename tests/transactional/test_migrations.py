import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from postgresql import PostgresServer
from sqlalchemy import Connection, Engine, inspect

from transactional.database import connect, reading
from transactional.migrations import migrate
from transactional.tables import metadata


def described(engine: Engine) -> dict[str, Any]:
    """Everything the database says about its tables."""
    look = inspect(engine)
    return {
        table: {
            "columns": [
                {**column, "type": repr(column["type"]), "comment": None}
                for column in look.get_columns(table)
            ],
            "primary key": look.get_pk_constraint(table),
            "foreign keys": sorted(look.get_foreign_keys(table), key=str),
            "unique": sorted(look.get_unique_constraints(table), key=str),
            "checks": sorted(look.get_check_constraints(table), key=str),
            "indexes": sorted(look.get_indexes(table), key=str),
        }
        for table in look.get_table_names()
        if table != "alembic_version"
    }


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Engine]:
    """Makes databases without tables."""
    if request.param == "sqlite":
        return lambda: connect(f"sqlite:///{tmp_path / str(len(list(tmp_path.iterdir())))}.db")
    server: PostgresServer = request.getfixturevalue("postgresql")
    return lambda: connect(server.create())


def differences(connection: Connection) -> list[Any]:
    return list(compare_metadata(MigrationContext.configure(connection), metadata))


def test_migrations_make_the_tables_of_the_models(empty_database: Callable[[], Engine]) -> None:
    migrated, made = empty_database(), empty_database()
    migrate(migrated)
    metadata.create_all(made)
    assert described(migrated) == described(made)
    with reading(migrated) as connection:
        assert differences(connection) == []


def test_shops_that_start_together_migrate_once(empty_database: Callable[[], Engine]) -> None:
    engine = empty_database()
    faults: list[BaseException] = []

    def start() -> None:
        try:
            migrate(engine)
        except BaseException as fault:
            faults.append(fault)

    starting = [threading.Thread(target=start) for _ in range(4)]
    for each in starting:
        each.start()
    for each in starting:
        each.join()
    assert faults == []
    assert "orders" in inspect(engine).get_table_names()


def test_migrating_again_changes_nothing(empty_database: Callable[[], Engine]) -> None:
    engine = empty_database()
    migrate(engine)
    before = described(engine)
    migrate(engine)
    assert described(engine) == before
