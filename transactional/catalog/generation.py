"""Batch generation: from option values to the SKUs of a product, in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import bindparam, select

from transactional.catalog import inventory, matrix, sku_editing
from transactional.catalog.drafts import SkuDraft
from transactional.catalog.errors import OtherOptions, PriceAboveList
from transactional.catalog.matrix import Options
from transactional.catalog.models import products, skus
from transactional.errors import NotFound
from transactional.unit_of_work import Reading, UnitOfWork

_existing = select(skus.c.code, skus.c.options).where(skus.c.product_id == bindparam("product_id"))


@dataclass(frozen=True)
class Batch:
    """Which combinations of option values to make, and how their codes are written.

    Args:
        values: the values of each option, in order.
        only, leave_out: patterns that choose a subset, see `matrix.chosen`.
    """

    values: Mapping[str, Sequence[str]]
    template: str
    only: Sequence[Options] = field(default_factory=list)
    leave_out: Sequence[Options] = field(default_factory=list)


@dataclass(frozen=True)
class Override:
    """What is different for the combinations that fit a pattern.

    Args:
        values: those fields of a draft: price, list_price, cost, weight_grams, barcode.
        on_hand: units there from the start.
    """

    pattern: Options
    values: Mapping[str, Any]
    on_hand: int | None = None


@dataclass(frozen=True)
class Cell:
    """A combination with its code. It is there already, or it would be made; unless another SKU, of whatever
    product, has taken the code.
    """

    options: dict[str, str]
    code: str
    exists: bool
    taken: bool


def cells(db: Reading, product_id: str, batch: Batch) -> list[Cell]:
    """The chosen part of the matrix. A combination that is there keeps its code.

    Raises:
        NotFound: there is no such product.
        TooManyCombinations, BadTemplate, UnknownCombination: see `matrix`.
        OtherOptions: the product's SKUs have other options than these.
    """
    product = db.get(products, product_id)
    if product is None:
        raise NotFound("product", product_id)
    there = {
        matrix.identity(row["options"]): row["code"] for row in db.rows(_existing, product_id=product_id)
    }
    for pairs in there:
        if {name for name, _ in pairs} != set(batch.values):
            raise OtherOptions(sorted(name for name, _ in pairs), list(batch.values))
    template = matrix.CodeTemplate(batch.template, batch.values)
    wanted = matrix.chosen(matrix.combinations(batch.values), batch.only, batch.leave_out)
    new = {number: each for number, each in wanted.items() if matrix.identity(each) not in there}
    codes = dict(zip(new, template.codes(product["slug"], new), strict=True))
    taken = {row["code"] for row in sku_editing.rows_with_codes(db, list(codes.values()))}
    return [
        Cell(each, codes[number], False, codes[number] in taken)
        if number in codes
        else Cell(each, there[matrix.identity(each)], True, False)
        for number, each in wanted.items()
    ]


def create(
    uow: UnitOfWork,
    product_id: str,
    batch: Batch,
    like: SkuDraft,
    currency: str,
    overrides: Sequence[Override] = (),
    on_hand: int = 0,
) -> dict[str, str]:
    """Create those chosen combinations that are not there yet; returns the new ids by code.

    Args:
        like: what all of them have in common; its code and options are not used.
        overrides: of several that fit, each value is that of the one that names most options.
        on_hand: units of each that are there from the start.

    Raises:
        NotFound, TooManyCombinations, BadTemplate, OtherOptions: see `cells`.
        AlreadyThere: a code or barcode is taken.
        UnknownCombination: a pattern fits no combination, or an override none of the chosen ones.
        PriceAboveList: a price would be above its list price.
    """
    sku_editing.lock_product(uow, product_id)
    if like.price > like.list_price:
        raise PriceAboveList(batch.template, like.price, like.list_price)
    patterns = matrix.Patterns([each.pattern for each in overrides])
    drafts: list[SkuDraft] = []
    units: dict[str, int] = {}
    wanted = cells(uow, product_id, batch)
    patterns.refuse_unused([cell.options for cell in wanted])
    for cell in wanted:
        if cell.exists:
            continue
        fitting = patterns.fitting(cell.options)
        values = {name: value for number in fitting for name, value in overrides[number].values.items()}
        draft = replace(like, code=cell.code, options=cell.options, **values)
        if draft.price > draft.list_price:
            raise PriceAboveList(draft.code, draft.price, draft.list_price)
        drafts.append(draft)
        told = [count for number in fitting if (count := overrides[number].on_hand) is not None]
        units[cell.code] = told[-1] if told else on_hand
    ids = sku_editing.add_skus(uow, product_id, drafts, currency)
    inventory.adjust(uow, {ids[code]: count for code, count in units.items()}, "new SKUs")
    return ids
