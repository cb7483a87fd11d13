"""The picture that counts a page view where there is no JavaScript."""

import time
import uuid

from msgspec import json

# The smallest transparent GIF.
PIXEL = bytes.fromhex(
    "47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b"
)


def page_view(page_url: str) -> bytes:
    """A page view as the tracker would post it."""
    return json.encode(
        {
            "event_id": str(uuid.uuid4()),
            "event_name": "page_view",
            "occurred_at": time.time_ns() // 1_000_000,
            "page_url": page_url,
        }
    )
