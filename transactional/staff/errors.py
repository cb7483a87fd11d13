"""What the shop's own terms refuse."""

from collections.abc import Sequence

from transactional.errors import ShopError


class CurrencyNotSold(ShopError):
    status = 400
    code = "currency_not_sold"

    def __init__(self, wanted: str, allowed: Sequence[str]):
        super().__init__(
            f"currency: this shop does not sell in {wanted!r}, but in {', '.join(allowed)}.",
            field="currency",
            wanted=wanted,
            allowed=list(allowed),
        )
