"""Invoices and the documents of credit notes: issued once an order is paid, numbered without gaps."""

from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, exists, func, select

from settings import Settings
from transactional.checkout.requirements import Invoicee
from transactional.checkout.sale_terms import shop_day
from transactional.errors import NotFound
from transactional.invoices import requests, rules
from transactional.invoices.errors import NotInvoiceable
from transactional.invoices.models import invoice_counters, invoice_requests, invoices
from transactional.invoices.rules import DocumentLine
from transactional.orders import changes
from transactional.orders import service as orders
from transactional.orders.change_models import order_changes
from transactional.orders.models import credit_note_lines, credit_notes
from transactional.orders.models import orders as orders_table
from transactional.row_statements import Increment
from transactional.staff.service import Terms
from transactional.unit_of_work import Reading, Row, UnitOfWork

_next_number = Increment(invoice_counters, invoice_counters.c.id, ["last"])
_of_order = (
    select(invoices)
    .where(invoices.c.order_id == bindparam("order_id"))
    .order_by(invoices.c.kind.desc(), invoices.c.year, invoices.c.sequence)
)
_by_number = select(invoices).where(invoices.c.number == bindparam("number"))
_credit_notes = (
    select(credit_notes).where(credit_notes.c.order_id == bindparam("order_id")).order_by(credit_notes.c.id)
)
_credited = (
    select(credit_note_lines)
    .where(credit_note_lines.c.credit_note_id == bindparam("credit_note_id"))
    .order_by(credit_note_lines.c.position)
)
_asked_for = (
    select(invoice_requests.c.order_id)
    .join(orders_table, orders_table.c.id == invoice_requests.c.order_id)
    .where(invoice_requests.c.status == "open", orders_table.c.paid_at.is_not(None))
    .order_by(invoice_requests.c.id)
    .limit(bindparam("limit"))
)
_document = invoices.alias("document")
_credited_since = (
    select(credit_notes.c.order_id)
    .join(invoices, (invoices.c.order_id == credit_notes.c.order_id) & (invoices.c.kind == "invoice"))
    .where(~exists().where(_document.c.document_id == credit_notes.c.id))
    .distinct()
    .limit(bindparam("limit"))
)
_added_since = (
    select(order_changes.c.order_id)
    .join(invoices, invoices.c.document_id == order_changes.c.order_id)
    .where(
        order_changes.c.status == "applied",
        order_changes.c.added > 0,
        ~exists().where(_document.c.document_id == order_changes.c.id),
    )
    .distinct()
    .limit(bindparam("limit"))
)


@dataclass(frozen=True)
class Seller:
    """Who sells, as invoices tell it."""

    name: str
    address: str
    tax_number: str

    @classmethod
    def of(cls, settings: Settings) -> "Seller":
        return cls(
            settings.seller_name or settings.shop_name, settings.seller_address, settings.seller_tax_number
        )


def issue(
    uow: UnitOfWork, terms: Terms, seller: Seller, order_id: str, invoicee: Invoicee | None = None
) -> list[Row]:
    """Issue what is still to be issued for an order: its invoice, one for what each change added, and a
    document for each credit note.

    The counters are locked last, so that others wait only for the commit, and a transaction that is rolled
    back leaves no gap.

    Args:
        invoicee: who the invoice is to be made out to; as asked for with the order, or its buyer, when None.

    Returns:
        All documents of the order, the invoice first.

    Raises:
        NotFound: there is no such order.
        NotInvoiceable: it has not been paid, or its amounts are not known.
        InvoiceIssued, InvoiceeFixed, OrderIncomplete: see `requests.change`.
    """
    order = orders.lock(uow, order_id)
    if order["paid_at"] is None or order["total"] is None:
        raise NotInvoiceable(order["status"])
    issued = of_order(uow, order_id)
    if invoicee is not None:
        requests.change(uow, order, invoicee, issued[0]["number"] if issued else None)
    there = {row["document_id"] for row in issued}
    lines = orders.find(uow, order_id).lines
    asked = requests.of_order(uow, order_id)
    due: list[tuple[str, str, str | None, list[DocumentLine]]] = []
    applied = [row for row in changes.of_order(uow, order_id) if row["status"] == "applied"]
    if order_id not in there:
        due.append(("invoice", order_id, None, rules.of_order(order, lines, applied)))
    for change in applied:
        if change["added"] and change["id"] not in there:
            due.append(("invoice", change["id"], None, rules.of_change(order, lines, change)))
    for note in uow.rows(_credit_notes, order_id=order_id):
        if note["id"] not in there:
            credited = uow.rows(_credited, credit_note_id=note["id"])
            due.append(("credit_note", note["id"], note["id"], rules.of_credit_note(order, lines, credited)))
    if asked is not None and asked["status"] == "open" and due:
        uow.update(invoice_requests, uow.lock(invoice_requests, asked["id"]) or asked, status="issued")
    common = {
        "order_id": order_id,
        "buyer": issued[0]["buyer"] if issued else rules.buyer_of(order, asked["buyer"] if asked else {}),
        "seller": asdict(seller),
        "currency": order["currency"],
        "reverse_charge": asked is not None and asked["reverse_charge"],
        **_delivery_days(order, terms),
    }
    documents = list(issued)
    for kind, key, note_id, document_lines in due:
        corrects = documents[0]["number"] if kind == "credit_note" else None
        told = {**common, "document_id": key, "credit_note_id": note_id, "corrects": corrects}
        documents.append(_insert(uow, kind, shop_day(uow, terms).year, document_lines, told))
    return documents


def _delivery_days(order: Row, terms: Terms) -> dict[str, date | None]:
    """When the goods left, or by when they are promised while they have not."""
    zone = ZoneInfo(terms.time_zone)
    sent, promised = (at and at.astimezone(zone).date() for at in (order["shipped_at"], order["promised_at"]))
    return {"sent_on": sent, "promised_on": None if sent else promised}


def _insert(uow: UnitOfWork, kind: str, year: int, lines: list[DocumentLine], common: Row) -> Row:
    sequence = _count(uow, f"{kind}-{year}")
    net, tax = sum(line.net for line in lines), sum(line.tax for line in lines)
    row = {
        "id": uow.new_id(),
        "kind": kind,
        "number": rules.number(kind, year, sequence),
        "year": year,
        "sequence": sequence,
        "issued_at": uow.now,
        "net": net,
        "tax": tax,
        "total": net + tax,
        "lines": [asdict(line) for line in lines],
    }
    return uow.insert(invoices, {**row, **common})


def _count(uow: UnitOfWork, counter: str) -> int:
    """The next number of a kind and year; whoever counts next waits for this transaction to end."""
    counted = uow.increment(_next_number, counter, last=1)
    if counted is None:
        uow.insert_unless_there(invoice_counters, {"id": counter, "last": 0}, "id")
        counted = uow.increment(_next_number, counter, last=1)
    if counted is None:
        raise RuntimeError(f"there is no counter {counter}")
    return int(counted["last"])


def due(db: Reading, limit: int) -> list[str]:
    """Ids of orders that wait for a document: paid and asked for, or invoiced and changed since."""
    waiting = (_asked_for, _credited_since, _added_since)
    found = [row for statement in waiting for row in db.rows(statement, limit=limit)]
    return list(dict.fromkeys(row["order_id"] for row in found))


def of_order(db: Reading, order_id: str) -> list[Row]:
    """All documents of an order, the invoice first."""
    return db.rows(_of_order, order_id=order_id)


def search(
    db: Reading, terms: Terms, first: date | None, last: date | None, kind: str | None, page: int, size: int
) -> tuple[list[Row], int]:
    """Documents issued on days of the shop's calendar, the newest first, and how many there are.

    Args:
        first, last: inclusive; without bound when None.
    """
    zone = ZoneInfo(terms.time_zone)
    chosen = select(invoices)
    if first is not None:
        chosen = chosen.where(invoices.c.issued_at >= datetime.combine(first, time(), zone))
    if last is not None:
        chosen = chosen.where(invoices.c.issued_at < datetime.combine(last + timedelta(1), time(), zone))
    if kind is not None:
        chosen = chosen.where(invoices.c.kind == kind)
    total = db.value(select(func.count()).select_from(chosen.subquery()))
    newest = chosen.order_by(invoices.c.issued_at.desc(), invoices.c.number.desc())
    return db.rows(newest.limit(size).offset((page - 1) * size)), int(total)


def find(db: Reading, number: str, order_id: str | None = None) -> Row:
    """A document.

    Args:
        order_id: the order it must belong to; any when None.

    Raises:
        NotFound: none has this number, or it belongs to another order.
    """
    row = db.row(_by_number, number=number)
    if row is None or order_id not in (None, row["order_id"]):
        raise NotFound("invoice", number)
    return row
