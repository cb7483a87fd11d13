import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from postgresql import PostgresServer
from sqlalchemy import Connection, Engine, inspect, text

from transactional.catalog.models import products, skus
from transactional.database import connect, reading, writing
from transactional.migrations import alembic_config, migrate
from transactional.tables import metadata


def described(engine: Engine) -> dict[str, Any]:
    """Everything the database says about its tables."""
    look = inspect(engine)
    return {
        table: {
            # In any order: PostgreSQL adds columns at the end.
            "columns": {
                column["name"]: {**column, "type": repr(column["type"]), "comment": None}
                for column in look.get_columns(table)
            },
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


def test_stock_and_promises_survive_the_move_to_several_warehouses(
    empty_database: Callable[[], Engine],
) -> None:
    engine = empty_database()
    with writing(engine) as connection:
        command.upgrade(alembic_config(connection), "0002")
        for statement in OLD_SHOP:
            connection.execute(text(statement))
    migrate(engine)
    with reading(engine) as connection:
        levels = connection.execute(
            text(
                "select on_hand, reserved, code from stock_levels"
                " join warehouses on warehouse_id = warehouses.id"
            )
        ).all()
        movements = connection.execute(
            text("select kind, on_hand_change, reserved_change from stock_movements order by moved_at, kind")
        ).all()
    assert [tuple(row) for row in levels] == [(8, 3, "main")]
    assert [tuple(row) for row in movements] == [
        ("received", 10, 0),
        ("allocated", 0, 2),
        ("shipped", -2, -2),
        ("allocated", 0, 3),
    ]


_ID = "00000000-0000-0000-0000-0000000000"
OLD_MONEY = [
    "insert into orders (id, number, status, channel, currency, email, placed_at)"
    f" values ('{_ID}10', 'O-10', 'paid', 'web', 'GBP', 'a@b.c', '2026-01-02')",
    *(
        "insert into payments (id, order_id, provider, method, external_id, amount, currency,"
        f" status, created_at) values ('{_ID}{number}', '{_ID}10', 'sandbox', 'card', {external}, {amount},"
        f" 'GBP', '{status}', '2026-01-02')"
        for number, external, amount, status in (
            (20, "'pay_1'", 700, "captured"),
            (21, "'pay_2'", 200, "failed"),
            (22, "'pay_3'", 300, "voided"),
            (23, "null", 400, "pending"),
        )
    ),
    "insert into refunds (id, payment_id, external_id, amount, currency, status, created_at)"
    f" values ('{_ID}30', '{_ID}20', 'ref_1', 50, 'GBP', 'succeeded', '2026-01-03')",
]
OLD_SHOP = [
    f"insert into categories (id, slug, name, position) values ('{_ID}01', 'c', 'C', 0)",
    "insert into products (id, category_id, slug, name, description, status, created_at, updated_at)"
    f" values ('{_ID}02', '{_ID}01', 'p', 'P', '', 'live', '2026-01-01', '2026-01-01')",
    "insert into skus"
    " (id, product_id, code, options, list_price, price, cost, currency, weight_grams, position)"
    f" values ('{_ID}03', '{_ID}02', 'S', '{{}}', 100, 100, 50, 'GBP', 1, 0)",
    f"insert into stock_levels (id, sku_id, on_hand, reserved) values ('{_ID}04', '{_ID}03', 8, 3)",
    *(
        "insert into orders (id, number, status, channel, currency, email, placed_at)"
        f" values ('{_ID}{number}', 'O-{number}', '{status}', 'web', 'GBP', 'a@b.c', '2026-01-0{day}')"
        for number, status, day in ((10, "shipped", 2), (11, "paid", 4), (12, "cancelled", 5))
    ),
    *(
        "insert into order_lines"
        " (id, order_id, position, sku_id, sku, name, quantity, gross, discount, shipping, tax)"
        f" values ('{_ID}{number + 10}', '{_ID}{number}', 1, '{_ID}03', 'S', 'S', {quantity}, 0, 0, 0, 0)"
        for number, quantity in ((10, 2), (11, 3), (12, 4))
    ),
    *(
        "insert into stock_movements (id, sku_id, kind, quantity, document, moved_at)"
        f" values ('{_ID}{number}', '{_ID}03', '{kind}', {quantity}, '{document}', '{moment}')"
        for number, kind, quantity, document, moment in (
            (30, "received", 10, "D", "2026-01-01"),
            (31, "shipped", -2, "O-10", "2026-01-03"),
        )
    ),
]


def test_payments_and_refunds_of_before_are_tenders_with_events(
    empty_database: Callable[[], Engine],
) -> None:
    engine = empty_database()
    with writing(engine) as connection:
        command.upgrade(alembic_config(connection), "0006")
        for statement in OLD_MONEY:
            connection.execute(text(statement))
    migrate(engine)
    with reading(engine) as connection:
        found = connection.execute(text("select type, outcome, amount, external_id from tender_events")).all()
        tenders = connection.execute(text("select distinct kind, position, account from payments")).all()
    assert {tuple(row) for row in found} == {
        ("capture", "requested", 700, None),
        ("capture", "succeeded", 700, "pay_1"),
        ("capture", "requested", 200, None),
        ("capture", "failed", 200, "pay_2"),
        ("capture", "requested", 300, None),
        ("void", "succeeded", 300, "pay_3"),
        ("capture", "requested", 400, None),
        ("refund", "requested", 50, None),
        ("refund", "succeeded", 50, "ref_1"),
    }
    assert len(found) == 9
    assert [tuple(row) for row in tenders] == [("external", 1, None)]


_BEFORE_0004 = """
insert into categories (id, slug, name, position) values ('{id}', 'c', 'C', 0);
insert into products (id, category_id, slug, name, description, status, created_at, updated_at)
values ('{id}', '{id}', 'p', 'P', '', 'live', '2026-11-22 10:00:00', '2026-11-22 10:00:00');
insert into skus (id, product_id, code, options, list_price, price, cost, currency, weight_grams, position)
values ('{id}', '{id}', 'S', '{{}}', 2, 1, 1, 'GBP', 0, 0)
"""


def test_products_and_skus_of_before_are_widened(empty_database: Callable[[], Engine]) -> None:
    engine = empty_database()
    with writing(engine) as connection:
        command.upgrade(alembic_config(connection), "0002")
        for statement in _BEFORE_0004.format(id="0190a5c0-0000-7000-8000-000000000000").split(";"):
            connection.execute(text(statement))
    migrate(engine)
    with reading(engine) as connection:
        product = connection.execute(products.select()).mappings().one()
        sku = connection.execute(skus.select()).mappings().one()
    assert (product["product_type"], product["tags"], product["attributes"]) == (None, [], {})
    assert (sku["barcode"], sku["tax_class"], sku["has_prices"]) == (None, "standard", False)


def test_orders_of_before_tell_the_rate_that_held_for_all(empty_database: Callable[[], Engine]) -> None:
    engine = empty_database()
    with writing(engine) as connection:
        command.upgrade(alembic_config(connection), "0002")
        connection.execute(
            text(
                "insert into shops (id, name, time_zone, currency, locale, tax_rate_bp)"
                " values ('demo', 'D', 'UTC', 'GBP', 'en_GB', 1900)"
            )
        )
        for statement in OLD_SHOP:
            connection.execute(text(statement))
    migrate(engine)
    with reading(engine) as connection:
        rates = set(connection.execute(text("select tax_rate_bp from order_lines")).scalars())
        told = set(connection.execute(text("select delivery_tax_rate_bp from orders")).scalars())
        included = {
            bool(each) for each in connection.execute(text("select prices_include_tax from orders")).scalars()
        }
    assert (rates, told, included) == ({1_900}, {1_900}, {True})


def test_of_skus_that_shared_a_barcode_the_first_keeps_it(empty_database: Callable[[], Engine]) -> None:
    engine = empty_database()
    with writing(engine) as connection:
        command.upgrade(alembic_config(connection), "0002")
        for statement in OLD_SHOP[:3]:
            connection.execute(text(statement))
        connection.execute(text(OLD_SHOP[2].replace(f"{_ID}03", f"{_ID}04").replace("'S'", "'T'")))
        command.upgrade(alembic_config(connection), "0012")
        connection.execute(text("update skus set barcode = '400'"))
    migrate(engine)
    with reading(engine) as connection:
        found = connection.execute(text("select code, barcode from skus order by code")).all()
    assert [tuple(row) for row in found] == [("S", "400"), ("T", None)]


def test_budgets_of_before_count_in_the_shops_currency(empty_database: Callable[[], Engine]) -> None:
    engine = empty_database()
    with writing(engine) as connection:
        command.upgrade(alembic_config(connection), "0019")
        day = "'2026-01-01'"
        for statement in (
            "insert into shops (id, name, time_zone, currency, locale, tax_rate_bp)"
            " values ('demo', 'D', 'UTC', 'EUR', 'en_GB', 1900)",
            "insert into promotions"
            " (id, name, status, kind, class, needs_code, definition, created_at, updated_at)"
            f" values ('{_ID}01', 'P', 'active', 'percent', 'product', false, '{{}}', {day}, {day})",
            "insert into promotion_budgets (id, promotion_id, uses, money, units)"
            f" values ('{_ID}02', '{_ID}01', 1, 500, 0)",
        ):
            connection.execute(text(statement))
    migrate(engine)
    with reading(engine) as connection:
        found = connection.execute(text("select money, currency from promotion_budgets")).all()
    assert [tuple(row) for row in found] == [(500, "EUR")]


def test_the_tax_on_delivery_in_credit_notes_of_before_is_told_apart(
    empty_database: Callable[[], Engine],
) -> None:
    """Three units of 333 with 67 tax: one is taken off, and then the rest with a delivery of 329 and 66."""
    engine = empty_database()
    with writing(engine) as connection:
        command.upgrade(alembic_config(connection), "0019")
        for statement in OLD_CREDITS:
            connection.execute(text(statement))
    migrate(engine)
    with reading(engine) as connection:
        told = connection.execute(
            text("select tax, shipping_tax, shipping_tax_rate_bp from credit_note_lines order by id")
        ).all()
    assert [tuple(row) for row in told] == [(22, 0, None), (111, 66, 2_000), (5, 5, 2_000)]


OLD_CREDITS = [
    *(
        "insert into orders (id, number, status, channel, purpose, currency, email, delivery_tax_rate_bp,"
        f" placed_at) values ('{_ID}{number}', 'O-{number}', 'cancelled', 'web', 'sale', 'GBP', 'a@b.c',"
        " 2000, '2026-01-02')"
        for number in (10, 11)
    ),
    "insert into order_lines (id, order_id, position, sku, name, quantity, gross, discount, shipping, tax,"
    f" is_gift_card) values ('{_ID}20', '{_ID}10', 1, 'S', 'S', 3, 333, 0, 0, 67, false)",
    *(
        "insert into credit_notes (id, number, order_id, kind, currency, issued_at)"
        f" values ('{_ID}{number}', 'CN-{number}', '{_ID}{order}', 'cancellation', 'GBP', '2026-01-0{day}')"
        for number, order, day in ((30, 10, 3), (31, 10, 4), (32, 11, 4))
    ),
    *(
        "insert into credit_note_lines (id, credit_note_id, position, order_line_id, sku, name, quantity,"
        f" amount, shipping, tax) values ('{_ID}{number}', '{_ID}{note}', 1, {line}, 'S', 'S', {amounts})"
        for number, note, line, amounts in (
            (40, 30, f"'{_ID}20'", "1, 111, 0, 22"),
            (41, 31, f"'{_ID}20'", "2, 222, 329, 111"),
            (42, 32, "null", "0, 0, 25, 5"),
        )
    ),
]
