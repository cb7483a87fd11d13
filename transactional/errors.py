"""What the shop refuses: each error has one status and one machine-readable `code`.

422 is for malformed payloads only (`invalid_request`). An error changed nothing, because its transaction is
rolled back.
"""
# ruff: noqa: N818 - an error is named for what is the case, as callers read it: except OutOfStock

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


class TooManyArrived(ShopError):
    code = "too_many_arrived"

    def __init__(self, sku: str, sent: int, arrived: int):
        super().__init__(
            f"Only {sent} of {sku} were sent, {arrived} cannot have arrived.",
            sku=sku,
            sent=sent,
            arrived=arrived,
        )


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


class PaymentRefused(ShopError):
    code = "payment_refused"

    def __init__(self, provider: str, reason: str):
        super().__init__(f"{provider} does not take this payment: {reason}", provider=provider)


class PaymentMethodUnknown(ShopError):
    code = "payment_method_unknown"

    def __init__(self, wanted: str, offered: Sequence[str]):
        super().__init__(
            f"This shop does not take {wanted}: choose {', '.join(offered)}.", offered=list(offered)
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


class InsufficientFunds(ShopError):
    code = "insufficient_funds"

    def __init__(self, account: str, wanted: int, available: int):
        super().__init__(
            f"Only {available} is left on {account}, {wanted} is wanted.",
            account=account,
            wanted=wanted,
            available=available,
        )


class WrongCurrency(ShopError):
    code = "wrong_currency"

    def __init__(self, account: str, kept_in: str, currency: str):
        super().__init__(
            f"{account} is kept in {kept_in}, not in {currency}.",
            account=account,
            kept_in=kept_in,
            currency=currency,
        )


# The catalogue


class AlreadyThere(ShopError):
    code = "already_exists"

    def __init__(self, what: str, key: str):
        super().__init__(f"There is a {what} {key!r} already.", what=what, key=key)


class CategoryCycle(ShopError):
    code = "category_cycle"

    def __init__(self, category: str):
        super().__init__(f"{category} cannot come to stand below itself.", category=category)


class IllegalStatus(ShopError):
    code = "illegal_status"

    def __init__(self, status: str, wanted: str):
        super().__init__(f"A product that is {status} cannot become {wanted}.", status=status, wanted=wanted)


class NothingToSell(ShopError):
    code = "nothing_to_sell"

    def __init__(self, product: str):
        super().__init__(f"{product} has no SKU and cannot go live.", product=product)


class PriceAboveList(ShopError):
    code = "price_above_list"

    def __init__(self, sku: str, price: int, list_price: int):
        super().__init__(
            f"The price of {sku}, {price}, is above its list price, {list_price}.",
            sku=sku,
            price=price,
            list_price=list_price,
        )


class BadTemplate(ShopError):
    code = "bad_template"

    def __init__(self, template: str, reason: str):
        super().__init__(
            f"The template {template!r} does not do: {reason}.", template=template, reason=reason
        )


class TooManyCombinations(ShopError):
    code = "too_many_combinations"

    def __init__(self, count: int, limit: int):
        super().__init__(f"{count} combinations are more than {limit}.", count=count, limit=limit)


class OtherOptions(ShopError):
    code = "other_options"

    def __init__(self, has: list[str], given: list[str]):
        super().__init__(
            f"This product's options are {', '.join(has) or 'none'}, not {', '.join(given) or 'none'}.",
            has=has,
            given=given,
        )


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


class PreviewOutdated(ShopError):
    code = "preview_outdated"

    def __init__(self) -> None:
        super().__init__("Something changed since the preview: look again, then apply.")


class BulkRefused(ShopError):
    code = "bulk_refused"

    def __init__(self, problems: list[str]):
        super().__init__(f"Nothing was changed. {problems[0]}.", problems=problems[:200], count=len(problems))


class TooManySelected(ShopError):
    code = "too_many_selected"

    def __init__(self, limit: int):
        super().__init__(f"More than {limit} SKUs are selected.", limit=limit)


class NotBought(ShopError):
    code = "not_bought"

    def __init__(self, product: str):
        super().__init__(f"This order does not have {product}.", product=product)


# promotions


class PromotionTransition(ShopError):
    code = "illegal_promotion_transition"

    def __init__(self, status: str, event: str):
        super().__init__(f"A promotion that is {status} cannot {event}.", status=status, event=event)


class PromotionNotDraft(ShopError):
    code = "promotion_not_draft"

    def __init__(self, status: str):
        super().__init__(f"A promotion that is {status} is not edited any more: make another.", status=status)


class PromotionUsedUp(ShopError):
    code = "promotion_used_up"

    def __init__(self, name: str):
        super().__init__(f"{name} is used up: look again, then order.", promotion=name)


class SellsBelow(ShopError):
    code = "promotion_sells_below_cost"

    def __init__(self, sku: str, price: int, floor: int, combination: list[str]):
        together = " with ".join(combination)
        super().__init__(
            f"{together} can sell {sku} for {price} without tax, below {floor}.",
            sku=sku,
            price=price,
            floor=floor,
            combination=combination,
        )


class CouponUnknown(ShopError):
    status = 404
    code = "coupon_unknown"

    def __init__(self, coupon: str):
        super().__init__(f"The code {coupon} is not valid.", coupon=coupon)


class CodeTaken(ShopError):
    code = "code_taken"

    def __init__(self, coupon: str):
        super().__init__(f"The code {coupon} stands for a promotion already.", coupon=coupon)


class CodesNotTaken(ShopError):
    code = "promotion_takes_no_codes"

    def __init__(self) -> None:
        super().__init__("This promotion applies without a code, so it has none.")


class GiftCardNotValid(ShopError):
    code = "gift_card_not_valid"

    def __init__(self) -> None:
        super().__init__("This gift card is not valid, or not any more.")


class GiftCardSpent(ShopError):
    code = "gift_card_spent"

    def __init__(self, wanted: int, unused: int):
        super().__init__(
            f"{wanted} gift cards are to be taken back, and only {unused} are unused.",
            wanted=wanted,
            unused=unused,
        )


class TenderEmpty(ShopError):
    code = "tender_empty"

    def __init__(self, method: str):
        super().__init__(f"There is nothing left on this {method.replace('_', ' ')}.", method=method)


class PayoutKnown(ShopError):
    code = "payout_known"

    def __init__(self, payout: str):
        super().__init__(f"Another file told of the payout {payout} already.", payout=payout)


# checkout


class ZonesOverlap(ShopError):
    code = "zones_overlap"

    def __init__(self, zone: str, other: str):
        super().__init__(f"An address in {zone} would be in {other} too.", zone=zone, other=other)


class OrderIncomplete(ShopError):
    code = "order_incomplete"

    def __init__(self, missing: Sequence[tuple[str, str, str]]):
        listed = [{"code": code, "field": field, "message": message} for code, field, message in missing]
        super().__init__(" ".join(each["message"] for each in listed), missing=listed)


# invoices


class NotInvoiceable(ShopError):
    code = "not_invoiceable"

    def __init__(self, status: str):
        super().__init__(f"An order that is {status} and was not paid gets no invoice.", status=status)


# order notes


class TooManyRemarks(ShopError):
    code = "too_many_remarks"

    def __init__(self, limit: int, what: str):
        super().__init__(f"An order has at most {limit} {what}.", limit=limit)


# members


class TooManyAddresses(ShopError):
    code = "too_many_addresses"

    def __init__(self, limit: int):
        super().__init__(f"An address book holds at most {limit} addresses.", limit=limit)
