"""What the shop refuses: each error has one status and one machine-readable `code`.

422 is for malformed payloads only (`invalid_request`). An error changed nothing, because its transaction is
rolled back.
"""
# ruff: noqa: N818 - an error is named for what is the case, as callers read it: except OutOfStock

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


class OutOfStock(ShopError):
    code = "out_of_stock"

    def __init__(self, sku: str, wanted: int, available: int):
        super().__init__(
            f"Only {available} of {sku} are available, {wanted} are wanted.",
            sku=sku,
            wanted=wanted,
            available=available,
        )


class CartNotOpen(ShopError):
    code = "cart_not_open"

    def __init__(self) -> None:
        super().__init__("This cart has been ordered already.")


class CartEmpty(ShopError):
    code = "cart_empty"

    def __init__(self) -> None:
        super().__init__("The cart has no lines.")


class CartTooLarge(ShopError):
    code = "cart_too_large"

    def __init__(self, limit: int, unit: str):
        super().__init__(f"At most {limit} {unit}.", limit=limit, unit=unit)


class NotForSale(ShopError):
    code = "not_for_sale"

    def __init__(self, sku: str):
        super().__init__(f"{sku} is not for sale.", sku=sku)


class PriceChanged(ShopError):
    code = "price_changed"

    def __init__(self, expected: int, total: int):
        super().__init__(
            f"The total is {total} now, not {expected}: look again, then order.",
            expected=expected,
            total=total,
        )


class IllegalTransition(ShopError):
    code = "illegal_transition"

    def __init__(self, status: str, event: str):
        super().__init__(f"An order that is {status} cannot {event}.", status=status, event=event)


class TooManyReturned(ShopError):
    code = "too_many_returned"

    def __init__(self, line_id: str, returnable: int, wanted: int):
        super().__init__(
            f"{returnable} units of this line can come back, not {wanted}.",
            line_id=line_id,
            returnable=returnable,
            wanted=wanted,
        )


class ProviderUnavailable(ShopError):
    status = 503
    code = "payment_provider_unavailable"

    def __init__(self, provider: str):
        super().__init__(
            f"{provider} does not answer: the order is kept, try to pay again.", provider=provider
        )


class BadSignature(ShopError):
    status = 401
    code = "bad_signature"

    def __init__(self, reason: str):
        super().__init__(f"The webhook's signature is refused: {reason}.")


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


class DatabaseBusy(ShopError):
    status = 503
    code = "database_busy"

    def __init__(self) -> None:
        super().__init__("The shop is busy: try again.")
