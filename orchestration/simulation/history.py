"""Plays the days a shop has behind it through its own services and event format, with an injected clock.

A discrete-event simulation: visits, payments, parcels and returns wait in one queue ordered by time. Each
local day is one transaction. The same seed and end give the same history, ids included.
"""

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import json
from sqlalchemy import select

from orchestration.simulation.catalogue import definition
from orchestration.simulation.ids import seeded_ids
from orchestration.simulation.people import Person, invent
from orchestration.simulation.shelves import change_prices, fill_shelves
from orchestration.simulation.shoppers import Catalogue, Step, Visit, arrive, plan_visit, visits_on
from settings import Settings
from transactional.checkout import service as checkout
from transactional.checkout.requirements import Wishes
from transactional.members.service import Buyer
from transactional.orders import after_sales, expiry, shipping
from transactional.orders import service as orders
from transactional.orders.credits import CreditNote
from transactional.payments import service as payments
from transactional.payments import settlement
from transactional.payments.models import refunds
from transactional.staff.service import Terms, terms
from transactional.stock import service as stock
from transactional.stock.models import stock_levels
from transactional.transactions import Database
from transactional.unit_of_work import UnitOfWork
from web_analytics.events import Arrival, event_lines, parse
from web_analytics.spool import Spool

COMES_BACK = 0.32
NEVER_PAYS = 0.04
ACCEPTING = Wishes(terms_accepted=True)
IS_CANCELLED = 0.015
IS_RETURNED = 0.08
RESTOCK_BELOW = 12
RESTOCK_BY = 48

Action = Callable[[UnitOfWork], object]


@dataclass
class History:
    """One run; `play` makes it day by day."""

    settings: Settings
    database: Database
    spool: Spool
    terms: Terms
    chance: random.Random
    until: datetime
    first_day: date
    mean_visits: float
    catalogue: Catalogue = field(init=False)
    _queue: list[tuple[datetime, int, Action]] = field(default_factory=list)
    _sequence: int = 0
    _visitors: list[str] = field(default_factory=list)
    _people: dict[str, Person] = field(default_factory=dict)
    _lines: list[bytes] = field(default_factory=list)
    orders_placed: int = 0
    events_sent: int = 0

    def __post_init__(self) -> None:
        self._zone = ZoneInfo(self.settings.shop_time_zone)
        self._new_id = seeded_ids(random.Random(self.chance.random()))  # noqa: S311

    def play_day(self, day: date, number: int) -> None:
        """Everything that happens on one local day, in one transaction, then its events in the spool."""
        with self.database.transaction("simulation") as uow:
            if number == 0:
                uow.at(self._at(day, 0))
                self.catalogue = fill_shelves(
                    uow, self.settings.media, self.chance.randrange(2**32), self.terms.currency
                )
            self._plan(day, number)
            end = min(self._at(day + timedelta(days=1), 0), self.until)
            while self._queue and self._queue[0][0] < end:
                at, _, action = heapq.heappop(self._queue)
                uow.at(at)
                action(uow)
        self.spool.append(b"".join(self._lines), b"")
        self._lines.clear()

    def _plan(self, day: date, number: int) -> None:
        for campaign in definition()["campaigns"]:
            if campaign.get("discount") and number in (campaign["from_day"], campaign["to_day"] + 1):
                off = campaign["discount"] if number == campaign["from_day"] else 0
                self._later(self._at(day, 0.5), self._offer(campaign["department"], off))
        self._later(self._at(day, 5), self._restock(f"delivery {day}"))
        for hour in range(24):
            self._later(self._at(day, hour + 0.25), expiry.expire_unpaid)
        growth = 0.8 + 0.4 * number / 90
        for moment in visits_on(day, self._zone, self.mean_visits * growth, self.chance):
            at = moment.astimezone(UTC)
            if at < self.until:
                self._later(at, self._visit(self._visitor(), at, day, number))

    def _at(self, day: date, hour: float) -> datetime:
        return (datetime.combine(day, time(0), self._zone) + timedelta(hours=hour)).astimezone(UTC)

    def _later(self, at: datetime, action: Action) -> None:
        self._sequence += 1
        heapq.heappush(self._queue, (at, self._sequence, action))

    def _offer(self, department: str, off_percent: int) -> Action:
        def offer(uow: UnitOfWork) -> None:
            self.catalogue = change_prices(uow, self.catalogue, department, off_percent)

        return offer

    def _restock(self, document: str) -> Action:
        low = select(stock_levels.c.sku_id).where(
            stock_levels.c.on_hand - stock_levels.c.reserved < RESTOCK_BELOW
        )

        def restock(uow: UnitOfWork) -> None:
            wanted = {row["sku_id"]: RESTOCK_BY for row in uow.rows(low)}
            if wanted:
                stock.receive(uow, wanted, document)

        return restock

    def _visitor(self) -> str:
        if self._visitors and self.chance.random() < COMES_BACK:
            return self.chance.choice(self._visitors)
        visitor = str(UUID(int=self.chance.getrandbits(128), version=4))
        self._visitors.append(visitor)
        return visitor

    def _visit(self, visitor: str, at: datetime, day: date, number: int) -> Action:
        def visit(uow: UnitOfWork) -> None:
            planned = plan_visit(self.catalogue, visitor, at, arrive(number, day, self.chance), self.chance)
            for step in planned.steps:
                self._send(planned, step)
            if planned.order:
                self._later(at + timedelta(seconds=planned.order_after), self._order(planned))

        return visit

    def _order(self, visit: Visit) -> Action:
        def order(uow: UnitOfWork) -> None:
            wanted: dict[str, int] = {}
            for line in visit.order:
                wanted[line.sku.code] = wanted.get(line.sku.code, 0) + line.quantity
            cart_id = checkout.create(uow, self.terms, visit.visitor_id)
            checkout.add(uow, cart_id, wanted)
            person = self._people.setdefault(visit.visitor_id, invent(self.chance, len(self._people)))
            basket = checkout.priced(uow, self.terms, cart_id)
            if any(line["quantity"] > line["available"] for line in basket.lines):
                return  # the shopper sees it on the checkout page and leaves
            placed = orders.place(uow, self.terms, cart_id, Buyer(**vars(person)), wishes=ACCEPTING)
            self.orders_placed += 1
            if placed.payment_id is not None and self.chance.random() >= NEVER_PAYS:
                seconds = self.chance.uniform(15, 110)
                self._later(uow.now + timedelta(seconds=seconds), self._pay(visit, placed, placed.payment_id))

        return order

    def _pay(self, visit: Visit, placed: orders.Placed, payment_id: str) -> Action:
        def pay(uow: UnitOfWork) -> None:
            settlement.record_capture(uow, payment_id, f"sim_{placed.number}", placed.total, placed.currency)
            since = (uow.now - visit.started_at).total_seconds() + 2
            fields = {"transaction_id": placed.number, "value": placed.total, "currency": placed.currency}
            path = "/orders/thanks"
            self._send(visit, Step(since, "page_view", path, "Thank you"))
            self._send(visit, Step(since + 0.3, "purchase", path, "Thank you", fields))
            if self.chance.random() < IS_CANCELLED:
                after = timedelta(hours=self.chance.uniform(0.5, 8))
                self._later(uow.now + after, lambda uow: self._cancel(uow, placed.order_id))
            else:
                self._later(self._next_packing(uow.now), lambda uow: self._ship(uow, placed.order_id))

        return pay

    def _next_packing(self, now: datetime) -> datetime:
        """Parcels leave on weekdays between ten and four, the day after at the earliest."""
        day = now.astimezone(self._zone).date() + timedelta(days=1)
        while day.weekday() > 4:
            day += timedelta(days=1)
        return self._at(day, self.chance.uniform(10, 16))

    def _ship(self, uow: UnitOfWork, order_id: str) -> None:
        shipping.ship(uow, order_id)
        arrives = uow.now + timedelta(
            days=self.chance.choice([1, 1, 2, 2, 3, 5]), hours=self.chance.uniform(-2, 5)
        )
        self._later(arrives, lambda uow: self._deliver(uow, order_id))

    def _deliver(self, uow: UnitOfWork, order_id: str) -> None:
        shipping.deliver(uow, order_id)
        if self.chance.random() < IS_RETURNED:
            back = uow.now + timedelta(days=self.chance.uniform(2, 16))
            self._later(back, lambda uow: self._return(uow, order_id))

    def _return(self, uow: UnitOfWork, order_id: str) -> None:
        line = self.chance.choice(orders.find(uow, order_id).lines)
        reason = self.chance.choice(
            ["too small", "too large", "not as pictured", "arrived damaged", "changed mind"]
        )
        note = after_sales.return_lines(uow, order_id, {line["id"]: 1}, reason)
        self._refund_soon(uow, note)

    def _cancel(self, uow: UnitOfWork, order_id: str) -> None:
        note = after_sales.cancel(uow, order_id, "customer changed their mind")
        if note is not None:
            self._refund_soon(uow, note)

    def _refund_soon(self, uow: UnitOfWork, note: CreditNote) -> None:
        def refund(uow: UnitOfWork) -> None:
            for row in uow.rows(select(refunds.c.id).where(refunds.c.credit_note_id == note.id)):
                payments.record_refund(uow, row["id"], f"sim_{note.number}")

        self._later(uow.now + timedelta(hours=self.chance.uniform(0.5, 30)), refund)

    def _send(self, visit: Visit, step: Step) -> None:
        """Through the collector's own parser, so that history cannot hold what a browser could not send."""
        occurred_at = visit.started_at + timedelta(seconds=step.after)
        if occurred_at >= self.until:
            return  # the visit is still going on when the history ends
        event: dict[str, Any] = {
            "event_id": self._new_id(occurred_at),
            "event_name": step.event,
            "occurred_at": int(occurred_at.timestamp() * 1000),
            "visitor_id": visit.visitor_id,
            "page_url": self.settings.shop_url + step.path,
            "page_title": step.title or None,
            "referrer": (visit.referrer if step.after == 0 else f"{self.settings.shop_url}/") or None,
            "language": "en-GB",
            "viewport_width": visit.viewport_width or None,
            **step.fields,
        }
        events, invalid = parse(json.encode(event))
        if invalid:
            raise ValueError(f"the simulation made an invalid event: {invalid[0].reason}")
        received_at = occurred_at + timedelta(milliseconds=self.chance.randint(120, 900))
        arrival = Arrival(self.settings.shop_id, received_at, visit.agent, "tracker")
        self._lines.append(event_lines(events, arrival))
        self.events_sent += 1


def play(
    settings: Settings,
    database: Database,
    *,
    days: int,
    seed: int,
    until: datetime,
    mean_visits: float,
    on_day: Callable[[], None],
) -> History:
    """Make `days` local days of history that end at `until`; calls `on_day` after each.

    Args:
        mean_visits: visits on an average day.

    Returns:
        The finished run, with its counts.
    """
    chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
    today = until.astimezone(ZoneInfo(settings.shop_time_zone)).date()
    first_day = today - timedelta(days=days - 1)
    seeded = Database(database.engine, clock=lambda: until, new_id=seeded_ids(random.Random(seed + 1)))  # noqa: S311
    with seeded.transaction("simulation") as uow:
        shop_terms = terms(uow, settings)
    spool = Spool(Path(settings.spool) / "simulation")
    try:
        history = History(settings, seeded, spool, shop_terms, chance, until, first_day, mean_visits)
        for number in range(days):
            history.play_day(first_day + timedelta(days=number), number)
            on_day()
        spool.seal()
    finally:
        spool.close()
    return history
