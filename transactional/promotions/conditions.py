"""Whether an activity is open to a basket, and if not, what is missing."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from transactional.promotions.offers import Short
from transactional.promotions.rules import Activity, Basket, Conditions, Context, Line, Used
from transactional.promotions.templates import Bundle, FreeShipping, Gift, MemberPrice, Template

_UNUSED = Used()
_MIDNIGHT = time(0)


def fits(activity: Activity, line: Line) -> bool:
    """Whether a line is one of those an activity is about."""
    conditions = activity.conditions
    if line.is_gift_card and not _names(activity, line):
        return False
    return (
        (not conditions.skus or line.sku in conditions.skus)
        and (not conditions.products or line.product in conditions.products)
        and (not conditions.categories or not set(conditions.categories).isdisjoint(line.categories))
        and (not conditions.brands or line.brand in conditions.brands)
        and not (conditions.not_reduced and line.unit_price < line.list_price)
        and not _is_excepted(conditions, line)
    )


def _names(activity: Activity, line: Line) -> bool:
    conditions = activity.conditions
    return (
        line.sku in conditions.skus
        or line.sku in given_skus(activity.template)
        or line.product in conditions.products
        or not set(conditions.categories).isdisjoint(line.categories[-1:])
    )


def given_skus(template: Template) -> frozenset[str]:
    """The SKUs that a template itself names."""
    match template:
        case Bundle(parts=parts):
            return frozenset(part.sku for part in parts)
        case Gift(sku=sku):
            return frozenset({sku})
        case _:
            return frozenset()


def _is_excepted(conditions: Conditions, line: Line) -> bool:
    return (
        line.sku in conditions.except_skus
        or line.product in conditions.except_products
        or line.brand in conditions.except_brands
        or not set(conditions.except_categories).isdisjoint(line.categories)
    )


def reducible(activity: Activity, lines: Sequence[Line]) -> list[Line]:
    """The lines an activity may take something off: those that match, a bundle's parts, or the gift."""
    match activity.template:
        case Bundle() as bundle:
            wanted = given_skus(bundle)
            return [line for line in lines if line.sku in wanted and fits(activity, line)]
        case Gift(sku=sku):
            return [line for line in lines if line.sku == sku]
        case FreeShipping():
            return []
        case _:
            return [line for line in lines if fits(activity, line)]


def why_not(activity: Activity, basket: Basket, context: Context) -> Short | None:
    """Why an activity is not open to this basket; None when it is. Other activities play no part."""
    conditions, used = activity.conditions, context.used.get(activity.id, _UNUSED)
    if not _is_time(conditions, context):
        return Short("not_now")
    if conditions.channels and context.channel not in conditions.channels:
        return Short("channel")
    if not _is_member(activity.template, conditions, context.segments):
        return Short("segment")
    if conditions.delivery_methods and context.delivery_method not in conditions.delivery_methods:
        return Short("delivery")
    if conditions.countries and context.country not in conditions.countries:
        return Short("delivery")
    if activity.needs_code and activity.id not in context.coupons:
        return Short("code_needed")
    if activity.budget.uses is not None and used.uses >= activity.budget.uses:
        return Short("used_up")
    limit = activity.per_customer
    if limit is not None and used.by_customer >= limit:
        return Short("used_by_customer")
    return _short_of_goods(activity, basket, context) or _buyer(conditions, context)


def _buyer(conditions: Conditions, context: Context) -> Short | None:
    if not conditions.first_order or context.first_order:
        return None
    return Short("buyer_unknown" if context.first_order is None else "first_order_only")


def _is_member(template: Template, conditions: Conditions, segments: frozenset[str]) -> bool:
    if isinstance(template, MemberPrice) and template.segment not in segments:
        return False
    return not conditions.segments or not segments.isdisjoint(conditions.segments)


def _short_of_goods(activity: Activity, basket: Basket, context: Context) -> Short | None:
    conditions = activity.conditions
    gift = activity.template.sku if isinstance(activity.template, Gift) else None
    matching = [line for line in basket.lines if line.sku != gift and fits(activity, line)]
    if not matching:
        return Short("no_matching_items")
    if context.is_foreign and activity.names_money:
        return Short("currency")
    if gift and gift not in context.gift_prices:
        return Short("currency" if context.is_foreign else "gift_gone")
    units = conditions.min_quantity - sum(line.quantity for line in matching)
    if units > 0:
        return Short("add_units", units)
    money = conditions.min_amount - sum(line.total for line in matching)
    return Short("add_money", money) if money > 0 else None


def _is_time(conditions: Conditions, context: Context) -> bool:
    if conditions.starts_at is not None and context.moment < conditions.starts_at:
        return False
    if conditions.ends_at is not None and context.moment >= conditions.ends_at:
        return False
    if not (conditions.weekdays or conditions.from_time or conditions.until_time):
        return True
    local = context.moment.astimezone(ZoneInfo(context.time_zone))
    began = local - timedelta(days=1) if _is_after_midnight(conditions, local) else local
    if conditions.weekdays and began.weekday() not in conditions.weekdays:
        return False
    return _within_hours(conditions, local)


def _within_hours(conditions: Conditions, local: datetime) -> bool:
    at, start, end = local.time(), conditions.from_time, conditions.until_time
    begun = start is None or at >= start
    not_over = end is None or end == _MIDNIGHT or at < end
    return begun or not_over if _is_over_midnight(conditions) else begun and not_over


def _is_after_midnight(conditions: Conditions, local: datetime) -> bool:
    """Whether hours over midnight have begun the day before."""
    end = conditions.until_time
    return _is_over_midnight(conditions) and end is not None and local.time() < end


def _is_over_midnight(conditions: Conditions) -> bool:
    start, end = conditions.from_time, conditions.until_time
    return start is not None and end is not None and start > end != _MIDNIGHT
