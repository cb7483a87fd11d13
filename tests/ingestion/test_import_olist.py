"""The public Olist files: their dirt, their statuses and times, and the figures of a real part of them."""

import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from lake_reader import exists, latest_rows, query

from ingestion.importers.olist import import_olist
from settings import Settings, UserError

Folder = Callable[..., Path]
ORDER = (
    "o1,c1,delivered,2018-01-01 10:00:00,2018-01-01 11:00:00,2018-01-02 10:00:00,2018-01-05 10:00:00,"
    "2018-01-20 00:00:00"
)
FILES = {
    "olist_orders_dataset": (
        "order_id,customer_id,order_status,order_purchase_timestamp,order_approved_at,"
        "order_delivered_carrier_date,order_delivered_customer_date,order_estimated_delivery_date",
        [ORDER],
    ),
    "olist_customers_dataset": (
        "customer_id,customer_unique_id,customer_zip_code_prefix,customer_city,customer_state",
        ["c1,u1,01310,sao paulo,SP"],
    ),
    "olist_order_items_dataset": (
        "order_id,order_item_id,product_id,seller_id,shipping_limit_date,price,freight_value",
        ["o1,1,p1,s1,2018-01-03 00:00:00,19.90,7.78"],
    ),
    "olist_order_payments_dataset": (
        "order_id,payment_sequential,payment_type,payment_installments,payment_value",
        ["o1,1,credit_card,2,27.68"],
    ),
    "olist_order_reviews_dataset": (
        "review_id,order_id,review_score,review_comment_title,review_comment_message,review_creation_date,"
        "review_answer_timestamp",
        ["r1,o1,5,,,2018-01-06 00:00:00,2018-01-07 08:00:00"],
    ),
    "olist_products_dataset": (
        "product_id,product_category_name,product_name_lenght,product_weight_g",
        ["p1,beleza_saude,40,500"],
    ),
    "olist_sellers_dataset": (
        "seller_id,seller_zip_code_prefix,seller_city,seller_state",
        ['"s1","13023",campinas,SP'],
    ),
    "product_category_name_translation": (
        "\ufeffproduct_category_name,product_category_name_english",
        ["beleza_saude,health_beauty"],
    ),
}


@pytest.fixture
def olist(tmp_path: Path) -> Folder:
    """Write the eight files with one order; `file=[lines]` replaces a file's lines."""

    def write(**lines: list[str]) -> Path:
        folder = tmp_path / "olist"
        folder.mkdir(exist_ok=True)
        for name, (header, usual) in FILES.items():
            text = "\n".join([header, *lines.get(name, usual)]) + "\n"
            (folder / f"{name}.csv").write_text(text, encoding="utf-8")
        return folder

    return write


def run(settings: Settings, folder: Path, **options: Any) -> Any:
    return import_olist(settings, folder, "olist", **options)


def test_an_order_arrives_with_all_that_belongs_to_it(settings: Settings, olist: Folder) -> None:
    outcome = run(settings, olist())
    assert outcome.closing_line == "read 8 = loaded 8 + rejected 0 + skipped 0"
    order = "SELECT number, status, source_status, channel, currency, placed_at::VARCHAR, ship_city, total"
    assert query(settings, f"{order} FROM orders") == [
        ("o1", "delivered", "delivered", "marketplace", "BRL", "2018-01-01 12:00:00", "sao paulo", None)
    ]
    lines = "SELECT name, quantity, gross, shipping, tax FROM order_lines"
    assert query(settings, lines) == [("Health beauty p1", 1, 1990, 778, 0)]
    paid = "SELECT provider, method, installments, amount, status, external_id, kind, position FROM payments"
    assert query(settings, paid) == [("olist", "credit_card", 2, 2768, "captured", "o1-1", "external", 1)]
    assert query(settings, "SELECT rating, comment, product_id IS NULL FROM reviews") == [(5, None, False)]
    assert query(settings, "SELECT region, postal_code, country FROM customers") == [("SP", "01310", "BR")]
    assert query(settings, "SELECT city FROM sellers") == [("campinas",)]
    assert query(settings, "SELECT c.name FROM products p JOIN categories c ON c.id = p.category_id") == [
        ("Health beauty",)
    ]
    assert query(settings, "SELECT time_zone, currency FROM shops") == [("America/Sao_Paulo", "BRL")]


@pytest.mark.parametrize(
    ("source", "approved", "status"),
    [
        ("created", "", "pending_payment"),
        ("created", "2018-01-01 11:00:00", "paid"),
        ("approved", "2018-01-01 11:00:00", "paid"),
        ("invoiced", "2018-01-01 11:00:00", "paid"),
        ("processing", "", "pending_payment"),
        ("unavailable", "2018-01-01 11:00:00", "paid"),
        ("shipped", "2018-01-01 11:00:00", "shipped"),
        ("canceled", "", "cancelled"),
    ],
)
def test_each_status_has_the_shops_word(
    settings: Settings, olist: Folder, source: str, approved: str, status: str
) -> None:
    run(
        settings,
        olist(olist_orders_dataset=[f"o1,c1,{source},2018-01-01 10:00:00,{approved},,,2018-01-20 00:00:00"]),
    )
    assert query(settings, "SELECT status, source_status FROM orders") == [(status, source)]


def test_the_dirt_of_the_real_files_loads(settings: Settings, olist: Folder) -> None:
    folder = olist(
        olist_orders_dataset=[ORDER, ORDER.replace("o1,c1", "o2,c2"), ORDER.replace("o1,c1", "o3,c3")],
        olist_customers_dataset=[f"c{n},u1,0{n},cidade,SP" for n in (1, 2, 3)],
        olist_order_items_dataset=["o1,1,p1,s1,,19.9,0.00", "o1,2,p2,s1,,19.90,0", "o2,1,p1,s1,,5,1"],
        olist_products_dataset=["p1,,,", "p2,sem_traducao,10,"],
        olist_order_payments_dataset=[
            "o3,1,not_defined,1,0.00",
            "o1,1,voucher,1,39.80",
            "o1,2,boleto,1,0.00",
        ],
        olist_order_reviews_dataset=[
            'r1,o1,5,"Título, bom","primeira linha\r\nsegunda ""linha""",2017-10-15 00:00:00,',
            "r1,o2,5,,,2017-10-15 00:00:00,2017-10-16 00:00:00",
        ],
    )
    outcome = run(settings, folder)
    assert (outcome.rejected, outcome.skipped.total()) == (0, 0)
    assert query(settings, "SELECT count(*) FROM orders") == [(3,)]
    assert query(settings, "SELECT count(*) FROM customers") == [(1,)]
    names = query(settings, "SELECT name FROM order_lines ORDER BY order_id, position")
    assert {name for (name,) in names} == {"Uncategorised p1", "Sem traducao p2"}
    assert sorted(query(settings, "SELECT method, amount FROM payments")) == [
        ("boleto", 0),
        ("not_defined", 0),
        ("voucher", 3980),
    ]
    reviews = query(settings, "SELECT comment, created_at, product_id IS NULL FROM reviews ORDER BY comment")
    # Midnight of the day the clocks went forward did not exist; the order had two products.
    assert reviews[0] == ('primeira linha\r\nsegunda "linha"', datetime(2017, 10, 15, 3), True)  # noqa: DTZ001
    assert reviews[1][2] is False


def test_what_cannot_be_right_is_rejected_with_its_line(settings: Settings, olist: Folder) -> None:
    folder = olist(
        olist_order_items_dataset=[
            "o1,1,p1,s1,,19.90,1",
            "o1,2,p1,s1,,cheap,1",
            "o9,1,p1,s1,,1,1",
            "o1,3,,s1,,1,1",
        ],
        olist_order_payments_dataset=["o1,1,credit_card,2,27.68", "o1,1,credit_card,2,27.68"],
    )
    outcome = run(settings, folder)
    assert outcome.closing_line == "read 12 = loaded 8 + rejected 3 + skipped 1"
    kept = outcome.reject_files[0].read_text().splitlines()
    assert kept[1].startswith("olist_order_items_dataset.csv,3,price: 'cheap' is no number")
    assert "olist_order_items_dataset.csv,4,order_id o9 is not in olist_orders_dataset" in kept[2]
    assert "olist_order_items_dataset.csv,5,product_id is empty" in kept[3]


def test_a_missing_file_or_column_is_named_and_nothing_is_applied(settings: Settings, olist: Folder) -> None:
    folder = olist()
    (folder / "olist_sellers_dataset.csv").write_text("id\n1\n")
    with pytest.raises(
        UserError, match=r"olist_sellers_dataset.csv: line 1: column seller_id, .* is missing"
    ):
        run(settings, folder)
    (folder / "olist_sellers_dataset.csv").unlink()
    with pytest.raises(UserError, match=r"olist_sellers_dataset.csv is missing"):
        run(settings, folder)
    with pytest.raises(UserError, match="no such folder"):
        run(settings, folder / "nowhere")
    assert not settings.lake.exists()


def test_a_newer_export_wins_in_whatever_order_they_are_imported(tmp_path: Path, olist: Folder) -> None:
    new = shutil.copytree(olist(), tmp_path / "new")
    old_order = (
        "o1,c1,shipped,2018-01-01 10:00:00,2018-01-01 11:00:00,2018-01-02 10:00:00,,2018-01-20 00:00:00"
    )
    old = shutil.copytree(olist(olist_orders_dataset=[old_order]), tmp_path / "old")
    lakes = []
    for number, order in enumerate(([old, new], [new, old, new])):
        settings = Settings(home=tmp_path / f"var{number}")
        for folder in order:
            run(settings, folder)
        assert query(settings, "SELECT status FROM orders") == [("delivered",)]
        lakes.append(latest_rows(settings)["orders"])
    assert lakes[0] == lakes[1]


def test_a_dry_run_writes_nothing(settings: Settings, olist: Folder) -> None:
    assert run(settings, olist(), dry_run=True).loaded == 8
    assert not exists(settings, "orders")
    assert run(settings, olist()).loaded == 8
    assert run(settings, olist()).closing_line == "read 8 = loaded 0 + rejected 0 + skipped 8"


def test_the_real_orders_give_their_published_figures(settings: Settings, shared_data: Path) -> None:
    outcome = run(settings, shared_data / "olist")
    assert outcome.closing_line == "read 26,964 = loaded 26,964 + rejected 0 + skipped 0"
    lines = "SELECT count(*), count(DISTINCT order_id), sum(gross), sum(shipping) FROM order_lines"
    assert query(settings, lines) == [(4_519, 3_977, 54_954_509, 8_970_968)]
    statuses = dict(query(settings, "SELECT source_status, count(*) FROM orders GROUP BY 1"))
    assert statuses == {
        "delivered": 3_898,
        "shipped": 39,
        "canceled": 23,
        "unavailable": 17,
        "processing": 14,
        "invoiced": 9,
    }
    payments = dict(query(settings, "SELECT method, sum(amount) FROM payments GROUP BY 1"))
    assert payments == {
        "credit_card": 49_795_364,
        "boleto": 11_937_490,
        "voucher": 1_816_632,
        "debit_card": 999_919,
    }
    assert query(settings, "SELECT count(*), round(avg(rating), 4) FROM reviews") == [(3_986, 4.0803)]
    punctual = (
        "SELECT count(*), count(*) FILTER (delivered_at <= promised_at) FROM orders"
        " WHERE status = 'delivered' AND delivered_at IS NOT NULL"
    )
    assert query(settings, punctual) == [(3_898, 3_563)]
