"""What the promotions room refuses."""

from collections.abc import Sequence
from datetime import datetime, time
from typing import TYPE_CHECKING

from transactional.errors import ShopError
from transactional.moments import FIRST, LAST

if TYPE_CHECKING:
    from transactional.promotions.guard import Danger


class PromotionTransition(ShopError):
    code = "illegal_promotion_transition"

    def __init__(self, status: str, event: str):
        super().__init__(f"A promotion that is {status} cannot {event}.", status=status, event=event)


class PromotionNotDraft(ShopError):
    code = "promotion_not_draft"

    def __init__(self, status: str):
        super().__init__(f"A promotion that is {status} is not edited any more: make another.", status=status)


class PromotionReference(ShopError):
    code = "promotion_reference_unknown"

    def __init__(self, field: str, value: str):
        super().__init__(f"{field} names {value}, which is not there.", field=field, value=value)


class EndsBeforeItStarts(ShopError):
    code = "promotion_ends_before_it_starts"

    def __init__(self, ends_at: datetime, starts_at: datetime):
        super().__init__(
            f"conditions.ends_at {ends_at} is not after conditions.starts_at {starts_at}.",
            field="conditions.ends_at",
            value=ends_at.isoformat(),
        )


class BeyondCalendar(ShopError):
    code = "promotion_beyond_calendar"

    def __init__(self, field: str, value: datetime):
        super().__init__(
            f"{field} is not between {FIRST:%Y-%m-%d} and {LAST:%Y-%m-%d}.",
            field=field,
            value=value.isoformat(),
        )


class NoHours(ShopError):
    code = "promotion_has_no_hours"

    def __init__(self, at: time):
        super().__init__(
            f"conditions.until_time is conditions.from_time, {at:%H:%M}: give neither for the whole day.",
            field="conditions.until_time",
            value=at.isoformat(),
        )


class PromotionUsedUp(ShopError):
    code = "promotion_used_up"

    def __init__(self, name: str):
        super().__init__(f"{name} is used up: look again, then order.", promotion=name)


class SellsBelow(ShopError):
    code = "promotion_sells_below_cost"

    def __init__(self, dangers: "Sequence[Danger]"):
        first = dangers[0]
        more = f", and {', '.join(each.sku for each in dangers[1:])} below cost too" if dangers[1:] else ""
        super().__init__(
            f"{' with '.join(first.combination)} can sell {first.sku} at {first.price} for {first.left}"
            f" without tax, below its cost of {first.cost}{more}. Give a below_cost_reason if it is meant.",
            skus=[vars(each) for each in dangers],
        )


class CouponUnknown(ShopError):
    status = 404
    code = "coupon_unknown"

    def __init__(self, coupon: str):
        super().__init__(f"The code {coupon} is not valid.", coupon=coupon)


class CodeTaken(ShopError):
    code = "code_taken"

    def __init__(self, coupon: str):
        super().__init__(f"The code {coupon} stands for a promotion already.", coupon=coupon)


class CodesNotTaken(ShopError):
    code = "promotion_takes_no_codes"

    def __init__(self) -> None:
        super().__init__("This promotion applies without a code, so it has none.")
