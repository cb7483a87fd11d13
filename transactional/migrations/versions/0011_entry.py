"""Let orders say what they are for, and wait for the other buyers of a group purchase."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

ID = sa.String(36).with_variant(sa.UUID(as_uuid=False), "postgresql")
MOMENT = sa.DateTime(timezone=True)
BEFORE = (
    "status in ('pending_payment', 'paid', 'in_review', 'approved', 'partly_shipped', 'shipped', 'delivered',"
    " 'completed', 'cancelled', 'expired', 'returned')"
)
SINCE = BEFORE.replace("'paid',", "'paid', 'gathering',")
CHANNEL = "web, api, phone, staff, group, or an import's own: marketplace, invoice."


def upgrade() -> None:
    _say_what_they_are_for()
    _allow_states()
    _create_groups()


def _say_what_they_are_for() -> None:
    with op.batch_alter_table("orders", recreate="never") as batch_op:
        batch_op.add_column(
            sa.Column(
                "purpose",
                sa.String(length=16),
                server_default="sale",
                nullable=False,
                comment="One of ORDER_PURPOSES; only a sale is revenue.",
            )
        )
    if op.get_bind().dialect.name == "postgresql":  # SQLite keeps no comments
        op.alter_column("orders", "channel", comment=CHANNEL)


def _create_groups() -> None:
    op.create_table(
        "group_purchases",
        sa.Column("id", ID, nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False, comment="Part of its page's address."),
        sa.Column("sku_id", ID, nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False, comment="Per unit with tax, for each member."),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column(
            "buyers_wanted",
            sa.Integer(),
            nullable=False,
            comment="Customers who have paid that complete it.",
        ),
        sa.Column("per_buyer", sa.Integer(), nullable=False, comment="The most units in one order."),
        sa.Column("status", sa.String(length=16), nullable=False, comment="open, completed or failed."),
        sa.Column("closes_at", MOMENT, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "status in ('open', 'completed', 'failed')", name=op.f("ck_group_purchases_status")
        ),
        sa.CheckConstraint(
            "price > 0 and buyers_wanted > 1 and per_buyer > 0", name=op.f("ck_group_purchases_numbers")
        ),
        sa.ForeignKeyConstraint(["sku_id"], ["skus.id"], name=op.f("fk_group_purchases_sku_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_group_purchases")),
        sa.UniqueConstraint("code", name=op.f("uq_group_purchases_code")),
    )
    op.create_index("ix_group_purchases_status_closes_at", "group_purchases", ["status", "closes_at"])
    group = sa.Column(
        "group_id", ID, sa.ForeignKey("group_purchases.id", name=op.f("fk_orders_group_id")), nullable=True
    )
    # SQLite can only add a reference together with its column; PostgreSQL would name that one itself.
    op.add_column("orders", group, inline_references=op.get_bind().dialect.name == "sqlite")
    op.create_index(op.f("ix_orders_group_id"), "orders", ["group_id"])


def _allow_states() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        op.drop_constraint(op.f("ck_orders_status"), "orders", type_="check")
        op.create_check_constraint(op.f("ck_orders_status"), "orders", SINCE)
        return
    # As in 0010: a check is only text, and the table need not be made anew.
    version: int = connection.execute(sa.text("pragma schema_version")).scalar_one()
    connection.execute(sa.text("pragma writable_schema = on"))
    connection.execute(
        sa.text("update sqlite_master set sql = replace(sql, :before, :since) where name = 'orders'"),
        {"before": BEFORE, "since": SINCE},
    )
    connection.execute(sa.text(f"pragma schema_version = {version + 1}"))
    connection.execute(sa.text("pragma writable_schema = off"))
