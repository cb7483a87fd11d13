"""kill -9 of the shop at any moment: what it acknowledged is there once, the rest can be asked again."""

import random
import threading
import uuid
from collections import Counter
from pathlib import Path

import books
import httpx
import replaying
from processes import eventually
from serving import Street
from shopping import fill_shelves, order_body, rows_of
from tenacity import Retrying, retry_if_exception_type, retry_if_result, stop_after_delay, wait_fixed

from transactional.orders.models import orders
from transactional.payments.models import payments
from transactional.shop import open_shop

KILLS = 2
SHOPPERS = 3


class Shopper(threading.Thread):
    """Buys until told to stop; a request without an answer is sent again with the same key."""

    def __init__(self, street: Street, stop: threading.Event):
        super().__init__()
        self._street = street
        self._stop_shopping = stop
        self._client = httpx.Client(base_url=street.settings.shop_url, timeout=10)
        self.acknowledged: list[str] = []
        self.paid: list[str] = []
        self.fault: BaseException | None = None

    def run(self) -> None:
        try:
            while not self._stop_shopping.is_set():
                self._buy()
        except BaseException as fault:
            self.fault = fault

    def _buy(self) -> None:
        cart = self._post("/api/v1/carts", {})["token"]
        lines = [{"sku": f"SHIRT{number}-S"} for number in range(3)]
        self._post(f"/api/v1/carts/{cart}/lines", {"lines": lines})
        order = self._post("/api/v1/orders", order_body(cart))
        self.acknowledged.append(order["id"])
        payment = self._post(f"/api/v1/orders/{order['token']}/payments", {})
        # Killed or not, the money is taken; how the shop learns of it differs.
        self._street.pay(payment["redirect_url"], random.choice(["now", "twice", "never"]))
        self.paid.append(order["id"])

    def _post(self, path: str, body: dict[str, object]) -> dict[str, str]:
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        again = Retrying(
            stop=stop_after_delay(120),
            wait=wait_fixed(0.05),
            retry=retry_if_exception_type(httpx.TransportError)
            | retry_if_result(lambda answer: answer.status_code == 503),
        )
        answer = again(self._client.post, path, json=body, headers=headers)
        answer.raise_for_status()
        found: dict[str, str] = answer.json()
        return found


def test_a_killed_shop_loses_and_doubles_nothing(database_url: str, tmp_path: Path) -> None:
    street = Street(tmp_path / "home", database_url)
    shop = open_shop(street.settings)
    fill_shelves(shop, units=10_000)
    stop = threading.Event()
    shoppers = [Shopper(street, stop) for _ in range(SHOPPERS)]
    try:
        street.start("sandbox", "shop")
        for shopper in shoppers:
            shopper.start()
        for _ in range(KILLS):
            # Not a wait for something: the moment of the kill is meant to be any.
            stop.wait(random.uniform(0.2, 1.0))
            street.kill("shop")
            street.start("shop")
        stop.set()
        for shopper in shoppers:
            shopper.join()
        assert [shopper.fault for shopper in shoppers] == [None] * SHOPPERS
        paid = {order_id for shopper in shoppers for order_id in shopper.paid}
        eventually(
            lambda: paid <= {row["id"] for row in rows_of(shop, orders) if row["status"] == "paid"},
            "every order whose money was taken is paid",
        )
    finally:
        stop.set()
        street.stop()
    acknowledged = [order_id for shopper in shoppers for order_id in shopper.acknowledged]
    assert len(acknowledged) > KILLS
    assert {row["id"] for row in rows_of(shop, orders)} == set(acknowledged)
    assert len(acknowledged) == len(set(acknowledged))
    assert set(Counter(row["order_id"] for row in rows_of(shop, payments)).values()) == {1}
    replaying.log_gives_the_tables(shop, replaying.changes_of(shop))
    books.stock_adds_up(shop)
    books.orders_hold_what_they_cost(shop)
    shop.database.engine.dispose()
