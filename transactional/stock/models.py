"""Tables of what is physically there and what is promised."""

from sqlalchemy import CheckConstraint, Column, Integer, String, Table, UniqueConstraint

from transactional.database import id_column, metadata, moment, reference

stock_levels = Table(
    "stock_levels",
    metadata,
    id_column(),
    reference("sku_id", "skus.id"),
    Column("on_hand", Integer, nullable=False, comment="Units physically there."),
    Column(
        "reserved",
        Integer,
        nullable=False,
        comment="Units promised to orders; available = on_hand - reserved.",
    ),
    UniqueConstraint("sku_id"),
    CheckConstraint("reserved >= 0 and on_hand >= reserved", name="available"),
)

stock_movements = Table(
    "stock_movements",
    metadata,
    id_column(),
    reference("sku_id", "skus.id", index=True),
    Column("kind", String(16), nullable=False, comment="received, shipped, returned or adjusted."),
    Column("quantity", Integer, nullable=False, comment="Signed change of on_hand."),
    Column(
        "document", String(64), nullable=False, comment="Order or credit-note number, or the delivery's own."
    ),
    moment("moved_at"),
    CheckConstraint("kind in ('received', 'shipped', 'returned', 'adjusted')", name="kind"),
    CheckConstraint("quantity <> 0", name="quantity"),
)
