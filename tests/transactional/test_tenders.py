"""Orders paid with gift cards, balances and points: what is taken, and what comes back."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from conftest import MovableClock
from fastapi.testclient import TestClient
from shopping import ADA, Shelves, fill_shelves, level, order, rows_of, status_of
from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError
from test_ledger import SANDBOX, balances, posted
from test_races import at_once

from transactional.app import create_app
from transactional.database import writing
from transactional.ledger import chart
from transactional.ledger import events as ledger
from transactional.ledger import service as accounts
from transactional.ledger.chart import BALANCE, POINTS, held
from transactional.members import service as members
from transactional.orders import after_sales, expiry, service, shipping
from transactional.orders.service import Placed
from transactional.payments import chargebacks, events, gift_cards, reversal, settlement
from transactional.payments import service as payments_service
from transactional.payments.errors import GiftCardNotValid, TenderEmpty
from transactional.payments.models import payments, refunds, tender_events
from transactional.payments.tenders import Wanted
from transactional.shop import Shop
from transactional.unit_of_work import Row


def gift_card(shop: Shop, amount: int) -> Row:
    with shop.database.transaction("staff") as uow:
        return gift_cards.issue(uow, amount, "GBP", "a present")


def balance_of_ada(shop: Shop, amount: int) -> str:
    with shop.database.transaction("staff") as uow:
        customer_id = members.join(uow, ADA)
        ledger.given(uow, held(BALANCE, customer_id), "GBP", amount, uow.new_id(), "sorry")
    return customer_id


def left_on(shop: Shop, card: Row) -> int:
    with shop.database.read() as db:
        return accounts.balance(db, gift_cards.account(card["id"]))


def left(shop: Shop, account: str, holder: str) -> int:
    with shop.database.read() as db:
        return accounts.balance(db, held(account, holder))


def by_card(card: Row, amount: int | None = None) -> Wanted:
    return Wanted("gift_card", card["number"], amount)


def placed_with(shop: Shop, *tenders: Wanted, sku: str = "SHIRT0-S", units: int = 2) -> Placed:
    """An order of 23.95 unless told otherwise."""
    with shop.database.transaction("shopper") as uow:
        return order(uow, shop, {sku: units}, tenders=tenders)


def tenders_of(shop: Shop) -> list[tuple[str, int, str]]:
    found = sorted(rows_of(shop, payments), key=lambda row: (row["position"], row["id"]))
    return [(row["method"], row["amount"], row["status"]) for row in found]


def pay(shop: Shop, placed: Placed) -> str:
    """The provider takes what was left to it."""
    with shop.database.transaction("provider:sandbox") as uow:
        payment = payments_service.find(uow, placed.payment_id)
        return settlement.record_capture(uow, payment["id"], "pay_1", payment["amount"], payment["currency"])


def send_refunds(shop: Shop) -> None:
    with shop.database.transaction("provider:sandbox") as uow:
        for row in uow.rows(refunds.select().where(refunds.c.status == "pending")):
            payments_service.record_refund(uow, row["id"], f"ref_{row['id']}")


def cancel(shop: Shop, placed: Placed) -> None:
    with shop.database.transaction("staff") as uow:
        after_sales.cancel(uow, placed.order_id, "not wanted")


def expire(shop: Shop, clock: MovableClock) -> None:
    clock.forward(minutes=31)
    with shop.database.transaction("system:expiry") as uow:
        expiry.expire_unpaid(uow)


@pytest.mark.usefixtures("shelves")
class TestPlacing:
    def test_tenders_pay_in_the_order_given_and_the_provider_takes_the_rest(self, shop: Shop) -> None:
        card, ada = gift_card(shop, 1_000), balance_of_ada(shop, 5_000)
        placed = placed_with(shop, by_card(card), Wanted("balance", ada, 500))
        assert tenders_of(shop) == [
            ("gift_card", 1_000, "captured"),
            ("balance", 500, "captured"),
            ("card", 895, "pending"),
        ]
        assert status_of(shop, placed.order_id) == "pending_payment"
        assert balances(shop)[chart.TENDERED] == 1_500
        assert pay(shop, placed) == "paid"
        assert posted(shop, f"order:{placed.number}:paid") == [
            (chart.TENDERED, chart.SALES, 1_500),
            (SANDBOX, chart.SALES, 167),
            (SANDBOX, chart.SHIPPING, 329),
            (SANDBOX, chart.TAX, 399),
            (chart.DISCOUNTS, chart.SALES, 333),
        ]
        assert chart.TENDERED not in balances(shop)

    def test_an_order_that_internal_tenders_pay_whole_is_paid_at_once(self, shop: Shop) -> None:
        card = gift_card(shop, 5_000)
        placed = placed_with(shop, by_card(card))
        assert status_of(shop, placed.order_id) == "paid"
        assert tenders_of(shop) == [("gift_card", 2_395, "captured")]
        assert left_on(shop, card) == 5_000 - 2_395
        assert chart.TENDERED not in balances(shop)

    def test_a_card_named_twice_is_spent_once(self, shop: Shop) -> None:
        card = gift_card(shop, 1_000)
        placed_with(shop, by_card(card, 600), by_card(card))
        assert tenders_of(shop)[:2] == [("gift_card", 600, "captured"), ("gift_card", 400, "captured")]
        assert left_on(shop, card) == 0

    def test_an_empty_card_is_refused_and_nothing_is_ordered(self, shop: Shop) -> None:
        card = gift_card(shop, 2_395)
        placed_with(shop, by_card(card))
        with pytest.raises(TenderEmpty):
            placed_with(shop, by_card(card))

    def test_a_card_that_is_over_is_refused(self, shop: Shop, clock: MovableClock) -> None:
        with shop.database.transaction("staff") as uow:
            card = gift_cards.issue(uow, 1_000, "GBP", "a present", clock.now + timedelta(days=1))
        clock.forward(days=1)
        with pytest.raises(GiftCardNotValid):
            placed_with(shop, by_card(card))

    def test_an_order_with_one_card_payment_has_one_event_and_then_two(self, shop: Shop) -> None:
        placed = placed_with(shop)
        pay(shop, placed)
        told = [(row["type"], row["outcome"], row["amount"]) for row in rows_of(shop, tender_events)]
        assert told == [("capture", "requested", 2_395), ("capture", "succeeded", 2_395)]

    def test_events_cannot_be_changed_past_the_shop(self, shop: Shop) -> None:
        placed_with(shop)
        for change in (update(tender_events).values(amount=0), delete(tender_events)):
            with pytest.raises(IntegrityError, match="written once"), writing(shop.database.engine) as db:
                db.execute(change)


def test_one_card_used_by_several_orders_at_once_is_not_overspent(new_shop: Callable[[], Shop]) -> None:
    shop = new_shop()
    fill_shelves(shop, units=50)
    card = gift_card(shop, 5_000)

    def buy(_: int) -> str:
        return status_of(shop, placed_with(shop, by_card(card)).order_id)

    assert sorted(at_once(8, buy)) == ["paid"] * 2 + ["pending_payment"] + ["tender_empty"] * 5
    assert left_on(shop, card) == 0
    assert sum(row["amount"] for row in rows_of(shop, payments) if row["kind"] == "internal") == 5_000


def test_orders_that_spend_two_accounts_in_any_order_do_not_block_each_other(
    new_shop: Callable[[], Shop],
) -> None:
    shop = new_shop()
    fill_shelves(shop, units=50)
    card, ada = gift_card(shop, 5_000), balance_of_ada(shop, 5_000)
    tenders = [by_card(card), Wanted("balance", ada)]

    def buy(number: int) -> str:
        chosen = tenders if number % 2 else tenders[::-1]
        return status_of(shop, placed_with(shop, *chosen).order_id)

    # Whose first tender is empty is refused, also when the second has something left.
    assert set(at_once(8, buy)) <= {"paid", "pending_payment", "tender_empty"}
    taken = sum(row["amount"] for row in rows_of(shop, payments) if row["kind"] == "internal")
    assert taken + left_on(shop, card) + left(shop, BALANCE, ada) == 10_000


@pytest.mark.usefixtures("shelves")
class TestGivingBack:
    def test_cancelling_a_paid_order_returns_every_tender(self, shop: Shop) -> None:
        card, ada = gift_card(shop, 1_000), balance_of_ada(shop, 500)
        placed = placed_with(shop, by_card(card), Wanted("balance", ada))
        pay(shop, placed)
        cancel(shop, placed)
        assert (left_on(shop, card), left(shop, BALANCE, ada)) == (1_000, 500)
        assert balances(shop)[chart.REFUNDS] == 895
        send_refunds(shop)
        assert chart.REFUNDS not in balances(shop)
        assert SANDBOX not in balances(shop)

    def test_cancelling_an_unpaid_order_returns_its_internal_tenders(self, shop: Shop) -> None:
        card = gift_card(shop, 1_000)
        cancel(shop, placed_with(shop, by_card(card)))
        assert left_on(shop, card) == 1_000
        assert balances(shop) == {
            chart.INVENTORY: 24_000,
            chart.PAYABLE: 24_000,
            chart.GIFT_CARD: 1_000,
            chart.GOODWILL: 1_000,
        }

    def test_a_part_goes_back_to_the_last_tender_first(self, shop: Shop) -> None:
        card, ada = gift_card(shop, 1_000), balance_of_ada(shop, 1_000)
        placed = placed_with(shop, by_card(card), Wanted("balance", ada), units=3)
        pay(shop, placed)
        with shop.database.transaction("staff") as uow:
            shipping.ship(uow, placed.order_id)
            (line,) = service.find(uow, placed.order_id).lines
        for card_left, ada_left, owed in ((0, 0, 1_000), (0, 605, 1_395), (605, 1_000, 1_395)):
            with shop.database.transaction("staff") as uow:
                after_sales.return_lines(uow, placed.order_id, {line["id"]: 1}, "too small")
            assert (left_on(shop, card), left(shop, BALANCE, ada)) == (card_left, ada_left)
            assert balances(shop)[chart.REFUNDS] == owed

    def test_the_same_key_gives_back_once(self, shop: Shop) -> None:
        card = gift_card(shop, 1_000)
        placed = placed_with(shop, by_card(card))
        made = []
        for _ in range(2):
            with shop.database.transaction("staff") as uow:
                locked = service.lock(uow, placed.order_id)
                made.append([row["id"] for row in reversal.reverse(uow, locked, "once", 300)])
        assert made[0] == made[1]
        assert left_on(shop, card) == 300

    def test_more_than_was_paid_does_not_go_back(self, shop: Shop) -> None:
        placed = placed_with(shop, by_card(gift_card(shop, 1_000)))
        with pytest.raises(RuntimeError), shop.database.transaction("staff") as uow:
            reversal.reverse(uow, service.lock(uow, placed.order_id), "too much", 1_001)

    def test_rows_and_events_agree(self, shop: Shop) -> None:
        placed = placed_with(shop, by_card(gift_card(shop, 1_000)))
        pay(shop, placed)
        cancel(shop, placed)
        send_refunds(shop)
        with shop.database.read() as db:
            holdings = events.holdings(db, placed.order_id)
        back = {row["payment_id"]: row["amount"] for row in rows_of(shop, refunds)}
        for row in rows_of(shop, payments):
            found = holdings[row["id"]]
            assert (found.captured, found.refunded, found.left) == (row["amount"], back[row["id"]], 0)


class TestExpiry:
    @pytest.fixture
    def card(self, shop: Shop, shelves: Shelves) -> Row:
        return gift_card(shop, 1_000)

    @pytest.fixture
    def expired(self, shop: Shop, card: Row, clock: MovableClock) -> Placed:
        placed = placed_with(shop, by_card(card))
        expire(shop, clock)
        return placed

    def test_expiry_gives_the_internal_tenders_back(self, shop: Shop, card: Row, expired: Placed) -> None:
        assert left_on(shop, card) == 1_000
        assert chart.TENDERED not in balances(shop)

    def test_the_buyer_is_told_what_paid_after_all(self, shop: Shop, expired: Placed) -> None:
        assert pay(shop, expired) == "paid"
        client = TestClient(create_app(shop.settings, shop))
        told = client.get(f"/api/v1/orders/{shop.keys.token('order', expired.order_id)}").json()
        assert [each["captured"] - each["refunded"] for each in told["paid_by"]] == [0, 1_000, 1_395]
        assert told["total"] == 2_395

    def test_a_late_payment_takes_them_again(self, shop: Shop, card: Row, expired: Placed) -> None:
        assert pay(shop, expired) == "paid"
        assert left_on(shop, card) == 0
        assert posted(shop, f"order:{expired.number}:paid")[0] == (chart.TENDERED, chart.SALES, 1_000)
        cancel(shop, expired)
        assert left_on(shop, card) == 1_000
        send_refunds(shop)
        assert not {chart.TENDERED, chart.REFUNDS, SANDBOX} & balances(shop).keys()

    def test_a_late_payment_goes_back_whole_when_they_are_spent(
        self, shop: Shop, shelves: Shelves, card: Row, expired: Placed
    ) -> None:
        other = placed_with(shop, by_card(card, 1), sku="SHIRT1-S")
        assert pay(shop, expired) == "refunding"
        assert status_of(shop, expired.order_id) == "expired"
        assert left_on(shop, card) == 999
        assert [row["amount"] for row in rows_of(shop, refunds) if row["status"] == "pending"] == [1_395]
        assert level(shop, shelves.skus["SHIRT0-S"]) == (10, 0)
        assert status_of(shop, other.order_id) == "pending_payment"

    def test_several_orders_of_one_card_expire_together(
        self, shop: Shop, card: Row, clock: MovableClock
    ) -> None:
        for amount in (100, 200, 300):
            placed_with(shop, by_card(card, amount))
        expire(shop, clock)
        assert left_on(shop, card) == 1_000


class TestMoneyComesBackToACardThatIsOver:
    @pytest.fixture
    def card(self, shop: Shop, shelves: Shelves, clock: MovableClock) -> Row:
        with shop.database.transaction("staff") as uow:
            until = clock() + timedelta(minutes=20)
            return gift_cards.issue(uow, 5_000, "GBP", "a present", until)

    def days_left(self, shop: Shop, clock: MovableClock) -> float:
        (card,) = rows_of(shop, gift_cards.gift_cards)
        return float((card["expires_at"] - clock()) / timedelta(days=1))

    def test_it_can_be_spent_within_the_grace(self, shop: Shop, card: Row, clock: MovableClock) -> None:
        placed = placed_with(shop, by_card(card))
        clock.forward(days=8)
        with pytest.raises(GiftCardNotValid):
            placed_with(shop, by_card(card))
        cancel(shop, placed)
        assert (left_on(shop, card), self.days_left(shop, clock)) == (5_000, 30)
        clock.forward(days=29)
        placed_with(shop, by_card(card))
        clock.forward(days=2)
        with pytest.raises(GiftCardNotValid):
            placed_with(shop, by_card(card))

    def test_so_it_can_of_an_order_that_was_not_paid(
        self, shop: Shop, card: Row, clock: MovableClock
    ) -> None:
        placed_with(shop, by_card(card, 700))
        expire(shop, clock)
        assert (left_on(shop, card), self.days_left(shop, clock)) == (5_000, 30)

    def test_one_that_is_not_over_is_not_prolonged(self, shop: Shop, card: Row, clock: MovableClock) -> None:
        before = self.days_left(shop, clock)
        cancel(shop, placed_with(shop, by_card(card)))
        assert self.days_left(shop, clock) == before

    def test_a_blocked_card_stays_blocked(self, shop: Shop, card: Row, clock: MovableClock) -> None:
        placed = placed_with(shop, by_card(card))
        clock.forward(days=1)
        with shop.database.transaction("staff") as uow:
            gift_cards.block(uow, card["id"], is_blocked=True)
        cancel(shop, placed)
        assert (left_on(shop, card), self.days_left(shop, clock)) == (5_000, 30)
        with pytest.raises(GiftCardNotValid):
            placed_with(shop, by_card(card))


def test_a_declined_payment_is_tried_again_for_what_internal_tenders_left(
    shop: Shop, shelves: Shelves
) -> None:
    placed = placed_with(shop, by_card(gift_card(shop, 1_000)))
    with shop.database.transaction("provider:sandbox") as uow:
        settlement.record_end(uow, placed.payment_id, "pay_1", "failed")
        assert payments_service.held_internally(uow, placed.order_id) == 1_000


class TestChargeback:
    def charge_back(self, shop: Shop, placed: Placed, amount: int, reference: str = "dp_1") -> str:
        with shop.database.transaction("provider:sandbox") as uow:
            return chargebacks.record(uow, placed.payment_id, reference, amount)

    @pytest.fixture
    def card(self, shop: Shop, shelves: Shelves) -> Row:
        return gift_card(shop, 1_000)

    @pytest.fixture
    def paid(self, shop: Shop, card: Row) -> Placed:
        placed = placed_with(shop, by_card(card))
        pay(shop, placed)
        return placed

    def test_of_a_part_it_is_an_expense_and_the_card_stays_spent(
        self, shop: Shop, card: Row, paid: Placed
    ) -> None:
        assert self.charge_back(shop, paid, 1_000) == "charged_back"
        assert self.charge_back(shop, paid, 1_000) == "unchanged"
        assert left_on(shop, card) == 0
        found = balances(shop)
        assert (found[chart.CHARGEBACKS], found[SANDBOX]) == (1_000, 395)

    def test_of_the_whole_it_gives_the_internal_tenders_back(
        self, shop: Shop, card: Row, paid: Placed
    ) -> None:
        self.charge_back(shop, paid, 1_000)
        self.charge_back(shop, paid, 395, "dp_2")
        assert left_on(shop, card) == 1_000
        assert balances(shop)[chart.CHARGEBACKS] == 2_395

    def test_of_a_payment_that_the_order_could_not_have_it_leaves_the_card_with_the_order(
        self, shop: Shop, card: Row
    ) -> None:
        placed = placed_with(shop, by_card(card))
        with shop.database.transaction("provider:sandbox") as uow:
            amount = placed.total - 1_000 - 1
            settlement.record_capture(uow, placed.payment_id, "pay_short", amount, "GBP")
        self.charge_back(shop, placed, 394)
        assert (status_of(shop, placed.order_id), left_on(shop, card)) == ("pending_payment", 0)
        assert balances(shop)[chart.TENDERED] == 1_000

    def test_goods_that_come_back_afterwards_are_not_paid_back_again(
        self, shop: Shop, card: Row, paid: Placed
    ) -> None:
        with shop.database.transaction("staff") as uow:
            shipping.ship(uow, paid.order_id)
            (line,) = service.find(uow, paid.order_id).lines
        self.charge_back(shop, paid, 1_395)
        with shop.database.transaction("staff") as uow:
            after_sales.return_lines(uow, paid.order_id, {line["id"]: 2}, "too small")
        assert [row["amount"] for row in rows_of(shop, refunds)] == [1_000]
        found = balances(shop)
        assert chart.REFUNDS not in found
        assert found[chart.CHARGEBACKS] == 395  # the delivery charge, which a return keeps


class TestPoints:
    @pytest.fixture
    def generous(self, shop: Shop, shelves: Shelves) -> Shop:
        """A point for each pound, and each worth ten pence."""
        return replace(shop, terms=replace(shop.terms, points_per_unit=1, point_value=10))

    def test_a_paid_order_earns_points_and_cancelling_takes_them_back(self, generous: Shop) -> None:
        placed = placed_with(generous)
        assert POINTS not in balances(generous)
        pay(generous, placed)
        assert (balances(generous)[POINTS], balances(generous)[chart.LOYALTY]) == (200, 200)
        cancel(generous, placed)
        assert not {POINTS, chart.LOYALTY} & balances(generous).keys()

    def test_returned_goods_take_their_share_of_the_points_back(self, generous: Shop) -> None:
        placed = placed_with(generous)
        pay(generous, placed)
        with generous.database.transaction("staff") as uow:
            shipping.ship(uow, placed.order_id)
            (line,) = service.find(uow, placed.order_id).lines
        for expected in (100, 0):
            with generous.database.transaction("staff") as uow:
                after_sales.return_lines(uow, placed.order_id, {line["id"]: 1}, "too small")
            assert balances(generous).get(POINTS, 0) == expected

    def test_points_that_were_spent_are_not_taken_back(self, generous: Shop) -> None:
        first = placed_with(generous)
        pay(generous, first)
        with generous.database.read() as db:
            ada = str(members.known(db, ADA.email))
        placed_with(generous, Wanted("points", ada, 150), sku="SHIRT1-S")
        cancel(generous, first)
        assert left(generous, POINTS, ada) == 0
        assert balances(generous)[chart.LOYALTY] == 150
