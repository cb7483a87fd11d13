"""What a product's page tells of SKUs that can be ordered before they are there."""

from transactional.catalog.rules import GIFT_CARD
from transactional.catalog.schemas import BeyondStock, SkuView
from transactional.stock import backorders
from transactional.stock.rules import Supply
from transactional.unit_of_work import Reading, Row


def sku_views(db: Reading, offered: list[Row]) -> list[SkuView]:
    """SKUs as a shopper sees them; no query more when all are sold from stock."""
    special = [sku["id"] for sku in offered if sku["has_supply"]]
    supplies = backorders.current(db, special) if special else {}
    return [
        SkuView.model_validate(
            {
                **sku,
                "is_gift_card": sku["tax_class"] == GIFT_CARD,
                "beyond_stock": _beyond(db, sku, supplies.get(sku["id"])),
            }
        )
        for sku in offered
    ]


def _beyond(db: Reading, sku: Row, supply: Supply | None) -> BeyondStock | None:
    if supply is None or not supply.beyond(db.now):
        return None
    return BeyondStock(
        policy=supply.policy,
        orderable=supply.orderable(sku["available"], db.now),
        days=supply.days,
        available_from=supply.available_from,
    )
