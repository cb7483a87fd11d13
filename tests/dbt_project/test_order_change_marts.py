"""Orders that were changed: what was added is sold on its own day, and every audit agrees with it."""

from typing import Any

from lakes import Lake, at, change, credit_note, order, order_line
from test_ledger_marts import SANDBOX, post
from test_tender_marts import payment, take

from orchestration.batch import Batches
from orchestration.serving import open_published, read_status
from settings import Settings

DAY = 24 * 60


def swap(lake: Lake, **more: Any) -> None:
    """A mug of 12.00 is exchanged for one of 18.00 the day after, with faster delivery for 6.00 more."""
    lake.write("orders", order("A1", 0, seq=2, gross=2_500, shipping=500, tax=600, total=3_600))
    lake.write("order_lines", order_line("A1"))
    lake.write("order_lines", order_line("A1", 2, sku="MUG-RED", gross=1_500, tax=300, change_id="change-1"))
    header, line = credit_note("CN1", "A1", DAY, kind="cancellation")
    lake.write("credit_notes", header)
    lake.write("credit_note_lines", line)
    row = {
        "id": "change-1",
        "number": "CH1",
        "order_id": "order-A1",
        "status": "applied",
        "reason": "the red one",
        "currency": "GBP",
        "gross": 1_500,
        "discount": 0,
        "shipping": 500,
        "tax": 400,
        "added": 2_400,
        "credited": 1_200,
        "kept": 1_200,
        "due": 1_200,
        "points": 0,
        "created_at": at(DAY - 10),
        "closed_at": at(DAY),
    }
    lake.write("order_changes", change(row | more))


def book(lake: Lake) -> None:
    """The ledger and the tenders of that swap."""
    post(lake, "A1", 0, (SANDBOX, "income:sales", 1_000), (SANDBOX, "liability:tax", 200))
    sold = [("income:sales", 1_500), ("income:shipping", 500), ("liability:tax", 400)]
    post(lake, "CH1", DAY, *((SANDBOX, account, amount) for account, amount in sold))
    back = [("income:returns", "liability:refunds", 1_000), ("liability:tax", "liability:refunds", 200)]
    post(lake, "CN1", DAY, *back)
    take(lake, payment("A1"))
    take(lake, payment("A1", "difference", change_id="change-1", position=2))


def test_what_a_change_adds_is_sold_on_the_day_it_took_effect(
    settings: Settings, batches: Batches, lake: Lake
) -> None:
    swap(lake)
    book(lake)
    batches.run()
    assert read_status(settings).state == "ok"
    with open_published(settings) as published:
        days = published.execute(
            "select gross_sales, returns, shipping, tax from marts.rpt_sales_daily order by shop_day"
        ).fetchall()
        lines = published.execute(
            "select document_kind, document_number, kind, amount from marts.fct_sales"
            " where document_kind = 'change' order by kind, amount"
        ).fetchall()
        changed = published.execute(
            "select added, credited, kept, due, given_back from marts.fct_order_changes"
        )
        assert changed.fetchall() == [(2_400, 1_200, 1_200, 1_200, 0)]
    assert days == [(1_000, 0, 0, 200), (1_500, 1_000, 500, 200)]
    assert lines == [
        ("change", "CH1", "sale", 1_500),
        ("change", "CH1", "shipping", 500),
        ("change", "CH1", "tax", 100),
        ("change", "CH1", "tax", 300),
    ]


def test_a_change_that_kept_other_than_was_paid_is_not_published(
    settings: Settings, batches: Batches, lake: Lake
) -> None:
    swap(lake, kept=1_000, due=1_400)
    book(lake)
    batches.run()
    assert "tenders_pay_orders" in str(read_status(settings))
