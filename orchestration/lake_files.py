"""Finds what is new in the lake without listing all of it."""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

from ingestion.lake import MANIFEST, STAGING
from ingestion.schema import LAKE_TABLES, lake_folder
from settings import Settings

# A folder's time stamp moves in steps of the kernel's clock, so a file may arrive after a listing without
# moving it. A listing is trusted only when the folder had been quiet for this long.
QUIET_NANOSECONDS = 2_000_000_000


class LakeFiles:
    """Remembers which `date=` folders were quiet when last listed, and does not list those again."""

    def __init__(self, settings: Settings) -> None:
        self._lake = settings.lake
        self._tables = {table: lake_folder(settings, table) for table in LAKE_TABLES}
        self._quiet: dict[str, int] = {}  # folder -> modification time at its last trusted listing
        self._seen: dict[str, set[str]] = {}  # folder -> names known to be loaded, of folders still busy

    def waiting(self) -> dict[str, list[str]]:
        """Lake table -> paths relative to the lake of files that may not be loaded yet.

        Files that ingestion publishes together have the same name in every table, and come together: those of
        a publication that is still under way are left for the next time, and those of one that was completed
        while we listed are found by listing once more.
        """
        stems = {Path(path).stem for paths in self._list().values() for path in paths}
        if not stems:
            return {}
        complete = stems - _under_way(self._lake)
        found = {
            table: [path for path in paths if Path(path).stem in complete]
            for table, paths in self._list().items()
        }
        return {table: paths for table, paths in found.items() if paths}

    def _list(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for table, folder in self._tables.items():
            paths = [path for partition in _partitions(folder) for path in self._unseen(partition)]
            if paths:
                found[table] = sorted(paths)
        return found

    def loaded(self, paths: dict[str, list[str]]) -> None:
        """Remember that these files are in the warehouse, so that they are not looked up again."""
        for path in (path for of_table in paths.values() for path in of_table):
            folder, name = os.path.split(path)
            if folder in self._seen:
                self._seen[folder].add(name)

    def _unseen(self, partition: os.DirEntry[str]) -> list[str]:
        folder = os.path.relpath(partition.path, self._lake)
        listed_at = time.time_ns()
        modified = Path(partition.path).stat().st_mtime_ns  # the entry's own stat may be cached
        if self._quiet.get(folder) == modified:
            return []
        seen = self._seen.setdefault(folder, set())
        names = {entry.name for entry in os.scandir(partition.path) if entry.name.endswith(".parquet")}
        unseen = names - seen
        if not unseen and listed_at - modified > QUIET_NANOSECONDS:
            self._quiet[folder] = modified
            del self._seen[folder]
        return [f"{folder}/{name}" for name in unseen]


def _partitions(folder: Path) -> Iterator[os.DirEntry[str]]:
    """The date= folders of a lake table; none while nothing was ever written to it."""
    try:
        entries = list(os.scandir(folder))
    except FileNotFoundError:
        return
    yield from (entry for entry in entries if entry.name.startswith("date="))


def _under_way(lake: Path) -> set[str]:
    """Names of the files that ingestion is renaming into the lake just now, or was when it was killed."""
    names: set[str] = set()
    for manifest in (lake / STAGING).glob(f"*/{MANIFEST}"):
        try:
            targets = json.loads(manifest.read_text()).values()
        except FileNotFoundError:  # completed since
            continue
        names |= {Path(target).stem for target in targets}
    return names
