"""How Stripe counts money: https://docs.stripe.com/currencies#minor-units.

Mostly ISO 4217's minor units, as ours; where it differs, amounts are scaled exactly or refused.
"""

from babel.numbers import get_currency_precision

_WITHOUT_DECIMALS = frozenset(
    ("BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF")
)
_THREE_DECIMALS = frozenset(("BHD", "JOD", "KWD", "OMR", "TND"))


def decimals(currency: str) -> int:
    """Decimals of Stripe's amounts in a currency; ISK and UGX have two there although they have none."""
    if currency in _WITHOUT_DECIMALS:
        return 0
    return 3 if currency in _THREE_DECIMALS else 2


def to_stripe(amount: int, currency: str) -> int:
    """Our minor units in Stripe's.

    Raises:
        ValueError: Stripe cannot express the amount.
    """
    return _scaled(amount, decimals(currency) - get_currency_precision(currency))


def from_stripe(amount: int, currency: str) -> int:
    """Stripe's minor units in ours.

    Raises:
        ValueError: ours cannot express the amount.
    """
    return _scaled(amount, get_currency_precision(currency) - decimals(currency))


def _scaled(amount: int, places: int) -> int:
    if places >= 0:
        return amount * int(10**places)
    whole, rest = divmod(amount, int(10**-places))
    if rest:
        raise ValueError(f"{amount} has {-places} decimals too many")
    return whole
