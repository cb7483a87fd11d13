"""Every endpoint, called as OpenAPI's own examples say; only what was made on the way is filled in."""

from typing import Any

from fastapi.testclient import TestClient
from shopping import Shelves, key

from transactional.members.models import customers
from transactional.payments import signatures
from transactional.payments.models import refunds
from transactional.payments.service import record_refund
from transactional.security import sandbox_secret
from transactional.shop import Shop

API = "/api/v1"


class Tour:
    """Calls endpoints by their examples and remembers which.

    Args:
        made: values by the names of fields and path parameters, which stand in for their examples.
    """

    def __init__(self, client: TestClient, staff: dict[str, str], **made: str) -> None:
        self.client = client
        self.headers = staff
        self.document = client.get(f"{API}/openapi.json").json()
        self.made = made
        self.called: set[tuple[str, str]] = set()

    def call(self, method: str, path: str, **made: str) -> Any:
        """The answer as JSON; fails unless it is the success that is described."""
        described = self.document["paths"][path if path == "/healthz" else API + path][method]
        known = self.made | made
        arguments: dict[str, Any] = {"headers": self.headers | key()}
        address = "/healthz" if path == "/healthz" else API + path
        query = {}
        for parameter in described.get("parameters", []):
            name = parameter["name"]
            if parameter["in"] == "path":
                address = address.replace(
                    f"{{{name}}}", known.get(name) or self._example(parameter["schema"])
                )
            elif parameter["in"] == "query" and parameter.get("required"):
                query[name] = known.get(name) or self._example(parameter["schema"])
        for kind, content in described.get("requestBody", {}).get("content", {}).items():
            arguments["headers"]["content-type"] = kind
            body = content["example"] if "example" in content else self._example(content["schema"])
            arguments["content" if isinstance(body, str) else "json"] = filled(body, known)
        answer = self.client.request(method, address, params=query, **arguments)
        successes = [int(status) for status in described["responses"] if status < "300"]
        assert answer.status_code in successes, f"{method} {path} {arguments}: {answer.text}"
        self.called.add((method, path))
        return answer.json() if answer.headers["content-type"] == "application/json" else answer.text

    def _example(self, schema: dict[str, Any]) -> Any:
        """The schema's own example, or one put together from its fields: the required, and those with one."""
        if "$ref" in schema:
            schema = self.document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
        for name in ("examples", "enum"):
            if schema.get(name):
                return schema[name][0]
        for name in ("const", "default"):
            if name in schema:
                return schema[name]
        for name in ("anyOf", "oneOf", "allOf"):
            if name in schema:
                return self._example(schema[name][0])
        if schema.get("type") == "object":
            fields = schema.get("properties", {})
            shown = {name for name, field in fields.items() if "examples" in field} | {
                *schema.get("required", [])
            }
            return {name: self._example(fields[name]) for name in fields if name in shown}
        if schema.get("type") == "array":
            return [self._example(schema["items"])] if schema.get("minItems") else []
        return ""


def filled(body: Any, known: dict[str, str]) -> Any:
    match body:
        case dict():
            return {
                name: known[name] if isinstance(value, str) and name in known else filled(value, known)
                for name, value in body.items()
            }
        case list():
            return [filled(each, known) for each in body]
        case _:
            return body


def shop_around(tour: Tour) -> None:
    for path in ("/healthz", "/categories", "/brands", "/products", "/payment-methods"):
        tour.call("get", path)
    for path in ("/products/{slug}", "/products/{slug}/reviews", "/products/{slug}/questions"):
        tour.call("get", path, slug="shirt-0")
    tour.call("post", "/products/{slug}/reviews", slug="shirt-0")
    tour.call("post", "/products/{slug}/questions", slug="shirt-0")
    for kind in ("reviews", "questions"):
        waiting = tour.call("get", f"/staff/catalogue/{kind}")["items"]
        name = kind.removesuffix("s")
        tour.call(
            "put", f"/staff/catalogue/{kind}/{{{name}_id}}/moderation", **{f"{name}_id": waiting[0]["id"]}
        )


def run_promotions(tour: Tour) -> str:
    """Returns a code that opens the promotion, which is on."""
    promotion = tour.call("post", "/staff/promotions")["id"]
    tour.call("get", "/staff/promotions")
    tour.call("put", "/staff/promotions/{promotion_id}", promotion_id=promotion)
    tour.call("post", "/staff/promotions/evaluate")
    for event in ("activate", "pause", "end"):
        tour.call("post", f"/staff/promotions/{{promotion_id}}/{event}", promotion_id=promotion)
    tour.call("get", "/staff/promotions/{promotion_id}", promotion_id=promotion)
    span = {"start": "2026-11-01T00:00:00Z", "end": "2026-11-22T00:00:00Z"}
    tour.call("get", "/staff/promotions/{promotion_id}/simulation", promotion_id=promotion, **span)
    body = {"name": "Codes", "template": {"kind": "percent", "off_bp": 1_000}, "needs_code": True}
    made = tour.client.post(f"{API}/staff/promotions", json=body, headers=tour.headers | key()).json()["id"]
    code: str = tour.call("post", "/staff/promotions/{promotion_id}/codes", promotion_id=made)["codes"][0]
    tour.call("post", "/staff/promotions/{promotion_id}/activate", promotion_id=made)
    tour.call("get", "/staff/promotions/{promotion_id}/codes", promotion_id=made)
    spare = tour.call("post", "/staff/promotions/{promotion_id}/codes", promotion_id=made)["codes"][0]
    tour.call("delete", "/staff/promotions/{promotion_id}/codes/{code}", promotion_id=made, code=spare)
    return code


def buy(tour: Tour, shop: Shop, code: str) -> dict[str, Any]:
    """Returns an order that is paid."""
    cart = tour.call("post", "/carts")["token"]
    line = tour.call("post", "/carts/{token}/lines", token=cart)["lines"][0]["id"]
    tour.call("put", "/carts/{token}/lines/{line_id}", token=cart, line_id=line)
    tour.call("post", "/carts/{token}/coupons", token=cart, code=code)
    tour.call("delete", "/carts/{token}/coupons/{code}", token=cart, code=code)
    for path in ("/carts/{token}", "/carts/{token}/delivery", "/carts/{token}/checkout"):
        tour.call("get", path, token=cart)
    tour.call("post", "/carts/{token}/checkout", token=cart)
    tour.call("get", "/carts/{token}/addresses", token=cart)
    tour.call("delete", "/carts/{token}/lines/{line_id}", token=cart, line_id=line)
    tour.call("post", "/carts/{token}/lines", token=cart)
    order: dict[str, Any] = tour.call("post", "/orders", cart=cart)
    payment = tour.call("post", "/orders/{token}/payments", token=order["token"])
    tell(tour, shop, payment)
    for path in ("/orders/{token}", "/orders/{token}/return"):
        tour.call("get", path, token=order["token"])
    return order | payment


def tell(tour: Tour, shop: Shop, payment: dict[str, Any]) -> None:
    """The provider's webhook, which only it can sign."""
    described = tour.document["paths"][f"{API}/webhooks/{{provider}}"]["post"]
    example = described["requestBody"]["content"]["application/json"]["example"]
    told = {
        "id": payment["redirect_url"].rsplit("/", 1)[-1],
        "reference": payment["payment_id"],
        "amount": payment["amount"],
    }
    event = example | {"id": f"evt_{payment['payment_id']}", "payment": example["payment"] | told}
    request = tour.client.build_request("POST", f"{API}/webhooks/sandbox", json=event)
    secret = sandbox_secret(shop.settings)
    request.headers[signatures.HEADER] = signatures.sign(secret, request.content, shop.database.clock())
    assert tour.client.send(request).json() == {"outcome": "paid"}
    tour.called.add(("post", "/webhooks/{provider}"))


def look_after(tour: Tour, order: dict[str, Any]) -> None:
    ids = {"order_id": order["id"], "token": order["token"], "order_line_id": order["lines"][0]["id"]}
    tour.call("get", "/staff/orders/{order_id}", **ids)
    number = tour.call("post", "/orders/{token}/invoices", **ids)["invoices"][0]["number"]
    tour.call("post", "/staff/orders/{order_id}/invoices", **ids)
    tour.call("get", "/orders/{token}/invoices", **ids)
    tour.call("get", "/staff/orders/{order_id}/invoices", **ids)
    tour.call("get", "/orders/{token}/invoice.pdf", **ids)
    tour.call("get", "/orders/{token}/invoices/{number}.pdf", number=number, **ids)
    tour.call("get", "/staff/invoices/{number}.pdf", number=number)
    tour.call("get", "/staff/invoices")
    tour.call("post", "/staff/orders/{order_id}/notes", **ids)
    tour.call("put", "/staff/orders/{order_id}/marks/{label}", **ids)
    tour.call("get", "/staff/orders/{order_id}/remarks", **ids)
    tour.call("delete", "/staff/orders/{order_id}/marks/{label}", **ids)
    tour.call("get", "/staff/payments/orders/{order_id}/tenders", **ids)
    change_it(tour, ids)
    for step in ("hold", "approve", "ship", "deliver", "complete", "returns"):
        tour.call("post", f"/staff/orders/{{order_id}}/{step}", **ids)
    tour.call("get", "/staff/orders/{order_id}/history", **ids)
    tour.call("get", "/staff/ledger/trial-balance")
    tour.call("get", "/staff/ledger/accounts/{account}")
    tour.call("get", "/staff/ledger/tax")
    tour.call("get", "/staff/ledger/entries")
    written = tour.call("post", "/staff/ledger/entries")["reference"]
    tour.call("post", "/staff/ledger/entries/{reference}/reversal", reference=written)
    tour.call("post", "/staff/ledger/supplier-payments")
    tour.call("get", "/staff/ledger/entries/{reference}", reference=f"order:{order['number']}:paid")


def change_it(tour: Tour, ids: dict[str, str]) -> None:
    tour.call("post", "/staff/orders/{order_id}/changes/preview", **ids)
    number = tour.call("post", "/staff/orders/{order_id}/changes", **ids)["number"]
    tour.call("post", "/staff/orders/{order_id}/changes/{number}/cancel", number=number, **ids)
    tour.call("get", "/staff/orders/{order_id}/changes", **ids)
    tour.call("get", "/orders/{token}/changes", **ids)


def settle_failed_refunds(tour: Tour, shop: Shop) -> None:
    """The provider could not pay the last one, and not when it was asked again either."""

    def fail() -> str:
        with shop.database.transaction("provider:sandbox") as uow:
            refund = uow.rows(refunds.select().where(refunds.c.status == "pending"))[-1]
            record_refund(uow, refund["id"], f"back_{refund['id']}", succeeded=False)
            return str(refund["id"])

    first = fail()
    tour.call("get", "/staff/payments/refunds")
    tour.call("get", "/staff/payments/messages")
    tour.call("post", "/staff/payments/refunds/{refund_id}/retry", refund_id=first)
    tour.call("post", "/staff/payments/refunds/{refund_id}/to-balance", refund_id=fail())


def enter_orders(tour: Tour) -> None:
    tour.call("post", "/staff/orders")
    tour.call("get", "/staff/orders")
    tour.call("post", "/staff/gift-lists")
    tour.call("post", "/staff/gratis-orders")
    group = tour.call("post", "/staff/groups")["code"]
    tour.call("get", "/groups/{code}", code=group)
    joined = tour.call("post", "/groups/{code}/orders", code=group)
    tour.call("post", "/orders/{token}/cancel", token=joined["token"])
    tour.call("get", "/staff/groups")
    tour.call("post", "/staff/groups/{code}/end", code=group)


def keep_customers(tour: Tour, customer_id: str) -> None:
    tour.call("get", "/staff/customers")
    tour.call("get", "/staff/customers/{customer_id}", customer_id=customer_id)
    tour.call("put", "/staff/customers/{customer_id}/groups", customer_id=customer_id)
    for method, path in (("put", "/{label}"), ("get", ""), ("delete", "/{label}")):
        tour.call(method, f"/staff/customers/{{customer_id}}/addresses{path}", customer_id=customer_id)
    card = tour.call("post", "/staff/payments/gift-cards")["id"]
    for step in ("block", "unblock"):
        tour.call("post", f"/staff/payments/gift-cards/{{card_id}}/{step}", card_id=card)
    tour.call("get", "/staff/payments/gift-cards/{card_id}", card_id=card)
    tour.call("get", "/staff/payments/gift-cards")
    tour.call("post", "/staff/payments/credits")
    wallet = tour.call("get", "/staff/payments/wallet", email="ada@example.com")["token"]
    tour.call("post", "/carts/{token}/customer", token=tour.call("post", "/carts")["token"], wallet=wallet)
    tour.call("post", "/staff/payouts")
    tour.call("get", "/staff/payouts/reconciliation")


def fill_the_catalogue(tour: Tour) -> None:
    category = tour.call("post", "/staff/catalogue/categories")["id"]
    tour.call("post", "/staff/catalogue/imports/{name}")
    tour.call("patch", "/staff/catalogue/categories/{category_id}", category_id=category)
    tour.call("put", "/staff/catalogue/categories/{category_id}/place", category_id=category)
    tour.call("get", "/staff/catalogue/categories")
    brand = tour.call("post", "/staff/catalogue/brands")["id"]
    tour.call("get", "/staff/catalogue/brands")
    tour.call("patch", "/staff/catalogue/brands/{brand_id}", brand_id=brand)
    product = tour.call("post", "/staff/catalogue/products", category_id=category)["id"]
    sku = tour.call("post", "/staff/catalogue/products/{product_id}/skus", product_id=product)["skus"][0][
        "id"
    ]
    tour.call("post", "/staff/catalogue/products/{product_id}/matrix", product_id=product)
    tour.call("post", "/staff/catalogue/products/{product_id}/matrix/skus", product_id=product)
    tour.call("put", "/staff/catalogue/products/{product_id}/options", product_id=product)
    for method, path in (
        ("put", "/schedule"),
        ("put", "/status"),
        ("put", "/pictures"),
        ("patch", ""),
        ("get", ""),
    ):
        tour.call(method, f"/staff/catalogue/products/{{product_id}}{path}", product_id=product)
    tour.call("get", "/staff/catalogue/products")
    tour.call("patch", "/staff/catalogue/skus/{sku_id}", sku_id=sku)
    tour.call("put", "/staff/catalogue/skus/{sku_id}/retired", sku_id=sku)
    tour.call("put", "/staff/catalogue/skus/{sku_id}/prices", sku_id=sku)
    tour.call("get", "/staff/catalogue/skus/{sku_id}/prices", sku_id=sku)
    digest = tour.call("post", "/staff/catalogue/bulk/preview")["digest"]
    tour.call("post", "/staff/catalogue/bulk", digest=digest)
    tour.call("get", "/staff/catalogue/exports/{name}")
    body = {"slug": "empty", "name": "Empty"}
    empty = tour.client.post(f"{API}/staff/catalogue/categories", json=body, headers=tour.headers | key())
    tour.call("delete", "/staff/catalogue/categories/{category_id}", category_id=empty.json()["id"])
    body = {"slug": "unsold", "name": "Unsold", "category_id": category, "skus": [{"code": "U", "price": 1}]}
    unsold = tour.client.post(f"{API}/staff/catalogue/products", json=body, headers=tour.headers | key())
    tour.call("delete", "/staff/catalogue/products/{product_id}", product_id=unsold.json()["id"])
    body = {"slug": "unused", "name": "Unused"}
    unused = tour.client.post(f"{API}/staff/catalogue/brands", json=body, headers=tour.headers | key())
    tour.call("delete", "/staff/catalogue/brands/{brand_id}", brand_id=unused.json()["id"])


def move_stock(tour: Tour) -> None:
    tour.call("put", "/staff/warehouses/{code}")
    tour.call("get", "/staff/warehouses")
    tour.call("post", "/staff/stock/receipts")
    tour.call("post", "/staff/stock/adjustments")
    number = tour.call("post", "/staff/stock/transfers")["number"]
    tour.call("get", "/staff/stock/transfers/{number}", number=number)
    tour.call("post", "/staff/stock/transfers/{number}/arrive", number=number)
    tour.call("post", "/staff/stock/receipts")
    lost = tour.call("post", "/staff/stock/transfers")["number"]
    tour.call("post", "/staff/stock/transfers/{number}/close", number=lost)
    tour.call("get", "/staff/stock/transfers")
    tour.call("get", "/staff/stock")
    tour.call("get", "/staff/stock/{sku}")
    tour.call("get", "/staff/stock/{sku}/movements")
    tour.call("put", "/staff/stock/{sku}/supply")
    tour.call("get", "/staff/stock/{sku}/supply")


def set_terms(tour: Tour) -> None:
    tour.call("get", "/staff/delivery")
    tour.call("put", "/staff/delivery/zones/{code}")
    tour.call("put", "/staff/delivery/methods/{code}")
    tour.call("delete", "/staff/delivery/methods/{code}", code="standard")
    tour.call("delete", "/staff/delivery/zones/{code}", code="everywhere")
    tour.call("get", "/staff/tax")
    tour.call("put", "/staff/tax/zones/{code}")
    tour.call("delete", "/staff/tax/zones/{code}", code="rest")


def test_every_example_works_when_it_is_tried(
    client: TestClient, staff: dict[str, str], shelves: Shelves, open_for_business: Shop
) -> None:
    tour = Tour(client, staff, sku="SHIRT0-S")
    shop_around(tour)
    order = buy(tour, open_for_business, run_promotions(tour))
    look_after(tour, order)
    another = buy(tour, open_for_business, run_promotions(tour))
    line = another["lines"][0]["id"]
    tour.call("post", "/staff/orders/{order_id}/cancellations", order_id=another["id"], order_line_id=line)
    promotion = tour.client.get(f"{API}/staff/promotions", headers=tour.headers).json()["items"][0]["id"]
    tour.call("delete", "/staff/promotions/{promotion_id}/codes", promotion_id=promotion)
    left = buy(tour, open_for_business, run_promotions(tour))
    sent = buy(tour, open_for_business, run_promotions(tour))
    parcel = tour.call("post", "/staff/orders/{order_id}/shipments", order_id=sent["id"])["items"][0]
    tour.call("get", "/staff/orders/{order_id}/shipments", order_id=sent["id"])
    tour.call("get", "/staff/orders/{order_id}/backorders", order_id=sent["id"])
    tour.call(
        "post",
        "/staff/orders/{order_id}/shipments/{number}/deliver",
        order_id=sent["id"],
        number=parcel["number"],
    )
    tour.call("post", "/staff/orders/{order_id}/cancel", order_id=left["id"])
    settle_failed_refunds(tour, open_for_business)
    enter_orders(tour)
    with open_for_business.database.read() as db:
        (customer,) = db.rows(customers.select())
    keep_customers(tour, customer["id"])
    fill_the_catalogue(tour)
    move_stock(tour)
    set_terms(tour)
    described = {
        (method, path.removeprefix(API))
        for path, methods in tour.document["paths"].items()
        for method in methods
    }
    assert tour.called == described
