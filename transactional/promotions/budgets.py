"""What promotions may still give: taken with conditional updates in the order's transaction, and given back.

Counters are the last rows a transaction locks before ledger accounts: budgets by promotion id, then the
customer's, then codes.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from sqlalchemy import and_, bindparam, or_, select

from transactional.promotions.models import (
    order_promotions,
    promotion_budgets,
    promotion_codes,
    promotion_customers,
)
from transactional.row_statements import Increment
from transactional.unit_of_work import Reading, Row, UnitOfWork

_budget = promotion_budgets.c
_within = and_(
    *(
        or_(
            _budget[f"max_{name}"].is_(None),
            _budget[name] + bindparam(f"by_{name}") <= _budget[f"max_{name}"],
        )
        for name in ("uses", "money", "units")
    )
)
_TAKE = Increment(promotion_budgets, _budget.promotion_id, ["uses", "money", "units"], _within)
_GIVE = Increment(promotion_budgets, _budget.promotion_id, ["uses", "money", "units"])
_customer = promotion_customers.c
_TAKE_CUSTOMER = Increment(
    promotion_customers, _customer.id, ["uses"], _customer.uses + bindparam("by_uses") <= _customer.max_uses
)
_GIVE_CUSTOMER = Increment(promotion_customers, _customer.id, ["uses"])
_code = promotion_codes.c
_TAKE_CODE = Increment(
    promotion_codes,
    _code.code,
    ["uses"],
    and_(
        _code.revoked_at.is_(None),
        or_(_code.max_uses.is_(None), _code.uses + bindparam("by_uses") <= _code.max_uses),
    ),
)
_GIVE_CODE = Increment(promotion_codes, _code.code, ["uses"])

_limited = select(_budget.promotion_id, _budget.currency).where(
    _budget.promotion_id.in_(bindparam("promotion_ids", expanding=True))
)
_of_customer = select(promotion_customers).where(
    _customer.customer_id == bindparam("customer_id"),
    _customer.promotion_id.in_(bindparam("promotion_ids", expanding=True)),
)
_of_order = select(order_promotions).where(order_promotions.c.order_id == bindparam("order_id"))


@dataclass(frozen=True)
class Use:
    """What one order has of one promotion: minor units with tax, and units of a flash sale.

    Budgets count money only in their own currency; promotions that limit it apply in no other.
    """

    promotion_id: str
    money: int
    currency: str
    units: int
    code: str | None
    max_per_customer: int | None = None
    is_counted: bool = True  # False when it is known that no counter has to be looked for


class _Step(NamedTuple):
    promotion_id: str
    take: Increment
    give: Increment
    key: str
    by: dict[str, int]


def take(uow: UnitOfWork, uses: Sequence[Use], customer_id: str | None) -> str | None:
    """Count what an order has; the promotion that is used up, or None when all is counted.

    When one is used up, nothing is counted.
    """
    done: list[_Step] = []
    for step in _steps(uow, uses, customer_id):
        if uow.increment(step.take, step.key, **step.by) is None:
            for undone in done:
                _give(uow, undone)
            return step.promotion_id
        done.append(step)
    return None


def take_again(uow: UnitOfWork, order: Row) -> bool:
    """Count an order that lives again after it had expired; whether its promotions still have it."""
    return take(uow, uses_of(uow, order), order["customer_id"]) is None


def give_back(uow: UnitOfWork, orders: Iterable[Row]) -> None:
    """Count orders no more: they were called off or not paid in time."""
    steps = [step for order in orders for step in _steps(uow, uses_of(uow, order), order["customer_id"])]
    tables = [promotion_budgets, promotion_customers, promotion_codes]
    for step in sorted(steps, key=lambda each: (tables.index(each.give.table), each.promotion_id, each.key)):
        _give(uow, step)


def uses_of(db: Reading, order: Row) -> list[Use]:
    """What an order has of each promotion."""
    found: dict[str, Use] = {}
    for row in of_order(db, order["id"]):
        before = found.get(
            row["promotion_id"], Use(row["promotion_id"], 0, order["currency"], 0, row["code"])
        )
        found[row["promotion_id"]] = replace(
            before, money=before.money + row["amount"], units=before.units + row["units"]
        )
    return list(found.values())


def of_order(db: Reading, order_id: str) -> list[Row]:
    """What promotions gave to an order, line by line."""
    return db.rows(_of_order, order_id=order_id)


def _give(uow: UnitOfWork, step: _Step) -> None:
    uow.increment(step.give, step.key, **{name: -by for name, by in step.by.items()})


def _steps(uow: UnitOfWork, uses: Sequence[Use], customer_id: str | None) -> Iterator[_Step]:
    counted = {use.promotion_id: use for use in uses if use.is_counted}
    for key, currency in sorted(_limited_of(uow, counted)):
        use = counted[key]
        money = use.money if use.currency == currency else 0
        yield _Step(key, _TAKE, _GIVE, key, {"uses": 1, "money": money, "units": use.units})
    if customer_id is not None:
        for row in _customers(uow, counted, customer_id):
            yield _Step(row["promotion_id"], _TAKE_CUSTOMER, _GIVE_CUSTOMER, row["id"], {"uses": 1})
    for use in sorted(uses, key=lambda use: use.code or ""):
        if use.code is not None:
            yield _Step(use.promotion_id, _TAKE_CODE, _GIVE_CODE, use.code, {"uses": 1})


def _limited_of(uow: UnitOfWork, counted: Mapping[str, Use]) -> list[tuple[str, str]]:
    """The promotions whose budgets count, and the currencies in which they do."""
    found = uow.rows(_limited, promotion_ids=list(counted)) if counted else []
    return [(row["promotion_id"], row["currency"]) for row in found]


def _customers(uow: UnitOfWork, counted: Mapping[str, Use], customer_id: str) -> list[Row]:
    """The customer's counters, made with the first use."""
    for use in counted.values():
        if use.max_per_customer is not None:
            row = {
                "id": uow.new_id(),
                "promotion_id": use.promotion_id,
                "customer_id": customer_id,
                "uses": 0,
                "max_uses": use.max_per_customer,
            }
            uow.insert_unless_there(promotion_customers, row, "promotion_id", "customer_id")
    if not counted:
        return []
    found = uow.rows(_of_customer, customer_id=customer_id, promotion_ids=list(counted))
    return sorted(found, key=lambda row: str(row["promotion_id"]))
