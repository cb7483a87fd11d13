"""Empty shop databases for tests: handed out migrated, taken back when the test is over."""

import itertools
import shutil
from pathlib import Path
from typing import Protocol

import psycopg
from postgresql import PostgresServer
from psycopg.sql import SQL, Identifier
from sqlalchemy import make_url

from transactional.database import connect
from transactional.migrations import migrate
from transactional.tables import metadata


class Databases(Protocol):
    """Where tests get shop databases from."""

    def take(self) -> str:
        """The URL of an empty shop database."""

    def give_back(self, url: str) -> None:
        """Nobody is connected to it any more."""


def _migrated(url: str) -> str:
    engine = connect(url)
    migrate(engine)
    engine.dispose()
    return url


class SqliteDatabases:
    """Copies of a migrated file."""

    def __init__(self, folder: Path):
        self._folder = folder
        self._numbers = itertools.count()
        self._template = folder / "template.db"
        _migrated(f"sqlite:///{self._template}")

    def take(self) -> str:
        path = self._folder / f"{next(self._numbers)}.db"
        shutil.copy(self._template, path)
        return f"sqlite:///{path}"

    def give_back(self, url: str) -> None:
        path = Path(make_url(url).database or "")
        for each in path.parent.glob(f"{path.name}*"):
            each.unlink()


class PostgresDatabases:
    """Databases that are emptied and used again, which is faster than a new one for each test."""

    def __init__(self, server: PostgresServer):
        self._server = server
        self._template = make_url(_migrated(server.create())).database or ""
        self._free: list[str] = []
        self._emptying: dict[str, psycopg.Connection] = {}  # kept, as a new one must read the catalogue

    def take(self) -> str:
        return self._free.pop() if self._free else self._server.create(self._template)

    def give_back(self, url: str) -> None:
        if url not in self._emptying:
            self._emptying[url] = psycopg.connect(url, autocommit=True)
        connection = self._emptying[url]
        with connection.transaction():
            # Most tables are empty, and truncating one takes ten times as long as deleting some rows.
            connection.execute("set local session_replication_role = replica")  # no triggers, no references
            for (name,) in connection.execute(_FILLED, prepare=True).fetchall():
                connection.execute(SQL("delete from {}").format(Identifier(name)))
            connection.execute("alter sequence change_log_seq_seq restart")
        self._free.append(url)

    def close(self) -> None:
        for connection in self._emptying.values():
            connection.close()


_FILLED = SQL(" union all ").join(
    SQL("select {} where exists (select from {})").format(table.name, Identifier(table.name))
    for table in metadata.sorted_tables
)
