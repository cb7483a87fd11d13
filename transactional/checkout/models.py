"""Tables of the basket before it becomes an order."""

from sqlalchemy import JSON, CheckConstraint, Column, Integer, String, Table, UniqueConstraint

from transactional.database import id_column, metadata, moment, reference

carts = Table(
    "carts",
    metadata,
    id_column(),
    Column("currency", String(3), nullable=False),
    Column("status", String(16), nullable=False, comment="open or ordered."),
    Column("visitor_id", String(64), nullable=True, comment="The tracker's visitor, when the browser told."),
    moment("created_at"),
    moment("updated_at"),
    Column(
        "coupons", JSON(none_as_null=True), nullable=True, comment="Codes the shopper typed; null for none."
    ),
    CheckConstraint("status in ('open', 'ordered')", name="status"),
)

cart_lines = Table(
    "cart_lines",
    metadata,
    id_column(),
    reference("cart_id", "carts.id"),
    reference("sku_id", "skus.id"),
    Column("quantity", Integer, nullable=False),
    Column("position", Integer, nullable=False),
    UniqueConstraint("cart_id", "sku_id"),
    CheckConstraint("quantity > 0", name="quantity"),
)
