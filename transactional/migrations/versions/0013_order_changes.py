"""Let orders be changed in flight: what is added, taken off, and still to be paid for it."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

ID = sa.String(36).with_variant(sa.UUID(as_uuid=False), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _create_changes()
    _create_additions()
    _create_removals()
    for table in ("order_lines", "payments"):
        change = sa.Column(
            "change_id",
            ID,
            sa.ForeignKey("order_changes.id", name=op.f(f"fk_{table}_change_id")),
            nullable=True,
        )
        # SQLite can only add a reference together with its column; PostgreSQL would name that one itself.
        op.add_column(table, change, inline_references=op.get_bind().dialect.name == "sqlite")
    if op.get_bind().dialect.name == "postgresql":  # SQLite keeps no comments
        told = "Id of the order, its change or the credit note."
        op.alter_column("invoices", "document_id", comment=told)


def _create_changes() -> None:
    op.create_table(
        "order_changes",
        sa.Column("id", ID, nullable=False),
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("order_id", ID, nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False, comment="One of CHANGE_STATUSES."),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column(
            "gross", sa.BigInteger(), nullable=False, comment="Lines it adds, at list price, without tax."
        ),
        sa.Column("discount", sa.BigInteger(), nullable=False, comment="Taken off them, without tax."),
        sa.Column("shipping", sa.BigInteger(), nullable=False, comment="New delivery charge, without tax."),
        sa.Column("tax", sa.BigInteger(), nullable=False, comment="Tax on all of it."),
        sa.Column("added", sa.BigInteger(), nullable=False, comment="What it adds, with tax."),
        sa.Column("credited", sa.BigInteger(), nullable=False, comment="What it takes off, with tax."),
        sa.Column("kept", sa.BigInteger(), nullable=False, comment="Credited, and pays for what it adds."),
        sa.Column(
            "due", sa.BigInteger(), nullable=False, comment="What the buyer pays before it takes effect."
        ),
        sa.Column(
            "points",
            sa.BigInteger(),
            nullable=False,
            comment="What the points are worth that what it adds earns.",
        ),
        sa.Column(
            "delivery_credit", sa.BigInteger(), nullable=False, comment="Delivery it takes off, without tax."
        ),
        sa.Column("delivery_credit_tax", sa.BigInteger(), nullable=False, comment="Tax on that."),
        sa.Column("ship_name", sa.String(length=200), nullable=True),
        sa.Column("ship_address", sa.String(length=400), nullable=True),
        sa.Column("ship_city", sa.String(length=200), nullable=True),
        sa.Column("ship_region", sa.String(length=200), nullable=True),
        sa.Column("ship_postal_code", sa.String(length=32), nullable=True),
        sa.Column("ship_country", sa.String(length=100), nullable=True),
        sa.Column("delivery_method", sa.String(length=32), nullable=True),
        sa.Column("delivery_name", sa.String(length=200), nullable=True),
        sa.Column("delivery_tax_rate_bp", sa.Integer(), nullable=True),
        sa.Column("prices_include_tax", sa.Boolean(), nullable=True),
        sa.Column("promised_at", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=True),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.Column("credit_note_id", ID, nullable=True),
        sa.CheckConstraint(
            "status in ('open', 'applied', 'cancelled', 'expired')", name=op.f("ck_order_changes_status")
        ),
        sa.CheckConstraint("added = gross - discount + shipping + tax", name=op.f("ck_order_changes_added")),
        sa.CheckConstraint(
            "kept between 0 and credited and due = added - kept and due >= 0",
            name=op.f("ck_order_changes_due"),
        ),
        sa.ForeignKeyConstraint(
            ["credit_note_id"], ["credit_notes.id"], name=op.f("fk_order_changes_credit_note_id")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_changes_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_changes")),
        sa.UniqueConstraint("number", name=op.f("uq_order_changes_number")),
    )
    op.create_index(op.f("ix_order_changes_order_id"), "order_changes", ["order_id"])
    op.create_index("ix_order_changes_status_expires_at", "order_changes", ["status", "expires_at"])


def _create_additions() -> None:
    op.create_table(
        "order_change_additions",
        sa.Column("id", ID, nullable=False),
        sa.Column("change_id", ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False, comment="Within the change, from 1."),
        sa.Column("sku_id", ID, nullable=False),
        sa.Column("sku", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=400), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("list_price", sa.BigInteger(), nullable=True),
        sa.Column("unit_price", sa.BigInteger(), nullable=True),
        sa.Column("cost", sa.BigInteger(), nullable=False),
        sa.Column("gross", sa.BigInteger(), nullable=False),
        sa.Column("discount", sa.BigInteger(), nullable=False),
        sa.Column("tax", sa.BigInteger(), nullable=False),
        sa.Column("tax_rate_bp", sa.Integer(), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_order_change_additions_quantity")),
        sa.ForeignKeyConstraint(
            ["change_id"], ["order_changes.id"], name=op.f("fk_order_change_additions_change_id")
        ),
        sa.ForeignKeyConstraint(["sku_id"], ["skus.id"], name=op.f("fk_order_change_additions_sku_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_change_additions")),
    )
    op.create_index(op.f("ix_order_change_additions_change_id"), "order_change_additions", ["change_id"])


def _create_removals() -> None:
    op.create_table(
        "order_change_removals",
        sa.Column("id", ID, nullable=False),
        sa.Column("change_id", ID, nullable=False),
        sa.Column("order_line_id", ID, nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_order_change_removals_quantity")),
        sa.ForeignKeyConstraint(
            ["change_id"], ["order_changes.id"], name=op.f("fk_order_change_removals_change_id")
        ),
        sa.ForeignKeyConstraint(
            ["order_line_id"], ["order_lines.id"], name=op.f("fk_order_change_removals_order_line_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_change_removals")),
        sa.UniqueConstraint(
            "change_id", "order_line_id", name=op.f("uq_order_change_removals_change_id_order_line_id")
        ),
    )
    op.create_index(op.f("ix_order_change_removals_change_id"), "order_change_removals", ["change_id"])
