"""Invents a shop's history as lake files, made so that every rule of the models meets its edges."""

import random
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from lakes import NOON, at, change, credit_note, event, order, order_line, shop

File = tuple[str, list[Mapping[str, Any]]]

# Gaps around the 30 minutes that end a session, and around midnight.
GAPS = [0.0, 1.0, 10.0, 29.9, 30.0, 30.1, 31.0, 45.0, 200.0, 690.0]


class World:
    """Random, but the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._number = 0

    def files(self) -> list[File]:
        """Every file of the world, shuffled: nothing may depend on the order in which they arrive."""
        files = [
            *self._shops(),
            *self._catalogue(),
            *self._visits(),
            *self._promotions(),
            *self._sales(),
            *self._stock(),
            *self._ledger(),
            *self._agents(),
        ]
        self._random.shuffle(files)
        return files

    def batches(self, count: int) -> Iterator[list[File]]:
        """The files in `count` batches of random size, none empty."""
        files = self.files()
        cuts = sorted(self._random.sample(range(1, len(files)), count - 1))
        for start, end in zip([0, *cuts], [*cuts, len(files)], strict=True):
            yield files[start:end]

    def _shops(self) -> Iterator[File]:
        yield "shops", [shop("Europe/London", _seq=1)]
        yield "shops", [shop("Europe/London", _seq=2)]
        if self._random.random() < 0.5:
            yield "shops", [shop("Australia/Sydney", _seq=3)]
        yield "shops", [shop("America/Sao_Paulo", shop_id="other")]

    def _agents(self) -> Iterator[File]:
        for classifier in ("1", "2"):
            for agent, is_bot in (("Firefox", False), ("Crawler", True), ("Odd", classifier == "2")):
                device = "bot" if is_bot else "desktop"
                yield (
                    "user_agents",
                    [
                        {
                            "user_agent": agent,
                            "browser": agent,
                            "device_type": device,
                            "is_bot": is_bot,
                            "classifier": classifier,
                        }
                    ],
                )
        for number in range(3):
            yield (
                "quarantine",
                [{"shop_id": "demo", "received_at": at(700 * number), "reason": "no name", "body": "{}"}],
            )

    def _visits(self) -> Iterator[File]:
        events = [event for number in range(8) for event in self._visitor(f"visitor-{number}")]
        events += [self._delivered_again(row) for row in self._random.sample(events, len(events) // 6)]
        self._random.shuffle(events)
        while events:
            size = self._random.randint(1, 8)
            yield "events", events[:size]
            events = events[size:]

    def _visitor(self, visitor: str) -> Iterator[Mapping[str, Any]]:
        minutes = self._random.uniform(-200, 900)
        agent = self._random.choice(["Firefox", "Firefox", "Crawler", "Odd", "Unknown"])
        shop_id = self._random.choice(["demo", "demo", "other"])
        for _ in range(self._random.randint(1, 9)):
            minutes += self._random.choice(GAPS)
            self._number += 1
            name = self._random.choice(
                [
                    "page_view",
                    "page_view",
                    "page_view",
                    "add_to_cart",
                    "search",
                    "purchase",
                    "asset_request",
                    "error_response",
                ]
            )
            yield event(
                self._number,
                minutes,
                name,
                visitor,
                shop_id=shop_id,
                user_agent=agent,
                page_url="https://shop.example/"
                + self._random.choice(["", "mugs", "?utm_source=x&utm_medium=cpc"]),
                referrer=self._random.choice([None, "https://www.google.com/", "https://blog.example/x"]),
                transaction_id=f"A{self._random.randint(1, 6)}" if name == "purchase" else None,
                search_term=self._random.choice(["Mug", "mug "]) if name == "search" else None,
                received_at=at(minutes + self._random.choice([0, 0, 60, 1000])),
            )

    def _delivered_again(self, row: Mapping[str, Any]) -> Mapping[str, Any]:
        """The same event again, sometimes received earlier, and then perhaps told differently."""
        if self._random.random() < 0.5:
            return row
        differently = self._random.choice(
            [{}, {"visitor_id": "visitor-0"}, {"occurred_at": row["occurred_at"] + timedelta(minutes=25)}]
        )
        return {**row, "received_at": row["received_at"] - timedelta(minutes=5), **differently}

    def _catalogue(self) -> Iterator[File]:
        yield "categories", [change({"id": "mugs", "slug": "mugs", "name": "Mugs", "position": 0})]
        yield "categories", [change({"id": "mugs", "slug": "mugs", "name": "Cups", "position": 0}, seq=2)]
        yield (
            "products",
            [change({"id": "mug", "category_id": "mugs", "slug": "mug", "name": "Mug", "status": "live"})],
        )
        sku = {
            "id": "sku-1",
            "product_id": "mug",
            "options": "{}",
            "price": 1200,
            "currency": "GBP",
            "position": 0,
        }
        yield "skus", [change(sku | {"code": "MUG-BLUE"})]
        yield "skus", [change(sku | {"code": "MUG-NAVY"}, seq=2)]
        yield "skus", [change(sku | {"id": "sku-2", "code": "MUG-RED"})]
        yield "skus", [change(sku | {"id": "sku-2", "code": "MUG-RED"}, seq=2, op="d")]

    def _sales(self) -> Iterator[File]:
        for number in range(1, 7):
            yield from self._order(f"A{number}")
        header, line = credit_note("C9", None, self._random.uniform(0, 2000), customer_id="customer-1")
        yield "credit_notes", [header]
        yield "credit_note_lines", [line]
        header, line = credit_note("A9", None, self._random.uniform(0, 2000), kind="adjustment")
        yield "credit_notes", [header]
        yield "credit_note_lines", [line]
        for customer in range(1, 4):
            row = {"id": f"customer-{customer}", "country": "FR", "created_at": NOON}
            yield "customers", [change(row)]
            yield "customers", [change(row | {"country": "DE"}, seq=2)]

    def _promotions(self) -> Iterator[File]:
        summer = {"id": "promotion-1", "status": "active", "kind": "percent", "class": "product"}
        yield "promotions", [change(summer | {"name": "Summer"})]
        yield "promotions", [change(summer | {"name": "Summer, longer"}, seq=2)]

    def _ledger(self) -> Iterator[File]:
        """Deliveries of a shop without orders: nothing they post must agree with its sales."""
        for number in range(4):
            happened = at(self._random.uniform(-2000, 3000))
            entry = {
                "id": f"entry-{number}",
                "shop_id": "other",
                "reference": f"goods_received:{number}",
                "document": f"DELIVERY-{number}",
                "reason": "goods received",
                "occurred_at": happened,
            }
            posting = {
                "id": f"posting-{number}",
                "shop_id": "other",
                "entry_id": entry["id"],
                "position": 1,
                "source": "asset:inventory",
                "destination": "liability:payable",
                "amount": self._random.randint(1, 10_000),
                "currency": "GBP",
                "occurred_at": happened,
            }
            yield "journal_entries", [change(entry)]
            yield "postings", [change(posting)]
            yield "postings", [change(posting)]  # delivered again

    def _order(self, number: str) -> Iterator[File]:
        minutes = self._random.uniform(-2000, 3000)
        currency = "EUR" if number in ("A5", "A6") else "GBP"
        customer = {"customer_id": f"customer-{self._random.randint(1, 4)}", "currency": currency}
        yield "orders", [order(number, minutes, seq=1, paid=False, **customer)]
        quantity = self._random.randint(1, 3)
        yield (
            "order_lines",
            [
                order_line(
                    number, sku=self._random.choice(["MUG-BLUE", "MUG-NAVY", "GONE"]), quantity=quantity
                )
            ],
        )
        if self._random.random() < 0.3:
            yield "order_lines", [order_line(number, seq=2, name="Mug, renamed")]
        if self._random.random() < 0.2:
            yield (
                "orders",
                [order(number, minutes, seq=5, paid=True, **customer)],
            )
            yield "orders", [order(number, minutes, seq=6, paid=True, **customer | {"_op": "d"})]
            return
        if self._random.random() < 0.8:
            moved = minutes + self._random.choice([0, 0, 2000])  # corrected by its source
            yield "orders", [order(number, moved, seq=2, **customer)]
            yield "payments", [self._payment(number, moved, "pending", 1)]
            yield "payments", [self._payment(number, moved, "captured", 2)]
            yield from self._promoted(number)
            yield from self._sent(number, moved, quantity)
            if self._random.random() < 0.5:
                yield "tender_events", [self._tender_event(number, moved, "requested")]
                yield "tender_events", [self._tender_event(number, moved + 5, "succeeded")]
            if self._random.random() < 0.4:
                yield from self._changed(number, moved, customer)
            if self._random.random() < 0.5:
                header, line = credit_note(f"C{number}", number, moved + 3000)
                yield "credit_notes", [header]
                yield "credit_note_lines", [line]
                yield "refunds", [self._refund(number, moved + 3000)]
        if self._random.random() < 0.5:
            yield (
                "reviews",
                [
                    change(
                        {
                            "id": f"review-{number}",
                            "order_id": f"order-{number}",
                            "rating": 4,
                            "created_at": at(minutes),
                        }
                    )
                ],
            )

    def _changed(self, number: str, minutes: float, customer: Mapping[str, Any]) -> Iterator[File]:
        """A mug is added to the order, and paid for; or nobody pays."""
        made = {
            "id": f"change-{number}",
            "number": f"CH-{number}",
            "order_id": f"order-{number}",
            "status": "open",
            "reason": "one more",
            "currency": "GBP",
            "gross": 1_000,
            "discount": 0,
            "shipping": 0,
            "tax": 200,
            "added": 1_200,
            "credited": 0,
            "kept": 0,
            "due": 1_200,
            "points": 0,
            "created_at": at(minutes + 10),
        }
        yield "order_changes", [change(made)]
        if self._random.random() < 0.3:
            yield "order_changes", [change(made | {"status": "expired", "closed_at": at(minutes + 40)}, 2)]
            return
        yield "order_changes", [change(made | {"status": "applied", "closed_at": at(minutes + 1_500)}, 2)]
        yield "order_lines", [order_line(number, position=2, change_id=f"change-{number}")]
        grown = {"gross": 2_000, "tax": 400, "total": 2_400}
        yield "orders", [order(number, minutes, seq=3, **grown, **customer)]
        paid = {"id": f"payment-{number}-2", "position": 2, "change_id": f"change-{number}"}
        yield "payments", [{**self._payment(number, minutes + 1_500, "captured", 1), **paid}]

    def _stock(self) -> Iterator[File]:
        for code in ("main", "leeds"):
            yield "warehouses", [change({"id": code, "code": code, "name": code, "is_active": True})]
        for number in range(12):
            yield (
                "stock_movements",
                [
                    change(
                        {
                            "id": f"movement-{number}",
                            "sku_id": self._random.choice(["sku-1", "sku-2"]),
                            "warehouse_id": self._random.choice(["main", "leeds"]),
                            "kind": self._random.choice(["received", "allocated", "shipped"]),
                            "document": "D",
                            "on_hand_change": self._random.randint(1, 9),
                            "reserved_change": self._random.randint(-2, 2),
                            "moved_at": at(self._random.uniform(-3000, 3000)),
                        }
                    )
                ],
            )

        yield from self._waiting()
        for number in range(4):
            sent = {
                "id": f"transfer-{number}",
                "number": f"TR-{number}",
                "from_warehouse_id": "main",
                "to_warehouse_id": "leeds",
                "status": "in_transit",
                "sent_at": at(number * 700),
            }
            line = {
                "id": f"line-{number}",
                "transfer_id": sent["id"],
                "sku_id": "sku-1",
                "sent": 5,
                "lost": 0,
            }
            yield "transfers", [change(sent)]
            yield "transfer_lines", [change(line | {"received": 0})]
            yield "transfer_lines", [change(line | {"received": 4, "lost": number % 2}, 2)]
            if number % 2:
                over = {"status": "received", "received_at": at(number * 700 + 900), "reason": "lost"}
                yield "transfers", [change(sent | over, 2)]

    def _waiting(self) -> Iterator[File]:
        """Back-orders, of which some are served, and a payout."""
        for number in range(1, 4):
            row = {
                "id": f"backorder-{number}",
                "sku_id": "sku-2",
                "document": f"A{number}",
                "quantity": 3,
                "cancelled": 0,
                "placed_at": at(number * 500),
                "expected_at": at(number * 500 + 9_000),
            }
            yield "backorders", [change(row | {"waiting": 3})]
            yield "backorders", [change(row | {"waiting": number - 1}, 2)]
        made = {"provider": "sandbox", "currency": "GBP", "fee": 20}
        whole = {
            "id": "payout-1",
            "external_id": "PO-1",
            "gross": 2_000,
            "net": 1_980,
            "received_at": at(900),
        }
        yield "payouts", [change(made | whole)]
        for number in range(2):
            line = {"id": f"payout-line-{number}", "payout_id": "payout-1", "external_id": f"L{number}"}
            told = {
                "kind": "payment",
                "position": number,
                "gross": 1_000,
                "net": 980,
                "occurred_at": at(number),
            }
            yield "payout_lines", [change(made | line | told)]

    def _payment(self, number: str, minutes: float, status: str, seq: int) -> Mapping[str, Any]:
        return change(
            {
                "id": f"payment-{number}",
                "order_id": f"order-{number}",
                "provider": "sandbox",
                "method": "card",
                "installments": 1,
                "amount": 1200,
                "currency": "GBP",
                "status": status,
                "created_at": at(minutes),
            },
            seq,
        )

    def _tender_event(self, number: str, minutes: float, outcome: str) -> Mapping[str, Any]:
        return change(
            {
                "id": f"event-{number}-{outcome}",
                "payment_id": f"payment-{number}",
                "type": "capture",
                "outcome": outcome,
                "reference": f"payment-{number}",
                "amount": 1200,
                "currency": "GBP",
                "occurred_at": at(minutes),
            }
        )

    def _sent(self, number: str, minutes: float, quantity: int) -> Iterator[File]:
        """The order was paid, and a shipment of it left and arrived."""
        step = {"order_id": f"order-{number}", "actor": "provider:sandbox", "occurred_at": at(minutes)}
        paid = {"position": 1, "from_status": "pending_payment", "to_status": "paid", "event": "pay"}
        yield "order_transitions", [change({"id": f"step-{number}"} | step | paid)]
        shipment = {
            "id": f"shipment-{number}",
            "number": f"S-{number}",
            "order_id": f"order-{number}",
            "warehouse_id": "main",
            "status": "shipped",
            "shipped_at": at(minutes + 600),
        }
        yield "shipments", [change(shipment)]
        sent = {"shipment_id": f"shipment-{number}", "order_line_id": f"line-{number}", "quantity": quantity}
        yield "shipment_lines", [change({"id": f"sent-{number}"} | sent)]
        arrived = {"status": "delivered", "delivered_at": at(minutes + 2_000)}
        yield "shipments", [change(shipment | arrived, 2)]

    def _promoted(self, number: str) -> Iterator[File]:
        """What came off delivery: the orders of this world have no discounts."""
        applied = {
            "id": f"promoted-{number}",
            "order_id": f"order-{number}",
            "promotion_id": self._random.choice(["promotion-1", "promotion-2"]),
            "units": 0,
            "amount": 120,
            "discount": 100,
            "reason": "Summer",
        }
        yield "order_promotions", [change(applied)]

    def _refund(self, number: str, minutes: float) -> Mapping[str, Any]:
        return change(
            {
                "id": f"refund-{number}",
                "payment_id": f"payment-{number}",
                "amount": 1200,
                "currency": "GBP",
                "status": "succeeded",
                "created_at": at(minutes),
            }
        )
