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


class TooManyArrived(ShopError):
    code = "too_many_arrived"

    def __init__(self, sku: str, sent: int, arrived: int):
        super().__init__(
            f"Only {sent} of {sku} were sent, {arrived} cannot have arrived.",
            sku=sku,
            sent=sent,
            arrived=arrived,
        )
