import pytest
from shopping import Shelves, fill_shelves

from transactional.catalog import creation, rules, service, sku_editing
from transactional.catalog.drafts import ProductDraft, SkuDraft
from transactional.catalog.models import skus
from transactional.catalog.schemas import CategoryView
from transactional.errors import NotFound
from transactional.shop import Shop


@pytest.fixture
def departments(shop: Shop) -> None:
    """Clothes with shirts and trousers below, and garden; four products."""
    with shop.database.transaction("test") as uow:
        acme = creation.create_brand(uow, "acme", "Acme")
        clothes = creation.create_category(uow, "clothes", "Clothes")
        shirts = creation.create_category(uow, "shirts", "Shirts", parent_id=clothes, position=1)
        trousers = creation.create_category(uow, "trousers", "Trousers", parent_id=clothes, position=0)
        garden = creation.create_category(uow, "garden", "Garden", position=1)
        for slug, category, price, list_price, brand, status in (
            ("linen-shirt", shirts, 3_000, 4_000, acme, "live"),
            ("jeans", trousers, 5_000, 5_000, None, "live"),
            ("spade", garden, 2_000, 2_000, acme, "live"),
            ("old-hat", clothes, 100, 100, None, "retired"),
        ):
            offers = [SkuDraft(f"{slug}-{n}", price + 100 * n, list_price + 100 * n, 50) for n in range(2)]
            draft = ProductDraft(slug, slug.title(), category, offers, brand_id=brand, status=status)
            creation.create_product(uow, draft, "GBP")


@pytest.mark.usefixtures("departments")
class TestListing:
    def slugs(self, shop: Shop, **filters: object) -> list[str]:
        with shop.database.read() as db:
            return [item.slug for item in service.list_products(db, **filters).items]  # type: ignore[arg-type]

    def test_a_category_shows_its_whole_subtree(self, shop: Shop) -> None:
        assert self.slugs(shop, category="clothes", sort="name") == ["jeans", "linen-shirt"]

    def test_products_of_a_brand(self, shop: Shop) -> None:
        assert self.slugs(shop, brand="acme", sort="name") == ["linen-shirt", "spade"]

    def test_sorted_by_their_lowest_price(self, shop: Shop) -> None:
        assert self.slugs(shop, sort="price_asc") == ["spade", "linen-shirt", "jeans"]
        assert self.slugs(shop, sort="price_desc") == ["jeans", "linen-shirt", "spade"]

    def test_page_by_page(self, shop: Shop) -> None:
        with shop.database.read() as db:
            first = service.list_products(db, sort="name", page=1, page_size=2)
            second = service.list_products(db, sort="name", page=2, page_size=2)
        assert [item.slug for item in first.items + second.items] == ["jeans", "linen-shirt", "spade"]
        assert first.total == second.total == 3

    def test_what_is_retired_is_not_shown(self, shop: Shop) -> None:
        assert "old-hat" not in self.slugs(shop)
        with shop.database.read() as db, pytest.raises(NotFound):
            service.product(db, "old-hat")

    def test_only_offers(self, shop: Shop) -> None:
        assert self.slugs(shop, on_offer=True) == ["linen-shirt"]

    def test_by_words_of_the_name(self, shop: Shop) -> None:
        assert self.slugs(shop, named="SHIRT linen") == ["linen-shirt"]
        assert self.slugs(shop, named="100%") == []

    def test_an_unknown_category_is_an_error(self, shop: Shop) -> None:
        with pytest.raises(NotFound):
            self.slugs(shop, category="cars")

    def test_a_card_shows_the_lowest_price(self, shop: Shop) -> None:
        with shop.database.read() as db:
            card = service.list_products(db, category="shirts").items[0]
        assert (card.price_from, card.list_price_from, card.brand, card.category) == (
            3_000,
            4_000,
            "Acme",
            "Shirts",
        )


def test_a_product_shows_its_place_skus_and_availability(shop: Shop) -> None:
    fill_shelves(shop)
    with shop.database.read() as db:
        shown = service.product(db, "shirt-1")
    assert [step.slug for step in shown.category_path] == ["clothes"]
    assert [(sku.code, sku.options, sku.price, sku.available) for sku in shown.skus] == [
        ("SHIRT1-S", {"size": "S"}, 1_333, 10),
        ("SHIRT1-M", {"size": "M"}, 1_333, 10),
    ]


def test_a_new_price_holds_from_now_on(shop: Shop, shelves: Shelves) -> None:
    with shop.database.transaction("staff") as uow:
        sku_editing.edit_sku(uow, shelves.skus["SHIRT0-S"], {"price": 800, "list_price": 1_200})
    with shop.database.read() as db:
        row = db.get(skus, shelves.skus["SHIRT0-S"])
    assert row is not None
    assert (row["price"], row["list_price"]) == (800, 1_200)


def test_the_tree_keeps_the_order_of_siblings() -> None:
    flat = [
        CategoryView(id="1", parent_id=None, slug="a", name="A", position=0),
        CategoryView(id="2", parent_id="1", slug="a2", name="A2", position=0),
        CategoryView(id="3", parent_id="1", slug="a1", name="A1", position=1),
        CategoryView(id="4", parent_id=None, slug="b", name="B", position=1),
    ]
    top = rules.tree(flat)
    assert [branch.slug for branch in top] == ["a", "b"]
    assert [branch.slug for branch in top[0].categories] == ["a2", "a1"]
