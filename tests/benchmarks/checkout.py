"""Shoppers who buy over HTTP as fast as they are answered: from the shop, or from the bare one."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx

from orchestration.simulation.people import invent
from transactional.payments import signatures

CLIENTS = 4


class Checkout:
    """Five requests: create a cart, add three lines, place the order, ask for the payment, its webhook.

    A gift card pays a part of the order, and a promotion is on.
    """

    def __init__(
        self, url: str, client: httpx.AsyncClient, skus: list[str], gift_cards: list[str], secret: bytes
    ) -> None:
        self._api = f"{url}/api/v1"
        self._client = client
        self._skus = skus
        self._gift_cards = gift_cards
        self._secret = secret

    async def run(self, number: int) -> None:
        cart = await self._post("/carts", {})
        lines = [
            {"sku": self._skus[(number * 3 + place) % len(self._skus)], "quantity": 1} for place in range(3)
        ]
        await self._post(f"/carts/{cart['token']}/lines", {"lines": lines})
        buyer = vars(invent(random.Random(number), number))
        code = self._gift_cards[number % len(self._gift_cards)]
        tenders = [{"method": "gift_card", "code": code, "amount": 500}]
        order = await self._post("/orders", {"cart": cart["token"], "buyer": buyer, "tenders": tenders})
        payment = await self._post(f"/orders/{order['token']}/payments", {})
        await self._webhook(payment)

    async def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = await self._client.post(
            self._api + path, json=body, headers={"idempotency-key": str(uuid4())}
        )
        answer.raise_for_status()
        parsed: dict[str, Any] = answer.json()
        return parsed

    async def _webhook(self, payment: dict[str, Any]) -> None:
        event = {
            "id": str(uuid4()),
            "type": "payment.captured",
            "created_at": datetime.now(UTC).isoformat(),
            "payment": {
                "id": payment["redirect_url"].rsplit("/", 1)[-1],
                "reference": payment["payment_id"],
                "status": "captured",
                "amount": payment["amount"],
                "currency": payment["currency"],
                "pay_url": payment["redirect_url"],
            },
        }
        request = self._client.build_request("POST", f"{self._api}/webhooks/sandbox", json=event)
        request.headers[signatures.HEADER] = signatures.sign(self._secret, request.content, datetime.now(UTC))
        (await self._client.send(request)).raise_for_status()


async def spread(work: Callable[[int], Awaitable[None]], numbers: range, clients: int = CLIENTS) -> float:
    """Do `work` for each of `numbers` from several clients at once; returns the seconds it took."""
    left = iter(numbers)

    async def one() -> None:
        for number in left:
            await work(number)

    started = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(clients)))
    return time.perf_counter() - started
