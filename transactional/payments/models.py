"""Tables of the tenders of orders: money that came in and went back, and what providers told us.

A row of `payments` is a tender, one part of how an order is paid. What happened to it are its events.
"""

from sqlalchemy import JSON, CheckConstraint, Column, Index, Integer, String, Table, UniqueConstraint

from transactional.database import Money, id_column, metadata, moment, reference

payments = Table(
    "payments",
    metadata,
    id_column(),
    reference("order_id", "orders.id", index=True),
    Column("provider", String(32), nullable=False),
    Column("method", String(32), nullable=False, comment="card, wallet, boleto, voucher..."),
    Column("installments", Integer, nullable=False, server_default="1"),
    Column("external_id", String(128), nullable=True, comment="The provider's id of this payment."),
    Column("amount", Money, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("status", String(16), nullable=False, comment="One of payments.rules.Status."),
    moment("created_at"),
    moment("captured_at", nullable=True),
    Column(
        "kind",
        String(16),
        nullable=False,
        server_default="external",
        comment="external: a provider takes it; internal: it was taken from an account of the ledger.",
    ),
    Column(
        "position",
        Integer,
        nullable=False,
        server_default="1",
        comment="Order of an order's tenders; what goes back takes the last first.",
    ),
    Column("account", String(100), nullable=True, comment="The ledger account of an internal tender."),
    reference("change_id", "order_changes.id", nullable=True),
    UniqueConstraint("provider", "external_id"),
    CheckConstraint("status in ('pending', 'authorised', 'captured', 'failed', 'voided')", name="status"),
    Index("ix_payments_status_created_at", "status", "created_at"),
)

refunds = Table(
    "refunds",
    metadata,
    id_column(),
    reference("payment_id", "payments.id", index=True),
    reference("credit_note_id", "credit_notes.id", nullable=True),
    Column("external_id", String(128), nullable=True),
    Column("amount", Money, nullable=False, comment="Positive; what went back."),
    Column("currency", String(3), nullable=False),
    Column("status", String(16), nullable=False, comment="pending, succeeded or failed."),
    moment("created_at"),
    moment("refunded_at", nullable=True),
    Column(
        "reversal",
        String(100),
        nullable=True,
        comment="Names what gave it back; a tender is asked once for it.",
    ),
    Column(
        "account",
        String(100),
        nullable=True,
        comment="The ledger account that got it instead, as the provider could not pay.",
    ),
    CheckConstraint("status in ('pending', 'succeeded', 'failed')", name="status"),
    CheckConstraint("amount > 0", name="amount"),
    Index("ix_refunds_status_created_at", "status", "created_at"),
    Index("ix_refunds_external_id_status", "external_id", "status"),
    Index("ix_refunds_payment_id_reversal", "payment_id", "reversal", unique=True),
)

# Written once, as the ledger is: the migration's triggers refuse the rest.
tender_events = Table(
    "tender_events",
    metadata,
    id_column(),
    reference("payment_id", "payments.id"),
    Column("type", String(16), nullable=False, comment="authorise, capture, refund, void or chargeback."),
    Column("outcome", String(16), nullable=False, comment="requested, succeeded, failed or unknown."),
    Column("amount", Money, nullable=False),
    Column("currency", String(3), nullable=False),
    Column(
        "reference", String(128), nullable=False, comment="Names the action: a payment's id, a refund's id..."
    ),
    Column("external_id", String(128), nullable=True, comment="What the provider calls it."),
    moment("occurred_at"),
    UniqueConstraint("payment_id", "type", "reference", "outcome"),
    CheckConstraint("type in ('authorise', 'capture', 'refund', 'void', 'chargeback')", name="type"),
    CheckConstraint("outcome in ('requested', 'succeeded', 'failed', 'unknown')", name="outcome"),
    CheckConstraint("amount >= 0", name="amount"),
)

# What is left on a card is its ledger account's balance. Its code is its number with a MAC: stored nowhere.
gift_cards = Table(
    "gift_cards",
    metadata,
    id_column(),
    Column("number", String(12), nullable=False, unique=True, comment="The first part of its code."),
    Column("initial", Money, nullable=False, comment="What it was issued with."),
    Column("currency", String(3), nullable=False),
    Column("status", String(16), nullable=False, comment="active, blocked, charged_back or disabled."),
    Column("charged_back_by", String(200), nullable=True, comment="Key of the chargeback that emptied it."),
    Column("status_before", String(16), nullable=True, comment="What it is again when that dispute is won."),
    reference("order_line_id", "order_lines.id", nullable=True, index=True),
    moment("issued_at"),
    moment("expires_at", nullable=True),
    CheckConstraint("status in ('active', 'blocked', 'charged_back', 'disabled')", name="status"),
    CheckConstraint("initial > 0", name="initial"),
)

webhook_inbox = Table(
    "webhook_inbox",
    metadata,
    id_column(),
    Column("source", String(32), nullable=False),
    Column("external_id", String(128), nullable=False, comment="The provider's id of this message."),
    Column("body", JSON, nullable=False),
    moment("received_at"),
    Column(
        "problem", String(400), nullable=True, comment="Why it is not acted on yet; it may be told again."
    ),
    UniqueConstraint("source", "external_id"),
    info={"logged": False},
)
