"""The lake's files are in the warehouse once, and one process at a time has it open."""

import signal
import subprocess
import sys
import threading
from pathlib import Path

import duckdb
import pytest
from lakes import Lake, change, event, order, shop

from ingestion.schema import lake_folder
from orchestration.lake_files import LakeFiles
from orchestration.warehouse import Warehouse, open_warehouse, warehouse_file
from settings import Settings, UserError

HOLD = """
import sys
from orchestration.warehouse import open_warehouse
from settings import Settings
with open_warehouse(Settings()):
    print("open", flush=True)
    sys.stdin.read()
"""
LOAD = """
from orchestration.lake_files import LakeFiles
from orchestration.warehouse import open_warehouse
from settings import Settings
settings = Settings()
print("started", flush=True)
with open_warehouse(settings) as warehouse:
    for table, paths in LakeFiles(settings).waiting().items():
        for path in paths:
            warehouse.load({table: [path]})
print("loaded", flush=True)
"""


def python(settings: Settings, code: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", code],
        env={"STOREHOUSE_HOME": str(settings.home), "PATH": ""},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def load(warehouse: Warehouse) -> int:
    return warehouse.load(LakeFiles(warehouse.settings).waiting())


def count(warehouse: Warehouse, table: str) -> int:
    [(rows,)] = warehouse.con.execute(f"SELECT count(*) FROM raw.{table}").fetchall()
    return int(rows)


def test_a_file_is_loaded_once_however_often_it_is_found(settings: Settings, lake: Lake) -> None:
    lake.events(event(1, 0), event(2, 1))
    lake.write("orders", order("A1", 0))
    with open_warehouse(settings) as warehouse:
        assert load(warehouse) == 3
        assert load(warehouse) == 0
    with open_warehouse(settings) as warehouse:
        assert load(warehouse) == 0
        assert count(warehouse, "events") == 2
        assert {source.name: source.rows for source in warehouse.sources()} == {"events": 2, "orders": 1}


def test_a_file_that_cannot_be_read_leaves_nothing_half_loaded(settings: Settings, lake: Lake) -> None:
    lake.events(event(1, 0))
    lake.write("orders", order("A1", 0))
    broken = lake_folder(settings, "orders") / "date=2026-11-02" / "broken-1-1.parquet"
    broken.write_bytes(b"PAR1 not at all")
    with open_warehouse(settings) as warehouse:
        with pytest.raises(duckdb.Error):
            load(warehouse)
        assert (
            count(warehouse, "events") == count(warehouse, "orders") == count(warehouse, "loaded_files") == 0
        )
        broken.unlink()
        assert load(warehouse) == 2


def test_files_are_numbered_in_the_order_they_were_written(settings: Settings, lake: Lake) -> None:
    """So that of two rows with the same sequence number the later one also wins when all is loaded again."""
    lake.write("shops", shop(name="First"))
    lake.write("shops", shop(name="Second"), day="2026-01-01")
    with open_warehouse(settings) as warehouse:
        load(warehouse)
        names = warehouse.con.execute("SELECT name FROM raw.shops ORDER BY _load_id").fetchall()
    assert names == [("First",), ("Second",)]


def test_an_empty_file_is_loaded_too(settings: Settings, lake: Lake) -> None:
    lake.write("orders")
    with open_warehouse(settings) as warehouse:
        assert load(warehouse) == 0
        assert count(warehouse, "loaded_files") == 1


def test_a_column_the_lake_learned_is_added_to_its_raw_table(settings: Settings, lake: Lake) -> None:
    lake.events(event(1, 0))
    with open_warehouse(settings) as warehouse:
        warehouse.con.execute("ALTER TABLE raw.events DROP COLUMN search_term")
    with open_warehouse(settings) as warehouse:
        load(warehouse)
        assert warehouse.con.execute("SELECT search_term FROM raw.events").fetchall() == [(None,)]


def test_files_from_before_a_column_was_added_are_loaded(settings: Settings, lake: Lake) -> None:
    lake.write("payments", change({"id": "payment-1", "amount": 1200}))
    [file] = lake_folder(settings, "payments").glob("*/*.parquet")
    rows = duckdb.from_parquet(str(file)).project("* EXCLUDE (kind, position)").fetch_arrow_table()
    duckdb.from_arrow(rows).write_parquet(str(file))
    with open_warehouse(settings) as warehouse:
        assert load(warehouse) == 1
        loaded = warehouse.con.execute("SELECT id, amount, kind, position FROM raw.payments").fetchall()
    assert loaded == [("payment-1", 1200, None, None)]


def test_a_second_process_waits_for_its_turn(settings: Settings) -> None:
    holder = python(settings, HOLD)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "open\n"
    opened = threading.Event()

    def wait() -> None:
        with open_warehouse(settings):
            opened.set()

    waiter = threading.Thread(target=wait)
    waiter.start()
    assert not opened.wait(0.5)
    holder.communicate()
    assert opened.wait(10)
    waiter.join()


def test_waiting_ends_when_the_worker_is_stopped(settings: Settings) -> None:
    holder = python(settings, HOLD)
    assert holder.stdout is not None
    holder.stdout.readline()
    stop = threading.Event()
    stop.set()
    with pytest.raises(UserError, match="stopped"), open_warehouse(settings, stop):
        pass
    holder.communicate()


def test_a_file_that_is_no_warehouse_is_said_in_one_line(settings: Settings) -> None:
    settings.warehouse.mkdir(parents=True)
    warehouse_file(settings).write_text("no database at all, but long enough to be taken for one" * 100)
    with pytest.raises(UserError, match="the warehouse cannot be opened"), open_warehouse(settings):
        pass


@pytest.mark.parametrize("files_loaded", [0, 3, 9])
def test_a_loader_killed_at_any_moment_loads_every_row_once(
    files_loaded: int, settings: Settings, lake: Lake
) -> None:
    for number in range(12):
        lake.events(*[event(number * 100 + row, row) for row in range(100)])
    victim = python(settings, LOAD)
    assert victim.stdout is not None
    victim.stdout.readline()
    wait_for_files(settings, files_loaded, victim)
    victim.send_signal(signal.SIGKILL)
    victim.wait()
    with open_warehouse(settings) as warehouse:
        load(warehouse)
        assert count(warehouse, "events") == 1200
        [(distinct,)] = warehouse.con.execute("SELECT count(DISTINCT event_id) FROM raw.events").fetchall()
        assert distinct == 1200


def wait_for_files(settings: Settings, count: int, victim: "subprocess.Popen[str]") -> None:
    """Return when the write-ahead log shows that about this many files are loaded, or the victim is done."""
    log = Path(f"{warehouse_file(settings)}.wal")
    while victim.poll() is None and (not log.exists() or log.stat().st_size < count * 6000):
        pass
