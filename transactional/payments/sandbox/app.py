"""The sandbox's HTTP service: an API for shops, and the page where a shopper pays."""

import asyncio
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from babel.numbers import get_currency_precision
from fastapi import Depends, FastAPI, Form, Header, HTTPException, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from fastapi.templating import Jinja2Templates

from settings import Settings
from transactional.database import Clock, connect, utc_now
from transactional.payments.sandbox.outbox import Courier
from transactional.payments.sandbox.payouts import payout_file
from transactional.payments.sandbox.schemas import (
    DisputeIn,
    DisputeOut,
    DisputeStepIn,
    PaymentIn,
    PaymentOut,
    RefundIn,
    RefundOut,
    SilenceIn,
    WebhookMode,
)
from transactional.payments.sandbox.store import Store
from transactional.security import sandbox_secret

IdempotencyKey = Annotated[str, Header(alias="Idempotency-Key", min_length=1, max_length=128)]


def create_app(settings: Settings, clock: Clock = utc_now) -> FastAPI:
    """The sandbox; its state is in <home>/sandbox.db and survives a restart."""
    settings.home.mkdir(parents=True, exist_ok=True)
    secret = sandbox_secret(settings)
    late = timedelta(seconds=settings.sandbox_late_seconds)
    store = Store(connect(f"sqlite:///{settings.home / 'sandbox.db'}"), settings.sandbox_url, clock, late)
    courier = Courier(store, secret, clock)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        delivering = asyncio.create_task(courier.run())
        yield
        delivering.cancel()
        with suppress(asyncio.CancelledError):
            await delivering

    app = FastAPI(title="Storehouse sandbox payments", lifespan=lifespan, docs_url=None, redoc_url=None)
    app.state.store = store
    app.exception_handler(KeyError)(_not_found)
    _add_api(app, store, secret, courier)
    _add_pages(app, store, courier)
    return app


async def _not_found(_: Request, problem: Exception) -> Response:
    return JSONResponse({"code": "not_found", "message": f"There is no payment {problem}."}, 404)


class _Silence:
    """How many captures, refunds and voids are done without an answer, as when a connection breaks."""

    answers = 0

    def keep(self) -> None:
        """Answer as a gateway does for a service that does not, when it is time for that."""
        if self.answers:
            self.answers -= 1
            raise HTTPException(504, "The sandbox was told not to answer.")


def _add_api(app: FastAPI, store: Store, secret: bytes, courier: Courier) -> None:
    expected = f"Bearer {secret.decode()}".encode()

    async def shop_only(authorization: Annotated[str, Header()] = "") -> None:
        if not hmac.compare_digest(authorization.encode(), expected):
            raise HTTPException(401, "This needs the key that shop and sandbox share.")

    guarded = [Depends(shop_only)]

    @app.post("/v1/payments", dependencies=guarded, status_code=201)
    async def create_payment(body: PaymentIn, key: IdempotencyKey) -> PaymentOut:
        return store.create(key, body)

    @app.get("/v1/payments/{payment_id}", dependencies=guarded)
    async def get_payment(payment_id: str) -> PaymentOut:
        return store.find(payment_id)[0]

    silence = _Silence()

    @app.post("/v1/payments/{payment_id}/capture", dependencies=guarded)
    async def capture_payment(payment_id: str) -> PaymentOut:
        payment = store.capture(payment_id)
        silence.keep()
        return payment

    @app.post("/v1/payments/{payment_id}/void", dependencies=guarded)
    async def void_payment(payment_id: str) -> PaymentOut:
        payment = store.void(payment_id)
        silence.keep()
        return payment

    @app.post("/v1/payments/{payment_id}/refunds", dependencies=guarded, status_code=201)
    async def refund_payment(payment_id: str, body: RefundIn, key: IdempotencyKey) -> RefundOut:
        refund = store.refund(payment_id, key, body.amount)
        silence.keep()
        return refund

    @app.post("/v1/payments/{payment_id}/disputes", dependencies=guarded, status_code=201)
    async def dispute_payment(payment_id: str, body: DisputeIn) -> DisputeOut:
        dispute = store.dispute(payment_id, body)
        courier.wake.set()
        return dispute

    @app.post("/v1/disputes/{dispute_id}", dependencies=guarded)
    async def step_dispute(dispute_id: str, body: DisputeStepIn) -> DisputeOut:
        dispute = store.step_dispute(dispute_id, body.status)
        courier.wake.set()
        return dispute

    @app.post("/v1/silence", dependencies=guarded)
    async def be_silent(body: SilenceIn) -> SilenceIn:
        silence.answers = body.answers
        return body

    @app.get("/v1/payouts.csv", dependencies=guarded)
    async def get_payouts(day: date | None = None) -> Response:
        """The payouts of a day of UTC that is over; without a day, of the last one."""
        today = store.today()
        day = day or today - timedelta(days=1)
        if day >= today:
            raise HTTPException(409, "This day is not over yet.")
        since = datetime.combine(day, time(0), UTC)
        moved = store.moved(since, since + timedelta(days=1))
        return Response(payout_file(moved), media_type="text/csv; charset=utf-8")

    @app.get("/healthz")
    async def health() -> dict[str, str]:
        store.next_due()
        return {"status": "ok"}


def _money(minor: int, currency: str) -> str:
    """An amount as the page shows it: GBP 1,204.50, JPY 1,204."""
    digits = get_currency_precision(currency)
    return f"{currency} {Decimal(minor).scaleb(-digits):,.{digits}f}"


def _add_pages(app: FastAPI, store: Store, courier: Courier) -> None:
    templates = Jinja2Templates(Path(__file__).parent / "templates")
    templates.env.filters["money"] = _money

    @app.get("/pay/{payment_id}", response_class=HTMLResponse)
    async def pay_page(request: Request, payment_id: str) -> Response:
        payment, row = store.find(payment_id)
        shown = {
            "payment": payment,
            "row": row,
            "installments": store.installments_of(payment_id),
            "disputes": store.open_disputes(payment_id),
        }
        return templates.TemplateResponse(request, "pay.html", shown)

    @app.post("/pay/{payment_id}")
    async def pay(
        payment_id: str,
        action: Annotated[Literal["pay", "decline"], Form()] = "pay",
        webhook: Annotated[WebhookMode | None, Form()] = None,
    ) -> Response:
        store.finish(payment_id, "authorised" if action == "pay" else "failed", webhook)
        courier.wake.set()
        return RedirectResponse(store.find(payment_id)[1]["return_url"], 303)

    @app.post("/pay/{payment_id}/disputes")
    async def dispute(payment_id: str, status: Annotated[Literal["inquiry", "open"], Form()]) -> Response:
        store.dispute(payment_id, DisputeIn(amount=store.find(payment_id)[0].amount, status=status))
        courier.wake.set()
        return RedirectResponse(f"/pay/{payment_id}", 303)

    @app.post("/pay/{payment_id}/disputes/{dispute_id}")
    async def go_on(
        payment_id: str, dispute_id: str, status: Annotated[Literal["open", "won", "lost"], Form()]
    ) -> Response:
        store.step_dispute(dispute_id, status)
        courier.wake.set()
        return RedirectResponse(f"/pay/{payment_id}", 303)


def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; requests under way are answered first."""
    import uvicorn

    uvicorn.run(
        create_app(settings),
        host=settings.host,
        port=settings.sandbox_port,
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=10,
    )
