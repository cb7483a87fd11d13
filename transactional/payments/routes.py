"""Paying over HTTP: start a payment, come back from the provider, and what the provider tells by itself."""

from collections.abc import Callable
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import PlainTextResponse, Response

from transactional.api import (
    API,
    Currency,
    IdempotencyKey,
    once_after,
    problems,
    request_id,
    respond,
    shop_of,
)
from transactional.errors import NotFound
from transactional.orders.routes import view_of
from transactional.orders.schemas import OrderView
from transactional.payments import cashier, inbox, methods, service
from transactional.payments.errors import RefundExceedsPayment
from transactional.payments.provider import RemotePayment
from transactional.payments.schemas import PayIn, PaymentMethods, PaymentMethodView, PayView, WebhookView
from transactional.unit_of_work import UnitOfWork

router = APIRouter(prefix=API, tags=["payments"])


@router.get("/payment-methods", response_model=PaymentMethods, responses=problems(400))
async def list_payment_methods(request: Request, currency: Currency = None) -> Response:
    """How this shop's orders in a currency can be paid; the first unless another is wanted."""
    shop = shop_of(request)
    ways = methods.offered(shop.providers, shop.terms.currency_of(currency))
    shown = [
        PaymentMethodView(
            method=way.method, provider=way.provider, name=way.name, installments=way.installments
        )
        for way in ways
    ]
    return respond(PaymentMethods(items=shown))


@router.post(
    "/orders/{token}/payments",
    status_code=201,
    response_model=PayView,
    responses=problems(400, 404, 409, 503),
)
async def pay(request: Request, key: IdempotencyKey, token: str, body: PayIn) -> Response:
    """Make the provider expect the money; send the shopper to `redirect_url`."""
    shop = shop_of(request)
    order_id = shop.keys.row_id("order", token)
    wanted = body.model_dump(include={"method", "provider", "installments"})
    way = partial(methods.choose, shop.providers, **wanted) if any(wanted.values()) else None
    return_url = str(body.return_url) if body.return_url else cashier.default_return_url(shop, order_id)

    async def ask_provider() -> Callable[[UnitOfWork], PayView]:
        remote = await cashier.start(shop, order_id, return_url, way)

        def work(uow: UnitOfWork) -> PayView:
            service.note_external_id(uow, remote.reference, remote.external_id)
            return PayView(
                payment_id=remote.reference,
                status=remote.status,
                amount=remote.amount,
                currency=remote.currency,
                redirect_url=remote.redirect_url,
            )

        return work

    return await once_after(request, key, "shopper", ask_provider)


@router.get("/orders/{token}/return", response_model=OrderView, responses=problems(404))
async def come_back(request: Request, token: str) -> Response:
    """Where the provider sends the shopper: the payment is looked up unless a webhook told already."""
    shop = shop_of(request)
    order_id = shop.keys.row_id("order", token)
    await cashier.confirm(shop, order_id, request_id(request))
    with shop.database.read() as db:
        return respond(view_of(shop, db, order_id))


_OF_SANDBOX = {
    "id": "evt_1",
    "type": "payment.captured",
    "created_at": "2026-11-27T10:00:00Z",
    "payment": {
        "id": "pay_1",
        "reference": "0190a5c0-0000-7000-8000-000000000000",
        "status": "captured",
        "amount": 1_395,
        "currency": "GBP",
        "pay_url": "http://127.0.0.1:8002/pay/pay_1",
    },
}
_TOLD = {
    "requestBody": {
        "required": True,
        "description": "In the provider's own form; the example is the sandbox's, signed in a header.",
        "content": {
            "application/json": {"schema": {"type": "object"}, "example": _OF_SANDBOX},
            "application/x-www-form-urlencoded": {"schema": {"type": "object"}},
        },
    }
}


@router.post(
    "/webhooks/{provider}",
    response_model=WebhookView,
    responses=problems(401, 404, 409),
    openapi_extra=_TOLD,
)
async def webhook(
    request: Request, provider: Annotated[str, Path(max_length=32, examples=["sandbox"])]
) -> Response:
    """What a provider tells by itself; signed by it, acted on once, and acknowledged in its own words."""
    shop = shop_of(request)
    body = await request.body()
    sender = shop.providers.get(provider)
    if sender is None:
        raise NotFound("payment provider", provider)
    event = sender.read_webhook(request.headers, body, shop.database.clock())
    actor = (f"provider:{provider}", request_id(request))
    try:
        async with shop.database.request(*actor) as uow:
            outcome = inbox.receive(uow, provider, event, body)
    except RefundExceedsPayment as problem:
        async with shop.database.request(*actor) as uow:
            inbox.keep(uow, provider, event, body, str(problem))
        raise
    if outcome in ("authorised", "voiding") and isinstance(event.news, RemotePayment):
        outcome = await cashier.finish(shop, event.news.reference, request_id(request))
    if outcome == "refunding":
        request.app.state.refunds_waiting.set()
    if sender.receipt:
        return PlainTextResponse(sender.receipt)
    return respond(WebhookView(outcome=outcome))
