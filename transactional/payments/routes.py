"""Paying over HTTP: start a payment, come back from the provider, and what the provider tells by itself."""

from collections.abc import Callable

from fastapi import APIRouter, Request
from fastapi.responses import Response

from transactional.api import API, IdempotencyKey, once_after, problems, request_id, respond, shop_of
from transactional.orders.routes import view_of
from transactional.orders.schemas import OrderView
from transactional.payments import cashier, inbox, service
from transactional.payments.schemas import PayIn, PayView, WebhookView
from transactional.unit_of_work import UnitOfWork

router = APIRouter(prefix=API, tags=["payments"])


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
    return_url = str(body.return_url) if body.return_url else cashier.default_return_url(shop, order_id)

    async def ask_provider() -> Callable[[UnitOfWork], PayView]:
        remote = await cashier.start(shop, order_id, return_url)

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


@router.post("/webhooks/sandbox", response_model=WebhookView, responses=problems(401, 404))
async def sandbox_webhook(request: Request) -> Response:
    """What the provider tells by itself; signed by it, and acted on once."""
    shop = shop_of(request)
    body = await request.body()
    event = shop.provider.read_webhook(request.headers, body, shop.database.clock())
    with shop.database.transaction(f"provider:{shop.provider.name}", request_id(request)) as uow:
        outcome = inbox.receive(uow, shop.provider.name, event, body)
    if outcome == "refunding":
        request.app.state.refunds_waiting.set()
    return respond(WebhookView(outcome=outcome))
