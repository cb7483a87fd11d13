"""Secrets, and the tokens that open a cart, an order or the staff's part."""

import base64
import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal
from uuid import UUID

from pydantic import SecretStr

from settings import Settings
from transactional.errors import NotAuthorised, NotFound

Kind = Literal["cart", "order", "wallet"]
_MAC_BYTES = 16
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_READ_AS = str.maketrans("OIL", "011", "- ")  # what people take them for, and what they put between
_NUMBER, _CODE = 12, 20


def secret(given: SecretStr, file: Path) -> str:
    """The secret from the settings, or the one kept in `file`, which the first who needs it makes.

    Processes that start together agree on one, because the file appears whole or not at all.
    """
    if given.get_secret_value():
        return given.get_secret_value()
    if not file.exists():
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = file.with_name(f".{file.name}.{os.getpid()}.{secrets.token_hex(4)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as writing:
            writing.write(secrets.token_urlsafe(32))
            writing.flush()
            os.fsync(writing.fileno())
        try:
            file.hardlink_to(draft)
        except FileExistsError:
            pass  # another process was first
        finally:
            draft.unlink()
    return file.read_text()


def sandbox_secret(settings: Settings) -> bytes:
    """What shop and sandbox share: it signs webhooks and is the shop's key to the sandbox's API."""
    return secret(settings.sandbox_webhook_secret, settings.secrets / "sandbox").encode()


def _letters(digest: bytes, count: int) -> str:
    bits = int.from_bytes(digest)
    return "".join(_CROCKFORD[bits >> 5 * place & 31] for place in range(count))


def gift_card_number(card_id: str) -> str:
    """The number of a card: 60 bits that follow from its id and open nothing."""
    return _letters(hashlib.sha256(card_id.encode()).digest(), _NUMBER)


def as_written(typed: str) -> str:
    """The letters of a gift card's number or code as somebody typed them."""
    return typed.upper().translate(_READ_AS)


# Each request of a checkout asks for the same few.
@lru_cache(maxsize=10_000)
def _mac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, "sha256")[:_MAC_BYTES]


@dataclass(frozen=True)
class Keys:
    """The shop's own secrets."""

    links: bytes
    staff_token: str

    @classmethod
    def of(cls, settings: Settings) -> "Keys":
        return cls(
            links=secret(settings.shop_secret, settings.secrets / "shop").encode(),
            staff_token=secret(settings.staff_token, settings.secrets / "staff_token"),
        )

    def token(self, kind: Kind, row_id: str) -> str:
        """The unguessable address of a cart or order: its id with a MAC.

        The id alone would not do, as a UUIDv7 tells its time; a random column would carry the secret into
        the lake.
        """
        raw = UUID(row_id).bytes
        return base64.urlsafe_b64encode(raw + self._mac(kind, raw)).decode().rstrip("=")

    def row_id(self, kind: Kind, token: str) -> str:
        """The id that a token of `token` stands for.

        Raises:
            NotFound: we did not make this token.
        """
        try:
            raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except ValueError:
            raise NotFound(kind, token) from None
        if len(raw) != 16 + _MAC_BYTES or not hmac.compare_digest(raw[16:], self._mac(kind, raw[:16])):
            raise NotFound(kind, token)
        return str(UUID(bytes=raw[:16]))

    def gift_card_code(self, number: str) -> str:
        """What opens a gift card: its number with a MAC of 40 bits, in five groups of four."""
        code = number + _letters(self._mac("gift_card", number.encode()), _CODE - _NUMBER)
        return "-".join(code[at : at + 4] for at in range(0, _CODE, 4))

    def gift_card_number(self, code: str) -> str | None:
        """The number in a code as somebody typed it; None when we did not make this code."""
        typed = as_written(code)
        number = typed[:_NUMBER]
        right = self.gift_card_code(number).translate(_READ_AS)
        return number if hmac.compare_digest(typed.encode(), right.encode()) else None

    def authorise_staff(self, authorization: str | None) -> None:
        """Check an Authorization header.

        Raises:
            NotAuthorised: it does not hold the staff token.
        """
        scheme, _, given = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(given.encode(), self.staff_token.encode()):
            raise NotAuthorised

    def _mac(self, kind: str, raw: bytes) -> bytes:
        return _mac(self.links, kind.encode() + raw)
