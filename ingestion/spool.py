"""Reading the spool: which sealed segments of a producer wait to be loaded."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# DuckDB holds about twice a batch in memory.
BATCH_BYTES = 64_000_000


@dataclass(frozen=True)
class Segment:
    number: int
    path: Path
    size: int  # bytes


def producers(spool: Path) -> list[Path]:
    """The producers' folders."""
    return sorted(path for path in spool.iterdir() if path.is_dir()) if spool.is_dir() else []


def sealed(folder: Path, suffix: str) -> list[Segment]:
    """A producer's sealed segments of one kind, in order, without a gap at the end.

    A folder's listing is no snapshot: it may show a segment and miss an older one that was renamed meanwhile.
    Every segment up to the highest number of a first listing was sealed before a second one begins.
    """
    seen = _list(folder, suffix)
    if not seen:
        return []
    highest = max(seen)
    return [
        Segment(number, path, path.stat().st_size)
        for number, path in sorted(_list(folder, suffix).items())
        if number <= highest
    ]


def batches(segments: list[Segment], max_bytes: int = BATCH_BYTES) -> Iterator[list[Segment]]:
    """Consecutive segments that are loaded together; one alone may be larger than `max_bytes`."""
    batch: list[Segment] = []
    size = 0
    for segment in segments:
        if batch and size + segment.size > max_bytes:
            yield batch
            batch, size = [], 0
        batch.append(segment)
        size += segment.size
    if batch:
        yield batch


def _list(folder: Path, suffix: str) -> dict[int, Path]:
    pattern = re.compile(rf"(\d{{12}}){re.escape(suffix)}\.ndjson")
    found = ((pattern.fullmatch(path.name), path) for path in folder.iterdir())
    return {int(match[1]): path for match, path in found if match}
