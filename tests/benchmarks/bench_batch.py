"""One micro-batch after one and after two units of history: its cost must follow what is new."""

import random
import statistics
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from rich.console import Console
from sqlalchemy import select

from ingestion.loader import load_once
from orchestration import demo
from orchestration.batch import Batches
from orchestration.simulation.people import invent
from orchestration.transform import Transform
from settings import Settings
from tests.benchmarks.table import Row
from transactional.catalog.models import skus
from transactional.checkout import service as checkout
from transactional.members.service import Buyer
from transactional.orders import service as orders
from transactional.payments import settlement
from transactional.shop import Shop, open_shop
from web_analytics.events import Arrival, Event, event_lines
from web_analytics.spool import Spool

UNIT_DAYS = 30
VISITS_A_DAY = 600
EVENTS = 200
ROUNDS = 7
MOST_RATIO = 1.1
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0"


@dataclass
class World:
    """A home with history, and what runs its micro-batches."""

    settings: Settings
    shop: Shop
    batches: Batches
    seconds: list[float]

    @classmethod
    def with_history(cls, home: Path, days: int) -> "World":
        settings = Settings(home=home)
        demo.fill(settings, Console(quiet=True), days, seed=7, mean_visits=VISITS_A_DAY)
        batches = Batches(settings, Transform(settings))
        load_once(settings)
        while batches.run():
            pass
        return cls(settings, open_shop(settings), batches, [])

    def run_batch(self, number: int) -> None:
        """One order and some clicks arrive; time what it takes until they are published."""
        self._order(number)
        self._click()
        load_once(self.settings)
        started = time.perf_counter()
        batch = self.batches.run()
        self.seconds.append(time.perf_counter() - started)
        if batch is None or batch.build is None:
            raise RuntimeError(f"nothing was published: {batch}")

    def _order(self, number: int) -> None:
        with self.shop.database.transaction("bench") as uow:
            code = uow.value(select(skus.c.code).order_by(skus.c.code).offset(number))
            cart_id = checkout.create(uow, self.shop.terms)
            checkout.add(uow, cart_id, {code: 1})
            buyer = Buyer(**vars(invent(random.Random(number), 10**6 + number)))
            placed = orders.place(uow, self.shop.terms, cart_id, buyer)
            settlement.record_capture(
                uow, placed.payment_id, f"bench_{number}", placed.total, placed.currency
            )

    def _click(self) -> None:
        now = datetime.now(UTC)
        visitor = str(uuid4())
        events = [
            Event(
                event_id=uuid4(),
                event_name="page_view",
                occurred_at=now,
                page_url=f"{self.settings.shop_url}/",
                visitor_id=visitor,
            )
            for _ in range(EVENTS)
        ]
        spool = Spool(self.settings.spool / "bench")
        spool.append(event_lines(events, Arrival(self.settings.shop_id, now, AGENT, "tracker")), b"")
        spool.seal()
        spool.close()


def run() -> list[Row]:
    with tempfile.TemporaryDirectory() as name:
        worlds = [World.with_history(Path(name) / str(units), UNIT_DAYS * units) for units in (1, 2)]
        for number in range(ROUNDS + 1):  # the first round warms up
            for world in worlds:
                world.run_batch(number)
    one, two = (statistics.median(world.seconds[1:]) for world in worlds)
    return [
        Row(
            f"micro-batch after {2 * UNIT_DAYS} days of history, beside {UNIT_DAYS} days",
            two,
            "s",
            one,
            MOST_RATIO,
            lower_is_better=True,
        )
    ]
