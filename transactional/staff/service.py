"""The shop's own row, and the terms on which it sells."""

from dataclasses import dataclass
from datetime import timedelta

from settings import Settings
from transactional.staff.models import shops
from transactional.stock.rules import Policy
from transactional.unit_of_work import UnitOfWork

TAX_RATE_BP = 2_000  # UK value added tax, contained in the prices


@dataclass(frozen=True)
class Terms:
    """What holds for every sale of this shop.

    Args:
        country: where the shop is at home, ISO 3166-1 alpha-2.
        tax_rate_bp: tax of the standard class contained in prices at home, in basis points.
        order_expiry: how long an unpaid order keeps its stock.
        allocation: which warehouse an order leaves from.
        points_per_unit: points that a whole unit of the currency earns.
        point_value: minor units that a point is worth.
        must_be_accepted: whether a shopper has to accept the terms of sale.
        review_above: orders of more than these minor units are looked at before they are sent; 0: none.
    """

    shop_id: str
    name: str
    time_zone: str
    currency: str
    locale: str
    country: str
    tax_rate_bp: int
    order_expiry: timedelta
    allocation: Policy
    points_per_unit: int
    point_value: int
    must_be_accepted: bool
    review_above: int


def terms(uow: UnitOfWork, settings: Settings) -> Terms:
    """The terms of this shop; its row is written on the first start and follows the settings later."""
    wanted = {
        "id": settings.shop_id,
        "name": settings.shop_name,
        "time_zone": settings.shop_time_zone,
        "currency": settings.shop_currency,
        "locale": settings.shop_locale,
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
        locale=row["locale"],
        country=settings.shop_country,
        tax_rate_bp=row["tax_rate_bp"],
        order_expiry=timedelta(minutes=settings.order_expiry_minutes),
        allocation=settings.stock_allocation,
        points_per_unit=settings.points_per_unit,
        point_value=settings.point_value,
        must_be_accepted=settings.terms_must_be_accepted,
        review_above=settings.review_above,
    )
