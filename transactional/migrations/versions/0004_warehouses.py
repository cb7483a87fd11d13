"""Keep stock in several warehouses, and note what is promised as a movement too."""

import uuid

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ID = sa.String(36).with_variant(sa.UUID(as_uuid=False), "postgresql")
MOMENT = sa.DateTime(timezone=True)
KINDS = (
    "'received', 'allocated', 'released', 'shipped', 'returned', 'adjusted', 'transfer_out', 'transfer_in'"
)


def upgrade() -> None:
    op.create_table(
        "warehouses",
        sa.Column("id", ID, nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False, comment="ISO 3166-1 alpha-2."),
        sa.Column("postal_code", sa.String(length=20), nullable=False),
        sa.Column(
            "priority", sa.Integer(), nullable=False, comment="Orders are allocated to the lowest first."
        ),
        sa.Column(
            "is_active", sa.Boolean(), nullable=False, comment="Whether new orders may be allocated to it."
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_warehouses")),
        sa.UniqueConstraint("code", name=op.f("uq_warehouses_code")),
    )
    main = _main_warehouse()
    _widen_levels(main)
    _widen_movements(main)
    _note_promises()
    op.create_table(
        "transfers",
        sa.Column("id", ID, nullable=False),
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("from_warehouse_id", ID, nullable=False),
        sa.Column("to_warehouse_id", ID, nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False, comment="in_transit or received."),
        sa.Column("sent_at", MOMENT, nullable=False),
        sa.Column("received_at", MOMENT, nullable=True),
        sa.CheckConstraint("status in ('in_transit', 'received')", name=op.f("ck_transfers_status")),
        sa.CheckConstraint("from_warehouse_id <> to_warehouse_id", name=op.f("ck_transfers_elsewhere")),
        sa.ForeignKeyConstraint(
            ["from_warehouse_id"], ["warehouses.id"], name=op.f("fk_transfers_from_warehouse_id")
        ),
        sa.ForeignKeyConstraint(
            ["to_warehouse_id"], ["warehouses.id"], name=op.f("fk_transfers_to_warehouse_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transfers")),
        sa.UniqueConstraint("number", name=op.f("uq_transfers_number")),
    )
    op.create_table(
        "transfer_lines",
        sa.Column("id", ID, nullable=False),
        sa.Column("transfer_id", ID, nullable=False),
        sa.Column("sku_id", ID, nullable=False),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.Column(
            "received",
            sa.Integer(),
            nullable=False,
            comment="Units that arrived; what is missing was lost.",
        ),
        sa.CheckConstraint(
            "sent > 0 and received >= 0 and received <= sent", name=op.f("ck_transfer_lines_units")
        ),
        sa.ForeignKeyConstraint(
            ["transfer_id"], ["transfers.id"], name=op.f("fk_transfer_lines_transfer_id")
        ),
        sa.ForeignKeyConstraint(["sku_id"], ["skus.id"], name=op.f("fk_transfer_lines_sku_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transfer_lines")),
    )
    op.create_index(op.f("ix_transfer_lines_transfer_id"), "transfer_lines", ["transfer_id"])


def _main_warehouse() -> str | None:
    """The warehouse that everything has been in so far; a shop without stock opens its own."""
    connection = op.get_bind()
    if connection.execute(sa.text("select 1 from stock_levels limit 1")).first() is None:
        return None
    main = str(uuid.uuid4())
    connection.execute(
        sa.text(
            "insert into warehouses (id, code, name, country, postal_code, priority, is_active)"
            " values (:id, 'main', 'Main warehouse', 'GB', '', 0, true)"
        ).bindparams(sa.bindparam("id", main, ID))
    )
    return main


def _put_everything_in(table: str, main: str | None) -> None:
    if main is not None:
        statement = sa.text(f"update {table} set warehouse_id = :main")  # noqa: S608 - our names
        op.get_bind().execute(statement.bindparams(sa.bindparam("main", main, ID)))


def _widen_levels(main: str | None) -> None:
    op.add_column("stock_levels", sa.Column("warehouse_id", ID, nullable=True))
    _put_everything_in("stock_levels", main)
    with op.batch_alter_table("stock_levels") as table:
        table.alter_column("warehouse_id", existing_type=ID, nullable=False)
        table.drop_constraint(op.f("uq_stock_levels_sku_id"), type_="unique")
        table.create_unique_constraint(
            op.f("uq_stock_levels_sku_id_warehouse_id"), ["sku_id", "warehouse_id"]
        )
        table.create_foreign_key(op.f("fk_stock_levels_warehouse_id"), "warehouses", ["warehouse_id"], ["id"])


def _widen_movements(main: str | None) -> None:
    op.add_column("stock_movements", sa.Column("warehouse_id", ID, nullable=True))
    op.add_column(
        "stock_movements",
        sa.Column("reserved_change", sa.Integer(), nullable=False, server_default="0", comment="Signed."),
    )
    op.add_column(
        "stock_movements",
        sa.Column("reason", sa.String(length=400), nullable=True, comment="Why it was adjusted."),
    )
    _put_everything_in("stock_movements", main)
    op.drop_index("ix_stock_movements_sku_id", "stock_movements")
    with op.batch_alter_table("stock_movements") as table:
        table.drop_constraint(op.f("ck_stock_movements_kind"), type_="check")
        table.drop_constraint(op.f("ck_stock_movements_quantity"), type_="check")
        table.alter_column(
            "quantity", new_column_name="on_hand_change", existing_type=sa.Integer(), comment="Signed."
        )
        table.alter_column(
            "kind", existing_type=sa.String(length=16), comment=f"One of {KINDS}.".replace("'", "")
        )
        table.alter_column(
            "document",
            existing_type=sa.String(length=64),
            comment="Number of the order, credit note or transfer, or the delivery's own.",
        )
        table.alter_column("warehouse_id", existing_type=ID, nullable=False)
        table.alter_column("reserved_change", existing_type=sa.Integer(), server_default=None)
        table.create_foreign_key(
            op.f("fk_stock_movements_warehouse_id"), "warehouses", ["warehouse_id"], ["id"]
        )
        table.create_check_constraint(op.f("ck_stock_movements_kind"), f"kind in ({KINDS})")
        table.create_check_constraint(
            op.f("ck_stock_movements_change"), "on_hand_change <> 0 or reserved_change <> 0"
        )
    op.create_index(op.f("ix_stock_movements_document"), "stock_movements", ["document"])
    op.create_index("ix_stock_movements_sku_id_warehouse_id", "stock_movements", ["sku_id", "warehouse_id"])


def _note_promises() -> None:
    """What open orders hold becomes movements, and so does what shipped orders held."""
    op.execute(
        "insert into stock_movements"
        " (id, sku_id, warehouse_id, kind, on_hand_change, reserved_change, document, moved_at)"
        " select lines.id, lines.sku_id, levels.warehouse_id, 'allocated', 0, lines.quantity, orders.number,"
        " orders.placed_at from order_lines as lines"
        " join orders on orders.id = lines.order_id"
        " join stock_levels as levels on levels.sku_id = lines.sku_id"
        " where orders.status in ('pending_payment', 'paid', 'shipped', 'delivered')"
    )
    op.execute("update stock_movements set reserved_change = on_hand_change where kind = 'shipped'")
