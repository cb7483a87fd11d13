"""Writes small lakes for tests: rows as dictionaries, files as ingestion writes them."""

import fcntl
import shutil
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingestion.schema import LAKE_TABLES, lake_folder
from orchestration.batch import Batches
from orchestration.serving import current_build
from orchestration.transform import Transform
from settings import Settings

Row = Mapping[str, Any]

NOON = datetime(2026, 11, 2, 12, 0)  # noqa: DTZ001 - the lake holds UTC without a zone


def at(minutes: float) -> datetime:
    """A moment this many minutes after noon UTC of Monday, 2 November 2026."""
    return NOON + timedelta(minutes=minutes)


class Lake:
    """Appends files to a lake, each with the next number in its name."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._number = len(list(settings.lake.rglob("*.parquet")))
        self._con = duckdb.connect()

    def write(self, table: str, *rows: Row, day: str = "2026-11-02") -> None:
        """Write one file of a lake table; columns a row does not name are null."""
        self._number += 1
        columns = LAKE_TABLES[table]
        definition = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
        self._con.execute(f"CREATE OR REPLACE TEMP TABLE rows ({definition})")
        unknown = {name for row in rows for name in row} - columns.keys()
        assert not unknown, f"{table} has no {unknown}"
        if rows:
            placeholders = ", ".join("(" + ", ".join("?" for _ in columns) + ")" for _ in rows)
            values = [row.get(name) for row in rows for name in columns]
            self._con.execute(f"INSERT INTO rows VALUES {placeholders}", values)
        folder = lake_folder(self._settings, table) / f"date={day}"
        folder.mkdir(parents=True, exist_ok=True)
        name = f"test-{self._number:012d}-{self._number:012d}.parquet"
        self._con.execute(f"COPY rows TO '{folder / name}.tmp' (FORMAT parquet)")
        (folder / f"{name}.tmp").rename(folder / name)

    def events(self, *rows: Row) -> None:
        self.write("events", *rows)

    def order(self, number: str, minutes: float, **more: Any) -> None:
        """A paid order with its line, as a checkout writes them: together."""
        self.write("orders", order(number, minutes, **more))
        self.write("order_lines", order_line(number))


@pytest.fixture(scope="session")
def parsed(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Transform:
    """The dbt project, parsed by the first test process and read by the others."""
    own = tmp_path_factory.getbasetemp()
    shared = own if worker_id == "master" else own.parent
    return Transform(Settings(home=shared / "parsed"))


@pytest.fixture
def transform(parsed: Transform, settings: Settings) -> Transform:
    """The parsed project on this test's own warehouse."""
    return Transform(settings, parsed.manifest)


@pytest.fixture(scope="session")
def opened(parsed: Transform) -> Path:
    """The home of `demo`, a shop in London that has neither goods nor orders yet, published."""
    # Beside the parsed project: that is still written when the next test process reads it.
    settings = Settings(home=parsed.settings.home.with_name("opened"))
    with settings.home.with_suffix(".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if current_build(settings) is None:
            Lake(settings).write("shops", shop())
            batch = Batches(settings, Transform(settings, parsed.manifest)).run()
            assert batch is not None
            assert batch.failed == []
    return settings.home


@pytest.fixture
def after_opening(opened: Path, tmp_path: Path) -> Settings:
    """A Storehouse of the test's own in which that shop has opened: the first build takes seconds."""
    return copied(opened, tmp_path)


def copied(home: Path, to: Path) -> Settings:
    """Settings of a copy of a Storehouse that is not running."""
    return Settings(home=shutil.copytree(home, to / "var"))


@pytest.fixture
def lake(settings: Settings) -> Lake:
    return Lake(settings)


def event(number: int, minutes: float, name: str = "page_view", visitor: str = "anna", **more: Any) -> Row:
    """An event some minutes after noon; its id is made from `number`."""
    return {
        "shop_id": "demo",
        "event_id": f"event-{number}",
        "event_name": name,
        "occurred_at": at(minutes),
        "received_at": at(minutes),
        "visitor_id": visitor,
        "page_url": "https://shop.example/",
        "user_agent": "Firefox",
        "source": "tracker",
        **more,
    }


def shop(time_zone: str = "Europe/London", **more: Any) -> Row:
    shop_id = more.pop("shop_id", "demo")
    return change(
        {
            "shop_id": shop_id,
            "id": shop_id,
            "name": shop_id.title(),
            "time_zone": time_zone,
            "currency": "GBP",
            "locale": "en_GB",
            "tax_rate_bp": 2000,
        }
        | more
    )


def change(row: Row, seq: int = 1, op: str = "c") -> Row:
    """A row of a changes table."""
    return {
        "shop_id": "demo",
        "_seq": seq,
        "_tx_id": seq,
        "_op": op,
        "_ts": NOON + timedelta(seconds=seq),
    } | dict(row)


def order(number: str, minutes: float, seq: int = 1, paid: bool = True, **more: Any) -> Row:
    """An order of one unit at 12.00 with tax: 10.00 net, 2.00 tax, no shipping."""
    return change(
        {
            "id": f"order-{number}",
            "number": number,
            "customer_id": "customer-1",
            "status": "paid" if paid else "pending_payment",
            "channel": "web",
            "currency": "GBP",
            "gross": 1000,
            "discount": 0,
            "shipping": 0,
            "tax": 200,
            "total": 1200,
            "ship_country": "GB",
            "placed_at": at(minutes),
            "paid_at": at(minutes) if paid else None,
        }
        | more,
        seq,
    )


def order_line(number: str, position: int = 1, seq: int = 1, **more: Any) -> Row:
    """The line of that order."""
    return change(
        {
            "id": f"line-{number}-{position}",
            "order_id": f"order-{number}",
            "position": position,
            "sku": "MUG-BLUE",
            "name": "Mug, blue",
            "quantity": 1,
            "list_price": 1200,
            "unit_price": 1200,
            "cost": 400,
            "gross": 1000,
            "discount": 0,
            "shipping": 0,
            "tax": 200,
        }
        | more,
        seq,
    )


def credit_note(
    number: str, order_number: str | None, minutes: float, seq: int = 1, **more: Any
) -> Sequence[Row]:
    """A credit note over one unit of that order, and its line: (header, line)."""
    header = {
        "id": f"credit-{number}",
        "number": number,
        "order_id": order_number and f"order-{order_number}",
        "kind": "return",
        "currency": "GBP",
        "issued_at": at(minutes),
    }
    line = {
        "id": f"credit-line-{number}",
        "credit_note_id": f"credit-{number}",
        "position": 1,
        "order_line_id": order_number and f"line-{order_number}-1",
        "sku": "MUG-BLUE",
        "name": "Mug, blue",
        "quantity": 1,
        "amount": 1000,
        "shipping": 0,
        "tax": 200,
    }
    return change(header | more, seq), change(line, seq)
