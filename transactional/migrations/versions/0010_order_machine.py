"""Give orders all their states, and write down every way from one to another."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

ID = sa.String(36).with_variant(sa.UUID(as_uuid=False), "postgresql")
MOMENT = sa.DateTime(timezone=True)
BEFORE = "status in ('pending_payment', 'paid', 'shipped', 'delivered', 'cancelled', 'expired')"
SINCE = (
    "status in ('pending_payment', 'paid', 'in_review', 'approved', 'partly_shipped', 'shipped', 'delivered',"
    " 'completed', 'cancelled', 'expired', 'returned')"
)


def upgrade() -> None:
    _allow_states()
    with op.batch_alter_table("orders", recreate="never") as batch_op:
        batch_op.add_column(
            sa.Column(
                "needs_review",
                sa.Boolean(),
                server_default=sa.false(),
                nullable=False,
                comment="Whether the staff looks at it before it is sent, once it is paid.",
            )
        )
        batch_op.add_column(
            sa.Column(
                "steps",
                sa.Integer(),
                server_default="0",
                nullable=False,
                comment="Transitions it went through.",
            )
        )

    op.create_table(
        "order_transitions",
        sa.Column("id", ID, nullable=False),
        sa.Column("order_id", ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False, comment="Within the order, from 1."),
        sa.Column("from_status", sa.String(length=32), nullable=False),
        sa.Column(
            "to_status",
            sa.String(length=32),
            nullable=False,
            comment="The same when the event changes no state.",
        ),
        sa.Column("event", sa.String(length=16), nullable=False, comment="One of orders.rules.Event."),
        sa.Column(
            "actor",
            sa.String(length=64),
            nullable=False,
            comment="As the change log names it: shopper, staff...",
        ),
        sa.Column("reason", sa.String(length=400), nullable=True),
        sa.Column("occurred_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_transitions_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_transitions")),
        sa.UniqueConstraint("order_id", "position", name=op.f("uq_order_transitions_order_id_position")),
    )
    _refuse_changes("order_transitions")
    _create_shipments()


def _create_shipments() -> None:
    op.create_table(
        "shipments",
        sa.Column("id", ID, nullable=False),
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("order_id", ID, nullable=False),
        sa.Column("warehouse_id", ID, nullable=False),
        sa.Column("carrier", sa.String(length=80), nullable=True),
        sa.Column("tracking", sa.String(length=120), nullable=True, comment="The carrier's number."),
        sa.Column("status", sa.String(length=16), nullable=False, comment="shipped or delivered."),
        sa.Column("shipped_at", MOMENT, nullable=False),
        sa.Column("delivered_at", MOMENT, nullable=True),
        sa.CheckConstraint("status in ('shipped', 'delivered')", name=op.f("ck_shipments_status")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_shipments_order_id")),
        sa.ForeignKeyConstraint(["warehouse_id"], ["warehouses.id"], name=op.f("fk_shipments_warehouse_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shipments")),
        sa.UniqueConstraint("number", name=op.f("uq_shipments_number")),
    )
    op.create_index(op.f("ix_shipments_order_id"), "shipments", ["order_id"])
    op.create_table(
        "shipment_lines",
        sa.Column("id", ID, nullable=False),
        sa.Column("shipment_id", ID, nullable=False),
        sa.Column("order_line_id", ID, nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_shipment_lines_quantity")),
        sa.ForeignKeyConstraint(
            ["order_line_id"], ["order_lines.id"], name=op.f("fk_shipment_lines_order_line_id")
        ),
        sa.ForeignKeyConstraint(
            ["shipment_id"], ["shipments.id"], name=op.f("fk_shipment_lines_shipment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shipment_lines")),
        sa.UniqueConstraint(
            "shipment_id", "order_line_id", name=op.f("uq_shipment_lines_shipment_id_order_line_id")
        ),
    )
    op.create_index(op.f("ix_shipment_lines_shipment_id"), "shipment_lines", ["shipment_id"])


def _allow_states() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        op.drop_constraint(op.f("ck_orders_status"), "orders", type_="check")
        op.create_check_constraint(op.f("ck_orders_status"), "orders", SINCE)
        return
    # Making the table anew would drop what others refer to; a check is only text, as SQLite's manual says.
    version: int = connection.execute(sa.text("pragma schema_version")).scalar_one()
    connection.execute(sa.text("pragma writable_schema = on"))
    connection.execute(
        sa.text("update sqlite_master set sql = replace(sql, :before, :since) where name = 'orders'"),
        {"before": BEFORE, "since": SINCE},
    )
    connection.execute(sa.text(f"pragma schema_version = {version + 1}"))
    connection.execute(sa.text("pragma writable_schema = off"))


def _refuse_changes(table: str) -> None:
    """What happened stays as it is, also when somebody goes past the shop."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"create function {table}_stay() returns trigger language plpgsql as $$ "
            f"begin raise exception '{table} are written once' "
            "using errcode = 'integrity_constraint_violation'; end $$"
        )
        op.execute(
            f"create trigger {table}_stay before update or delete on {table} "
            f"for each row execute function {table}_stay()"
        )
        return
    for change in ("update", "delete"):
        op.execute(
            f"create trigger {table}_stay_{change} before {change} on {table} "
            f"begin select raise(abort, '{table} are written once'); end"
        )
