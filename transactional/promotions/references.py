"""Whether all that a promotion names is there: a name that is misspelt would be an offer nobody gets."""

from collections.abc import Iterable, Iterator, Set

from sqlalchemy import ColumnElement, Select, bindparam, select

from iso import COUNTRIES
from transactional.catalog.models import brands, categories, products, skus
from transactional.checkout.models import delivery_methods
from transactional.moments import FIRST, LAST
from transactional.promotions.conditions import given_skus
from transactional.promotions.errors import BeyondCalendar, EndsBeforeItStarts, NoHours, PromotionReference
from transactional.promotions.models import promotions
from transactional.promotions.schemas import PromotionIn
from transactional.unit_of_work import Reading

CHANNELS = frozenset({"web", "api", "phone", "staff", "group"})


def _named(column: ColumnElement[str]) -> Select[str]:
    return select(column.label("name")).where(column.in_(bindparam("names", expanding=True)))


_SKUS = _named(skus.c.code)
_PRODUCTS = _named(products.c.slug)
_CATEGORIES = _named(categories.c.slug)
_BRANDS = _named(brands.c.slug)
_METHODS = _named(delivery_methods.c.code)
_PROMOTIONS = _named(promotions.c.id)


def check(db: Reading, draft: PromotionIn) -> None:
    """Look up what a promotion names.

    Raises:
        PromotionReference: a SKU, product, category, brand, channel, country, way of delivery or promotion is
            unknown.
        BeyondCalendar, EndsBeforeItStarts, NoHours: it would never be on.
    """
    conditions = draft.conditions
    starts_at, ends_at = conditions.starts_at, conditions.ends_at
    for name, moment in (("starts_at", starts_at), ("ends_at", ends_at)):
        if moment is not None and not FIRST <= moment <= LAST:
            raise BeyondCalendar(f"conditions.{name}", moment)
    if starts_at is not None and ends_at is not None and ends_at <= starts_at:
        raise EndsBeforeItStarts(ends_at, starts_at)
    if conditions.from_time is not None and conditions.from_time == conditions.until_time:
        raise NoHours(conditions.from_time)
    _all_in("conditions.channels", conditions.channels, CHANNELS)
    _all_in("conditions.countries", conditions.countries, COUNTRIES)
    for field, names, known in _references(draft):
        found = {row["name"] for row in db.rows(known, names=sorted(names))} if names else set()
        _all_in(field, names, found)


def _references(draft: PromotionIn) -> Iterator[tuple[str, Set[str], Select[str]]]:
    conditions = draft.conditions
    for prefix in ("", "except_"):
        for name, known in (
            ("skus", _SKUS),
            ("products", _PRODUCTS),
            ("categories", _CATEGORIES),
            ("brands", _BRANDS),
        ):
            yield f"conditions.{prefix}{name}", set(getattr(conditions, prefix + name)), known
    yield "conditions.delivery_methods", set(conditions.delivery_methods), _METHODS
    yield (
        "template.sku" if draft.template.kind == "gift" else "template.parts",
        given_skus(draft.template),
        _SKUS,
    )
    yield "not_with", {str(each) for each in draft.not_with}, _PROMOTIONS


def _all_in(field: str, names: Iterable[str], known: Set[str]) -> None:
    for name in sorted(names):
        if name not in known:
            raise PromotionReference(field, name)
