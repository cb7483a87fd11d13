"""What is published is whole, described, and stays readable while newer builds come."""

import duckdb
import pytest
from lakes import Lake, event, shop

from orchestration.batch import Batches
from orchestration.serving import build_file, builds, current_build, open_published, read_status
from orchestration.transform import Transform
from settings import Settings, UserError


def rows(settings: Settings, sql: str) -> list[tuple[object, ...]]:
    with open_published(settings) as con:
        return con.execute(sql).fetchall()


def test_the_last_builds_stay_and_a_reader_keeps_the_one_it_opened(
    settings: Settings, transform: Transform, lake: Lake
) -> None:
    batches = Batches(settings, transform)
    lake.write("shops", shop())
    lake.events(event(1, 0))
    batches.run()
    with open_published(settings) as reader:
        published = []
        for number in range(2, 6):
            lake.events(event(number, number))
            batch = batches.run()
            assert batch is not None
            published.append(batch.build)
        assert builds(settings) == published[-settings.kept_builds :]
        assert current_build(settings) == published[-1]
        assert reader.execute("SELECT events FROM marts.fct_sessions").fetchall() == [(1,)]
    assert rows(settings, "SELECT events FROM marts.fct_sessions") == [(5,)]


def test_what_a_killed_publication_left_is_cleaned_up(
    settings: Settings, transform: Transform, lake: Lake
) -> None:
    settings.serving.mkdir(parents=True)
    leftover = settings.serving / "20260101T000000000000Z.duckdb.tmp"
    leftover.write_bytes(b"half")
    lake.write("shops", shop())
    Batches(settings, transform).run()
    assert not leftover.exists()
    assert [path.name for path in settings.serving.iterdir() if "tmp" in path.name] == []


def test_the_published_file_says_what_it_is(published: Settings) -> None:
    build = current_build(published)
    assert rows(published, "SELECT build FROM meta.build") == [(build,)]
    status = read_status(published)
    assert status is not None
    assert (status.state, status.build, status.failed) == ("ok", build, [])
    assert status.data_through["events"] == "2026-11-02T12:05:00.000000Z"


def test_the_published_file_says_how_far_each_source_goes(published: Settings) -> None:
    sources = rows(
        published, "SELECT source, rows, CAST(data_through AS VARCHAR) FROM meta.sources ORDER BY 1"
    )
    assert ("events", 2, "2026-11-02 12:05:00") in sources
    assert ("orders", 1, "2026-11-02 12:00:01") in sources


def test_the_published_file_says_what_was_audited(published: Settings) -> None:
    tests = rows(published, "SELECT name, model, status FROM meta.tests")
    assert ("orders_add_up", "fct_orders", "pass") in tests
    assert {status for _, _, status in tests} == {"pass"}


def test_every_published_column_is_described_with_its_type(published: Settings) -> None:
    described = rows(
        published,
        'SELECT "table", "column", lower(type) FROM meta.columns WHERE length(description) > 0 ORDER BY ALL',
    )
    there = rows(
        published,
        "SELECT table_name, column_name, lower(data_type) FROM duckdb_columns()"
        " WHERE schema_name = 'marts' ORDER BY ALL",
    )
    assert described == there


def test_kpis_are_defined_for_the_dashboards(published: Settings) -> None:
    kpis = rows(published, 'SELECT "table", "column", name, unit FROM meta.kpis')
    assert ("rpt_sales_daily", "net_sales", "Net sales", "money") in kpis


def test_a_published_build_reads_nothing_else_and_cannot_be_changed(published: Settings) -> None:
    with open_published(published) as con:
        with pytest.raises(duckdb.Error, match="disabled"):
            con.execute("SELECT * FROM read_text('/etc/hostname')")
        with pytest.raises(duckdb.Error, match="read-only"):
            con.execute("DELETE FROM marts.fct_orders")
        with pytest.raises(duckdb.Error, match="locked"):
            con.execute("SET enable_external_access = true")


def test_before_the_first_build_there_is_one_clear_line(settings: Settings) -> None:
    with pytest.raises(UserError, match="nothing is published yet"), open_published(settings):
        pass


def test_a_build_that_is_gone_is_named(published: Settings) -> None:
    with pytest.raises(UserError, match="20200101"), open_published(published, "20200101T000000000000Z"):
        pass
    assert not build_file(published, "20200101T000000000000Z").exists()
