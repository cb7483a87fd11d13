"""How a simulated shopper behaves: the steps of one visit, decided without a shop, a clock or a network."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import accumulate
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from orchestration.simulation.catalogue import definition

# Visits per hour of the local day and per weekday (Monday first), relative to the mean.
HOURS = [3, 2, 1, 1, 1, 2, 4, 7, 9, 10, 11, 12, 14, 13, 11, 10, 11, 13, 15, 18, 21, 20, 13, 7]
WEEKDAYS = [1.05, 0.95, 0.92, 0.94, 0.90, 1.08, 1.20]

BOUNCE = 0.38
SEARCHES = 0.22
ADDS_TO_CART = 0.12
BEGINS_CHECKOUT = 0.42
COMPLETES = 0.52


@dataclass(frozen=True)
class Sku:
    id: str
    code: str
    variant: str
    price: int


@dataclass(frozen=True)
class Product:
    slug: str
    name: str
    brand: str
    category: str
    category_slug: str
    department: str
    popularity: float
    skus: tuple[Sku, ...]


@dataclass(frozen=True)
class Catalogue:
    """What shoppers can see, with popularity-weighted choice."""

    products: tuple[Product, ...]

    @cached_property
    def _weights(self) -> list[float]:
        return list(accumulate(product.popularity for product in self.products))

    @cached_property
    def by_department(self) -> dict[str, "Catalogue"]:
        names = {product.department for product in self.products}
        return {n: Catalogue(tuple(p for p in self.products if p.department == n)) for n in names}

    def pick(self, chance: random.Random) -> Product:
        return chance.choices(self.products, cum_weights=self._weights)[0]


@dataclass(frozen=True)
class Line:
    product: Product
    sku: Sku
    quantity: int


@dataclass(frozen=True)
class Step:
    """One thing the shopper does: `after` seconds since the visit began, seen as `event` on `path`."""

    after: float
    event: str
    path: str
    title: str = ""
    fields: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Visit:
    """A planned visit; when `order` is not empty the shopper buys these lines at `order_after` seconds."""

    visitor_id: str
    agent: str
    viewport_width: int
    referrer: str
    started_at: datetime
    steps: tuple[Step, ...]
    order: tuple[Line, ...] = ()
    order_after: float = 0


def visits_on(day: date, zone: ZoneInfo, mean: float, chance: random.Random) -> list[datetime]:
    """The moments visits begin on a local day: a weekly and a daily rhythm around `mean` visits a day."""
    expected = mean * WEEKDAYS[day.weekday()] * chance.gauss(1, 0.06)
    count = max(0, round(expected))
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
    hours = chance.choices(range(24), weights=HOURS, k=count)
    return sorted(midnight + timedelta(hours=hour, seconds=chance.uniform(0, 3600)) for hour in hours)


@dataclass(frozen=True)
class Arrival:
    """Where a visit comes from: the referrer, campaign parameters and the department it is about."""

    referrer: str
    parameters: dict[str, str]
    department: str | None


def arrive(day_number: int, day: date, chance: random.Random) -> Arrival:
    """Choose a campaign that runs on this day, or an organic source."""
    campaigns = [
        campaign
        for campaign in definition()["campaigns"]
        if campaign["from_day"] <= day_number <= campaign["to_day"]
        and day.weekday() in campaign.get("weekdays", range(7))
    ]
    drawn = chance.random()
    for campaign in campaigns:
        drawn -= campaign["share"]
        if drawn < 0:
            parameters = {name: campaign[name] for name in ("utm_source", "utm_medium", "utm_campaign")}
            return Arrival("", parameters, campaign.get("department"))
    sources = definition()["referrers"]
    source = chance.choices(sources, weights=[each["share"] for each in sources])[0]
    return Arrival(source["referrer"], {}, None)


def plan_visit(
    catalogue: Catalogue, visitor_id: str, started_at: datetime, arrival: Arrival, chance: random.Random
) -> Visit:
    """Decide everything a shopper will do in one visit."""
    agents = definition()["agents"]
    agent = chance.choices(agents, weights=[each["share"] for each in agents])[0]
    shelf = catalogue.by_department[arrival.department] if arrival.department else catalogue
    is_crawler = agent["width"] == 0
    browsing = _crawl(shelf, chance) if is_crawler else _browse(shelf, arrival, chance)
    steps: list[Step] = []
    basket: list[Line] = []
    after = 0.0
    for step, line in browsing:
        steps.append(Step(after, step.event, step.path, step.title, step.fields))
        basket += [line] if line else []
        after += chance.lognormvariate(2.9, 0.8)
    buys = False
    if basket and not is_crawler:
        checkout, buys, after = _check_out(basket, after, chance)
        steps += checkout
    return Visit(
        visitor_id=visitor_id,
        agent=agent["agent"],
        viewport_width=agent["width"],
        referrer=arrival.referrer,
        started_at=started_at,
        steps=tuple(steps),
        order=tuple(basket) if buys else (),
        order_after=after,
    )


Seen = tuple[Step, Line | None]


def _browse(shelf: Catalogue, arrival: Arrival, chance: random.Random) -> Iterator[Seen]:
    query = f"?{urlencode(arrival.parameters)}" if arrival.parameters else ""
    landing = shelf.pick(chance)
    if chance.random() < 0.45:
        yield from _look_at(landing, query, chance)
    elif chance.random() < 0.5:
        yield _page(f"/c/{landing.category_slug}{query}", landing.category), None
        yield _list_view(landing, landing.category), None
    else:
        yield _page(f"/{query}", "Storehouse"), None
    if chance.random() < BOUNCE:
        return
    for _ in range(1 + min(9, int(chance.expovariate(0.45)))):
        if chance.random() < SEARCHES:
            term = chance.choice(definition()["search_terms"])
            yield _page(f"/search?{urlencode({'q': term})}", f"Search: {term}"), None
            yield Step(0, "search", f"/search?{urlencode({'q': term})}", fields={"search_term": term}), None
        product = shelf.pick(chance)
        if chance.random() < 0.5:
            yield _page(f"/c/{product.category_slug}", product.category), None
            yield _list_view(product, product.category), None
        yield from _look_at(product, "", chance)


def _crawl(shelf: Catalogue, chance: random.Random) -> Iterator[Seen]:
    for _ in range(chance.randint(2, 8)):
        product = shelf.pick(chance)
        yield _page(f"/p/{product.slug}", product.name), None


def _look_at(product: Product, query: str, chance: random.Random) -> Iterator[Seen]:
    path = f"/p/{product.slug}{query}"
    yield _page(path, product.name), None
    sku = chance.choice(product.skus)
    yield Step(0, "view_item", path, product.name, items_of([Line(product, sku, 1)])), None
    if chance.random() < ADDS_TO_CART:
        line = Line(product, sku, 1 if chance.random() < 0.8 else chance.randint(2, 4))
        yield Step(0, "add_to_cart", path, product.name, items_of([line])), line
        yield _page("/cart", "Your basket"), None


def _check_out(basket: Sequence[Line], after: float, chance: random.Random) -> tuple[list[Step], bool, float]:
    if chance.random() >= BEGINS_CHECKOUT:
        return [], False, after
    fields = items_of(basket)
    steps = [
        Step(after, "page_view", "/checkout", "Checkout"),
        Step(after + 0.2, "begin_checkout", "/checkout", "Checkout", fields),
    ]
    if chance.random() >= COMPLETES:
        return steps, False, after
    filled_in = after + chance.uniform(35, 160)
    steps.append(Step(filled_in, "add_shipping_info", "/checkout", "Checkout", fields))
    steps.append(Step(filled_in + 1, "add_payment_info", "/checkout", "Checkout", fields))
    return steps, True, filled_in + chance.uniform(15, 90)


def _page(path: str, title: str) -> Step:
    return Step(0, "page_view", path, title)


def _list_view(product: Product, name: str) -> Step:
    item = {"item_id": product.skus[0].code, "item_name": product.name, "item_list_name": name, "index": 1}
    return Step(0, "view_item_list", f"/c/{product.category_slug}", name, {"items": [item]})


def items_of(lines: Sequence[Line]) -> dict[str, Any]:
    """The e-commerce fields of an event about these lines: items, value in minor units, currency."""
    return {
        "value": sum(line.sku.price * line.quantity for line in lines),
        "currency": "GBP",
        "items": [
            {
                "item_id": line.sku.code,
                "item_name": line.product.name,
                "item_brand": line.product.brand,
                "item_category": line.product.category,
                "item_variant": line.sku.variant,
                "price": line.sku.price,
                "quantity": line.quantity,
            }
            for line in lines
        ],
    }
