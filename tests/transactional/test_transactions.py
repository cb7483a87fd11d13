"""A request's transaction: while PostgreSQL commits others are served, and nothing is lost or half done."""

import ast
import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from databases import Databases
from shopping import rows_of
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from tenacity import AsyncRetrying, retry_if_result, stop_after_delay, wait_fixed

import transactional
from settings import Settings
from transactional.catalog import creation
from transactional.catalog.models import brands
from transactional.database import reading
from transactional.shop import Shop, open_shop

_LOCK = 4711


@pytest.fixture
def on_postgresql(postgresql_databases: Databases, tmp_path: Path) -> Iterator[Shop]:
    url = postgresql_databases.take()
    shop = open_shop(Settings(home=tmp_path / "var", database_url=url))
    yield shop
    shop.database.engine.dispose()
    postgresql_databases.give_back(url)


@contextmanager
def at_commit(shop: Shop, statement: str) -> Iterator[Connection]:
    """Whoever adds a brand does this when it commits; a connection of the test's own."""
    with shop.database.engine.connect() as connection:
        for made in (
            f"create function at_commit() returns trigger language plpgsql as"
            f" $$ begin {statement}; return null; end $$",
            "create constraint trigger at_commit after insert on brands deferrable initially deferred"
            " for each row execute function at_commit()",
        ):
            connection.execute(text(made))
        connection.commit()
        yield connection
        connection.rollback()
        connection.execute(text("drop function at_commit cascade"))
        connection.commit()


class HeldUp:
    """Commits that wait until they are let go."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        connection.execute(text(f"select pg_advisory_lock({_LOCK})"))

    async def are(self, count: int) -> None:
        """Go on when so many wait."""
        asking = AsyncRetrying(
            stop=stop_after_delay(20),
            wait=wait_fixed(0.01),
            retry=retry_if_result(lambda waiting: waiting != count),
        )
        await asking(self._waiting)

    async def _waiting(self) -> Any:
        return self._connection.scalar(
            text("select count(*) from pg_locks where locktype = 'advisory' and not granted")
        )

    def let_go(self) -> None:
        self._connection.execute(text(f"select pg_advisory_unlock({_LOCK})"))


@contextmanager
def held_up(shop: Shop) -> Iterator[HeldUp]:
    """No brand can be committed before it is let go."""
    with at_commit(shop, f"perform pg_advisory_xact_lock({_LOCK})") as connection:
        yield HeldUp(connection)


async def add_brand(shop: Shop, slug: str) -> None:
    async with shop.database.request("test") as uow:
        creation.create_brand(uow, slug, slug)


def slugs_of(shop: Shop) -> list[str]:
    return sorted(row["slug"] for row in rows_of(shop, brands))


def test_a_request_is_committed(shop: Shop) -> None:
    asyncio.run(add_brand(shop, "acme"))
    assert slugs_of(shop) == ["acme"]


def test_a_request_that_fails_changes_nothing(shop: Shop) -> None:
    async def fail() -> None:
        async with shop.database.request("test") as uow:
            creation.create_brand(uow, "acme", "Acme")
            raise ArithmeticError

    with pytest.raises(ArithmeticError):
        asyncio.run(fail())
    assert slugs_of(shop) == []


def test_others_are_served_while_postgresql_commits(on_postgresql: Shop) -> None:
    async def both() -> None:
        with held_up(on_postgresql) as commits:
            first = asyncio.create_task(add_brand(on_postgresql, "acme"))
            second = asyncio.create_task(add_brand(on_postgresql, "other"))
            await commits.are(2)
            assert slugs_of(on_postgresql) == []
            commits.let_go()
            await asyncio.gather(first, second)

    asyncio.run(both())
    assert slugs_of(on_postgresql) == ["acme", "other"]


def test_a_commit_that_is_refused_changes_nothing(on_postgresql: Shop) -> None:
    with at_commit(on_postgresql, "raise exception 'no'"), pytest.raises(DBAPIError):
        asyncio.run(add_brand(on_postgresql, "acme"))
    asyncio.run(add_brand(on_postgresql, "other"))
    assert slugs_of(on_postgresql) == ["other"]


def test_a_request_given_up_while_it_commits_leaves_a_connection_that_can_be_used(
    on_postgresql: Shop,
) -> None:
    async def give_up() -> None:
        with held_up(on_postgresql) as commits:
            given_up = asyncio.create_task(add_brand(on_postgresql, "acme"))
            await commits.are(1)
            commits.let_go()
            given_up.cancel()
            await asyncio.wait({given_up})
        await add_brand(on_postgresql, "other")

    asyncio.run(give_up())
    assert slugs_of(on_postgresql) == ["acme", "other"]


def test_more_requests_than_may_commit_aside_are_all_committed(on_postgresql: Shop) -> None:
    wanted = [f"brand-{number:02}" for number in range(30)]

    async def all_at_once() -> None:
        await asyncio.gather(*(add_brand(on_postgresql, slug) for slug in wanted))

    asyncio.run(all_at_once())
    assert slugs_of(on_postgresql) == wanted


def test_what_ended_a_read_is_told_even_when_its_transaction_is_over(shop: Shop) -> None:
    with pytest.raises(ZeroDivisionError), reading(shop.database.engine) as connection:
        connection.exec_driver_sql("rollback")  # as SQLite does by itself when its disk is full
        raise ZeroDivisionError


def awaited_inside(block: ast.With | ast.AsyncWith) -> list[int]:
    """Lines of a transaction's block at which it lets others go on."""
    opened = {ast.unparse(item.context_expr).partition("(")[0].rpartition(".")[2] for item in block.items}
    if not opened & {"request", "transaction", "rehearsal", "read"}:
        return []
    waiting = (ast.Await, ast.AsyncFor, ast.AsyncWith)
    return [inner.lineno for each in block.body for inner in ast.walk(each) if isinstance(inner, waiting)]


def test_the_shop_awaits_nothing_inside_a_transaction() -> None:
    room = Path(transactional.__file__).parent
    found = [
        (path.name, line)
        for path in sorted(room.rglob("*.py"))
        for block in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(block, ast.With | ast.AsyncWith)
        for line in awaited_inside(block)
    ]
    assert found == []
