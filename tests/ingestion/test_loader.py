"""The loader: spool and change log to the lake, exactly once whatever is killed."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path

import psutil
import pytest
from crashing import run_and_crash_at
from lake_reader import query
from processes import eventually
from spooling import SpoolWriter

from ingestion import lake
from ingestion.changes import last_position
from ingestion.loader import load_once
from ingestion.user_agents import classify
from settings import Settings, UserError
from transactional.catalog import creation
from transactional.change_log import Position
from transactional.shop import Shop, open_shop

CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/131.0.0.0 Safari/537.36"
GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


@pytest.fixture
def shop(settings: Settings) -> Iterator[Shop]:
    shop = open_shop(settings)
    yield shop
    shop.database.engine.dispose()


def add_brands(shop: Shop, *slugs: str) -> None:
    with shop.database.transaction("test", "request-1") as uow:
        for slug in slugs:
            creation.create_brand(uow, slug, slug.title())


def lake_files(settings: Settings, table: str) -> list[str]:
    return sorted(
        str(p.relative_to(settings.lake / table)) for p in (settings.lake / table).rglob("*.parquet")
    )


def test_events_arrive_typed_and_their_segments_go(settings: Settings, spool: SpoolWriter) -> None:
    item = {"item_id": "MUG", "price": 1245, "quantity": 2, "index": 0}
    spool.seal(
        spool.event(value=2490, currency="GBP", items=[item], params='{"rank":1}', viewport_width=1280)
    )
    report = load_once(settings)
    assert (report.events, report.quarantined, report.changes) == (1, 0, 0)
    (row,) = query(settings, "SELECT occurred_at, received_at, value, items, params, http_status FROM events")
    assert row[:3] == (datetime(2026, 11, 22, 10), datetime(2026, 11, 22, 10, 0, 1), 2490)  # noqa: DTZ001
    assert row[3][0]["item_id"] == "MUG"
    assert row[3][0]["index"] == 0
    assert row[4:] == ('{"rank":1}', None)
    assert list(spool.folder.iterdir()) == []
    assert load_once(settings).is_empty


def test_waiting_segments_become_one_file_named_after_them(settings: Settings, spool: SpoolWriter) -> None:
    for _ in range(4):
        spool.seal(spool.event(), spool.event())
    load_once(settings)
    assert lake_files(settings, "events") == ["date=2026-11-22/collector-000000000001-000000000004.parquet"]
    assert query(settings, "SELECT count(DISTINCT event_id) FROM events") == [(8,)]


def test_each_day_has_its_folder(settings: Settings, spool: SpoolWriter) -> None:
    days = ["2026-11-21T23:59:59.999999Z", "2026-11-22T00:00:00.000000Z", "2026-11-22T00:00:01.000000Z"]
    spool.seal(*(spool.event(received_at=day) for day in days))
    load_once(settings)
    name = "collector-000000000001-000000000001.parquet"
    assert lake_files(settings, "events") == [f"date=2026-11-21/{name}", f"date=2026-11-22/{name}"]
    counts = "SELECT received_at::DATE::VARCHAR, count(*) FROM events GROUP BY 1 ORDER BY 1"
    assert query(settings, counts) == [("2026-11-21", 1), ("2026-11-22", 2)]


def test_a_user_agent_is_classified_once(settings: Settings, spool: SpoolWriter) -> None:
    spool.seal(*(spool.event(user_agent=agent) for agent in (CHROME, GOOGLEBOT, CHROME, None)))
    load_once(settings)
    spool.seal(spool.event(user_agent=CHROME))
    load_once(settings)
    rows = query(
        settings, "SELECT user_agent, browser, os, device_type, is_bot FROM user_agents ORDER BY is_bot"
    )
    assert rows[0] == (CHROME, "Chrome", "Windows", "desktop", False)
    assert rows[1][0] == GOOGLEBOT
    assert rows[1][3:] == ("bot", True)
    assert len(rows) == 2


def test_what_the_collector_refused_is_kept(settings: Settings, spool: SpoolWriter) -> None:
    row = {"received_at": "2026-11-22T10:00:00Z", "shop_id": "demo", "reason": "no page", "body": '{"a": 1}'}
    spool.seal(row, suffix=".quarantine")
    assert load_once(settings).quarantined == 1
    assert query(settings, "SELECT shop_id, reason, body FROM quarantine") == [
        ("demo", "no page", '{"a": 1}')
    ]


def test_a_damaged_line_is_quarantined_and_the_others_load(settings: Settings, spool: SpoolWriter) -> None:
    spool.seal(spool.event(), raw=b'\x00\x00garbage\n{"event_id": "1", "received_at": "never"}\n')
    spool.seal(spool.event())
    assert load_once(settings).events == 2
    reasons = query(settings, "SELECT reason, body FROM quarantine ORDER BY ALL")
    assert len(reasons) == 2
    assert all(reason.startswith("unreadable line of segment") for reason, _ in reasons)
    assert any("garbage" in body for _, body in reasons)


def test_changes_hold_the_row_after_each_change(settings: Settings, shop: Shop) -> None:
    load_once(settings)
    add_brands(shop, "fell", "moor")
    assert load_once(settings).changes == 2
    rows = query(
        settings,
        "SELECT shop_id, slug, name, _op, _actor, _request_id, _before FROM brands_log ORDER BY _seq",
    )
    assert rows == [
        ("demo", "fell", "Fell", "c", "test", "request-1", None),
        ("demo", "moor", "Moor", "c", "test", "request-1", None),
    ]
    assert query(settings, "SELECT count(*) FROM shops") == [(1,)]
    assert load_once(settings).is_empty


def test_loading_goes_on_where_the_names_of_the_files_end(settings: Settings) -> None:
    folder = settings.lake / "changes" / "brands" / "date=2026-11-22"
    folder.mkdir(parents=True)
    # On PostgreSQL a later transaction may hold earlier numbers.
    for transaction, first, last in ((10, 5, 9), (12, 3, 4), (11, 1, 8)):
        (folder / f"demo.{transaction:020d}-{first:016d}-{last:016d}.parquet").touch()
    (folder / "other.00000000000000000099-0000000000000001-0000000000000001.parquet").touch()
    (folder / "import-demo-orders-0123456789abcdef.parquet").touch()
    assert last_position(settings) == Position(12, 4)


def test_overlapping_transactions_are_loaded_once_by_loaders_that_begin_anew(
    settings: Settings, database_url: str
) -> None:
    settings = settings.model_copy(update={"database_url": database_url})
    shop = open_shop(settings)

    def write(worker: int) -> None:
        for number in range(15):
            add_brands(shop, f"{worker}-{number}-a", f"{worker}-{number}-b")

    writers = [threading.Thread(target=write, args=(worker,)) for worker in range(3)]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        load_once(settings)  # knows where to go on only from the names of the files
    load_once(settings)
    shop.database.engine.dispose()
    slugs = Counter(slug for (slug,) in query(settings, "SELECT slug FROM brands_log"))
    assert slugs == {
        f"{worker}-{number}-{end}": 1 for worker in range(3) for number in range(15) for end in "ab"
    }


def test_a_shop_that_never_started_is_no_error(settings: Settings) -> None:
    assert load_once(settings).is_empty
    assert not (settings.home / "shop.db").exists()


def test_a_database_that_does_not_answer_is_named_and_events_load_nevertheless(
    settings: Settings, spool: SpoolWriter
) -> None:
    spool.seal(spool.event())
    away = settings.model_copy(update={"database_url": "postgresql://nobody@127.0.0.1:1/none"})
    with pytest.raises(UserError, match="the shop database does not answer"):
        load_once(away)
    assert query(settings, "SELECT count(*) FROM events") == [(1,)]


def test_publishing_as_somebody_who_is_at_it_is_refused(settings: Settings) -> None:
    with (
        lake.publication(settings, "import-x"),
        pytest.raises(UserError, match="import-x"),
        lake.publication(settings, "import-x"),
    ):
        pytest.fail("two held the lock")


def test_a_crash_at_any_moment_neither_loses_nor_doubles(tmp_path: Path) -> None:
    waiting = Settings(home=tmp_path / "waiting")
    spool = SpoolWriter(waiting)
    for day in (21, 22):
        spool.seal(
            *(spool.event(received_at=f"2026-11-{day}T10:00:00Z", user_agent=CHROME) for _ in range(3))
        )
    spool.seal({"received_at": "2026-11-22T10:00:00Z", "reason": "r", "body": "b"}, suffix=".quarantine")
    shop = open_shop(waiting)
    add_brands(shop, "fell", "moor")
    shop.database.engine.dispose()
    classify(CHROME)  # the children inherit what is slow to load

    for moment in range(1, 200):
        settings = Settings(home=tmp_path / str(moment))
        shutil.copytree(waiting.home, settings.home)
        survived = run_and_crash_at(moment, partial(load_once, settings))
        run_and_crash_at(None, partial(load_once, settings))

        assert Counter(id for (id,) in query(settings, "SELECT event_id FROM events")) == Counter(spool.ids)
        assert query(settings, "SELECT count(*) FROM quarantine") == [(1,)]
        assert query(settings, "SELECT count(*) FROM user_agents") == [(1,)]
        assert query(settings, "SELECT slug FROM brands_log ORDER BY _seq") == [("fell",), ("moor",)]
        assert query(settings, "SELECT count(*) FROM shops_log") == [(1,)]
        left = [path.name for path in (settings.lake / ".staging").rglob("*") if path.is_file()]
        assert left == ["lock"]
        assert list((settings.spool / "collector").iterdir()) == []
        if survived:
            assert moment > 15, "the child met fewer moments than a load has"
            return
    pytest.fail("the load never came to its end")


@contextmanager
def loader_process(settings: Settings) -> Iterator["subprocess.Popen[bytes]"]:
    environment = os.environ | {"STOREHOUSE_HOME": str(settings.home), "STOREHOUSE_BATCH_SECONDS": "0.1"}
    storehouse = Path(sys.executable).with_name("storehouse")
    process = subprocess.Popen([storehouse, "load"], env=environment, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_kill_9_at_random_moments_while_rows_arrive(settings: Settings, shop: Shop) -> None:
    spool = SpoolWriter(settings)
    stop = threading.Event()
    slugs: list[str] = []

    def arrive() -> None:
        while not stop.wait(0.01):
            # A collector writes under another name first, so that no half segment is ever seen.
            path = spool.folder / "new"
            row = spool.event()
            path.write_text(json.dumps(row) + "\n")
            path.rename(spool.folder / f"{len(spool.ids):012d}.ndjson")
            slugs.append(f"brand-{len(slugs)}")
            add_brands(shop, slugs[-1])

    arriving = threading.Thread(target=arrive)
    arriving.start()
    try:
        chance = random.Random(4)
        for _ in range(4):
            with loader_process(settings) as process:
                eventually(lambda: len(list(settings.lake.glob("events/*/*"))) > 0, "a file in the lake", 20)
                time.sleep(chance.uniform(0.3, 1.2))  # the moment of the kill, not a condition waited for
                process.kill()
    finally:
        stop.set()
        arriving.join()
    load_once(settings)
    assert Counter(id for (id,) in query(settings, "SELECT event_id FROM events")) == Counter(spool.ids)
    assert [slug for (slug,) in query(settings, "SELECT slug FROM brands_log ORDER BY _seq")] == slugs


def test_the_loader_process_wakes_early_idles_cheaply_and_ends_when_told(settings: Settings) -> None:
    spool = SpoolWriter(settings)
    with loader_process(settings) as process:
        spool.seal(spool.event())
        eventually(lambda: len(list(settings.lake.glob("events/*/*"))) == 1, "a file in the lake", 20)
        watched = psutil.Process(process.pid)
        before = watched.cpu_times()
        time.sleep(2)
        after = watched.cpu_times()
        assert after.user + after.system - before.user - before.system < 0.2
        assert watched.memory_info().rss < 200_000_000
        libraries = {Path(file.path).name for file in watched.memory_maps()}
        assert not [name for name in libraries if "arrow" in name or "pandas" in name]
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
