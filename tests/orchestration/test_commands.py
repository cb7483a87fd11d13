"""The commands of the warehouse, as somebody types them."""

import csv
import io
import json

import pytest
from lakes import Lake, copied, order, order_line
from typer.testing import CliRunner, Result

from orchestration.cli import app
from orchestration.serving import current_build
from settings import Settings, UserError

SQL = "SELECT order_number, net_sales, cancelled_at FROM marts.fct_orders"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> "Runner":
    return Runner(monkeypatch)


class Runner:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch

    def __call__(self, settings: Settings, *arguments: str) -> Result:
        self._monkeypatch.setenv("STOREHOUSE_HOME", str(settings.home))
        return CliRunner().invoke(app, arguments)


@pytest.fixture(scope="module")
def own(published: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A copy of the published Storehouse that these tests may add to; one, so that it is parsed once."""
    return copied(published.home, tmp_path_factory.mktemp("own"))


def test_query_prints_a_table(published: Settings, run: Runner) -> None:
    result = run(published, "query", SQL)
    assert result.exit_code == 0
    assert result.output.split() == ["order_number", "net_sales", "cancelled_at", "A1", "0"]


def test_query_cuts_nothing_short(published: Settings, run: Runner) -> None:
    long = "x" * 300
    result = run(published, "query", f"SELECT '{long}' AS text, 123456789012345678 AS figure")
    assert long in result.output
    assert "123456789012345678" in result.output


def test_query_prints_csv(published: Settings, run: Runner) -> None:
    result = run(published, "query", SQL, "--format", "csv")
    assert list(csv.DictReader(io.StringIO(result.output))) == [
        {"order_number": "A1", "net_sales": "0", "cancelled_at": ""}
    ]


def test_query_prints_json(published: Settings, run: Runner) -> None:
    result = run(published, "query", SQL, "--format", "json")
    assert json.loads(result.output) == [{"order_number": "A1", "net_sales": 0, "cancelled_at": None}]


def test_query_says_what_is_wrong_with_the_sql_in_one_line(published: Settings, run: Runner) -> None:
    result = run(published, "query", "SELECT nothing FROM marts.fct_orders")
    assert isinstance(result.exception, UserError)
    assert "nothing" in str(result.exception)
    assert "\n" not in str(result.exception)


def test_query_before_the_first_build_says_what_to_do(settings: Settings, run: Runner) -> None:
    result = run(settings, "query", "SELECT 1")
    assert isinstance(result.exception, UserError)
    assert "storehouse worker --once" in str(result.exception)


def test_status_shows_what_is_published_and_what_waits(own: Settings, run: Runner) -> None:
    Lake(own).write("orders", order("A1", 0, seq=2), day="2026-11-03")
    result = run(own, "status")
    assert result.exit_code == 0
    assert str(current_build(own)) in result.output
    assert "1 files" in result.output
    assert "through 2026-11-02 12:05:00 UTC" in result.output


def test_status_before_the_first_build(settings: Settings, run: Runner) -> None:
    assert "Nothing is published yet" in run(settings, "status").output


def test_rebuild_comes_to_equal_marts(own: Settings, run: Runner) -> None:
    before = current_build(own)
    result = run(own, "rebuild")
    assert result.exit_code == 0
    assert "fct_sales" in result.output
    assert "different" not in result.output
    assert current_build(own) != before


def test_publish_builds_what_is_loaded(own: Settings, run: Runner) -> None:
    result = run(own, "publish")
    assert result.exit_code == 0
    assert result.output.strip().endswith(str(current_build(own)))


def test_worker_once_drains_the_shop_and_tells_what_failed(own: Settings, run: Runner) -> None:
    before = current_build(own)

    lake = Lake(own)
    lake.write("orders", order("A2", 5, total=9999), day="2026-11-04")
    lake.write("order_lines", order_line("A2"), day="2026-11-04")
    bad = run(own, "worker", "--once")

    assert bad.exit_code == 1
    assert "failed: orders_add_up on fct_orders" in bad.output
    assert current_build(own) == before
    assert "orders_add_up" in run(own, "status").output

    lake.write("orders", order("A2", 5, seq=2), day="2026-11-05")
    assert run(own, "worker", "--once").exit_code == 0
