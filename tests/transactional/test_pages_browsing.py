"""What lists and product pages show, and what they leave out when there is nothing to show."""

import re
from typing import Any

import pytest
from fastapi.testclient import TestClient
from shopping import Shelves
from sqlalchemy import Table
from test_backorders import on_preorder
from test_pages_shopping import add_to_basket, cards, shown
from webpage import Webpage

from transactional.catalog import editing, feedback, sku_editing
from transactional.catalog.models import questions, reviews, skus
from transactional.catalog.rules import GIFT_CARD
from transactional.shop import Shop


def test_nothing_is_paged_or_sorted_where_one_page_or_no_product_is_all(client: TestClient) -> None:
    assert "Page 1 of 1" not in shown(client.get("/c/clothes")).text
    nothing = shown(client.get("/search", params={"q": "hat"})).text
    assert "Sort by" not in nothing and "0 products" not in nothing


def test_past_the_last_page_one_is_led_back_to_the_first(client: TestClient) -> None:
    past = shown(client.get("/c/clothes?page=9&sort=name"))
    (first,) = [link["href"] for link in past.links if "page=1" in link["href"]]
    assert len(cards(shown(client.get(first)))) == 3


def test_a_deep_tree_is_walked_down_and_up_again(client: TestClient, shop: Shop, shelves: Shelves) -> None:
    above: str | None = None
    with shop.database.transaction("staff") as uow:
        for slug in "abcd":
            above = editing.add_category(uow, slug, slug.upper(), above)
        editing.edit_category(uow, editing.add_category(uow, "hidden", "Hidden", above), {"is_hidden": True})
    for at, slug in enumerate("abcd"):
        page = client.get(f"/c/{slug}").text
        crumbs, rest = page.split('<p class="crumbs">')[1].split("</p>", 1)
        assert re.findall('href="(.*?)"', crumbs) == ["/", *(f"/c/{each}" for each in "abcd"[:at])]
        assert re.findall('href="/c/(.*?)"', rest) == list("abcd"[at + 1 : at + 2])


@pytest.mark.parametrize("table", [reviews, questions])
def test_all_that_was_said_can_be_read(
    client: TestClient, shop: Shop, shelves: Shelves, table: Table
) -> None:
    def read(address: str) -> tuple[list[int], Webpage]:
        page = shown(client.get(address))
        return [int(found) for found in re.findall(r"Said (\d+)", page.text)], page

    with shop.database.transaction("staff") as uow:
        for number in range(12):
            more: dict[str, Any] = {"question": "Why?"} if table is questions else {"rating": 4}
            write = feedback.ask if table is questions else feedback.review
            row = write(uow, "shirt-0", author=f"Said {number}", **more)
            feedback.moderate(uow, table, row["id"], "published", None)
    first, page = read("/p/shirt-0")
    assert len(first) == 10 and "Page 1 of 2" in page.text
    (more_of_it,) = [link["href"] for link in page.links if link.get("rel") == "next"]
    assert more_of_it == f"/p/shirt-0?{table.name}=2#{table.name}"
    rest, page = read(more_of_it)
    assert sorted(first + rest) == list(range(12))
    assert [link["href"] for link in page.links if link.get("rel") == "prev"] == [
        f"/p/shirt-0?{table.name}=1#{table.name}"
    ]
    assert read(f"/p/shirt-0?{table.name}=99")[0] == rest
    (kept,) = [link["href"] for link in read("/p/shirt-0?order=a%26b")[1].links if link.get("rel") == "next"]
    assert kept == f"/p/shirt-0?{table.name}=2&order=a%26b#{table.name}"


def test_a_search_for_nothing_shows_everything(client: TestClient) -> None:
    assert "All products 3 products" in shown(client.get("/search")).text


def test_without_offers_home_shows_what_is_new(client: TestClient, shop: Shop, shelves: Shelves) -> None:
    with shop.database.transaction("staff") as uow:
        for sku_id in shelves.skus.values():
            sku_editing.edit_sku(uow, sku_id, {"price": 1_000, "list_price": 1_000})
    home = shown(client.get("/"))
    assert "New here" in home.text and "On offer" not in home.text
    assert set(cards(home)) == {"shirt-0", "shirt-1", "shirt-2"}


def test_what_has_no_picture_asks_for_none(client: TestClient) -> None:
    add_to_basket(client, "shirt-0")
    for path in ("/", "/c/clothes", "/p/shirt-0", "/cart", "/checkout"):
        asked = [given["src"] for tag, given in shown(client.get(path)).elements if tag == "img"]
        assert [url for url in asked if "pixel.gif" not in url] == [], path


def test_each_choice_says_its_price_where_they_differ(
    client: TestClient, shop: Shop, shelves: Shelves
) -> None:
    assert "S · £" not in shown(client.get("/p/shirt-0")).text
    with shop.database.transaction("staff") as uow:
        sku_editing.edit_sku(uow, shelves.skus["SHIRT0-M"], {"price": 1_250, "list_price": 1_250})
    page = shown(client.get("/p/shirt-0")).text
    assert "from £10.00" in page and "S · £10.00" in page and "M · £12.50" in page
    assert shown(client.get("/c/clothes")).text.count("from £10.00") == 1


def test_a_gift_card_promises_no_delivery(client: TestClient, shop: Shop, shelves: Shelves) -> None:
    assert "Free returns" in shown(client.get("/p/shirt-0")).text
    with shop.database.transaction("staff") as uow:
        for code in ("SHIRT0-S", "SHIRT0-M"):
            uow.update(skus, uow.lock(skus, shelves.skus[code]) or {}, tax_class=GIFT_CARD)
    page = shown(client.get("/p/shirt-0")).text
    assert "No delivery" in page and "Free returns" not in page


def test_a_choice_that_comes_later_than_the_others_says_so(
    client: TestClient, open_for_business: Shop, shelves: Shelves
) -> None:
    with open_for_business.database.read() as db:
        day = db.now.replace(year=db.now.year + 1)
    on_preorder(open_for_business, shelves.skus["SHIRT0-M"], day)
    page = shown(client.get("/p/shirt-0")).text
    assert "✓ In stock" in page
    assert page.count("Pre-order: ships from") == 1
    on_preorder(open_for_business, shelves.skus["SHIRT0-S"], day)
    assert shown(client.get("/p/shirt-0")).text.count("Pre-order: ships from") == 1
