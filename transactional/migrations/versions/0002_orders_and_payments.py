"""Create orders, credit notes and payments."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ID = sa.String(36).with_variant(sa.UUID(as_uuid=False), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "webhook_inbox",
        sa.Column("id", ID, nullable=False),
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column(
            "external_id", sa.String(length=128), nullable=False, comment="The provider's id of this message."
        ),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_inbox")),
        sa.UniqueConstraint("source", "external_id", name=op.f("uq_webhook_inbox_source_external_id")),
    )
    op.create_table(
        "orders",
        sa.Column("id", ID, nullable=False),
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("cart_id", ID, nullable=True),
        sa.Column("customer_id", ID, nullable=True),
        sa.Column("status", sa.String(length=32), nullable=False, comment="One of ORDER_STATUSES."),
        sa.Column(
            "source_status",
            sa.String(length=64),
            nullable=True,
            comment="The status in the words of the system it came from.",
        ),
        sa.Column(
            "channel",
            sa.String(length=32),
            nullable=False,
            comment="web, api, or an import's own: marketplace, invoice.",
        ),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("gross", sa.BigInteger(), nullable=True, comment="Lines at list price, without tax."),
        sa.Column("discount", sa.BigInteger(), nullable=True, comment="Taken off the lines, without tax."),
        sa.Column("shipping", sa.BigInteger(), nullable=True, comment="Delivery charge, without tax."),
        sa.Column("tax", sa.BigInteger(), nullable=True, comment="Tax on lines and delivery."),
        sa.Column("total", sa.BigInteger(), nullable=True, comment="What the customer pays."),
        sa.Column("visitor_id", sa.String(length=64), nullable=True),
        sa.Column("email", sa.String(length=320), nullable=True),
        sa.Column("ship_name", sa.String(length=200), nullable=True),
        sa.Column("ship_address", sa.String(length=400), nullable=True),
        sa.Column("ship_city", sa.String(length=200), nullable=True),
        sa.Column("ship_region", sa.String(length=200), nullable=True),
        sa.Column("ship_postal_code", sa.String(length=32), nullable=True),
        sa.Column("ship_country", sa.String(length=100), nullable=True),
        sa.Column("placed_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=True),
        sa.Column("paid_at", MOMENT, nullable=True),
        sa.Column("shipped_at", MOMENT, nullable=True),
        sa.Column("promised_at", MOMENT, nullable=True),
        sa.Column("delivered_at", MOMENT, nullable=True),
        sa.Column("cancelled_at", MOMENT, nullable=True),
        sa.CheckConstraint(
            "status in ('pending_payment', 'paid', 'shipped', 'delivered', 'cancelled', 'expired')",
            name=op.f("ck_orders_status"),
        ),
        sa.CheckConstraint("total = gross - discount + shipping + tax", name=op.f("ck_orders_total")),
        sa.ForeignKeyConstraint(["cart_id"], ["carts.id"], name=op.f("fk_orders_cart_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_orders_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
        sa.UniqueConstraint("cart_id", name=op.f("uq_orders_cart_id")),
        sa.UniqueConstraint("number", name=op.f("uq_orders_number")),
    )
    op.create_index("ix_orders_customer_id", "orders", ["customer_id"])
    op.create_index("ix_orders_status_expires_at", "orders", ["status", "expires_at"])
    op.create_table(
        "credit_notes",
        sa.Column("id", ID, nullable=False),
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("order_id", ID, nullable=True),
        sa.Column("customer_id", ID, nullable=True),
        sa.Column(
            "kind", sa.String(length=16), nullable=False, comment="return, cancellation or adjustment."
        ),
        sa.Column("reason", sa.String(length=400), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("country", sa.String(length=100), nullable=True),
        sa.Column("issued_at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "kind in ('return', 'cancellation', 'adjustment')", name=op.f("ck_credit_notes_kind")
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_credit_notes_customer_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_credit_notes_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_notes")),
        sa.UniqueConstraint("number", name=op.f("uq_credit_notes_number")),
    )
    op.create_index("ix_credit_notes_order_id", "credit_notes", ["order_id"])
    op.create_table(
        "payments",
        sa.Column("id", ID, nullable=False),
        sa.Column("order_id", ID, nullable=False),
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column("method", sa.String(length=32), nullable=False, comment="card, wallet, boleto, voucher..."),
        sa.Column("installments", sa.Integer(), server_default="1", nullable=False),
        sa.Column(
            "external_id", sa.String(length=128), nullable=True, comment="The provider's id of this payment."
        ),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column(
            "status", sa.String(length=16), nullable=False, comment="pending, captured, failed or voided."
        ),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("captured_at", MOMENT, nullable=True),
        sa.CheckConstraint(
            "status in ('pending', 'captured', 'failed', 'voided')", name=op.f("ck_payments_status")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_payments_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payments")),
        sa.UniqueConstraint("provider", "external_id", name=op.f("uq_payments_provider_external_id")),
    )
    op.create_index("ix_payments_order_id", "payments", ["order_id"])
    op.create_index("ix_payments_status_created_at", "payments", ["status", "created_at"])
    op.create_table(
        "order_lines",
        sa.Column("id", ID, nullable=False),
        sa.Column("order_id", ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False, comment="Order within the document, from 1."),
        sa.Column("sku_id", ID, nullable=True),
        sa.Column("sku", sa.String(length=64), nullable=False, comment="SKU code as sold."),
        sa.Column("name", sa.String(length=400), nullable=False, comment="Product and options as sold."),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column(
            "list_price",
            sa.BigInteger(),
            nullable=True,
            comment="Per unit with tax; null when it has fractions of a minor unit.",
        ),
        sa.Column("unit_price", sa.BigInteger(), nullable=True, comment="Per unit with tax, as charged."),
        sa.Column("cost", sa.BigInteger(), nullable=True, comment="Per unit without tax, when it was sold."),
        sa.Column("gross", sa.BigInteger(), nullable=False, comment="Line at list price, without tax."),
        sa.Column("discount", sa.BigInteger(), nullable=False, comment="Taken off the line, without tax."),
        sa.Column(
            "shipping",
            sa.BigInteger(),
            nullable=False,
            comment="Delivery charged with this line (marketplaces), without tax.",
        ),
        sa.Column("tax", sa.BigInteger(), nullable=False, comment="Tax on the line."),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_lines_order_id")),
        sa.ForeignKeyConstraint(["sku_id"], ["skus.id"], name=op.f("fk_order_lines_sku_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_lines")),
    )
    op.create_index("ix_order_lines_order_id", "order_lines", ["order_id"])
    op.create_table(
        "refunds",
        sa.Column("id", ID, nullable=False),
        sa.Column("payment_id", ID, nullable=False),
        sa.Column("credit_note_id", ID, nullable=True),
        sa.Column("external_id", sa.String(length=128), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False, comment="Positive; what went back."),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False, comment="pending, succeeded or failed."),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("refunded_at", MOMENT, nullable=True),
        sa.CheckConstraint("status in ('pending', 'succeeded', 'failed')", name=op.f("ck_refunds_status")),
        sa.CheckConstraint("amount > 0", name=op.f("ck_refunds_amount")),
        sa.ForeignKeyConstraint(
            ["credit_note_id"], ["credit_notes.id"], name=op.f("fk_refunds_credit_note_id")
        ),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name=op.f("fk_refunds_payment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refunds")),
    )
    op.create_index("ix_refunds_payment_id", "refunds", ["payment_id"])
    op.create_index("ix_refunds_status_created_at", "refunds", ["status", "created_at"])
    op.create_table(
        "credit_note_lines",
        sa.Column("id", ID, nullable=False),
        sa.Column("credit_note_id", ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("order_line_id", ID, nullable=True),
        sa.Column("sku", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=400), nullable=False),
        sa.Column(
            "quantity",
            sa.Integer(),
            nullable=False,
            comment="Units given back; positive for goods that came back.",
        ),
        sa.Column(
            "amount", sa.BigInteger(), nullable=False, comment="Credited without tax; positive lowers sales."
        ),
        sa.Column(
            "shipping", sa.BigInteger(), nullable=False, comment="Delivery charge credited, without tax."
        ),
        sa.Column("tax", sa.BigInteger(), nullable=False, comment="Tax credited."),
        sa.ForeignKeyConstraint(
            ["credit_note_id"], ["credit_notes.id"], name=op.f("fk_credit_note_lines_credit_note_id")
        ),
        sa.ForeignKeyConstraint(
            ["order_line_id"], ["order_lines.id"], name=op.f("fk_credit_note_lines_order_line_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_note_lines")),
    )
    op.create_index("ix_credit_note_lines_credit_note_id", "credit_note_lines", ["credit_note_id"])
