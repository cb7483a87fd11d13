"""Tables of what the shop sells: categories, brands, products and their SKUs, and what people say of them."""

from sqlalchemy import JSON, Boolean, CheckConstraint, Column, Index, Integer, String, Table, Text, false

from transactional.database import Money, UtcDateTime, id_column, metadata, moment, reference

categories = Table(
    "categories",
    metadata,
    id_column(),
    reference("parent_id", "categories.id", nullable=True),
    Column("slug", String(100), nullable=False, unique=True),
    Column("name", String(200), nullable=False),
    Column("position", Integer, nullable=False, comment="Order among siblings, from 0."),
    Column("description", Text, nullable=True, comment="Text or simple HTML."),
    Column("image", String(300), nullable=True, comment="Path or URL of its picture."),
    Column(
        "is_hidden",
        Boolean,
        nullable=False,
        server_default=false(),
        comment="Whether it stands, with all below it, in no menu and has no page.",
    ),
)

category_slugs = Table(
    "category_slugs",
    metadata,
    id_column(),
    reference("category_id", "categories.id", index=True),
    Column("slug", String(100), nullable=False, unique=True, comment="One it had before."),
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
    Column("product_type", String(100), nullable=True, comment="The merchant's own word for its kind."),
    Column("tags", JSON, nullable=False, server_default="[]", comment='Words, ["summer", "linen"].'),
    Column(
        "attributes", JSON, nullable=False, server_default="{}", comment='By name, {"material": "Linen"}.'
    ),
    Column("live_from", UtcDateTime, nullable=True, index=True, comment="When it goes live by itself."),
    Column("live_until", UtcDateTime, nullable=True, index=True, comment="When it is retired by itself."),
    CheckConstraint("status in ('draft', 'live', 'retired')", name="status"),
    Index("ix_products_status_id", "status", "id"),  # an id begins with the time: the newest first
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
    Column("barcode", String(64), nullable=True, comment="GTIN, or the maker's own."),
    Column("tax_class", String(32), nullable=False, server_default="standard", comment="One of TAX_CLASSES."),
    Column(
        "has_prices",
        Boolean,
        nullable=False,
        server_default=false(),
        comment="Whether sku_prices has rows of it: a shop without any pays no query for them.",
    ),
    Column(
        "has_supply",
        Boolean,
        nullable=False,
        server_default=false(),
        comment="Whether supplies has a row of it: it may be sold beyond what is there.",
    ),
    Column("image", String(300), nullable=True, comment="Path or URL of its picture."),
    Column("retired_at", UtcDateTime, nullable=True, comment="Since then it cannot be bought."),
    Index("uq_skus_barcode", "barcode", unique=True),
    CheckConstraint("price >= 0 and price <= list_price", name="price"),
)

product_media = Table(
    "product_media",
    metadata,
    id_column(),
    reference("product_id", "products.id", index=True),
    Column("url", String(300), nullable=False),
    Column("alt", String(300), nullable=False, comment="What the picture shows; empty when it says nothing."),
    Column("position", Integer, nullable=False, comment="From 0; the first is products.image."),
)

sku_prices = Table(
    "sku_prices",
    metadata,
    id_column(),
    reference("sku_id", "skus.id", index=True),
    Column("currency", String(3), nullable=False),
    Column("customer_group", String(64), nullable=True, comment="Null: for everybody."),
    Column("price", Money, nullable=False, comment="With tax."),
    moment("valid_from"),
    moment("valid_to", nullable=True),
    CheckConstraint("price >= 0", name="price"),
    CheckConstraint("valid_to is null or valid_to > valid_from", name="dates"),
)

_MODERATED = "status in ('pending', 'published', 'rejected')"

reviews = Table(
    "reviews",
    metadata,
    id_column(),
    reference("order_id", "orders.id", nullable=True),
    reference("product_id", "products.id"),
    Column("rating", Integer, nullable=False, comment="1 to 5."),
    Column("title", String(200), nullable=True),
    Column("comment", Text, nullable=True),
    moment("created_at"),
    moment("answered_at", nullable=True),
    Column("author", String(80), nullable=False, comment="The name to show."),
    Column("status", String(16), nullable=False, comment="pending, published or rejected."),
    Column("answer", Text, nullable=True, comment="What the shop replied."),
    CheckConstraint("rating between 1 and 5", name="rating"),
    CheckConstraint(_MODERATED, name="status"),
    Index("ix_reviews_product_id_status", "product_id", "status"),
    Index("ix_reviews_status", "status"),
)

questions = Table(
    "questions",
    metadata,
    id_column(),
    reference("product_id", "products.id"),
    Column("question", Text, nullable=False),
    moment("created_at"),
    moment("answered_at", nullable=True),
    Column("author", String(80), nullable=False, comment="The name to show."),
    Column("status", String(16), nullable=False, comment="pending, published or rejected."),
    Column("answer", Text, nullable=True, comment="What the shop replied."),
    CheckConstraint(_MODERATED, name="status"),
    Index("ix_questions_product_id_status", "product_id", "status"),
    Index("ix_questions_status", "status"),
)
