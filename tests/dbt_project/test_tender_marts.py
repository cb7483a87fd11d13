"""What tenders took and promotions took off, and the audits that compare both with the orders."""

from typing import Any

from lakes import Lake, Row, at, change, order, order_line

from orchestration.batch import Batches
from orchestration.serving import open_published, read_status
from settings import Settings


def payment(number: str, name: str = "payment", **more: Any) -> Row:
    """A card payment of the whole order, captured when it was placed."""
    row = {
        "id": f"{name}-{number}",
        "order_id": f"order-{number}",
        "provider": "sandbox",
        "method": "card",
        "amount": 1_200,
        "currency": "GBP",
        "status": "captured",
        "created_at": at(0),
    }
    return change(row | more)


def told(of: Row, type_: str, outcome: str, amount: int, reference: str) -> Row:
    """An event of a payment, at noon."""
    row = {
        "id": f"{of['id']}-{type_}-{outcome}-{reference}",
        "payment_id": of["id"],
        "type": type_,
        "outcome": outcome,
        "amount": amount,
        "currency": "GBP",
        "reference": reference,
        "occurred_at": at(0),
    }
    return change(row)


def refund(of: Row, reversal: str, amount: int) -> Row:
    row = {"id": f"refund-{of['id']}", "payment_id": of["id"], "amount": amount, "currency": "GBP"}
    return change(row | {"status": "pending", "created_at": at(1), "reversal": reversal})


def take(lake: Lake, of: Row, amount: int = 1_200) -> None:
    """Write a payment and that it was captured."""
    lake.write("payments", of)
    lake.write("tender_events", told(of, "capture", "succeeded", amount, of["id"]))


def applied(number: str, discount: int, line: int | None = 1) -> Row:
    row = {
        "id": f"applied-{number}-{line}",
        "order_id": f"order-{number}",
        "order_line_id": line and f"line-{number}-{line}",
        "promotion_id": "promotion-1",
        "code": "SUMMER",
        "units": 0,
        "amount": discount * 12 // 10,
        "discount": discount,
        "reason": "Summer",
    }
    return change(row)


def discounted(lake: Lake, number: str) -> None:
    """A paid order of 10.00 of which 2.00 were taken off, and 1.60 tax."""
    lake.write("orders", order(number, 0, discount=200, tax=160, total=960))
    lake.write("order_lines", order_line(number, discount=200, tax=160))


def tenders(settings: Settings) -> list[tuple[Any, ...]]:
    with open_published(settings) as published:
        return published.execute(
            "select tender_id, kind, captured, refunding, refunded, sent_back, status"
            " from marts.fct_tenders order by tender_id"
        ).fetchall()


def test_a_late_capture_that_was_sent_back_does_not_pay_for_the_order(
    settings: Settings, batches: Batches, lake: Lake
) -> None:
    lake.order("A1", 0)
    take(lake, payment("A1"))
    late = payment("A1", "twice")
    take(lake, late)
    back = refund(late, "not_accepted:twice-A1", 1_200)
    lake.write("refunds", back)
    lake.write("tender_events", told(late, "refund", "requested", 1_200, back["id"]))
    batches.run()
    assert read_status(settings).state == "ok"
    assert tenders(settings) == [
        ("payment-A1", "external", 1_200, 0, 0, 0, "captured"),
        ("twice-A1", "external", 1_200, 1_200, 0, 1_200, "captured"),
    ]


def test_events_that_come_later_change_their_tender_only(
    settings: Settings, batches: Batches, lake: Lake
) -> None:
    lake.order("A1", 0)
    lake.order("A2", 0)
    first = payment("A1")
    take(lake, first)
    take(lake, payment("A2"))
    batches.run()
    lake.write("tender_events", told(first, "chargeback", "succeeded", 1_200, "dispute-1"))
    batches.run()
    assert read_status(settings).state == "ok"
    assert [(row[0], row[-1]) for row in tenders(settings)] == [
        ("payment-A1", "charged_back"),
        ("payment-A2", "captured"),
    ]


def test_a_payment_without_events_counts_by_its_own_status(
    settings: Settings, batches: Batches, lake: Lake
) -> None:
    """As those of an import are, which may come to another sum than their order."""
    lake.order("A1", 0, source_status="delivered")
    lake.write("payments", payment("A1", amount=1_000), payment("A1", "voucher", amount=150, status="failed"))
    batches.run()
    assert read_status(settings).state == "ok"
    assert tenders(settings) == [
        ("payment-A1", "external", 1_000, 0, 0, 0, "captured"),
        ("voucher-A1", "external", 0, 0, 0, 0, "failed"),
    ]


def test_a_paid_order_whose_tenders_took_less_is_not_published(
    settings: Settings, batches: Batches, lake: Lake
) -> None:
    lake.order("A1", 0)
    take(lake, payment("A1"), amount=1_199)
    batches.run()
    assert "tenders_pay_orders" in str(read_status(settings))


def test_promotions_are_reported_with_their_present_name(
    settings: Settings, batches: Batches, lake: Lake
) -> None:
    discounted(lake, "A1")
    lake.write("order_promotions", applied("A1", 200), applied("A1", 400, line=None))
    promotion = {"id": "promotion-1", "kind": "percent", "class": "product", "status": "active"}
    lake.write("promotions", change(promotion | {"name": "Summer"}))
    batches.run()
    lake.write("promotions", change(promotion | {"name": "Late summer"}, seq=2))
    batches.run()
    assert read_status(settings).state == "ok"
    with open_published(settings) as published:
        rows = published.execute(
            "select order_line_id, promotion_name, template_kind, code, amount, discount"
            " from marts.fct_order_promotions order by discount"
        ).fetchall()
    assert rows == [
        ("line-A1-1", "Late summer", "percent", "SUMMER", 240, 200),
        (None, "Late summer", "percent", "SUMMER", 480, 400),
    ]


def test_a_promotion_that_took_more_off_than_the_order_had_is_not_published(
    settings: Settings, batches: Batches, lake: Lake
) -> None:
    discounted(lake, "A1")
    lake.write("order_promotions", applied("A1", 201))
    batches.run()
    assert "promotions_are_discounts" in str(read_status(settings))
