import threading
from typing import Any

import pytest
from fastapi.testclient import TestClient
from shopping import Shelves, key, rows_of

from transactional.catalog import editing, service, sku_editing
from transactional.catalog.drafts import ProductDraft, SkuDraft
from transactional.catalog.editing import Picture
from transactional.catalog.errors import (
    AlreadyThere,
    CategoryCycle,
    IllegalStatus,
    NothingToSell,
    PriceAboveList,
)
from transactional.catalog.models import categories, product_media, products, skus
from transactional.errors import NotFound
from transactional.shop import Shop

NOBODY = "0190a5c0-0000-7000-8000-000000000000"


@pytest.fixture
def tree(shop: Shop) -> dict[str, str]:
    """Ids by slug: a with a1 and a2 below, b without any."""
    ids: dict[str, str] = {}
    with shop.database.transaction("staff") as uow:
        for slug, parent in (("a", None), ("b", None), ("a1", "a"), ("a2", "a")):
            ids[slug] = editing.add_category(uow, slug, slug.upper(), ids[parent] if parent else None)
    return ids


def shape(shop: Shop) -> dict[str | None, list[str]]:
    """The slugs of each category's children, in order."""
    rows = rows_of(shop, categories)
    slugs = {row["id"]: row["slug"] for row in rows}
    found: dict[str | None, list[str]] = {}
    for row in sorted(rows, key=lambda row: row["position"]):
        found.setdefault(slugs.get(row["parent_id"]), []).append(row["slug"])
    return found


class TestTree:
    def test_a_new_category_is_the_last(self, shop: Shop, tree: dict[str, str]) -> None:
        assert shape(shop) == {None: ["a", "b"], "a": ["a1", "a2"]}

    def test_a_category_moves_with_all_below_it(self, shop: Shop, tree: dict[str, str]) -> None:
        with shop.database.transaction("staff") as uow:
            editing.move_category(uow, tree["a"], tree["b"], 0)
        assert shape(shop) == {None: ["b"], "b": ["a"], "a": ["a1", "a2"]}

    def test_siblings_are_reordered(self, shop: Shop, tree: dict[str, str]) -> None:
        with shop.database.transaction("staff") as uow:
            editing.move_category(uow, tree["a2"], tree["a"], 0)
            editing.move_category(uow, tree["b"], None, 0)
        assert shape(shop) == {None: ["b", "a"], "a": ["a2", "a1"]}

    @pytest.mark.parametrize("below", ["a", "a1"])
    def test_nothing_comes_to_stand_below_itself(self, shop: Shop, tree: dict[str, str], below: str) -> None:
        with shop.database.transaction("staff") as uow, pytest.raises(CategoryCycle):
            editing.move_category(uow, tree["a"], tree[below], 0)

    def test_two_moves_at_once_make_no_cycle(self, shop: Shop, tree: dict[str, str]) -> None:
        ready = threading.Barrier(2)
        outcomes: list[str] = []

        def move(what: str, below: str) -> None:
            ready.wait()
            try:
                with shop.database.transaction("staff") as uow:
                    editing.move_category(uow, tree[what], tree[below], 0)
                outcomes.append("moved")
            except CategoryCycle:
                outcomes.append("refused")

        movers = [threading.Thread(target=move, args=pair) for pair in (("a", "b"), ("b", "a"))]
        for each in movers:
            each.start()
        for each in movers:
            each.join()
        assert sorted(outcomes) == ["moved", "refused"]

    def test_an_unknown_parent_is_not_found(self, shop: Shop, tree: dict[str, str]) -> None:
        with shop.database.transaction("staff") as uow:
            with pytest.raises(NotFound):
                editing.add_category(uow, "c", "C", NOBODY)
            with pytest.raises(NotFound):
                editing.move_category(uow, tree["a"], NOBODY, 0)

    def test_a_slug_is_given_once(self, shop: Shop, tree: dict[str, str]) -> None:
        with shop.database.transaction("staff") as uow:
            with pytest.raises(AlreadyThere):
                editing.add_category(uow, "a", "Again", None)
            editing.add_brand(uow, "acme", "Acme")
            with pytest.raises(AlreadyThere):
                editing.add_brand(uow, "acme", "Acme again")


class TestProducts:
    @pytest.fixture
    def draft(self, shop: Shop, tree: dict[str, str]) -> str:
        with shop.database.transaction("staff") as uow:
            draft = ProductDraft("hat", "Hat", tree["a1"], [], status="draft")
            return editing.add_product(uow, draft, "GBP")

    def test_a_draft_goes_live_with_its_first_sku(self, shop: Shop, draft: str) -> None:
        with shop.database.transaction("staff") as uow:
            with pytest.raises(NothingToSell):
                editing.set_status(uow, draft, "live")
            sku_editing.add_skus(
                uow, draft, [SkuDraft("HAT", 900, 1_000, 300, barcode="4006381333931")], "GBP"
            )
            editing.set_status(uow, draft, "live")
        with shop.database.read() as db:
            assert [sku.code for sku in service.product(db, "hat").skus] == ["HAT"]

    def test_only_legal_steps_of_life(self, shop: Shop, draft: str) -> None:
        def became(status: str) -> bool:
            try:
                with shop.database.transaction("staff") as uow:
                    editing.set_status(uow, draft, status)
            except IllegalStatus:
                return False
            return True

        with shop.database.transaction("staff") as uow:
            sku_editing.add_skus(uow, draft, [SkuDraft("HAT", 900, 1_000, 300)], "GBP")
        steps = ["draft", "live", "draft", "retired", "draft", "live", "live"]
        assert [became(step) for step in steps] == [True, True, False, True, False, True, True]

    def test_skus_of_a_product_stand_in_the_order_they_came(self, shop: Shop, draft: str) -> None:
        with shop.database.transaction("staff") as uow:
            for codes in (("H1", "H2"), ("H3",)):
                drafts = [SkuDraft(code, 1, 1, 1, {"size": code}) for code in codes]
                sku_editing.add_skus(uow, draft, drafts, "GBP")
        rows = sorted(rows_of(shop, skus), key=lambda row: row["position"])
        assert [row["code"] for row in rows] == ["H1", "H2", "H3"]

    def test_a_code_is_given_once(self, shop: Shop, shelves: Shelves, tree: dict[str, str]) -> None:
        with shop.database.transaction("staff") as uow:
            for codes in (["NEW", "NEW"], ["NEW", "SHIRT0-S"]):
                draft = ProductDraft("coat", "Coat", tree["a"], [SkuDraft(code, 1, 1, 1) for code in codes])
                with pytest.raises(AlreadyThere):
                    editing.add_product(uow, draft, "GBP")
        assert "coat" not in {row["slug"] for row in rows_of(shop, products)}

    def test_a_price_stays_at_or_below_the_list_price(self, shop: Shop, shelves: Shelves) -> None:
        with shop.database.transaction("staff") as uow:
            sku_editing.edit_sku(uow, shelves.skus["SHIRT0-S"], {"price": 1_200, "tax_class": "zero"})
            with pytest.raises(PriceAboveList):
                sku_editing.edit_sku(uow, shelves.skus["SHIRT0-S"], {"price": 1_201})

    def test_the_first_picture_is_the_main_one(self, shop: Shop, draft: str) -> None:
        two = [Picture("/media/1.svg", "From above"), Picture("https://cdn.example/2.png")]
        for wanted in (two, two[::-1], []):
            with shop.database.transaction("staff") as uow:
                editing.set_pictures(uow, draft, wanted)
                (row,) = uow.rows(products.select())
                assert editing.pictures(uow, row) == wanted
                assert row["image"] == (wanted[0].url if wanted else None)
        assert rows_of(shop, product_media) == []

    def test_a_product_without_media_has_its_image(self, shop: Shop, tree: dict[str, str]) -> None:
        with shop.database.transaction("staff") as uow:
            hat = ProductDraft("hat", "Hat", tree["a"], [], image="/media/hat.svg", status="draft")
            editing.add_product(uow, hat, "GBP")
            assert editing.pictures(uow, uow.rows(products.select())[0]) == [Picture("/media/hat.svg")]

    def test_a_product_without_a_sku_is_not_live(self, shop: Shop, tree: dict[str, str]) -> None:
        with shop.database.transaction("staff") as uow, pytest.raises(NothingToSell):
            editing.add_product(uow, ProductDraft("hat", "Hat", tree["a"], []), "GBP")


class TestOverHttp:
    @pytest.fixture
    def staff(self, open_for_business: Shop) -> dict[str, str]:
        return {"Authorization": f"Bearer {open_for_business.keys.staff_token}"}

    def post(self, client: TestClient, staff: dict[str, str], path: str, body: Any) -> Any:
        answer = client.post(f"/api/v1/staff/catalogue{path}", json=body, headers=staff | key())
        assert answer.status_code == 201, answer.text
        return answer.json()

    def test_from_category_to_live_product(self, client: TestClient, staff: dict[str, str]) -> None:
        category = self.post(client, staff, "/categories", {"slug": "hats", "name": "Hats"})["id"]
        brand = self.post(client, staff, "/brands", {"slug": "acme", "name": "Acme"})["id"]
        body = {"slug": "straw-hat", "name": "Straw hat", "category_id": category, "brand_id": brand}
        made = self.post(client, staff, "/products", body)
        assert (made["status"], made["skus"]) == ("draft", [])
        at = f"/api/v1/staff/catalogue/products/{made['id']}"
        sku = {"code": "STRAW", "price": 1_900, "list_price": 2_500, "barcode": "4006381333931"}
        with_sku = self.post(client, staff, f"/products/{made['id']}/skus", {"skus": [sku]})
        assert with_sku["skus"][0] | sku == with_sku["skus"][0]
        pictures = {"pictures": [{"url": "/media/straw.svg", "alt": "A hat"}]}
        assert (
            client.put(f"{at}/pictures", json=pictures, headers=staff).json()["pictures"][0]["alt"] == "A hat"
        )
        edited = client.patch(at, json={"name": "Sun hat", "tags": ["summer"]}, headers=staff).json()
        assert (edited["name"], edited["tags"], edited["brand_id"]) == ("Sun hat", ["summer"], brand)
        assert client.put(f"{at}/status", json={"status": "live"}, headers=staff).json()["status"] == "live"
        assert client.get("/api/v1/products/straw-hat").json()["image"] == "/media/straw.svg"
        sku_at = f"/api/v1/staff/catalogue/skus/{with_sku['skus'][0]['id']}"
        assert client.patch(sku_at, json={"price": 1_500}, headers=staff).status_code == 200
        assert client.get(at, headers=staff).json()["skus"][0]["price"] == 1_500
        listed = client.get("/api/v1/staff/catalogue/products?status=live", headers=staff).json()["items"]
        assert "straw-hat" in {each["slug"] for each in listed}

    def test_categories_and_brands_are_renamed_and_moved(
        self, client: TestClient, staff: dict[str, str]
    ) -> None:
        upper = self.post(client, staff, "/categories", {"slug": "hats", "name": "Hats"})["id"]
        lower = {"slug": "caps", "name": "Caps", "parent_id": upper}
        below = self.post(client, staff, "/categories", lower)["id"]
        at = "/api/v1/staff/catalogue/categories"
        tree = client.patch(f"{at}/{below}", json={"name": "Flat caps"}, headers=staff).json()["items"]
        assert "Flat caps" in {each["name"] for each in tree}
        refused = client.put(f"{at}/{upper}/place", json={"parent_id": below}, headers=staff)
        assert (refused.status_code, refused.json()["code"]) == (409, "category_cycle")
        moved = client.put(f"{at}/{below}/place", json={"parent_id": None}, headers=staff).json()["items"]
        assert {each["id"]: each["parent_id"] for each in moved}[below] is None
        brand = self.post(client, staff, "/brands", {"slug": "acme", "name": "Acme"})["id"]
        renamed = client.patch(
            f"/api/v1/staff/catalogue/brands/{brand}", json={"name": "Acme & Co"}, headers=staff
        )
        assert renamed.status_code == 200

    def test_it_is_the_staffs(self, client: TestClient) -> None:
        body = {"slug": "hats", "name": "Hats"}
        assert client.post("/api/v1/staff/catalogue/categories", json=body, headers=key()).status_code == 401

    @pytest.mark.parametrize(
        "url", ["javascript:alert(1)", "//evil.example/x", "http://plain.example/x", "a b"]
    )
    def test_a_picture_has_a_safe_address(self, client: TestClient, staff: dict[str, str], url: str) -> None:
        at = f"/api/v1/staff/catalogue/products/{NOBODY}/pictures"
        answer = client.put(at, json={"pictures": [{"url": url}]}, headers=staff)
        assert answer.status_code == 422
