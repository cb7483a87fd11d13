"""What the shop has of a file's products, locked until the commit, and what speaks against the file there."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import BindParameter, Select, Table, bindparam, select

from transactional.catalog import inventory, rules
from transactional.catalog.csv_format import SEPARATOR, Format
from transactional.catalog.csv_products import HIDDEN, FileProduct, Products, Variant
from transactional.catalog.csv_reading import Fault
from transactional.catalog.exchange_places import Places
from transactional.catalog.matrix import identity
from transactional.catalog.models import products, skus
from transactional.row_statements import for_update
from transactional.unit_of_work import Reading, Row, UnitOfWork

_keys: BindParameter[Any] = bindparam("keys", expanding=True)
_products_called = select(products).where(products.c.slug.in_(_keys)).order_by(products.c.id)
_skus_called = select(skus).where(skus.c.code.in_(_keys)).order_by(skus.c.id)
_skus_of = (
    select(skus.c.product_id, skus.c.code, skus.c.options, skus.c.position, skus.c.retired_at)
    .where(skus.c.product_id.in_(_keys))
    .order_by(skus.c.position)
)
_barcodes = select(skus.c.barcode, skus.c.code).where(skus.c.barcode.in_(_keys))


class InShop:
    """The shop's side of an import.

    Args:
        reading: the file's products; variants without codes get those of SKUs that have their options.
        columns: the file's names of its columns, by field.
    """

    def __init__(
        self, uow: UnitOfWork, reading: Products, places: Places, fmt: Format, columns: dict[str, str]
    ):
        self._reading = reading
        self._places = places
        self._fmt = fmt
        self._columns = columns
        found = list(reading.found.values())
        handles = [product.handle for product in found]
        self.products = {row["slug"]: row for row in _locked(uow, products, _products_called, handles)}
        rows = list(_chunked(uow, _skus_of, [row["id"] for row in self.products.values()]))
        self._name_variants(found, rows)
        codes = [variant.code for product in found for variant in product.variants]
        self.skus = {row["code"]: row for row in _locked(uow, skus, _skus_called, codes)}
        self.levels = inventory.levels(uow, [row["id"] for row in self.skus.values()])
        self.category_ids: dict[str, str] = {}  # by handle, of products that come to stand there
        self.positions = {row["product_id"]: row["position"] + 1 for row in rows}
        self._retired = {row["code"]: row["retired_at"] is not None for row in rows}
        self._others: dict[str, dict[frozenset[tuple[str, str]], str]] = {}  # SKUs the file leaves alone
        in_file = set(codes)
        for row in rows:
            if row["code"] not in in_file:
                self._others.setdefault(row["product_id"], {})[identity(row["options"])] = row["code"]
        given = [barcode for product in found for barcode in _barcodes_of(product)]
        self._code_of = {row["barcode"]: row["code"] for row in _chunked(uow, _barcodes, given)}

    def _name_variants(self, found: list[FileProduct], rows: list[Row]) -> None:
        named = {variant.code for product in found for variant in product.variants if variant.is_coded}
        known = {(row["product_id"], identity(row["options"])): row["code"] for row in rows}
        for product in found:
            owner = self.products.get(product.handle, {"id": ""})["id"]
            for at, variant in enumerate(product.variants):
                code = known.get((owner, identity(variant.options)))
                if code and not variant.is_coded and code not in named:
                    product.variants[at] = replace(variant, code=code)

    def status_of(self, product: FileProduct) -> str | None:
        """The status that the file wants; None: it stays."""
        if product.status != HIDDEN:
            return product.status
        known = self.products.get(product.handle)
        if known is None:
            return "draft"
        return "retired" if known["status"] == "live" else None

    def faults(self) -> list[Fault]:
        found: list[Fault] = []
        for product in self._reading.found.values():
            found += self._faults_of(product, self.products.get(product.handle))
            for variant in product.variants:
                found += self._faults_of_variant(product, variant)
        return found

    def _fault(self, line: int, field: str, reason: str) -> Fault:
        return Fault(line, self._columns[field], reason)

    def _faults_of(self, product: FileProduct, known: Row | None) -> list[Fault]:
        found = self._placed(product, known)
        status = known["status"] if known else "draft"
        wanted = self.status_of(product)
        if known and wanted not in (None, status, *rules.LIFECYCLE[status]):
            reason = f"a product that is {status} cannot become {wanted}"
            found.append(self._fault(product.line, "status", reason))
        if (wanted or status) == "live" and not self._is_sellable(product, known):
            reason = "a product without a SKU to sell cannot be live"
            found.append(self._fault(product.line, "status", reason))
        return found

    def _is_sellable(self, product: FileProduct, known: Row | None) -> bool:
        """Whether a product has a SKU that is not retired when the file is in."""
        told = {variant.code: variant.is_retired for variant in product.variants}
        left = self._others.get(known["id"], {}).values() if known else ()
        after = [
            self._retired.get(code, False) if is_retired is None else is_retired
            for code, is_retired in (dict.fromkeys(left) | told).items()
        ]
        return not all(after)

    def _placed(self, product: FileProduct, known: Row | None) -> list[Fault]:
        """Find the product's category; a name that the shop does not have moves nothing that is there."""
        path = product.category or ()
        shown = SEPARATOR.join(path)[:200]
        ids = self._places.exact(path)
        lenient = self._places.default is not None or not self._fmt.strict
        if ids:
            self.category_ids[product.handle] = (
                known["category_id"] if known and known["category_id"] in ids else ids[0]
            )
            return []
        if known and (lenient or not path):
            if path:
                self._reading.note(product.line, f"there is no category {shown!r}: it stays where it is")
            return []
        near = None if self._fmt.strict or known else self._places.nearest(path)
        chosen = near or self._places.default
        if chosen is None:
            reason = f"there is no category {shown!r}" if path else "is empty, and the product is new"
            hint = "create it, or name one for such products"
            return [self._fault(product.line, "category", f"{reason}: {hint}")]
        taken = "the one of its last known part" if near else "the one for such products"
        self._reading.note(product.line, f"there is no category {shown!r}: {taken} is taken")
        self.category_ids[product.handle] = chosen
        return []

    def _faults_of_variant(self, product: FileProduct, variant: Variant) -> list[Fault]:
        owner = self.products.get(product.handle, {"id": ""})["id"]
        known = self.skus.get(variant.code)
        found = self._faults_of_options(self._others.get(owner, {}), variant)
        if known is not None and known["product_id"] != owner:
            made = "" if variant.is_coded else "is empty, and the code made for it, "
            reason = f"{made}{variant.code} is a SKU of another product"
            return [*found, self._fault(variant.line, "sku", reason)]
        barcode = variant.values.get("barcode")
        if self._code_of.get(barcode, variant.code) != variant.code:
            found.append(self._fault(variant.line, "barcode", f"is that of {self._code_of[barcode]} already"))
        price, list_price = variant.values["price"], variant.values.get("list_price")
        if price is not None and known and list_price is None and price > known["list_price"]:
            reason = f"is above the list price of {variant.code}, which the file does not change"
            found.append(self._fault(variant.line, "price", reason))
        reserved = self.levels[known["id"]].reserved if known else 0
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


def _barcodes_of(product: FileProduct) -> Iterable[str]:
    return [variant.values["barcode"] for variant in product.variants if variant.values.get("barcode")]


def _chunked(db: Reading, statement: Select[Any], keys: Sequence[str]) -> Iterable[Row]:
    for start in range(0, len(keys), inventory.CHUNK):
        yield from db.rows(statement, keys=list(keys[start : start + inventory.CHUNK]))


def _locked(uow: UnitOfWork, table: Table, statement: Select[Any], keys: Sequence[str]) -> list[Row]:
    starts = range(0, len(keys), inventory.CHUNK)
    return [
        row
        for start in starts
        for row in uow.lock_rows(
            table, for_update(statement, table), keys=list(keys[start : start + inventory.CHUNK])
        )
    ]
