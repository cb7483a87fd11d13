"""What tests of the shop do again and again: fill shelves, carts and orders."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import httpx
from sqlalchemy import select

from transactional.catalog import creation, csv_export, pricing
from transactional.catalog.drafts import ProductDraft, SkuDraft
from transactional.checkout import service as checkout
from transactional.checkout import terms_editing
from transactional.checkout.models import delivery_zones
from transactional.members.service import Buyer
from transactional.orders import service as orders
from transactional.orders import shipping
from transactional.orders.service import Placed
from transactional.payments import settlement
from transactional.payments.sandbox.client import Ask
from transactional.payments.tenders import Wanted
from transactional.shop import Shop
from transactional.stock import service as stock
from transactional.stock import warehousing
from transactional.stock.models import stock_levels
from transactional.unit_of_work import Reading, Row, UnitOfWork

ADA = Buyer("ada@example.com", "Ada Lovelace", "12 St James's Square", "London", "SW1Y 4JH", "GB")

UNWANTED = {"reason": "not wanted"}


@dataclass(frozen=True)
class Shelves:
    """SKU ids by code."""

    skus: dict[str, str]


def asking(app: Any) -> Ask:
    """How a shop reaches a sandbox that is in this process."""

    async def ask(method: str, url: str, headers: Mapping[str, str], body: str | None) -> tuple[int, bytes]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as http:
            answer = await http.request(method, url, headers=headers, content=body)
            return answer.status_code, answer.content

    return ask


def fill_shelves(shop: Shop, products: int = 3, units: int = 10) -> Shelves:
    skus: dict[str, str] = {}
    with shop.database.transaction("test") as uow:
        category = creation.create_category(uow, "clothes", "Clothes")
        for number in range(products):
            price = 1_000 + 333 * number
            drafts = [
                SkuDraft(f"SHIRT{number}-{size}", price, price + 200, 400, {"size": size})
                for size in ("S", "M")
            ]
            draft = ProductDraft(f"shirt-{number}", f"Shirt {number}", category, drafts)
            skus |= creation.create_product(uow, draft, shop.terms.currency)
        stock.receive(uow, dict.fromkeys(skus.values(), units), "DELIVERY-1")
    return Shelves(skus)


def sell_everywhere(shop: Shop) -> None:
    """Standard and express; the Highlands cost more, and Denmark is taxed otherwise."""
    with shop.database.transaction("staff") as uow:
        for code, countries, prefixes in (
            ("home", ["GB"], []),
            ("highlands", ["GB"], ["IV"]),
            ("denmark", ["DK"], []),
        ):
            terms_editing.put_zone(uow, code, name=code, countries=countries, postal_prefixes=prefixes)
        for position, (method, price) in enumerate((("standard", 395), ("express", 1_000))):
            rates = [
                {"zone": zone, "currency": "GBP", "kind": "flat", "price": price + more, "weight_from": 0}
                for zone, more in (("home", 0), ("highlands", 500), ("denmark", 800))
            ]
            terms_editing.put_method(
                uow,
                shop.terms,
                method,
                name=method.capitalize(),
                days_min=1,
                days_max=2,
                position=position,
                is_active=True,
                rates=rates,
            )
        terms_editing.put_tax_zone(
            uow,
            shop.terms,
            "denmark",
            name="Denmark",
            countries=["DK"],
            prices_include_tax=False,
            rates=[("standard", 2_500, date(2020, 1, 1))],
            reverse_charge=False,
        )


def sell_in_euros(shop: Shop, prices: dict[str, int]) -> Shop:
    """The shop with these prices in euros, by SKU code, and standard delivery for 6.00 everywhere."""
    shop = replace(shop, terms=replace(shop.terms, other_currencies=("EUR",)))
    with shop.database.transaction("staff") as uow:
        for code, price in prices.items():
            row = {"currency": "EUR", "customer_group": None, "price": price, "valid_from": uow.now}
            pricing.set_prices(uow, warehousing.sku_id(uow, code), [row])
        (method,) = [row for row in terms_editing.methods(uow) if row["code"] == "standard"]
        in_euros = {"currency": "EUR", "kind": "flat", "price": 600, "weight_from": 0}
        zones = [row["code"] for row in terms_editing.zones(uow, delivery_zones)]
        kept = ("name", "days_min", "days_max", "position", "is_active")
        terms_editing.put_method(
            uow,
            shop.terms,
            "standard",
            **{name: method[name] for name in kept},
            rates=[*method["rates"], *({"zone": zone, **in_euros} for zone in zones)],
        )
    return shop


def order(
    uow: UnitOfWork,
    shop: Shop,
    quantities: dict[str, int],
    buyer: Buyer = ADA,
    tenders: Sequence[Wanted] = (),
    currency: str | None = None,
) -> Placed:
    """Fill a cart by SKU code and order it."""
    cart_id = checkout.create(uow, shop.terms, currency=currency)
    checkout.add(uow, cart_id, quantities)
    return orders.place(uow, shop.terms, cart_id, buyer, tenders=tenders)


def exported(db: Reading) -> str:
    """The catalogue of a small shop as a file."""
    return csv_export.header("storehouse") + csv_export.portion(db, "storehouse", csv_export.START).text


def placed_order(shop: Shop, **quantities: int) -> Placed:
    """An unpaid order; SKU codes are written with `_` for `-`."""
    with shop.database.transaction("test") as uow:
        return order(uow, shop, {code.replace("_", "-"): count for code, count in quantities.items()})


def paid_order(shop: Shop, **quantities: int) -> Placed:
    placed = placed_order(shop, **quantities)
    with shop.database.transaction("test") as uow:
        settlement.record_capture(
            uow, placed.payment_id, f"pay_{placed.payment_id}", placed.total, placed.currency
        )
    return placed


def shipped_order(shop: Shop, **quantities: int) -> Placed:
    placed = paid_order(shop, **quantities)
    with shop.database.transaction("test") as uow:
        shipping.ship(uow, placed.order_id)
    return placed


def status_of(shop: Shop, order_id: str) -> str:
    with shop.database.read() as db:
        return str(orders.header(db, order_id)["status"])


def level(shop: Shop, sku_id: str) -> tuple[int, int]:
    """Units on hand and reserved."""
    with shop.database.read() as db:
        row = db.row(select(stock_levels).where(stock_levels.c.sku_id == sku_id))
    assert row is not None
    return row["on_hand"], row["reserved"]


def rows_of(shop: Shop, table: Any) -> list[Row]:
    with shop.database.read() as db:
        return db.rows(select(table))


def key() -> dict[str, str]:
    """A fresh Idempotency-Key."""
    return {"Idempotency-Key": str(uuid.uuid4())}


def order_body(cart: str) -> dict[str, Any]:
    return {"cart": cart, "buyer": {name: value for name, value in vars(ADA).items() if value is not None}}


def ordered_over_http(client: httpx.Client, **quantities: int) -> dict[str, Any]:
    """Order through the API; SKU codes are written with `_` for `-`."""
    cart = client.post("/api/v1/carts", json={}, headers=key()).json()["token"]
    lines = [{"sku": code.replace("_", "-"), "quantity": count} for code, count in quantities.items()]
    client.post(f"/api/v1/carts/{cart}/lines", json={"lines": lines}, headers=key()).raise_for_status()
    answer = client.post("/api/v1/orders", json=order_body(cart), headers=key())
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found
