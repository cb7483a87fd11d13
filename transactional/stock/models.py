"""Tables of what is physically there, where, and what is promised."""

from sqlalchemy import Boolean, CheckConstraint, Column, Index, Integer, String, Table, UniqueConstraint

from transactional.database import id_column, metadata, moment, reference

MOVEMENT_KINDS = (
    "received",
    "allocated",
    "released",
    "shipped",
    "returned",
    "adjusted",
    "transfer_out",
    "transfer_in",
)

warehouses = Table(
    "warehouses",
    metadata,
    id_column(),
    Column("code", String(32), nullable=False, unique=True),
    Column("name", String(200), nullable=False),
    Column("country", String(2), nullable=False, comment="ISO 3166-1 alpha-2."),
    Column("postal_code", String(20), nullable=False),
    Column("priority", Integer, nullable=False, comment="Orders are allocated to the lowest first."),
    Column("is_active", Boolean, nullable=False, comment="Whether new orders may be allocated to it."),
)

stock_levels = Table(
    "stock_levels",
    metadata,
    id_column(),
    reference("sku_id", "skus.id"),
    reference("warehouse_id", "warehouses.id"),
    Column("on_hand", Integer, nullable=False, comment="Units physically there."),
    Column(
        "reserved",
        Integer,
        nullable=False,
        comment="Units promised to orders; available = on_hand - reserved.",
    ),
    UniqueConstraint("sku_id", "warehouse_id"),
    CheckConstraint("reserved >= 0 and on_hand >= reserved", name="available"),
)

stock_movements = Table(
    "stock_movements",
    metadata,
    id_column(),
    reference("sku_id", "skus.id"),
    reference("warehouse_id", "warehouses.id"),
    Column("kind", String(16), nullable=False, comment=f"One of {', '.join(MOVEMENT_KINDS)}."),
    Column("on_hand_change", Integer, nullable=False, comment="Signed."),
    Column("reserved_change", Integer, nullable=False, comment="Signed."),
    Column(
        "document",
        String(64),
        nullable=False,
        index=True,
        comment="Number of the order, credit note or transfer, or the delivery's own.",
    ),
    Column("shipment", String(64), nullable=True, comment="Number of the parcel that units left in."),
    Column("reason", String(400), nullable=True, comment="Why it was adjusted."),
    moment("moved_at"),
    CheckConstraint("kind in ('" + "', '".join(MOVEMENT_KINDS) + "')", name="kind"),
    CheckConstraint("on_hand_change <> 0 or reserved_change <> 0", name="change"),
    Index("ix_stock_movements_sku_id_warehouse_id", "sku_id", "warehouse_id"),
)

supplies = Table(
    "supplies",
    metadata,
    id_column(),
    reference("sku_id", "skus.id"),
    Column("policy", String(16), nullable=False, comment="backorder or preorder."),
    Column("most", Integer, nullable=False, comment="Units that orders may wait for together."),
    Column("days", Integer, nullable=True, comment="A back-order is promised so long after it was placed."),
    moment("available_from", nullable=True),
    UniqueConstraint("sku_id"),
    CheckConstraint("policy in ('backorder', 'preorder')", name="policy"),
    CheckConstraint("(policy = 'backorder') = (days is not null)", name="days"),
    CheckConstraint("(policy = 'preorder') = (available_from is not null)", name="available_from"),
    CheckConstraint("most >= 0 and days >= 0", name="units"),
)

backorders = Table(
    "backorders",
    metadata,
    id_column(),
    reference("sku_id", "skus.id"),
    Column("document", String(64), nullable=False, index=True, comment="Number of the order that waits."),
    Column("quantity", Integer, nullable=False, comment="Units that were sold beyond what was there."),
    Column("waiting", Integer, nullable=False, comment="Units of them that have not come yet."),
    Column("cancelled", Integer, nullable=False, comment="Units of them that will not be sent."),
    moment("placed_at"),
    moment("expected_at"),
    CheckConstraint("waiting >= 0 and cancelled >= 0 and waiting + cancelled <= quantity", name="units"),
    Index("ix_backorders_sku_id_waiting", "sku_id", "waiting"),
)

transfers = Table(
    "transfers",
    metadata,
    id_column(),
    Column("number", String(64), nullable=False, unique=True),
    reference("from_warehouse_id", "warehouses.id"),
    reference("to_warehouse_id", "warehouses.id"),
    Column(
        "status", String(16), nullable=False, comment="in_transit, or received: nothing of it is under way."
    ),
    moment("sent_at"),
    moment("received_at", nullable=True),
    Column("reason", String(400), nullable=True, comment="Why what never arrived was given up."),
    CheckConstraint("status in ('in_transit', 'received')", name="status"),
    CheckConstraint("from_warehouse_id <> to_warehouse_id", name="elsewhere"),
)

transfer_lines = Table(
    "transfer_lines",
    metadata,
    id_column(),
    reference("transfer_id", "transfers.id", index=True),
    reference("sku_id", "skus.id"),
    Column("sent", Integer, nullable=False),
    Column("received", Integer, nullable=False, comment="Units that have arrived."),
    Column("lost", Integer, nullable=False, comment="Units that will not; the others are under way."),
    CheckConstraint("sent > 0 and received >= 0 and lost >= 0 and received + lost <= sent", name="units"),
)
UNDER_WAY = transfer_lines.c.sent - transfer_lines.c.received - transfer_lines.c.lost
