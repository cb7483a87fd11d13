"""What became of the lines of an imported file: read = loaded + rejected + skipped, nothing unexplained."""

import csv
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import TextIO

SHOWN = 5


@dataclass
class Outcome:
    """The reconciliation of one import, or of several added together."""

    read: int = 0
    loaded: int = 0
    rejected: int = 0
    skipped: Counter[str] = field(default_factory=Counter)  # reason -> lines
    kinds: Counter[str] = field(default_factory=Counter)  # what the loaded lines are -> lines
    rounding: dict[str, Decimal] = field(default_factory=dict)  # currency -> unrounded less rounded amounts
    notes: list[str] = field(default_factory=list)
    reject_files: list[Path] = field(default_factory=list)

    def __iadd__(self, other: "Outcome") -> "Outcome":
        self.read += other.read
        self.loaded += other.loaded
        self.rejected += other.rejected
        self.skipped += other.skipped
        self.kinds += other.kinds
        for currency, difference in other.rounding.items():
            self.rounding[currency] = self.rounding.get(currency, Decimal(0)) + difference
        self.notes += other.notes
        self.reject_files += other.reject_files
        return self

    @property
    def closing_line(self) -> str:
        skipped = self.skipped.total()
        if self.read != self.loaded + self.rejected + skipped:
            raise AssertionError(
                f"{self.read} lines read, but {self.loaded}, {self.rejected} and {skipped} known"
            )
        return (
            f"read {self.read:,} = loaded {self.loaded:,} + rejected {self.rejected:,} + skipped {skipped:,}"
        )

    @property
    def remarks(self) -> list[str]:
        """What else a person wants to know, one line each."""
        lines = [f"{count:,} {kind}" for kind, count in sorted(self.kinds.items())]
        lines += [f"skipped {count:,}: {reason}" for reason, count in sorted(self.skipped.items())]
        lines += [
            "quantity x price is rounded half up to the minor unit once for each line;"
            f" unrounded it would be {difference:+f} {currency}"
            for currency, difference in self.rounding.items()
            if difference
        ]
        lines += self.notes
        lines += [f"rejects are kept in {path}" for path in self.reject_files]
        return lines


class Rejects:
    """The file that keeps what could not be loaded: source file, line number, reason and the line itself.

    It appears with the first reject, and replaces that of an earlier import of the same file.
    """

    def __init__(self, path: Path, outcome: Outcome, dry_run: bool) -> None:
        self._path = path
        self._outcome = outcome
        self._dry_run = dry_run
        self._file: TextIO | None = None

    def __enter__(self) -> "Rejects":
        if not self._dry_run:
            self._path.unlink(missing_ok=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file:
            self._file.close()

    def add(self, source: Path, line: int, reason: str, raw: str) -> None:
        self._outcome.rejected += 1
        if self._dry_run:
            if self._outcome.rejected <= SHOWN:
                self._outcome.notes.append(f"{source.name}:{line}: {reason}")
            return
        if self._file is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("w", newline="", encoding="utf-8", errors="backslashreplace")
            csv.writer(self._file).writerow(["file", "line", "reason", "raw"])
            self._outcome.reject_files.append(self._path)
        csv.writer(self._file).writerow([source.name, line, reason, raw])
