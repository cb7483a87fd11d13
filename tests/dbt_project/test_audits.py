"""The audits of whole reports: each sees what it is there for, when somebody breaks it."""

import pytest
from lakes import Lake, at, change, order, order_line
from test_ledger_marts import SANDBOX, post, sell
from test_tender_marts import payment, take

from orchestration.batch import Batches
from orchestration.serving import open_published, read_status
from orchestration.transform import Transform
from orchestration.warehouse import open_warehouse
from settings import Settings

CARD = "liability:gift_card:card-1"


def hold(lake: Lake, account: str, balance: int) -> None:
    row = {"id": account, "code": account, "currency": "GBP", "balance": balance, "opened_at": at(0)}
    lake.write("ledger_accounts", change(row))


def audit(settings: Settings, transform: Transform, name: str, tampering: str) -> str:
    """What the audit of this name comes to after a statement that changes marts behind dbt's back."""
    with open_warehouse(settings) as warehouse:
        warehouse.con.execute(tampering)
        results = transform.invoke("test", "--select", f"{name}*", "--vars", "audit: all")
    [result] = [each for each in results.results if each.node.name.startswith(name)]
    return str(result.status)


PLACE = {"sku_id": "sku-1", "warehouse_id": "main"}


def count(lake: Lake, units: int, seq: int = 1) -> None:
    lake.write("stock_levels", change({"id": "level-1", "on_hand": units, "reserved": 0} | PLACE, seq))


def receive(lake: Lake, counted: int) -> None:
    """Five units come in, and the shop counts what it then has on the shelf."""
    moved = {
        "kind": "received",
        "document": "D",
        "on_hand_change": 5,
        "reserved_change": 0,
        "moved_at": at(0),
    }
    lake.write("stock_movements", change({"id": "movement-1"} | PLACE | moved))
    count(lake, counted)


def test_a_shelf_that_holds_other_than_its_movements_is_not_published(
    settings: Settings, batches: Batches, lake: Lake
) -> None:
    receive(lake, counted=4)
    batches.run()
    assert "stock_adds_up" in str(read_status(settings))


def test_a_shelf_that_holds_what_its_movements_say_is_published(
    settings: Settings, batches: Batches, lake: Lake
) -> None:
    receive(lake, counted=5)
    batches.run()
    assert read_status(settings).state == "ok"


def test_a_shelf_that_changes_without_a_movement_is_not_published(
    settings: Settings, batches: Batches, lake: Lake
) -> None:
    receive(lake, counted=5)
    batches.run()
    count(lake, 6, seq=2)
    batches.run()
    assert "stock_adds_up" in str(read_status(settings))


@pytest.mark.parametrize(("units", "is_right"), [(1, False), (0, True)])
def test_a_shelf_on_which_nothing_ever_moved_holds_nothing(
    settings: Settings, batches: Batches, lake: Lake, units: int, is_right: bool
) -> None:
    count(lake, units)
    batches.run()
    assert ("stock_adds_up" not in str(read_status(settings))) == is_right


def test_an_order_whose_lines_do_not_come_to_its_total_is_not_published(
    settings: Settings, batches: Batches, lake: Lake
) -> None:
    lake.write("orders", order("A1", 0))
    lake.write("order_lines", order_line("A1", gross=999))
    batches.run()
    assert "orders_add_up" in str(read_status(settings))


@pytest.mark.parametrize(
    "tampering",
    [
        f"delete from serving.marts.fct_ledger_postings where account = '{SANDBOX}'",
        "delete from serving.marts.fct_ledger_postings",
        "delete from staging.stg_shop__postings",
        "update staging.stg_shop__postings set amount = amount + 1",
    ],
)
def test_an_entry_that_is_not_booked_as_it_was_posted_does_not_balance(
    settings: Settings, transform: Transform, batches: Batches, lake: Lake, tampering: str
) -> None:
    sell(lake, "A1", 0)
    batches.run()
    assert read_status(settings).state == "ok"
    assert audit(settings, transform, "ledger_entries_balance", tampering) == "fail"


def test_an_entry_without_postings_is_not_published(settings: Settings, batches: Batches, lake: Lake) -> None:
    post(lake, "A1", 0)
    batches.run()
    assert "ledger_entries_balance" in str(read_status(settings))


@pytest.mark.parametrize(("balance", "is_right"), [(500, True), (499, False), (None, False)])
def test_a_holders_account_holds_what_was_posted_to_it(
    settings: Settings, batches: Batches, lake: Lake, balance: int | None, is_right: bool
) -> None:
    post(lake, "G1", 0, ("expense:goodwill", CARD, 700), (CARD, "expense:goodwill", 200))
    if balance is not None:
        hold(lake, CARD, balance)
    batches.run()
    assert ("ledger_accounts_hold_their_postings" not in str(read_status(settings))) == is_right


@pytest.mark.parametrize(("cost", "is_right"), [(400, True), (399, False), (None, False)])
def test_goods_that_left_cost_by_the_ledger_what_they_were_sold_at(
    settings: Settings, batches: Batches, lake: Lake, cost: int | None, is_right: bool
) -> None:
    sell(lake, "A1", 0)
    lake.write("orders", order("A1", 0, seq=2, status="shipped"))
    if cost is not None:
        revalued = ("expense:revaluation", "asset:inventory", 50)
        post(lake, "A1", 5, ("expense:cost_of_goods", "asset:inventory", cost), revalued, name="shipped")
    batches.run()
    assert ("ledger_costs_agree_with_sales" not in str(read_status(settings))) == is_right


def test_a_paid_order_without_any_tender_is_not_published(
    settings: Settings, batches: Batches, lake: Lake
) -> None:
    lake.order("A1", 0)
    take(lake, payment("A1"))
    batches.run()
    assert read_status(settings).state == "ok"
    lake.order("A2", 5)
    batches.run()
    assert "tenders_pay_orders" in str(read_status(settings))


def test_a_daily_report_that_misses_a_sale_does_not_add_up(
    settings: Settings, transform: Transform, batches: Batches, lake: Lake
) -> None:
    lake.order("A1", 0)
    batches.run()
    assert read_status(settings).state == "ok"
    lost = "update serving.marts.rpt_sales_daily set total_sales = 0"
    assert audit(settings, transform, "daily_sales_add_up", lost) == "fail"


def test_a_gift_card_is_owed_in_the_ledger_and_no_sale_in_the_reports(
    settings: Settings, batches: Batches, lake: Lake
) -> None:
    """With a mug in the same order, so that both are told apart."""
    lake.write("orders", order("A1", 0, gross=6_000, total=6_200, gift_cards=5_000))
    card = order_line("A1", position=2, sku="CARD", gross=5_000, tax=0, cost=None, is_gift_card=True)
    lake.write("order_lines", order_line("A1"), card)
    sold = [(SANDBOX, "income:sales", 1_000), (SANDBOX, "liability:tax", 200)]
    post(lake, "A1", 0, *sold, (SANDBOX, CARD, 5_000))
    hold(lake, CARD, 5_000)
    batches.run()
    assert read_status(settings).state == "ok"
    with open_published(settings) as published:
        reported = published.execute("select gross_sales, total_sales from marts.rpt_sales_daily").fetchall()
        ordered = published.execute("select ordered_total, total_sales from marts.fct_orders").fetchall()
    assert reported == [(1_000, 1_200)]
    assert ordered == [(6_200, 1_200)]
