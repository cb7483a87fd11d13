"""Stripe, by its official SDK: shoppers pay on the page of a Checkout Session.

A payment's id at Stripe is that of its session until it is paid and of its payment intent from then on: the
intent is what refunds, disputes and payout files name. Our ids go along as metadata.
"""

import json
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

import stripe

from transactional.payments.errors import BadSignature, PaymentRefused, ProviderUnavailable
from transactional.payments.provider import (
    Method,
    PaymentRequest,
    ProviderEvent,
    RemotePayment,
    RemoteRefund,
)
from transactional.payments.stripe import events
from transactional.payments.stripe.amounts import to_stripe
from transactional.payments.stripe.events import PAYMENT_KEY, REFUND_KEY

log = logging.getLogger(__name__)
TOLERANCE_SECONDS = 300
_TIMEOUT_SECONDS = 10
_PASSING = ("balance_insufficient", "lock_timeout", "rate_limit")  # a refund is sent again later
# What Stripe calls our methods, by currency where it matters: https://docs.stripe.com/payments/payment-methods.
_CARD = ("card",)
_BANKS = {"EUR": ("bancontact", "eps", "ideal"), "GBP": ("pay_by_bank",), "PLN": ("p24",)}
_WALLETS = {"CNY": ("alipay", "wechat_pay"), "EUR": ("revolut_pay",), "GBP": ("revolut_pay",)}


def _types(method: str, currency: str) -> Sequence[str]:
    match method:
        case "bank_redirect":
            return _BANKS.get(currency, ())
        case "wallet":
            return _WALLETS.get(currency, ())
        case _:
            return _CARD


class StripeProvider:
    """See `Provider` for what each call promises. The SDK repeats no call: we do, later."""

    name = "stripe"
    receipt = ""

    def __init__(
        self, secret_key: str, webhook_secret: str, taken: Sequence[Method], api_url: str, pay_origin: str
    ):
        self._secret_key = secret_key
        self._webhook_secret = webhook_secret
        self._taken = taken
        self._api_url = api_url
        self.pay_origin = pay_origin

    @cached_property
    def _http(self) -> stripe.HTTPXClient:
        return stripe.HTTPXClient(timeout=_TIMEOUT_SECONDS)

    @cached_property
    def _api(self) -> Any:
        """The SDK's services; untyped, because their parameters are typed dicts with hundreds of keys."""
        return stripe.StripeClient(
            self._secret_key,
            base_addresses={"api": self._api_url},
            http_client=self._http,
            max_network_retries=0,
        ).v1

    def methods(self, currency: str) -> tuple[Method, ...]:
        return tuple(method for method in self._taken if _types(method, currency))

    def installments(self, method: Method, currency: str) -> tuple[int, ...]:
        """Which plans a card has, Stripe knows when it sees the card: its page asks."""
        return ()

    async def create(self, request: PaymentRequest) -> RemotePayment:
        if request.external_id is not None:
            return await self.fetch(request.external_id)
        options = {"idempotency_key": request.reference}
        async with self._asking():
            try:
                made = await self._api.checkout.sessions.create_async(_session_of(request), options)
            except stripe.IdempotencyError:
                # Made before with another return address, and its answer was lost.
                made = await self._made_before(request.reference)
            except (stripe.InvalidRequestError, ValueError) as wrong:
                raise PaymentRefused(self.name, str(wrong)) from wrong
            return events.of_session(made.to_dict())

    async def _made_before(self, reference: str) -> Any:
        """The session of a payment of ours; its id tells when it was made, sessions cannot be searched."""
        milliseconds = UUID(reference).int >> 80
        since = {"gte": milliseconds // 1000 - TOLERANCE_SECONDS}
        found = await self._api.checkout.sessions.list_async({"created": since, "limit": 100})
        async for session in found.auto_paging_iter():
            if session.client_reference_id == reference:
                return session
        raise ProviderUnavailable(self.name)

    async def fetch(self, external_id: str) -> RemotePayment:
        async with self._asking():
            if not external_id.startswith("pi_"):
                session = (await self._api.checkout.sessions.retrieve_async(external_id)).to_dict()
                if session["status"] != "complete" or session["payment_status"] == "paid":
                    return events.of_session(session)
                external_id = session["payment_intent"]
            return events.of_intent((await self._api.payment_intents.retrieve_async(external_id)).to_dict())

    async def capture(self, external_id: str) -> RemotePayment:
        async with self._asking():
            try:
                options = {"idempotency_key": f"capture:{external_id}"}
                intent = await self._api.payment_intents.capture_async(external_id, {}, options)
            except stripe.InvalidRequestError:
                return await self.fetch(external_id)  # it is captured or canceled already
            return events.of_intent(intent.to_dict())

    async def void(self, external_id: str) -> RemotePayment:
        async with self._asking():
            try:
                if external_id.startswith("pi_"):
                    intent = await self._api.payment_intents.cancel_async(external_id)
                    return events.of_intent(intent.to_dict())
                session = await self._api.checkout.sessions.expire_async(external_id)
            except stripe.InvalidRequestError:
                remote = await self.fetch(external_id)  # it is paid or expired already
                is_held = remote.status == "authorised" and remote.external_id != external_id
                return await self.void(remote.external_id) if is_held else remote
            return events.of_session(session.to_dict())

    async def refund(self, external_id: str, refund_id: str, amount: int) -> RemoteRefund:
        """Refunds made before are looked up: Stripe forgets idempotency keys after a day."""
        async with self._asking():
            intent = await self._intent_of(external_id)
            listed = await self._api.refunds.list_async({"payment_intent": intent.id, "limit": 100})
            async for made in listed.auto_paging_iter():
                if made.to_dict()["metadata"].get(REFUND_KEY) == refund_id:
                    return _refund(made)
            try:
                wanted = {
                    "payment_intent": intent.id,
                    "amount": to_stripe(amount, intent.currency.upper()),
                    "metadata": {REFUND_KEY: refund_id},
                }
                return _refund(await self._api.refunds.create_async(wanted, {"idempotency_key": refund_id}))
            except (stripe.InvalidRequestError, ValueError) as refused:
                if getattr(refused, "code", None) in _PASSING:
                    raise ProviderUnavailable(self.name) from refused
                log.warning("refund %s is refused by Stripe: %s", refund_id, refused)
                return RemoteRefund(refund_id, succeeded=False)

    async def _intent_of(self, external_id: str) -> Any:
        if external_id.startswith("cs_"):
            session = await self._api.checkout.sessions.retrieve_async(external_id)
            external_id = session.payment_intent
        return await self._api.payment_intents.retrieve_async(external_id)

    def read_webhook(self, headers: Mapping[str, str], body: bytes, now: datetime) -> ProviderEvent:
        """`now` is not asked: the SDK compares the signature's time with the machine's own clock."""
        signature = headers.get("stripe-signature")
        try:
            stripe.Webhook.construct_event(body, signature, self._webhook_secret, TOLERANCE_SECONDS)
            return events.read(json.loads(body))
        except stripe.SignatureVerificationError as wrong:
            raise BadSignature(wrong.user_message or "it does not match the body") from None
        except (ValueError, KeyError, TypeError, AttributeError):
            raise BadSignature("it signs something that is not an event") from None

    async def close(self) -> None:
        if "_http" in vars(self):
            await self._http.close_async()  # type: ignore[no-untyped-call]

    @asynccontextmanager
    async def _asking(self) -> AsyncIterator[None]:
        """Calls to Stripe; whoever can tell a refusal from a fault catches it inside.

        What is not as it is documented is no answer either.
        """
        try:
            yield
        except (stripe.StripeError, KeyError, TypeError, AttributeError, ValueError) as problem:
            log.warning("Stripe: %r", problem)
            raise ProviderUnavailable(self.name) from problem


def _session_of(request: PaymentRequest) -> dict[str, Any]:
    """The Checkout Session that takes a payment.

    Raises:
        ValueError: Stripe cannot express the amount.
    """
    ours = {PAYMENT_KEY: request.reference}
    price = {
        "currency": request.currency.lower(),
        "unit_amount": to_stripe(request.amount, request.currency),
        "product_data": {"name": request.description},
    }
    session: dict[str, Any] = {
        "mode": "payment",
        "client_reference_id": request.reference,
        "metadata": ours,
        "payment_intent_data": {"metadata": ours, "description": request.description},
        "payment_method_types": list(_types(request.method, request.currency)),
        "line_items": [{"price_data": price, "quantity": 1}],
        "success_url": request.return_url,
        "cancel_url": request.return_url,
    }
    if request.method == "card":
        session["payment_intent_data"]["capture_method"] = "manual"
    if request.method == "card_instalments":
        session["payment_method_options"] = {"card": {"installments": {"enabled": True}}}
    if "wechat_pay" in session["payment_method_types"]:
        session["payment_method_options"] = {"wechat_pay": {"client": "web"}}
    return session


def _refund(made: Any) -> RemoteRefund:
    return RemoteRefund(
        made.id, succeeded=made.status == "succeeded", settled=made.status in events.SETTLED_REFUNDS
    )
