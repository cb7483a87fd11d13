"""Invoices over HTTP: of one's own order by its token, and of all for the staff."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response

from transactional.api import API, STAFF_ONLY, IdempotencyKey, once, problems, respond, shop_of
from transactional.errors import NotFound
from transactional.invoices import service
from transactional.invoices.document import pdf
from transactional.invoices.schemas import InvoicesView, InvoiceView
from transactional.invoices.service import Seller
from transactional.orders import service as orders
from transactional.shop import Shop
from transactional.unit_of_work import Reading, Row, UnitOfWork

router = APIRouter(prefix=API, tags=["orders"])
staff_router = APIRouter(prefix=f"{API}/staff", tags=["staff"], dependencies=[STAFF_ONLY])
Number = Annotated[str, Path(max_length=32, examples=["INV-2026-000001"])]
_PDF: dict[str, Any] = {"content": {"application/pdf": {}}, "description": "The document."}


def _view(rows: list[Row]) -> InvoicesView:
    shown = InvoiceView.model_fields
    return InvoicesView(invoices=[InvoiceView(**{name: row[name] for name in shown}) for row in rows])


def _printed(shop: Shop, db: Reading, invoice: Row) -> Response:
    order = orders.header(db, invoice["order_id"])
    name = {"content-disposition": f'inline; filename="{invoice["number"]}.pdf"'}
    return Response(pdf(invoice, order["number"], shop.terms), headers=name, media_type="application/pdf")


async def _issue(request: Request, key: str, actor: str, order_id: str) -> Response:
    shop = shop_of(request)

    def work(uow: UnitOfWork) -> InvoicesView:
        return _view(service.issue(uow, shop.terms, Seller.of(shop.settings), order_id))

    return await once(request, key, actor, work)


@router.post(
    "/orders/{token}/invoices",
    status_code=201,
    response_model=InvoicesView,
    responses=problems(400, 404, 409),
)
async def ask_for_invoice(request: Request, key: IdempotencyKey, token: str) -> Response:
    """Issue the invoice of a paid order, and documents of its credit notes; each is issued once."""
    return await _issue(request, key, "shopper", shop_of(request).keys.row_id("order", token))


@router.get("/orders/{token}/invoices", response_model=InvoicesView, responses=problems(404))
async def list_own_invoices(request: Request, token: str) -> Response:
    """The documents of an order, the invoice first."""
    shop = shop_of(request)
    order_id = shop.keys.row_id("order", token)
    with shop.database.read() as db:
        return respond(_view(service.of_order(db, order_id)))


@router.get("/orders/{token}/invoice.pdf", response_class=Response, responses={200: _PDF, **problems(404)})
async def print_own_invoice(request: Request, token: str) -> Response:
    """The order's invoice, once it is issued."""
    shop = shop_of(request)
    order_id = shop.keys.row_id("order", token)
    with shop.database.read() as db:
        issued = service.of_order(db, order_id)
        if not issued:
            raise NotFound("invoice of order", order_id)
        return _printed(shop, db, issued[0])


@router.get(
    "/orders/{token}/invoices/{number}.pdf", response_class=Response, responses={200: _PDF, **problems(404)}
)
async def print_own_document(request: Request, token: str, number: Number) -> Response:
    """A document of the order, also of a credit note."""
    shop = shop_of(request)
    order_id = shop.keys.row_id("order", token)
    with shop.database.read() as db:
        return _printed(shop, db, service.find(db, number, order_id))


@staff_router.post(
    "/orders/{order_id}/invoices",
    status_code=201,
    response_model=InvoicesView,
    responses=problems(400, 401, 404, 409),
)
async def issue_invoice(request: Request, key: IdempotencyKey, order_id: UUID) -> Response:
    """Issue what is still to be issued for an order: its invoice, and documents of its credit notes."""
    return await _issue(request, key, "staff", str(order_id))


@staff_router.get("/orders/{order_id}/invoices", response_model=InvoicesView, responses=problems(401))
async def list_invoices(request: Request, order_id: UUID) -> Response:
    """The documents of an order, the invoice first."""
    with shop_of(request).database.read() as db:
        return respond(_view(service.of_order(db, str(order_id))))


@staff_router.get(
    "/invoices/{number}.pdf", response_class=Response, responses={200: _PDF, **problems(401, 404)}
)
async def print_document(request: Request, number: Number) -> Response:
    """Any document, by its number."""
    shop = shop_of(request)
    with shop.database.read() as db:
        return _printed(shop, db, service.find(db, number))
