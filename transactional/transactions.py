"""Transactions of a shop database: for a request, for work in the background, to rehearse, and to read."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from sqlalchemy import Connection, Engine

from transactional.database import Clock, reading, rehearsing, utc_now, writing
from transactional.statements import Runner
from transactional.unit_of_work import NewId, Reading, UnitOfWork, uuid7

# Connections that may be busy with a commit while others are served; beyond them a commit is waited for.
_MOST_ASIDE = 10


class Database:
    """A shop database with the clock and the ids its transactions use."""

    def __init__(self, engine: Engine, clock: Clock = utc_now, new_id: NewId = uuid7):
        self.engine = engine
        self.clock = clock
        self._new_id = new_id
        self._aside = 0

    @contextmanager
    def transaction(self, actor: str, request_id: str | None = None) -> Iterator[UnitOfWork]:
        """One unit of work; commits at the end, rolls back when an exception leaves the block.

        Args:
            actor: who acts, as the change log shows it: shopper, staff, provider:sandbox, system:expiry...
            request_id: ties the changes to the request that asked for them.
        """
        with writing(self.engine) as connection:
            runner, uow = self._unit_of_work(connection, actor, request_id)
            yield uow
            uow.write_change_log()
            runner.commit()

    @asynccontextmanager
    async def request(self, actor: str, request_id: str | None = None) -> AsyncIterator[UnitOfWork]:
        """As `transaction`, but while PostgreSQL commits other requests are served.

        Nothing may be awaited in the block: whoever waits for what it locked would not let it go on.
        """
        with writing(self.engine) as connection:
            runner, uow = self._unit_of_work(connection, actor, request_id)
            yield uow
            uow.write_change_log()
            if self._aside == _MOST_ASIDE:
                runner.commit()
                return
            self._aside += 1
            try:
                await runner.commit_aside()
            finally:
                self._aside -= 1

    @contextmanager
    def rehearsal(self, actor: str, request_id: str | None = None) -> Iterator[UnitOfWork]:
        """A unit of work of which nothing stays: what it would have done can be told."""
        with rehearsing(self.engine) as connection:
            runner, uow = self._unit_of_work(connection, actor, request_id)
            yield uow
            runner.flush()

    @contextmanager
    def read(self) -> Iterator[Reading]:
        """A transaction that only reads and waits for no writer."""
        with reading(self.engine) as connection:
            yield Reading(Runner(connection), self.clock())

    def _unit_of_work(
        self, connection: Connection, actor: str, request_id: str | None
    ) -> tuple[Runner, UnitOfWork]:
        runner = Runner(connection)
        return runner, UnitOfWork(runner, self.clock(), actor, request_id, self._new_id)
