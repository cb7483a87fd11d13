"""Batch generation: from option values to the SKUs of a product, in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import bindparam, select

from transactional.catalog import editing, matrix
from transactional.catalog.drafts import SkuDraft
from transactional.catalog.errors import OtherOptions
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
class Cell:
    """A combination with its code; it is there already, or it would be made."""

    options: dict[str, str]
    code: str
    exists: bool


def cells(db: Reading, product_id: str, batch: Batch) -> list[Cell]:
    """The chosen part of the matrix. A combination that is there keeps its code.

    Raises:
        NotFound: there is no such product.
        TooManyCombinations, BadTemplate: see `matrix`.
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
    every = matrix.combinations(batch.values)
    codes = dict(zip(map(matrix.identity, every), template.codes(product["slug"], every), strict=True))
    found = []
    for options in matrix.chosen(every, batch.only, batch.leave_out):
        known = there.get(matrix.identity(options))
        found.append(Cell(options, known or codes[matrix.identity(options)], known is not None))
    return found


def create(uow: UnitOfWork, product_id: str, batch: Batch, like: SkuDraft, currency: str) -> dict[str, str]:
    """Create those chosen combinations that are not there yet; returns the new ids by code.

    Args:
        like: what all of them have in common; its code and options are not used.

    Raises:
        NotFound, TooManyCombinations, BadTemplate, OtherOptions: see `cells`.
        AlreadyThere: a code is taken by another SKU.
    """
    editing.lock_product(uow, product_id)
    new = [cell for cell in cells(uow, product_id, batch) if not cell.exists]
    drafts = [replace(like, code=cell.code, options=cell.options) for cell in new]
    return editing.add_skus(uow, product_id, drafts, currency)
