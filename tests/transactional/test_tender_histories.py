"""Whatever happens to orders with several tenders, nobody gets more than they paid, and nothing is lost."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import count

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shopping import ADA, fill_shelves, order, rows_of
from test_ledger import balances
from test_tenders import balance_of_ada, by_card, gift_card

from transactional.errors import ShopError
from transactional.ledger import chart
from transactional.ledger import service as accounts
from transactional.ledger.chart import BALANCE, POINTS, held
from transactional.orders import after_sales, expiry, service, shipping
from transactional.orders.models import orders
from transactional.payments import chargebacks, events, gift_cards, reversal, settlement
from transactional.payments import service as payments_service
from transactional.payments.models import payments, refunds
from transactional.payments.tenders import Wanted
from transactional.shop import Shop
from transactional.unit_of_work import UnitOfWork

ACTIONS = (
    *("order", "pay", "pay", "decline", "expire", "cancel", "cancel part"),
    *("ship", "ship part", "return", "refund", "charge back"),
)
steps = st.lists(
    st.tuples(st.sampled_from(ACTIONS), st.integers(0, 5), st.integers(1, 3)), min_size=4, max_size=30
)
_numbers = count()


def act(shop: Shop, uow: UnitOfWork, action: str, which: int, units: int, tenders: list[Wanted]) -> None:
    """Do one thing to the order (payment, refund) number `which`; the shop may refuse it."""
    found = [row["id"] for row in uow.rows(orders.select().order_by(orders.c.id))]
    money = uow.rows(payments.select().where(payments.c.kind == "external").order_by(payments.c.id))
    owed = uow.rows(refunds.select().where(refunds.c.status == "pending").order_by(refunds.c.id))
    external = f"ext_{next(_numbers)}"
    match action:
        case "order":
            chosen = tenders[which % 3 :] if which < 3 else tenders[: which % 3 + 1][::-1]
            limited = [replace(each, amount=units * 700) if units < 3 else each for each in chosen]
            order(uow, shop, {f"SHIRT{which % 3}-S": units}, ADA, limited)
        case "pay" if money:
            one = money[which % len(money)]
            settlement.record_capture(uow, one["id"], external, one["amount"], one["currency"])
        case "decline" if money:
            settlement.record_end(uow, money[which % len(money)]["id"], external, "failed")
        case "expire":
            uow.at(uow.now + timedelta(minutes=31))
            expiry.expire_unpaid(uow)
        case "cancel" if found:
            after_sales.cancel(uow, found[which % len(found)], "not wanted")
        case "cancel part" if found:
            line = service.find(uow, found[which % len(found)]).lines[0]
            after_sales.cancel_lines(uow, line["order_id"], {line["id"]: units}, "not wanted")
        case "ship" if found:
            shipping.ship(uow, found[which % len(found)])
        case "ship part" if found:
            line = service.find(uow, found[which % len(found)]).lines[0]
            shipping.ship(uow, line["order_id"], {line["id"]: units})
        case "return" if found:
            line = service.find(uow, found[which % len(found)]).lines[0]
            after_sales.return_lines(uow, line["order_id"], {line["id"]: units}, "too small")
        case "refund" if owed:
            payments_service.record_refund(uow, owed[which % len(owed)]["id"], external)
        case "charge back" if money:
            one = money[which % len(money)]
            there = events.holdings(uow, one["order_id"])[one["id"]].left
            amount = there if units > 1 else there // 2
            if amount:
                chargebacks.record(uow, one["id"], external, amount)


def money_adds_up(shop: Shop, initial: dict[str, int]) -> None:
    """What holders do not have any more is what orders hold of theirs; no tender gave more than it had."""
    found = balances(shop)
    held_by_orders: dict[str, int] = dict.fromkeys(initial, 0)
    waiting = 0
    with shop.database.read() as db:
        by_id = {row["id"]: row for row in rows_of(shop, payments)}
        back: dict[str, int] = {}
        for row in rows_of(shop, refunds):
            back[row["payment_id"]] = back.get(row["payment_id"], 0) + row["amount"]
        for placed in rows_of(shop, orders):
            for payment_id, holding in events.holdings(db, placed["id"]).items():
                row = by_id[payment_id]
                assert holding.captured == (row["amount"] if row["status"] == "captured" else 0)
                assert holding.refunding + holding.refunded == back.get(payment_id, 0)
                assert holding.refunding + holding.refunded + holding.charged_back <= holding.captured
                if row["kind"] == "internal":
                    held_by_orders[row["account"]] += holding.left
                    waiting += holding.left if placed["paid_at"] is None else 0
        for account, amount in initial.items():
            if not account.startswith(POINTS):
                assert accounts.balance(db, account) == amount - held_by_orders[account]
    assert found.get(chart.TENDERED, 0) == waiting


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.integers(1, 6_000), st.integers(1, 6_000), steps)
def test_nobody_gets_more_than_they_paid_and_all_is_back_when_all_is_reversed(
    new_shop: Callable[[], Shop], on_card: int, on_balance: int, history: list[tuple[str, int, int]]
) -> None:
    shop = new_shop()
    shop = replace(shop, terms=replace(shop.terms, points_per_unit=1, point_value=10))
    fill_shelves(shop)
    card, ada = gift_card(shop, on_card), balance_of_ada(shop, on_balance)
    tenders = [by_card(card), Wanted("balance", ada), Wanted("points", ada)]
    initial = {gift_cards.account(card["id"]): on_card, held(BALANCE, ada): on_balance, held(POINTS, ada): 0}
    for action, which, units in [("order", 0, 1), ("pay", 0, 1), ("order", 1, 3), *history]:
        try:
            with shop.database.transaction("test") as uow:
                act(shop, uow, action, which, units, tenders)
        except ShopError:
            continue
    money_adds_up(shop, initial)
    for placed in rows_of(shop, orders):
        for _ in range(2):
            with shop.database.transaction("test") as uow:
                locked = service.lock(uow, placed["id"])
                reversal.reverse(uow, locked, f"all:{placed['number']}", points=locked["points"])
    money_adds_up(shop, initial)
    with shop.database.read() as db:
        for account, amount in initial.items():
            if not account.startswith(POINTS):
                assert accounts.balance(db, account) == amount
    shop.database.engine.dispose()
