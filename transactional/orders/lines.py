"""Rows of order lines: those of a new order as its basket was priced, and what they hold of each SKU."""

from collections import Counter
from collections.abc import Iterable, Mapping

from transactional.catalog.rules import GIFT_CARD, variant_name
from transactional.checkout.priced import PricedCart
from transactional.unit_of_work import Row, UnitOfWork


def rows_of(uow: UnitOfWork, order_id: str, basket: PricedCart) -> list[Row]:
    return [
        {
            "id": uow.new_id(),
            "order_id": order_id,
            "position": position,
            "sku_id": line["sku_id"],
            "sku": line["sku"],
            "name": variant_name(line["name"], line["options"]),
            "quantity": line["quantity"],
            "list_price": line["list_price"],
            "unit_price": line["price"],
            "cost": line["cost"],
            "gross": amounts.gross,
            "discount": amounts.discount,
            "shipping": 0,
            "tax": amounts.tax,
            "is_gift_card": line["tax_class"] == GIFT_CARD,
            "tax_rate_bp": amounts.tax_rate_bp,
        }
        for position, (line, amounts) in enumerate(zip(basket.lines, basket.amounts.lines, strict=True), 1)
    ]


def units_by_sku(lines: Iterable[Row], quantities: Mapping[str, int]) -> dict[str, int]:
    """Units by SKU id of units by order line id; a change can make a second line of a SKU."""
    units: Counter[str] = Counter()
    for line in lines:
        units[line["sku_id"]] += quantities[line["id"]]
    return dict(units)
