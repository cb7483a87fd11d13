"""The shop's change log to the lake's changes."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from msgspec import json

from ingestion.lake import Publication, literal
from ingestion.schema import CHANGES_TABLES, JSON_COLUMNS
from settings import Settings
from transactional.change_log import START, Change, Position

if TYPE_CHECKING:
    import duckdb

_encoder = json.Encoder()


def stage_changes(
    publication: Publication, con: "duckdb.DuckDBPyConnection", shop_id: str, batch: Sequence[Change]
) -> None:
    """Stage a batch of the change log: a file for each table and day (UTC).

    Every file's name holds the batch's end, so whichever survive name the position to go on from.
    """
    lines: dict[tuple[str, date], list[bytes]] = defaultdict(list)
    shop = _encoder.encode(shop_id)
    for change in batch:
        lines[change.table_name, change.ts.date()].append(_line(shop, change))
    name = file_name(shop_id, batch)
    for (table, day), rows in lines.items():
        written = publication.scratch("changes")
        written.write_bytes(b"".join(rows))
        copied = publication.copy(con, _query(table, str(written)), publication.target(table, day, name))
        if copied != len(rows):
            raise RuntimeError(f"{copied} of {len(rows)} changes of {table} could be read")


def file_name(shop_id: str, batch: Sequence[Change]) -> str:
    """<shop>.<last transaction>-<first seq>-<last seq>.

    The transaction is there because PostgreSQL's sequences commit out of order: the log goes on after
    (transaction, seq), never after a seq alone.
    """
    first, last = batch[0], batch[-1]
    return f"{shop_id}.{last.tx_id:020d}-{first.seq:016d}-{last.seq:016d}"


def last_position(settings: Settings) -> Position:
    """Where the change log of `settings.shop_id` was left, from the names of the lake's files."""
    found = START
    for path in (settings.lake / "changes").glob(f"*/date=*/{settings.shop_id}.*.parquet"):
        transaction, _, last = path.stem.removeprefix(f"{settings.shop_id}.").split("-")
        found = max(found, Position(int(transaction), int(last)))
    return found


def _line(shop: bytes, change: Change) -> bytes:
    """The row after the change (before it, for a deletion) and the change's own columns, as one JSON object.

    The row's JSON is spliced in as it is: parsing it here would cost more than all the rest.
    """
    row = change.after or change.before or "{}"
    own = _encoder.encode(
        {
            "_seq": change.seq,
            "_tx_id": change.tx_id,
            "_op": change.op,
            "_ts": change.ts,
            "_actor": change.actor,
            "_request_id": change.request_id,
            "_before": change.before,
        }
    )
    return b'{"shop_id":' + shop + b"," + own[1:-1] + b"," + row.encode()[1:] + b"\n"


def _query(table: str, path: str) -> str:
    columns = CHANGES_TABLES[table]
    read = {name: "JSON" if name in JSON_COLUMNS.get(table, ()) else kind for name, kind in columns.items()}
    kinds = "{" + ", ".join(f"{literal(name)}: {literal(kind)}" for name, kind in read.items()) + "}"
    selected = ", ".join(f'"{name}"::{kind} AS "{name}"' for name, kind in columns.items())
    return (
        f"SELECT {selected} FROM read_json({literal(path)}, format = 'newline_delimited', columns = {kinds},"
        " maximum_object_size = 67108864)"
    )
