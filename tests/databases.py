"""Empty shop databases for tests: handed out migrated, taken back when the test is over."""

import itertools
import shutil
from pathlib import Path
from typing import Protocol

from postgresql import PostgresServer
from sqlalchemy import make_url, text

from transactional.database import connect, writing
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
        self._free: list[str] = []

    def take(self) -> str:
        return self._free.pop() if self._free else _migrated(self._server.create())

    def give_back(self, url: str) -> None:
        engine = connect(url)
        with writing(engine) as connection:
            # Most tables are empty, and truncating one takes ten times as long as deleting some rows.
            connection.execute(
                text("set local session_replication_role = replica")
            )  # no triggers, no references
            for name in connection.execute(_FILLED).scalars():
                connection.execute(text(f'delete from "{name}"'))
            connection.execute(text("alter sequence change_log_seq_seq restart"))
        engine.dispose()
        self._free.append(url)


_FILLED = text(
    " union all ".join(
        f"select '{table.name}' where exists (select from \"{table.name}\")"
        for table in metadata.sorted_tables
    )
)
