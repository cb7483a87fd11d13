"""Invoices over HTTP: of one's own order by its token, and of all for the staff."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from transactional.api import API, STAFF_ONLY, IdempotencyKey, once, problems, respond, shop_of
from transactional.checkout.sale_schemas import InvoiceeIn
from transactional.errors import NotFound
from transactional.invoices import service
from transactional.invoices.document import pdf
from transactional.invoices.schemas import InvoicePage, InvoicesView, InvoiceView
from transactional.invoices.service import Seller
from transactional.orders import service as orders
from transactional.shop import Shop
from transactional.unit_of_work import Row, UnitOfWork

router = APIRouter(prefix=API, tags=["orders"])
staff_router = APIRouter(prefix=f"{API}/staff", tags=["staff"], dependencies=[STAFF_ONLY])
Number = Annotated[str, Path(max_length=32, examples=["INV-2026-000001"])]
ShopDay = Annotated[
    date | None,
    Query(
        ge=date(2000, 1, 1),
        le=date(2200, 1, 1),
        description="Day of the shop's calendar, inclusive; without bound when there is none.",
    ),
]
_PDF: dict[str, Any] = {"content": {"application/pdf": {}}, "description": "The document."}


def _views(rows: list[Row]) -> list[InvoiceView]:
    shown = InvoiceView.model_fields
    return [InvoiceView(**{name: row[name] for name in shown}) for row in rows]


async def _printed(shop: Shop, invoice: Row, order_number: str) -> Response:
    """In a thread, as embedding a font takes a quarter of a second."""
    printed = await run_in_threadpool(pdf, invoice, order_number, shop.terms)
    name = {"content-disposition": f'inline; filename="{invoice["number"]}.pdf"'}
    return Response(printed, headers=name, media_type="application/pdf")


async def _issue(
    request: Request, key: str, actor: str, order_id: str, body: InvoiceeIn | None = None
) -> Response:
    shop = shop_of(request)
    invoicee = None if body is None else body.invoicee()

    def work(uow: UnitOfWork) -> InvoicesView:
        issued = service.issue(uow, shop.terms, Seller.of(shop.settings), order_id, invoicee)
        return InvoicesView(invoices=_views(issued))

    return await once(request, key, actor, work)


@router.post(
    "/orders/{token}/invoices",
    status_code=201,
    response_model=InvoicesView,
    responses=problems(400, 404, 409),
)
async def ask_for_invoice(
    request: Request, key: IdempotencyKey, token: str, body: InvoiceeIn | None = None
) -> Response:
    """Issue the invoice of a paid order, and documents of its credit notes; each is issued once.

    The body says who it is made out to; without it, who the order said.
    """
    return await _issue(request, key, "shopper", shop_of(request).keys.row_id("order", token), body)


@router.get("/orders/{token}/invoices", response_model=InvoicesView, responses=problems(404))
async def list_own_invoices(request: Request, token: str) -> Response:
    """The documents of an order, the invoice first."""
    shop = shop_of(request)
    order_id = shop.keys.row_id("order", token)
    with shop.database.read() as db:
        return respond(InvoicesView(invoices=_views(service.of_order(db, order_id))))


@router.get("/orders/{token}/invoice.pdf", response_class=Response, responses={200: _PDF, **problems(404)})
async def print_own_invoice(request: Request, token: str) -> Response:
    """The order's invoice, once it is issued."""
    shop = shop_of(request)
    order_id = shop.keys.row_id("order", token)
    with shop.database.read() as db:
        issued = service.of_order(db, order_id)
        if not issued:
            raise NotFound("invoice of order", order_id)
        order = orders.header(db, order_id)
    return await _printed(shop, issued[0], order["number"])


@router.get(
    "/orders/{token}/invoices/{number}.pdf", response_class=Response, responses={200: _PDF, **problems(404)}
)
async def print_own_document(request: Request, token: str, number: Number) -> Response:
    """A document of the order, also of a credit note."""
    shop = shop_of(request)
    order_id = shop.keys.row_id("order", token)
    with shop.database.read() as db:
        invoice, order = service.find(db, number, order_id), orders.header(db, order_id)
    return await _printed(shop, invoice, order["number"])


@staff_router.post(
    "/orders/{order_id}/invoices",
    status_code=201,
    response_model=InvoicesView,
    responses=problems(400, 401, 404, 409),
)
async def issue_invoice(request: Request, key: IdempotencyKey, order_id: UUID) -> Response:
    """Issue what is still to be issued for an order: its invoice, and documents of its credit notes."""
    return await _issue(request, key, "staff", str(order_id))


@staff_router.get("/invoices", response_model=InvoicePage, responses=problems(401))
async def search_invoices(
    request: Request,
    first: ShopDay = None,
    last: ShopDay = None,
    kind: Literal["invoice", "credit_note"] | None = None,
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
    page_size: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    """Documents of all orders, the newest first."""
    shop = shop_of(request)
    with shop.database.read() as db:
        found, total = service.search(db, shop.terms, first, last, kind, page, page_size)
    return respond(InvoicePage(items=_views(found), page=page, page_size=page_size, total=total))


@staff_router.get("/orders/{order_id}/invoices", response_model=InvoicesView, responses=problems(401))
async def list_invoices(request: Request, order_id: UUID) -> Response:
    """The documents of an order, the invoice first."""
    with shop_of(request).database.read() as db:
        return respond(InvoicesView(invoices=_views(service.of_order(db, str(order_id)))))


@staff_router.get(
    "/invoices/{number}.pdf", response_class=Response, responses={200: _PDF, **problems(401, 404)}
)
async def print_document(request: Request, number: Number) -> Response:
    """Any document, by its number."""
    shop = shop_of(request)
    with shop.database.read() as db:
        invoice = service.find(db, number)
        order = orders.header(db, invoice["order_id"])
    return await _printed(shop, invoice, order["number"])
