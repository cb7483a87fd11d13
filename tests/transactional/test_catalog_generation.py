from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from shopping import Shelves, key, rows_of

from transactional.catalog import editing, generation, matrix, service
from transactional.catalog.drafts import ProductDraft, SkuDraft
from transactional.catalog.errors import AlreadyThere, BadTemplate, OtherOptions, TooManyCombinations
from transactional.catalog.generation import Batch
from transactional.catalog.matrix import CodeTemplate
from transactional.catalog.models import products, skus
from transactional.shop import Shop

SIZES = {"size": ["S", "M"], "colour": ["Red", "Dark blue"]}
TEMPLATE = "{product}-{size}-{colour}"
LIKE = SkuDraft("", 900, 1_000, 300)


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
        assert small == [{"size": "S", "colour": "Dark blue"}]
        assert matrix.chosen(every, [], []) == every

    def test_words_become_codes(self) -> None:
        codes = CodeTemplate(TEMPLATE, SIZES).codes("linen-shirt", matrix.combinations(SIZES))
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
            CodeTemplate(template, SIZES).codes("shirt", matrix.combinations(SIZES))


@pytest.fixture
def coat(shop: Shop) -> str:
    """A product without SKUs."""
    with shop.database.transaction("staff") as uow:
        category = service.create_category(uow, "coats", "Coats")
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
    prices = {"price": 900, "list_price": 1_000}
    made = client.post(f"{at}/skus", json=body | prices, headers=staff | key())
    assert (made.status_code, made.json()["created"]) == (201, 3)
    assert [cell["exists"] for cell in client.post(at, json=body, headers=staff | key()).json()["cells"]] == [
        True
    ] * 3
    wrong = client.post(f"{at}/skus", json=body | {"price": 2, "list_price": 1}, headers=staff | key())
    assert wrong.json()["code"] == "price_above_list"
