"""Tenders over HTTP, for the staff: gift cards, customers' wallets, and how an order was paid.

A code or a token that opens money is only shown by a GET: answers to POSTs are stored.
"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from transactional.api import API, STAFF_ONLY, IdempotencyKey, once, problems, respond, shop_of
from transactional.errors import NotFound
from transactional.ledger import events as ledger
from transactional.ledger import service as accounts
from transactional.ledger.chart import BALANCE, POINTS, held
from transactional.members import service as members
from transactional.orders import service as orders
from transactional.payments import failed_refunds, gift_cards, inbox, views
from transactional.payments.gift_cards import Search
from transactional.payments.schemas import (
    CardStatus,
    CreditIn,
    GiftCardIn,
    GiftCardsView,
    GiftCardView,
    MessagesView,
    MessageView,
    RefundView,
    RetryView,
    TendersView,
    UnpaidRefundsView,
    WalletView,
)
from transactional.unit_of_work import Reading, UnitOfWork

router = APIRouter(prefix=f"{API}/staff/payments", tags=["staff"], dependencies=[STAFF_ONLY])
_REFUSALS = problems(400, 401, 404, 409)
_LISTED = 200


@router.post("/gift-cards", status_code=201, response_model=GiftCardView, responses=_REFUSALS)
async def issue_gift_card(request: Request, key: IdempotencyKey, body: GiftCardIn) -> Response:
    """Give a gift card away; what is on it is the shop's expense."""
    shop = shop_of(request)

    def work(uow: UnitOfWork) -> GiftCardView:
        card = gift_cards.issue(uow, body.amount, shop.terms.currency, body.reason, body.expires_at)
        return views.gift_card_view(card, body.amount)

    return await once(request, key, "staff", work)


@router.get("/gift-cards", response_model=GiftCardsView, responses=problems(401))
async def list_gift_cards(
    request: Request,
    number: Annotated[
        str | None, Query(min_length=1, max_length=14, description="All of it, or its last letters.")
    ] = None,
    status: Annotated[
        list[CardStatus] | None, Query(description="Any of these; all when none is given.")
    ] = None,
    is_expired: Annotated[bool | None, Query(description="Whether the card's time is over.")] = None,
    before: Annotated[UUID | None, Query(description="`next` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=_LISTED)] = 50,
) -> Response:
    """Look for gift cards, with what is left on each."""
    search = Search(number, tuple(status or ()), is_expired, None if before is None else str(before))
    with shop_of(request).database.read() as db:
        rows = gift_cards.listed(db, search, limit + 1)
    items = [views.gift_card_view(row, row["balance"]) for row in rows[:limit]]
    return respond(GiftCardsView(items=items, next=items[-1].id if len(rows) > limit else None))


@router.get("/gift-cards/{card_id}", response_model=GiftCardView, responses=problems(401, 404))
async def get_gift_card(request: Request, card_id: UUID) -> Response:
    """A gift card with its code and what is left on it."""
    shop = shop_of(request)
    with shop.database.read() as db:
        card = gift_cards.find(db, str(card_id))
        left = accounts.balance(db, gift_cards.account(card["id"]))
    return respond(views.gift_card_view(card, left, shop.keys.gift_card_code(card["number"])))


@router.post("/gift-cards/{card_id}/block", response_model=GiftCardView, responses=_REFUSALS)
async def block_gift_card(request: Request, key: IdempotencyKey, card_id: UUID) -> Response:
    """Let nobody pay with a gift card; what is on it stays."""
    return await _block(request, key, card_id, is_blocked=True)


@router.post("/gift-cards/{card_id}/unblock", response_model=GiftCardView, responses=_REFUSALS)
async def unblock_gift_card(request: Request, key: IdempotencyKey, card_id: UUID) -> Response:
    """Let a blocked gift card pay again."""
    return await _block(request, key, card_id, is_blocked=False)


async def _block(request: Request, key: IdempotencyKey, card_id: UUID, *, is_blocked: bool) -> Response:
    def work(uow: UnitOfWork) -> GiftCardView:
        card = gift_cards.block(uow, str(card_id), is_blocked=is_blocked)
        return views.gift_card_view(card, accounts.balance(uow, gift_cards.account(card["id"])))

    return await once(request, key, "staff", work, 200)


def _customer(db: Reading, email: str) -> str:
    customer_id = members.known(db, email)
    if customer_id is None:
        raise NotFound("customer", email)
    return customer_id


def _wallet(db: Reading, customer_id: str, token: str | None = None) -> WalletView:
    return WalletView(
        customer_id=customer_id,
        balance=accounts.balance(db, held(BALANCE, customer_id)),
        points=accounts.balance(db, held(POINTS, customer_id)),
        token=token,
    )


@router.get("/wallet", response_model=WalletView, responses=problems(401, 404))
async def get_wallet(request: Request, email: Annotated[str, Query(max_length=320)]) -> Response:
    """What a customer may spend, and the token to do so."""
    shop = shop_of(request)
    with shop.database.read() as db:
        customer_id = _customer(db, email)
        return respond(_wallet(db, customer_id, shop.keys.token("wallet", customer_id)))


@router.post("/credits", status_code=201, response_model=WalletView, responses=_REFUSALS)
async def credit_balance(request: Request, key: IdempotencyKey, body: CreditIn) -> Response:
    """Put money on a customer's balance; it is the shop's expense."""
    currency = shop_of(request).terms.currency

    def work(uow: UnitOfWork) -> WalletView:
        customer_id = _customer(uow, body.email)
        account = held(BALANCE, customer_id)
        ledger.given(uow, account, currency, body.amount, uow.new_id(), body.reason)
        return _wallet(uow, customer_id)

    return await once(request, key, "staff", work)


@router.get("/refunds", response_model=UnpaidRefundsView, responses=problems(401))
async def list_unpaid_refunds(request: Request) -> Response:
    """Refunds that no provider could pay and that nobody gave another way, the oldest first.

    Those that none has told of for an hour are among them.
    """
    with shop_of(request).database.read() as db:
        rows = failed_refunds.listed(db, _LISTED)
    items = [RefundView(**{name: row[name] for name in RefundView.model_fields}) for row in rows]
    return respond(UnpaidRefundsView(items=items))


@router.post("/refunds/{refund_id}/retry", status_code=201, response_model=RetryView, responses=_REFUSALS)
async def retry_refund(request: Request, key: IdempotencyKey, refund_id: UUID) -> Response:
    """Ask the provider for a failed refund again."""

    def work(uow: UnitOfWork) -> RetryView:
        return RetryView(id=failed_refunds.retry(uow, str(refund_id))["id"])

    answer = await once(request, key, "staff", work)
    request.app.state.refunds_waiting.set()
    return answer


@router.post(
    "/refunds/{refund_id}/to-balance", status_code=201, response_model=WalletView, responses=_REFUSALS
)
async def give_refund_to_balance(request: Request, key: IdempotencyKey, refund_id: UUID) -> Response:
    """Give what a failed refund owes to the customer's balance; the provider is not asked for it again."""
    own = shop_of(request).terms.currency

    def work(uow: UnitOfWork) -> WalletView:
        return _wallet(uow, failed_refunds.to_balance(uow, str(refund_id), own))

    return await once(request, key, "staff", work)


@router.get("/messages", response_model=MessagesView, responses=problems(401))
async def list_messages_with_problems(request: Request) -> Response:
    """Messages of providers that contradict the books; each is acted on once it is sent again and fits."""
    with shop_of(request).database.read() as db:
        rows = inbox.problems(db, _LISTED)
    items = [MessageView(**{name: row[name] for name in MessageView.model_fields}) for row in rows]
    return respond(MessagesView(items=items))


@router.get("/orders/{order_id}/tenders", response_model=TendersView, responses=problems(401, 404))
async def get_tenders(request: Request, order_id: UUID) -> Response:
    """How an order was paid, and what of it went back."""
    with shop_of(request).database.read() as db:
        orders.header(db, str(order_id))
        return respond(views.tenders_view(db, str(order_id)))
