"""Which tax a sale carries: by where it goes, what it is and when. Pure.

Delivery is taxed like goods of the standard class, whatever the parcel holds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from transactional.catalog.rules import GIFT_CARD
from transactional.money import BASIS_POINTS, divide_half_up, without_tax

STANDARD = "standard"


@dataclass(frozen=True)
class TaxRate:
    """Tax of a class from a day of the shop's calendar on, in basis points."""

    tax_class: str
    rate_bp: int
    valid_from: date


@dataclass(frozen=True)
class TaxZone:
    """Countries that tax alike; without countries it is all that no other zone names."""

    code: str
    name: str
    countries: frozenset[str]
    prices_include_tax: bool
    rates: tuple[TaxRate, ...]
    reverse_charge: bool = False


@dataclass(frozen=True)
class Treatment:
    """How one sale is taxed.

    Args:
        prices_include_tax: whether prices contain tax; otherwise it is added on top of them.
        rates: basis points by tax class; a class that is not named is taxed as standard.
        reverse_charge: whether companies of other countries than the shop's owe the tax themselves.
    """

    zone: str
    prices_include_tax: bool
    rates: Mapping[str, int]
    reverse_charge: bool = False

    def rate(self, tax_class: str) -> int:
        """Basis points; a gift card is not taxed, as what is bought with it will be."""
        if tax_class == GIFT_CARD:
            return 0
        return self.rates.get(tax_class, self.rates.get(STANDARD, 0))

    def split(self, price: int, rate_bp: int) -> tuple[int, int]:
        """What `price` is without tax, and the tax; minor units, rounded half up once."""
        if self.prices_include_tax:
            net = without_tax(price, rate_bp)
            return net, price - net
        return price, divide_half_up(price * rate_bp, BASIS_POINTS)

    def without_tax(self, price: int, tax_class: str) -> int:
        """What `price` is to somebody who pays no tax."""
        return self.split(price, self.rate(tax_class))[0]

    def reversed(self) -> "Treatment":
        """The same sale to a company that owes the tax itself: prices are without it."""
        return Treatment(self.zone, False, {}, True)


UNTAXED = Treatment("none", True, {})


def zone_of(zones: Sequence[TaxZone], country: str) -> TaxZone | None:
    """The zone that names a country, else the rest of the world; None when there is neither."""
    named = next((zone for zone in zones if country in zone.countries), None)
    return named or next((zone for zone in zones if not zone.countries), None)


def treatment(zones: Sequence[TaxZone], country: str, day: date) -> Treatment:
    """The tax on what goes to `country` on a day; none when no zone has the country."""
    zone = zone_of(zones, country)
    if zone is None:
        return UNTAXED
    in_force = sorted(
        (each for each in zone.rates if each.valid_from <= day), key=lambda each: each.valid_from
    )
    rates = {each.tax_class: each.rate_bp for each in in_force}
    return Treatment(zone.code, zone.prices_include_tax, rates, zone.reverse_charge)
