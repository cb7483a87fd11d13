"""Tables of orders' changes in flight: what each comes to, what it adds and what it takes off."""

from sqlalchemy import Boolean, CheckConstraint, Column, Index, Integer, String, Table, UniqueConstraint

from transactional.database import Money, id_column, metadata, moment, reference
from transactional.orders.models import delivery_address

CHANGE_STATUSES = ("open", "applied", "cancelled", "expired")

order_changes = Table(
    "order_changes",
    metadata,
    id_column(),
    Column("number", String(64), nullable=False, unique=True),
    reference("order_id", "orders.id", index=True),
    Column("status", String(16), nullable=False, comment="One of CHANGE_STATUSES."),
    Column("reason", String(400), nullable=False),
    Column("currency", String(3), nullable=False),
    # added = gross - discount + shipping + tax, as of an order; due = added - kept.
    Column("gross", Money, nullable=False, comment="Lines it adds, at list price, without tax."),
    Column("discount", Money, nullable=False, comment="Taken off them, without tax."),
    Column("shipping", Money, nullable=False, comment="New delivery charge, without tax."),
    Column("tax", Money, nullable=False, comment="Tax on all of it."),
    Column("added", Money, nullable=False, comment="What it adds, with tax."),
    Column("credited", Money, nullable=False, comment="What it takes off, with tax."),
    Column("kept", Money, nullable=False, comment="Credited, and pays for what it adds."),
    Column("due", Money, nullable=False, comment="What the buyer pays before it takes effect."),
    Column("points", Money, nullable=False, comment="What the points are worth that what it adds earns."),
    # Part of credited; shipping is what is charged instead.
    Column("delivery_credit", Money, nullable=False, comment="Delivery it takes off, without tax."),
    Column("delivery_credit_tax", Money, nullable=False, comment="Tax on that."),
    # Null: stays as it is.
    *delivery_address(),
    Column("delivery_method", String(32), nullable=True),
    Column("delivery_name", String(200), nullable=True),
    Column("delivery_tax_rate_bp", Integer, nullable=True),
    Column("prices_include_tax", Boolean, nullable=True),
    moment("promised_at", nullable=True),
    moment("created_at"),
    moment("expires_at", nullable=True),
    moment("closed_at", nullable=True),
    reference("credit_note_id", "credit_notes.id", nullable=True),
    CheckConstraint("status in ('" + "', '".join(CHANGE_STATUSES) + "')", name="status"),
    CheckConstraint("added = gross - discount + shipping + tax", name="added"),
    CheckConstraint("kept between 0 and credited and due = added - kept and due >= 0", name="due"),
    Index("ix_order_changes_status_expires_at", "status", "expires_at"),
)

order_change_additions = Table(
    "order_change_additions",
    metadata,
    id_column(),
    reference("change_id", "order_changes.id", index=True),
    Column("position", Integer, nullable=False, comment="Within the change, from 1."),
    reference("sku_id", "skus.id"),
    Column("sku", String(64), nullable=False),
    Column("name", String(400), nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("list_price", Money, nullable=True),
    Column("unit_price", Money, nullable=True),
    Column("cost", Money, nullable=False),
    Column("gross", Money, nullable=False),
    Column("discount", Money, nullable=False),
    Column("tax", Money, nullable=False),
    Column("tax_rate_bp", Integer, nullable=False),
    CheckConstraint("quantity > 0", name="quantity"),
)

order_change_removals = Table(
    "order_change_removals",
    metadata,
    id_column(),
    reference("change_id", "order_changes.id", index=True),
    reference("order_line_id", "order_lines.id"),
    Column("quantity", Integer, nullable=False),
    UniqueConstraint("change_id", "order_line_id"),
    CheckConstraint("quantity > 0", name="quantity"),
)
