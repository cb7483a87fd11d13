"""Whatever happens to orders, the ledger says the same as the documents."""

from collections.abc import Callable, Iterable

from hypothesis import HealthCheck, given, settings
from shopping import fill_shelves, rows_of
from test_change_log_completeness import act, steps
from test_ledger import SANDBOX, balances

from transactional.catalog.models import skus
from transactional.errors import ShopError
from transactional.ledger import rules
from transactional.ledger.models import journal_entries
from transactional.orders.models import credit_note_lines, order_lines, orders
from transactional.payments.models import payments, refunds
from transactional.shop import Shop
from transactional.stock.models import stock_levels
from transactional.unit_of_work import Row


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps)
def test_the_ledger_agrees_with_orders_credit_notes_payments_and_stock(
    new_shop: Callable[[], Shop], history: list[tuple[str, int, int]]
) -> None:
    shop = new_shop()
    fill_shelves(shop)
    for action, which, units in [("order", 0, 1), ("pay", 0, 1), ("ship", 0, 1), ("order", 1, 2), *history]:
        try:
            with shop.database.transaction("test") as uow:
                act(shop, uow, action, which, units)
        except ShopError:
            continue
    found = balances(shop)
    sales_agree(shop, found)
    money_agrees(shop, found)
    goods_agree(shop, found)
    shop.database.engine.dispose()


def total(rows: Iterable[Row], name: str) -> int:
    return sum(row[name] for row in rows)


def sales_agree(shop: Shop, found: dict[str, int]) -> None:
    """Revenue is what was sold less what was credited."""
    sold = [row for row in rows_of(shop, orders) if row["paid_at"] is not None]
    numbers = {row["id"] for row in sold}
    lines = [row for row in rows_of(shop, order_lines) if row["order_id"] in numbers]
    credited = rows_of(shop, credit_note_lines)
    assert found.get(rules.SALES, 0) == total(lines, "gross")
    assert found.get(rules.DISCOUNTS, 0) == -total(lines, "discount")
    assert found.get(rules.RETURNS, 0) == -total(credited, "amount")
    assert found.get(rules.SHIPPING, 0) == total(sold, "shipping") - total(credited, "shipping")
    assert found.get(rules.TAX, 0) == total(sold, "tax") - total(credited, "tax")
    paid = {f"order:{row['number']}:paid" for row in sold}
    references = {row["reference"] for row in rows_of(shop, journal_entries)}
    assert {each for each in references if each.startswith("order:")} == paid


def money_agrees(shop: Shop, found: dict[str, int]) -> None:
    """The provider holds what it took less what it gave back; what it will give back is owed."""
    captured = [row for row in rows_of(shop, payments) if row["status"] == "captured"]
    back = [row for row in rows_of(shop, refunds) if row["status"] == "succeeded"]
    owed = [row for row in rows_of(shop, refunds) if row["status"] != "succeeded"]
    assert found.get(SANDBOX, 0) == total(captured, "amount") - total(back, "amount")
    assert found.get(rules.REFUNDS, 0) == total(owed, "amount")


def goods_agree(shop: Shop, found: dict[str, int]) -> None:
    """The inventory is what lies on the shelves, at cost."""
    costs = {row["id"]: row["cost"] for row in rows_of(shop, skus)}
    on_hand = sum(row["on_hand"] * costs[row["sku_id"]] for row in rows_of(shop, stock_levels))
    assert found.get(rules.INVENTORY, 0) == on_hand
    gone = found.get(rules.COST_OF_GOODS, 0) + found.get(rules.SHRINKAGE, 0)
    assert gone == found[rules.PAYABLE] - on_hand
