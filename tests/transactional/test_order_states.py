"""The one machine that orders go through: review, completion, and what is written down of it."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import get_args

import pytest
from alembic import command
from conftest import MovableClock
from fastapi.testclient import TestClient
from shopping import Shelves, key, paid_order, placed_order, rows_of, shipped_order, status_of
from sqlalchemy import Engine, text
from test_migrations import empty_database  # noqa: F401  (a fixture)

from transactional import background
from transactional.database import reading, writing
from transactional.errors import IllegalTransition, NotFound
from transactional.migrations import alembic_config, migrate
from transactional.orders import after_sales, review, rules, service, shipping, transitions
from transactional.orders.models import ORDER_STATUSES, order_transitions
from transactional.payments.settlement import record_capture
from transactional.shop import Shop

README = Path(__file__).parents[2] / "transactional" / "README.md"
EVENTS = get_args(rules.Event)
# By hand, so that a slip in the table does not go through its own test.
LEGAL = {
    "pending_payment": {"pay", "expire", "cancel", "change"},
    "paid": {"gather", "hold", "cancel", "cancel part", "ship", "ship part", "change"},
    "gathering": {"complete", "cancel", "change"},
    "in_review": {"approve", "hold", "cancel", "cancel part", "change"},
    "approved": {"hold", "cancel", "cancel part", "ship", "ship part", "change"},
    "partly_shipped": {
        *("ship", "ship part", "cancel part", "cancel rest", "return", "change", "hold", "approve"),
    },
    "shipped": {"deliver", "return", "return all"},
    "delivered": {"complete", "return", "return all"},
    "completed": {"return", "return all"},
    "expired": {"pay"},
    "cancelled": set[str](),
    "returned": set[str](),
}


@pytest.mark.parametrize(("status", "event"), product(ORDER_STATUSES, EVENTS))
def test_every_event_is_legal_in_a_state_or_refused(status: str, event: rules.Event) -> None:
    if event in LEGAL[status]:
        assert rules.after(status, event) in ORDER_STATUSES
    else:
        with pytest.raises(IllegalTransition):
            rules.after(status, event)


@pytest.mark.parametrize("text", [rules.__doc__, README.read_text()], ids=["rules", "README"])
def test_the_drawing_is_the_table(text: str) -> None:
    drawn: dict[tuple[str, str], str] = {}
    for line in text.splitlines():
        if line.startswith(ORDER_STATUSES) and " ── " in line:
            parts = [part.split(" ──▶ ") for part in line.split(" ── ")]
            steps = [*(part[-1] for part in parts[:1]), *(name for part in parts[1:] for name in part)]
            for before, event, after in zip(steps[::2], steps[1::2], steps[2::2], strict=False):
                for status in before.split(", "):
                    drawn[status, event] = after if after in ORDER_STATUSES else status
    assert drawn == rules.TRANSITIONS


def events_of(shop: Shop, order_id: str) -> list[tuple[str, str, str | None]]:
    with shop.database.read() as db:
        return [(row["event"], row["actor"], row["reason"]) for row in transitions.history(db, order_id)]


def pay(shop: Shop, payment_id: str, total: int) -> None:
    with shop.database.transaction("provider:sandbox") as uow:
        record_capture(uow, payment_id, f"pay_{payment_id}", total, "GBP")


class TestReview:
    def test_a_large_order_waits_for_the_staff_once_it_is_paid(self, shop: Shop, shelves: Shelves) -> None:
        careful = replace(shop, terms=replace(shop.terms, review_above=2_000))
        small, large = placed_order(careful, SHIRT0_S=1), placed_order(careful, SHIRT0_S=2)
        for placed in (small, large):
            pay(careful, placed.payment_id, placed.total)
        assert status_of(shop, small.order_id) == "paid"
        assert status_of(shop, large.order_id) == "in_review"
        with shop.database.transaction("staff") as uow, pytest.raises(IllegalTransition):
            shipping.ship(uow, large.order_id)
        with shop.database.transaction("staff") as uow:
            review.approve(uow, large.order_id, "known customer")
            shipping.ship(uow, large.order_id)
        assert events_of(shop, large.order_id) == [
            ("pay", "provider:sandbox", None),
            ("hold", "provider:sandbox", "to be looked at before it is sent"),
            ("approve", "staff", "known customer"),
            ("ship", "staff", None),
        ]

    def test_an_order_held_before_it_is_paid_is_looked_at_then(self, shop: Shop, shelves: Shelves) -> None:
        placed = placed_order(shop, SHIRT0_S=1)
        with shop.database.transaction("staff") as uow:
            review.hold(uow, placed.order_id, "odd address")
        assert status_of(shop, placed.order_id) == "pending_payment"
        pay(shop, placed.payment_id, placed.total)
        assert status_of(shop, placed.order_id) == "in_review"
        assert events_of(shop, placed.order_id)[-1] == ("hold", "provider:sandbox", "odd address")

    def test_an_order_in_review_is_refused_with_a_reason_and_its_money_goes_back(
        self, shop: Shop, shelves: Shelves
    ) -> None:
        placed = paid_order(shop, SHIRT0_S=1)
        with shop.database.transaction("staff") as uow:
            review.hold(uow, placed.order_id, "odd address")
        with shop.database.transaction("staff") as uow:
            note = after_sales.cancel(uow, placed.order_id, "stolen card")
        assert note is not None and note.amount == placed.total
        assert events_of(shop, placed.order_id)[-1] == ("cancel", "staff", "stolen card")


class TestCompletion:
    def test_what_arrived_long_ago_is_completed_by_itself(
        self, shop: Shop, shelves: Shelves, clock: MovableClock
    ) -> None:
        old, young = shipped_order(shop, SHIRT0_S=1), shipped_order(shop, SHIRT1_S=1)
        for placed in (old, young):
            with shop.database.transaction("staff") as uow:
                shipping.deliver(uow, placed.order_id)
            clock.forward(days=10)
        asyncio.run(background.complete(shop))
        assert status_of(shop, old.order_id) == "completed"
        assert status_of(shop, young.order_id) == "delivered"
        assert events_of(shop, old.order_id)[-1] == ("complete", "system:completion", None)

    def test_what_has_not_arrived_is_not_completed(self, shop: Shop, shelves: Shelves) -> None:
        placed = shipped_order(shop, SHIRT0_S=1)
        with shop.database.transaction("staff") as uow, pytest.raises(IllegalTransition):
            review.complete(uow, placed.order_id)
        with shop.database.transaction("staff") as uow, pytest.raises(NotFound):
            review.complete(uow, uow.new_id())


def test_an_order_is_returned_when_every_unit_came_back(shop: Shop, shelves: Shelves) -> None:
    placed = shipped_order(shop, SHIRT0_S=2, SHIRT1_S=1)
    with shop.database.transaction("staff") as uow:
        first, second = service.find(uow, placed.order_id).lines
        after_sales.return_lines(uow, placed.order_id, {first["id"]: 1, second["id"]: 1}, "too small")
    assert status_of(shop, placed.order_id) == "shipped"
    with shop.database.transaction("staff") as uow:
        shipping.deliver(uow, placed.order_id)
        after_sales.return_lines(uow, placed.order_id, {first["id"]: 1}, "too small")
    assert status_of(shop, placed.order_id) == "returned"


def test_placing_writes_no_transition_and_paying_one(shop: Shop, shelves: Shelves) -> None:
    placed = placed_order(shop, SHIRT0_S=1)
    assert rows_of(shop, order_transitions) == []
    pay(shop, placed.payment_id, placed.total)
    assert len(rows_of(shop, order_transitions)) == 1


def test_what_happened_cannot_be_rewritten(shop: Shop, shelves: Shelves) -> None:
    paid_order(shop, SHIRT0_S=1)
    for statement in ("update order_transitions set actor = 'nobody'", "delete from order_transitions"):
        with pytest.raises(Exception, match="written once"), writing(shop.database.engine) as connection:
            connection.execute(text(statement))


def test_history_and_review_over_http(
    client: TestClient, staff: dict[str, str], open_for_business: Shop, shelves: Shelves
) -> None:
    placed = paid_order(open_for_business, SHIRT0_S=1)
    path = f"/api/v1/staff/orders/{placed.order_id}"
    for step in ("hold", "cancel", "cancellations", "returns"):
        refused = client.post(f"{path}/{step}", json={}, headers=staff | key())
        assert ["body", "reason"] in [each["at"] for each in refused.json()["details"]["errors"]]
    for step in ("hold", "approve"):
        answer = client.post(f"{path}/{step}", json={"reason": step}, headers=staff | key())
        assert answer.status_code == 200
    refused = client.post(f"{path}/approve", json={"reason": "again"}, headers=staff | key())
    assert (refused.status_code, refused.json()["code"]) == (409, "illegal_transition")
    found = client.get(f"{path}/history", headers=staff).json()["items"]
    assert [(row["from_status"], row["to_status"], row["reason"]) for row in found[1:]] == [
        ("paid", "in_review", "hold"),
        ("in_review", "approved", "approve"),
    ]


_ID = "00000000-0000-0000-0000-0000000000"


def test_orders_of_before_keep_their_states_and_may_have_the_new_ones(
    empty_database: Callable[[], Engine],  # noqa: F811
) -> None:
    engine = empty_database()
    with writing(engine) as connection:
        command.upgrade(alembic_config(connection), "0009")
        for number, status in enumerate(("pending_payment", "shipped"), 10):
            connection.execute(
                text(
                    "insert into orders (id, number, status, channel, currency, placed_at)"
                    f" values ('{_ID}{number}', 'O-{number}', '{status}', 'web', 'GBP', '2026-01-02')"
                )
            )
    migrate(engine)
    with writing(engine) as connection:
        connection.execute(text("update orders set status = 'partly_shipped' where number = 'O-10'"))
    with pytest.raises(Exception, match="status"), writing(engine) as connection:
        connection.execute(text("update orders set status = 'lost'"))
    with reading(engine) as connection:
        found = connection.execute(text("select number, status, needs_review, steps from orders")).all()
    assert {tuple(row) for row in found} == {
        ("O-10", "partly_shipped", False, 0),
        ("O-11", "shipped", False, 0),
    }
