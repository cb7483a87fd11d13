from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from conftest import MovableClock
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from shopping import Shelves, key, level, placed_order, rows_of

from transactional.catalog import bulk, pricing, repricing, service, sku_editing
from transactional.catalog.bulk import Dated, Rules, Selection
from transactional.catalog.errors import BulkRefused, PreviewOutdated
from transactional.catalog.models import sku_prices, skus
from transactional.catalog.repricing import Change, Rule
from transactional.checkout import service as checkout
from transactional.errors import NotFound
from transactional.shop import Shop
from transactional.stock import warehousing

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
DAY = timedelta(days=1)
NO_GROUPS = [" no such grp! ", "", "-x"]
FIFTH_OFF = Rules(price=Rule("percent", -2_000, ending=99))


class TestRules:
    @given(st.integers(0, 10**9), st.integers(0, 99))
    def test_the_nearest_ending_is_at_most_fifty_away(self, amount: int, ending: int) -> None:
        found = repricing.nearest_ending(amount, ending)
        assert found % 100 == ending
        assert abs(found - amount) <= 50 or found == ending

    @given(
        st.sampled_from(["set", "add", "percent"]),
        st.integers(-(10**6), 10**6),
        st.none() | st.integers(0, 99),
        st.integers(0, 10**9),
    )
    def test_nothing_falls_below_zero(self, kind: Any, amount: int, ending: int | None, before: int) -> None:
        assert Rule(kind, amount, ending).apply(before) >= 0

    def test_prices_are_set_raised_and_lowered(self) -> None:
        rules = [Rule("set", 500), Rule("add", -100), Rule("percent", -2_000), Rule("percent", 1_250, 99)]
        assert [rule.apply(1_333) for rule in rules] == [500, 1_233, 1_066, 1_499]


def changed(shop: Shop, selection: Selection, rules: Rules) -> list[Change]:
    with shop.database.read() as db:
        shown = bulk.preview(db, selection, rules)
    with shop.database.transaction("staff") as uow:
        return bulk.apply(uow, selection, rules, bulk.digest(selection, rules, shown))


class TestBulkChange:
    def test_what_was_shown_is_done(self, shop: Shop, shelves: Shelves) -> None:
        done = changed(shop, Selection(category="clothes"), FIFTH_OFF)
        assert [(change.sku, change.price_before, change.price_after) for change in done[:3]] == [
            ("SHIRT0-M", 1_000, 799),
            ("SHIRT0-S", 1_000, 799),
            ("SHIRT1-M", 1_333, 1_099),
        ]
        assert {row["code"]: row["price"] for row in rows_of(shop, skus)} == {
            change.sku: change.price_after for change in done
        }

    def test_stock_is_changed_with_a_movement(self, shop: Shop, shelves: Shelves) -> None:
        changed(shop, Selection(codes=("SHIRT0-S", "SHIRT0-M")), Rules(on_hand=Rule("set", 4)))
        assert level(shop, shelves.skus["SHIRT0-S"]) == (4, 0)
        assert level(shop, shelves.skus["SHIRT1-S"]) == (10, 0)

    def test_a_selection_narrows(self, shop: Shop, shelves: Shelves) -> None:
        both = Selection(category="clothes", product="shirt-1", codes=("SHIRT1-S",))
        with shop.database.read() as db:
            assert [change.sku for change in bulk.preview(db, both, Rules())] == ["SHIRT1-S"]
            assert len(bulk.preview(db, Selection(), Rules())) == 6
            for unknown in (Selection(category="x"), Selection(brand="x"), Selection(codes=("x",))):
                with pytest.raises(NotFound):
                    bulk.preview(db, unknown, Rules())

    def test_a_preview_that_is_outdated_is_not_applied(self, shop: Shop, shelves: Shelves) -> None:
        with shop.database.transaction("staff") as uow:
            shown = bulk.digest(Selection(), FIFTH_OFF, bulk.preview(uow, Selection(), FIFTH_OFF))
            sku_editing.edit_sku(uow, shelves.skus["SHIRT0-S"], {"price": 999, "list_price": 1_200})
        with shop.database.transaction("staff") as uow, pytest.raises(PreviewOutdated):
            bulk.apply(uow, Selection(), FIFTH_OFF, shown)
        with shop.database.transaction("staff") as uow, pytest.raises(PreviewOutdated):
            bulk.apply(uow, Selection(), Rules(price=Rule("set", 1)), shown)

    @pytest.mark.parametrize(
        "rules",
        [
            Rules(price=Rule("add", 10_000)),
            Rules(on_hand=Rule("set", 1)),
            Rules(list_price=Rule("percent", 10**15)),
        ],
    )
    def test_what_cannot_be_is_refused_whole(self, shop: Shop, shelves: Shelves, rules: Rules) -> None:
        placed_order(shop, SHIRT0_S=2)
        before = rows_of(shop, skus)
        with pytest.raises(BulkRefused):
            changed(shop, Selection(), rules)
        assert rows_of(shop, skus) == before
        assert level(shop, shelves.skus["SHIRT1-S"]) == (10, 0)

    def test_cost_and_tax_class_change_too(self, shop: Shop, shelves: Shelves) -> None:
        changed(shop, Selection(product="shirt-0"), Rules(cost=Rule("add", 50), tax_class="reduced"))
        seen = {row["code"]: (row["cost"], row["tax_class"]) for row in rows_of(shop, skus)}
        assert (seen["SHIRT0-S"], seen["SHIRT1-S"]) == ((450, "reduced"), (400, "standard"))

    def test_a_campaign_is_a_price_with_dates_for_each(
        self, shop: Shop, shelves: Shelves, clock: MovableClock
    ) -> None:
        campaign = Rules(dated=Dated(Rule("percent", -2_000), clock.now + DAY, clock.now + 2 * DAY))
        for _ in range(2):  # the second finds it there
            done = changed(shop, Selection(category="clothes"), campaign)
        assert {change.dated_price for change in done if change.sku.startswith("SHIRT0")} == {800}
        assert len(rows_of(shop, sku_prices)) == 6
        clock.forward(days=1)
        with shop.database.read() as db:
            assert {sku.price for sku in service.product(db, "shirt-0").skus} == {800}

    @pytest.mark.parametrize(
        "otherwise",
        [
            {"dated_price": {"customer_group": None}},
            {"dated_price": {"valid_from": "2026-01-01T00:00:00Z"}},
            {"dated_price": {"valid_to": None}},
            {"warehouse": "main"},
            {"product": "shirt-0"},
        ],
    )
    def test_what_was_not_shown_is_not_applied(
        self, client: TestClient, staff: dict[str, str], shop: Shop, otherwise: dict[str, Any]
    ) -> None:
        at = "/api/v1/staff/catalogue/bulk"
        day = {"valid_from": "2026-11-27T00:00:00Z", "valid_to": "2026-11-28T00:00:00Z"}
        dated = {"rule": {"kind": "set", "amount": 1}, "customer_group": "trade", **day}
        body = {"skus": ["SHIRT0-S"], "dated_price": dated}
        shown = client.post(f"{at}/preview", json=body, headers=staff | key()).json()["digest"]
        other = body | otherwise | {"dated_price": dated | otherwise.get("dated_price", {})}
        answer = client.post(at, json=other | {"digest": shown}, headers=staff | key())
        assert (answer.status_code, answer.json()["code"]) == (409, "preview_outdated")
        assert rows_of(shop, sku_prices) == []
        assert client.post(at, json=body | {"digest": shown}, headers=staff | key()).status_code == 200

    @pytest.mark.parametrize("group", NO_GROUPS)
    def test_a_group_is_one_that_a_customer_can_be_in(
        self, client: TestClient, staff: dict[str, str], group: str
    ) -> None:
        rule = {"kind": "set", "amount": 1}
        dated = {"rule": rule, "customer_group": group, "valid_from": "2026-11-27T00:00:00Z"}
        at = "/api/v1/staff/catalogue/bulk/preview"
        assert client.post(at, json={"dated_price": dated}, headers=staff | key()).status_code == 422

    def test_stock_of_a_chosen_warehouse_is_changed(self, shop: Shop, shelves: Shelves) -> None:
        with shop.database.transaction("staff") as uow:
            warehousing.put(
                uow, "north", name="North", country="GB", postal_code="LS1", priority=1, is_active=True
            )
        north = Rules(on_hand=Rule("add", 7), warehouse="north")
        for wanted in (7, 14):
            done = changed(shop, Selection(codes=("SHIRT0-S",)), north)
            assert [change.on_hand_after for change in done] == [wanted]
        with shop.database.read() as db:
            levels = warehousing.stock_of(db, shelves.skus["SHIRT0-S"]).levels
            assert {row["warehouse"]: row["on_hand"] for row in levels} == {"main": 10, "north": 14}
            with pytest.raises(NotFound):
                bulk.preview(db, Selection(), Rules(on_hand=Rule("add", 1), warehouse="south"))

    def test_what_is_shown_comes_in_pages_with_what_cannot_be_first(
        self, client: TestClient, staff: dict[str, str], open_for_business: Shop
    ) -> None:
        placed_order(open_for_business, SHIRT2_S=3)
        at = "/api/v1/staff/catalogue/bulk/preview"
        body = {"on_hand": {"kind": "set", "amount": 1}}
        pages = [
            client.post(at, json=body, params={"page": n, "page_size": 4}, headers=staff | key()).json()
            for n in (1, 2)
        ]
        assert [(len(page["changes"]), page["total"], page["problems"]) for page in pages] == [
            (4, 6, 1),
            (2, 6, 1),
        ]
        assert pages[0]["changes"][0]["sku"] == "SHIRT2-S"
        assert pages[0]["digest"] == pages[1]["digest"]

    def test_over_http(self, client: TestClient, open_for_business: Shop) -> None:
        staff = {"Authorization": f"Bearer {open_for_business.keys.staff_token}"}
        at = "/api/v1/staff/catalogue/bulk"
        body = {"product": "shirt-0", "price": {"kind": "percent", "amount": -1_000, "ending": 99}}
        shown = client.post(f"{at}/preview", json=body, headers=staff | key()).json()
        assert [change["price_after"] for change in shown["changes"]] == [899, 899]
        done = client.post(at, json=body | {"digest": shown["digest"]}, headers=staff | key())
        assert (done.status_code, done.json()["problems"]) == (200, 0)
        again = client.post(at, json=body | {"digest": shown["digest"]}, headers=staff | key())
        assert (again.status_code, again.json()["code"]) == (409, "preview_outdated")


def row(price: int, **more: Any) -> dict[str, Any]:
    return {
        "currency": "GBP",
        "customer_group": None,
        "price": price,
        "valid_from": NOW - DAY,
        "valid_to": None,
    } | more


class TestPrices:
    @pytest.mark.parametrize(
        ("rows", "expected"),
        [
            ([], None),
            ([row(900)], 900),
            ([row(900, currency="EUR")], None),
            ([row(900, valid_from=NOW)], 900),
            ([row(900, valid_to=NOW)], None),
            ([row(900, valid_from=NOW + DAY)], None),
            ([row(900), row(950, valid_from=NOW - DAY / 2)], 950),
            ([row(900), row(800)], 800),
            ([row(900), row(850, customer_group="trade")], 850),
            ([row(900), row(950, customer_group="trade")], 900),
            ([row(900), row(950, customer_group="staff")], 900),
            ([row(700, customer_group="club"), row(950, customer_group="trade")], 700),
        ],
    )
    def test_the_price_that_holds(self, rows: list[dict[str, Any]], expected: int | None) -> None:
        assert pricing.resolved(rows, "GBP", ["trade", "club"], NOW) == expected

    @pytest.mark.parametrize(
        ("rows", "expected"),
        [
            ([], 900),
            ([row(950)], 950),
            ([row(850, customer_group="trade")], 850),
            ([row(950, customer_group="trade")], 900),
        ],
    )
    def test_the_skus_own_price_is_everybodys_until_a_row_is(
        self, rows: list[dict[str, Any]], expected: int
    ) -> None:
        assert pricing.resolved(rows, "GBP", ["trade"], NOW, own=900) == expected

    def test_shelf_and_cart_ask_the_same_from_the_date_on(
        self, shop: Shop, shelves: Shelves, clock: MovableClock
    ) -> None:
        with shop.database.transaction("staff") as uow:
            sale = row(700, valid_from=clock.now + DAY, valid_to=clock.now + 2 * DAY)
            pricing.set_prices(uow, shelves.skus["SHIRT0-S"], [sale, row(1, customer_group="trade")])
        with shop.database.transaction("test") as uow:
            cart_id = checkout.create(uow, shop.terms)
            checkout.add(uow, cart_id, {"SHIRT0-S": 1})
        seen = []
        for _ in range(3):
            with shop.database.read() as db:
                cart = checkout.priced(db, shop.terms, cart_id).lines[0]["price"]
                (shown,) = [
                    sku.price for sku in service.product(db, "shirt-0").skus if sku.code == "SHIRT0-S"
                ]
                (card,) = [card for card in service.list_products(db).items if card.slug == "shirt-0"]
                seen.append((cart, shown, card.price_from))
            clock.forward(days=1)
        assert seen == [(1_000,) * 3, (700,) * 3, (1_000,) * 3]

    def test_without_rows_the_flag_is_down_again(self, shop: Shop, shelves: Shelves) -> None:
        for rows, flag in (([row(700)], True), ([], False)):
            with shop.database.transaction("staff") as uow:
                pricing.set_prices(uow, shelves.skus["SHIRT0-S"], rows)
            assert [sku["has_prices"] for sku in rows_of(shop, skus) if sku["code"] == "SHIRT0-S"] == [flag]

    def test_over_http(self, client: TestClient, open_for_business: Shop, shelves: Shelves) -> None:
        staff = {"Authorization": f"Bearer {open_for_business.keys.staff_token}"}
        at = f"/api/v1/staff/catalogue/skus/{shelves.skus['SHIRT0-S']}/prices"
        sale = {"currency": "GBP", "price": 700, "valid_from": "2026-11-01T00:00:00Z"}
        answer = client.put(at, json={"prices": [sale]}, headers=staff)
        assert answer.json()["prices"][0] == sale | {"customer_group": None, "valid_to": None}
        assert client.get(at, headers=staff).json() == answer.json()
        no_groups = [{"customer_group": each} for each in NO_GROUPS]
        for wrong in ({"valid_to": "2026-10-01T00:00:00Z"}, *no_groups):
            assert client.put(at, json={"prices": [sale | wrong]}, headers=staff).status_code == 422

    def test_a_currency_that_the_shop_does_not_sell_in_is_refused(
        self, client: TestClient, staff: dict[str, str], shop: Shop, shelves: Shelves
    ) -> None:
        at = f"/api/v1/staff/catalogue/skus/{shelves.skus['SHIRT0-S']}/prices"
        prices = [
            {"currency": currency, "price": 700, "valid_from": "2026-11-01T00:00:00Z"}
            for currency in ("GBP", "GPB")
        ]
        refused = client.put(at, json={"prices": prices}, headers=staff)
        assert (refused.status_code, refused.json()["code"]) == (400, "currency_not_sold")
        assert rows_of(shop, sku_prices) == []

    def test_one_that_could_not_be_set_any_more_is_still_shown(
        self, client: TestClient, staff: dict[str, str], shop: Shop, shelves: Shelves
    ) -> None:
        odd = row(700, currency="GPB", customer_group=" no such grp! ")
        with shop.database.transaction("staff") as uow:
            pricing.set_prices(uow, shelves.skus["SHIRT0-S"], [odd])
        at = f"/api/v1/staff/catalogue/skus/{shelves.skus['SHIRT0-S']}/prices"
        (shown,) = client.get(at, headers=staff).json()["prices"]
        assert (shown["currency"], shown["customer_group"]) == ("GPB", " no such grp! ")
