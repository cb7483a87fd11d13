"""The second run of a statement, by the driver, gives what the first one gave through SQLAlchemy."""

from datetime import UTC, datetime
from typing import Any

import pytest
from shopping import Shelves
from sqlalchemy import bindparam, func, select
from sqlalchemy.exc import IntegrityError

from transactional.catalog import creation
from transactional.catalog.models import brands, categories, products, skus
from transactional.checkout.models import carts
from transactional.members.models import customers
from transactional.shop import Shop
from transactional.statements import _MOST_IN_LIST
from transactional.stock.models import stock_levels
from transactional.unit_of_work import UnitOfWork


def twice(uow: UnitOfWork, statement: Any, **parameters: Any) -> list[dict[str, Any]]:
    first, second = uow.rows(statement, **parameters), uow.rows(statement, **parameters)
    assert first == second
    assert [{name: type(value) for name, value in row.items()} for row in first] == [
        {name: type(value) for name, value in row.items()} for row in second
    ]
    return second


@pytest.mark.parametrize("table", [products, skus, stock_levels, categories])
def test_rows_are_the_same_either_way(shop: Shop, shelves: Shelves, table: Any) -> None:
    with shop.database.transaction("test") as uow:
        assert twice(uow, select(table).order_by(table.c.id))


def test_values_come_back_as_they_were_written(shop: Shop) -> None:
    at = datetime(2026, 3, 1, 10, 30, 0, 123456, tzinfo=UTC)
    people = select(customers).where(customers.c.email == bindparam("email"))
    written = []
    for number, groups in enumerate((None, ["trade", "press"], None, ["trade"])):
        with shop.database.transaction("test") as uow:
            row = {"id": uow.new_id(), "email": f"{number}@x.y", "name": "Ünï\n'; --", "created_at": at}
            written.append(uow.insert(customers, row | {"groups": groups}))
    with shop.database.transaction("test") as uow:
        assert [uow.rows(people, email=row["email"]) for row in written] == [[row] for row in written]
        nobodys = select(func.count()).where(customers.c.groups.is_(None))
        assert [uow.value(nobodys), uow.value(nobodys)] == [2, 2]


@pytest.mark.parametrize("count", [0, 1, 3, _MOST_IN_LIST, _MOST_IN_LIST + 1])
def test_lists_of_any_length(shop: Shop, count: int) -> None:
    named = (
        select(brands)
        .where(brands.c.slug.in_(bindparam("slugs", expanding=True)), brands.c.name.in_(("Maker", "Other")))
        .order_by(brands.c.slug)
    )
    with shop.database.transaction("test") as uow:
        for number in range(count):
            creation.create_brand(uow, f"b{number:02}", "Maker")
        creation.create_brand(uow, "not-asked-for", "Maker")
        slugs = [f"b{number:02}" for number in range(count)]
        assert [row["slug"] for row in twice(uow, named, slugs=slugs)] == slugs
        assert [row["slug"] for row in uow.rows(named, slugs=slugs[:1])] == slugs[:1]


class TestWhatWaits:
    def test_the_next_read_sees_it(self, shop: Shop) -> None:
        everything = select(brands.c.slug).order_by(brands.c.slug)
        with shop.database.transaction("test") as uow:
            for number in range(4):
                creation.create_brand(uow, f"b{number}", "Maker")
                assert len(uow.rows(everything)) == number + 1

    def test_it_is_done_in_its_order(self, shop: Shop) -> None:
        with shop.database.transaction("test") as uow:
            row = uow.insert(brands, {"id": uow.new_id(), "slug": "a", "name": "first"})
            row = uow.update(brands, row, name="second")
            uow.delete(brands, row)
            uow.insert(brands, {"id": uow.new_id(), "slug": "a", "name": "third"})
        with shop.database.read() as db:
            assert [row["name"] for row in db.rows(select(brands))] == ["third"]

    def test_what_the_database_refuses_undoes_the_transaction(self, shop: Shop) -> None:
        with shop.database.transaction("test") as uow:
            creation.create_brand(uow, "a", "Maker")
        for _ in range(2):
            with pytest.raises(IntegrityError), shop.database.transaction("test") as uow:
                creation.create_brand(uow, "b", "Maker")
                creation.create_brand(uow, "a", "Maker")
        with shop.database.read() as db:
            assert [row["slug"] for row in db.rows(select(brands))] == ["a"]

    def test_a_trial_leaves_nothing(self, shop: Shop) -> None:
        with shop.database.transaction("test") as uow:
            creation.create_brand(uow, "a", "Maker")
            with uow.trial():
                creation.create_brand(uow, "b", "Maker")
            with pytest.raises(IntegrityError), uow.trial():
                creation.create_brand(uow, "a", "Again")
            creation.create_brand(uow, "c", "Maker")
        with shop.database.read() as db:
            assert [row["slug"] for row in db.rows(select(brands).order_by(brands.c.slug))] == ["a", "c"]

    def test_much_is_sent_with_the_commit(self, shop: Shop) -> None:
        """More than the driver, the socket and the server keep for each other."""
        for round_ in range(3):
            with shop.database.transaction("test") as uow:
                for number in range(3_000):
                    creation.create_brand(uow, f"{round_}-{number}", "A maker of many things " * 8)
                uow.insert(
                    carts,
                    {"id": uow.new_id(), "currency": "GBP", "status": "open", "channel": "web"}
                    | {"created_at": uow.now, "updated_at": uow.now},
                )
        with shop.database.read() as db:
            assert db.value(select(func.count()).select_from(brands)) == 9_000
