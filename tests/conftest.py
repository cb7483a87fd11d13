"""Fixtures every room's tests share."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from postgresql import PostgresServer
from sqlalchemy import make_url

from settings import Settings
from transactional.database import connect
from transactional.migrations import migrate


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of a Storehouse of its own in a fresh folder."""
    return Settings(home=tmp_path / "var")


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresServer]:
    """A PostgreSQL server of this test process."""
    server = PostgresServer()
    yield server
    server.stop()


def _migrated(url: str) -> str:
    engine = connect(url)
    migrate(engine)
    engine.dispose()
    return url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty shop database, to be copied."""
    path = tmp_path_factory.mktemp("template") / "shop.db"
    _migrated(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgresql_template(postgresql: PostgresServer) -> str:
    """The name of an empty shop database, to be copied."""
    database = make_url(_migrated(postgresql.create())).database
    assert database is not None
    return database


@pytest.fixture(params=["sqlite", "postgresql"])
def new_database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[], str]:
    """Makes empty shop databases and returns their URLs; the test runs once on each engine."""
    if request.param == "sqlite":
        template = request.getfixturevalue("sqlite_template")
        folder = tmp_path_factory.mktemp("databases")

        def copied() -> str:
            path = folder / f"{len(list(folder.iterdir()))}.db"
            shutil.copy(template, path)
            return f"sqlite:///{path}"

        return copied
    server = request.getfixturevalue("postgresql")
    name = request.getfixturevalue("postgresql_template")
    return lambda: str(server.create(name))


@pytest.fixture
def database_url(new_database: Callable[[], str]) -> str:
    """An empty shop database; the test runs once on each engine."""
    return new_database()
