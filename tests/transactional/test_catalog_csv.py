import csv
import io
import json
from collections.abc import Iterator

import pytest
from conftest import MovableClock
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from malformed_csvs import FIRST, SECOND, file, malformed
from shopify_files import of_template, row
from shopping import Shelves, key, level, placed_order, rows_of
from sqlalchemy import select

from transactional.catalog import csv_export, csv_format, editing, sku_editing
from transactional.catalog.csv_format import FormatName
from transactional.catalog.drafts import ProductDraft, SkuDraft
from transactional.catalog.editing import Picture
from transactional.catalog.exchange import Outcome, import_products
from transactional.catalog.models import brands, categories, products, skus
from transactional.change_log import START, read_changes
from transactional.errors import ImportRefused
from transactional.money import minor_units, money_text
from transactional.shop import Shop
from transactional.stock.models import stock_levels
from transactional.tables import LOGGED_TABLES

FORMATS: tuple[FormatName, ...] = ("shopify", "storehouse")


def imported(
    shop: Shop, data: bytes, name: FormatName = "shopify", category: str | None = None
) -> list[Outcome]:
    with shop.database.transaction("staff") as uow:
        return import_products(uow, data, name, "GBP", category)


def exported(shop: Shop, name: FormatName) -> str:
    lines, after = [csv_export.header(name)], csv_export.START
    while after is not None:
        with shop.database.read() as db:
            found = csv_export.portion(db, name, after)
        lines.append(found.text)
        after = found.last
    return "".join(lines)


def everything(shop: Shop) -> dict[str, list[dict[str, object]]]:
    return {table.name: rows_of(shop, table) for table in LOGGED_TABLES}


@pytest.mark.usefixtures("shelves")
class TestImport:
    def test_a_file_of_shopifys_makes_products(self, shop: Shop) -> None:
        report = imported(shop, file(FIRST, SECOND))
        assert report == [Outcome(2, "hat", "HAT-S", "created"), Outcome(3, "hat", "HAT-M", "created")]
        (hat,) = [row for row in rows_of(shop, products) if row["slug"] == "hat"]
        assert (hat["status"], hat["tags"], hat["image"]) == ("live", ["wool"], "https://cdn.example/hat.jpg")
        assert [row["name"] for row in rows_of(shop, brands)] == ["Acme"]
        by_code = {row["code"]: row for row in rows_of(shop, skus)}
        small, medium = by_code["HAT-S"], by_code["HAT-M"]
        assert (small["price"], small["list_price"], small["cost"], small["weight_grams"]) == (
            1_990,
            2_500,
            800,
            90,
        )
        assert (medium["price"], medium["list_price"], medium["options"]) == (1_990, 1_990, {"Size": "M"})
        assert level(shop, small["id"]) == (5, 0)

    def test_the_same_file_again_changes_nothing(self, shop: Shop) -> None:
        imported(shop, file(FIRST, SECOND))
        before = len(read_changes(shop.database.engine, START, 100_000))
        assert {line.outcome for line in imported(shop, file(FIRST, SECOND))} == {"unchanged"}
        assert len(read_changes(shop.database.engine, START, 100_000)) == before

    def test_only_what_differs_is_changed(self, shop: Shop) -> None:
        imported(shop, file(FIRST, SECOND))
        dearer = SECOND | {"Variant Price": "21.00", "Variant Inventory Qty": "3"}
        added = SECOND | {"Option1 Value": "L", "Variant SKU": "HAT-L"}
        report = imported(shop, file(FIRST, dearer, added))
        assert [line.outcome for line in report] == ["unchanged", "updated", "created"]
        by_code = {row["code"]: row for row in rows_of(shop, skus)}
        assert level(shop, by_code["HAT-M"]["id"]) == (3, 0)
        assert by_code["HAT-L"]["position"] == 2

    def test_lines_with_only_a_picture_belong_to_the_product(self, shop: Shop) -> None:
        picture = dict.fromkeys(FIRST, "") | {
            "Handle": "hat",
            "Image Src": "/media/back.jpg",
            "Image Position": "2",
        }
        imported(shop, file(FIRST, SECOND, picture))
        with shop.database.read() as db:
            (hat,) = [row for row in rows_of(shop, products) if row["slug"] == "hat"]
            assert editing.pictures(db, hat) == [
                Picture("https://cdn.example/hat.jpg", "A hat"),
                Picture("/media/back.jpg"),
            ]

    def test_an_illegal_step_of_life_and_promised_stock_are_refused(self, shop: Shop) -> None:
        imported(shop, file(FIRST, SECOND))
        placed_order(shop, HAT_S=2)
        before = everything(shop)
        wrong = file(FIRST | {"Status": "draft", "Variant Inventory Qty": "1"}, SECOND)
        with pytest.raises(ImportRefused) as refused:
            imported(shop, wrong)
        assert [fault["field"] for fault in refused.value.details["faults"]] == [
            "Status",
            "Variant Inventory Qty",
        ]
        assert everything(shop) == before

    def test_an_unknown_column_is_a_mistake_in_our_format(self, shop: Shop) -> None:
        with pytest.raises(ImportRefused, match="colour: is no column"):
            imported(shop, b"product,name,sku,price,colour\r\nhat,Hat,HAT,1.00,red\r\n", "storehouse")

    def test_columns_that_a_file_lacks_stay_as_they_are(self, shop: Shop) -> None:
        imported(shop, file(FIRST, SECOND))
        imported(
            shop,
            b"product,name,sku,option1_name,option1_value,price\r\nhat,Cap,HAT-S,Size,S,18\r\n",
            "storehouse",
        )
        (hat,) = [row for row in rows_of(shop, products) if row["slug"] == "hat"]
        assert (hat["name"], hat["description"], hat["tags"]) == ("Cap", "<p>Warm</p>", ["wool"])


@pytest.mark.usefixtures("shelves")
class TestShopifysOwnFiles:
    def test_the_present_template_goes_in(self, shop: Shop) -> None:
        mug = row(
            "mug", Title="Mug", **{"Option1 name": "Title", "Option1 value": "Default Title", "SKU": "MUG"}
        )
        shirt = row("tee", Title="Tee", **{"Option1 name": "Size", "Option1 value": "S", "SKU": "TEE-S"})
        larger = row("tee", **{"Option1 value": "L", "SKU": "TEE-L", "Variant image URL": "/media/l.jpg"})
        report = imported(shop, of_template(mug, shirt, larger), category="clothes")
        assert [(line.sku, line.outcome) for line in report] == [
            ("MUG", "created"),
            ("TEE-S", "created"),
            ("TEE-L", "created"),
        ]
        by_code = {each["code"]: each for each in rows_of(shop, skus)}
        assert (by_code["MUG"]["options"], by_code["TEE-L"]["options"]) == ({}, {"Size": "L"})
        assert (by_code["TEE-L"]["image"], by_code["MUG"]["weight_grams"]) == ("/media/l.jpg", 227)
        assert {line.outcome for line in imported(shop, of_template(mug, shirt, larger))} == {"unchanged"}

    @pytest.mark.parametrize(
        ("published", "status", "becomes"),
        [
            ("FALSE", "active", "draft"),
            ("TRUE", "active", "live"),
            ("", "Active", "live"),
            ("FALSE", "archived", "retired"),
            ("TRUE", "unlisted", "draft"),
        ],
    )
    def test_what_is_not_published_is_not_for_sale(
        self, shop: Shop, published: str, status: str, becomes: str
    ) -> None:
        imported(shop, file(FIRST | {"Published": published, "Status": status}))
        assert [each["status"] for each in rows_of(shop, products) if each["slug"] == "hat"] == [becomes]

    def test_unpublishing_takes_off_sale_what_is_on_it(self, shop: Shop) -> None:
        for published in ("TRUE", "FALSE", "FALSE"):
            imported(shop, file(FIRST | {"Published": published}))
        assert [each["status"] for each in rows_of(shop, products) if each["slug"] == "hat"] == ["retired"]

    def test_gift_cards_and_what_is_not_taxed(self, shop: Shop) -> None:
        card = row("card", Title="Card", SKU="CARD", **{"Gift card": "TRUE", "Charge tax": "FALSE"})
        stamp = row("stamp", Title="Stamp", SKU="STAMP", **{"Charge tax": "FALSE"})
        imported(shop, of_template(card, stamp), category="clothes")
        classes = {each["code"]: each["tax_class"] for each in rows_of(shop, skus)}
        assert (classes["CARD"], classes["STAMP"]) == ("gift_card", "zero")

    def test_a_code_is_made_of_handle_and_options(self, shop: Shop) -> None:
        report = imported(shop, file(FIRST | {"Variant SKU": ""}, SECOND | {"Variant SKU": ""}))
        assert [(line.sku, line.note) for line in report] == [
            ("HAT-S", "the SKU code was made: HAT-S"),
            ("HAT-M", "the SKU code was made: HAT-M"),
        ]
        (small,) = [each for each in rows_of(shop, skus) if each["code"] == "HAT-S"]
        with shop.database.transaction("staff") as uow:
            uow.lock(skus, small["id"])
            uow.update(skus, small, code="OUR-OWN")
        again = imported(shop, file(FIRST | {"Variant SKU": ""}, SECOND | {"Variant SKU": ""}))
        assert [(line.sku, line.outcome) for line in again] == [
            ("OUR-OWN", "unchanged"),
            ("HAT-M", "unchanged"),
        ]

    def test_a_made_code_that_is_taken_is_a_fault(self, shop: Shop) -> None:
        taken = row("shirt0", Title="Other", **{"Option1 name": "Size", "Option1 value": "S"})
        with pytest.raises(ImportRefused, match="SHIRT0-S is a SKU of another product"):
            imported(shop, of_template(taken), category="clothes")

    @pytest.mark.parametrize("path", ["", "Cars", "Vehicles > Cars"])
    def test_goods_of_unknown_categories_go_where_the_import_says(self, shop: Shop, path: str) -> None:
        with shop.database.transaction("staff") as uow:
            other = editing.add_category(uow, "other", "Other", None)
        (line,) = imported(shop, file(FIRST | {"Product Category": path}), category="other")
        assert line.note == f"there is no category {path!r}: the one for such products is taken"
        assert [each["category_id"] for each in rows_of(shop, products) if each["slug"] == "hat"] == [other]

    def test_a_path_of_shopifys_is_mapped_by_its_last_known_part(self, shop: Shop) -> None:
        with shop.database.transaction("staff") as uow:
            hats = editing.add_category(uow, "hats", "Hats", None)
        path = "Apparel & Accessories > Clothes > Hats > Sun hats"
        for _ in range(2):
            imported(shop, file(FIRST | {"Product Category": path}))
        (hat,) = [each for each in rows_of(shop, products) if each["slug"] == "hat"]
        assert hat["category_id"] == hats

    def test_what_is_oversold_counts_as_nothing(self, shop: Shop) -> None:
        (line,) = imported(shop, file(FIRST | {"Variant Inventory Qty": "-3"}))
        assert line.note == "3 units are oversold: on hand counts as 0"
        (hat,) = [each for each in rows_of(shop, skus) if each["code"] == "HAT-S"]
        assert rows_of(shop, stock_levels.select().where(stock_levels.c.sku_id == hat["id"]).subquery()) == []

    def test_a_barcode_is_one_skus(self, shop: Shop) -> None:
        imported(shop, file(FIRST))
        other = FIRST | {"Handle": "cap", "Variant SKU": "CAP"}
        with pytest.raises(ImportRefused, match="is that of HAT-S already"):
            imported(shop, file(other))
        with pytest.raises(ImportRefused, match="400638 stands on line 2 already"):
            imported(shop, file(FIRST, SECOND | {"Variant Barcode": "400638"}))


def test_every_malformed_file_names_its_line_and_changes_nothing(shop: Shop, shelves: Shelves) -> None:
    before = everything(shop)
    files = list(malformed())
    assert len(files) >= 100
    for each in files:
        with pytest.raises(ImportRefused) as refused:
            imported(shop, each.data)
        first = refused.value.details["faults"][0]
        assert first["line"] == each.line, (each.what, first)
        assert first["reason"] and "\n" not in first["reason"] and len(first["reason"]) < 400, each.what
    assert everything(shop) == before


@pytest.mark.parametrize(
    ("column", "cell", "reason"),
    [
        ("attributes", '{"a":"\\ud800"}', "is no JSON object of texts like"),
        ("attributes", '{"\\ud800":"a"}', "is no JSON object of texts like"),
        ("attributes", '{"a":1}', "is no JSON object of texts like"),
        ("attributes", '{"": "a"}', "is no JSON object of texts like"),
        ("attributes", "[" * 20_000, "is no JSON object of texts like"),
        ("attributes", json.dumps({"a": "v" * 501}), f"'{'v' * 40}' is longer than 500 characters"),
        ("attributes", json.dumps({"a" * 101: "v"}), f"'{'a' * 40}' is longer than 100 characters"),
        ("attributes", json.dumps({str(n): "v" for n in range(101)}), "holds more than 100"),
        ("tags", ",".join(f"t{n}" for n in range(101)), "holds more than 100"),
        ("tags", f"a,{'t' * 101}", f"'{'t' * 40}' is longer than 100 characters"),
        ("barcode", "b c!", "'b c!' is not letters, digits and hyphens"),
        ("product", "two words", "'two words' is not letters, digits and hyphens"),
        ("option1_name", "n" * 101, "is longer than 100 characters"),
        ("weight_grams", "100000001", "100000001 is more than 100000000"),
    ],
)
def test_a_cell_holds_no_more_than_the_api_takes(
    shop: Shop, shelves: Shelves, column: str, cell: str, reason: str
) -> None:
    cells = {"product": "x", "name": "X", "category": "Clothes", "sku": "X", "price": "1.00"}
    cells |= {"option1_name": "size", "option1_value": "S", column: cell}
    out = io.StringIO(newline="")
    csv.writer(out).writerows([cells.keys(), cells.values()])
    with pytest.raises(ImportRefused) as refused:
        imported(shop, out.getvalue().encode(), "storehouse")
    (fault,) = refused.value.details["faults"]
    assert (fault["line"], fault["field"]) == (2, column)
    assert fault["reason"].startswith(reason)


@pytest.fixture
def odd_goods(shop: Shop, shelves: Shelves) -> Iterator[None]:
    """Products with everything that could get lost on the way."""
    with shop.database.transaction("staff") as uow:
        (clothes,) = [row["id"] for row in uow.rows(categories.select())]
        below = editing.add_category(uow, "hats", "Hats, caps & more", clothes)
        brand = editing.add_brand(uow, "dot", "Ünïted")
        offers = [
            SkuDraft("+1", 999, 1_000, 1, {"Size": "=S", "Fit": "'-x"}, 5, "0123", "reduced"),
            SkuDraft("-2", 0, 0, 0, {"Fit": "'=y", "Size": "@M"}),
        ]
        odd = ProductDraft(
            "odd",
            "=HYPERLINK(1)",
            below,
            offers,
            brand,
            '- one\r\n- "two", three\n<script>alert(1)</script>',
            status="draft",
            tags=["@a", "b c"],
            attributes={"material": "=1+1", "größe": "\t"},
        )
        product_id = editing.add_product(uow, odd, "GBP")
        editing.set_pictures(uow, product_id, [Picture(f"/media/{n}.svg", f"+{n}") for n in range(3)])
        sku_editing.retire(uow, uow.value(select(skus.c.id).where(skus.c.code == "-2")), is_retired=True)
        bare = ProductDraft("bare", "Bare", below, [], image="/media/bare.svg", status="retired")
        editing.add_product(uow, bare, "GBP")
    yield


@pytest.mark.usefixtures("odd_goods")
@pytest.mark.parametrize("name", FORMATS)
class TestRoundTrip:
    def test_an_export_imported_again_changes_nothing(self, shop: Shop, name: FormatName) -> None:
        before = everything(shop)
        report = imported(shop, exported(shop, name).encode(), name)
        assert {line.outcome for line in report} == {"unchanged"}
        assert everything(shop) == before

    def test_no_cell_of_an_export_is_a_formula(self, shop: Shop, name: FormatName) -> None:
        cells = [cell for row in csv.reader(io.StringIO(exported(shop, name), newline="")) for cell in row]
        assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
        assert "'=HYPERLINK(1)" in cells


class TestRetiredSkus:
    HEADER = "product,name,category,status,option1_name,option1_value,sku,price,sku_status\r\n"
    SHIRT = "shirt-0,Shirt 0,Clothes,live,size,{0},SHIRT0-{0},10.00,{1}\r\n"
    HAT = "hat,Hat,Clothes,{2},size,{0},HAT-{0},10.00,{1}\r\n"

    def on_sale(self, shop: Shop, product: str) -> set[str]:
        return {
            row["code"]
            for row in rows_of(shop, skus)
            if row["code"].startswith(product) and row["retired_at"] is None
        }

    def test_one_is_exported_as_such_and_never_in_shopifys_format(self, shop: Shop, shelves: Shelves) -> None:
        with shop.database.transaction("staff") as uow:
            sku_editing.retire(uow, shelves.skus["SHIRT0-S"], is_retired=True)
        ours = csv.DictReader(io.StringIO(exported(shop, "storehouse"), newline=""))
        assert {row["sku"]: row["sku_status"] for row in ours} == {
            code: "retired" if code == "SHIRT0-S" else "live" for code in shelves.skus
        }
        theirs = csv.DictReader(io.StringIO(exported(shop, "shopify"), newline=""))
        assert {row["SKU"] for row in theirs} == shelves.skus.keys() - {"SHIRT0-S"}

    def test_one_that_is_new_is_not_put_on_sale(self, shop: Shop, shelves: Shelves) -> None:
        told = {"S": "retired", "M": "live", "L": ""}
        lines = [self.HAT.format(size, status, "live") for size, status in told.items()]
        imported(shop, (self.HEADER + "".join(lines)).encode(), "storehouse")
        assert self.on_sale(shop, "HAT") == {"HAT-M", "HAT-L"}

    def test_a_file_takes_skus_off_sale_and_back_on_it(self, shop: Shop, shelves: Shelves) -> None:
        for told, outcome, left in (
            ("retired", "updated", {"SHIRT0-M"}),
            ("", "unchanged", {"SHIRT0-M"}),
            ("RETIRED", "unchanged", {"SHIRT0-M"}),
            ("live", "updated", {"SHIRT0-S", "SHIRT0-M"}),
        ):
            (line,) = imported(shop, (self.HEADER + self.SHIRT.format("S", told)).encode(), "storehouse")
            assert (line.outcome, self.on_sale(shop, "SHIRT0")) == (outcome, left)

    @pytest.mark.parametrize(
        ("lines", "fault"),
        [
            ([SHIRT.format("S", "retired"), SHIRT.format("M", "retired")], "without a SKU to sell"),
            ([SHIRT.replace("live", "").format("S", "retired"), SHIRT.format("M", "retired")], "to sell"),
            ([HAT.format("S", "retired", "live")], "without a SKU to sell"),
            ([HAT.format("S", "gone", "draft")], "'gone' is none of retired, live"),
        ],
    )
    def test_a_live_product_keeps_something_to_sell(
        self, shop: Shop, shelves: Shelves, lines: list[str], fault: str
    ) -> None:
        before = everything(shop)
        with pytest.raises(ImportRefused, match=fault):
            imported(shop, (self.HEADER + "".join(lines)).encode(), "storehouse")
        assert everything(shop) == before

    def test_a_draft_may_have_none(self, shop: Shop, shelves: Shelves) -> None:
        imported(shop, (self.HEADER + self.HAT.format("S", "retired", "draft")).encode(), "storehouse")
        assert self.on_sale(shop, "HAT") == set()


@given(st.text())
def test_a_guarded_cell_is_given_back(cell: str) -> None:
    assert csv_format.unguarded(csv_format.guarded(cell)) == cell


@given(st.integers(0, 10**11))
def test_amounts_are_written_and_read(amount: int) -> None:
    for currency in ("GBP", "JPY", "KWD"):
        text = money_text(amount, currency)
        if len(text.split(".")[0]) <= 10:
            assert minor_units(text, currency) == amount


class TestOverHttp:
    @pytest.fixture
    def staff(self, open_for_business: Shop) -> dict[str, str]:
        return {"Authorization": f"Bearer {open_for_business.keys.staff_token}"}

    def test_a_file_goes_in_and_out(self, client: TestClient, staff: dict[str, str]) -> None:
        many = [SECOND | {"Option1 Value": str(n), "Variant SKU": f"HAT-{n}"} for n in range(1_500)]
        data = file(FIRST, *many)
        assert len(data) > 65_536
        at = "/api/v1/staff/catalogue/imports/shopify"
        answer = client.post(at, content=data, headers=staff | key())
        assert (answer.status_code, answer.json()["created"]) == (201, 1_501)
        out = client.get("/api/v1/staff/catalogue/exports/shopify", headers=staff)
        assert out.headers["content-type"] == "text/csv; charset=utf-8"
        assert client.post(at, content=out.content, headers=staff | key()).json()["unchanged"] == 1_507

    def test_an_export_comes_in_parts_of_whole_products(
        self, client: TestClient, staff: dict[str, str]
    ) -> None:
        at = "/api/v1/staff/catalogue/exports/storehouse"
        whole = client.get(at, headers=staff).text.splitlines()
        first = client.get(at, params={"rows": 5}, headers=staff).text.splitlines()
        last = first[-1].split(",")[0]
        rest = client.get(at, params={"after": last}, headers=staff).text.splitlines()
        assert (len(whole), len(first), whole) == (7, 5, first + rest[1:])
        assert client.get(at, params={"after": "nope"}, headers=staff).status_code == 404

    def test_no_part_is_longer_than_asked_but_for_a_single_product(
        self,
        client: TestClient,
        staff: dict[str, str],
        shop: Shop,
        clock: MovableClock,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        (clothes,) = [row["id"] for row in rows_of(shop, categories)]
        for slug, count in (("many", 6), ("few", 1)):
            clock.forward(seconds=1)
            offers = [SkuDraft(f"{slug}-{n}", 1, 1, 1, {"size": str(n)}) for n in range(count)]
            with shop.database.transaction("staff") as uow:
                editing.add_product(uow, ProductDraft(slug, slug, clothes, offers), "GBP")
        monkeypatch.setattr(csv_export, "PRODUCTS_AT_ONCE", 3)
        monkeypatch.setattr(csv_export, "_products", csv_export._products.limit(3))
        at = "/api/v1/staff/catalogue/exports/storehouse"

        def part(rows: int, **more: str) -> list[str]:
            lines = client.get(at, params={"rows": rows, **more}, headers=staff).text.splitlines()[1:]
            return [line.split(",")[0] for line in lines]

        shirts = part(6)
        assert set(shirts) == {"shirt-0", "shirt-1", "shirt-2"}
        assert (part(7), part(11)) == (shirts, shirts)
        assert part(12) == [*shirts, *["many"] * 6]
        assert part(5, after=shirts[-1]) == ["many"] * 6
        assert part(7, after=shirts[-1]) == [*["many"] * 6, "few"]

    def test_a_dry_run_reports_and_changes_nothing(
        self, client: TestClient, staff: dict[str, str], open_for_business: Shop
    ) -> None:
        at = "/api/v1/staff/catalogue/imports/shopify"
        before = everything(open_for_business)
        data = file(FIRST | {"Product Category": ""}, SECOND)
        tried = client.post(
            at, params={"dry_run": True, "category": "clothes"}, content=data, headers=staff | key()
        )
        assert (tried.status_code, tried.json()["created"]) == (200, 2)
        assert everything(open_for_business) == before
        done = client.post(at, params={"category": "clothes"}, content=data, headers=staff | key())
        assert (done.status_code, done.json()) == (201, tried.json())
        bad = file(FIRST | {"Variant Price": "-1"})
        assert (
            client.post(at, params={"dry_run": True}, content=bad, headers=staff | key()).status_code == 422
        )

    def test_a_fault_is_told_with_its_line(self, client: TestClient, staff: dict[str, str]) -> None:
        at = "/api/v1/staff/catalogue/imports/shopify"
        answer = client.post(at, content=file(FIRST | {"Variant Price": "-1"}), headers=staff | key())
        assert (answer.status_code, answer.json()["code"]) == (422, "import_refused")
        assert answer.json()["message"] == "Nothing was imported. Line 2, Variant Price: -1 is negative."

    def test_it_is_the_staffs(self, client: TestClient) -> None:
        at = "/api/v1/staff/catalogue"
        assert client.post(f"{at}/imports/shopify", content=file(FIRST), headers=key()).status_code == 401
        assert client.get(f"{at}/exports/storehouse").status_code == 401
