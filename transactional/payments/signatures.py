"""Signed webhooks: `t=<unix seconds>,v1=<hex HMAC-SHA256 of "t.body">`, refused when too old."""

import hmac
from datetime import datetime

from transactional.payments.errors import BadSignature

HEADER = "sandbox-signature"
TOLERANCE_SECONDS = 300


def sign(secret: bytes, body: bytes, at: datetime) -> str:
    moment = int(at.timestamp())
    return f"t={moment},v1={_mac(secret, moment, body)}"


def check(secret: bytes, header: str | None, body: bytes, now: datetime) -> None:
    """Accept a signature made with `secret` at most five minutes from `now`.

    Raises:
        BadSignature: otherwise.
    """
    try:
        parts = dict(part.split("=", 1) for part in (header or "").split(","))
        moment, mac = int(parts["t"]), parts["v1"]
    except (KeyError, ValueError):
        raise BadSignature("it is missing or malformed") from None
    if not hmac.compare_digest(mac.encode(), _mac(secret, moment, body).encode()):
        raise BadSignature("it does not match the body")
    if abs(now.timestamp() - moment) > TOLERANCE_SECONDS:
        raise BadSignature("it is too old")


def _mac(secret: bytes, moment: int, body: bytes) -> str:
    return hmac.digest(secret, f"{moment}.".encode() + body, "sha256").hex()
