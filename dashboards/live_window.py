"""The lake's last minutes in memory: each new event file is read once, however many people look."""

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pandas as pd

MINUTES = 30
# A file is written once, within seconds of the newest event in it; some slack for a slow loader.
SLACK = timedelta(minutes=2)

COLUMNS = (
    "shop_id, event_id, event_name, received_at, visitor_id, page_url, page_title, value, currency, "
    "transaction_id, source"
)


class LiveWindow:
    """Events received in the last 30 minutes, as the loader has landed them."""

    def __init__(self, lake: Path) -> None:
        self._folder = lake / "events"
        self._lock = threading.Lock()
        self._seen: set[str] = set()
        self._memory = duckdb.connect(":memory:", config={"threads": 1})
        self._has_table = False

    def events(self, shop_id: str, now: datetime) -> pd.DataFrame:
        """The shop's events of the window that ends at `now` (aware), the newest first, each once."""
        with self._lock:
            self._take_new_files(now)
            if not self._has_table:
                return pd.DataFrame(columns=[name.strip() for name in COLUMNS.split(",")])
            since = (now - timedelta(minutes=MINUTES)).astimezone(UTC).replace(tzinfo=None)
            self._memory.execute("delete from events where received_at < $since", {"since": since})
            return self._memory.execute(
                "select * from events where shop_id = $shop_id and source <> 'access_log' "
                "qualify row_number() over (partition by event_id order by received_at) = 1 "
                "order by received_at desc",
                {"shop_id": shop_id},
            ).df()

    def _take_new_files(self, now: datetime) -> None:
        oldest = (now - timedelta(minutes=MINUTES) - SLACK).timestamp()
        days = {(now - timedelta(minutes=MINUTES)).astimezone(UTC).date(), now.astimezone(UTC).date()}
        present = {
            str(path)
            for day in days
            for path in (self._folder / f"date={day}").glob("*.parquet")
            if path.stat().st_mtime >= oldest
        }
        if new := sorted(present - self._seen):
            self._append(new)
        self._seen = present

    def _append(self, paths: list[str]) -> None:
        verb = "insert into events" if self._has_table else "create table events as"
        self._memory.execute(f"{verb} select {COLUMNS} from read_parquet($paths)", {"paths": paths})  # noqa: S608
        self._has_table = True
