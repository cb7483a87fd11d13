"""The shop's side of the sandbox."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import TypeVar

import aiohttp
from pydantic import BaseModel, ValidationError

from transactional.payments import signatures
from transactional.payments.errors import BadSignature, ProviderUnavailable
from transactional.payments.provider import (
    Chargeback,
    DisputeStage,
    Method,
    PaymentRequest,
    ProviderEvent,
    RemotePayment,
    RemoteRefund,
)
from transactional.payments.sandbox.schemas import (
    INSTALLMENTS,
    DisputeStatus,
    EventOut,
    PaymentIn,
    PaymentOut,
    RefundIn,
    RefundOut,
)

_STAGES: dict[DisputeStatus, DisputeStage] = {
    "inquiry": "requested",
    "open": "succeeded",
    "lost": "succeeded",
    "won": "failed",
}


Answer = TypeVar("Answer", bound=BaseModel)
# Method, address, headers and body of a request; status and body of its answer.
Ask = Callable[[str, str, Mapping[str, str], str | None], Awaitable[tuple[int, bytes]]]


class SandboxProvider:
    """Speaks the sandbox's HTTP API; see `Provider` for what each call promises.

    Args:
        ask: how the sandbox is reached; over HTTP when it is not said.
    """

    name = "sandbox"
    receipt = ""

    def __init__(self, url: str, secret: bytes, ask: Ask | None = None, taken: Sequence[Method] = ("card",)):
        self.pay_origin = url
        self._secret = secret
        self._headers = {"authorization": f"Bearer {secret.decode()}", "content-type": "application/json"}
        self._ask = ask or self._over_http
        self._taken = tuple(taken)

    @cached_property
    def _http(self) -> aiohttp.ClientSession:
        # The sandbox closes what is idle for 5 s: a request sent just then would be lost.
        connector = aiohttp.TCPConnector(keepalive_timeout=3)
        return aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(5))

    def methods(self, currency: str) -> tuple[Method, ...]:
        return self._taken

    def installments(self, method: Method, currency: str) -> tuple[int, ...]:
        return INSTALLMENTS if method == "card_instalments" else ()

    async def create(self, request: PaymentRequest) -> RemotePayment:
        shared = vars(request).keys() & PaymentIn.model_fields.keys()
        body = PaymentIn.model_validate({name: getattr(request, name) for name in shared}).model_dump_json()
        return _remote(await self._call(PaymentOut, "POST", "/v1/payments", body, request.reference))

    async def fetch(self, external_id: str) -> RemotePayment:
        return _remote(await self._call(PaymentOut, "GET", f"/v1/payments/{external_id}"))

    async def capture(self, external_id: str) -> RemotePayment:
        path = f"/v1/payments/{external_id}/capture"
        return _remote(await self._call(PaymentOut, "POST", path, "{}", external_id))

    async def void(self, external_id: str) -> RemotePayment:
        path = f"/v1/payments/{external_id}/void"
        return _remote(await self._call(PaymentOut, "POST", path, "{}", external_id))

    async def refund(self, external_id: str, refund_id: str, amount: int) -> RemoteRefund:
        body = RefundIn(amount=amount).model_dump_json()
        refund = await self._call(RefundOut, "POST", f"/v1/payments/{external_id}/refunds", body, refund_id)
        return RemoteRefund(refund.id, refund.status == "succeeded")

    def read_webhook(self, headers: Mapping[str, str], body: bytes, now: datetime) -> ProviderEvent:
        signatures.check(self._secret, headers.get(signatures.HEADER), body, now)
        try:
            event = EventOut.model_validate_json(body)
        except ValidationError:
            raise BadSignature("it signs something that is not an event") from None
        payment, dispute = _remote(event.payment), event.dispute
        if dispute is None:
            return ProviderEvent(event.id, payment)
        stage = _STAGES[dispute.status]
        news = Chargeback(payment.external_id, dispute.id, dispute.amount, payment, stage)
        return ProviderEvent(event.id, news)

    async def close(self) -> None:
        if "_http" in vars(self):
            await self._http.close()

    async def _call(
        self, form: type[Answer], method: str, path: str, body: str | None = None, key: str = ""
    ) -> Answer:
        headers = {**self._headers, "idempotency-key": key}
        status, answer = await self._ask(method, self.pay_origin + path, headers, body)
        if status >= 300:
            raise ProviderUnavailable(self.name)
        try:
            return form.model_validate_json(answer)
        except ValidationError as problem:
            raise ProviderUnavailable(self.name) from problem

    async def _over_http(
        self, method: str, url: str, headers: Mapping[str, str], body: str | None
    ) -> tuple[int, bytes]:
        try:
            asked = self._http.request(method, url, headers=headers, data=body, allow_redirects=False)
            async with asked as answer:
                return answer.status, await answer.read()
        except (aiohttp.ClientError, TimeoutError) as problem:
            raise ProviderUnavailable(self.name) from problem


def _remote(payment: PaymentOut) -> RemotePayment:
    return RemotePayment(
        external_id=payment.id,
        reference=str(payment.reference),
        status=payment.status,
        amount=payment.amount,
        currency=payment.currency,
        redirect_url=payment.pay_url,
    )
