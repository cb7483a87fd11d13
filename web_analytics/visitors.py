"""Visitor ids without a cookie: a hash that cannot be followed from one day to the next."""

import hashlib
import os
import secrets
from datetime import date
from pathlib import Path

PREFIX = "visitor-salt-"


class DailySalts:
    """The secret of the day, one for a whole home; the old one is deleted, so no id can be redone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._day: date | None = None
        self._salt = b""

    def visitor_id(self, today: date, shop_id: str, address: str, user_agent: str) -> str:
        """The visitor's id for today (UTC), 32 hex digits. Raises OSError when a new salt cannot be kept."""
        if today != self._day:
            self._salt, self._day = self._take(today), today
        text = "\0".join((shop_id, address, user_agent))
        return hashlib.blake2b(text.encode(), key=self._salt, digest_size=16).hexdigest()

    def _take(self, today: date) -> bytes:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._folder / f"{PREFIX}{today.isoformat()}"
        if not path.exists():
            self._make(path)
        for old in self._folder.glob(f"{PREFIX}*"):
            if old.name < path.name:
                old.unlink(missing_ok=True)
        return path.read_bytes()

    def _make(self, path: Path) -> None:
        """Create the salt whole or not at all; where two collectors race, the first one's stays."""
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(secrets.token_bytes(32))
                file.flush()
                os.fsync(file.fileno())
            path.hardlink_to(temporary)
        except FileExistsError:
            return
        finally:
            temporary.unlink(missing_ok=True)
