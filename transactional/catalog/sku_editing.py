"""What the staff does to SKUs. All of a product have the same options, and no two the same values of them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Column, Select, bindparam, func, select

from transactional.catalog import creation
from transactional.catalog.drafts import SkuDraft
from transactional.catalog.errors import AlreadyThere, LastSku, OtherOptions, PriceAboveList, SameOptions
from transactional.catalog.matrix import identity
from transactional.catalog.models import products, skus
from transactional.errors import NotFound
from transactional.row_statements import for_update
from transactional.stock import valuation
from transactional.unit_of_work import Reading, Row, UnitOfWork

_AT_ONCE = 10_000  # SQLite takes 32,766 parameters in one statement


def _those_with(column: Column[Any]) -> Select[Any]:
    return select(skus.c.id, skus.c.code, skus.c.barcode, skus.c.product_id).where(
        column.in_(bindparam("values", expanding=True))
    )


_with_codes, _with_barcodes = _those_with(skus.c.code), _those_with(skus.c.barcode)
_siblings = select(skus).where(skus.c.product_id == bindparam("product_id")).order_by(skus.c.id)
_next_position = select(func.coalesce(func.max(skus.c.position) + 1, 0)).where(
    skus.c.product_id == bindparam("product_id")
)


def lock_product(uow: UnitOfWork, product_id: str) -> Row:
    """Raises NotFound when there is no such product."""
    row = uow.lock(products, product_id)
    if row is None:
        raise NotFound("product", product_id)
    return row


def add_skus(uow: UnitOfWork, product_id: str, drafts: Sequence[SkuDraft], currency: str) -> dict[str, str]:
    """Add SKUs behind those of a product; returns their ids by code.

    Raises:
        NotFound: there is no such product.
        AlreadyThere: a code or barcode is taken.
        OtherOptions, SameOptions: see `check_options`.
    """
    lock_product(uow, product_id)
    check_new(uow, drafts, uow.rows(_siblings, product_id=product_id))
    position = uow.value(_next_position, product_id=product_id)
    return creation.add_skus(uow, product_id, drafts, currency, position)


def edit_sku(uow: UnitOfWork, sku_id: str, changes: dict[str, Any]) -> None:
    """Change columns of a SKU: price, list_price, cost (minor units), weight_grams, barcode, tax_class,
    image, options.

    Raises:
        NotFound: there is no such SKU.
        PriceAboveList: the price would be above the list price.
        AlreadyThere: another SKU has this barcode.
        OtherOptions, SameOptions: see `check_options`.
    """
    sku = _locked(uow, sku_id)
    after = {**sku, **changes}
    if after["price"] > after["list_price"]:
        raise PriceAboveList(sku["code"], after["price"], after["list_price"])
    if after["barcode"] not in (None, sku["barcode"]):
        _check_barcodes(uow, [after["barcode"]])
    if after["options"] != sku["options"]:
        set_options(uow, sku["product_id"], {sku["code"]: after["options"]})
        sku = {**sku, "options": after["options"]}
    if after != sku:
        valuation.change_skus(uow, [(sku, changes)])


def set_options(uow: UnitOfWork, product_id: str, options: Mapping[str, Mapping[str, str]]) -> None:
    """Give SKUs of a product, by code, other options; those that are not named keep theirs.

    Raises:
        NotFound: there is no such product, or it has no SKU of a code.
        OtherOptions, SameOptions: see `check_options`.
    """
    lock_product(uow, product_id)
    rows = uow.lock_rows(skus, for_update(_siblings, skus), product_id=product_id)
    by_code = {row["code"]: row for row in rows}
    for code in options:
        if code not in by_code:
            raise NotFound("SKU of this product", code)
    check_options({code: options.get(code, row["options"]) for code, row in by_code.items()})
    uow.update_many(
        skus,
        {
            by_code[code]["id"]: {"options": dict(each)}
            for code, each in options.items()
            if by_code[code]["options"] != each
        },
    )


def retire(uow: UnitOfWork, sku_id: str, *, is_retired: bool) -> None:
    """Take a SKU off sale, or back on it; its orders and its stock stay.

    Raises:
        NotFound: there is no such SKU.
        LastSku: a live product would have none left to sell.
    """
    sku = _locked(uow, sku_id)
    if (sku["retired_at"] is not None) == is_retired:
        return
    product = uow.get(products, sku["product_id"])
    siblings = uow.rows(_siblings, product_id=sku["product_id"])
    others = [row for row in siblings if row["id"] != sku_id and row["retired_at"] is None]
    if is_retired and product and product["status"] == "live" and not others:
        raise LastSku(sku["code"])
    uow.update(skus, sku, retired_at=uow.now if is_retired else None)


def check_new(uow: UnitOfWork, drafts: Sequence[SkuDraft], siblings: Sequence[Row]) -> None:
    """Whether SKUs can be added to those of a product.

    Raises:
        AlreadyThere: a code or barcode is taken, or stands there twice.
        OtherOptions, SameOptions: see `check_options`.
    """
    codes = [draft.code for draft in drafts]
    _check_given_once("SKU", codes)
    for row in rows_with_codes(uow, codes):
        raise AlreadyThere("SKU", row["code"])
    _check_barcodes(uow, [draft.barcode for draft in drafts if draft.barcode])
    check_options(
        {row["code"]: row["options"] for row in siblings} | {draft.code: draft.options for draft in drafts}
    )


def check_options(by_code: Mapping[str, Mapping[str, str]]) -> None:
    """Whether SKUs can be those of one product; the first tells its options.

    Raises:
        OtherOptions: they do not all have the same options.
        SameOptions: two have the same values.
    """
    known: dict[frozenset[tuple[str, str]], str] = {}
    names = next(iter(by_code.values()), {}).keys()
    for code, options in by_code.items():
        if options.keys() != names:
            raise OtherOptions(sorted(names), sorted(options))
        other = known.setdefault(identity(options), code)
        if other != code:
            raise SameOptions(code, other)


def rows_with_codes(db: Reading, codes: Sequence[str]) -> list[Row]:
    """Id, code, barcode and product of the SKUs of these codes, in whatever product."""
    return _rows_with(db, _with_codes, codes)


def _check_barcodes(uow: UnitOfWork, barcodes: Sequence[str]) -> None:
    _check_given_once("SKU with the barcode", barcodes)
    for row in _rows_with(uow, _with_barcodes, barcodes):
        raise AlreadyThere("SKU with the barcode", row["barcode"])


def _check_given_once(what: str, values: Iterable[str]) -> None:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise AlreadyThere(what, value)
        seen.add(value)


def _rows_with(db: Reading, statement: Select[Any], values: Sequence[str]) -> list[Row]:
    starts = range(0, len(values), _AT_ONCE)
    return [
        row for start in starts for row in db.rows(statement, values=list(values[start : start + _AT_ONCE]))
    ]


def _locked(uow: UnitOfWork, sku_id: str) -> Row:
    """A SKU, locked after its product: what holds of all its SKUs is looked up."""
    found = uow.get(skus, sku_id)
    if found is None:
        raise NotFound("SKU", sku_id)
    lock_product(uow, found["product_id"])
    sku = uow.lock(skus, sku_id)
    if sku is None:
        raise NotFound("SKU", sku_id)
    return sku
