"""Refunds that the provider could not pay: the staff sees them, and settles them another way."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

import books
import pytest
from bank import Bank, Deal
from conftest import MovableClock
from fastapi.testclient import TestClient
from shopping import Shelves, key, paid_order, placed_order, rows_of
from test_ledger import balances
from test_races import at_once

from transactional.ledger import chart
from transactional.ledger.chart import held
from transactional.ledger.errors import WrongCurrency
from transactional.orders import after_sales
from transactional.orders.service import Placed
from transactional.payments import events, failed_refunds, inbox, refunding, settlement
from transactional.payments.errors import RefundNotFailed
from transactional.payments.models import refunds
from transactional.payments.payouts.reconciliation import reconcile
from transactional.payments.provider import OutsideRefund, ProviderEvent, RemotePayment
from transactional.payments.service import record_refund
from transactional.shop import Shop
from transactional.unit_of_work import UnitOfWork


@pytest.fixture
def owed(open_for_business: Shop, shelves: Shelves) -> Placed:
    """A cancelled order whose refund failed."""
    placed = paid_order(open_for_business, SHIRT0_S=1)
    with open_for_business.database.transaction("staff") as uow:
        after_sales.cancel(uow, placed.order_id, "not wanted")
    (refund,) = rows_of(open_for_business, refunds)
    with open_for_business.database.transaction("provider:sandbox") as uow:
        record_refund(uow, refund["id"], "back_1", succeeded=False)
    return placed


def test_a_failed_refund_is_listed_until_it_is_tried_again_and_paid(
    client: TestClient, staff: dict[str, str], open_for_business: Shop, owed: Placed
) -> None:
    at = "/api/v1/staff/payments/refunds"
    (listed,) = client.get(at, headers=staff).json()["items"]
    assert (listed["number"], listed["amount"]) == (owed.number, owed.total)
    again = client.post(f"{at}/{listed['id']}/retry", headers=staff | key())
    assert again.status_code == 201, again.text
    assert client.get(at, headers=staff).json()["items"] == []
    twice = client.post(f"{at}/{listed['id']}/retry", headers=staff | key())
    assert (twice.status_code, twice.json()["code"]) == (409, "refund_not_failed")
    with open_for_business.database.transaction("provider:sandbox") as uow:
        record_refund(uow, again.json()["id"], "back_2")
    assert chart.REFUNDS not in balances(open_for_business)
    assert (
        sum(row["amount"] for row in rows_of(open_for_business, refunds) if row["refunded_at"]) == owed.total
    )


def test_a_refund_that_no_provider_tells_of_is_listed_after_an_hour(
    client: TestClient,
    staff: dict[str, str],
    open_for_business: Shop,
    shelves: Shelves,
    clock: MovableClock,
) -> None:
    placed = paid_order(open_for_business, SHIRT0_S=1)
    with open_for_business.database.transaction("staff") as uow:
        after_sales.cancel(uow, placed.order_id, "not wanted")
    switched_off = replace(open_for_business, providers={})
    assert asyncio.run(refunding.send_refunds(switched_off)) == 0
    at = "/api/v1/staff/payments/refunds"
    assert client.get(at, headers=staff).json()["items"] == []
    clock.forward(hours=1, seconds=1)
    (listed,) = client.get(at, headers=staff).json()["items"]
    assert (listed["number"], listed["status"], listed["provider"]) == (placed.number, "pending", "sandbox")
    refused = client.post(f"{at}/{listed['id']}/retry", headers=staff | key())
    assert (refused.status_code, refused.json()["code"]) == (409, "refund_not_failed")


def test_a_failed_refund_given_to_the_balance_is_owed_no_more(
    client: TestClient, staff: dict[str, str], open_for_business: Shop, owed: Placed
) -> None:
    at = "/api/v1/staff/payments/refunds"
    (listed,) = client.get(at, headers=staff).json()["items"]
    assert balances(open_for_business)[held(chart.RECEIVABLE, "sandbox")] == owed.total
    once = key()
    answers = [client.post(f"{at}/{listed['id']}/to-balance", headers=staff | once).json() for _ in range(2)]
    assert answers[0] == answers[1] and answers[0]["balance"] == owed.total
    assert client.get(at, headers=staff).json()["items"] == []
    found = balances(open_for_business)
    assert found[chart.BALANCE] == owed.total
    assert chart.REFUNDS not in found
    assert found[held(chart.RECEIVABLE, "sandbox")] == owed.total, "the provider has the money still"
    for way in ("to-balance", "retry"):
        refused = client.post(f"{at}/{listed['id']}/{way}", headers=staff | key())
        assert (refused.status_code, refused.json()["code"]) == (409, "refund_not_failed")
        assert "balance" in refused.text
    with open_for_business.database.read() as db:
        assert events.holdings(db, owed.order_id)[owed.payment_id].left == 0
        untold = reconcile(db, "sandbox", db.now + timedelta(days=1), ("awaited",)).items
    assert [row["our_amount"] for row in untold] == [owed.total], "it pays the capture out, and no refund"


def test_a_failed_refund_goes_one_way_when_several_settle_it_at_once(
    open_for_business: Shop, owed: Placed
) -> None:
    (failed,) = rows_of(open_for_business, refunds)
    ways: tuple[Callable[[UnitOfWork, str], object], ...] = (
        failed_refunds.retry,
        partial(failed_refunds.to_balance, currency="GBP"),
    )

    def settle(number: int) -> str:
        with open_for_business.database.transaction("staff") as uow:
            ways[number % 2](uow, failed["id"])
        return "settled"

    assert sorted(at_once(6, settle)) == ["refund_not_failed"] * 5 + ["settled"]
    assert len(rows_of(open_for_business, refunds)) == 2
    books.refunds_are_owed(open_for_business, books.ledger_of(open_for_business))


def test_a_refund_in_another_currency_than_the_orders_is_not_put_on_a_balance(
    open_for_business: Shop, shelves: Shelves
) -> None:
    placed = placed_order(open_for_business, SHIRT0_S=1)
    with open_for_business.database.transaction("provider:sandbox") as uow:
        settlement.record_capture(uow, placed.payment_id, "pay_1", placed.total, "USD")
    (refund,) = rows_of(open_for_business, refunds)
    with open_for_business.database.transaction("provider:sandbox") as uow:
        record_refund(uow, refund["id"], "back_1", succeeded=False)
    with pytest.raises(WrongCurrency), open_for_business.database.transaction("staff") as uow:
        failed_refunds.to_balance(uow, refund["id"], "GBP")


def test_a_refund_of_an_order_in_another_currency_is_not_put_on_a_balance(
    open_for_business: Shop, owed: Placed
) -> None:
    (refund,) = rows_of(open_for_business, refunds)
    with pytest.raises(WrongCurrency), open_for_business.database.transaction("staff") as uow:
        failed_refunds.to_balance(uow, refund["id"], "EUR")
    assert {row["status"] for row in rows_of(open_for_business, refunds)} == {"failed"}


def test_a_refund_made_at_the_provider_and_told_twice_at_once_is_recorded_once(
    shop: Shop, shelves: Shelves
) -> None:
    placed = paid_order(shop, SHIRT0_S=1)
    made = OutsideRefund(f"pay_{placed.payment_id}", "re_1", 700, placed.currency, succeeded=True)

    def tell(number: int) -> str:
        with shop.database.transaction("provider:sandbox") as uow:
            return inbox.receive(uow, "sandbox", ProviderEvent(f"event_{number}", made), b"{}")

    assert sorted(at_once(6, tell)) == ["refunded"] + ["unchanged"] * 5
    assert [row["amount"] for row in rows_of(shop, refunds)] == [700]
    assert balances(shop)[chart.REFUNDED_OUTSIDE] == 700


def test_what_is_not_failed_is_not_tried_again(open_for_business: Shop, owed: Placed) -> None:
    (failed,) = rows_of(open_for_business, refunds)
    with open_for_business.database.transaction("staff") as uow:
        again = failed_refunds.retry(uow, failed["id"])
    with pytest.raises(RefundNotFailed), open_for_business.database.transaction("staff") as uow:
        failed_refunds.retry(uow, again["id"])


def test_the_provider_is_asked_under_another_key(shop: Shop, shelves: Shelves) -> None:
    bank = Bank()
    banked = replace(shop, providers={bank.name: bank})
    placed = paid_order(shop, SHIRT0_S=1)
    external_id = f"pay_{placed.payment_id}"
    paid = RemotePayment(external_id, str(placed.payment_id), "captured", placed.total, placed.currency, "")
    deal = bank.deals[external_id] = Deal(paid)
    with shop.database.transaction("staff") as uow:
        after_sales.cancel(uow, placed.order_id, "not wanted")
    bank.mood = "refusing"
    asyncio.run(refunding.send_refunds(banked))
    bank.mood = "well"
    with shop.database.read() as db:
        (failed,) = failed_refunds.listed(db, 10)
    with shop.database.transaction("staff") as uow:
        failed_refunds.retry(uow, failed["id"])
    asyncio.run(refunding.send_refunds(banked))
    assert (deal.refunded, len(deal.refunds)) == (placed.total, 2)
    books.refunds_are_owed(shop, books.ledger_of(shop))
