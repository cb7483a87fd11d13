"""Gift cards that are bought: owed to whoever has them, and taken back with the order."""

from dataclasses import replace

import pytest
from fastapi.testclient import TestClient
from shopping import Shelves, key, paid_order, placed_order, rows_of, shipped_order
from test_ledger import balances, posted
from test_tenders import by_card, cancel, left_on, placed_with

from transactional.catalog import creation
from transactional.catalog.drafts import ProductDraft, SkuDraft
from transactional.catalog.models import categories
from transactional.ledger import chart
from transactional.orders import after_sales, review, service
from transactional.orders.service import Placed
from transactional.payments import chargebacks
from transactional.payments.errors import GiftCardSpent
from transactional.payments.models import gift_cards
from transactional.shop import Shop
from transactional.stock import service as stock


@pytest.fixture
def cards_for_sale(shop: Shop, shelves: Shelves) -> Shop:
    """A card of 20.00, and one of 50.00 that is sold for 45.00."""
    with shop.database.transaction("test") as uow:
        (category,) = uow.rows(categories.select())
        drafts = [
            SkuDraft("CARD-20", 2_000, 2_000, 0, {"value": "20"}, tax_class="gift_card"),
            SkuDraft("CARD-50", 4_500, 5_000, 0, {"value": "50"}, tax_class="gift_card"),
        ]
        draft = ProductDraft("gift-card", "Gift card", category["id"], drafts)
        made = creation.create_product(uow, draft, shop.terms.currency)
        stock.receive(uow, dict.fromkeys(made.values(), 100), "CARDS")
    return shop


def test_a_card_is_a_liability_and_no_sale(cards_for_sale: Shop) -> None:
    placed = paid_order(cards_for_sale, CARD_20=2, CARD_50=1)
    assert placed.total == 2 * 2_000 + 4_500
    found = balances(cards_for_sale)
    assert found[chart.GIFT_CARD] == 2 * 2_000 + 5_000
    assert found[chart.DISCOUNTS] == -500
    assert not {chart.SALES, chart.TAX, chart.SHIPPING} & found.keys()
    assert sorted(row["initial"] for row in rows_of(cards_for_sale, gift_cards)) == [2_000, 2_000, 5_000]


def test_beside_goods_only_the_goods_are_sold(cards_for_sale: Shop) -> None:
    placed = paid_order(cards_for_sale, CARD_20=1, SHIRT0_S=2)
    assert placed.total == 2_000 + 2_395
    found = balances(cards_for_sale)
    assert (found[chart.GIFT_CARD], found[chart.SALES]) == (2_000, 2_000)
    assert found[chart.TAX] == 333 + 66


def test_a_card_is_issued_when_it_is_paid_and_pays(cards_for_sale: Shop) -> None:
    placed_order(cards_for_sale, CARD_20=1)
    assert rows_of(cards_for_sale, gift_cards) == []
    paid_order(cards_for_sale, CARD_20=1)
    (card,) = rows_of(cards_for_sale, gift_cards)
    placed_with(cards_for_sale, by_card(card))
    assert left_on(cards_for_sale, card) == 0


def test_cancelling_the_order_disables_its_cards(cards_for_sale: Shop) -> None:
    placed = paid_order(cards_for_sale, CARD_50=2, SHIRT0_S=1)
    cancel(cards_for_sale, placed)
    assert {row["status"] for row in rows_of(cards_for_sale, gift_cards)} == {"disabled"}
    found = balances(cards_for_sale)
    assert chart.GIFT_CARD not in found
    assert found[chart.REFUNDS] == placed.total
    assert found[chart.DISCOUNTS] == -167  # of the shirt alone


def test_an_order_whose_card_was_used_cannot_be_cancelled(cards_for_sale: Shop) -> None:
    placed = paid_order(cards_for_sale, CARD_20=1)
    (card,) = rows_of(cards_for_sale, gift_cards)
    placed_with(cards_for_sale, by_card(card, 1))
    with pytest.raises(GiftCardSpent):
        cancel(cards_for_sale, placed)
    assert left_on(cards_for_sale, card) == 1_999


class TestReview:
    @pytest.fixture
    def held(self, cards_for_sale: Shop) -> Placed:
        """Two cards and a shirt, paid with what was left to a provider, and looked at."""
        careful = replace(
            cards_for_sale,
            terms=replace(cards_for_sale.terms, review_above=2_000, points_per_unit=1, point_value=10),
        )
        return paid_order(careful, CARD_20=2, SHIRT0_S=1)

    def test_its_cards_and_points_are_there_when_it_is_approved(
        self, cards_for_sale: Shop, held: Placed
    ) -> None:
        shop = cards_for_sale
        assert rows_of(shop, gift_cards) == []
        assert (balances(shop)[chart.UNRELEASED], chart.POINTS in balances(shop)) == (4_100, False)
        with shop.database.transaction("staff") as uow:
            review.approve(uow, held.order_id, "known customer")
        assert [row["initial"] for row in rows_of(shop, gift_cards)] == [2_000, 2_000]
        found = balances(shop)
        assert (found[chart.GIFT_CARD], found[chart.POINTS]) == (4_000, 100)
        assert chart.UNRELEASED not in found
        with shop.database.transaction("staff") as uow:
            review.hold(uow, held.order_id, "odd")
            review.approve(uow, held.order_id, "is fine")
        assert len(rows_of(shop, gift_cards)) == 2

    def test_it_can_be_refused(self, cards_for_sale: Shop, held: Placed) -> None:
        with cards_for_sale.database.transaction("staff") as uow:
            after_sales.cancel(uow, held.order_id, "stolen card")
        found = balances(cards_for_sale)
        assert found[chart.REFUNDS] == held.total
        assert not {chart.UNRELEASED, chart.GIFT_CARD, chart.POINTS, chart.LOYALTY} & found.keys()

    def test_what_is_taken_off_is_not_issued(self, cards_for_sale: Shop, held: Placed) -> None:
        shop = cards_for_sale
        with shop.database.transaction("staff") as uow:
            lines = {line["sku"]: line["id"] for line in service.find(uow, held.order_id).lines}
            taken = {lines["CARD-20"]: 1, lines["SHIRT0-S"]: 1}
            after_sales.cancel_lines(uow, held.order_id, taken, "too many")
            review.approve(uow, held.order_id, "is fine")
        assert len(rows_of(shop, gift_cards)) == 1
        found = balances(shop)
        assert found[chart.GIFT_CARD] == 2_000
        assert not {chart.UNRELEASED, chart.POINTS} & found.keys()


def test_returning_one_card_of_two_leaves_the_used_one(cards_for_sale: Shop) -> None:
    placed = shipped_order(cards_for_sale, CARD_20=2)
    used, _ = rows_of(cards_for_sale, gift_cards)
    placed_with(cards_for_sale, by_card(used, 1))
    with cards_for_sale.database.transaction("staff") as uow:
        (line,) = service.find(uow, placed.order_id).lines
        note = after_sales.return_lines(uow, placed.order_id, {line["id"]: 1}, "too small")
    assert note.amount == 2_000
    statuses = {row["id"]: row["status"] for row in rows_of(cards_for_sale, gift_cards)}
    assert statuses.pop(used["id"]) == "active"
    assert set(statuses.values()) == {"disabled"}
    (source, destination, amount) = posted(cards_for_sale, f"credit_note:{note.number}")[0]
    assert (source.rpartition(":")[0], destination, amount) == (chart.GIFT_CARD, chart.REFUNDS, 2_000)


def test_a_chargeback_takes_what_is_left_on_its_cards(cards_for_sale: Shop) -> None:
    placed = paid_order(cards_for_sale, CARD_20=1)
    (card,) = rows_of(cards_for_sale, gift_cards)
    placed_with(cards_for_sale, by_card(card, 500))
    with cards_for_sale.database.transaction("provider:sandbox") as uow:
        chargebacks.record(uow, placed.payment_id, "dp_1", placed.total)
    assert left_on(cards_for_sale, card) == 0
    assert balances(cards_for_sale)[chart.CHARGEBACKS] == 500


def test_whoever_has_the_order_sees_the_codes(client: TestClient, cards_for_sale: Shop) -> None:
    placed = paid_order(cards_for_sale, CARD_20=1)
    token = cards_for_sale.keys.token("order", placed.order_id)
    (code,) = client.get(f"/api/v1/orders/{token}", headers=key()).json()["gift_cards"]
    (card,) = rows_of(cards_for_sale, gift_cards)
    assert cards_for_sale.keys.gift_card_number(code) == card["number"]
