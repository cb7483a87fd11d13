"""The webhook inbox: each message of a provider is acted on once, in the transaction that notes it."""

import json

from transactional.payments import settlement
from transactional.payments.models import webhook_inbox
from transactional.payments.provider import ProviderEvent
from transactional.payments.settlement import Outcome
from transactional.unit_of_work import UnitOfWork


def receive(uow: UnitOfWork, source: str, event: ProviderEvent, body: bytes) -> Outcome:
    """Act on a webhook; a message that came before changes nothing.

    Raises:
        NotFound: it is about a payment that is not ours.
    """
    message = {
        "id": uow.new_id(),
        "source": source,
        "external_id": event.event_id,
        "body": json.loads(body),
        "received_at": uow.now,
    }
    if not uow.insert_unless_there(webhook_inbox, message, "source", "external_id"):
        return "unchanged"
    if event.dispute is None:
        return settlement.record(uow, event.payment)
    # The capture may still be on its way to us: a dispute says that it happened.
    settlement.record(uow, event.payment)
    dispute = event.dispute
    return settlement.record_chargeback(uow, event.payment.reference, dispute.external_id, dispute.amount)
