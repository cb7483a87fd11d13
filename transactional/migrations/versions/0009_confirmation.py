"""Keep delivery and tax as terms of sale, invoices and notes of orders, and addresses of customers."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ID = sa.String(36).with_variant(sa.UUID(as_uuid=False), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "delivery_methods",
        sa.Column("id", ID, nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("days_min", sa.Integer(), nullable=False),
        sa.Column(
            "days_max", sa.Integer(), nullable=False, comment="Days after the order by which it is promised."
        ),
        sa.Column(
            "position",
            sa.Integer(),
            nullable=False,
            comment="The lowest that serves an address is its default.",
        ),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.CheckConstraint("days_min >= 0 and days_max >= days_min", name=op.f("ck_delivery_methods_days")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_methods")),
        sa.UniqueConstraint("code", name=op.f("uq_delivery_methods_code")),
    )
    op.create_table(
        "delivery_zones",
        sa.Column("id", ID, nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column(
            "countries", sa.JSON(), nullable=False, comment="ISO 3166-1 alpha-2; empty for all others."
        ),
        sa.Column(
            "postal_prefixes", sa.JSON(), nullable=False, comment="Starts of postal codes; empty for all."
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_zones")),
        sa.UniqueConstraint("code", name=op.f("uq_delivery_zones_code")),
    )
    op.create_table(
        "invoice_counters",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_counters")),
        info={"logged": False},
    )
    op.create_table(
        "sale_versions",
        sa.Column("id", sa.String(length=8), nullable=False),
        sa.Column("version", ID, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sale_versions")),
        info={"logged": False},
    )
    op.create_table(
        "tax_zones",
        sa.Column("id", ID, nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column(
            "countries", sa.JSON(), nullable=False, comment="ISO 3166-1 alpha-2; empty for all others."
        ),
        sa.Column(
            "prices_include_tax", sa.Boolean(), nullable=False, comment="Otherwise tax is added on top."
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tax_zones")),
        sa.UniqueConstraint("code", name=op.f("uq_tax_zones_code")),
    )
    op.create_table(
        "customer_addresses",
        sa.Column("id", ID, nullable=False),
        sa.Column("customer_id", ID, nullable=False),
        sa.Column(
            "label", sa.String(length=80), nullable=False, comment="What the customer calls it: home, office."
        ),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("company", sa.String(length=200), nullable=True),
        sa.Column("lines", sa.String(length=400), nullable=False, comment="Street and number."),
        sa.Column("city", sa.String(length=200), nullable=False),
        sa.Column("region", sa.String(length=200), nullable=True),
        sa.Column("postal_code", sa.String(length=32), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False, comment="ISO 3166-1 alpha-2."),
        sa.Column("phone", sa.String(length=40), nullable=True),
        sa.Column("is_shipping_default", sa.Boolean(), nullable=False),
        sa.Column("is_billing_default", sa.Boolean(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_customer_addresses_customer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_addresses")),
        sa.UniqueConstraint("customer_id", "label", name=op.f("uq_customer_addresses_customer_id_label")),
    )
    with op.batch_alter_table("customer_addresses") as batch_op:
        batch_op.create_index(batch_op.f("ix_customer_addresses_customer_id"), ["customer_id"], unique=False)

    op.create_table(
        "delivery_rates",
        sa.Column("id", ID, nullable=False),
        sa.Column("method_id", ID, nullable=False),
        sa.Column("zone_id", ID, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False, comment="flat, weight or free_over."),
        sa.Column("price", sa.BigInteger(), nullable=False, comment="With tax where prices contain it."),
        sa.Column("weight_from", sa.Integer(), nullable=False, comment="Grams, inclusive."),
        sa.Column("weight_to", sa.Integer(), nullable=True, comment="Grams, exclusive; null without limit."),
        sa.Column(
            "free_from",
            sa.BigInteger(),
            nullable=True,
            comment="Goods before promotions from which it is free.",
        ),
        sa.CheckConstraint(
            "(kind = 'free_over') = (free_from is not null)", name=op.f("ck_delivery_rates_free_from")
        ),
        sa.CheckConstraint("kind in ('flat', 'weight', 'free_over')", name=op.f("ck_delivery_rates_kind")),
        sa.CheckConstraint("price >= 0 and weight_from >= 0", name=op.f("ck_delivery_rates_price")),
        sa.ForeignKeyConstraint(
            ["method_id"], ["delivery_methods.id"], name=op.f("fk_delivery_rates_method_id")
        ),
        sa.ForeignKeyConstraint(["zone_id"], ["delivery_zones.id"], name=op.f("fk_delivery_rates_zone_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_rates")),
    )
    with op.batch_alter_table("delivery_rates") as batch_op:
        batch_op.create_index(batch_op.f("ix_delivery_rates_method_id"), ["method_id"], unique=False)

    op.create_table(
        "tax_rates",
        sa.Column("id", ID, nullable=False),
        sa.Column("zone_id", ID, nullable=False),
        sa.Column(
            "tax_class", sa.String(length=32), nullable=False, comment="One of catalog.rules.TAX_CLASSES."
        ),
        sa.Column("rate_bp", sa.Integer(), nullable=False, comment="Basis points (2000 = 20 %)."),
        sa.Column("valid_from", sa.Date(), nullable=False, comment="Day of the shop's calendar."),
        sa.CheckConstraint("rate_bp >= 0 and rate_bp <= 10000", name=op.f("ck_tax_rates_rate_bp")),
        sa.ForeignKeyConstraint(["zone_id"], ["tax_zones.id"], name=op.f("fk_tax_rates_zone_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tax_rates")),
        sa.UniqueConstraint(
            "zone_id", "tax_class", "valid_from", name=op.f("uq_tax_rates_zone_id_tax_class_valid_from")
        ),
    )
    op.create_table(
        "invoice_requests",
        sa.Column("id", ID, nullable=False),
        sa.Column("order_id", ID, nullable=False),
        sa.Column(
            "buyer", sa.JSON(), nullable=False, comment="Name, company, tax number and address, as asked for."
        ),
        sa.Column("status", sa.String(length=16), nullable=False, comment="open or issued."),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("status in ('open', 'issued')", name=op.f("ck_invoice_requests_status")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_invoice_requests_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_requests")),
        sa.UniqueConstraint("order_id", name=op.f("uq_invoice_requests_order_id")),
    )
    with op.batch_alter_table("invoice_requests") as batch_op:
        batch_op.create_index("ix_invoice_requests_status", ["status"], unique=False)

    op.create_table(
        "order_marks",
        sa.Column("id", ID, nullable=False),
        sa.Column("order_id", ID, nullable=False),
        sa.Column("label", sa.String(length=40), nullable=False),
        sa.Column("colour", sa.String(length=16), nullable=False, comment="Its name on the staff's page."),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_marks_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_marks")),
        sa.UniqueConstraint("order_id", "label", name=op.f("uq_order_marks_order_id_label")),
    )
    op.create_table(
        "order_notes",
        sa.Column("id", ID, nullable=False),
        sa.Column("order_id", ID, nullable=False),
        sa.Column("author", sa.String(length=16), nullable=False, comment="shopper or staff."),
        sa.Column("text", sa.String(length=2000), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("author in ('shopper', 'staff')", name=op.f("ck_order_notes_author")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_notes_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_notes")),
    )
    with op.batch_alter_table("order_notes") as batch_op:
        batch_op.create_index(batch_op.f("ix_order_notes_order_id"), ["order_id"], unique=False)

    op.create_table(
        "invoices",
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False, comment="invoice or credit_note."),
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False, comment="Of the shop's calendar."),
        sa.Column(
            "sequence", sa.Integer(), nullable=False, comment="From 1, without gaps in a kind and year."
        ),
        sa.Column("document_id", ID, nullable=False, comment="Id of the order or the credit note."),
        sa.Column("order_id", ID, nullable=False),
        sa.Column("credit_note_id", ID, nullable=True),
        sa.Column("issued_at", MOMENT, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("net", sa.BigInteger(), nullable=False),
        sa.Column("tax", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("seller", sa.JSON(), nullable=False, comment="Name, address and tax number."),
        sa.Column("buyer", sa.JSON(), nullable=False, comment="Name, company, tax number and address."),
        sa.Column("lines", sa.JSON(), nullable=False, comment="Name, SKU, quantity, net, tax and its rate."),
        sa.CheckConstraint("kind in ('invoice', 'credit_note')", name=op.f("ck_invoices_kind")),
        sa.CheckConstraint("total = net + tax", name=op.f("ck_invoices_total")),
        sa.ForeignKeyConstraint(
            ["credit_note_id"], ["credit_notes.id"], name=op.f("fk_invoices_credit_note_id")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_invoices_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoices")),
        sa.UniqueConstraint("document_id", name=op.f("uq_invoices_document_id")),
        sa.UniqueConstraint("kind", "year", "sequence", name=op.f("uq_invoices_kind_year_sequence")),
        sa.UniqueConstraint("number", name=op.f("uq_invoices_number")),
    )
    with op.batch_alter_table("invoices") as batch_op:
        batch_op.create_index(batch_op.f("ix_invoices_order_id"), ["order_id"], unique=False)

    with op.batch_alter_table("order_lines") as batch_op:
        batch_op.add_column(
            sa.Column(
                "tax_rate_bp",
                sa.Integer(),
                nullable=True,
                comment="Basis points; null when a source does not tell.",
            )
        )

    with op.batch_alter_table("orders") as batch_op:
        batch_op.add_column(
            sa.Column(
                "delivery_method", sa.String(length=32), nullable=True, comment="Code of the chosen delivery."
            )
        )
        batch_op.add_column(
            sa.Column(
                "delivery_name",
                sa.String(length=200),
                nullable=True,
                comment="Its name as the shopper saw it.",
            )
        )
        batch_op.add_column(
            sa.Column("delivery_tax_rate_bp", sa.Integer(), nullable=True, comment="Basis points.")
        )
        batch_op.add_column(
            sa.Column(
                "prices_include_tax",
                sa.Boolean(),
                nullable=True,
                comment="Whether unit and list prices contain tax.",
            )
        )

    # Until now one rate held for all: the shop's.
    op.execute("update order_lines set tax_rate_bp = (select max(tax_rate_bp) from shops)")
    op.execute(
        sa.text(
            "update orders set prices_include_tax = :yes,"
            " delivery_tax_rate_bp = (select max(tax_rate_bp) from shops)"
        ).bindparams(yes=True)
    )
