import json
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from shopping import Shelves, key, level, rows_of

from transactional.catalog import creation, editing, generation, matrix, sku_editing
from transactional.catalog.drafts import ProductDraft, SkuDraft
from transactional.catalog.errors import (
    AlreadyThere,
    BadTemplate,
    OtherOptions,
    PriceAboveList,
    SameOptions,
    TooManyCombinations,
    UnknownCombination,
)
from transactional.catalog.generation import Batch, Override
from transactional.catalog.matrix import CodeTemplate
from transactional.catalog.models import products, skus
from transactional.shop import Shop

SIZES = {"size": ["S", "M"], "colour": ["Red", "Dark blue"]}
TEMPLATE = "{product}-{size}-{colour}"
LIKE = SkuDraft("", 900, 1_000, 300)


def numbered() -> dict[int, dict[str, str]]:
    return matrix.chosen(matrix.combinations(SIZES), [], [])


class TestMatrix:
    def test_the_last_option_changes_fastest(self) -> None:
        found = [tuple(each.values()) for each in matrix.combinations(SIZES)]
        assert found == [("S", "Red"), ("S", "Dark blue"), ("M", "Red"), ("M", "Dark blue")]

    @given(st.dictionaries(st.text(min_size=1), st.sets(st.text(), min_size=1, max_size=4), max_size=4))
    def test_every_combination_is_there_once(self, values: dict[str, set[str]]) -> None:
        found = matrix.combinations({name: sorted(each) for name, each in values.items()})
        assert len(found) == len({matrix.identity(each) for each in found})
        for each in found:
            assert all(each[name] in values[name] for name in values)

    def test_more_than_ten_thousand_are_refused(self) -> None:
        values = {name: [str(n) for n in range(101)] for name in ("a", "b")}
        with pytest.raises(TooManyCombinations):
            matrix.combinations(values)

    def test_patterns_choose_a_subset(self) -> None:
        every = matrix.combinations(SIZES)
        small = matrix.chosen(every, [{"size": "S"}], [{"colour": "Red"}])
        assert small == {2: {"size": "S", "colour": "Dark blue"}}
        assert list(matrix.chosen(every, [], []).values()) == every

    @given(st.lists(st.dictionaries(st.sampled_from("abc"), st.sampled_from("xy"), max_size=3), max_size=9))
    def test_patterns_are_found_by_what_they_name(self, patterns: list[dict[str, str]]) -> None:
        for each in matrix.combinations({name: ["x", "y", "z"] for name in "abc"}):
            fitting = [number for number, pattern in enumerate(patterns) if pattern.items() <= each.items()]
            assert sorted(matrix.Patterns(patterns).fitting(each)) == fitting

    def test_words_become_codes(self) -> None:
        codes = CodeTemplate(TEMPLATE, SIZES).codes("linen-shirt", numbered())
        assert codes[1] == "LINEN-SHIRT-S-DARK-BLUE"
        assert [matrix.in_code(word) for word in ("Größe", "10 mm", "赤")] == ["GROSSE", "10-MM", "赤"]

    @pytest.mark.parametrize(
        "template",
        [
            "{product}-{size}",  # two colours, one code
            "{product}-{weight}",
            "{product.__class__}",
            "{size!r}{colour}",
            "{size:>9}{colour}",
            "{}{size}{colour}",
            "{size",
            "{product} {size}{colour}",
            "{size}{colour}" + "X" * 64,
        ],
    )
    def test_a_template_that_makes_no_good_codes_is_refused(self, template: str) -> None:
        with pytest.raises(BadTemplate):
            CodeTemplate(template, SIZES).codes("shirt", numbered())


@pytest.fixture
def coat(shop: Shop) -> str:
    """A product without SKUs."""
    with shop.database.transaction("staff") as uow:
        category = creation.create_category(uow, "coats", "Coats")
        return editing.add_product(uow, ProductDraft("coat", "Coat", category, [], status="draft"), "GBP")


def test_a_batch_creates_what_is_chosen_and_not_there(shop: Shop, coat: str) -> None:
    with shop.database.transaction("staff") as uow:
        red = generation.create(uow, coat, Batch(SIZES, TEMPLATE, only=[{"colour": "Red"}]), LIKE, "GBP")
        assert list(red) == ["COAT-S-RED", "COAT-M-RED"]
        cells = generation.cells(uow, coat, Batch(SIZES, "X-" + TEMPLATE))
        assert [(cell.code, cell.exists) for cell in cells] == [
            ("COAT-S-RED", True),
            ("X-COAT-S-DARK-BLUE", False),
            ("COAT-M-RED", True),
            ("X-COAT-M-DARK-BLUE", False),
        ]
        assert len(generation.create(uow, coat, Batch(SIZES, TEMPLATE), LIKE, "GBP")) == 2
        assert generation.create(uow, coat, Batch(SIZES, TEMPLATE), LIKE, "GBP") == {}
    rows = rows_of(shop, skus)
    assert sorted(row["position"] for row in rows) == [0, 1, 2, 3]


def test_a_taken_code_stops_the_whole_batch(shop: Shop, coat: str, shelves: Shelves) -> None:
    values = {"size": ["M", "S"]}
    with shop.database.transaction("staff") as uow, pytest.raises(AlreadyThere):
        generation.create(uow, coat, Batch(values, "SHIRT0-{size}"), LIKE, "GBP")
    assert {row["id"] for row in rows_of(shop, skus)} == set(shelves.skus.values())


def test_a_product_has_the_same_options_throughout(shop: Shop, shelves: Shelves) -> None:
    (shirt,) = [row["id"] for row in rows_of(shop, products) if row["slug"] == "shirt-0"]
    with shop.database.transaction("staff") as uow, pytest.raises(OtherOptions):
        generation.cells(uow, shirt, Batch(SIZES, TEMPLATE))


def test_a_code_of_another_product_shows_before_it_is_refused(
    shop: Shop, coat: str, shelves: Shelves
) -> None:
    batch = Batch({"size": ["M", "XL"]}, "SHIRT0-{size}")
    with shop.database.read() as db:
        assert [(cell.code, cell.exists, cell.taken) for cell in generation.cells(db, coat, batch)] == [
            ("SHIRT0-M", False, True),
            ("SHIRT0-XL", False, False),
        ]


@pytest.mark.parametrize("unknown", [{"Size": "S"}, {"size": "XXL"}, {"colour": "red"}])
@pytest.mark.parametrize("name", ["only", "leave_out"])
def test_a_pattern_that_fits_nothing_is_refused(
    client: TestClient, staff: dict[str, str], coat: str, name: str, unknown: dict[str, str]
) -> None:
    at = f"/api/v1/staff/catalogue/products/{coat}/matrix"
    body = {"options": SIZES, "code_template": TEMPLATE, name: [{"size": "S"}, unknown]}
    for path, more in ((at, {}), (f"{at}/skus", {"price": 900, "list_price": 1_000})):
        answer = client.post(path, json=body | more, headers=staff | key())
        assert (answer.status_code, answer.json()["code"]) == (409, "unknown_combination")
        assert answer.json()["details"] == {"options": unknown}


def test_codes_of_what_is_not_chosen_do_not_collide(shop: Shop, coat: str) -> None:
    with shop.database.transaction("staff") as uow:
        one_size = Batch(SIZES, "{product}-{colour}", only=[{"size": "S"}])
        assert list(generation.create(uow, coat, one_size, LIKE, "GBP")) == ["COAT-RED", "COAT-DARK-BLUE"]


def test_combinations_have_prices_barcodes_and_stock_of_their_own(shop: Shop, coat: str) -> None:
    overrides = [
        Override({"size": "M", "colour": "Red"}, {"price": 700, "barcode": "123"}, 9),
        Override({"size": "M"}, {"price": 800, "cost": 250, "weight_grams": 400}),
        Override({}, {"list_price": 1_100}, 2),
    ]
    with shop.database.transaction("staff") as uow:
        ids = generation.create(uow, coat, Batch(SIZES, TEMPLATE), LIKE, "GBP", overrides)
    by_code = {row["code"]: row for row in rows_of(shop, skus)}
    red, blue = by_code["COAT-M-RED"], by_code["COAT-M-DARK-BLUE"]
    assert (red["price"], red["cost"], red["barcode"], red["list_price"]) == (700, 250, "123", 1_100)
    assert (blue["price"], blue["weight_grams"], by_code["COAT-S-RED"]["price"]) == (800, 400, 900)
    assert [level(shop, ids[code]) for code in ("COAT-M-RED", "COAT-S-RED")] == [(9, 0), (2, 0)]


def test_an_override_that_makes_no_sense_is_refused(shop: Shop, coat: str) -> None:
    def create(*overrides: Override) -> None:
        with shop.database.transaction("staff") as uow:
            generation.create(uow, coat, Batch(SIZES, TEMPLATE), LIKE, "GBP", overrides)

    with pytest.raises(UnknownCombination, match="size XS"):
        create(Override({"size": "XS"}, {"price": 1}))
    with pytest.raises(PriceAboveList):
        create(Override({"size": "S"}, {"price": 2_000}))
    with pytest.raises(AlreadyThere, match="barcode"):
        create(Override({"size": "S"}, {"barcode": "123"}))
    assert rows_of(shop, skus) == []


class TestOptions:
    def test_a_plain_sku_gets_options_and_then_a_matrix(self, shop: Shop, coat: str) -> None:
        with shop.database.transaction("staff") as uow:
            ids = sku_editing.add_skus(uow, coat, [SkuDraft("COAT", 900, 1_000, 300)], "GBP")
            sku_editing.edit_sku(uow, ids["COAT"], {"options": {"size": "S", "colour": "Red"}})
            assert len(generation.create(uow, coat, Batch(SIZES, TEMPLATE), LIKE, "GBP")) == 3

    def test_all_skus_get_a_further_option_together(self, shop: Shop, shelves: Shelves) -> None:
        (shirt,) = [row["id"] for row in rows_of(shop, products) if row["slug"] == "shirt-0"]
        with shop.database.transaction("staff") as uow:
            with pytest.raises(OtherOptions):
                sku_editing.set_options(uow, shirt, {"SHIRT0-S": {"size": "S", "colour": "Red"}})
            both = {f"SHIRT0-{size}": {"size": size, "colour": "Red"} for size in "SM"}
            sku_editing.set_options(uow, shirt, both)
            assert len(generation.create(uow, shirt, Batch(SIZES, TEMPLATE), LIKE, "GBP")) == 2

    def test_no_two_skus_have_the_same_values(self, shop: Shop, shelves: Shelves) -> None:
        (shirt,) = [row["id"] for row in rows_of(shop, products) if row["slug"] == "shirt-0"]
        with shop.database.transaction("staff") as uow:
            with pytest.raises(SameOptions):
                sku_editing.edit_sku(uow, shelves.skus["SHIRT0-S"], {"options": {"size": "M"}})
            for options, refusal in (({"size": "M"}, SameOptions), ({"colour": "Red"}, OtherOptions)):
                with pytest.raises(refusal):
                    sku_editing.add_skus(uow, shirt, [SkuDraft("NEW", 1, 1, 1, options)], "GBP")

    def test_sizes_are_exchanged_in_one_step(self, shop: Shop, shelves: Shelves) -> None:
        (shirt,) = [row["id"] for row in rows_of(shop, products) if row["slug"] == "shirt-0"]
        with shop.database.transaction("staff") as uow:
            sku_editing.set_options(uow, shirt, {"SHIRT0-S": {"size": "M"}, "SHIRT0-M": {"size": "S"}})
        by_code = {row["code"]: row["options"] for row in rows_of(shop, skus)}
        assert (by_code["SHIRT0-S"], by_code["SHIRT0-M"]) == ({"size": "M"}, {"size": "S"})


def test_matrix_and_batch_over_http(client: TestClient, open_for_business: Shop, coat: str) -> None:
    staff = {"Authorization": f"Bearer {open_for_business.keys.staff_token}"}
    body: dict[str, Any] = {
        "options": SIZES,
        "code_template": TEMPLATE,
        "leave_out": [{"size": "M", "colour": "Red"}],
    }
    at = f"/api/v1/staff/catalogue/products/{coat}/matrix"
    shown = client.post(at, json=body, headers=staff | key()).json()
    assert (shown["new"], shown["cells"][0]["code"]) == (3, "COAT-S-RED")
    prices: dict[str, Any] = {"price": 900, "list_price": 1_000}
    many = [
        {"options": {"size": "M"}, "price": 900 - n % 7} for n in range(3_000)
    ]  # more than other bodies may be
    assert len(json.dumps(many)) > 65_536
    prices["overrides"] = many
    made = client.post(f"{at}/skus", json=body | prices, headers=staff | key())
    assert (made.status_code, made.json()["created"]) == (201, 3)
    assert [cell["exists"] for cell in client.post(at, json=body, headers=staff | key()).json()["cells"]] == [
        True
    ] * 3
    wrong = client.post(f"{at}/skus", json=body | {"price": 2, "list_price": 1}, headers=staff | key())
    assert wrong.json()["code"] == "price_above_list"
