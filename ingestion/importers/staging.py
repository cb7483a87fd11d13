"""From parsed lines to lake files: lines go into a DuckDB table, SQL makes the shop's rows of them."""

import hashlib
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from msgspec import json

from ingestion import lake
from ingestion.importers.outcome import Outcome
from ingestion.schema import CHANGES_TABLES
from settings import Settings

if TYPE_CHECKING:
    import duckdb

NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "storehouse/import")
SEPARATOR = "\x1f"
# Raised when an importer makes other rows of the same file, so that importing it again is no repetition.
VERSION = 2
_encoder = json.Encoder()


def row_id(shop: str, kind: str, *key: str) -> str:
    """The id of an imported row: the same for the same natural key in a shop, whatever file it is in."""
    # uuid.uuid5() itself, without the object it makes: a long log needs millions of these.
    text = hashlib.sha1(NAMESPACE.bytes + SEPARATOR.join((shop, kind, *key)).encode(), usedforsecurity=False)
    digits = text.hexdigest()
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-5{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:32]}"


class Lines:
    """Parsed lines on their way into DuckDB: a JSON file, which costs neither memory nor another library."""

    def __init__(self, path: Path, columns: dict[str, str]) -> None:
        self.path = path
        self.columns = columns
        self.count = 0
        self._file: BinaryIO = path.open("wb")

    def add(self, line: dict[str, Any]) -> None:
        self.count += 1
        self._file.write(_encoder.encode(line) + b"\n")

    def into(self, con: "duckdb.DuckDBPyConnection", table: str) -> None:
        """Move the lines into a new table."""
        self._file.close()
        kinds = (
            "{" + ", ".join(f"{lake.literal(n)}: {lake.literal(k)}" for n, k in self.columns.items()) + "}"
        )
        con.execute(
            f"CREATE OR REPLACE TABLE {table} AS SELECT * FROM read_json({lake.literal(self.path)},"
            f" format = 'newline_delimited', columns = {kinds})"
        )
        self.path.unlink()


@dataclass
class Import:
    """One source on its way into the lake; all its files appear together or none does."""

    settings: Settings
    shop: str
    producer: str  # import-<shop>-<kind>
    digest: str  # of the source's content and of what decides how it is read
    publication: lake.Publication
    con: "duckdb.DuckDBPyConnection"
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def name(self) -> str:
        """The lake files' name; it holds the content's hash, so that the same file twice is known as such."""
        return f"{self.producer}-{self.digest[:16]}"

    def lines(self, name: str, columns: dict[str, str]) -> Lines:
        return Lines(self.publication.scratch(name), columns)

    def stage(self, table: str, query: str) -> None:
        """Stage rows of a lake table.

        `query` gives `id`, `_seq` (epoch microseconds of the source's own time) and any of the table's
        columns; of several rows with one id the one with the highest `_seq` stays.
        """
        self.con.execute(f"CREATE OR REPLACE TEMP TABLE staged AS {query}")
        given = {name for name, *_ in self.con.execute("DESCRIBE staged").fetchall()}
        now = lake.literal(self.at.replace(tzinfo=None))
        fixed = {
            "shop_id": lake.literal(self.shop),
            "_tx_id": "0",
            "_op": "'r'",
            "_ts": f"TIMESTAMP {now}",
            "_actor": lake.literal(f"import:{self.producer}"),
        }
        selected = ", ".join(
            f"({fixed.get(name, _quoted(name) if name in given else 'NULL')})::{kind} AS {_quoted(name)}"
            for name, kind in CHANGES_TABLES[table].items()
        )
        latest = "SELECT * FROM staged QUALIFY row_number() OVER (PARTITION BY id ORDER BY _seq DESC) = 1"
        if self.con.execute("SELECT 1 FROM staged LIMIT 1").fetchone():
            target = self.publication.target(table, self.at.date(), self.name)
            self.publication.copy(self.con, f"SELECT {selected} FROM ({latest}) ORDER BY id", target)

    def stage_shop(self, time_zone: str, currency: str, locale: str, seq: int = 0) -> None:
        """Stage the shop's own row; it never hides that of a shop that runs here, whose _seq begins at 1.

        `seq`: lower where the source knows less about the shop than another kind of source does.
        """
        self.stage(
            "shops",
            f"SELECT {lake.literal(self.shop)} AS id, {lake.literal(self.shop)} AS name,"
            f" {lake.literal(time_zone)} AS time_zone, {lake.literal(currency)} AS currency,"
            f" {lake.literal(locale)} AS locale, 0 AS tax_rate_bp, {seq} AS _seq",
        )

    def finish(self, outcome: Outcome, dry_run: bool) -> None:
        """Publish everything; a dry run throws it away."""
        if not dry_run:
            self.publication.stage(self._receipt()).write_bytes(_encoder.encode({"read": outcome.read}))
            self.publication.commit()

    def already_read(self) -> int | None:
        """How many lines this very source had when it was imported; None when it was not."""
        receipt = self._receipt()
        return int(json.decode(receipt.read_bytes())["read"]) if receipt.exists() else None

    def _receipt(self) -> Path:
        return self.settings.lake / "imports" / f"{self.name}.json"


@contextmanager
def importing(settings: Settings, shop: str, kind: str, digest: str) -> Iterator[Import]:
    """Begin the import of one source. Raises UserError while another import of the kind runs for the shop."""
    producer = f"import-{shop}-{kind}"
    with lake.publication(settings, producer) as publication:
        con = lake.connect(settings, memory_megabytes=1000)
        try:
            con.execute(_row_id_macro(shop))
            yield Import(settings, shop, producer, digest, publication, con)
        finally:
            con.close()


def repeated(read: int) -> Outcome:
    """The outcome of importing the very same source again."""
    outcome = Outcome(read=read)
    outcome.skipped["the same file was imported before"] = read
    return outcome


def _row_id_macro(shop: str) -> str:
    """`row_id(kind, key)` in SQL, equal to the function; a key of several parts is joined by chr(31)."""
    name = f"concat_ws(chr(31), {lake.literal(shop)}, kind, key)"
    digest = f"sha1(from_hex('{NAMESPACE.hex}') || encode({name}))"
    return (
        f"CREATE MACRO row_id(kind, key) AS ({digest}[1:8] || '-' || {digest}[9:12]"
        f" || '-5' || {digest}[14:16]"
        f" || '-' || translate({digest}[17:17], '0123456789abcdef', '89ab89ab89ab89ab') || {digest}[18:20]"
        f" || '-' || {digest}[21:32])"
    )


def _quoted(name: str) -> str:
    return f'"{name}"'
