"""Sell SKUs beyond what is there, and let orders wait for them."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

ID = sa.String(36).with_variant(sa.UUID(as_uuid=False), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    with op.batch_alter_table("skus", recreate="never") as batch_op:
        batch_op.add_column(
            sa.Column(
                "has_supply",
                sa.Boolean(),
                server_default=sa.false(),
                nullable=False,
                comment="Whether supplies has a row of it: it may be sold beyond what is there.",
            )
        )
    op.create_table(
        "supplies",
        sa.Column("id", ID, nullable=False),
        sa.Column("sku_id", ID, nullable=False),
        sa.Column("policy", sa.String(length=16), nullable=False, comment="backorder or preorder."),
        sa.Column("most", sa.Integer(), nullable=False, comment="Units that orders may wait for together."),
        sa.Column(
            "days",
            sa.Integer(),
            nullable=True,
            comment="A back-order is promised so long after it was placed.",
        ),
        sa.Column("available_from", MOMENT, nullable=True),
        sa.CheckConstraint("policy in ('backorder', 'preorder')", name=op.f("ck_supplies_policy")),
        sa.CheckConstraint("(policy = 'backorder') = (days is not null)", name=op.f("ck_supplies_days")),
        sa.CheckConstraint(
            "(policy = 'preorder') = (available_from is not null)", name=op.f("ck_supplies_available_from")
        ),
        sa.CheckConstraint("most >= 0 and days >= 0", name=op.f("ck_supplies_units")),
        sa.ForeignKeyConstraint(["sku_id"], ["skus.id"], name=op.f("fk_supplies_sku_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supplies")),
        sa.UniqueConstraint("sku_id", name=op.f("uq_supplies_sku_id")),
    )
    _create_backorders()


def _create_backorders() -> None:
    op.create_table(
        "backorders",
        sa.Column("id", ID, nullable=False),
        sa.Column("sku_id", ID, nullable=False),
        sa.Column(
            "document", sa.String(length=64), nullable=False, comment="Number of the order that waits."
        ),
        sa.Column(
            "quantity", sa.Integer(), nullable=False, comment="Units that were sold beyond what was there."
        ),
        sa.Column("waiting", sa.Integer(), nullable=False, comment="Units of them that have not come yet."),
        sa.Column("cancelled", sa.Integer(), nullable=False, comment="Units of them that will not be sent."),
        sa.Column("placed_at", MOMENT, nullable=False),
        sa.Column("expected_at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "waiting >= 0 and cancelled >= 0 and waiting + cancelled <= quantity",
            name=op.f("ck_backorders_units"),
        ),
        sa.ForeignKeyConstraint(["sku_id"], ["skus.id"], name=op.f("fk_backorders_sku_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_backorders")),
    )
    op.create_index(op.f("ix_backorders_document"), "backorders", ["document"])
    op.create_index(op.f("ix_backorders_sku_id_waiting"), "backorders", ["sku_id", "waiting"])
