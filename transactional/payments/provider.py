"""What the shop asks of a payment provider; the sandbox's client is the default."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

RemoteStatus = Literal["pending", "captured", "failed", "voided"]


@dataclass(frozen=True)
class PaymentRequest:
    """A payment to create; `reference` is our payment's id and the idempotency key. Amount in minor units."""

    reference: str
    amount: int
    currency: str
    description: str
    return_url: str
    webhook_url: str


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
    external_id: str
    succeeded: bool


@dataclass(frozen=True)
class Dispute:
    """The buyer's bank took `amount` minor units of a payment back; the id is the provider's."""

    external_id: str
    amount: int


@dataclass(frozen=True)
class ProviderEvent:
    """A webhook whose signature was right."""

    event_id: str
    payment: RemotePayment
    dispute: Dispute | None = None


class Provider(Protocol):
    """A payment provider. Every call may be repeated; none is made while a database lock is held.

    The calls raise `ProviderUnavailable` when the provider cannot be asked or does not understand.
    """

    name: str

    async def create(self, request: PaymentRequest) -> RemotePayment:
        """Create a payment, or return the one made before for the same reference."""

    async def fetch(self, external_id: str) -> RemotePayment:
        """How a payment stands."""

    async def void(self, external_id: str) -> RemotePayment:
        """Close a pending payment; one that is captured already comes back as captured."""

    async def refund(self, external_id: str, refund_id: str, amount: int) -> RemoteRefund:
        """Send money back; `refund_id` is the idempotency key."""

    def read_webhook(self, headers: Mapping[str, str], body: bytes, now: datetime) -> ProviderEvent:
        """Check a webhook's signature and read it.

        Raises:
            BadSignature: it is not signed by the provider, or too old.
        """

    async def close(self) -> None:
        """Drop connections."""
