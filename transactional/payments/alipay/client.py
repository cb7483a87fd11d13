"""Alipay's page pay, by python-alipay-sdk, which signs, sends and checks with RSA2.

The library waits for its answers, so it works in threads. Our payment's id is the trade's number in all
calls; a trade exists at Alipay only once the shopper has opened its page.
"""

import asyncio
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from http.client import HTTPException
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID
from zoneinfo import ZoneInfo

from alipay import AliPay
from alipay.exceptions import AliPayException, AliPayValidationError
from alipay.utils import AliPayConfig

from settings import UserError
from transactional.money import minor_units, money_text
from transactional.payments.errors import BadSignature, PaymentRefused, ProviderUnavailable
from transactional.payments.provider import (
    Method,
    PaymentRequest,
    ProviderEvent,
    RemotePayment,
    RemoteRefund,
    RemoteStatus,
)

log = logging.getLogger(__name__)
CURRENCY = "CNY"  # page pay knows no other
_TIMEOUT_SECONDS = 10
_CLOCK = ZoneInfo("Asia/Shanghai")
_DONE = "10000"
_REFUSED = "40004"
_PASSING = ("ACQ.SYSTEM_ERROR", "ACQ.SELLER_BALANCE_NOT_ENOUGH")
_NO_SUCH_TRADE = "ACQ.TRADE_NOT_EXIST"
# The last two: the library takes JSON that is not an answer for one.
_NO_ANSWER = (
    OSError,
    HTTPException,
    ValueError,
    AliPayException,
    AliPayValidationError,
    AttributeError,
    TypeError,
)
_STATUSES: dict[str, RemoteStatus] = {
    "WAIT_BUYER_PAY": "pending",
    "TRADE_SUCCESS": "captured",
    "TRADE_FINISHED": "captured",
    "TRADE_CLOSED": "voided",
}


class _Gateway(AliPay):  # type: ignore[misc]
    """The library knows two addresses; a gateway may be at another."""

    def __init__(self, url: str, app_id: str, private_key: str, public_key: str):
        super().__init__(app_id, None, private_key, public_key, config=AliPayConfig(timeout=_TIMEOUT_SECONDS))
        self._gateway = url


class AlipayProvider:
    """See `Provider` for what each call promises."""

    name = "alipay"
    receipt = "success"

    def __init__(self, app_id: str, private_key: str, public_key: str, gateway_url: str):
        """The keys are PEM texts: ours to sign, Alipay's to check.

        Raises:
            UserError: one of them is no RSA key.
        """
        self._app_id = app_id
        # The gateway sends browsers on to other machines of Alipay's.
        self.pay_origin = f"{gateway_url.rpartition('/')[0]} https://*.alipay.com https://*.alipaydev.com"
        self._url = gateway_url
        try:
            self._gateway = _Gateway(gateway_url, app_id, private_key, public_key)
        except (ValueError, IndexError, TypeError) as wrong:
            raise UserError(f"Alipay's keys are no RSA keys in PEM: {wrong}") from None

    def methods(self, currency: str) -> tuple[Method, ...]:
        return ("wallet",) if currency == CURRENCY else ()

    def installments(self, method: Method, currency: str) -> tuple[int, ...]:
        return ()

    async def create(self, request: PaymentRequest) -> RemotePayment:
        """Signs the address of the page; nothing is sent, so it may be made again at any time."""
        if request.currency != CURRENCY:
            raise PaymentRefused(self.name, f"it takes {CURRENCY} only.")
        trade = {
            "out_trade_no": _number(request.reference),
            "total_amount": money_text(request.amount, CURRENCY),
            "subject": request.description,
            "product_code": "FAST_INSTANT_TRADE_PAY",
        }
        if request.expires_at is not None:
            trade["time_expire"] = _moment(request.expires_at)
        signed = await asyncio.to_thread(
            self._gateway.client_api,
            "alipay.trade.page.pay",
            trade,
            return_url=request.return_url,
            notify_url=request.webhook_url,
            timestamp=_moment(datetime.now(UTC)),
        )
        return RemotePayment(
            external_id=trade["out_trade_no"],
            reference=request.reference,
            status="pending",
            amount=request.amount,
            currency=CURRENCY,
            redirect_url=f"{self._url}?{signed}",
        )

    async def fetch(self, external_id: str) -> RemotePayment:
        answer = await self._ask("alipay.trade.query", {"out_trade_no": external_id})
        if answer.get("sub_code") == _NO_SUCH_TRADE:
            return _unopened(external_id, "pending")
        trade = self._done(answer)
        try:
            return self._payment(trade)
        except (KeyError, ValueError) as problem:
            log.warning("Alipay tells of a trade what we do not know: %r", problem)
            raise ProviderUnavailable(self.name) from problem

    async def capture(self, external_id: str) -> RemotePayment:
        """Page pay takes the money at once, so nothing is ever only authorised."""
        return await self.fetch(external_id)

    async def void(self, external_id: str) -> RemotePayment:
        answer = await self._ask("alipay.trade.close", {"out_trade_no": external_id})
        if answer.get("sub_code") == _NO_SUCH_TRADE:
            return _unopened(external_id, "voided")  # its page expires with the order
        return await self.fetch(external_id)

    async def refund(self, external_id: str, refund_id: str, amount: int) -> RemoteRefund:
        """Repeating it with the same number is safe; an answer that leaves it open is followed by a query."""
        number = _number(refund_id)
        asked = {"out_trade_no": external_id, "out_request_no": number}
        wanted = {**asked, "refund_amount": money_text(amount, CURRENCY)}
        answer = await self._ask("alipay.trade.refund", wanted)
        if answer.get("code") == _REFUSED and answer.get("sub_code") not in _PASSING:
            log.warning("refund %s is refused by Alipay: %s", refund_id, answer.get("sub_code"))
            return RemoteRefund(number, succeeded=False)
        if self._done(answer).get("fund_change") == "Y":
            return RemoteRefund(number, succeeded=True)
        found = self._done(await self._ask("alipay.trade.fastpay.refund.query", asked))
        arrived = found.get("refund_status") == "REFUND_SUCCESS"
        return RemoteRefund(number, succeeded=arrived, settled=arrived)

    def read_webhook(self, headers: Mapping[str, str], body: bytes, now: datetime) -> ProviderEvent:
        """Alipay repeats a notice for a day with its first signature, so its age says nothing."""
        try:
            notice = dict(parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True))
            if not self._gateway.verify(notice, notice.pop("sign")):
                raise BadSignature("it does not match the body")
            if notice["app_id"] != self._app_id:
                raise BadSignature("it is for another app")
            return ProviderEvent(notice["notify_id"], self._payment(notice))
        except (ValueError, KeyError, AliPayException):
            raise BadSignature("it is missing or malformed, or signs something else") from None

    async def close(self) -> None:
        """Every call has a connection of its own."""

    async def _ask(self, method: str, content: dict[str, Any]) -> dict[str, Any]:
        """The checked answer to one call, refusals included."""
        try:
            answer: dict[str, Any] = await asyncio.to_thread(
                self._gateway.server_api, method, content, timestamp=_moment(datetime.now(UTC))
            )
        except _NO_ANSWER as problem:
            log.warning("Alipay, %s: %r", method, problem)
            raise ProviderUnavailable(self.name) from problem
        return answer

    def _done(self, answer: dict[str, Any]) -> dict[str, Any]:
        if answer.get("code") != _DONE:
            log.warning("Alipay answers %s %s", answer.get("code"), answer.get("sub_code"))
            raise ProviderUnavailable(self.name)
        return answer

    def _payment(self, trade: Mapping[str, Any]) -> RemotePayment:
        """A trade as a query or a notice tells of it."""
        number = trade["out_trade_no"]
        return RemotePayment(
            external_id=number,
            reference=str(UUID(number)),
            status=_STATUSES[trade["trade_status"]],
            amount=minor_units(trade["total_amount"], CURRENCY),
            currency=CURRENCY,
            redirect_url="",
        )


def _number(our_id: str) -> str:
    """Our id as Alipay takes it: without hyphens."""
    return UUID(our_id).hex


def _unopened(number: str, status: RemoteStatus) -> RemotePayment:
    """A trade whose page nobody opened: Alipay does not know it."""
    return RemotePayment(number, str(UUID(number)), status, 0, CURRENCY, "")


def _moment(at: datetime) -> str:
    return at.astimezone(_CLOCK).strftime("%Y-%m-%d %H:%M:%S")
