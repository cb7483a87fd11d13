"""The lines of a new order, as its basket was priced."""

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
