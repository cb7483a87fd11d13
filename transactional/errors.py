"""What the shop refuses: each error has one status and one machine-readable `code`.

422 is for malformed payloads only (`invalid_request`). An error changed nothing, because its transaction is
rolled back.
"""

from collections.abc import Sequence
from typing import Any, ClassVar


class ShopError(Exception):
    """A refusal the caller can act on; `details` are the numbers behind the message."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "conflict"

    def __init__(self, message: str, **details: Any):
        super().__init__(message)
        self.message = message
        self.details = details


class NotFound(ShopError):
    status = 404
    code = "not_found"

    def __init__(self, what: str, key: str):
        super().__init__(f"There is no {what} {key!r}.", what=what, key=key)


class IllegalTransition(ShopError):
    code = "illegal_transition"

    def __init__(self, status: str, event: str):
        super().__init__(f"An order that is {status} cannot {event}.", status=status, event=event)


class IdempotencyKeyRequired(ShopError):
    status = 400
    code = "idempotency_key_required"

    def __init__(self) -> None:
        super().__init__("Send an Idempotency-Key header of 8 to 128 characters, best a UUID of your own.")


class IdempotencyKeyReused(ShopError):
    code = "idempotency_key_reused"

    def __init__(self) -> None:
        super().__init__("This Idempotency-Key was used for another request.")


class NotAuthorised(ShopError):
    status = 401
    code = "not_authorised"

    def __init__(self) -> None:
        super().__init__("This needs a staff token: Authorization: Bearer <token>.")


class PayloadTooLarge(ShopError):
    status = 413
    code = "payload_too_large"

    def __init__(self, limit: int):
        super().__init__(f"The body is larger than {limit} bytes.", limit=limit)


class RateLimited(ShopError):
    status = 429
    code = "rate_limited"

    def __init__(self, retry_after: int):
        super().__init__("Too many requests.", retry_after=retry_after)


class AmountTooLarge(ShopError):
    code = "amount_too_large"

    def __init__(self, what: str, amount: int, most: int):
        super().__init__(
            f"{what} would come to {amount} minor units; {most} is the most.",
            what=what,
            amount=amount,
            most=most,
        )


class DatabaseBusy(ShopError):
    status = 503
    code = "database_busy"

    def __init__(self) -> None:
        super().__init__("The shop is busy: try again.")


class ImportRefused(ShopError):
    """A file with faults; each names its line, field and reason."""

    status = 422
    code = "import_refused"
    _SHOWN = 200

    def __init__(self, faults: Sequence[Any]):
        first = faults[0]
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        place = f"Line {first.line}" + (f", {first.field}" if first.field else "")
        super().__init__(
            f"Nothing was imported. {place}: {first.reason}{more}.",
            faults=[vars(fault) for fault in faults[: self._SHOWN]],
            count=len(faults),
        )
