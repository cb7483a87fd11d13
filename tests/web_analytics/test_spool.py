"""Segments on disk: what a killed or failing collector leaves, and what the next one makes of it."""

import asyncio
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from settings import UserError
from web_analytics.group_commit import GroupCommit, SpoolFullError
from web_analytics.spool import Segments, Spool

LINE = b'{"event_id":"1"}\n'


def sealed(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted(folder.glob("*.ndjson"))]


def numbers(folder: Path) -> list[int]:
    return sorted(int(path.name[:12]) for path in folder.iterdir())


def test_sealing_hands_over_what_was_appended(tmp_path: Path) -> None:
    segments = Segments(tmp_path)
    segments.append(LINE)
    segments.append(LINE * 2)
    assert sealed(tmp_path) == []
    segments.seal()
    assert sealed(tmp_path) == [LINE * 3]


def test_a_segment_without_a_line_is_not_sealed(tmp_path: Path) -> None:
    segments = Segments(tmp_path)
    segments.seal()
    assert sealed(tmp_path) == []


def test_a_segment_is_sealed_when_it_is_large_enough(tmp_path: Path) -> None:
    segments = Segments(tmp_path, seal_bytes=40)
    for _ in range(7):
        segments.append(LINE)
    assert sealed(tmp_path) == [LINE * 3, LINE * 3]


def test_a_number_is_never_used_twice_though_the_loader_removes_what_it_has(tmp_path: Path) -> None:
    used: list[int] = []
    for _ in range(5):
        segments = Segments(tmp_path)
        segments.append(LINE)
        segments.close()
        for path in tmp_path.glob("*.ndjson"):
            used.append(int(path.name[:12]))
            path.unlink()
    assert used == list(range(used[0], used[0] + 5))


def test_a_wiped_spool_begins_above_the_numbers_it_had(tmp_path: Path) -> None:
    (before,) = _number_after_wiping(tmp_path)
    (after,) = _number_after_wiping(tmp_path)
    assert after >= before
    assert len(str(after)) == 12


def _number_after_wiping(folder: Path) -> list[int]:
    for path in folder.iterdir():
        path.unlink()
    Segments(folder)
    return numbers(folder)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(whole=st.integers(0, 5), tail=st.binary(max_size=40))
def test_a_torn_tail_is_dropped_and_whole_lines_are_kept(
    tmp_path_factory: pytest.TempPathFactory, whole: int, tail: bytes
) -> None:
    folder = tmp_path_factory.mktemp("spool")
    torn = tail.replace(b"\n", b"\xff")  # whatever it is, it has no end
    (folder / "000000000007.open").write_bytes(LINE * whole + torn)
    segments = Segments(folder)
    assert sealed(folder) == ([LINE * whole] if whole else [])
    segments.append(LINE)
    segments.close()
    assert sealed(folder)[-1] == LINE
    assert max(numbers(folder)) >= 8


def test_garbage_after_the_last_acknowledged_line_is_dropped(tmp_path: Path) -> None:
    # A power failure may leave zeros where unacknowledged bytes were to be.
    (tmp_path / "000000000007.open").write_bytes(LINE + bytes(20) + b"\n" + LINE)
    Segments(tmp_path)
    assert sealed(tmp_path) == [LINE]


def test_events_and_quarantine_do_not_mix(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "collector")
    spool.append(LINE, b'{"reason":"x"}\n')
    spool.close()
    names = sorted(path.name[12:] for path in (tmp_path / "collector").glob("*.ndjson"))
    assert names == [".ndjson", ".quarantine.ndjson"]


def test_a_second_spool_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    first = Spool(tmp_path / "collector")
    with pytest.raises(UserError, match="another collector"):
        Spool(tmp_path / "collector")
    first.close()
    Spool(tmp_path / "collector").close()


def _descriptor(segments: Segments) -> int:
    """The descriptor of the open segment, found as the kernel shows it."""
    (path,) = segments._folder.glob("*.open")
    return next(
        int(link.name)
        for link in Path("/proc/self/fd").iterdir()
        if link.exists() and link.resolve() == path.resolve()
    )


def test_after_a_failed_write_the_segment_goes_on_where_it_was(tmp_path: Path) -> None:
    segments = Segments(tmp_path)
    segments.append(LINE)
    descriptor = _descriptor(segments)
    kept = os.dup(descriptor)
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, descriptor)  # the kernel answers ENOSPC from now on
    with pytest.raises(OSError):
        segments.append(LINE)
    with pytest.raises(OSError):
        segments.seal()
    os.write(kept, b'{"half')  # what a write that failed midway leaves
    os.dup2(kept, descriptor)
    segments.append(LINE)
    segments.seal()
    assert sealed(tmp_path) == [LINE * 2]
    os.close(kept)
    os.close(full)


class CountingSpool(Spool):
    """A real spool that counts its groups."""

    groups = 0

    def append(self, events: bytes, quarantine: bytes) -> None:
        self.groups += 1
        super().append(events, quarantine)


def test_requests_that_wait_together_are_written_together(tmp_path: Path) -> None:
    async def commit_many() -> tuple[int, list[bytes]]:
        spool = CountingSpool(tmp_path / "collector")
        group_commit = GroupCommit(spool, max_bytes=1_000_000)
        await asyncio.gather(*(group_commit.commit(LINE, b"") for _ in range(200)))
        await group_commit.close()
        return spool.groups, sealed(tmp_path / "collector")

    groups, written = asyncio.run(commit_many())
    assert b"".join(written) == LINE * 200
    assert groups < 20


def test_a_spool_over_its_limit_takes_no_more(tmp_path: Path) -> None:
    async def fill() -> int:
        group_commit = GroupCommit(Spool(tmp_path / "collector"), max_bytes=len(LINE) * 3)
        taken = 0
        with pytest.raises(SpoolFullError):
            while True:
                await group_commit.commit(LINE, b"")
                taken += 1
        await group_commit.close()
        return taken

    assert asyncio.run(fill()) == 3
