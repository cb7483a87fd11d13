"""The webhook inbox: each message of a provider is acted on once, in the transaction that notes it.

One that contradicts the books is kept with its problem, refused, and acted on when it is told again and fits.
"""

import json
from typing import Any
from urllib.parse import parse_qsl

from sqlalchemy import bindparam, select

from transactional.payments import chargebacks, refund_news, service, settlement
from transactional.payments.models import webhook_inbox
from transactional.payments.provider import (
    Chargeback,
    OutsideRefund,
    ProviderEvent,
    RefundNews,
    RemotePayment,
)
from transactional.payments.settlement import Outcome
from transactional.unit_of_work import Reading, Row, UnitOfWork

_message = select(webhook_inbox.c.id).where(
    webhook_inbox.c.source == bindparam("source"), webhook_inbox.c.external_id == bindparam("external_id")
)
_not_acted_on = (
    select(webhook_inbox)
    .where(webhook_inbox.c.problem.is_not(None))
    .order_by(webhook_inbox.c.received_at, webhook_inbox.c.id)
    .limit(bindparam("limit"))
)


def receive(uow: UnitOfWork, source: str, event: ProviderEvent, body: bytes) -> Outcome:
    """Act on a webhook; a message that was acted on before changes nothing.

    Raises:
        NotFound: it is about a payment or refund that is not ours.
        RefundExceedsPayment: it tells of more money than there was; see `keep`.
    """
    if not (_note(uow, source, event, body, None) or _solved(uow, source, event)):
        return "unchanged"
    match event.news:
        case RemotePayment() as payment:
            return settlement.record(uow, payment)
        case RefundNews() as refund:
            return refund_news.record(uow, refund)
        case OutsideRefund() as refund:
            return refund_news.record_outside(uow, source, refund)
        case Chargeback(external_id, dispute, amount, capture, stage):
            if capture is not None:
                settlement.record(uow, capture)
            payment_id = service.captured_as(uow, source, external_id)["id"]
            return chargebacks.record(uow, payment_id, dispute, amount, stage)
    return "unchanged"


def keep(uow: UnitOfWork, source: str, event: ProviderEvent, body: bytes, problem: str) -> None:
    """Note a message that cannot be acted on, with why; whoever sent it may tell it again."""
    _note(uow, source, event, body, problem[:400])


def problems(db: Reading, limit: int) -> list[Row]:
    """The messages that could not be acted on yet, the oldest first."""
    return db.rows(_not_acted_on, limit=limit)


def _note(uow: UnitOfWork, source: str, event: ProviderEvent, body: bytes, problem: str | None) -> bool:
    message = {
        "id": uow.new_id(),
        "source": source,
        "external_id": event.event_id,
        "body": _content(body),
        "received_at": uow.now,
        "problem": problem,
    }
    return uow.insert_unless_there(webhook_inbox, message, "source", "external_id")


def _solved(uow: UnitOfWork, source: str, event: ProviderEvent) -> bool:
    """Whether a message had a problem, which the caller now solves or raises again."""
    message_id = uow.value(_message, source=source, external_id=event.event_id)
    message = uow.lock(webhook_inbox, message_id)
    if message is None or message["problem"] is None:
        return False
    uow.update(webhook_inbox, message, problem=None)
    return True


def _content(body: bytes) -> Any:
    """What a message says: most providers send JSON, Alipay a form."""
    try:
        return json.loads(body)
    except ValueError:
        return dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))
