"""Stripe as the shop sees it: the part of its API that the shop calls, on a socket, and its signed webhooks.

It speaks the documented wire format: bracketed forms in, objects out, errors of Stripe's types, idempotency
keys that give the first answer again and refuse other parameters.
"""

import hmac
import itertools
import json
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from serving_here import served
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

SECRET_KEY = "sk_test_shop"
WEBHOOK_SECRET = "whsec_shop"
Json = dict[str, Any]


class RefusedError(Exception):
    def __init__(self, status: int, kind: str, message: str, code: str | None = None):
        super().__init__(message)
        self.answer = JSONResponse({"error": {"type": kind, "message": message, "code": code}}, status)


def nested(form: list[tuple[str, str]]) -> Json:
    """`a[b][0][c]=1` as {"a": {"b": {"0": {"c": "1"}}}}."""
    found: Json = {}
    for name, value in form:
        *path, last = name.replace("]", "").split("[")
        inner = found
        for part in path:
            inner = inner.setdefault(part, {})
        inner[last] = value
    return found


@dataclass
class StripeServer:
    url: str = ""
    sessions: dict[str, Json] = field(default_factory=dict)
    intents: dict[str, Json] = field(default_factory=dict)
    refunds: dict[str, Json] = field(default_factory=dict)
    answers: dict[str, tuple[Json, Json]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    least: int = 30
    refund_status: str = "succeeded"
    refund_refusal: str | None = None  # the code that a refund is refused with
    lose_answers: bool = False  # what is asked is done, but the answer is an empty 500
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    # What the shop calls.

    async def create_session(self, request: Request, form: Json) -> Json:
        price = form["line_items"]["0"]["price_data"]
        if int(price["unit_amount"]) < self.least:
            raise RefusedError(400, "invalid_request_error", f"Amount must be at least {self.least}.")
        number = next(self._numbers)
        session = {
            "id": f"cs_test_{number}",
            "object": "checkout.session",
            "created": int(time.time()),
            "client_reference_id": form["client_reference_id"],
            "metadata": form["metadata"],
            "amount_total": int(price["unit_amount"]),
            "currency": price["currency"],
            "status": "open",
            "payment_status": "unpaid",
            "payment_intent": None,
            "payment_method_types": list(form["payment_method_types"].values()),
            "url": f"https://checkout.stripe.com/c/pay/cs_test_{number}",
            "intent_metadata": form["payment_intent_data"]["metadata"],
            "capture_method": form["payment_intent_data"].get("capture_method", "automatic"),
        }
        self.sessions[session["id"]] = session
        return session

    async def list_sessions(self, request: Request, form: Json) -> Json:
        since = int(request.query_params["created[gte]"])
        found = [each for each in self.sessions.values() if each["created"] >= since]
        return {"object": "list", "data": found, "has_more": False, "url": "/v1/checkout/sessions"}

    async def get_session(self, request: Request, form: Json) -> Json:
        return self._found(self.sessions, request)

    async def expire_session(self, request: Request, form: Json) -> Json:
        session = self._found(self.sessions, request)
        if session["status"] != "open":
            raise RefusedError(400, "invalid_request_error", "Only open sessions can be expired.")
        session |= {"status": "expired", "url": None}
        return session

    async def get_intent(self, request: Request, form: Json) -> Json:
        return self._found(self.intents, request)

    async def capture_intent(self, request: Request, form: Json) -> Json:
        intent = self._found(self.intents, request)
        if intent["status"] != "requires_capture":
            raise RefusedError(400, "invalid_request_error", "Only uncaptured intents can be captured.")
        intent |= {"status": "succeeded", "amount_received": intent["amount"]}
        return intent

    async def cancel_intent(self, request: Request, form: Json) -> Json:
        intent = self._found(self.intents, request)
        if intent["status"] in ("succeeded", "canceled"):
            raise RefusedError(400, "invalid_request_error", "This intent cannot be canceled.")
        intent |= {"status": "canceled"}
        return intent

    async def create_refund(self, request: Request, form: Json) -> Json:
        intent = self.intents[form["payment_intent"]]
        if self.refund_refusal:
            raise RefusedError(400, "invalid_request_error", "Not now.", self.refund_refusal)
        made = [each for each in self.refunds.values() if each["payment_intent"] == intent["id"]]
        if int(form["amount"]) > intent["amount_received"] - sum(each["amount"] for each in made):
            raise RefusedError(400, "invalid_request_error", "Refund amount is greater than what is left.")
        refund = {
            "id": f"re_{next(self._numbers)}",
            "object": "refund",
            "amount": int(form["amount"]),
            "currency": intent["currency"],
            "payment_intent": intent["id"],
            "metadata": form["metadata"],
            "status": self.refund_status,
        }
        self.refunds[refund["id"]] = refund
        return refund

    async def list_refunds(self, request: Request, form: Json) -> Json:
        intent = request.query_params["payment_intent"]
        found = [each for each in self.refunds.values() if each["payment_intent"] == intent]
        return {"object": "list", "data": found, "has_more": False, "url": "/v1/refunds"}

    def _found(self, where: dict[str, Json], request: Request) -> Json:
        try:
            return where[request.path_params["id"]]
        except KeyError:
            raise RefusedError(404, "invalid_request_error", "No such object.") from None

    def app(self) -> Starlette:
        routes = [
            ("/v1/checkout/sessions", self.create_session, "POST"),
            ("/v1/checkout/sessions", self.list_sessions, "GET"),
            ("/v1/checkout/sessions/{id}", self.get_session, "GET"),
            ("/v1/checkout/sessions/{id}/expire", self.expire_session, "POST"),
            ("/v1/payment_intents/{id}", self.get_intent, "GET"),
            ("/v1/payment_intents/{id}/capture", self.capture_intent, "POST"),
            ("/v1/payment_intents/{id}/cancel", self.cancel_intent, "POST"),
            ("/v1/refunds", self.create_refund, "POST"),
            ("/v1/refunds", self.list_refunds, "GET"),
        ]
        return Starlette(routes=[Route(path, self._answering(to), methods=[m]) for path, to, m in routes])

    def _answering(self, work: Callable[[Request, Json], Awaitable[Json]]) -> Any:
        async def answer(request: Request) -> Response:
            self.calls.append(f"{request.method} {request.url.path}")
            try:
                if request.headers.get("authorization") != f"Bearer {SECRET_KEY}":
                    raise RefusedError(401, "invalid_request_error", "Invalid API Key provided.")
                answered = JSONResponse(await self._once(request, work))
            except RefusedError as refused:
                answered = refused.answer
            if self.lose_answers:
                return Response(status_code=500)
            return answered

        return answer

    async def _once(self, request: Request, work: Callable[[Request, Json], Awaitable[Json]]) -> Json:
        form = nested(parse_qsl((await request.body()).decode()))
        key = request.headers.get("idempotency-key") if request.method == "POST" else None
        if key in self.answers:
            before, answer = self.answers[key]
            if before != form:
                raise RefusedError(400, "idempotency_error", "This key came with other parameters.")
            return answer
        answer = dict(await work(request, form))
        if key is not None:
            self.answers[key] = (form, answer)
        return answer

    # What the shopper and Stripe itself do.

    def pay(self, session_id: str, amount: int | None = None, currency: str | None = None) -> Json:
        """The shopper pays on Stripe's page; returns the session as its webhook shows it."""
        session = self.sessions[session_id]
        taken = session["amount_total"] if amount is None else amount
        is_held = session["capture_method"] == "manual"
        intent = {
            "id": f"pi_{next(self._numbers)}",
            "object": "payment_intent",
            "amount": taken,
            "amount_received": 0 if is_held else taken,
            "currency": currency or session["currency"],
            "metadata": session["intent_metadata"],
            "status": "requires_capture" if is_held else "succeeded",
        }
        self.intents[intent["id"]] = intent
        session |= {
            "status": "complete",
            "payment_status": "unpaid" if is_held else "paid",
            "payment_intent": intent["id"],
            "amount_total": taken,
            "currency": intent["currency"],
            "url": None,
        }
        return session

    def refund_by_hand(self, amount: int) -> Json:
        """Somebody gives money of the last payment back in Stripe's dashboard."""
        intent = list(self.intents.values())[-1]
        refund = {
            "id": f"re_{next(self._numbers)}",
            "object": "refund",
            "amount": amount,
            "currency": intent["currency"],
            "payment_intent": intent["id"],
            "metadata": {},
            "status": "succeeded",
        }
        self.refunds[refund["id"]] = refund
        return refund

    def charge_of(self, refund: Json) -> Json:
        """The charge of a refund, as `charge.refunded` shows it to those who ask for its refunds."""
        intent = self.intents[refund["payment_intent"]]
        return {"id": "ch_1", "metadata": intent["metadata"], "refunds": {"data": [refund]}}

    def paid_event(self, session: Json) -> bytes:
        """What Stripe tells first of a payment that the shop can have."""
        if session["capture_method"] == "manual":
            return self.event(
                "payment_intent.amount_capturable_updated", self.intents[session["payment_intent"]]
            )
        return self.event("checkout.session.completed", session)

    def event(self, kind: str, about: Json, number: int = 1, created: int | None = None) -> bytes:
        told = {"id": f"evt_{kind}_{number}", "object": "event", "type": kind, "data": {"object": about}}
        return json.dumps(told if created is None else told | {"created": created}).encode()


def signature(body: bytes, secret: str = WEBHOOK_SECRET, age: int = 0) -> dict[str, str]:
    """The header with which Stripe signs a webhook: https://docs.stripe.com/webhooks#verify-manually."""
    moment = int(time.time()) - age
    mac = hmac.digest(secret.encode(), f"{moment}.".encode() + body, "sha256").hex()
    return {"stripe-signature": f"t={moment},v1={mac}"}


@contextmanager
def running() -> Iterator[StripeServer]:
    server = StripeServer()
    with served(server.app()) as url:
        server.url = url
        yield server
