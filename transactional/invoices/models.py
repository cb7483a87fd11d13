"""Tables of invoices and credit notes as documents: who asked for them, and what was issued."""

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
    false,
)

from transactional.database import Id, Money, id_column, metadata, moment, reference

invoice_requests = Table(
    "invoice_requests",
    metadata,
    id_column(),
    reference("order_id", "orders.id"),
    Column("buyer", JSON, nullable=False, comment="Name, company, tax number and address, as asked for."),
    Column("status", String(16), nullable=False, comment="open or issued."),
    moment("created_at"),
    Column(
        "reverse_charge",
        Boolean,
        nullable=False,
        server_default=false(),
        comment="Whether the order was sold without tax, as the buyer accounts for it.",
    ),
    UniqueConstraint("order_id"),
    CheckConstraint("status in ('open', 'issued')", name="status"),
    Index("ix_invoice_requests_status", "status"),
)

invoices = Table(
    "invoices",
    metadata,
    id_column(),
    Column("kind", String(16), nullable=False, comment="invoice or credit_note."),
    Column("number", String(32), nullable=False, unique=True),
    Column("year", Integer, nullable=False, comment="Of the shop's calendar."),
    Column("sequence", Integer, nullable=False, comment="From 1, without gaps in a kind and year."),
    Column(
        "document_id",
        Id,
        nullable=False,
        unique=True,
        comment="Id of the order, its change or the credit note.",
    ),
    reference("order_id", "orders.id", index=True),
    reference("credit_note_id", "credit_notes.id", nullable=True),
    moment("issued_at"),
    Column("currency", String(3), nullable=False),
    Column("net", Money, nullable=False),
    Column("tax", Money, nullable=False),
    Column("total", Money, nullable=False),
    # What is printed is kept as it was: the order and the settings may change later.
    Column("seller", JSON, nullable=False, comment="Name, address and tax number."),
    Column("buyer", JSON, nullable=False, comment="Name, company, tax number and address."),
    Column(
        "lines",
        JSON,
        nullable=False,
        comment="Name, SKU, quantity, unit price, discount, net, tax and its rate.",
    ),
    Column("corrects", String(32), nullable=True, comment="Number of a credit note's invoice."),
    Column("sent_on", Date, nullable=True, comment="Day of the shop's calendar on which the goods left."),
    Column("promised_on", Date, nullable=True, comment="By when they were to arrive, while none has left."),
    Column(
        "reverse_charge",
        Boolean,
        nullable=False,
        server_default=false(),
        comment="Whether the buyer accounts for the tax.",
    ),
    Index("ix_invoices_issued_at", "issued_at"),
    UniqueConstraint("kind", "year", "sequence"),
    CheckConstraint("kind in ('invoice', 'credit_note')", name="kind"),
    CheckConstraint("total = net + tax", name="total"),
)

# The last number given in a kind and year; bookkeeping, as the invoices themselves tell it.
invoice_counters = Table(
    "invoice_counters",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("last", Integer, nullable=False),
    info={"logged": False},
)
