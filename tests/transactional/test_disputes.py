"""Money that a buyer's bank takes back, and gives back again: what becomes of the order meanwhile."""

import pytest
from shopping import ADA, Shelves, paid_order, rows_of, shipped_order, status_of
from test_gift_cards import cards_for_sale  # noqa: F401  (a fixture)
from test_ledger import SANDBOX, balances
from test_tenders import by_card, cancel, gift_card, left_on, pay, placed_with, send_refunds

from transactional.errors import IllegalTransition
from transactional.ledger import chart
from transactional.orders import after_sales, group_entry, review, service, shipping, transitions
from transactional.orders.errors import OrderHeld
from transactional.orders.service import Placed
from transactional.payments import chargebacks, events
from transactional.payments import gift_cards as cards
from transactional.payments.models import gift_cards, refunds
from transactional.payments.provider import DisputeStage
from transactional.shop import Shop


def dispute(
    shop: Shop, placed: Placed, amount: int, stage: DisputeStage = "succeeded", reference: str = "dp_1"
) -> str:
    with shop.database.transaction("provider:sandbox") as uow:
        return chargebacks.record(uow, str(placed.payment_id), reference, amount, stage)


def statuses(shop: Shop) -> list[str]:
    return [row["status"] for row in rows_of(shop, gift_cards)]


def lost(shop: Shop) -> int:
    return balances(shop).get(chart.CHARGEBACKS, 0)


def last_step(shop: Shop, placed: Placed) -> tuple[str, str, str | None]:
    with shop.database.read() as db:
        row = transitions.history(db, placed.order_id)[-1]
    return row["event"], row["actor"], row["reason"]


def act(shop: Shop, do: object, placed: Placed, *arguments: object) -> None:
    with shop.database.transaction("staff") as uow:
        do(uow, placed.order_id, *arguments)  # type: ignore[operator]


@pytest.mark.usefixtures("shelves")
class TestTheOrder:
    @pytest.mark.parametrize("is_approved", [False, True])
    def test_without_its_money_it_is_not_sent_until_somebody_approves(
        self, shop: Shop, is_approved: bool
    ) -> None:
        placed = paid_order(shop, SHIRT0_S=1)
        if is_approved:
            act(shop, review.hold, placed, "odd")
            act(shop, review.approve, placed, "is fine")
        dispute(shop, placed, placed.total)
        assert status_of(shop, placed.order_id) == "in_review"
        assert last_step(shop, placed) == (
            "hold",
            "provider:sandbox",
            f"the buyer's bank took money back, dispute dp_1: GBP {placed.total / 100}",
        )
        with pytest.raises(IllegalTransition):
            act(shop, shipping.ship, placed)
        act(shop, review.approve, placed, "she paid in cash")
        act(shop, shipping.ship, placed)

    def test_the_rest_of_one_that_is_partly_shipped_waits_for_the_staff(self, shop: Shop) -> None:
        placed = self.partly_shipped(shop)
        dispute(shop, placed, 100)
        with pytest.raises(OrderHeld, match="dispute dp_1"):
            act(shop, shipping.ship, placed)
        assert status_of(shop, placed.order_id) == "partly_shipped"
        act(shop, review.approve, placed, "ask for it later")
        act(shop, shipping.ship, placed)
        assert status_of(shop, placed.order_id) == "shipped"

    def test_the_rest_of_one_that_is_partly_shipped_can_be_called_off(self, shop: Shop) -> None:
        placed = self.partly_shipped(shop)
        dispute(shop, placed, placed.total)
        act(shop, after_sales.cancel, placed, "not paid")
        assert status_of(shop, placed.order_id) == "shipped"
        assert rows_of(shop, refunds) == []

    def test_one_dispute_of_two_that_is_won_changes_nothing(self, shop: Shop) -> None:
        placed = self.partly_shipped(shop)
        dispute(shop, placed, 100)
        dispute(shop, placed, 100, reference="dp_2")
        assert dispute(shop, placed, 100, "failed", "dp_2") == "reinstated"
        with pytest.raises(OrderHeld):
            act(shop, shipping.ship, placed)

    def test_a_dispute_that_is_won_lets_the_rest_of_its_order_go(self, shop: Shop) -> None:
        placed = self.partly_shipped(shop)
        dispute(shop, placed, 100)
        dispute(shop, placed, 100, "failed")
        assert last_step(shop, placed) == ("approve", "provider:sandbox", "dispute dp_1 was won")
        act(shop, shipping.ship, placed)

    def test_what_the_staff_holds_stays_held_when_a_dispute_is_won(self, shop: Shop) -> None:
        placed = self.partly_shipped(shop)
        dispute(shop, placed, 100)
        act(shop, review.approve, placed, "is fine")
        act(shop, review.hold, placed, "odd")
        dispute(shop, placed, 100, "failed")
        with pytest.raises(OrderHeld):
            act(shop, shipping.ship, placed)

    def test_one_that_is_gone_is_left_as_it_is(self, shop: Shop) -> None:
        placed = shipped_order(shop, SHIRT0_S=1)
        dispute(shop, placed, placed.total)
        assert status_of(shop, placed.order_id) == "shipped"

    def test_an_inquiry_moves_no_money_and_stops_nothing(self, shop: Shop) -> None:
        placed = paid_order(shop, SHIRT0_S=1)
        assert dispute(shop, placed, placed.total, "requested") == "disputed"
        assert status_of(shop, placed.order_id) == "paid"
        assert chart.CHARGEBACKS not in balances(shop)
        with shop.database.read() as db:
            assert events.holdings(db, placed.order_id)[str(placed.payment_id)].left == placed.total
        assert dispute(shop, placed, placed.total, "failed") == "unchanged"
        assert balances(shop)[SANDBOX] == placed.total

    def partly_shipped(self, shop: Shop) -> Placed:
        placed = paid_order(shop, SHIRT0_S=2)
        with shop.database.transaction("staff") as uow:
            (line,) = service.find(uow, placed.order_id).lines
            shipping.ship(uow, placed.order_id, {line["id"]: 1})
        return placed


@pytest.mark.usefixtures("shelves")
class TestWon:
    def test_the_money_is_back_and_what_holders_got_is_taken_again(self, shop: Shop) -> None:
        card = gift_card(shop, 1_000)
        placed = placed_with(shop, by_card(card))
        pay(shop, placed)
        before = balances(shop)
        dispute(shop, placed, 1_395)
        assert left_on(shop, card) == 1_000
        for _ in range(2):
            dispute(shop, placed, 1_395, "failed")
        assert left_on(shop, card) == 0
        assert balances(shop) == before
        act(shop, after_sales.cancel, placed, "not paid")
        assert left_on(shop, card) == 1_000

    def test_what_holders_spent_meanwhile_is_an_expense(self, shop: Shop) -> None:
        card = gift_card(shop, 1_000)
        placed = placed_with(shop, by_card(card))
        pay(shop, placed)
        dispute(shop, placed, 1_395)
        placed_with(shop, by_card(card, 400), sku="SHIRT1-S")
        dispute(shop, placed, 1_395, "failed")
        assert (left_on(shop, card), balances(shop)[chart.CHARGEBACKS]) == (0, 400)
        act(shop, after_sales.cancel, placed, "not wanted")
        send_refunds(shop)
        assert left_on(shop, card) == 600
        assert not {SANDBOX, chart.REFUNDS, chart.CHARGEBACKS} & balances(shop).keys()

    def test_an_order_called_off_meanwhile_gets_its_refund(self, shop: Shop) -> None:
        placed = paid_order(shop, SHIRT0_S=1)
        dispute(shop, placed, placed.total)
        act(shop, after_sales.cancel, placed, "not paid")
        assert chart.REFUNDS not in balances(shop)
        dispute(shop, placed, placed.total, "failed")
        assert [row["amount"] for row in rows_of(shop, refunds)] == [placed.total]
        send_refunds(shop)
        assert not {SANDBOX, chart.REFUNDS, chart.CHARGEBACKS} & balances(shop).keys()

    def test_a_win_that_is_told_first_moves_nothing(self, shop: Shop) -> None:
        placed = paid_order(shop, SHIRT0_S=1)
        before = balances(shop)
        for stage in ("failed", "succeeded"):
            assert dispute(shop, placed, 100, stage) == "unchanged"  # type: ignore[arg-type]
        assert balances(shop) == before
        assert status_of(shop, placed.order_id) == "paid"

    def test_it_can_be_lost_again_in_another_dispute(self, shop: Shop) -> None:
        card = gift_card(shop, 1_000)
        placed = placed_with(shop, by_card(card))
        pay(shop, placed)
        for reference in ("dp_1", "dp_2"):
            dispute(shop, placed, 1_395, reference=reference)
            assert left_on(shop, card) == 1_000
            dispute(shop, placed, 1_395, "failed", reference)
            assert left_on(shop, card) == 0


def test_bought_cards_are_usable_again_when_it_is_won(cards_for_sale: Shop) -> None:  # noqa: F811
    placed = paid_order(cards_for_sale, CARD_20=1)
    (card,) = rows_of(cards_for_sale, gift_cards)
    placed_with(cards_for_sale, by_card(card, 500))
    dispute(cards_for_sale, placed, placed.total)
    assert left_on(cards_for_sale, card) == 0
    dispute(cards_for_sale, placed, placed.total, "failed")
    assert left_on(cards_for_sale, card) == 1_500
    assert [row["status"] for row in rows_of(cards_for_sale, gift_cards)] == ["active"]


@pytest.mark.parametrize("first", ["dp_1", "dp_2"])
def test_of_two_disputes_the_one_that_took_the_cards_gives_them_again(
    cards_for_sale: Shop,  # noqa: F811
    first: str,
) -> None:
    placed = paid_order(cards_for_sale, CARD_20=2)
    spent, card = rows_of(cards_for_sale, gift_cards)
    placed_with(cards_for_sale, by_card(spent), sku="SHIRT2-S")
    amounts = {"dp_1": 1_000, "dp_2": placed.total - 1_000}
    for reference, amount in amounts.items():
        dispute(cards_for_sale, placed, amount, reference=reference)
    assert statuses(cards_for_sale) == ["charged_back", "charged_back"]
    left = {"dp_1": 0, "dp_2": 2_000}
    won = [first, *(each for each in amounts if each != first)]
    for done, reference in enumerate(won, 1):
        dispute(cards_for_sale, placed, amounts[reference], "failed", reference)
        assert left_on(cards_for_sale, card) == max(left[each] for each in won[:done])
    assert statuses(cards_for_sale) == ["active", "active"]
    assert lost(cards_for_sale) == 0


def test_a_card_that_the_staff_blocked_stays_so_when_a_dispute_is_won(
    cards_for_sale: Shop,  # noqa: F811
) -> None:
    placed = paid_order(cards_for_sale, CARD_20=1)
    (card,) = rows_of(cards_for_sale, gift_cards)
    with cards_for_sale.database.transaction("staff") as uow:
        cards.block(uow, card["id"], is_blocked=True)
    for stage in ("succeeded", "failed"):
        dispute(cards_for_sale, placed, placed.total, stage)
    assert (statuses(cards_for_sale), left_on(cards_for_sale, card)) == (["blocked"], 2_000)


@pytest.mark.parametrize("is_won", [False, True])
def test_what_comes_back_to_a_lost_card_is_the_shops_until_its_dispute_is_won(
    cards_for_sale: Shop,  # noqa: F811
    is_won: bool,
) -> None:
    bought = paid_order(cards_for_sale, CARD_20=1)
    (card,) = rows_of(cards_for_sale, gift_cards)
    spent = placed_with(cards_for_sale, by_card(card, 1_500), sku="SHIRT2-S")
    dispute(cards_for_sale, bought, bought.total)
    assert lost(cards_for_sale) == 1_500
    act(cards_for_sale, after_sales.cancel, spent, "not wanted")
    assert (left_on(cards_for_sale, card), lost(cards_for_sale)) == (0, 0)
    if is_won:
        dispute(cards_for_sale, bought, bought.total, "failed")
        assert (left_on(cards_for_sale, card), statuses(cards_for_sale)) == (2_000, ["active"])
    else:
        act(cards_for_sale, after_sales.cancel, bought, "not paid")
        assert (left_on(cards_for_sale, card), statuses(cards_for_sale)) == (0, ["disabled"])
    assert lost(cards_for_sale) == 0


def test_cards_that_a_chargeback_took_are_no_return_when_the_order_is_called_off(
    cards_for_sale: Shop,  # noqa: F811
) -> None:
    placed = paid_order(cards_for_sale, CARD_20=1)
    dispute(cards_for_sale, placed, placed.total)
    act(cards_for_sale, after_sales.cancel, placed, "not paid")
    found = balances(cards_for_sale)
    assert not {chart.RETURNS, chart.CHARGEBACKS, chart.REFUNDS, chart.GIFT_CARD} & found.keys()


def test_a_payment_that_was_on_its_way_back_leaves_the_order_alone(shop: Shop, shelves: Shelves) -> None:
    card = gift_card(shop, 2_395)
    placed = placed_with(shop, by_card(card, 1_000))
    cancel(shop, placed)
    pay(shop, placed)
    dispute(shop, placed, 1_395)
    assert status_of(shop, placed.order_id) == "cancelled"
    assert left_on(shop, card) == 2_395


def test_a_member_that_waits_for_its_group_is_looked_at_when_it_is_complete(
    shop: Shop, shelves: Shelves
) -> None:
    with shop.database.transaction("staff") as uow:
        at = uow.now.replace(year=uow.now.year + 1)
        group_entry.create(uow, "SHIRTS", "SHIRT0-S", 900, 2, 1, at)
    with shop.database.transaction("shopper") as uow:
        placed = group_entry.join(uow, shop.terms, "SHIRTS", ADA)
    pay(shop, placed)
    assert status_of(shop, placed.order_id) == "gathering"
    dispute(shop, placed, placed.total)
    with shop.database.read() as db:
        held = service.header(db, placed.order_id)
    assert (held["status"], held["needs_review"]) == ("gathering", True)
    assert "dispute dp_1" in held["review_reason"]
