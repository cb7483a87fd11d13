"""Reads providers' payout files: the sandbox's own, Stripe's and Alipay's, all into the same lines.

Stripe's is the itemised payout reconciliation report of
https://docs.stripe.com/reports/report-types/payout-reconciliation, Alipay's the daily trade bill of
alipay.data.dataservice.bill.downloadurl.query: GBK, with `#` lines before and after.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from iso import CURRENCIES
from transactional.catalog.csv_format import Format
from transactional.catalog.csv_reading import Fault, FaultyError, Line, read_lines
from transactional.errors import ImportRefused
from transactional.money import minor_units

FileFormat = Literal["sandbox", "stripe", "alipay"]
Kind = Literal["payment", "refund", "refund_failure", "dispute", "dispute_reversal", "fee", "other"]
_SHANGHAI = ZoneInfo("Asia/Shanghai")
_LONGEST = {"payout": 64, "line": 128, "reference": 128}
_NAMED = ("payment", "refund", "refund_failure", "dispute", "dispute_reversal")
_KINDS: dict[str, Kind] = {
    "payment": "payment",
    "refund": "refund",
    "refund_failure": "refund_failure",
    "dispute": "dispute",
    "dispute_reversal": "dispute_reversal",
    "fee": "fee",
    "charge": "payment",
    "交易": "payment",
    "退款": "refund",
}


@dataclass(frozen=True)
class PayoutLine:
    """One movement at the provider, in minor units: net = gross - fee, gross negative for what went back."""

    number: int
    payout: str
    external_id: str
    kind: Kind
    reference: str | None
    gross: int
    fee: int
    net: int
    currency: str
    occurred_at: datetime


def _format(**columns: str) -> Format:
    return Format(columns, {}, strict=False, required=tuple(columns))


_SANDBOX = _format(
    payout="payout_id",
    line="line_id",
    kind="kind",
    reference="reference",
    gross="gross",
    fee="fee",
    net="net",
    currency="currency",
    at="occurred_at",
)
_STRIPE = _format(
    payout="automatic_payout_id",
    line="balance_transaction_id",
    kind="reporting_category",
    reference="source_id",
    intent="payment_intent_id",
    gross="gross",
    fee="fee",
    net="net",
    currency="currency",
    at="created_utc",
)
_ALIPAY = _format(
    line="支付宝交易号",
    order="商户订单号",
    kind="业务类型",
    at="完成时间",
    gross="订单金额（元）",
    received="商家实收（元）",
    reference="退款批次号/请求号",
    service="服务费（元）",
    shared="分润（元）",
)


class _Cells:
    """One line's cells; what is wrong with one is noted, and reading goes on with a stand-in."""

    def __init__(self, line: Line, fmt: Format, faults: list[Fault]):
        self.number = line.number
        self._line = line
        self._fmt = fmt
        self._faults = faults
        self.sound = True

    def fault(self, field: str, reason: str) -> None:
        self.sound = False
        self._faults.append(Fault(self.number, self._fmt.columns[field], reason))

    def text(self, field: str, *, needed: bool = True) -> str:
        text = self._line.word(field)
        if needed and not text:
            self.fault(field, "is empty")
        if len(text) > _LONGEST.get(field, 128):
            self.fault(field, f"is longer than {_LONGEST.get(field, 128)} characters")
        return text

    def currency(self) -> str:
        code = self.text("currency").upper()
        if code not in CURRENCIES:
            self.fault("currency", f"{code[:40]!r} is no currency like GBP")
            return "GBP"
        return code

    def amount(self, field: str, currency: str) -> int:
        text = self.text(field)
        try:
            return -minor_units(text[1:], currency) if text.startswith("-") else minor_units(text, currency)
        except ValueError as wrong:
            self.fault(field, str(wrong))
            return 0

    def moment(self, zone: ZoneInfo | None = None) -> datetime:
        text = self.text("at")
        try:
            at = datetime.fromisoformat(text)
            return (at if at.tzinfo else at.replace(tzinfo=zone or UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            self.fault("at", f"{text[:40]!r} is no time like 2026-11-22 10:00:00")
            return datetime(1970, 1, 1, tzinfo=UTC)


def _sandbox_line(cells: _Cells, _: bytes) -> PayoutLine:
    kind = _KINDS.get(cells.text("kind"), "other")
    return _line(cells, kind, cells.text("reference", needed=kind in _NAMED))


def _stripe_line(cells: _Cells, _: bytes) -> PayoutLine:
    kind = _KINDS.get(cells.text("kind"), "other")
    return _line(cells, kind, cells.text("intent" if kind == "payment" else "reference", needed=False))


def _line(cells: _Cells, kind: Kind, reference: str) -> PayoutLine:
    currency = cells.currency()
    gross, fee, net = (cells.amount(field, currency) for field in ("gross", "fee", "net"))
    if cells.sound and net != gross - fee:
        cells.fault("net", f"is not gross less fee, {gross - fee} minor units")
    if kind == "fee":
        gross, fee = 0, -net
    return PayoutLine(
        number=cells.number,
        payout=cells.text("payout"),
        external_id=cells.text("line"),
        kind=kind,
        reference=reference or None,
        gross=gross,
        fee=fee,
        net=net,
        currency=currency,
        occurred_at=cells.moment(),
    )


def _alipay_line(cells: _Cells, data: bytes) -> PayoutLine:
    """A bill is settled at once, so it is its own payout. The fee is all between price and receipt."""
    kind = _KINDS.get(cells.text("kind"), "other")
    trade, request = cells.text("line"), cells.text("reference", needed=kind == "refund")
    gross = cells.amount("gross", "CNY")
    net = sum(cells.amount(field, "CNY") for field in ("received", "service", "shared"))
    return PayoutLine(
        number=cells.number,
        payout=f"bill-{hashlib.sha256(data).hexdigest()[:32]}",
        external_id=f"{trade}:{request}" if request else trade,
        kind=kind,
        reference=request if kind == "refund" else cells.text("order"),
        gross=gross,
        fee=gross - net,
        net=net,
        currency="CNY",
        occurred_at=cells.moment(_SHANGHAI),
    )


def _without_remarks(data: bytes) -> bytes:
    """A bill without its remarks, as UTF-8; the lines keep their numbers."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("gb18030", errors="replace")
    return "\n".join("" if line.startswith("#") else line for line in text.splitlines()).encode()


_READERS: dict[FileFormat, tuple[Format, Callable[[_Cells, bytes], PayoutLine]]] = {
    "sandbox": (_SANDBOX, _sandbox_line),
    "stripe": (_STRIPE, _stripe_line),
    "alipay": (_ALIPAY, _alipay_line),
}


def read(provider: FileFormat, data: bytes) -> list[PayoutLine]:
    """The lines of a provider's file.

    Raises:
        ImportRefused: names every fault with its line and column.
    """
    fmt, reader = _READERS[provider]
    faults: list[Fault] = []
    try:
        rows = read_lines(_without_remarks(data) if provider == "alipay" else data, fmt)
    except FaultyError as wrong:
        raise ImportRefused([wrong.fault]) from None
    lines = [reader(_Cells(row, fmt, faults), data) for row in rows]
    faults += _contradictions(lines, fmt)
    if faults:
        raise ImportRefused(sorted(faults))
    return lines


def _contradictions(lines: Sequence[PayoutLine], fmt: Format) -> list[Fault]:
    """Lines that are there twice, and payouts in two currencies."""
    found: list[Fault] = []
    first: dict[str, int] = {}
    currencies: dict[str, str] = {}
    for line in lines:
        before = first.setdefault(line.external_id, line.number)
        if before != line.number:
            found.append(Fault(line.number, fmt.columns["line"], f"is that of line {before} again"))
        if currencies.setdefault(line.payout, line.currency) != line.currency:
            reason = f"the payout is in {currencies[line.payout]} on other lines"
            found.append(Fault(line.number, fmt.columns["currency"], reason))
    return found
