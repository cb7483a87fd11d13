"""What is for sale and where: SKUs are retired, products go live by date, categories are hidden and moved."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from conftest import MovableClock
from fastapi.testclient import TestClient
from shopping import Shelves, key, rows_of
from sqlalchemy import select

from transactional import background
from transactional.catalog import editing, pricing, schedule, service, sku_editing, staff_views
from transactional.catalog.drafts import Picture, ProductDraft, SkuDraft
from transactional.catalog.errors import AlreadyThere, CategoryInUse, LastSku
from transactional.catalog.models import (
    categories,
    category_slugs,
    product_media,
    products,
    sku_prices,
    skus,
)
from transactional.change_log import START, read_changes
from transactional.checkout import service as checkout
from transactional.checkout.errors import NotForSale
from transactional.errors import NotFound
from transactional.shop import Shop
from transactional.stock import service as stock
from transactional.unit_of_work import UnitOfWork

STAFF = "/api/v1/staff/catalogue"


def product_id(shop: Shop, slug: str) -> str:
    (found,) = [row["id"] for row in rows_of(shop, products) if row["slug"] == slug]
    return str(found)


def status_of(shop: Shop, slug: str) -> str:
    (found,) = [row["status"] for row in rows_of(shop, products) if row["slug"] == slug]
    return str(found)


def category_id(shop: Shop, slug: str) -> str:
    (found,) = [row["id"] for row in rows_of(shop, categories) if row["slug"] == slug]
    return str(found)


class TestRetiredSkus:
    def test_one_that_is_retired_is_neither_shown_nor_sold(
        self, client: TestClient, staff: dict[str, str], open_for_business: Shop, shelves: Shelves
    ) -> None:
        cart = client.post("/api/v1/carts", json={}, headers=key()).json()["token"]
        lines = {"lines": [{"sku": "SHIRT0-S", "quantity": 1}]}
        client.post(f"/api/v1/carts/{cart}/lines", json=lines, headers=key())
        at = f"{STAFF}/skus/{shelves.skus['SHIRT0-S']}/retired"
        assert client.put(at, json={"retired": True}, headers=staff).status_code == 200
        shown = client.get("/api/v1/products/shirt-0").json()["skus"]
        assert [sku["code"] for sku in shown] == ["SHIRT0-M"]
        assert [line["for_sale"] for line in client.get(f"/api/v1/carts/{cart}").json()["lines"]] == [False]
        missing = client.get(f"/api/v1/carts/{cart}/checkout").json()["missing"]
        assert "not_for_sale" in {each["code"] for each in missing}
        again = client.post(f"/api/v1/carts/{cart}/lines", json=lines, headers=key())
        assert (again.status_code, again.json()["code"]) == (409, "not_for_sale")
        client.cookies.set("sh_cart", cart)
        assert "Not for sale any more" in client.get("/cart").text
        client.put(at, json={"retired": False}, headers=staff)
        assert len(client.get("/api/v1/products/shirt-0").json()["skus"]) == 2

    def test_a_live_product_keeps_something_to_sell(self, shop: Shop, shelves: Shelves) -> None:
        with shop.database.transaction("staff") as uow:
            sku_editing.retire(uow, shelves.skus["SHIRT0-S"], is_retired=True)
            with pytest.raises(LastSku):
                sku_editing.retire(uow, shelves.skus["SHIRT0-M"], is_retired=True)
            with pytest.raises(NotForSale):
                checkout.add(uow, checkout.create(uow, shop.terms), {"SHIRT0-S": 1})

    def test_a_barcode_is_given_once(self, shop: Shop, shelves: Shelves) -> None:
        with shop.database.transaction("staff") as uow:
            sku_editing.edit_sku(uow, shelves.skus["SHIRT0-S"], {"barcode": "400"})
            sku_editing.edit_sku(uow, shelves.skus["SHIRT0-S"], {"barcode": "400", "cost": 1})
            with pytest.raises(AlreadyThere, match="barcode '400'"):
                sku_editing.edit_sku(uow, shelves.skus["SHIRT0-M"], {"barcode": "400"})
            with pytest.raises(AlreadyThere):
                draft = SkuDraft("L", 1, 1, 1, {"size": "L"}, barcode="400")
                sku_editing.add_skus(uow, product_id(shop, "shirt-1"), [draft], "GBP")


class TestSchedule:
    def test_a_product_goes_live_and_is_retired_by_itself(
        self, shop: Shop, shelves: Shelves, clock: MovableClock
    ) -> None:
        with shop.database.transaction("staff") as uow:
            draft = ProductDraft(
                "coat", "Coat", category_id(shop, "clothes"), [SkuDraft("C", 1, 1, 1)], status="draft"
            )
            coat = editing.add_product(uow, draft, "GBP")
            day = timedelta(days=1)
            schedule.plan(uow, coat, live_from=uow.now + day, live_until=uow.now + 2 * day)
        seen = []
        for _ in range(3):
            asyncio.run(background.change_assortment(shop))
            seen.append(status_of(shop, "coat"))
            clock.forward(days=1)
        assert seen == ["draft", "live", "retired"]
        with shop.database.read() as db:
            assert schedule.due(db, 10) == []

    def test_what_has_nothing_to_sell_by_then_stays_off_sale(self, shop: Shop, shelves: Shelves) -> None:
        with shop.database.transaction("staff") as uow:
            draft = ProductDraft("coat", "Coat", category_id(shop, "clothes"), [], status="draft")
            schedule.plan(uow, editing.add_product(uow, draft, "GBP"), live_from=uow.now, live_until=None)
        asyncio.run(background.change_assortment(shop))
        assert status_of(shop, "coat") == "draft"

    def test_one_that_fails_keeps_no_other_waiting(
        self, shop: Shop, shelves: Shelves, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with shop.database.transaction("staff") as uow:
            for slug in ("cap", "coat"):
                sku = SkuDraft(slug.upper(), 1, 1, 1)
                draft = ProductDraft(slug, slug, category_id(shop, "clothes"), [sku], status="draft")
                schedule.plan(uow, editing.add_product(uow, draft, "GBP"), live_from=uow.now, live_until=None)
        with shop.database.read() as db:
            failing = schedule.due(db, 1)[0]
        follow = schedule.follow

        def fail_at_one(uow: UnitOfWork, product_id: str) -> None:
            follow(uow, product_id)
            if product_id == failing:
                raise RuntimeError("a fault of ours")

        monkeypatch.setattr(schedule, "follow", fail_at_one)
        asyncio.run(background.change_assortment(shop))
        assert sorted(status_of(shop, slug) for slug in ("cap", "coat")) == ["draft", "live"]
        monkeypatch.undo()
        asyncio.run(background.change_assortment(shop))
        assert [status_of(shop, slug) for slug in ("cap", "coat")] == ["live", "live"]

    def test_it_ends_after_it_began(self, client: TestClient, staff: dict[str, str]) -> None:
        at = f"{STAFF}/products/{NOBODY}/schedule"
        wrong = {"live_from": "2026-12-01T00:00:00Z", "live_until": "2026-11-01T00:00:00Z"}
        assert client.put(at, json=wrong, headers=staff).status_code == 422


NOBODY = "0190a5c0-0000-7000-8000-000000000000"


class TestCategories:
    def test_a_hidden_one_is_gone_with_all_below_it(
        self, client: TestClient, staff: dict[str, str], open_for_business: Shop
    ) -> None:
        shop = open_for_business
        with shop.database.transaction("staff") as uow:
            editing.add_category(uow, "shirts", "Shirts", category_id(shop, "clothes"))
        at = f"{STAFF}/categories/{category_id(shop, 'clothes')}"
        tree = client.patch(at, json={"is_hidden": True}, headers=staff).json()["items"]
        assert {each["slug"]: each["is_hidden"] for each in tree} == {"clothes": True, "shirts": False}
        assert client.get("/api/v1/categories").json()["items"] == []
        assert client.get("/c/shirts").status_code == 404
        assert client.get("/p/shirt-0").status_code == 200

    def test_an_old_address_leads_to_the_new_one(
        self, client: TestClient, staff: dict[str, str], open_for_business: Shop
    ) -> None:
        at = f"{STAFF}/categories/{category_id(open_for_business, 'clothes')}"
        body = {"slug": "wear", "description": "<p>All of wool</p>", "image": "/media/wool.svg"}
        assert client.patch(at, json=body, headers=staff).status_code == 200
        moved = client.get("/c/clothes", follow_redirects=False)
        assert (moved.status_code, moved.headers["location"]) == (301, "/c/wear")
        page = client.get("/c/wear").text
        assert "<p>All of wool</p>" in page and "/media/wool.svg" in page
        taken = client.post(
            f"{STAFF}/categories", json={"slug": "clothes", "name": "New"}, headers=staff | key()
        )
        assert (taken.status_code, taken.json()["code"]) == (409, "already_exists")
        assert client.patch(at, json={"slug": "clothes"}, headers=staff).status_code == 200
        assert [row["slug"] for row in rows_of(open_for_business, category_slugs)] == ["wear"]

    def test_only_an_empty_one_is_deleted(self, shop: Shop, shelves: Shelves) -> None:
        with shop.database.transaction("staff") as uow:
            clothes = category_id(shop, "clothes")
            hats = editing.add_category(uow, "hats", "Hats", None)
            editing.edit_category(uow, hats, {"slug": "caps"})
            below = editing.add_category(uow, "sun", "Sun hats", hats)
            for used in (clothes, hats):
                with pytest.raises(CategoryInUse):
                    editing.delete_category(uow, used)
            editing.delete_category(uow, below)
            editing.delete_category(uow, hats)
            with pytest.raises(NotFound):
                editing.delete_category(uow, hats)
        assert [row["slug"] for row in rows_of(shop, categories)] == ["clothes"]


class TestWhatNobodyKnowsYet:
    @pytest.fixture
    def draft(self, shop: Shop, shelves: Shelves) -> str:
        """With two SKUs, a price of one in January and a picture."""
        offers = [SkuDraft(f"COAT-{size}", 900, 900, 300, {"size": size}) for size in ("S", "M")]
        with shop.database.transaction("staff") as uow:
            coat = ProductDraft("caot", "Coat", category_id(shop, "clothes"), offers, status="draft")
            made = editing.add_product(uow, coat, "GBP")
            editing.set_pictures(uow, made, [Picture("/media/coat.svg")])
            sku = uow.value(select(skus.c.id).where(skus.c.code == "COAT-S"))
            row = {"currency": "GBP", "customer_group": None, "price": 1, "valid_from": uow.now}
            pricing.set_prices(uow, sku, [row])
        return made

    def test_a_draft_is_deleted_with_all_that_is_its_own(
        self, client: TestClient, staff: dict[str, str], shop: Shop, draft: str
    ) -> None:
        at = f"{STAFF}/products/{draft}"
        assert client.delete(at, headers=staff).json() == {"id": draft}
        assert len(rows_of(shop, products)) == 3 and len(rows_of(shop, skus)) == 6
        assert (rows_of(shop, sku_prices), rows_of(shop, product_media)) == ([], [])
        gone = [change for change in read_changes(shop.database.engine, START, 1_000) if change.op == "d"]
        assert {(change.table_name, change.actor) for change in gone} == {
            (name, "staff") for name in ("products", "skus", "sku_prices", "product_media")
        }
        assert client.delete(at, headers=staff).status_code == 404
        assert client.delete(at).status_code == 401

    def test_one_that_something_refers_to_stays(
        self, client: TestClient, staff: dict[str, str], shop: Shop, draft: str
    ) -> None:
        with shop.database.transaction("staff") as uow:
            sku = uow.value(select(skus.c.id).where(skus.c.code == "COAT-M"))
            stock.receive(uow, {sku: 1}, "DELIVERY-2")
        answer = client.delete(f"{STAFF}/products/{draft}", headers=staff)
        assert (answer.status_code, answer.json()["code"]) == (409, "product_in_use")
        assert answer.json()["details"]["by"] in ("stock_levels", "stock_movements")
        assert len(rows_of(shop, skus)) == 8

    @pytest.mark.parametrize("status", ["live", "retired"])
    def test_what_is_no_draft_is_not_deleted_and_keeps_its_slug(
        self, client: TestClient, staff: dict[str, str], shop: Shop, draft: str, status: str
    ) -> None:
        with shop.database.transaction("staff") as uow:
            editing.set_status(uow, draft, status)
        at = f"{STAFF}/products/{draft}"
        same = client.patch(at, json={"slug": "caot", "name": "Coat"}, headers=staff)
        assert same.status_code == 200
        renamed = client.patch(at, json={"slug": "coat"}, headers=staff)
        for answer in (client.delete(at, headers=staff), renamed):
            assert (answer.status_code, answer.json()["code"]) == (409, "not_a_draft")

    def test_the_slug_of_a_draft_is_corrected(
        self, client: TestClient, staff: dict[str, str], draft: str
    ) -> None:
        at = f"{STAFF}/products/{draft}"
        assert client.patch(at, json={"slug": "coat"}, headers=staff).json()["slug"] == "coat"
        taken = client.patch(at, json={"slug": "shirt-0"}, headers=staff)
        assert (taken.status_code, taken.json()["code"]) == (409, "already_exists")
        assert client.patch(at, json={"slug": "A coat"}, headers=staff).status_code == 422

    def test_only_a_brand_without_products_is_deleted(
        self, client: TestClient, staff: dict[str, str], shop: Shop, draft: str
    ) -> None:
        with shop.database.transaction("staff") as uow:
            brand = editing.add_brand(uow, "acme", "Acme")
            editing.edit_product(uow, draft, {"brand_id": brand})
        at = f"{STAFF}/brands/{brand}"
        used = client.delete(at, headers=staff)
        assert (used.status_code, used.json()["code"]) == (409, "brand_in_use")
        client.patch(f"{STAFF}/products/{draft}", json={"brand_id": None}, headers=staff)
        assert client.delete(at, headers=staff).json() == {"items": []}
        assert client.delete(at, headers=staff).status_code == 404


class TestBrandsAndLists:
    @pytest.fixture
    def acme(self, open_for_business: Shop) -> str:
        shop = open_for_business
        with shop.database.transaction("staff") as uow:
            acme = editing.add_brand(uow, "acme", "Acme")
            editing.add_brand(uow, "nobody", "Nobody")
            editing.edit_product(
                uow,
                product_id(shop, "shirt-0"),
                {"brand_id": acme, "attributes": {"material": "Linen"}, "tags": ["summer"]},
            )
            editing.set_pictures(
                uow,
                product_id(shop, "shirt-0"),
                [Picture("/media/1.svg", "The front"), Picture("/media/2.svg", "The back")],
            )
        return acme

    def test_brands_are_listed_with_their_products(
        self, client: TestClient, staff: dict[str, str], acme: str
    ) -> None:
        shown = client.get("/api/v1/brands").json()["items"]
        assert shown == [{"slug": "acme", "name": "Acme", "products": 1}]
        every = client.get(f"{STAFF}/brands", headers=staff).json()["items"]
        assert {each["slug"]: each["products"] for each in every} == {"acme": 1, "nobody": 0}
        found = client.get("/api/v1/products", params={"brand": "acme"}).json()["items"]
        assert [each["slug"] for each in found] == ["shirt-0"]
        assert "Shirt 0" in client.get("/b/acme").text
        assert client.get("/b/nope").status_code == 404

    def test_attributes_tags_and_all_pictures_reach_the_shopper(self, client: TestClient, acme: str) -> None:
        shown: dict[str, Any] = client.get("/api/v1/products/shirt-0").json()
        assert (shown["attributes"], shown["tags"]) == ({"material": "Linen"}, ["summer"])
        assert [each["alt"] for each in shown["pictures"]] == ["The front", "The back"]
        page = client.get("/p/shirt-0").text
        for text in ("Material", "Linen", "summer", 'alt="The front"', 'alt="The back"'):
            assert text in page

    def test_a_skus_own_picture_is_shown_with_it(
        self, client: TestClient, staff: dict[str, str], shelves: Shelves
    ) -> None:
        for code in ("SHIRT0-S", "SHIRT0-M"):
            at = f"{STAFF}/skus/{shelves.skus[code]}"
            client.patch(at, json={"image": f"/media/{code}.svg"}, headers=staff)
        assert client.get("/api/v1/products/shirt-0").json()["skus"][0]["image"] == "/media/SHIRT0-S.svg"
        assert 'src="/media/SHIRT0-S.svg" alt="Shirt 0, S"' in client.get("/p/shirt-0").text

    def test_the_staff_finds_products_by_name_and_sku_code(self, shop: Shop, shelves: Shelves) -> None:
        def found(named: str) -> tuple[set[str], int]:
            with shop.database.read() as db:
                page = staff_views.list_products(db, None, named, 1, 2)
            return {each.slug for each in page.items}, page.total

        assert found("shirt1-m") == ({"shirt-1"}, 1)
        assert found("SHIRT 2") == ({"shirt-2"}, 1)
        assert found("shirt%")[1] == 0
        assert found("shirt")[1] == 3 and len(found("shirt")[0]) == 2


def test_a_sku_that_is_retired_counts_for_no_price(shop: Shop, shelves: Shelves) -> None:
    with shop.database.transaction("staff") as uow:
        sku_editing.edit_sku(uow, shelves.skus["SHIRT0-S"], {"price": 1, "list_price": 1_200})
        sku_editing.retire(uow, shelves.skus["SHIRT0-S"], is_retired=True)
    with shop.database.read() as db:
        (card,) = [card for card in service.list_products(db).items if card.slug == "shirt-0"]
    assert (card.price_from, [row["retired_at"] is None for row in rows_of(shop, skus)].count(False)) == (
        1_000,
        1,
    )
