"""Shoppers over HTTP: they open the shop's pages, post what their browsers would, order and pay."""

import asyncio
import random
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import httpx
from rich.console import Console

from orchestration.simulation.people import invent
from orchestration.simulation.shoppers import (
    Arrival,
    Catalogue,
    Product,
    Sku,
    Step,
    Visit,
    arrive,
    plan_visit,
)
from settings import Settings, UserError

# Live shoppers are quicker than those of the history, so that something happens on the page.
HURRY = 6.0
# Days into the demo's campaigns: the ones that run on and on.
CAMPAIGN_DAY = 90


def send_shoppers(settings: Settings, console: Console, per_minute: int, seed: int) -> None:
    """Send visits to the running shop until Ctrl-C.

    Raises:
        UserError: the shop does not answer.
    """
    with suppress(KeyboardInterrupt):
        asyncio.run(_send(settings, console, per_minute, seed))


async def _send(settings: Settings, console: Console, per_minute: int, seed: int) -> None:
    street = Street(settings, random.Random(seed))  # noqa: S311 - shoppers, not secrets
    async with asyncio.TaskGroup() as visits:
        await street.look_around()
        console.print(f"Sending about {per_minute} shoppers a minute to {settings.shop_url}; Ctrl-C stops.")
        with console.status("") as status:
            while True:
                visits.create_task(street.visit())
                status.update(
                    f"{street.visits:,} visits, {street.orders:,} orders, {street.failures:,} failed"
                )
                await asyncio.sleep(street.chance.expovariate(per_minute / 60))


class Street:
    """Where shoppers come from: what they know of the shop, and their connections to it."""

    def __init__(self, settings: Settings, chance: random.Random) -> None:
        self.settings = settings
        self.chance = chance
        self.catalogue = Catalogue(())
        self.visits = self.orders = self.failures = 0

    async def look_around(self) -> None:
        """Read the catalogue through the API; raises UserError when the shop does not answer."""
        api = f"{self.settings.shop_url}/api/v1"
        try:
            async with httpx.AsyncClient(timeout=10) as client:
                slugs = await _slugs(client, api)
                products = [await _product(client, api, slug, self.chance) for slug in slugs]
        except httpx.HTTPError as problem:
            raise UserError(
                f"the shop at {self.settings.shop_url} does not answer ({problem}): start it with make up"
            ) from None
        self.catalogue = Catalogue(tuple(products))

    async def visit(self) -> None:
        """One shopper from landing to leaving; a failed request ends the visit and is counted."""
        zone = ZoneInfo(self.settings.shop_time_zone)
        arrival = arrive(CAMPAIGN_DAY, datetime.now(zone).date(), self.chance)
        arrival = Arrival(arrival.referrer, arrival.parameters, None)
        visitor = str(UUID(int=self.chance.getrandbits(128), version=4))
        planned = plan_visit(self.catalogue, visitor, datetime.now(UTC), arrival, self.chance)
        self.visits += 1
        try:
            async with httpx.AsyncClient(headers={"user-agent": planned.agent}, timeout=10) as client:
                await self._walk(client, planned)
        except httpx.HTTPError:
            self.failures += 1

    async def _walk(self, client: httpx.AsyncClient, planned: Visit) -> None:
        passed = 0.0
        for step in planned.steps:
            await asyncio.sleep((step.after - passed) / HURRY)
            passed = step.after
            await self._take(client, planned, step)
        if planned.order:
            await self._buy(client, planned)

    async def _take(self, client: httpx.AsyncClient, planned: Visit, step: Step) -> None:
        if step.event == "page_view":
            await client.get(self.settings.shop_url + step.path)
        event = {
            "event_id": str(uuid4()),
            "event_name": step.event,
            "occurred_at": int(datetime.now(UTC).timestamp() * 1000),
            "visitor_id": planned.visitor_id,
            "page_url": self.settings.shop_url + step.path,
            "page_title": step.title or None,
            "referrer": (f"{self.settings.shop_url}/" if step.after else planned.referrer) or None,
            "language": "en-GB",
            "viewport_width": planned.viewport_width or None,
            **step.fields,
        }
        (await client.post(f"{self.settings.collector_url}/collect", json=event)).raise_for_status()

    async def _buy(self, client: httpx.AsyncClient, planned: Visit) -> None:
        api = f"{self.settings.shop_url}/api/v1"
        person = invent(self.chance, self.chance.randrange(10**9))
        cart = await _post(client, f"{api}/carts", {"visitor_id": planned.visitor_id})
        lines = [{"sku": line.sku.code, "quantity": line.quantity} for line in planned.order]
        await _post(client, f"{api}/carts/{cart['token']}/lines", {"lines": lines})
        order = await _post(client, f"{api}/orders", {"cart": cart["token"], "buyer": vars(person)})
        payment = await _post(client, f"{api}/orders/{order['token']}/payments", {})
        await client.post(payment["redirect_url"], data={"action": "pay"}, follow_redirects=True)
        fields = {"transaction_id": order["number"], "value": order["total"], "currency": order["currency"]}
        thanks = "/orders/thanks"
        await self._take(client, planned, Step(1, "page_view", thanks, "Thank you"))
        await self._take(client, planned, Step(1, "purchase", thanks, "Thank you", fields))
        self.orders += 1


async def _post(client: httpx.AsyncClient, url: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await client.post(url, json=body, headers={"idempotency-key": str(uuid4())})
    answer.raise_for_status()
    parsed: dict[str, Any] = answer.json()
    return parsed


async def _slugs(client: httpx.AsyncClient, api: str) -> list[str]:
    slugs: list[str] = []
    number = 1
    while True:
        answer = await client.get(f"{api}/products", params={"page": number, "page_size": 100})
        answer.raise_for_status()
        found = answer.json()
        slugs += [item["slug"] for item in found["items"]]
        if len(slugs) >= found["total"]:
            return slugs
        number += 1


async def _product(client: httpx.AsyncClient, api: str, slug: str, chance: random.Random) -> Product:
    answer = await client.get(f"{api}/products/{slug}")
    answer.raise_for_status()
    found = answer.json()
    department, *_, category = found["category_path"]
    return Product(
        slug=slug,
        name=found["name"],
        brand=found["brand"]["name"] if found["brand"] else "",
        category=category["name"],
        category_slug=category["slug"],
        department=department["name"],
        popularity=min(chance.paretovariate(1.5), 9),
        skus=tuple(
            Sku(sku["id"], sku["code"], " / ".join(sku["options"].values()), sku["price"])
            for sku in found["skus"]
            if sku["available"] > 0
        )
        or tuple(Sku(sku["id"], sku["code"], "", sku["price"]) for sku in found["skus"][:1]),
    )
