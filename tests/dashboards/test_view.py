from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest
from streamlit.testing.v1 import AppTest

from dashboards.serving import Build
from dashboards.view import Shop

DAY = date(2026, 5, 1)
SHOP = Shop("demo", "Storehouse", "Europe/London", "GBP", "en_GB", DAY, DAY)


@pytest.fixture
def build(tmp_path: Path) -> Build:
    """A build in which `demo` sold in pounds and dollars, and `small` in pounds."""
    path = tmp_path / "build.duckdb"
    with duckdb.connect(str(path)) as warehouse:
        warehouse.execute("create schema marts")
        warehouse.execute(
            "create table marts.rpt_sales_daily as select * from "
            "(values ('demo', 'GBP'), ('demo', 'USD'), ('small', 'GBP')) sold (shop_id, currency)"
        )
    return Build("one", path, datetime(2026, 5, 1, tzinfo=UTC), None)


def page(build: "Build", shop: "Shop") -> None:  # runs where these names are not imported
    import streamlit as st

    from dashboards.view import in_currency

    st.text(in_currency(build, shop, st).currency)


def test_a_shop_is_shown_in_its_own_currency_until_another_is_chosen(build: Build) -> None:
    shown = AppTest.from_function(page, args=(build, SHOP)).run()
    (choice,) = shown.get("button_group")
    assert shown.text[0].value == "GBP"
    shown = choice.set_value("USD").run()
    assert shown.text[0].value == "USD"


def test_an_address_leads_to_the_currency_that_was_chosen(build: Build) -> None:
    shown = AppTest.from_function(page, args=(build, SHOP))
    shown.query_params["currency_demo"] = "USD"
    assert shown.run().text[0].value == "USD"


def test_a_shop_that_sells_in_its_own_only_is_asked_nothing(build: Build) -> None:
    small = Shop("small", "Small", "Europe/London", "GBP", "en_GB", DAY, DAY)
    shown = AppTest.from_function(page, args=(build, small)).run()
    assert (shown.text[0].value, len(shown.get("button_group"))) == ("GBP", 0)
