"""Whether an activity is open to a basket, and if not, what is missing."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from transactional.promotions.offers import Short
from transactional.promotions.rules import Activity, Basket, Conditions, Context, Line, Used
from transactional.promotions.templates import Bundle, FreeShipping, Gift, MemberPrice, Template

_UNUSED = Used()


def fits(conditions: Conditions, line: Line) -> bool:
    """Whether a line is one of those an activity is about."""
    return (
        (not conditions.skus or line.sku in conditions.skus)
        and (not conditions.products or line.product in conditions.products)
        and (not conditions.categories or not set(conditions.categories).isdisjoint(line.categories))
        and (not conditions.brands or line.brand in conditions.brands)
    )


def reducible(activity: Activity, lines: Sequence[Line]) -> list[Line]:
    """The lines an activity may take something off: those that match, a bundle's parts, or the gift."""
    match activity.template:
        case Bundle(parts=parts):
            wanted = {part.sku for part in parts}
            return [line for line in lines if line.sku in wanted]
        case Gift(sku=sku):
            return [line for line in lines if line.sku == sku]
        case FreeShipping():
            return []
        case _:
            return [line for line in lines if fits(activity.conditions, line)]


def why_not(activity: Activity, basket: Basket, context: Context) -> Short | None:
    """Why an activity is not open to this basket; None when it is. Other activities play no part."""
    conditions, used = activity.conditions, context.used.get(activity.id, _UNUSED)
    if not _is_time(conditions, context):
        return Short("not_now")
    if conditions.channels and context.channel not in conditions.channels:
        return Short("channel")
    if (wanted := _segments(activity.template, conditions)) and context.segments.isdisjoint(wanted):
        return Short("segment")
    if activity.needs_code and activity.id not in context.coupons:
        return Short("code_needed")
    if activity.budget.uses is not None and used.uses >= activity.budget.uses:
        return Short("used_up")
    limit = activity.per_customer
    if limit is not None and used.by_customer >= limit:
        return Short("used_by_customer")
    return _short_of_goods(activity, basket) or _buyer(conditions, context)


def _buyer(conditions: Conditions, context: Context) -> Short | None:
    if not conditions.first_order or context.first_order:
        return None
    return Short("buyer_unknown" if context.first_order is None else "first_order_only")


def _segments(template: Template, conditions: Conditions) -> set[str]:
    match template:
        case MemberPrice(segment=segment):
            return {segment}
        case _:
            return set(conditions.segments)


def _short_of_goods(activity: Activity, basket: Basket) -> Short | None:
    if isinstance(activity.template, Bundle):
        return None  # it knows itself which of its parts is missing
    conditions = activity.conditions
    gift = activity.template.sku if isinstance(activity.template, Gift) else None
    matching = [line for line in basket.lines if line.sku != gift and fits(conditions, line)]
    if not matching:
        return Short("no_matching_items")
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
    if conditions.weekdays and local.weekday() not in conditions.weekdays:
        return False
    return _within_hours(conditions, local)


def _within_hours(conditions: Conditions, local: datetime) -> bool:
    at, start, end = local.time(), conditions.from_time, conditions.until_time
    if start is not None and end is not None and start > end:  # over midnight
        return at >= start or at < end
    return (start is None or at >= start) and (end is None or at < end)
