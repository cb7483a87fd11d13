"""Tables of money that came in and went back, and of what providers told us."""

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
    Column("status", String(16), nullable=False, comment="pending, captured, failed or voided."),
    moment("created_at"),
    moment("captured_at", nullable=True),
    UniqueConstraint("provider", "external_id"),
    CheckConstraint("status in ('pending', 'captured', 'failed', 'voided')", name="status"),
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
    CheckConstraint("status in ('pending', 'succeeded', 'failed')", name="status"),
    CheckConstraint("amount > 0", name="amount"),
    Index("ix_refunds_status_created_at", "status", "created_at"),
    Index("ix_refunds_external_id_status", "external_id", "status"),
)

webhook_inbox = Table(
    "webhook_inbox",
    metadata,
    id_column(),
    Column("source", String(32), nullable=False),
    Column("external_id", String(128), nullable=False, comment="The provider's id of this message."),
    Column("body", JSON, nullable=False),
    moment("received_at"),
    UniqueConstraint("source", "external_id"),
    info={"logged": False},
)
