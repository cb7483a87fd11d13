"""Serves `tracker.js` with this shop's settings in it."""

import gzip
import hashlib
from pathlib import Path

from msgspec import Struct, json

from settings import Settings

SOURCE = Path(__file__).with_name("tracker.js")
PLACEHOLDER = "__CONFIGURATION__"


class Script(Struct, frozen=True):
    """The script as bytes, plain and gzipped, and the tag that says which version it is."""

    plain: bytes
    gzipped: bytes
    etag: str


def script(settings: Settings) -> Script:
    configuration = {
        "honoursSignals": settings.tracker_honours_privacy_signals,
        "cookieless": settings.tracker_cookieless,
    }
    plain = SOURCE.read_text().replace(PLACEHOLDER, json.encode(configuration).decode()).encode()
    return Script(plain, gzip.compress(plain, 9, mtime=0), f'"{hashlib.sha256(plain).hexdigest()[:16]}"')
