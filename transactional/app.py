"""The shop's HTTP application: the JSON API under /api/v1, and the pages."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache

from fastapi import FastAPI, Request
from fastapi.responses import Response
from pydantic import BaseModel
from sqlalchemy import literal, select

from settings import Settings
from transactional import background
from transactional.api import respond, shop_of
from transactional.catalog.bulk_routes import router as bulk_catalog
from transactional.catalog.exchange_routes import router as exchange
from transactional.catalog.feedback_routes import router as feedback
from transactional.catalog.feedback_routes import staff_feedback
from transactional.catalog.routes import router as catalog
from transactional.catalog.staff_routes import staff_router as staff_catalog
from transactional.checkout.routes import router as checkout
from transactional.checkout.terms_routes import router as sale_terms
from transactional.description import describe
from transactional.gate import Gate, RateLimiter
from transactional.invoices.routes import router as invoices
from transactional.invoices.routes import staff_router as staff_invoices
from transactional.ledger.journal_routes import router as journal
from transactional.ledger.routes import router as ledger
from transactional.members.routes import router as addresses
from transactional.orders.change_routes import router as order_changes
from transactional.orders.change_routes import staff_router as staff_changes
from transactional.orders.entry_routes import router as order_entry
from transactional.orders.group_routes import router as groups
from transactional.orders.group_routes import staff_router as staff_groups
from transactional.orders.listing_routes import router as order_listing
from transactional.orders.notes_routes import router as remarks
from transactional.orders.routes import router as orders
from transactional.orders.routes import staff_router
from transactional.orders.shipping_routes import router as shipments
from transactional.orders.states_routes import router as order_states
from transactional.pages.routes import add_pages, problem_page
from transactional.payments.payouts.routes import router as payouts
from transactional.payments.routes import router as payments
from transactional.payments.staff_routes import router as staff_payments
from transactional.problems import add_handlers
from transactional.promotions.routes import router as promotions
from transactional.shop import Shop, open_shop
from transactional.stock.routes import router as stock
from transactional.stock.supply_routes import router as supply
from transactional.stock.transfer_routes import router as transfers


class Health(BaseModel):
    status: str


def security_headers(shop: Shop) -> dict[str, str]:
    """Headers of every answer; pages may load the tracker and send forms on to the payment pages."""
    settings = shop.settings
    pay_pages = " ".join(provider.pay_origin for provider in shop.providers.values())
    policy = (
        "default-src 'self'",
        f"script-src 'self' {settings.collector_url}",
        f"connect-src 'self' {settings.collector_url}",
        f"img-src 'self' data: https: {settings.collector_url}",
        f"form-action 'self' {pay_pages}",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
    return {
        "content-security-policy": "; ".join(policy),
        "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",  # addresses of carts and orders open them
    }


def create_app(settings: Settings, shop: Shop | None = None) -> FastAPI:
    """The shop's application; it opens the shop of the settings unless one is given."""
    shop = shop or open_shop(settings)
    refunds_waiting = asyncio.Event()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        gc.freeze()  # what is loaded by now stays: no need to look through it again and again
        gc.set_threshold(20_000)  # a request makes thousands of objects, which go without being looked for
        async with background.running(shop, refunds_waiting):
            yield
        for provider in shop.providers.values():
            await provider.close()
        shop.database.engine.dispose()

    app = FastAPI(
        title=settings.shop_name,
        version="1",
        lifespan=lifespan,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    app.state.shop = shop
    app.state.refunds_waiting = refunds_waiting
    app.get("/healthz", response_model=Health, tags=["operation"])(health)
    # Routes are taken over as they are: `include_router` matches every path twice, half a millisecond each.
    staff_parts = (
        staff_catalog,
        bulk_catalog,
        exchange,
        staff_feedback,
        transfers,
        stock,
        ledger,
        promotions,
    )
    staff_too = (sale_terms, staff_invoices, remarks, addresses, staff_payments, payouts, supply, journal)
    staff_orders = (
        order_listing,
        staff_router,
        order_entry,
        staff_groups,
        staff_changes,
        order_states,
        shipments,
    )
    staff = (*staff_orders, *staff_parts, *staff_too)
    for router in (checkout, orders, order_changes, groups, payments, invoices, catalog, feedback, *staff):
        app.router.routes.extend(router.routes)
    app.openapi = cache(lambda: describe(app))  # type: ignore[method-assign]
    add_pages(app, shop)
    add_handlers(app, problem_page)
    app.add_middleware(
        Gate,
        max_body_bytes=settings.max_body_bytes,
        max_import_bytes=settings.max_import_bytes,
        limiter=RateLimiter(settings.requests_per_second, settings.request_burst),
        headers=security_headers(shop),
        authorise_staff=shop.keys.authorise_staff,
    )
    return app


async def health(request: Request) -> Response:
    """Whether the shop can reach its database."""
    with shop_of(request).database.read() as db:
        db.value(select(literal(1)))
    return respond(Health(status="ok"))


def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; requests under way are answered first."""
    import uvicorn

    uvicorn.run(
        create_app(settings),
        host=settings.host,
        port=settings.shop_port,
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=10,
    )
