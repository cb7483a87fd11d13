"""The audits of whole reports: each sees what it is there for, when somebody breaks it."""

import pytest
from lakes import Lake, at, change, order, order_line, shop
from test_ledger_marts import SANDBOX, post, sell

from orchestration.batch import Batches
from orchestration.serving import open_published, read_status
from orchestration.transform import Transform
from orchestration.warehouse import open_warehouse
from settings import Settings


@pytest.fixture
def batches(settings: Settings, transform: Transform, lake: Lake) -> Batches:
    lake.write("shops", shop())
    return Batches(settings, transform)


def audit(settings: Settings, transform: Transform, name: str, tampering: str) -> str:
    """What the audit of this name comes to after a statement that changes marts behind dbt's back."""
    with open_warehouse(settings) as warehouse:
        warehouse.con.execute(tampering)
        results = transform.invoke("test", "--select", f"{name}*", "--vars", "audit: all")
    [result] = [each for each in results.results if each.node.name.startswith(name)]
    return str(result.status)


def receive(lake: Lake, counted: int) -> None:
    """Five units come in, and the shop counts what it then has on the shelf."""
    place = {"sku_id": "sku-1", "warehouse_id": "main"}
    moved = {
        "kind": "received",
        "document": "D",
        "on_hand_change": 5,
        "reserved_change": 0,
        "moved_at": at(0),
    }
    lake.write("stock_movements", change({"id": "movement-1"} | place | moved))
    lake.write("stock_levels", change({"id": "level-1", "on_hand": counted, "reserved": 0} | place))


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


def test_an_order_whose_lines_do_not_come_to_its_total_is_not_published(
    settings: Settings, batches: Batches, lake: Lake
) -> None:
    lake.write("orders", order("A1", 0))
    lake.write("order_lines", order_line("A1", gross=999))
    batches.run()
    assert "orders_add_up" in str(read_status(settings))


def test_a_ledger_that_lost_one_side_of_a_posting_does_not_sum_to_zero(
    settings: Settings, transform: Transform, batches: Batches, lake: Lake
) -> None:
    sell(lake, "A1", 0)
    batches.run()
    assert read_status(settings).state == "ok"
    lost = f"delete from serving.marts.fct_ledger_postings where account <> '{SANDBOX}'"
    assert audit(settings, transform, "ledger_sums_to_zero", lost) == "fail"


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
    post(lake, "A1", 0, *sold, (SANDBOX, "liability:gift_card:card-1", 5_000))
    batches.run()
    assert read_status(settings).state == "ok"
    with open_published(settings) as published:
        reported = published.execute("select gross_sales, total_sales from marts.rpt_sales_daily").fetchall()
        ordered = published.execute("select ordered_total, total_sales from marts.fct_orders").fetchall()
    assert reported == [(1_000, 1_200)]
    assert ordered == [(6_200, 1_200)]
