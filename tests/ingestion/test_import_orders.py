"""Order lines of other systems: what a mapping says, what files hold, what the lake gets."""

import gzip
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from crashing import run_and_crash_at
from hypothesis import given
from hypothesis import strategies as st
from lake_reader import exists, latest_rows, query

from ingestion import lake
from ingestion.importers.mapping import Mapping, load_mapping
from ingestion.importers.orders import import_orders
from ingestion.importers.staging import row_id
from ingestion.importers.values import BadValueError, decimal, minor_units, moments
from ingestion.schema import CHANGES_TABLES
from settings import Settings, UserError

Write = Callable[[str, str | bytes], Path]
HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
ONLINE_RETAIL = load_mapping("online_retail")
LINES = "SELECT sku, quantity, gross FROM order_lines ORDER BY ALL"


def line(
    invoice: str = "536365",
    sku: str = "85123A",
    quantity: str = "6",
    at: str = "2010-12-01 08:26:00",
    price: str = "2.55",
    customer: str = "17850.0",
    name: str = "HEART HOLDER",
) -> str:
    return f"{invoice},{sku},{name},{quantity},{at},{price},{customer},United Kingdom\n"


def mapping(**changes: Any) -> Mapping:
    return Mapping.model_validate(
        {
            "columns": {
                "document": "no",
                "sku": "sku",
                "quantity": "qty",
                "ordered_at": "at",
                "unit_price": "price",
            },
            "date_format": "%d.%m.%Y %H:%M",
            "time_zone": "Europe/Berlin",
            "currency": "EUR",
            **changes,
        }
    )


def run(settings: Settings, path: Path, described: Mapping = ONLINE_RETAIL, **options: Any) -> Any:
    return import_orders(settings, path, described, "uci", **options)


def test_a_sale_becomes_an_order_with_its_lines(settings: Settings, write: Write) -> None:
    outcome = run(settings, write("a.csv", HEADER + line() + line(sku="71053", quantity="2", price="3.39")))
    assert outcome.closing_line == "read 2 = loaded 2 + rejected 0 + skipped 0"
    assert query(settings, LINES) == [("71053", 2, 678), ("85123A", 6, 1530)]
    orders = "SELECT shop_id, number, status, channel, currency, gross, placed_at::VARCHAR, _op FROM orders"
    assert query(settings, orders) == [
        ("uci", "536365", "delivered", "invoice", "GBP", None, "2010-12-01 08:26:00", "r")
    ]
    assert query(settings, "SELECT name, country FROM customers") == [("17850", "United Kingdom")]
    assert query(
        settings, "SELECT code, p.name FROM skus JOIN products p ON p.id = product_id ORDER BY 1"
    ) == [
        ("71053", "HEART HOLDER"),
        ("85123A", "HEART HOLDER"),
    ]
    shop = query(settings, "SELECT shop_id, id, time_zone, currency, _seq FROM shops")
    assert shop == [("uci", "uci", "Europe/London", "GBP", 0)]


def test_every_reference_leads_to_its_row(settings: Settings, write: Write) -> None:
    run(settings, write("a.csv", HEADER + line() + line(invoice="C1", quantity="-1") + line(invoice="A2")))
    lost = """
        SELECT count(*) FROM order_lines l ANTI JOIN orders o ON o.id = l.order_id
        UNION ALL SELECT count(*) FROM order_lines l ANTI JOIN skus s ON s.id = l.sku_id
        UNION ALL SELECT count(*) FROM orders o ANTI JOIN customers c ON c.id = o.customer_id
        UNION ALL SELECT count(*) FROM credit_note_lines l ANTI JOIN credit_notes n ON n.id = l.credit_note_id
        UNION ALL SELECT count(*) FROM credit_notes n ANTI JOIN customers c ON c.id = n.customer_id"""
    assert query(settings, lost) == [(0,)] * 5


def test_a_cancelled_invoice_is_a_return_and_an_adjustment_one(settings: Settings, write: Write) -> None:
    run(
        settings,
        write(
            "a.csv",
            HEADER
            + line(invoice="C536379", quantity="-3", price="10")
            + line(invoice="A563186", sku="B", quantity="1", price="-11062.06", customer=""),
        ),
    )
    rows = query(
        settings,
        "SELECT kind, number, order_id, customer_id IS NULL, quantity, amount, issued_at::DATE::VARCHAR"
        " FROM credit_notes n JOIN credit_note_lines l ON l.credit_note_id = n.id ORDER BY kind",
    )
    assert rows == [
        ("adjustment", "A563186", None, True, -1, 1_106_206, "2010-12-01"),
        ("return", "C536379", None, False, 3, 3000, "2010-12-01"),
    ]
    assert not exists(settings, "orders")


def test_odd_lines_are_sales_unless_a_rule_says_otherwise(settings: Settings, write: Write) -> None:
    odd = line(quantity="-10", price="0.0", customer="", name="") + line(price="0.001", quantity="3")
    without_rules = ONLINE_RETAIL.model_copy(update={"documents": []})
    assert run(settings, write("a.csv", HEADER + odd), without_rules).loaded == 2
    rows = query(settings, "SELECT quantity, gross, unit_price, name FROM order_lines ORDER BY quantity")
    assert rows == [(-10, 0, 0, "85123A"), (3, 0, None, "HEART HOLDER")]


def test_equal_lines_of_an_invoice_both_count(settings: Settings, write: Write) -> None:
    run(settings, write("a.csv", HEADER + line() * 3))
    assert query(settings, "SELECT count(*), sum(gross) FROM order_lines") == [(3, 4590)]


def test_an_invoice_with_two_times_is_one_order_at_the_first(settings: Settings, write: Write) -> None:
    later = line(at="2010-12-01 08:27:00", customer="")
    run(settings, write("a.csv", HEADER + later + line(at="2010-12-01 08:26:00")))
    orders = query(settings, "SELECT placed_at::VARCHAR, customer_id IS NOT NULL FROM orders")
    assert orders == [("2010-12-01 08:26:00", True)]


def test_a_product_keeps_its_name_where_a_later_file_has_none(settings: Settings, write: Write) -> None:
    run(settings, write("a.csv", HEADER + line()))
    run(settings, write("b.csv", HEADER + line(invoice="2", at="2011-01-01 10:00:00", name="")))
    assert query(settings, "SELECT name FROM products") == [("HEART HOLDER",)]


def test_importing_twice_or_in_another_order_ends_in_the_same_rows(tmp_path: Path, write: Write) -> None:
    months = [
        write(f"months/2010-{month}.csv", HEADER + body)
        for month, body in (
            ("10", line(at="2010-10-01 09:00:00") + line(invoice="2", at="2010-10-02 09:00:00")),
            ("11", line(invoice="3", at="2010-11-01 09:00:00", name="NEW NAME") * 2),
            ("12", line(invoice="C4", quantity="-1", at="2010-12-01 09:00:00", customer="")),
        )
    ]
    lakes = []
    for number, order in enumerate(([0, 1, 2], [2, 0, 1], [1, 1, 0, 2, 2, 0])):
        settings = Settings(home=tmp_path / f"var{number}")
        for index in order:
            run(settings, months[index])
        lakes.append(latest_rows(settings))
    whole = Settings(home=tmp_path / "var")
    assert run(whole, months[0].parent).closing_line == "read 5 = loaded 5 + rejected 0 + skipped 0"
    assert lakes[0] == lakes[1] == lakes[2] == latest_rows(whole)


def test_the_same_file_again_is_skipped(settings: Settings, write: Write) -> None:
    path = write("a.csv", HEADER + line() * 2)
    run(settings, path)
    before = {file: file.stat().st_mtime_ns for file in settings.lake.rglob("*.parquet")}
    again = run(settings, write("copy.csv", path.read_bytes()))
    assert again.closing_line == "read 2 = loaded 0 + rejected 0 + skipped 2"
    assert {file: file.stat().st_mtime_ns for file in settings.lake.rglob("*.parquet")} == before


def test_overlapping_files_count_each_line_once(settings: Settings, write: Write) -> None:
    run(settings, write("a.csv", HEADER + line() + line(sku="B")))
    run(settings, write("b.csv", HEADER + line(sku="C") + line(sku="B") + line()))
    assert query(settings, "SELECT count(*) FROM order_lines") == [(3,)]


def test_a_dry_run_reads_everything_and_writes_nothing(settings: Settings, write: Write) -> None:
    outcome = run(settings, write("a.csv", HEADER + line() + line(price="dear")), dry_run=True)
    assert outcome.closing_line == "read 2 = loaded 1 + rejected 1 + skipped 0"
    assert outcome.notes == ["a.csv:3: UnitPrice: 'dear' is no number"]
    assert not list(settings.lake.rglob("*.parquet"))
    assert not settings.rejects.exists()


def test_rejects_are_kept_with_line_number_reason_and_the_line(settings: Settings, write: Write) -> None:
    bad = [
        line(quantity="six"),
        line(quantity="1.5"),
        line(price="NaN"),
        line(price="1e30"),
        line(at="01.12.2010"),
        line(invoice=""),
        line(sku=""),
        "only,three,fields\n",
    ]
    outcome = run(settings, write("a.csv", HEADER + line(name='"two\nlines"') + "".join(bad) + line()))
    assert outcome.closing_line == f"read {len(bad) + 2} = loaded 2 + rejected {len(bad)} + skipped 0"
    (path,) = outcome.reject_files
    kept = path.read_text().splitlines()
    assert kept[0] == "file,line,reason,raw"
    assert kept[1].startswith("a.csv,4,Quantity: 'six' is no number,")
    assert "536365,85123A,HEART HOLDER,six" in kept[1]
    assert len(kept) == len(bad) + 1
    assert "3 fields instead of 8" in kept[-1]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "", "the file is empty"),
        ("a.csv", HEADER.replace("Quantity", "Qty"), "line 1: column Quantity is missing"),
        ("a.csv", (HEADER + line()).replace(",", ";"), "is the delimiter right"),
        ("a.csv", b"PK\x03\x04\x00\x00zip", "line 1: this is no text file"),
        ("a.csv", HEADER + line(name='"open') + line() * 4000, "line 2: .*quote"),
        ("a.csv.gz", b"\x1f\x8b\x08\x00garbage", "the gzip file is damaged"),
        ("a.csv.gz", gzip.compress((HEADER + line()).encode(), mtime=0)[:-12], "the gzip file is damaged"),
        ("a.csv.gz", b"no gzip at all", "the gzip file is damaged"),
    ],
)
def test_a_bad_file_is_one_clear_line_and_nothing_is_applied(
    settings: Settings, write: Write, name: str, content: str | bytes, message: str
) -> None:
    path = write(f"folder/{name}", content)
    write("folder/0-good.csv", HEADER + line())
    with pytest.raises(UserError, match=message) as problem:
        run(settings, path.parent)
    assert str(path) in str(problem.value)
    assert "\n" not in str(problem.value)
    assert not list(settings.lake.rglob("*.parquet")) or "quote" in message


def test_bytes_of_another_encoding_name_their_line(settings: Settings, write: Write) -> None:
    latin = (HEADER + line() + line(name="GIFT £5")).encode("latin-1")
    utf8_only = ONLINE_RETAIL.model_copy(update={"encoding": ["utf-8"]})
    with pytest.raises(UserError, match="line 3: not utf-8"):
        run(settings, write("a.csv", latin), utf8_only)
    assert run(settings, write("b.csv", latin)).loaded == 2
    assert ("GIFT £5",) in query(settings, "SELECT name FROM order_lines")


def test_folders_of_plain_zipped_and_tabbed_files_with_any_line_end(settings: Settings, write: Write) -> None:
    write("all/a.csv", b"\xef\xbb\xbf" + (HEADER + line()).replace("\n", "\r\n").encode())
    write("all/b.csv.gz", gzip.compress((HEADER + line(invoice="2")).encode()))
    write("all/c.tsv", (HEADER + line(invoice="3")).replace(",", "\t"))
    write("all/readme.txt", "not a table")
    path = write("all/d.csv", HEADER + "\n" + line(invoice="4") + "\n")
    assert run(settings, path.parent).closing_line == "read 4 = loaded 4 + rejected 0 + skipped 0"
    numbers = query(settings, "SELECT number FROM orders ORDER BY 1")
    assert numbers == [("2",), ("3",), ("4",), ("536365",)]


def test_a_mapping_names_formats_signs_and_what_to_skip(settings: Settings, write: Write) -> None:
    described = mapping(
        delimiter=";",
        decimal_separator=",",
        thousands_separator=".",
        sign="document",
        documents=[
            {"kind": "return", "number_prefix": "R"},
            {"kind": "adjustment", "negative_quantity": True, "zero_price": True, "without_customer": True},
        ],
        skip=[{"column": "sku", "matches": "^TEST", "reason": "a test of the till"}],
    )
    path = write(
        "a.csv",
        "no;sku;qty;at;price\n1;A;2;31.10.2026 12:00;1.234,56\nR2;A;1;31.10.2026 12:00;5,00\n"
        "3;A;-4;31.10.2026 12:00;0\n4;TEST-1;1;31.10.2026 12:00;1,00\n5;A;1;31.10.2026 12:00;1.50x\n",
    )
    outcome = run(settings, path, described)
    assert outcome.closing_line == "read 5 = loaded 3 + rejected 1 + skipped 1"
    assert "skipped 1: a test of the till" in outcome.remarks
    assert query(settings, LINES) == [("A", 2, 246_912)]
    assert query(settings, "SELECT placed_at::VARCHAR FROM orders") == [("2026-10-31 11:00:00",)]
    credits = query(
        settings,
        "SELECT kind, quantity, amount FROM credit_notes n"
        " JOIN credit_note_lines l ON l.credit_note_id = n.id ORDER BY ALL",
    )
    assert credits == [("adjustment", -4, 0), ("return", 1, 500)]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"currency": "pounds"}, "currency"),
        ({"time_zone": "London"}, "no IANA time zone"),
        ({"encoding": "utf-9"}, "no encoding"),
        ({"colour": "red"}, "colour: Extra inputs"),
        ({"columns": {"sku": "s"}}, "columns.document: Field required"),
        ({"documents": [{"kind": "return"}]}, "at least one condition"),
        ({"skip": [{"column": "a", "matches": "(", "reason": "r"}]}, "no regular expression"),
        ({"decimal_separator": ",", "thousands_separator": ","}, "are the same"),
    ],
)
def test_a_wrong_mapping_names_its_file_and_field(write: Write, change: dict[str, Any], message: str) -> None:
    whole = yaml.safe_load((Path(lake.__file__).parent / "importers/mappings/online_retail.yml").read_text())
    path = write("mine.yml", yaml.safe_dump(whole | change))
    with pytest.raises(UserError, match=message) as problem:
        load_mapping(str(path))
    assert str(path) in str(problem.value)


def test_a_mapping_that_is_not_there_or_no_yaml_is_named(write: Write) -> None:
    with pytest.raises(UserError, match=r"nowhere: .*shipped: online_retail"):
        load_mapping("nowhere")
    with pytest.raises(UserError, match="no YAML"):
        load_mapping(str(write("a.yml", "a: [")))
    with pytest.raises(UserError, match="a mapping is a YAML object"):
        load_mapping(str(write("b.yml", "just text")))


def test_a_crash_at_any_moment_applies_all_of_a_file_or_nothing(tmp_path: Path, write: Write) -> None:
    path = write("a.csv", HEADER + line() * 2 + line(invoice="C2", quantity="-1"))
    wanted = Settings(home=tmp_path / "wanted")
    run(wanted, path)
    all_tables = [table for table in CHANGES_TABLES if exists(wanted, table)]
    for moment in range(1, 200, 3):  # a third of the moments takes long enough
        settings = Settings(home=tmp_path / str(moment))
        survived = run_and_crash_at(moment, partial(run, settings, path))
        lake.recover(settings)  # as the next start of anything does
        assert [table for table in CHANGES_TABLES if exists(settings, table)] in ([], all_tables)
        run_and_crash_at(None, partial(run, settings, path))
        assert [table for table in CHANGES_TABLES if exists(settings, table)] == all_tables
        assert query(settings, "SELECT count(*), sum(gross) FROM order_lines_log") == [(2, 3060)]
        assert [file.name for file in (settings.lake / ".staging").rglob("*") if file.is_file()] == ["lock"]
        if survived:
            assert moment > 10
            assert latest_rows(settings) == latest_rows(wanted)
            return
    pytest.fail("the import never came to its end")


def test_ids_in_sql_equal_ids_in_python(settings: Settings, write: Write) -> None:
    run(settings, write("a.csv", HEADER + line()))
    assert query(settings, "SELECT id FROM orders") == [(row_id("uci", "order", "536365"),)]


@given(units=st.integers(-(10**12), 10**12), digits=st.sampled_from([0, 2, 3]))
def test_whole_minor_units_survive_unchanged(units: int, digits: int) -> None:
    assert minor_units(Decimal(units).scaleb(-digits), digits) == units


@given(amount=st.decimals(-(10**9), 10**9, places=5))
def test_rounding_is_to_the_nearest_and_the_same_for_a_sale_and_its_return(amount: Decimal) -> None:
    assert minor_units(-amount, 2) == -minor_units(amount, 2)
    assert abs(amount * 100 - minor_units(amount, 2)) <= Decimal("0.5")


def test_half_a_minor_unit_is_rounded_away_from_zero() -> None:
    assert [minor_units(Decimal(text), 2) for text in ("0.005", "-0.005", "0.0049", "2.675")] == [
        1,
        -1,
        0,
        268,
    ]


@given(value=st.decimals(-(10**11), 10**11, places=2))
def test_a_number_is_read_as_it_is_written_in_german(value: Decimal) -> None:
    written = f"{value:,.2f}".replace(",", "_").replace(".", ",").replace("_", ".")
    assert decimal(written, "price", ",", ".") == value


@pytest.mark.parametrize("text", ["", " ", "1.5", "1,5,5", "--1", "Infinity", "0x10", "1_000,0 EUR"])
def test_what_is_no_german_number_is_refused(text: str) -> None:
    with pytest.raises(BadValueError, match="price"):
        decimal(text, "price", ",")


def test_local_times_that_do_not_exist_or_come_twice_are_moments_too() -> None:
    london = moments(["%Y-%m-%d %H:%M"], "Europe/London")
    assert london("2026-03-29 01:30", "at").isoformat() == "2026-03-29T01:30:00+00:00"
    assert london("2026-10-25 01:30", "at").isoformat() == "2026-10-25T00:30:00+00:00"
    brazil = moments(["%Y-%m-%d %H:%M:%S"], "America/Sao_Paulo")
    assert brazil("2017-10-15 00:00:00", "at").isoformat() == "2017-10-15T03:00:00+00:00"


def test_the_real_online_retail_months_give_their_figures(settings: Settings, shared_data: Path) -> None:
    outcome = run(settings, shared_data / "online_retail")
    assert outcome.closing_line == "read 320,705 = loaded 320,705 + rejected 0 + skipped 0"
    figures = """
        SELECT kind, number, count(*) AS lines, sum(amount) AS amount FROM (
            SELECT 'sale' AS kind, number, l.gross AS amount
            FROM orders o JOIN order_lines l ON l.order_id = o.id
            UNION ALL
            SELECT kind, number, -amount
            FROM credit_notes n JOIN credit_note_lines l ON l.credit_note_id = n.id
        ) GROUP BY ALL"""
    totals = query(settings, f"SELECT kind, sum(amount) FROM ({figures}) GROUP BY kind ORDER BY kind")
    assert totals == [("adjustment", -1_106_206), ("return", -52_077_056), ("sale", 629_376_400)]
    counts = f"SELECT count(*), count(*) FILTER (number LIKE 'C%'), sum(lines) FROM ({figures})"
    assert query(settings, counts) == [(16_459, 2_554, 320_705)]
    assert query(settings, "SELECT count(*) FROM customers") == [(3_360,)]
