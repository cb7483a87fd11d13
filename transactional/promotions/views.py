"""Promotions as they go over the wire, and hints in words."""

from collections.abc import Callable
from decimal import Decimal

from babel.numbers import get_currency_precision

from transactional.promotions import service
from transactional.promotions.rules import GiftOffer, Missed, Outcome
from transactional.promotions.schemas import (
    AppliedView,
    BudgetView,
    CodeView,
    DiscountView,
    HintView,
    PromotionView,
)
from transactional.unit_of_work import Reading, Row

MoneyText = Callable[[int], str]
_WITHIN_REACH = {"add_units", "add_money", "add_sku", "buyer_unknown", "currency", "used_by_customer"}
_MOST_HINTS = 5


def promotion_view(db: Reading, row: Row) -> PromotionView:
    given = service.given(db, row["id"])
    return PromotionView(
        id=row["id"],
        status=row["status"],
        of=row["class"],
        definition=row["definition"],
        below_cost_reason=row["below_cost_reason"],
        given=given and BudgetView(uses=given["uses"], money=given["money"], units=given["units"]),
        codes=service.codes_count(db, row["id"]),
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def code_view(row: Row) -> CodeView:
    return CodeView(**{name: row[name] for name in CodeView.model_fields})


def discounts_of(outcome: Outcome, line: str) -> list[DiscountView]:
    """What comes off a line, and why."""
    return [
        DiscountView(promotion=each.activity_id, reason=each.reason, amount=each.amount)
        for each in outcome.lines
        if each.line == line
    ]


def applied_views(outcome: Outcome) -> list[AppliedView]:
    return [
        AppliedView(
            promotion=each.activity_id,
            name=each.name,
            code=each.code,
            amount=each.amount,
            shipping=each.shipping,
        )
        for each in outcome.applied
    ]


def hints(outcome: Outcome, money: MoneyText) -> list[HintView]:
    """What would earn an offer, gifts that wait, and why a code that was typed gives nothing."""
    missed = [
        _hint(each, money) for each in outcome.missed if each.code is not None or each.reason in _WITHIN_REACH
    ]
    return (gift_hints(outcome) + missed)[:_MOST_HINTS]


def gift_hints(outcome: Outcome) -> list[HintView]:
    return [_gift(each) for each in outcome.gifts]


def reasons(outcome: Outcome, money: MoneyText) -> list[HintView]:
    """Why offers did not apply, or could give more: all of them."""
    return [_hint(each, money) for each in outcome.missed]


def _hint(missed: Missed, money: MoneyText) -> HintView:
    return HintView(
        promotion=missed.activity_id,
        name=missed.name,
        reason=missed.reason,
        message=_message(missed, money),
        missing=missed.missing,
        sku=missed.sku,
    )


def plain_money(currency: str) -> MoneyText:
    """An amount as GBP 4.95."""

    def text(minor: int) -> str:
        return f"{currency} {Decimal(minor).scaleb(-get_currency_precision(currency))}"

    return text


def _gift(gift: GiftOffer) -> HintView:
    return HintView(
        promotion=gift.activity_id,
        name=gift.name,
        reason="add_gift",
        message=f"{gift.name}: add {gift.quantity} × {gift.sku}, it is free.",
        missing=gift.quantity,
        sku=gift.sku,
    )


def _message(missed: Missed, money: MoneyText) -> str:
    match missed.reason:
        case "add_units":
            return f"{missed.name}: add {missed.missing} more."
        case "add_money":
            return f"{missed.name}: spend {money(missed.missing)} more."
        case "add_sku":
            return f"{missed.name}: add {missed.missing} × {missed.sku}."
        case "buyer_unknown":
            return f"{missed.name}: counts once we know your e-mail address."
        case "used_by_customer":
            return f"{missed.name}: you have had it already."
        case "gift_gone":
            return f"{missed.name}: its gift is not sold any more."
        case "used_up":
            return f"{missed.name}: used up."
        case "not_now":
            return f"{missed.name}: not now."
        case "better_offer":
            return f"{missed.name}: another offer saves you more."
        case "first_order_only":
            return f"{missed.name}: for a first order only."
        case "no_matching_items" | "no_saving":
            return f"{missed.name}: nothing in the basket it is for."
        case "code_over":
            return f"{missed.name}: this code is not valid any more."
        case "currency":
            return f"{missed.name}: not in this currency."
        case "delivery":
            return f"{missed.name}: not for this delivery."
        case "channel" | "segment" | "code_needed":
            return f"{missed.name}: not for this order."
