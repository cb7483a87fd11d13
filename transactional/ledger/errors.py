"""What the ledger room refuses."""

from datetime import date

from transactional.errors import ShopError


class NoPeriod(ShopError):
    status = 400
    code = "no_period"

    def __init__(self, first_day: date, last_day: date):
        super().__init__(
            f"first_day {first_day} is after last_day {last_day}.", field="first_day", value=str(first_day)
        )


class InsufficientFunds(ShopError):
    code = "insufficient_funds"

    def __init__(self, account: str, wanted: int, available: int):
        super().__init__(
            f"Only {available} is left on {account}, {wanted} is wanted.",
            account=account,
            wanted=wanted,
            available=available,
        )


class NotByHand(ShopError):
    code = "not_by_hand"

    def __init__(self, what: str):
        super().__init__(f"{what} is kept by the shop itself, and not posted or reversed by hand.", what=what)


class EntryReversed(ShopError):
    code = "entry_reversed"

    def __init__(self, reference: str):
        super().__init__(f"{reference} has been reversed before.", reference=reference)


class WrongCurrency(ShopError):
    code = "wrong_currency"

    def __init__(self, account: str, kept_in: str, currency: str):
        super().__init__(
            f"{account} is kept in {kept_in}, not in {currency}.",
            account=account,
            kept_in=kept_in,
            currency=currency,
        )
