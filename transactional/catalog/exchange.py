"""Import of products from CSV: all of a file or nothing, with a report per line.

Columns that a file does not have, SKUs that it does not name, and the pictures of a product of which it names
none, stay as they are.
"""

import re
import unicodedata
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Select, Table, bindparam, select

from transactional.catalog import editing, inventory, rules, service
from transactional.catalog.csv_format import FORMATS, SEPARATOR, Format, FormatName
from transactional.catalog.csv_products import FileProduct, Products, Variant
from transactional.catalog.csv_reading import Fault, FaultyError, read_lines
from transactional.catalog.drafts import ProductDraft, SkuDraft
from transactional.catalog.matrix import identity
from transactional.catalog.models import brands, categories, products, skus
from transactional.errors import ImportRefused
from transactional.stock import valuation
from transactional.unit_of_work import Reading, Row, UnitOfWork, for_update

_products_called = (
    select(products).where(products.c.slug.in_(bindparam("keys", expanding=True))).order_by(products.c.id)
)
_skus_called = select(skus).where(skus.c.code.in_(bindparam("keys", expanding=True))).order_by(skus.c.id)
_skus_of = (
    select(skus.c.product_id, skus.c.code, skus.c.options, skus.c.position)
    .where(skus.c.product_id.in_(bindparam("keys", expanding=True)))
    .order_by(skus.c.position)
)
_categories = select(categories).order_by(categories.c.position)
_brands = select(brands).order_by(brands.c.id)


class Outcome(NamedTuple):
    """What became of a line: created, updated or unchanged."""

    line: int
    product: str
    sku: str | None
    outcome: str


def import_products(uow: UnitOfWork, data: bytes, name: FormatName, currency: str) -> list[Outcome]:
    """Create and change products as a file says; returns what became of each line.

    Raises:
        ImportRefused: names every fault with its line; the transaction must not be committed.
    """
    fmt = FORMATS[name]
    reading = Products(fmt, currency)
    try:
        reading.read(read_lines(data, fmt))
    except FaultyError as wrong:
        raise ImportRefused([wrong.fault]) from None
    run = _Import(uow, list(reading.found.values()), fmt, currency)
    faults = sorted([*reading.faults, *run.faults()])
    if faults:
        raise ImportRefused(faults)
    return run.write()


class _Import:
    """What the shop has of a file's products, locked; first its faults are looked for, then it is written."""

    def __init__(self, uow: UnitOfWork, found: list[FileProduct], fmt: Format, currency: str):
        self._uow = uow
        self._found = found
        self._columns = fmt.columns
        self._currency = currency
        codes = [variant.code for product in found for variant in product.variants]
        self._products = {
            row["slug"]: row
            for row in _locked(uow, products, _products_called, [product.handle for product in found])
        }
        self._skus = {row["code"]: row for row in _locked(uow, skus, _skus_called, codes)}
        self._levels = inventory.levels(uow, [row["id"] for row in self._skus.values()])
        self._others: dict[str, dict[frozenset[tuple[str, str]], str]] = {}  # SKUs that the file leaves alone
        self._positions: dict[str, int] = {}
        in_file = set(codes)
        for row in _chunked(uow, _skus_of, [row["id"] for row in self._products.values()]):
            self._positions[row["product_id"]] = row["position"] + 1
            if row["code"] not in in_file:
                self._others.setdefault(row["product_id"], {})[identity(row["options"])] = row["code"]
        self._category_ids = paths(uow)
        self._brands = uow.rows(_brands)
        self._units: dict[str, int] = {}
        self._changed: list[tuple[Row, dict[str, Any]]] = []

    def faults(self) -> list[Fault]:
        found: list[Fault] = []
        for product in self._found:
            found += self._faults_of(product, self._products.get(product.handle))
            for variant in product.variants:
                found += self._faults_of_variant(product, variant)
        return found

    def _fault(self, line: int, field: str, reason: str) -> Fault:
        return Fault(line, self._columns[field], reason)

    def _faults_of(self, product: FileProduct, known: Row | None) -> list[Fault]:
        found = []
        path = SEPARATOR.join(product.category or ())
        if product.category and product.category not in self._category_ids:
            reason = f"there is no category {path[:200]!r}: create it first"
            found.append(self._fault(product.line, "category", reason))
        if known is None and not product.category:
            found.append(self._fault(product.line, "category", "is empty, and the product is new"))
        status = known["status"] if known else "draft"
        if known and product.status not in (None, status, *rules.LIFECYCLE[status]):
            reason = f"a product that is {status} cannot become {product.status}"
            found.append(self._fault(product.line, "status", reason))
        if (
            product.status == "live"
            and not product.variants
            and not (known and known["id"] in self._positions)
        ):
            found.append(self._fault(product.line, "status", "a product without a SKU cannot be live"))
        return found

    def _faults_of_variant(self, product: FileProduct, variant: Variant) -> list[Fault]:
        owner = self._products.get(product.handle, {"id": ""})["id"]
        known = self._skus.get(variant.code)
        found = self._faults_of_options(self._others.get(owner, {}), variant)
        if known is not None and known["product_id"] != owner:
            reason = f"{variant.code} is a SKU of another product"
            return [*found, self._fault(variant.line, "sku", reason)]
        price, list_price = variant.values["price"], variant.values.get("list_price")
        if price is not None and known and list_price is None and price > known["list_price"]:
            reason = f"is above the list price of {variant.code}, which the file does not change"
            found.append(self._fault(variant.line, "price", reason))
        reserved = self._levels[known["id"]].reserved if known else 0
        if variant.on_hand is not None and variant.on_hand < reserved:
            reason = f"{reserved} units of {variant.code} are promised to orders"
            found.append(self._fault(variant.line, "stock", reason))
        return found

    def _faults_of_options(
        self, others: dict[frozenset[tuple[str, str]], str], variant: Variant
    ) -> list[Fault]:
        mine = identity(variant.options)
        if mine in others:
            return [self._fault(variant.line, "option1_value", f"{others[mine]} has the same options")]
        names = {name for name, _ in next(iter(others), mine)}
        if names != variant.options.keys():
            reason = f"unknown options: this product's are {', '.join(sorted(names)) or 'none'}"
            return [self._fault(variant.line, "option1_name", reason)]
        return []

    def write(self) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for product in self._found:
            known = self._products.get(product.handle)
            outcomes += self._create(product) if known is None else self._update(product, known)
        valuation.change_skus(self._uow, self._changed)
        inventory.adjust(self._uow, self._units, "csv import")
        return sorted(outcomes)

    def _create(self, product: FileProduct) -> list[Outcome]:
        main = [picture for _, picture in sorted(product.pictures, key=lambda each: each[0])]
        draft = ProductDraft(
            slug=product.handle,
            category_id=self._category_ids[product.category or ()][0],
            brand_id=self._brand_id(product.vendor, None),
            image=main[0].url if main else None,
            status=product.status or "draft",
            skus=[self._draft(variant) for variant in product.variants],
            **product.values,
        )
        product_id, ids = editing.create(self._uow, draft, self._currency)
        if len(main) > 1 or any(each.alt for each in main):
            editing.set_pictures(self._uow, product_id, main)
        for variant in product.variants:
            self._units[ids[variant.code]] = variant.on_hand or 0
        codes = {variant.line: variant.code for variant in product.variants}
        return [Outcome(line, product.handle, codes.get(line), "created") for line in product.lines]

    def _update(self, product: FileProduct, known: Row) -> list[Outcome]:
        uow = self._uow
        changes = {name: value for name, value in product.values.items() if known[name] != value}
        if product.category and known["category_id"] not in self._category_ids[product.category]:
            changes["category_id"] = self._category_ids[product.category][0]
        if product.vendor is not None:
            brand_id = self._brand_id(product.vendor, known["brand_id"])
            changes |= {"brand_id": brand_id} if brand_id != known["brand_id"] else {}
        if product.status not in (None, known["status"]):
            changes["status"] = product.status
        if changes:
            uow.update(products, known, **changes, updated_at=uow.now)
        if product.pictures:
            main = [picture for _, picture in sorted(product.pictures, key=lambda each: each[0])]
            if main != editing.pictures(uow, known):
                editing.set_pictures(uow, known["id"], main)
                changes["image"] = main[0].url
        result = dict.fromkeys(product.lines, "updated" if changes else "unchanged")
        codes: dict[int, str] = {}
        for variant in product.variants:
            outcome = self._write_sku(known["id"], variant)
            codes[variant.line] = variant.code
            if outcome != "unchanged":
                result[variant.line] = outcome
        return [Outcome(line, product.handle, codes.get(line), result[line]) for line in product.lines]

    def _write_sku(self, product_id: str, variant: Variant) -> str:
        sku = self._skus.get(variant.code)
        if sku is None:
            position = self._positions.get(product_id, 0)
            self._positions[product_id] = position + 1
            draft = self._draft(variant)
            ids = service.add_skus(self._uow, product_id, [draft], self._currency, position)
            self._units[ids[variant.code]] = variant.on_hand or 0
            return "created"
        wanted = {**variant.values, "options": variant.options}
        changes = {name: value for name, value in wanted.items() if sku[name] != value}
        if changes:
            self._changed.append((sku, changes))
        more = 0 if variant.on_hand is None else variant.on_hand - self._levels[sku["id"]].on_hand
        self._units[sku["id"]] = more
        return "updated" if changes or more else "unchanged"

    def _draft(self, variant: Variant) -> SkuDraft:
        values: dict[str, Any] = {"list_price": variant.values["price"], "cost": 0, **variant.values}
        return SkuDraft(code=variant.code, options=variant.options, **values)

    def _brand_id(self, vendor: str | None, known: str | None) -> str | None:
        """The brand of this name, made when there is none: a vendor is free text where files come from."""
        if not vendor:
            return None
        called = [row for row in self._brands if row["name"].lower() == vendor.lower()]
        if called:
            return known if known in {row["id"] for row in called} else str(called[0]["id"])
        slug = _free_slug(vendor, {row["slug"] for row in self._brands})
        brand_id = service.create_brand(self._uow, slug, vendor)
        self._brands.append({"id": brand_id, "slug": slug, "name": vendor})
        return brand_id


def paths(db: Reading) -> dict[tuple[str, ...], list[str]]:
    """Category ids by the names on their path; siblings may be called the same."""
    tree = db.rows(_categories)
    found: dict[tuple[str, ...], list[str]] = {}
    for row in tree:
        names = tuple(step["name"] for step in rules.path(tree, row["id"]))
        found.setdefault(names, []).append(row["id"])
    return found


def _free_slug(name: str, taken: set[str]) -> str:
    plain = unicodedata.normalize("NFKD", name.lower()).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:90] or "brand"
    return next(each for each in [slug, *(f"{slug}-{n}" for n in range(2, 10_000))] if each not in taken)


def _chunked(db: Reading, statement: Select[Any], keys: Sequence[str]) -> list[Row]:
    starts = range(0, len(keys), inventory.CHUNK)
    return [
        row
        for start in starts
        for row in db.rows(statement, keys=list(keys[start : start + inventory.CHUNK]))
    ]


def _locked(uow: UnitOfWork, table: Table, statement: Select[Any], keys: Sequence[str]) -> list[Row]:
    starts = range(0, len(keys), inventory.CHUNK)
    return [
        row
        for start in starts
        for row in uow.lock_rows(
            table, for_update(statement, table), keys=list(keys[start : start + inventory.CHUNK])
        )
    ]
