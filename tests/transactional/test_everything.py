"""Whatever happens to a shop, in whatever order, twice or half: its books add up and its log tells it all."""

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Literal

import books
import pytest
from bank import MOODS, Mood
from databases import Databases
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from shopping import ADA, exported
from sqlalchemy import select
from world import COUPON, SAMPLE, SKUS, Fate, World

from transactional.catalog import bulk, editing, feedback, pricing, sku_editing
from transactional.catalog.bulk import Rules, Selection
from transactional.catalog.editing import Picture
from transactional.catalog.exchange import import_products
from transactional.catalog.models import products, reviews
from transactional.catalog.repricing import Rule
from transactional.checkout import service as checkout
from transactional.checkout.models import cart_lines
from transactional.ledger import events as ledger
from transactional.ledger.chart import BALANCE, held
from transactional.members import service as members
from transactional.members.service import Buyer
from transactional.money import money_text
from transactional.orders import (
    after_sales,
    change_entry,
    changes,
    entry,
    expiry,
    group_entry,
    review,
    service,
    shipping,
)
from transactional.orders.change_models import order_changes
from transactional.orders.change_plan import Wish
from transactional.orders.change_pricing import Addition
from transactional.orders.models import ORDER_PURPOSES, order_lines, orders, shipments
from transactional.payments import cashier, failed_refunds, inbox, refunding
from transactional.payments import service as payments_service
from transactional.payments.methods import Choice, Way, sandbox_card
from transactional.payments.models import gift_cards as cards
from transactional.payments.models import refunds
from transactional.payments.provider import DisputeStage
from transactional.payments.tenders import Method, Wanted
from transactional.promotions import service as promotions
from transactional.stock import backorders as backlog
from transactional.stock import service as stock
from transactional.stock import transfers, warehousing
from transactional.stock.models import stock_levels
from transactional.stock.models import transfers as transfers_table
from transactional.unit_of_work import UnitOfWork

GRACE = Buyer("grace@example.com", "Grace Hopper", "1 Navy Yard", "London", "SE1 1AA", "GB")
fates = st.sampled_from(("once", "once", "once", "twice", "crashes first"))
which = st.integers(0, 5)
units = st.integers(1, 3)
moods = st.sampled_from(MOODS)
currencies = st.sampled_from(("GBP", "EUR"))
stages = st.sampled_from(("requested", "succeeded", "succeeded", "failed"))
How = Literal["right", "too little", "dollars", "declined"]
methods: st.SearchStrategy[tuple[Method, ...]] = st.sampled_from(
    ((), (), ("balance",), ("gift_card",), ("points",), ("gift_card", "balance"), ("points", "balance"))
)
hows = st.sampled_from(("right", "right", "right", "right", "too little", "dollars", "declined"))
Service = Literal["cancel", "ship", "deliver", "hold", "approve", "complete"]
SERVICES: dict[Service, Callable[[UnitOfWork, str], object]] = {
    "cancel": partial(after_sales.cancel, reason="looks odd"),
    "hold": partial(review.hold, reason="looks odd"),
    "approve": partial(review.approve, reason="is fine"),
    "complete": review.complete,
    "ship": shipping.ship,
    "deliver": shipping.deliver,
}
SERVED: tuple[Service, ...] = (
    *("cancel", "cancel", "ship", "ship", "deliver", "hold", "approve", "complete"),
)


class Everything(RuleBasedStateMachine):
    """Shoppers, a bank, a warehouse and the staff, each doing something at every step."""

    def __init__(self, database_url: str, home: Path, give_back: Callable[[str], None]):
        super().__init__()
        self.world = World(database_url, home)
        self.shop, self.bank = self.world.shop, self.world.bank
        self.carts: list[str] = []
        self.groups: list[str] = []
        self._url, self._give_back = database_url, give_back

    # Shoppers.

    @initialize(number=which)
    def open_shop(self, number: int) -> None:
        self.credit("once", 2_800)
        self.switch("once", number, "activate")
        self.buy("once", number, 2, GRACE, ("gift_card",), "right", True)
        self.serve("once", 0, "ship")
        self.buy("once", number + 1, 3, ADA, ("balance",), "right", number % 2 == 0)
        self.buy("once", number + 2, 2, GRACE, (), "right", True, currency="EUR")
        self.change_order("once", 0, 1, [(number, 1)], None, None, None)
        self.fill_cart("once", number + 2, 1, second=number)

    @rule(
        fate=fates,
        number=which,
        quantity=units,
        second=which,
        channel=st.sampled_from(("web", "api")),
        currency=currencies,
    )
    def fill_cart(
        self,
        fate: Fate,
        number: int,
        quantity: int,
        second: int,
        channel: str = "web",
        currency: str = "GBP",
    ) -> None:
        def fill(uow: UnitOfWork) -> None:
            cart_id = checkout.create(uow, self.shop.terms, channel=channel, currency=currency)
            checkout.add(uow, cart_id, {SKUS[number % 6]: quantity, [*SKUS[:3], SAMPLE][second % 4]: 1})
            self.carts.append(cart_id)

        self.world.act("once" if fate == "crashes first" else fate, "shopper", fill)

    @rule(fate=fates, number=which, quantity=st.integers(0, 3))
    def change_cart(self, fate: Fate, number: int, quantity: int) -> None:
        line = self.world.one(cart_lines, number)
        if line is None:
            return
        if quantity:
            self.world.act(
                fate, "shopper", lambda uow: checkout.set_quantity(uow, line["cart_id"], line["id"], quantity)
            )
        else:
            self.world.act(fate, "shopper", lambda uow: checkout.remove(uow, line["cart_id"], line["id"]))

    @precondition(lambda self: self.carts)
    @rule(fate=fates, number=which)
    def use_coupon(self, fate: Fate, number: int) -> None:
        cart_id = self.carts[-1 - number % len(self.carts)]
        self.world.act(fate, "shopper", lambda uow: checkout.add_coupon(uow, cart_id, COUPON))

    @precondition(lambda self: self.carts)
    @rule(
        fate=fates,
        number=which,
        buyer=st.sampled_from((ADA, GRACE)),
        methods=methods,
        limit=st.sampled_from((None, None, 1, 700)),
    )
    def place(
        self,
        fate: Fate,
        number: int,
        buyer: Buyer,
        methods: tuple[Method, ...],
        limit: int | None,
    ) -> None:
        cart_id = self.carts[-1 - number % len(self.carts)]
        card = self.world.one(cards, number % 3)

        def order(uow: UnitOfWork) -> None:
            customer = members.join(uow, buyer)
            tenders = [
                Wanted(each, card["number"] if each == "gift_card" and card else customer, limit)
                for each in methods
            ]
            service.place(uow, self.shop.terms, cart_id, buyer, tenders=tenders)

        self.world.act(fate, "shopper", order)

    @rule(
        fate=fates,
        number=which,
        quantity=units,
        buyer=st.sampled_from((ADA, GRACE)),
        methods=methods,
        how=hows,
        is_heard=st.booleans(),
        currency=currencies,
    )
    def buy(
        self,
        fate: Fate,
        number: int,
        quantity: int,
        buyer: Buyer,
        methods: tuple[Method, ...],
        how: How,
        is_heard: bool,
        currency: str = "GBP",
    ) -> None:
        """The whole way at once, which single steps seldom make."""
        self.fill_cart("once", number, quantity, second=number + 1, currency=currency)
        self.place(fate, 0, buyer, methods, None)
        told = len(self.bank.news)
        self.ask_bank(0, "well", is_heard, None)
        if self.bank.deals:
            self.pay(0, how, number % 2 == 0)
        if is_heard and len(self.bank.news) > told:
            self.tell(fate, -1)

    # The bank.

    @rule(number=which, mood=moods, is_noted=st.booleans(), method=st.sampled_from((None, "card", "wallet")))
    def ask_bank(self, number: int, mood: Mood, is_noted: bool, method: Any) -> None:
        """The shop asks the bank to expect a payment, and may die before it noted the answer."""
        order = self.world.one(orders, number)
        if order is not None:
            way = (lambda _: Choice(self.bank.name, method)) if method else None
            self.ask_bank_for(order["id"], mood, is_noted=is_noted, way=way)

    def ask_bank_for(self, order_id: str, mood: Mood, *, is_noted: bool, way: Way | None) -> None:
        async def ask() -> None:
            remote = await cashier.start(self.shop, order_id, "https://shop", way)
            if is_noted:
                with self.shop.database.transaction("shopper") as uow:
                    payments_service.note_external_id(uow, remote.reference, remote.external_id)

        self.world.converse(mood, ask())

    @precondition(lambda self: self.bank.deals)
    @rule(number=which, how=hows, at_once=st.booleans())
    def pay(self, number: int, how: How, at_once: bool) -> None:
        external_id = list(self.bank.deals)[-1 - number % len(self.bank.deals)]
        asked = self.bank.deals[external_id].remote
        match how:
            case "right":
                self.bank.pay(external_id, asked.amount, asked.currency, at_once=at_once)
            case "too little":
                self.bank.pay(external_id, max(1, asked.amount - 1), asked.currency, at_once=at_once)
            case "dollars":
                self.bank.pay(external_id, asked.amount, "USD", at_once=at_once)
            case "declined":
                self.bank.end(external_id, "failed")

    @precondition(lambda self: self.bank.news)
    @rule(fate=fates, number=which)
    def hear(self, fate: Fate, number: int) -> None:
        """A message of the bank arrives: late, early, or again."""
        self.tell(fate, -1 - number % len(self.bank.news))

    def tell(self, fate: Fate, number: int) -> None:
        news = self.bank.news[number]
        self.world.act(fate, "provider:sandbox", lambda uow: inbox.receive(uow, self.bank.name, news, b"{}"))

    @precondition(lambda self: self.bank.deals)
    @rule(number=which, mood=moods)
    def finish(self, number: int, mood: Mood) -> None:
        """The shop asks for what was authorised, or lets go of it, as it does after every message."""
        external_id = list(self.bank.deals)[-1 - number % len(self.bank.deals)]
        reference = self.bank.deals[external_id].remote.reference
        self.world.converse(mood, cashier.finish(self.shop, reference))

    @precondition(lambda self: self.bank.deals)
    @rule(fate=fates, number=which, divisor=st.sampled_from((1, 1, 2)), stage=stages, is_heard=st.booleans())
    def dispute(self, fate: Fate, number: int, divisor: int, stage: DisputeStage, is_heard: bool) -> None:
        """A buyer's bank asks or takes; or, when it did so before, it goes on or gives up."""
        external_id = list(self.bank.deals)[-1 - number % len(self.bank.deals)]
        deal, told = self.bank.deals[external_id], len(self.bank.news)
        if stage == "failed" or (deal.disputes and number % 2):
            self.bank.step_dispute(external_id, stage, number)
        else:
            self.bank.dispute(external_id, deal.left // divisor, stage)
        if is_heard and len(self.bank.news) > told:
            self.tell(fate, -1)

    @rule(mood=moods)
    def reconcile(self, mood: Mood) -> None:
        self.world.clock.forward(seconds=self.shop.settings.payment_repair_seconds)
        self.world.converse(mood, cashier.reconcile(self.shop))

    @rule(mood=moods)
    def send_refunds(self, mood: Mood) -> None:
        self.world.converse(mood, refunding.send_refunds(self.shop))

    @precondition(lambda self: self.bank.deals)
    @rule(fate=fates, number=which, amount=st.sampled_from((1, 700, 5_000)))
    def refund_by_hand(self, fate: Fate, number: int, amount: int) -> None:
        """Somebody gives money back in the bank's dashboard, and its message comes now or later."""
        told = len(self.bank.news)
        self.bank.refund_by_hand(list(self.bank.deals)[-1 - number % len(self.bank.deals)], amount)
        if number % 2 and len(self.bank.news) > told:
            self.tell(fate, -1)

    @rule(fate=fates, number=which, is_retried=st.booleans())
    def settle_failed_refund(self, fate: Fate, number: int, is_retried: bool) -> None:
        """The staff has a failed refund sent again, or gives it to the customer's balance."""
        refund = self.world.one(refunds, number)
        if refund is not None:
            give = partial(failed_refunds.to_balance, currency=self.shop.terms.currency)
            do: Callable[[UnitOfWork, str], object] = failed_refunds.retry if is_retried else give
            self.world.act(fate, "staff", lambda uow: do(uow, refund["id"]))

    # Orders.

    @rule(fate=fates, minutes=st.sampled_from((1, 31)))
    def expire(self, fate: Fate, minutes: int) -> None:
        self.world.clock.forward(minutes=minutes)
        self.world.act(fate, "system:expiry", expiry.expire_unpaid)
        with self.shop.database.read() as db:
            overdue = changes.overdue(db, 10)
        for change_id in overdue:
            self.world.act(fate, "system:expiry", partial(changes.expire, change_id=change_id))

    @rule(fate=fates, number=which, what=st.sampled_from(SERVED))
    def serve(self, fate: Fate, number: int, what: Service) -> None:
        order = self.world.one(orders, number)
        if order is not None:
            self.world.act(fate, "staff", lambda uow: SERVICES[what](uow, order["id"]))

    @rule(fate=fates, number=which, quantity=units)
    def give_back(self, fate: Fate, number: int, quantity: int) -> None:
        line = self.world.one(order_lines, number)
        if line is not None:
            self.world.act(
                fate,
                "staff",
                lambda uow: after_sales.return_lines(
                    uow, line["order_id"], {line["id"]: quantity}, "too small", is_damaged=number == 0
                ),
            )

    @rule(fate=fates, number=which, quantity=units)
    def send(self, fate: Fate, number: int, quantity: int) -> None:
        line = self.world.one(order_lines, number)
        if line is not None:
            self.world.act(
                fate, "staff", lambda uow: shipping.ship(uow, line["order_id"], {line["id"]: quantity})
            )

    @rule(fate=fates, number=which)
    def arrive_at_the_door(self, fate: Fate, number: int) -> None:
        parcel = self.world.one(shipments, number)
        if parcel is not None:
            self.world.act(
                fate,
                "staff",
                lambda uow: shipping.deliver_shipment(uow, parcel["order_id"], parcel["number"]),
            )

    @rule(fate=fates, number=which, quantity=units)
    def take_off(self, fate: Fate, number: int, quantity: int) -> None:
        line = self.world.one(order_lines, number)
        if line is not None:
            self.world.act(
                fate,
                "staff",
                lambda uow: after_sales.cancel_lines(
                    uow, line["order_id"], {line["id"]: quantity}, "not wanted"
                ),
            )

    @rule(
        fate=fates,
        number=which,
        off=st.integers(0, 2),
        added=st.lists(st.tuples(which, units), max_size=2),
        to=st.sampled_from((None, None, "GB", "DK")),
        method=st.sampled_from((None, None, "standard", "express")),
        tender=st.sampled_from((None, None, "gift_card", "points", "balance")),
    )
    def change_order(
        self,
        fate: Fate,
        number: int,
        off: int,
        added: list[tuple[int, int]],
        to: str | None,
        method: str | None,
        tender: Method | None,
    ) -> None:
        """Lines, quantities, address and delivery of an order in flight."""
        line, card = self.world.one(order_lines, number), self.world.one(cards, number % 3)
        if line is None:
            return
        address = (
            None if to is None else {f"ship_{each}": str(number) for each in ("name", "address", "city")}
        )
        wish = Wish(
            "rang us",
            add=[Addition(SKUS[which % 3], count) for which, count in added],
            remove={line["id"]: off} if off else {},
            ship_to=address
            and {**address, "ship_region": None, "ship_postal_code": "1050", "ship_country": to},
            delivery_method=method,
        )

        def propose(uow: UnitOfWork) -> None:
            order = service.header(uow, line["order_id"])
            holder = card["number"] if tender == "gift_card" and card else order["customer_id"]
            change_entry.propose(
                uow,
                self.shop.terms,
                order["id"],
                wish,
                way=sandbox_card,
                wanted=[Wanted(tender, holder, 900)] if tender else (),
            )

        self.world.act(fate, "staff", propose)

    @rule(fate=fates, number=which)
    def settle_change(self, fate: Fate, number: int) -> None:
        """The buyer pays what is due for a change, or nobody does."""
        change = self.world.one(order_changes, number)
        if change is None or change["status"] != "open":
            return
        if number % 3 == 0:
            self.world.act(
                fate, "staff", lambda uow: changes.cancel(uow, change["order_id"], change["number"])
            )
            return
        known = set(self.bank.deals)
        self.ask_bank_for(change["order_id"], "well", is_noted=number % 2 == 0, way=None)
        for external_id in set(self.bank.deals) - known:
            asked = self.bank.deals[external_id].remote
            self.bank.pay(external_id, asked.amount, asked.currency, at_once=number % 2 == 1)
            self.tell(fate, -1)

    # Groups, and goods that nobody pays.

    @rule(fate=fates, number=which, hours=st.sampled_from((1, 1, 30)))
    def run_group(self, fate: Fate, number: int, hours: int) -> None:
        """A group is opened, or its time goes on and those that did not fill up end."""
        if number < 3:
            terms = {"sku": SKUS[number], "price": 600, "per_buyer": 2, "buyers_wanted": 2}
            self.world.act(
                fate,
                "staff",
                lambda uow: group_entry.create(
                    uow, f"group-{len(self.groups)}", closes_at=uow.now + timedelta(hours=24), **terms
                ),
            )
            self.groups.append(f"group-{len(self.groups)}")
            return
        self.world.clock.forward(hours=hours)
        self.world.act(fate, "system:groups", group_entry.fail_overdue)
        with self.shop.database.read() as db:
            left = group_entry.left_behind(db, 20)
        for order_id in left:
            self.world.act(fate, "system:groups", partial(group_entry.call_off, order_id=order_id))

    @precondition(lambda self: self.groups)
    @rule(fate=fates, number=which, buyer=st.sampled_from((ADA, GRACE)), quantity=st.integers(1, 2), how=hows)
    def join_group(self, fate: Fate, number: int, buyer: Buyer, quantity: int, how: How) -> None:
        code = self.groups[-1 - number % len(self.groups)]
        self.world.act(
            fate,
            "shopper",
            lambda uow: group_entry.join(uow, self.shop.terms, code, buyer, quantity),
        )
        told = len(self.bank.news)
        self.ask_bank(0, "well", True, None)
        if self.bank.deals:
            self.pay(0, how, number % 2 == 0)
        if len(self.bank.news) > told:
            self.tell(fate, -1)

    @rule(fate=fates, number=which, quantity=units, purpose=st.sampled_from(ORDER_PURPOSES[1:]))
    def give_away(self, fate: Fate, number: int, quantity: int, purpose: Any) -> None:
        goods = {SKUS[number % 6]: quantity}
        self.world.act(
            fate, "staff", lambda uow: entry.gratis(uow, self.shop.terms, GRACE, goods, purpose, "hm")
        )

    # The staff.

    @rule(fate=fates, number=which, policy=st.sampled_from(("backorder", "preorder", "stock")))
    def supply(self, fate: Fate, number: int, policy: Any) -> None:
        """A SKU may be sold beyond what is there, or not any more; who waits is served when the day comes."""
        sku_id = self.world.sku(number)

        def put(uow: UnitOfWork) -> None:
            if policy == "stock":
                backlog.remove(uow, sku_id)
                return
            days, at = (3, None) if policy == "backorder" else (None, uow.now + timedelta(hours=20))
            backlog.put(uow, sku_id, policy=policy, most=4, days=days, available_from=at)

        self.world.act(fate, "staff", put)
        with self.shop.database.read() as db:
            due = backlog.due(db, 10)
        self.world.act(fate, "system:supply", lambda uow: backlog.serve_due(uow, due))

    @rule(fate=fates, is_active=st.booleans())
    def open_north(self, fate: Fate, is_active: bool) -> None:
        self.world.act(
            fate,
            "staff",
            lambda uow: warehousing.put(
                uow, "north", name="N", country="GB", postal_code="LS1", priority=1, is_active=is_active
            ),
        )

    @rule(fate=fates, amount=st.integers(1, 3_000))
    def credit(self, fate: Fate, amount: int) -> None:
        def give(uow: UnitOfWork) -> None:
            account = held(BALANCE, members.join(uow, ADA))
            ledger.given(uow, account, "GBP", amount, uow.new_id(), "sorry")

        self.world.act(fate, "staff", give)

    @rule(fate=fates, number=which, change=st.integers(-3, 5), is_delivery=st.booleans())
    def restock(self, fate: Fate, number: int, change: int, is_delivery: bool) -> None:
        """A delivery arrives, or somebody counted."""
        units = {self.world.sku(number): change}

        def put(uow: UnitOfWork) -> None:
            if is_delivery and change > 0:
                stock.receive(uow, units, "DELIVERY-2")
            else:
                warehousing.adjust(uow, stock.main(uow), units, "COUNT", "counted again")

        self.world.act(fate, "staff", put)

    @rule(fate=fates, number=which, quantity=units)
    def send_north(self, fate: Fate, number: int, quantity: int) -> None:
        sent = {self.world.sku(number): quantity}
        self.world.act(fate, "staff", lambda uow: transfers.send(uow, "main", "north", sent))

    @rule(fate=fates, number=which, missing=st.integers(0, 1), is_closed=st.booleans())
    def arrive(self, fate: Fate, number: int, missing: int, is_closed: bool) -> None:
        """All of a transfer arrives, or a unit of each SKU is missing, which may be given up as lost."""
        row = self.world.one(transfers_table, number)
        if row is None:
            return

        def unload(uow: UnitOfWork) -> None:
            lines = transfers.transfer(uow, row["number"]).lines
            left = {line["sku_id"]: line["sent"] - line["received"] for line in lines}
            transfers.arrive(uow, row["number"], {each: max(0, n - missing) for each, n in left.items()})
            if missing and is_closed:
                transfers.close(uow, row["number"], "lost on the way")

        self.world.act(fate, "staff", unload)

    @rule(
        fate=fates,
        number=which,
        change=st.sampled_from(("activate", "activate", "activate", "pause", "end")),
    )
    def switch(self, fate: Fate, number: int, change: Any) -> None:
        promotion = self.world.promotions[number % 3]
        self.world.act(fate, "staff", lambda uow: promotions.change(uow, self.shop.terms, promotion, change))

    @rule(fate=fates, number=st.integers(0, 2), price=st.sampled_from((700, 999, 1_500)))
    def reprice(self, fate: Fate, number: int, price: int) -> None:
        sku_id = self.world.sku(number)

        def set_price(uow: UnitOfWork) -> None:
            alike = {"customer_group": None, "price": price, "valid_from": uow.now}
            asked = ("GBP", "EUR") if price != 999 else ("GBP",)
            pricing.set_prices(uow, sku_id, [{"currency": each, **alike} for each in asked])

        self.world.act(fate, "staff", set_price)

    @rule(fate=fates, number=which, cost=st.sampled_from((0, 150, 400, 990)), is_file=st.booleans())
    def change_cost(self, fate: Fate, number: int, cost: int, is_file: bool) -> None:
        """A supplier asks another price: typed in, or in a file."""

        def change(uow: UnitOfWork) -> None:
            code = SKUS[number % 6]
            sku_id = warehousing.sku_id(uow, code)
            if not is_file:
                sku_editing.edit_sku(uow, sku_id, {"cost": cost})
                return
            header, *lines = csv.reader(io.StringIO(exported(uow)))
            (line,) = [each for each in lines if each[header.index("sku")] == code]
            line[header.index("cost")] = money_text(cost, "GBP")
            file = io.StringIO()
            csv.writer(file).writerows([header, line])
            import_products(uow, file.getvalue().encode(), "storehouse", "GBP")

        self.world.act(fate, "staff", change)

    @rule(fate=fates, number=st.integers(0, 2), many=units)
    def change_catalogue(self, fate: Fate, number: int, many: int) -> None:
        """Pictures, a review and its moderation, and every SKU's price and stock in bulk."""

        def change(uow: UnitOfWork) -> None:
            product = uow.rows(select(products).order_by(products.c.slug))[number]
            pictures = [Picture(f"/media/{each}.svg") for each in range(many % 3)]
            editing.set_pictures(uow, product["id"], pictures)
            review = feedback.review(uow, product["slug"], author="Ada", rating=many)
            feedback.moderate(uow, reviews, review["id"], "published", "Thank you.")
            rules = Rules(price=Rule("percent", -100 * many), on_hand=Rule("add", many - 2))
            shown = bulk.digest(Selection(), rules, bulk.preview(uow, Selection(), rules))
            bulk.apply(uow, Selection(), rules, shown)

        self.world.act(fate, "staff", change)

    # What holds.

    @invariant()
    def no_level_is_negative(self) -> None:
        with self.shop.database.read() as db:
            for row in db.rows(select(stock_levels)):
                assert 0 <= row["reserved"] <= row["on_hand"]

    def settle(self) -> None:
        """All that is on its way arrives: messages, answers that were lost, refunds."""
        self.world.clock.forward(minutes=31)
        for _ in range(2):
            for number in range(len(self.bank.news)):
                self.tell("once", number)
            self.reconcile("well")
            self.expire("once", 1)
            self.send_refunds("well")

    def teardown(self) -> None:
        try:
            self.settle()
            books.add_up(self.shop, self.bank)
        finally:
            self.shop.database.engine.dispose()
            self._give_back(self._url)


@pytest.mark.timeout(0)
def test_the_books_add_up_whatever_happens(
    request: pytest.FixtureRequest, databases: Databases, tmp_path: Path
) -> None:
    run_state_machine_as_test(  # type: ignore[arg-type]
        lambda: Everything(databases.take(), tmp_path / "var", databases.give_back),
        settings=settings(
            max_examples=request.config.getoption("--sequences"),
            stateful_step_count=30,
            # The same histories each time; --hypothesis-seed gives others.
            derandomize=request.config.getoption("--hypothesis-seed") is None,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
