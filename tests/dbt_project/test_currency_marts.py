"""A shop that sells in a second currency: no report adds amounts of the two, and every audit agrees."""

from typing import Any

from lakes import Lake, at, event, order, order_line
from test_ledger_marts import SANDBOX, post

from dashboards.parts import OTHER_CURRENCIES
from dashboards.reports import overview, sales
from orchestration.batch import Batches
from orchestration.serving import open_published, read_status
from settings import Settings


def sell(lake: Lake, number: str, minutes: float, currency: str) -> None:
    """An order of 10.00 and 2.00 tax in a currency, sent at a cost of 4.00 pounds."""
    lake.write("orders", order(number, minutes, currency=currency, status="shipped", gift_cards=0))
    lake.write("order_lines", order_line(number))
    sold = [(SANDBOX, "income:sales", 1_000), (SANDBOX, "liability:tax", 200)]
    post(lake, number, minutes, *sold, currency=currency)
    post(lake, number, minutes, ("expense:cost_of_goods", "asset:inventory", 400), name="sent")


def sell_in_both(lake: Lake) -> None:
    """A shop's first two sales: A1 in its own currency, and A2 in another."""
    sell(lake, "A1", 0, "GBP")
    sell(lake, "A2", 5, "EUR")


def read(settings: Settings, query: str) -> list[Any]:
    with open_published(settings) as published:
        return published.execute(query).fetchall()


def shown(settings: Settings, query: str) -> Any:
    """What a query of the dashboards finds in that day."""
    known = {"shop_id": "demo", "currency": "GBP", "start": at(0).date(), "end": at(0).date()}
    used = {name: value for name, value in known.items() if f"${name}" in query}
    with open_published(settings) as published:
        return published.execute(query, used).df()


def test_no_report_adds_amounts_of_two_currencies(settings: Settings, batches: Batches, lake: Lake) -> None:
    sell_in_both(lake)
    lake.events(*(event(n, n, "purchase", transaction_id=f"A{n}") for n in (1, 2)))
    batches.run()
    assert read_status(settings).state == "ok"
    found = read(
        settings,
        "select currency, orders, new_customers, net_sales, total_sales, cost_of_goods, cm1"
        " from marts.rpt_sales_daily order by currency desc",
    )
    assert found == [("GBP", 1, 1, 1_000, 1_200, 400, 600), ("EUR", 1, 0, 1_000, 1_200, None, None)]
    found = read(
        settings,
        "select currency, units, net_sales, cost_of_goods from marts.rpt_product_sales_daily"
        " order by currency desc",
    )
    assert found == [("GBP", 1, 1_000, 400), ("EUR", 1, 1_000, None)]
    assert read(settings, "select orders, net_sales from marts.dim_customers") == [(2, 1_000)]
    assert read(settings, "select orders, revenue from marts.fct_sessions") == [(2, 1_000)]
    assert read(settings, "select sum(revenue) from marts.rpt_web_daily") == [(1_000,)]
    assert read(settings, "select sum(revenue) from marts.rpt_landing_pages_daily") == [(1_000,)]
    costs = "select currency, cost_of_goods from marts.fct_orders order by currency"
    assert read(settings, costs) == [("EUR", 400), ("GBP", 400)]


def test_dashboards_show_the_shops_own_and_name_the_others(
    settings: Settings, batches: Batches, lake: Lake
) -> None:
    sell_in_both(lake)
    batches.run()
    for query in (sales.SALES, overview.SALES, sales.PRODUCTS, overview.CATEGORIES):
        assert shown(settings, query).net_sales.tolist() == [1_000]
    assert shown(settings, sales.PAYMENTS).empty
    assert shown(settings, OTHER_CURRENCIES).values.tolist() == [["EUR", 1, 1_000]]


def test_a_sale_whose_cost_was_posted_in_its_own_currency_is_found(
    settings: Settings, batches: Batches, lake: Lake
) -> None:
    lake.write("orders", order("A1", 0, currency="EUR", status="shipped", gift_cards=0))
    lake.write("order_lines", order_line("A1"))
    sold = [(SANDBOX, "income:sales", 1_000), (SANDBOX, "liability:tax", 200)]
    post(lake, "A1", 0, *sold, ("expense:cost_of_goods", "asset:inventory", 400), currency="EUR")
    batches.run()
    assert [failure.name for failure in read_status(settings).failed] == ["ledger_costs_agree_with_sales"]
