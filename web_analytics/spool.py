"""The spool: numbered append-only segments that survive whatever kills the collector.

A segment is written as `<number>.open` and sealed by renaming it to `<number>.ndjson`. The next segment's
empty file is made before the rename, so a folder always holds the highest number used and none is ever used
twice, also after the loader has removed every sealed one.
"""

import fcntl
import os
import re
import time
from contextlib import suppress
from pathlib import Path

from msgspec import DecodeError, json

from settings import UserError

SEAL_BYTES = 16_000_000


class Segments:
    """The segments of one kind in one folder. One thread at a time may use it.

    `suffix` tells kinds apart: "" for events, ".quarantine" for what was refused.
    """

    def __init__(self, folder: Path, suffix: str = "", seal_bytes: int = SEAL_BYTES) -> None:
        self._folder = folder
        self._suffix = suffix
        self._seal_bytes = seal_bytes
        self._size = 0  # bytes of the open segment that are acknowledged
        self._torn = False  # whether bytes that were never acknowledged may follow them
        self._number = self._recover()
        self._descriptor = self._open(self._number)
        os.ftruncate(self._descriptor, 0)  # at most a torn line of a killed collector
        self._first_byte_at = 0.0
        _sync_folder(folder)

    @property
    def is_empty(self) -> bool:
        return self._size == 0

    @property
    def age(self) -> float:
        """Seconds since the open segment's first byte; 0 while it has none."""
        return time.monotonic() - self._first_byte_at if self._size else 0.0

    def append(self, lines: bytes) -> None:
        """Write whole lines; they are on disk when this returns.

        Raises OSError (disk full, file too large...) after taking back what was half written.
        """
        if self._torn:
            self._take_back()
        try:
            rest = memoryview(lines)
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
            os.fdatasync(self._descriptor)
        except OSError:
            self._torn = True
            self._take_back()
            raise
        if self._size == 0:
            self._first_byte_at = time.monotonic()
        self._size += len(lines)
        if self._size >= self._seal_bytes:
            with suppress(OSError):  # the lines are safe; sealing is tried again with the next ones
                self.seal()

    def seal(self) -> None:
        """Hand the open segment to the loader; raises OSError when the disk does not let us (try again)."""
        if self._torn:
            self._take_back()
        if self._size == 0:
            return
        descriptor = self._open(self._number + 1)
        try:
            self._path(self._number, "open").rename(self._path(self._number, "ndjson"))
        except OSError:
            os.close(descriptor)
            raise
        os.close(self._descriptor)
        self._number, self._descriptor, self._size = self._number + 1, descriptor, 0
        _sync_folder(self._folder)

    def close(self) -> None:
        with suppress(OSError):  # the next start seals what is left
            self.seal()
        os.close(self._descriptor)

    def _take_back(self) -> None:
        os.ftruncate(self._descriptor, self._size)
        self._torn = False

    def _path(self, number: int, state: str) -> Path:
        return self._folder / f"{number:012d}{self._suffix}.{state}"

    def _open(self, number: int) -> int:
        path = self._path(number, "open")
        return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)

    def _recover(self) -> int:
        """Seal what a killed collector left open, and say which number to write next."""
        pattern = re.compile(rf"(\d{{12}}){re.escape(self._suffix)}\.(open|ndjson)")
        found = sorted(m.groups() for p in self._folder.iterdir() if (m := pattern.fullmatch(p.name)))
        if not found:
            # A wiped spool must not repeat numbers the lake already knows: start from the clock (1/100 s).
            return time.time_ns() // 10_000_000
        last = int(found[-1][0])
        next_number = last if found[-1][1] == "open" and not self._sound_bytes(last) else last + 1
        os.close(self._open(next_number))
        for text, state in found:
            number = int(text)
            if state == "open" and number != next_number:
                self._seal_leftover(number)
        return next_number

    def _seal_leftover(self, number: int) -> None:
        path = self._path(number, "open")
        sound = self._sound_bytes(number)
        if sound == 0:
            path.unlink()
            return
        with path.open("r+b") as segment:
            segment.truncate(sound)
            os.fsync(segment.fileno())
        path.rename(self._path(number, "ndjson"))

    def _sound_bytes(self, number: int) -> int:
        """Bytes up to the first line that is not whole; what follows was never acknowledged."""
        sound = 0
        with self._path(number, "open").open("rb") as segment:
            for line in segment:
                if not line.endswith(b"\n"):
                    break
                try:
                    json.decode(line)
                except (DecodeError, UnicodeDecodeError):
                    break
                sound += len(line)
        return sound


class Spool:
    """One producer's folder of the spool: events, quarantine, and the lock that makes it the only writer."""

    def __init__(self, folder: Path, seal_bytes: int = SEAL_BYTES) -> None:
        """Raises UserError when another process writes there."""
        folder.mkdir(parents=True, exist_ok=True)
        _sync_folder(folder.parent)
        self._folder = folder
        self._lock = (folder / ".lock").open("a")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.close()
            raise UserError(
                f"another collector writes to {folder}: give this one its own STOREHOUSE_COLLECTOR_NAME"
            ) from None
        self.events = Segments(folder, seal_bytes=seal_bytes)
        self.quarantine = Segments(folder, ".quarantine", seal_bytes)

    def bytes_waiting(self) -> int:
        """Bytes in the folder: what the loader has not taken yet."""
        total = 0
        for entry in os.scandir(self._folder):
            try:
                total += entry.stat().st_size
            except FileNotFoundError:  # the loader has just taken it
                continue
        return total

    def append(self, events: bytes, quarantine: bytes) -> None:
        """Write both durably; raises OSError with neither torn."""
        if quarantine:
            self.quarantine.append(quarantine)
        if events:
            self.events.append(events)

    def seal(self, older_than: float = 0.0) -> bool:
        """Seal what has been open for that many seconds; True when nothing is left open."""
        for segments in (self.events, self.quarantine):
            if segments.age >= older_than:
                with suppress(OSError):
                    segments.seal()
        return self.events.is_empty and self.quarantine.is_empty

    def close(self) -> None:
        self.events.close()
        self.quarantine.close()
        self._lock.close()


def _sync_folder(folder: Path) -> None:
    """Make the folder's names durable: a file's own fsync does not cover its name."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
