"""The activities that are on, read once and kept until one goes on or off."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, select

from transactional.promotions.models import promotion_versions, promotions
from transactional.promotions.rules import Activity
from transactional.promotions.schemas import PromotionIn
from transactional.promotions.templates import Gift
from transactional.unit_of_work import Reading, Row, UnitOfWork

_ONLY = "live"
_KEPT = 16
_active = select(promotions).where(promotions.c.status == "active").order_by(promotions.c.id)
_version = select(promotion_versions.c.version).where(promotion_versions.c.id == _ONLY)
# A column for queries that are run anyway, so that a shop without promotions does not ask for them.
VERSION = _version.scalar_subquery()
_set_version = (
    promotion_versions.update()
    .where(promotion_versions.c.id == _ONLY)
    .values(version=bindparam("new_version"))
)


@dataclass(frozen=True)
class Live:
    """The activities that are on, and what has to be looked up for them."""

    activities: tuple[Activity, ...]
    limited: tuple[str, ...]
    per_customer: tuple[str, ...]
    by_category: bool
    by_brand: bool
    by_first_order: bool
    gifts: tuple[str, ...]


_NONE = Live((), (), (), False, False, False, ())
_kept: OrderedDict[str, Live] = OrderedDict()  # by version, which no two shops share


def activities_of(db: Reading, version: str | None) -> Live:
    """The activities of a version; None is that of a shop that never had one on."""
    if version is None:
        return _NONE
    found = _kept.get(version)
    if found is None:
        found = _kept[version] = of([activity_of(row) for row in db.rows(_active)])
        while len(_kept) > _KEPT:
            _kept.popitem(last=False)
    return found


def read(db: Reading) -> Live:
    """The activities that are on now, whatever was kept."""
    return of([activity_of(row) for row in db.rows(_active)])


def activity_of(row: Row) -> Activity:
    return definition_of(row).activity(row["id"])


def definition_of(row: Row) -> PromotionIn:
    return PromotionIn.model_validate(row["definition"])


def lock(uow: UnitOfWork) -> None:
    """Let nobody else put activities on or off until the commit."""
    uow.insert_unless_there(promotion_versions, {"id": _ONLY, "version": uow.new_id()}, "id")
    uow.lock(promotion_versions, _ONLY)


def changed(uow: UnitOfWork) -> None:
    """Let everybody read the activities again; an id, so that a version rolled back is never met again."""
    uow.write(_set_version, new_version=uow.new_id())


def of(activities: Sequence[Activity]) -> Live:
    """What has to be looked up for these activities."""
    return Live(
        activities=tuple(activities),
        limited=tuple(each.id for each in activities if each.is_limited),
        per_customer=tuple(each.id for each in activities if each.per_customer is not None),
        by_category=any(
            each.conditions.categories or each.conditions.except_categories for each in activities
        ),
        by_brand=any(each.conditions.brands or each.conditions.except_brands for each in activities),
        by_first_order=any(each.conditions.first_order for each in activities),
        gifts=tuple(sorted({each.template.sku for each in activities if isinstance(each.template, Gift)})),
    )
