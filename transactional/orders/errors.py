"""What the orders room refuses."""

from datetime import datetime

from transactional.errors import ShopError


class TooManyReturned(ShopError):
    code = "too_many_returned"

    def __init__(self, line_id: str, returnable: int, wanted: int):
        super().__init__(
            f"{returnable} units of this line can come back, not {wanted}.",
            line_id=line_id,
            returnable=returnable,
            wanted=wanted,
        )


class TooManyCancelled(ShopError):
    code = "too_many_cancelled"

    def __init__(self, line_id: str, cancellable: int, wanted: int):
        super().__init__(
            f"{cancellable} units of this line can be cancelled, not {wanted}.",
            line_id=line_id,
            cancellable=cancellable,
            wanted=wanted,
        )


class TooManyShipped(ShopError):
    code = "too_many_shipped"

    def __init__(self, line_id: str, shippable: int, wanted: int):
        super().__init__(
            f"{shippable} units of this line can be sent from there, not {wanted}.",
            line_id=line_id,
            shippable=shippable,
            wanted=wanted,
        )


class OrderHeld(ShopError):
    code = "order_held"

    def __init__(self, number: str, reason: str):
        super().__init__(
            f"Nothing more of order {number} is sent: {reason}. Approve it, or cancel the rest.",
            number=number,
            reason=reason,
        )


class UnitsWaiting(ShopError):
    code = "units_waiting"

    def __init__(self, number: str, units: int):
        super().__init__(
            f"Order {number} waits for {units} units that are not there yet; name the units to send before.",
            number=number,
            waiting=units,
        )


class NothingToShip(ShopError):
    code = "nothing_to_ship"

    def __init__(self, number: str):
        super().__init__(f"Nothing of order {number} is to be sent from there.", number=number)


class ShipmentDelivered(ShopError):
    code = "shipment_delivered"

    def __init__(self, number: str):
        super().__init__(f"Shipment {number} has arrived already.", number=number)


class GiftCardNotGiven(ShopError):
    code = "gift_card_not_given"

    def __init__(self, sku: str):
        super().__init__(f"{sku} is a gift card: issue one to give it away, without an order.", sku=sku)


class RecipientRefused(ShopError):
    code = "recipient_refused"

    def __init__(self, place: int, email: str, refusal: ShopError):
        super().__init__(
            f"Nothing was ordered. Recipient {place}, {email}: {refusal.message}",
            recipient=place,
            email=email,
            code=refusal.code,
            **{name: value for name, value in refusal.details.items() if name not in ("email", "code")},
        )


class GroupClosed(ShopError):
    code = "group_closed"

    def __init__(self, code: str):
        super().__init__(f"Nobody can join the group purchase {code} any more.", group=code)


class GroupOver(ShopError):
    code = "group_over"

    def __init__(self, closes_at: datetime):
        super().__init__(f"closes_at {closes_at} is over.", field="closes_at", value=closes_at.isoformat())


class AlreadyInGroup(ShopError):
    code = "already_in_group"

    def __init__(self, code: str):
        super().__init__(f"This customer is in the group purchase {code} already.", group=code)


class GroupCodeTaken(ShopError):
    code = "group_code_taken"

    def __init__(self, code: str):
        super().__init__(f"There is a group purchase {code} already.", group=code)


class GroupPriceTooHigh(ShopError):
    code = "group_price_too_high"

    def __init__(self, price: int, asked: int):
        super().__init__("A group's price is below what everybody pays.", price=price, asked=asked)


class ChangeOpen(ShopError):
    code = "change_open"

    def __init__(self, number: str, change: str):
        super().__init__(
            f"Order {number} is being changed: wait until change {change} is paid, or cancel it.",
            number=number,
            change=change,
        )


class ChangeClosed(ShopError):
    code = "change_closed"

    def __init__(self, change: str, status: str):
        super().__init__(f"Change {change} is {status} already.", change=change, status=status)


class NothingChanges(ShopError):
    code = "nothing_changes"

    def __init__(self) -> None:
        super().__init__("The order is like that already.")


class NothingIsLeft(ShopError):
    code = "nothing_is_left"

    def __init__(self, number: str):
        super().__init__(f"Nothing of order {number} would be left: cancel it instead.", number=number)


class UnpaidChange(ShopError):
    code = "unpaid_change"

    def __init__(self, status: str):
        super().__init__(
            f"An order that is {status} can only be sent elsewhere, for the same price.", status=status
        )


class AgreedPriceTooHigh(ShopError):
    code = "agreed_price_too_high"

    def __init__(self, sku: str, price: int, asked: int):
        super().__init__(f"Everybody pays less for {sku} than agreed.", sku=sku, price=price, asked=asked)


class GiftCardNotAdded(ShopError):
    code = "gift_card_not_added"

    def __init__(self, sku: str):
        super().__init__(f"{sku} is a gift card: it is ordered by itself.", sku=sku)


class TooManyRemarks(ShopError):
    code = "too_many_remarks"

    def __init__(self, limit: int, what: str):
        super().__init__(f"An order has at most {limit} {what}.", limit=limit)
