"""What the orders room refuses."""

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


class ReasonMissing(ShopError):
    code = "reason_missing"

    def __init__(self) -> None:
        super().__init__("An order in review is refused with a reason.")


class TooManyShipped(ShopError):
    code = "too_many_shipped"

    def __init__(self, line_id: str, shippable: int, wanted: int):
        super().__init__(
            f"{shippable} units of this line can be sent from there, not {wanted}.",
            line_id=line_id,
            shippable=shippable,
            wanted=wanted,
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


class TooManyRemarks(ShopError):
    code = "too_many_remarks"

    def __init__(self, limit: int, what: str):
        super().__init__(f"An order has at most {limit} {what}.", limit=limit)
