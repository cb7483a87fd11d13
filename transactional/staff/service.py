"""The shop's own row, and the terms on which it sells."""

from dataclasses import dataclass
from datetime import timedelta

from settings import Settings
from transactional.staff.errors import CurrencyNotSold
from transactional.staff.models import shops
from transactional.unit_of_work import UnitOfWork

TAX_RATE_BP = 2_000  # UK value added tax, contained in the prices


@dataclass(frozen=True)
class Terms:
    """What holds for every sale of this shop.

    Args:
        currency: what the shop is kept in; every amount below is one of it.
        other_currencies: what it sells in besides.
        country: where the shop is at home, ISO 3166-1 alpha-2.
        tax_rate_bp: tax of the standard class contained in prices at home, in basis points.
        order_expiry: how long an unpaid order keeps its stock.
        points_per_unit: points that a whole unit of the currency earns.
        point_value: minor units that a point is worth.
        must_be_accepted: whether a shopper has to accept the terms of sale.
        review_above: see `wants_review`; 0: none.
    """

    shop_id: str
    name: str
    time_zone: str
    currency: str
    other_currencies: tuple[str, ...]
    locale: str
    country: str
    tax_rate_bp: int
    order_expiry: timedelta
    points_per_unit: int
    point_value: int
    must_be_accepted: bool
    review_above: int

    def currency_of(self, wanted: str | None) -> str:
        """The currency that somebody wants to buy in; the shop's own when none is named.

        Raises:
            CurrencyNotSold: the shop does not sell in it.
        """
        sold = (self.currency, *self.other_currencies)
        if wanted is not None and wanted not in sold:
            raise CurrencyNotSold(wanted, sold)
        return wanted or self.currency

    def other_currency(self, wanted: str | None) -> str | None:
        """The currency that somebody wants to buy in; None for the shop's own.

        Raises:
            CurrencyNotSold: the shop does not sell in it.
        """
        currency = self.currency_of(wanted)
        return None if currency == self.currency else currency

    def points_in(self, currency: str) -> int:
        """Points that a whole unit of a currency earns: none of another than the shop's own."""
        return self.points_per_unit if currency == self.currency else 0

    def wants_review(self, total: int, currency: str) -> bool:
        """Whether an order is looked at before it is sent: one that is too large, or cannot be compared."""
        return self.review_above > 0 and (currency != self.currency or total > self.review_above)


def terms(uow: UnitOfWork, settings: Settings) -> Terms:
    """The terms of this shop; its row is written on the first start and follows the settings later."""
    wanted = {
        "id": settings.shop_id,
        "name": settings.shop_name,
        "time_zone": settings.shop_time_zone,
        "currency": settings.shop_currency,
        "locale": settings.shop_locale,
        "allocation": settings.stock_allocation,
    }
    uow.insert_unless_there(shops, {**wanted, "tax_rate_bp": TAX_RATE_BP}, "id")
    row = uow.lock(shops, settings.shop_id) or {}
    if any(row[name] != value for name, value in wanted.items()):
        row = uow.update(shops, row, **{name: value for name, value in wanted.items() if name != "id"})
    return Terms(
        shop_id=row["id"],
        name=row["name"],
        time_zone=row["time_zone"],
        currency=row["currency"],
        other_currencies=tuple(
            dict.fromkeys(each for each in settings.shop_other_currencies if each != row["currency"])
        ),
        locale=row["locale"],
        country=settings.shop_country,
        tax_rate_bp=row["tax_rate_bp"],
        order_expiry=timedelta(minutes=settings.order_expiry_minutes),
        points_per_unit=settings.points_per_unit,
        point_value=settings.point_value,
        must_be_accepted=settings.terms_must_be_accepted,
        review_above=settings.review_above,
    )
