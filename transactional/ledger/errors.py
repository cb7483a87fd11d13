"""What the ledger room refuses."""

from transactional.errors import ShopError


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
