import pytest
from conftest import MovableClock
from shopping import Shelves, level, paid_order, placed_order, rows_of, status_of
from test_ledger import SANDBOX, balances

from transactional.errors import NotFound
from transactional.ledger import chart
from transactional.orders import after_sales, expiry, service
from transactional.orders.service import Placed
from transactional.payments import events, inbox, settlement
from transactional.payments import service as payments_service
from transactional.payments.models import payments, refunds
from transactional.payments.provider import ProviderEvent, RemotePayment
from transactional.payments.settlement import Outcome
from transactional.shop import Shop


def captured(placed: Placed, amount: int | None = None) -> RemotePayment:
    return RemotePayment(
        f"pay_{placed.payment_id}",
        placed.payment_id,
        "captured",
        placed.total if amount is None else amount,
        placed.currency,
        "",
    )


def tell(shop: Shop, remote: RemotePayment) -> Outcome:
    with shop.database.transaction("provider:sandbox") as uow:
        return settlement.record(uow, remote)


def webhook(shop: Shop, event_id: str, remote: RemotePayment) -> Outcome:
    with shop.database.transaction("provider:sandbox") as uow:
        return inbox.receive(uow, "sandbox", ProviderEvent(event_id, remote), b"{}")


@pytest.mark.usefixtures("shelves")
class TestCapture:
    def test_the_order_is_paid_once_however_often_it_is_told(self, shop: Shop, clock: MovableClock) -> None:
        placed = placed_order(shop, SHIRT0_S=1)
        told = [
            webhook(shop, "evt_1", captured(placed)),
            webhook(shop, "evt_1", captured(placed)),
            webhook(shop, "evt_2", captured(placed)),
            tell(shop, captured(placed)),
        ]
        assert told == ["paid", "unchanged", "unchanged", "unchanged"]
        assert status_of(shop, placed.order_id) == "paid"
        (payment,) = rows_of(shop, payments)
        assert (payment["status"], payment["captured_at"]) == ("captured", clock.now)
        assert rows_of(shop, refunds) == []

    def test_another_amount_is_not_accepted_and_goes_back(self, shop: Shop) -> None:
        placed = placed_order(shop, SHIRT0_S=1)
        assert tell(shop, captured(placed, amount=1)) == "refunding"
        assert status_of(shop, placed.order_id) == "pending_payment"
        assert [row["amount"] for row in rows_of(shop, refunds)] == [1]
        assert [(row["status"], row["amount"]) for row in rows_of(shop, payments)] == [("captured", 1)]

    def test_a_payment_that_is_not_ours_is_refused(self, shop: Shop) -> None:
        placed = placed_order(shop, SHIRT0_S=1)
        stranger = RemotePayment("pay_1", placed.order_id, "captured", 1, "GBP", "")
        with pytest.raises(NotFound):
            tell(shop, stranger)

    def test_money_for_a_cancelled_order_goes_back(self, shop: Shop) -> None:
        placed = placed_order(shop, SHIRT0_S=1)
        with shop.database.transaction("staff") as uow:
            after_sales.cancel(uow, placed.order_id, "not wanted")
        assert tell(shop, captured(placed)) == "refunding"
        assert status_of(shop, placed.order_id) == "cancelled"
        assert [row["amount"] for row in rows_of(shop, refunds)] == [placed.total]

    def test_a_second_payment_of_a_paid_order_goes_back(self, shop: Shop) -> None:
        placed = paid_order(shop, SHIRT0_S=1)
        with shop.database.transaction("test") as uow:
            service.lock(uow, placed.order_id)
            row = payments_service.external(uow, placed.order_id, "sandbox", placed.total, placed.currency)
            second = payments_service.open_tenders(uow, [row])[0]["id"]
        doubled = RemotePayment("pay_again", second, "captured", placed.total, placed.currency, "")
        assert tell(shop, doubled) == "refunding"
        assert [row["payment_id"] for row in rows_of(shop, refunds)] == [second]


class TestLatePayment:
    def expired(self, shop: Shop, clock: MovableClock) -> Placed:
        placed = placed_order(shop, SHIRT0_S=6)
        clock.forward(minutes=31)
        with shop.database.transaction("system:expiry") as uow:
            expiry.expire_unpaid(uow)
        return placed

    def test_the_order_lives_again_when_its_stock_is_there(
        self, shop: Shop, shelves: Shelves, clock: MovableClock
    ) -> None:
        placed = self.expired(shop, clock)
        assert tell(shop, captured(placed)) == "paid"
        assert status_of(shop, placed.order_id) == "paid"
        assert level(shop, shelves.skus["SHIRT0-S"]) == (10, 6)

    def test_the_money_goes_back_when_the_stock_is_sold(
        self, shop: Shop, shelves: Shelves, clock: MovableClock
    ) -> None:
        placed = self.expired(shop, clock)
        paid_order(shop, SHIRT0_S=5)
        assert tell(shop, captured(placed)) == "refunding"
        assert status_of(shop, placed.order_id) == "expired"
        assert [row["amount"] for row in rows_of(shop, refunds)] == [placed.total]
        assert level(shop, shelves.skus["SHIRT0-S"]) == (10, 5)


def test_a_declined_payment_leaves_the_order_open(shop: Shop, shelves: Shelves) -> None:
    placed = placed_order(shop, SHIRT0_S=1)
    declined = RemotePayment("pay_1", placed.payment_id, "failed", placed.total, placed.currency, "")
    assert tell(shop, declined) == "closed"
    assert tell(shop, declined) == "unchanged"
    assert status_of(shop, placed.order_id) == "pending_payment"
    assert [row["status"] for row in rows_of(shop, payments)] == ["failed"]


def test_a_refund_is_recorded_once(shop: Shop, shelves: Shelves, clock: MovableClock) -> None:
    placed = paid_order(shop, SHIRT0_S=1)
    with shop.database.transaction("staff") as uow:
        after_sales.cancel(uow, placed.order_id, "not wanted")
    (asked,) = rows_of(shop, refunds)
    for external_id in ("ref_1", "ref_2"):
        clock.forward(minutes=1)
        with shop.database.transaction("provider:sandbox") as uow:
            payments_service.record_refund(uow, asked["id"], external_id)
    (done,) = rows_of(shop, refunds)
    assert (done["status"], done["external_id"]) == ("succeeded", "ref_1")
    assert done["refunded_at"] < clock.now


def test_a_refund_that_did_not_arrive_is_owed_again(shop: Shop, shelves: Shelves) -> None:
    placed = paid_order(shop, SHIRT0_S=1)
    with shop.database.transaction("staff") as uow:
        after_sales.cancel(uow, placed.order_id, "not wanted")
    (asked,) = rows_of(shop, refunds)
    for succeeded in (True, False, False):
        with shop.database.transaction("provider:sandbox") as uow:
            payments_service.record_refund(uow, asked["id"], "ref_1", succeeded=succeeded)
    assert [(row["status"], row["refunded_at"]) for row in rows_of(shop, refunds)] == [("failed", None)]
    found = balances(shop)
    assert (found[chart.REFUNDS], found[SANDBOX]) == (placed.total, placed.total)
    with shop.database.read() as db:
        assert events.holdings(db, placed.order_id)[str(placed.payment_id)].left == placed.total
