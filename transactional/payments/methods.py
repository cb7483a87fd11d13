"""The ways to pay that a shop offers, and which of them a payment takes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from transactional.payments.errors import InstallmentsNotOffered, PaymentMethodUnknown
from transactional.payments.provider import Method, Provider

_NAMES: dict[Method, str] = {
    "card": "Card",
    "card_instalments": "Card, in instalments",
    "wallet": "Wallet",
    "bank_redirect": "Online banking",
}


@dataclass(frozen=True)
class Choice:
    """A way to pay: `method`, taken by `provider` in a number of instalments."""

    provider: str
    method: Method
    installments: int = 1

    @property
    def name(self) -> str:
        """As a shopper reads it."""
        name = _NAMES[self.method]
        if self.installments > 1:
            name = name.replace("in instalments", f"in {self.installments} instalments")
        return f"{name} ({self.provider.capitalize()})"

    @property
    def code(self) -> str:
        """As a form names it."""
        code = f"{self.provider}:{self.method}"
        return code if self.installments == 1 else f"{code}:{self.installments}"


Way = Callable[[str], Choice]  # how what is due in a currency will probably be paid


def sandbox_card(_currency: str) -> Choice:
    """What pays an order that nobody was asked about."""
    return Choice("sandbox", "card")


def offered(providers: Mapping[str, Provider], currency: str) -> list[Choice]:
    """Every way to pay in a currency, the default one first; one for each number of instalments.

    The first provider's card is the default; without cards, the first way there is.
    """
    ways = [
        Choice(name, way, number)
        for name, provider in providers.items()
        for way in provider.methods(currency)
        for number in provider.installments(way, currency) or (1,)
    ]
    return sorted(ways, key=lambda choice: choice.method != "card")


def choose(
    providers: Mapping[str, Provider],
    currency: str,
    method: str | None = None,
    provider: str | None = None,
    installments: int | None = None,
) -> Choice:
    """The first way to pay that is as wanted; None means any.

    Raises:
        PaymentMethodUnknown: there is no such way.
        InstallmentsNotOffered: there is, but not in so many instalments.
    """
    ways = offered(providers, currency)
    fitting = [way for way in ways if method in (None, way.method) and provider in (None, way.provider)]
    for way in fitting:
        if installments in (None, way.installments):
            return way
    if fitting and installments is not None:
        raise InstallmentsNotOffered(installments, sorted({way.installments for way in fitting}))
    wanted = " ".join(part for part in (method, provider and f"through {provider}") if part)
    raise PaymentMethodUnknown(wanted or currency, [f"{way.method} through {way.provider}" for way in ways])
