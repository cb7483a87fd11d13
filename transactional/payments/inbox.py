"""The webhook inbox: each message of a provider is acted on once, in the transaction that notes it."""

import json
from typing import Any
from urllib.parse import parse_qsl

from transactional.payments import chargebacks, service, settlement
from transactional.payments.models import webhook_inbox
from transactional.payments.provider import Chargeback, ProviderEvent, RefundNews, RemotePayment
from transactional.payments.settlement import Outcome
from transactional.unit_of_work import UnitOfWork


def receive(uow: UnitOfWork, source: str, event: ProviderEvent, body: bytes) -> Outcome:
    """Act on a webhook; a message that came before changes nothing.

    Raises:
        NotFound: it is about a payment or refund that is not ours.
    """
    message = {
        "id": uow.new_id(),
        "source": source,
        "external_id": event.event_id,
        "body": _content(body),
        "received_at": uow.now,
    }
    if not uow.insert_unless_there(webhook_inbox, message, "source", "external_id"):
        return "unchanged"
    match event.news:
        case RemotePayment() as payment:
            return settlement.record(uow, payment)
        case RefundNews(reference, refund, succeeded):
            service.record_refund(uow, reference, refund, succeeded=succeeded)
        case Chargeback(external_id, dispute, amount, capture, stage):
            if capture is not None:
                settlement.record(uow, capture)
            payment_id = service.captured_as(uow, source, external_id)["id"]
            return chargebacks.record(uow, payment_id, dispute, amount, stage)
    return "unchanged"


def _content(body: bytes) -> Any:
    """What a message says: most providers send JSON, Alipay a form."""
    try:
        return json.loads(body)
    except ValueError:
        return dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))
