"""What the shop asks of a payment provider: the sandbox, Stripe or Alipay."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

RemoteStatus = Literal["pending", "authorised", "captured", "failed", "voided"]
DisputeStage = Literal["requested", "succeeded", "failed"]
Method = Literal["card", "card_instalments", "wallet", "bank_redirect"]


@dataclass(frozen=True)
class PaymentRequest:
    """A payment to create; `reference` is our payment's id and the idempotency key. Amount in minor units.

    `external_id` is the provider's id when an earlier answer was kept; after `expires_at` it is not paid.
    """

    reference: str
    amount: int
    currency: str
    description: str
    return_url: str
    webhook_url: str
    method: str = "card"
    installments: int = 1
    external_id: str | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True)
class RemotePayment:
    """A payment as the provider sees it; `redirect_url` is where the shopper pays while it is pending."""

    external_id: str
    reference: str
    status: RemoteStatus
    amount: int
    currency: str
    redirect_url: str


@dataclass(frozen=True)
class RemoteRefund:
    """A refund as the provider sees it; while it is not `settled`, ask again with the same key."""

    external_id: str
    succeeded: bool
    settled: bool = True


@dataclass(frozen=True)
class RefundNews:
    """How a refund ended; `reference` is our refund's id, `told_at` when the provider said so."""

    reference: str
    external_id: str
    succeeded: bool
    told_at: datetime | None = None


@dataclass(frozen=True)
class OutsideRefund:
    """How a refund ended that somebody made at the provider by hand; both ids are the provider's.

    Amount in minor units.
    """

    payment: str
    external_id: str
    amount: int
    currency: str
    succeeded: bool


@dataclass(frozen=True)
class Chargeback:
    """A dispute; both ids are the provider's, `amount` is minor units.

    `capture` is the payment, when the provider tells of it too: its own news may still be on its way. It is
    `requested` while the buyer's bank only asks, `succeeded` once it has the money, `failed` when we keep it.
    """

    payment: str
    external_id: str
    amount: int
    capture: RemotePayment | None = None
    stage: DisputeStage = "succeeded"


News = RemotePayment | RefundNews | OutsideRefund | Chargeback


@dataclass(frozen=True)
class ProviderEvent:
    """A webhook whose signature was right; one that tells nothing we act on is only noted."""

    event_id: str
    news: News | None


class Provider(Protocol):
    """A payment provider. Every call may be repeated; none is made while a database lock is held.

    The calls raise `ProviderUnavailable` when the provider cannot be asked or does not understand: what
    became of the call is not known, and it is made again.
    """

    name: str
    pay_origin: str  # where its payment pages are: sources of a content security policy
    receipt: str  # the text that acknowledges a webhook; empty: any answer with status 200

    def methods(self, currency: str) -> Sequence[Method]:
        """What it takes in this currency; empty when nothing."""

    def installments(self, method: Method, currency: str) -> Sequence[int]:
        """The numbers of instalments that may be asked for; empty: one, or what its own page asks."""

    async def create(self, request: PaymentRequest) -> RemotePayment:
        """Create a payment, or return the one made before for the same reference.

        Raises:
            PaymentRefused: the provider never takes such a payment.
        """

    async def fetch(self, external_id: str) -> RemotePayment:
        """How a payment stands."""

    async def capture(self, external_id: str) -> RemotePayment:
        """Take what was authorised; a payment that is something else comes back as it is."""

    async def void(self, external_id: str) -> RemotePayment:
        """Close a payment that is not captured; one that is comes back as captured."""

    async def refund(self, external_id: str, refund_id: str, amount: int) -> RemoteRefund:
        """Send minor units back; `refund_id` is the idempotency key. A refusal is a refund that failed."""

    def read_webhook(self, headers: Mapping[str, str], body: bytes, now: datetime) -> ProviderEvent:
        """Check a webhook's signature and read it.

        Raises:
            BadSignature: it is not signed by the provider, or too old.
        """

    async def close(self) -> None:
        """Drop connections."""
