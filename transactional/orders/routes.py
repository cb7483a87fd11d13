"""Orders over HTTP. Shoppers address theirs by its token; the staff's part needs the staff token."""

from functools import partial
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response

from transactional.api import API, STAFF_ONLY, IdempotencyKey, once, problems, respond, shop_of
from transactional.checkout.tenders import wanted
from transactional.orders import after_sales, service, shipping
from transactional.orders.schemas import CreditIn, CreditNoteView, OrderIn, OrderView, ReasonIn, ReturnIn
from transactional.orders.service import OrderWithLines
from transactional.orders.views import credit_note_view, order_view
from transactional.payments import gift_cards, methods
from transactional.payments.views import tenders_view
from transactional.shop import Shop
from transactional.unit_of_work import Reading, UnitOfWork

router = APIRouter(prefix=API, tags=["orders"])


def view_of(shop: Shop, db: Reading, order_id: str) -> OrderView:
    return order_view(service.find(db, order_id), shop.keys)


@router.post("/orders", status_code=201, response_model=OrderView, responses=problems(400, 404, 409))
async def place_order(request: Request, key: IdempotencyKey, body: OrderIn) -> Response:
    """Order a cart: its prices are taken again, its stock is reserved, and it waits for payment."""
    shop = shop_of(request)
    cart_id = shop.keys.row_id("cart", body.cart)

    def work(uow: UnitOfWork) -> OrderView:
        placed = service.place(
            uow,
            shop.terms,
            cart_id,
            body.buyer.buyer(),
            way=partial(methods.choose, shop.providers),
            wishes=body.wishes(),
            expected_total=body.expected_total,
            tenders=wanted(body.tenders, shop.keys),
        )
        order = service.header(uow, placed.order_id)
        return order_view(OrderWithLines(order, placed.lines, placed.promotions), shop.keys)

    return await once(request, key, "shopper", work)


@router.get("/orders/{token}", response_model=OrderView, responses=problems(404))
async def get_order(request: Request, token: str) -> Response:
    """An order as its buyer sees it."""
    shop = shop_of(request)
    order_id = shop.keys.row_id("order", token)
    with shop.database.read() as db:
        found = service.find(db, order_id)
        cards = gift_cards.of_order(db, found.order)
        tenders = tenders_view(db, order_id)
    # Only here: answers to POSTs are stored, and codes are not to be.
    view = order_view(found, shop.keys)
    view.gift_cards = [shop.keys.gift_card_code(card["number"]) for card in cards]
    view.paid_by = tenders.items
    return respond(view)


@router.post("/orders/{token}/cancel", response_model=OrderView, responses=problems(400, 404, 409))
async def cancel_own(request: Request, key: IdempotencyKey, token: str) -> Response:
    """Call one's own order off before any of it is sent; what was paid goes back the way it came."""
    shop = shop_of(request)
    order_id = shop.keys.row_id("order", token)

    def work(uow: UnitOfWork) -> OrderView:
        after_sales.cancel_own(uow, order_id)
        return view_of(shop, uow, order_id)

    answer = await once(request, key, "shopper", work, 200)
    request.app.state.refunds_waiting.set()
    return answer


staff_router = APIRouter(prefix=f"{API}/staff/orders", tags=["staff"], dependencies=[STAFF_ONLY])
_REFUSALS = problems(400, 401, 404, 409)


@staff_router.get("/{order_id}", response_model=OrderView, responses=problems(401, 404))
async def get_any_order(request: Request, order_id: UUID) -> Response:
    """Any order, by its id."""
    shop = shop_of(request)
    with shop.database.read() as db:
        return respond(view_of(shop, db, str(order_id)))


@staff_router.post("/{order_id}/ship", response_model=OrderView, responses=_REFUSALS)
async def ship(request: Request, key: IdempotencyKey, order_id: UUID) -> Response:
    """All that is left of the order leaves the house."""
    shop = shop_of(request)

    def work(uow: UnitOfWork) -> OrderView:
        shipping.ship(uow, str(order_id))
        return view_of(shop, uow, str(order_id))

    return await once(request, key, "staff", work, 200)


@staff_router.post("/{order_id}/deliver", response_model=OrderView, responses=_REFUSALS)
async def deliver(request: Request, key: IdempotencyKey, order_id: UUID) -> Response:
    """The order has arrived."""
    shop = shop_of(request)

    def work(uow: UnitOfWork) -> OrderView:
        shipping.deliver(uow, str(order_id))
        return view_of(shop, uow, str(order_id))

    return await once(request, key, "staff", work, 200)


@staff_router.post("/{order_id}/cancel", response_model=OrderView, responses=_REFUSALS)
async def cancel(request: Request, key: IdempotencyKey, order_id: UUID, body: ReasonIn) -> Response:
    """Call the order off; what was paid goes back."""
    shop = shop_of(request)

    def work(uow: UnitOfWork) -> OrderView:
        after_sales.cancel(uow, str(order_id), body.reason)
        return view_of(shop, uow, str(order_id))

    answer = await once(request, key, "staff", work, 200)
    request.app.state.refunds_waiting.set()
    return answer


@staff_router.post(
    "/{order_id}/cancellations", status_code=201, response_model=CreditNoteView, responses=_REFUSALS
)
async def cancel_lines(request: Request, key: IdempotencyKey, order_id: UUID, body: CreditIn) -> Response:
    """Take units that are not sent yet off a paid order: they are credited, and their money goes back."""

    def work(uow: UnitOfWork) -> CreditNoteView:
        return credit_note_view(after_sales.cancel_lines(uow, str(order_id), body.quantities(), body.reason))

    answer = await once(request, key, "staff", work)
    request.app.state.refunds_waiting.set()
    return answer


@staff_router.post("/{order_id}/returns", status_code=201, response_model=CreditNoteView, responses=_REFUSALS)
async def return_lines(request: Request, key: IdempotencyKey, order_id: UUID, body: ReturnIn) -> Response:
    """Units came back: they are credited, their money goes back, and they are on the shelf again."""

    def work(uow: UnitOfWork) -> CreditNoteView:
        note = after_sales.return_lines(
            uow,
            str(order_id),
            body.quantities(),
            body.reason,
            warehouse=body.warehouse,
            is_damaged=body.condition == "damaged",
        )
        return credit_note_view(note)

    answer = await once(request, key, "staff", work)
    request.app.state.refunds_waiting.set()
    return answer
