"""What the checkout room refuses."""

from collections.abc import Sequence
from datetime import date

from transactional.errors import ShopError


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


class ZonesOverlap(ShopError):
    code = "zones_overlap"

    def __init__(self, zone: str, other: str):
        super().__init__(f"An address in {zone} would be in {other} too.", zone=zone, other=other)


class ZoneInUse(ShopError):
    code = "zone_in_use"

    def __init__(self, zone: str, methods: Sequence[str]):
        super().__init__(
            f"{', '.join(methods)} deliver to {zone}: take its rates out of them first.",
            methods=list(methods),
        )


class NoStandardRate(ShopError):
    code = "no_standard_rate"

    def __init__(self, zone: str, day: date):
        super().__init__(
            f"Without a rate of the standard class from {day} or before, {zone} would be without tax.",
            zone=zone,
            day=day.isoformat(),
        )


class HomeZoneNeeded(ShopError):
    code = "home_zone_needed"

    def __init__(self, zone: str, country: str):
        super().__init__(f"{zone} says how the shop's own country, {country}, is taxed.", zone=zone)


class OrderIncomplete(ShopError):
    code = "order_incomplete"

    def __init__(self, missing: Sequence[tuple[str, str, str]]):
        listed = [{"code": code, "field": field, "message": message} for code, field, message in missing]
        super().__init__(" ".join(each["message"] for each in listed), missing=listed)
