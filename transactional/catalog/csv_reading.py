"""From the bytes of a CSV file to lines by field; whatever is wrong names its line, field and reason."""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from transactional.catalog.csv_format import Format, unguarded

if TYPE_CHECKING:
    import _csv

MAX_ROWS = 20_000  # five seconds and 200 MB, during which nobody else can change anything
_MAX_CELL = 100_000


@dataclass(frozen=True, order=True)
class Fault:
    """Why a file is refused: the line (the header is line 1), the column and what is wrong there."""

    line: int
    field: str
    reason: str


class FaultyError(Exception):
    """The file cannot be read on from here."""

    def __init__(self, line: int, field: str, reason: str):
        super().__init__(reason)
        self.fault = Fault(line, field, reason)


@dataclass(frozen=True)
class Line:
    """A line's cells by field; a field whose column is not in the file is not in `cells`."""

    number: int
    cells: dict[str, str]

    def text(self, field: str) -> str:
        return self.cells.get(field, "")

    def word(self, field: str) -> str:
        return self.text(field).strip()


@dataclass(frozen=True)
class Table:
    """A file whose lines are read one by one.

    Args:
        columns: what the file calls each field; those it does not have by the format's own name.
    """

    columns: Mapping[str, str]
    lines: Iterator[Line]


def read_table(data: bytes, fmt: Format) -> Table:
    """The lines of a file, without empty ones.

    Raises:
        FaultyError: it is not text, not CSV, too long, or its columns are not the format's; also while its
            lines are read.
    """
    reader = csv.reader(io.StringIO(_text(data), newline=""), strict=True)
    rows = _rows(reader)
    header = next(rows, None)
    if header is None:
        raise FaultyError(1, "", "the file is empty")
    fields = _fields(header[1], fmt)
    named = {field: name.strip() for field, name in zip(fields, header[1], strict=True) if field}
    return Table({**fmt.columns, **named}, _lines(rows, fields))


def read_lines(data: bytes, fmt: Format) -> list[Line]:
    """The lines of a file at once; see `read_table`."""
    return list(read_table(data, fmt).lines)


def _lines(rows: Iterator[tuple[int, list[str]]], fields: list[str]) -> Iterator[Line]:
    count = 0
    for number, row in rows:
        if len(row) != len(fields):
            raise FaultyError(number, "", f"has {len(row)} cells, the header has {len(fields)}")
        count += 1
        if count > MAX_ROWS:
            raise FaultyError(
                number,
                "",
                f"the file has more than {MAX_ROWS:,} rows: split it, or export parts",
            )
        cells = {field: unguarded(cell) for field, cell in zip(fields, row, strict=True) if field}
        yield Line(number, cells)
    if not count:
        raise FaultyError(1, "", "the file has a header and no rows")


def _text(data: bytes) -> str:
    zero = data.find(b"\0")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        line = data.count(b"\n", 0, wrong.start) + 1
        raise FaultyError(
            line, "", f"is not UTF-8: byte 0x{data[wrong.start]:02x}; save the file as UTF-8"
        ) from None
    if zero >= 0:
        raise FaultyError(data.count(b"\n", 0, zero) + 1, "", "holds a NUL byte")
    return text


def _rows(reader: "_csv.Reader") -> Iterator[tuple[int, list[str]]]:
    """Rows with the line they begin on."""
    while True:
        number = reader.line_num + 1
        try:
            row = next(reader, None)
        except csv.Error as wrong:
            raise FaultyError(number, "", f"is not CSV: {wrong}") from None
        if row is None:
            return
        for place, cell in enumerate(row, 1):
            if len(cell) > _MAX_CELL:
                raise FaultyError(number, f"column {place}", f"is longer than {_MAX_CELL} characters")
        if any(row):
            yield number, row


def _fields(header: list[str], fmt: Format) -> list[str]:
    """The field of each column; empty for one that the format does not know and may ignore."""
    by_name = {name.lower(): field for names in (fmt.older, fmt.columns) for field, name in names.items()}
    names = [name.strip() for name in header]
    fields = [by_name.get(name.lower(), "") for name in names]
    for name, field in zip(names, fields, strict=True):
        if fields.count(field) > 1 and field:
            same = [each for each, its in zip(names, fields, strict=True) if its == field]
            raise FaultyError(1, name[:100], f"there are two columns of one meaning: {', '.join(same)[:200]}")
        if fmt.strict and not field:
            raise FaultyError(
                1, name[:100], f"is no column of this format: {', '.join(fmt.columns.values())}"
            )
    missing = [fmt.columns[field] for field in fmt.required if field not in fields]
    if missing:
        raise FaultyError(1, missing[0], f"missing: {', '.join(missing)}; columns are separated by commas")
    return fields
