"""What the stock room refuses."""

from transactional.errors import ShopError


class OutOfStock(ShopError):
    code = "out_of_stock"

    def __init__(self, sku: str, wanted: int, available: int):
        super().__init__(
            f"Only {available} of {sku} are available, {wanted} are wanted.",
            sku=sku,
            wanted=wanted,
            available=available,
        )


class TooManyOnShelf(ShopError):
    code = "too_many_on_shelf"

    def __init__(self, units: int, most: int):
        super().__init__(
            f"There would be {units} units of a SKU in one warehouse; {most} are the most.",
            units=units,
            most=most,
        )


class TooManyArrived(ShopError):
    code = "too_many_arrived"

    def __init__(self, sku: str, sent: int, arrived: int):
        super().__init__(
            f"Only {sent} of {sku} were sent, {arrived} cannot have arrived.",
            sku=sku,
            sent=sent,
            arrived=arrived,
        )
