"""What is new in the lake is found once, whatever the clock and the loader do meanwhile."""

import json
import os
from pathlib import Path

import pytest

from ingestion.schema import lake_folder
from orchestration.lake_files import LakeFiles
from settings import Settings

LONG_AGO = 1_700_000_000


@pytest.fixture
def files(settings: Settings) -> LakeFiles:
    return LakeFiles(settings)


def add(settings: Settings, name: str, table: str = "events", day: str = "2026-11-02") -> Path:
    folder = lake_folder(settings, table) / f"date={day}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).touch()
    return folder


def make_quiet(folder: Path) -> None:
    os.utime(folder, (LONG_AGO, LONG_AGO))


def test_a_file_waits_until_it_is_loaded(settings: Settings, files: LakeFiles) -> None:
    add(settings, "c-1-1.parquet")

    assert files.waiting() == {"events": ["events/date=2026-11-02/c-1-1.parquet"]}
    assert files.waiting() == {"events": ["events/date=2026-11-02/c-1-1.parquet"]}
    files.loaded(files.waiting())
    assert files.waiting() == {}


def test_files_that_are_being_written_do_not_wait(settings: Settings, files: LakeFiles) -> None:
    add(settings, "c-1-1.parquet.tmp")
    (lake_folder(settings, "events") / "notes.txt").touch()

    assert files.waiting() == {}


def test_a_quiet_folder_is_not_listed_again(settings: Settings, files: LakeFiles) -> None:
    folder = add(settings, "c-1-1.parquet")
    make_quiet(folder)
    files.loaded(files.waiting())
    assert files.waiting() == {}

    add(settings, "c-2-2.parquet")
    make_quiet(folder)  # as if nothing had come

    assert files.waiting() == {}


def test_a_late_file_wakes_a_quiet_folder(settings: Settings, files: LakeFiles) -> None:
    folder = add(settings, "c-1-1.parquet")
    make_quiet(folder)
    files.loaded(files.waiting())
    files.waiting()

    add(settings, "c-2-2.parquet")

    assert "events/date=2026-11-02/c-2-2.parquet" in files.waiting()["events"]


def test_a_file_that_comes_within_the_same_tick_of_the_clock_is_found(
    settings: Settings, files: LakeFiles
) -> None:
    folder = add(settings, "c-1-1.parquet")
    moment = folder.stat().st_mtime_ns
    files.loaded(files.waiting())
    files.waiting()

    add(settings, "c-2-2.parquet")
    os.utime(folder, ns=(moment, moment))

    assert files.waiting() == {"events": ["events/date=2026-11-02/c-2-2.parquet"]}


def test_files_published_together_come_together(settings: Settings, files: LakeFiles) -> None:
    """A loader that was killed between two renames leaves a manifest that says what is missing."""
    add(settings, "demo.1-1-5.parquet", "orders")
    add(settings, "demo.0-0-0.parquet", "orders")
    staging = settings.lake / ".staging" / "loader"
    staging.mkdir(parents=True)
    targets = [f"changes/{table}/date=2026-11-02/demo.1-1-5.parquet" for table in ("orders", "order_lines")]
    (staging / "MANIFEST").write_text(json.dumps({"0.tmp": targets[0], "1.tmp": targets[1]}))

    assert files.waiting() == {"orders": ["changes/orders/date=2026-11-02/demo.0-0-0.parquet"]}

    add(settings, "demo.1-1-5.parquet", "order_lines")
    (staging / "MANIFEST").unlink()

    assert sorted(files.waiting()) == ["order_lines", "orders"]
