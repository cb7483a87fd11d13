"""A bank in memory behind the shop's provider protocol: what it holds, the shop's books must say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, TypeVar

from transactional.payments.errors import ProviderUnavailable
from transactional.payments.provider import (
    Chargeback,
    DisputeStage,
    Method,
    News,
    OutsideRefund,
    PaymentRequest,
    ProviderEvent,
    RefundNews,
    RemotePayment,
    RemoteRefund,
    RemoteStatus,
)

Answer = TypeVar("Answer", RemotePayment, RemoteRefund)
Mood = Literal["well", "deaf", "cut off", "refusing"]
MOODS: tuple[Mood, ...] = ("well", "well", "deaf", "cut off", "refusing")


@dataclass
class Deal:
    """One payment at the bank, with what has gone back of it."""

    remote: RemotePayment
    refunds: dict[str, RemoteRefund] = field(default_factory=dict)
    refunded: int = 0
    disputes: dict[str, tuple[int, DisputeStage]] = field(default_factory=dict)

    @property
    def left(self) -> int:
        """Minor units of the buyer's that are still there."""
        lost = sum(amount for amount, stage in self.disputes.values() if stage == "succeeded")
        return self.remote.amount - self.refunded - lost if self.remote.status == "captured" else 0


class Bank:
    """Takes, refunds and disputes payments, and keeps every message it would send to the shop.

    Its mood says how it answers: `deaf` does nothing, `cut off` does it and the answer is lost, `refusing`
    refuses refunds.
    """

    name = "sandbox"
    pay_origin = ""
    receipt = ""

    def __init__(self) -> None:
        self.deals: dict[str, Deal] = {}  # by the bank's id
        self.news: list[ProviderEvent] = []
        self.mood: Mood = "well"

    def methods(self, currency: str) -> Sequence[Method]:
        return ("card", "wallet")

    def installments(self, method: Method, currency: str) -> Sequence[int]:
        return ()

    async def create(self, request: PaymentRequest) -> RemotePayment:
        self._listen()
        external_id = f"bank_{request.reference}"
        if external_id not in self.deals:
            made = RemotePayment(
                external_id, request.reference, "pending", request.amount, request.currency, "https://bank"
            )
            self.deals[external_id] = Deal(made)
        return self._answer(self.deals[external_id].remote)

    async def fetch(self, external_id: str) -> RemotePayment:
        self._listen()
        return self._answer(self.deals[external_id].remote)

    async def capture(self, external_id: str) -> RemotePayment:
        self._listen()
        deal = self.deals[external_id]
        if deal.remote.status == "authorised":
            # What was authorised may have run out.
            status: RemoteStatus = "voided" if self.mood == "refusing" else "captured"
            deal.remote = replace(deal.remote, status=status)
            self._tell(deal.remote)
        return self._answer(deal.remote)

    async def void(self, external_id: str) -> RemotePayment:
        self._listen()
        self.end(external_id, "voided")
        return self._answer(self.deals[external_id].remote)

    async def refund(self, external_id: str, refund_id: str, amount: int) -> RemoteRefund:
        self._listen()
        deal = self.deals[external_id]
        if refund_id not in deal.refunds:
            succeeded = self.mood != "refusing" and amount <= deal.left
            deal.refunded += amount if succeeded else 0
            deal.refunds[refund_id] = RemoteRefund(f"back_{refund_id}", succeeded)
            self._tell(RefundNews(refund_id, f"back_{refund_id}", succeeded))
        return self._answer(deal.refunds[refund_id])

    def refund_by_hand(self, external_id: str, amount: int) -> None:
        """Somebody of the shop gives minor units back in the bank's own dashboard, no more than are there."""
        deal = self.deals[external_id]
        given = min(amount, deal.left)
        if given:
            deal.refunded += given
            paid = deal.remote
            made = f"by_hand_{len(self.news)}"
            self._tell(OutsideRefund(paid.external_id, made, given, paid.currency, succeeded=True))

    def read_webhook(self, headers: Mapping[str, str], body: bytes, now: datetime) -> ProviderEvent:
        return self.news[int(body)]

    async def close(self) -> None:
        pass

    def pay(self, external_id: str, amount: int, currency: str, *, at_once: bool) -> None:
        """The buyer pays, at once or with money that is held; it may be something else than was asked."""
        deal = self.deals[external_id]
        if deal.remote.status == "pending":
            status: RemoteStatus = "captured" if at_once else "authorised"
            deal.remote = replace(deal.remote, status=status, amount=amount, currency=currency)
            self._tell(deal.remote)

    def end(self, external_id: str, status: Literal["failed", "voided"]) -> None:
        deal = self.deals[external_id]
        if deal.remote.status == "pending" or (status == "voided" and deal.remote.status == "authorised"):
            deal.remote = replace(deal.remote, status=status)
            self._tell(deal.remote)

    def dispute(self, external_id: str, amount: int, stage: DisputeStage) -> None:
        """The buyer's own bank asks for minor units or takes them, no more than are there."""
        deal = self.deals[external_id]
        taken = min(amount, deal.left)
        if taken:
            self._step(deal, f"dispute_{len(self.news)}", taken, stage)

    def step_dispute(self, external_id: str, stage: DisputeStage, number: int) -> None:
        """A dispute of a payment goes on or ends, unless the shop has won it; it never goes back.

        Args:
            number: which of them; after the last comes the first again.
        """
        deal = self.deals[external_id]
        if not deal.disputes:
            return
        dispute = [*deal.disputes][number % len(deal.disputes)]
        amount, before = deal.disputes[dispute]
        goes_on = stage != "requested" and before not in (stage, "failed")
        if goes_on and (before == "succeeded" or amount <= deal.left):
            self._step(deal, dispute, amount, stage)

    def _step(self, deal: Deal, dispute: str, amount: int, stage: DisputeStage) -> None:
        deal.disputes[dispute] = (amount, stage)
        self._tell(Chargeback(deal.remote.external_id, dispute, amount, capture=deal.remote, stage=stage))

    def _tell(self, news: News) -> None:
        self.news.append(ProviderEvent(f"news_{len(self.news)}", news))

    def _listen(self) -> None:
        if self.mood == "deaf":
            raise ProviderUnavailable(self.name)

    def _answer(self, answer: Answer) -> Answer:
        if self.mood == "cut off":
            raise ProviderUnavailable(self.name)
        return answer
