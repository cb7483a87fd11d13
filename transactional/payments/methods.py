"""The ways to pay that a shop offers, and which of them a payment takes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from transactional.payments.errors import PaymentMethodUnknown
from transactional.payments.provider import Method, Provider

_NAMES: dict[Method, str] = {
    "card": "Card",
    "card_instalments": "Card, in instalments",
    "wallet": "Wallet",
    "bank_redirect": "Online banking",
}


@dataclass(frozen=True)
class Choice:
    """A way to pay: `method`, taken by `provider`."""

    provider: str
    method: Method

    @property
    def name(self) -> str:
        """As a shopper reads it."""
        return f"{_NAMES[self.method]} ({self.provider.capitalize()})"


Way = Callable[[str], Choice]  # how what is due in a currency will probably be paid


def sandbox_card(_currency: str) -> Choice:
    """What pays an order that nobody was asked about."""
    return Choice("sandbox", "card")


def offered(providers: Mapping[str, Provider], currency: str) -> list[Choice]:
    """Every way to pay in a currency, the default one first.

    The first provider's card is the default; without cards, the first way there is.
    """
    ways = [Choice(name, way) for name, provider in providers.items() for way in provider.methods(currency)]
    return sorted(ways, key=lambda choice: choice.method != "card")


def choose(
    providers: Mapping[str, Provider], currency: str, method: str | None = None, provider: str | None = None
) -> Choice:
    """The first way to pay that is as wanted; None means any.

    Raises:
        PaymentMethodUnknown: there is no such way.
    """
    ways = offered(providers, currency)
    for way in ways:
        if method in (None, way.method) and provider in (None, way.provider):
            return way
    wanted = " ".join(part for part in (method, provider and f"through {provider}") if part)
    raise PaymentMethodUnknown(wanted or currency, [f"{way.method} through {way.provider}" for way in ways])
