"""What the payments room refuses."""

from collections.abc import Sequence

from transactional.errors import ShopError


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


class InstallmentsNotOffered(ShopError):
    code = "installments_not_offered"

    def __init__(self, wanted: int, offered: Sequence[int]):
        numbers = ", ".join(str(number) for number in offered)
        super().__init__(
            f"installments: {wanted} are not offered with this way to pay: choose {numbers}.",
            field="installments",
            offered=list(offered),
        )


class BadSignature(ShopError):
    status = 401
    code = "bad_signature"

    def __init__(self, reason: str):
        super().__init__(f"The webhook's signature is refused: {reason}.")


class RefundNotFailed(ShopError):
    code = "refund_not_failed"

    def __init__(self, refund_id: str, why: str):
        super().__init__(f"This refund cannot be given another way: {why}.", refund=refund_id, why=why)


class RefundExceedsPayment(ShopError):
    code = "refund_exceeds_payment"

    def __init__(self, external_id: str, amount: int, there: int):
        super().__init__(
            f"The refund {external_id} gave back {amount}, and its payment had only {there} left: "
            "another refund of it may be about to fail.",
            refund=external_id,
            amount=amount,
            there=there,
        )


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


class TenderInOtherCurrency(ShopError):
    code = "tender_in_other_currency"

    def __init__(self, method: str, kept_in: str, currency: str):
        super().__init__(
            f"This {method.replace('_', ' ')} is in {kept_in}, and the order in {currency}.",
            method=method,
            kept_in=kept_in,
            currency=currency,
        )


class PayoutKnown(ShopError):
    code = "payout_known"

    def __init__(self, payout: str):
        super().__init__(f"Another file told of the payout {payout} already.", payout=payout)
