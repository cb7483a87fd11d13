"""Ids that repeat: the same seed gives the same history, row by row."""

import random
from collections.abc import Callable
from datetime import datetime
from uuid import UUID


def seeded_ids(chance: random.Random) -> Callable[[datetime], str]:
    """UUIDv7 of a moment whose random bits repeat with the seed (RFC 9562, 5.7)."""

    def new_id(at: datetime) -> str:
        milliseconds = int(at.timestamp() * 1000)
        bits = (
            milliseconds << 80
            | 0x7 << 76
            | chance.getrandbits(12) << 64
            | 0b10 << 62
            | chance.getrandbits(62)
        )
        return str(UUID(int=bits))

    return new_id
