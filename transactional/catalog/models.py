"""Tables of what the shop sells: categories, brands, products and their SKUs."""

from sqlalchemy import JSON, CheckConstraint, Column, Index, Integer, String, Table, Text

from transactional.database import Money, id_column, metadata, moment, reference

categories = Table(
    "categories",
    metadata,
    id_column(),
    reference("parent_id", "categories.id", nullable=True),
    Column("slug", String(100), nullable=False, unique=True),
    Column("name", String(200), nullable=False),
    Column("position", Integer, nullable=False, comment="Order among siblings, from 0."),
)

brands = Table(
    "brands",
    metadata,
    id_column(),
    Column("slug", String(100), nullable=False, unique=True),
    Column("name", String(200), nullable=False),
)

products = Table(
    "products",
    metadata,
    id_column(),
    reference("category_id", "categories.id", index=True),
    reference("brand_id", "brands.id", nullable=True, index=True),
    Column("slug", String(160), nullable=False, unique=True),
    Column("name", String(300), nullable=False),
    Column("description", Text, nullable=False),
    Column("status", String(16), nullable=False, comment="draft, live or retired."),
    Column("image", String(300), nullable=True, comment="Path or URL of the main picture."),
    moment("created_at"),
    moment("updated_at"),
    CheckConstraint("status in ('draft', 'live', 'retired')", name="status"),
    Index("ix_products_status_created_at", "status", "created_at"),
)

skus = Table(
    "skus",
    metadata,
    id_column(),
    reference("product_id", "products.id", index=True),
    Column("code", String(64), nullable=False, unique=True),
    Column("options", JSON, nullable=False, comment='Option values by name, {"size": "M", "colour": "Red"}.'),
    Column("list_price", Money, nullable=False, comment="Regular price with tax."),
    Column("price", Money, nullable=False, comment="Price asked now, with tax; below list_price on offer."),
    Column("cost", Money, nullable=False, comment="What one unit costs the shop, without tax."),
    Column("currency", String(3), nullable=False),
    Column("weight_grams", Integer, nullable=False),
    Column("position", Integer, nullable=False, comment="Order within the product, from 0."),
    CheckConstraint("price >= 0 and price <= list_price", name="price"),
)
