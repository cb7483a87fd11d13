"""A spool as a collector leaves it."""

import json
import uuid
from pathlib import Path
from typing import Any

from settings import Settings


class SpoolWriter:
    """Writes sealed segments, as a collector does."""

    def __init__(self, settings: Settings) -> None:
        self.folder = settings.spool / "collector"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.ids: list[str] = []
        self._number = 0

    def seal(self, *rows: dict[str, Any], suffix: str = "", raw: bytes = b"") -> Path:
        """Seal a segment of these rows; `raw` stands in front of them as it is."""
        self._number += 1
        path = self.folder / f"{self._number:012d}{suffix}.ndjson"
        path.write_bytes(raw + b"".join(json.dumps(row).encode() + b"\n" for row in rows))
        return path

    def event(self, **fields: Any) -> dict[str, Any]:
        self.ids.append(str(uuid.uuid4()))
        return {
            "shop_id": "demo",
            "event_id": self.ids[-1],
            "event_name": "page_view",
            "occurred_at": "2026-11-22T10:00:00.000000Z",
            "received_at": "2026-11-22T10:00:01.000000Z",
            "page_url": "http://shop.example/",
            "source": "tracker",
            **fields,
        }
