"""Fixtures every room's tests share."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from databases import Databases, PostgresDatabases, SqliteDatabases
from lakes import after_opening, lake, opened, parsed, transform
from postgresql import PostgresServer

from settings import Settings

__all__ = ["after_opening", "lake", "opened", "parsed", "transform"]

# Folders in memory, where there is room for them: tests of what is written need not wait for a disk.
_MEMORY = Path("/dev/shm")
if _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > 4 * 2**30:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_MEMORY))


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


@pytest.fixture(scope="session")
def sqlite_databases(tmp_path_factory: pytest.TempPathFactory) -> Databases:
    """Empty shop databases on SQLite."""
    return SqliteDatabases(tmp_path_factory.mktemp("databases"))


@pytest.fixture(scope="session")
def postgresql_databases(postgresql: PostgresServer) -> Iterator[Databases]:
    """Empty shop databases on PostgreSQL."""
    databases = PostgresDatabases(postgresql)
    yield databases
    databases.close()


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def databases(request: pytest.FixtureRequest) -> Databases:
    """Empty shop databases; the test runs once on each engine."""
    found: Databases = request.getfixturevalue(f"{request.param}_databases")
    return found


@pytest.fixture
def database_url(databases: Databases) -> Iterator[str]:
    """An empty shop database; the test runs once on each engine."""
    url = databases.take()
    yield url
    databases.give_back(url)
