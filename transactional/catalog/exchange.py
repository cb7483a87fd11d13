"""Import of products from CSV: all of a file or nothing, with a report per line.

Columns that a file does not have, SKUs that it does not name, and the pictures of a product of which it names
none, stay as they are.
"""

from typing import Any, NamedTuple

from transactional.catalog import creation, editing, inventory
from transactional.catalog.csv_format import FORMATS, FormatName
from transactional.catalog.csv_products import FileProduct, Products, Variant
from transactional.catalog.csv_reading import FaultyError, read_table
from transactional.catalog.drafts import Picture, ProductDraft, SkuDraft
from transactional.catalog.exchange_places import Brands, Places
from transactional.catalog.exchange_shop import InShop
from transactional.catalog.models import products
from transactional.errors import ImportRefused
from transactional.stock import valuation
from transactional.unit_of_work import Row, UnitOfWork


class Outcome(NamedTuple):
    """What became of a line: created, updated or unchanged; and what of it was not taken as it stands."""

    line: int
    product: str
    sku: str | None
    outcome: str
    note: str | None = None


def import_products(
    uow: UnitOfWork, data: bytes, name: FormatName, currency: str, category: str | None = None
) -> list[Outcome]:
    """Create and change products as a file says; returns what became of each line.

    Args:
        category: slug of the one for new products whose own the shop does not have.

    Raises:
        ImportRefused: names every fault with its line; the transaction must not be committed.
        NotFound: there is no such category.
    """
    fmt = FORMATS[name]
    places = Places(uow, category)
    try:
        table = read_table(data, fmt)
        reading = Products(fmt, table.columns, currency)
        reading.read(table.lines)
    except FaultyError as wrong:
        raise ImportRefused([wrong.fault]) from None
    shop = InShop(uow, reading, places, fmt, dict(table.columns))
    faults = sorted([*reading.faults, *shop.faults()])
    if faults:
        raise ImportRefused(faults)
    return _Writing(uow, reading, shop, currency).write()


class _Writing:
    """Writes a file that has no faults; what it does to many rows alike is one statement at the end."""

    def __init__(self, uow: UnitOfWork, reading: Products, shop: InShop, currency: str):
        self._uow = uow
        self._reading = reading
        self._shop = shop
        self._currency = currency
        self._brands = Brands(uow)
        self._new: list[ProductDraft] = []
        self._changed: list[tuple[Row, Row]] = []  # SKUs, and the columns that change
        self._added: dict[str, str] = {}  # ids by code
        self._units: dict[str, int] = {}  # signed, by SKU code

    def write(self) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for product in self._reading.found.values():
            known = self._shop.products.get(product.handle)
            outcomes += self._create(product) if known is None else self._update(product, known)
        ids = {code: row["id"] for code, row in self._shop.skus.items()} | self._added
        ids |= creation.create_products(self._uow, self._new, self._currency)[1]
        valuation.change_skus(self._uow, self._changed)
        inventory.adjust(self._uow, {ids[code]: count for code, count in self._units.items()}, "csv import")
        return sorted(outcomes)

    def _report(self, product: FileProduct, outcomes: dict[int, str], codes: dict[int, str]) -> list[Outcome]:
        notes = self._reading.notes
        return [
            Outcome(
                line, product.handle, codes.get(line), outcomes[line], "; ".join(notes.get(line, [])) or None
            )
            for line in product.lines
        ]

    def _create(self, product: FileProduct) -> list[Outcome]:
        self._new.append(
            ProductDraft(
                slug=product.handle,
                category_id=self._shop.category_ids[product.handle],
                brand_id=self._brands.id_of(product.vendor, None),
                status=self._shop.status_of(product) or "draft",
                skus=[_draft(variant) for variant in product.variants],
                pictures=_in_order(product),
                **product.values,
            )
        )
        for variant in product.variants:
            self._units[variant.code] = variant.on_hand or 0
        codes = {variant.line: variant.code for variant in product.variants}
        return self._report(product, dict.fromkeys(product.lines, "created"), codes)

    def _update(self, product: FileProduct, known: Row) -> list[Outcome]:
        uow = self._uow
        changes = {name: value for name, value in product.values.items() if known[name] != value}
        category_id = self._shop.category_ids.get(product.handle, known["category_id"])
        if category_id != known["category_id"]:
            changes["category_id"] = category_id
        if product.vendor is not None:
            brand_id = self._brands.id_of(product.vendor, known["brand_id"])
            changes |= {"brand_id": brand_id} if brand_id != known["brand_id"] else {}
        if (status := self._shop.status_of(product)) not in (None, known["status"]):
            changes["status"] = status
        if changes:
            uow.update(products, known, **changes, updated_at=uow.now)
        if product.pictures and (main := _in_order(product)) != editing.pictures(uow, known):
            editing.set_pictures(uow, known["id"], main)
            changes["image"] = main[0].url
        result = dict.fromkeys(product.lines, "updated" if changes else "unchanged")
        codes: dict[int, str] = {}
        for variant in product.variants:
            outcome = self._write_sku(known["id"], variant)
            codes[variant.line] = variant.code
            if outcome != "unchanged":
                result[variant.line] = outcome
        return self._report(product, result, codes)

    def _write_sku(self, product_id: str, variant: Variant) -> str:
        sku = self._shop.skus.get(variant.code)
        if sku is None:
            position = self._shop.positions.get(product_id, 0)
            self._shop.positions[product_id] = position + 1
            self._added |= creation.add_skus(
                self._uow, product_id, [_draft(variant)], self._currency, position
            )
            self._units[variant.code] = variant.on_hand or 0
            return "created"
        wanted = {**variant.values, "options": variant.options}
        changes = {name: value for name, value in wanted.items() if sku[name] != value}
        if variant.is_retired not in (None, sku["retired_at"] is not None):
            changes["retired_at"] = self._uow.now if variant.is_retired else None
        if changes:
            self._changed.append((sku, changes))
        on_hand = self._shop.levels[sku["id"]].on_hand
        more = 0 if variant.on_hand is None else variant.on_hand - on_hand
        self._units[variant.code] = more
        return "updated" if changes or more else "unchanged"


def _draft(variant: Variant) -> SkuDraft:
    values: dict[str, Any] = {"list_price": variant.values["price"], "cost": 0, **variant.values}
    return SkuDraft(code=variant.code, options=variant.options, is_retired=bool(variant.is_retired), **values)


def _in_order(product: FileProduct) -> list[Picture]:
    return [picture for _, picture in sorted(product.pictures, key=lambda each: each[0])]
