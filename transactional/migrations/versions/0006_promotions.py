"""Create promotions with their budgets and codes; carts carry codes."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ID = sa.String(36).with_variant(sa.UUID(as_uuid=False), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    with op.batch_alter_table("carts") as carts:
        carts.add_column(
            sa.Column("coupons", sa.JSON(), nullable=True, comment="Codes the shopper typed; null for none.")
        )
    op.create_table(
        "promotions",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False, comment="draft, active, paused or ended."),
        sa.Column(
            "kind",
            sa.String(length=32),
            nullable=False,
            comment="Its template: percent, bundle, flash_sale...",
        ),
        sa.Column(
            "class",
            sa.String(length=16),
            nullable=False,
            comment="What it takes off: product, order or shipping.",
        ),
        sa.Column(
            "needs_code", sa.Boolean(), nullable=False, comment="Whether it applies only with a coupon code."
        ),
        sa.Column(
            "definition", sa.JSON(), nullable=False, comment="Template, conditions, budget and exclusivity."
        ),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "status in ('draft', 'active', 'paused', 'ended')", name=op.f("ck_promotions_status")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promotions")),
    )
    op.create_table(
        "promotion_versions",
        sa.Column("id", sa.String(length=8), nullable=False),
        sa.Column("version", ID, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promotion_versions")),
    )
    op.create_table(
        "promotion_budgets",
        sa.Column("id", ID, nullable=False),
        sa.Column("promotion_id", ID, nullable=False),
        sa.Column(
            "uses", sa.BigInteger(), nullable=False, comment="Orders that have it, without those called off."
        ),
        sa.Column("money", sa.BigInteger(), nullable=False, comment="Given with tax."),
        sa.Column("units", sa.BigInteger(), nullable=False, comment="Units given, of a flash sale."),
        sa.Column("max_uses", sa.BigInteger(), nullable=True),
        sa.Column("max_money", sa.BigInteger(), nullable=True),
        sa.Column("max_units", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "uses >= 0 and money >= 0 and units >= 0", name=op.f("ck_promotion_budgets_given")
        ),
        sa.ForeignKeyConstraint(
            ["promotion_id"], ["promotions.id"], name=op.f("fk_promotion_budgets_promotion_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promotion_budgets")),
        sa.UniqueConstraint("promotion_id", name=op.f("uq_promotion_budgets_promotion_id")),
    )
    op.create_table(
        "promotion_customers",
        sa.Column("id", ID, nullable=False),
        sa.Column("promotion_id", ID, nullable=False),
        sa.Column("customer_id", ID, nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("max_uses", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("uses >= 0", name=op.f("ck_promotion_customers_uses")),
        sa.ForeignKeyConstraint(
            ["promotion_id"], ["promotions.id"], name=op.f("fk_promotion_customers_promotion_id")
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_promotion_customers_customer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promotion_customers")),
        sa.UniqueConstraint(
            "promotion_id", "customer_id", name=op.f("uq_promotion_customers_promotion_id_customer_id")
        ),
    )
    op.create_table(
        "promotion_codes",
        sa.Column("id", ID, nullable=False),
        sa.Column("promotion_id", ID, nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False, comment="Upper case."),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("max_uses", sa.Integer(), nullable=True, comment="1 for a single use; null without limit."),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("uses >= 0", name=op.f("ck_promotion_codes_uses")),
        sa.ForeignKeyConstraint(
            ["promotion_id"], ["promotions.id"], name=op.f("fk_promotion_codes_promotion_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promotion_codes")),
        sa.UniqueConstraint("code", name=op.f("uq_promotion_codes_code")),
    )
    op.create_index(op.f("ix_promotion_codes_promotion_id"), "promotion_codes", ["promotion_id"])
    op.create_table(
        "order_promotions",
        sa.Column("id", ID, nullable=False),
        sa.Column("order_id", ID, nullable=False),
        sa.Column("order_line_id", ID, nullable=True),
        sa.Column("promotion_id", ID, nullable=False),
        sa.Column("code", sa.String(length=40), nullable=True, comment="The coupon that opened it."),
        sa.Column(
            "units", sa.Integer(), nullable=False, comment="Units that count against a flash sale's cap."
        ),
        sa.Column(
            "amount", sa.BigInteger(), nullable=False, comment="Taken off with tax, as the shopper saw it."
        ),
        sa.Column(
            "discount",
            sa.BigInteger(),
            nullable=False,
            comment="The same without tax: in the discount of its line; without a line off delivery.",
        ),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_promotions_order_id")),
        sa.ForeignKeyConstraint(
            ["order_line_id"], ["order_lines.id"], name=op.f("fk_order_promotions_order_line_id")
        ),
        sa.ForeignKeyConstraint(
            ["promotion_id"], ["promotions.id"], name=op.f("fk_order_promotions_promotion_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_promotions")),
    )
    op.create_index(op.f("ix_order_promotions_order_id"), "order_promotions", ["order_id"])
    op.create_index(op.f("ix_order_promotions_promotion_id"), "order_promotions", ["promotion_id"])
