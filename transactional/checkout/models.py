"""Tables of the basket before it becomes an order, and of the terms of sale: where delivery goes, and tax."""

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Integer,
    String,
    Table,
    UniqueConstraint,
    false,
)

from transactional.database import Id, Money, id_column, metadata, moment, reference

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
    Column(
        "channel",
        String(32),
        nullable=False,
        server_default="web",
        comment="Where it was opened: web, api, phone, staff or group.",
    ),
    Column(
        "customer_id",
        Id,
        ForeignKey("customers.id"),
        nullable=True,
        comment="Who proved to be its buyer.",
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

RATE_KINDS = ("flat", "weight", "free_over")

delivery_zones = Table(
    "delivery_zones",
    metadata,
    id_column(),
    Column("code", String(32), nullable=False, unique=True),
    Column("name", String(200), nullable=False),
    Column("countries", JSON, nullable=False, comment="ISO 3166-1 alpha-2; empty for all others."),
    Column("postal_prefixes", JSON, nullable=False, comment="Starts of postal codes; empty for all."),
)

delivery_methods = Table(
    "delivery_methods",
    metadata,
    id_column(),
    Column("code", String(32), nullable=False, unique=True),
    Column("name", String(200), nullable=False),
    Column("days_min", Integer, nullable=False),
    Column("days_max", Integer, nullable=False, comment="Days after the order by which it is promised."),
    Column("position", Integer, nullable=False, comment="The lowest that serves an address is its default."),
    Column("is_active", Boolean, nullable=False),
    CheckConstraint("days_min >= 0 and days_max >= days_min", name="days"),
)

delivery_rates = Table(
    "delivery_rates",
    metadata,
    id_column(),
    reference("method_id", "delivery_methods.id", index=True),
    reference("zone_id", "delivery_zones.id"),
    Column("currency", String(3), nullable=False),
    Column("kind", String(16), nullable=False, comment="flat, weight or free_over."),
    Column("price", Money, nullable=False, comment="With tax where prices contain it."),
    Column("weight_from", Integer, nullable=False, comment="Grams, inclusive."),
    Column("weight_to", Integer, nullable=True, comment="Grams, exclusive; null without limit."),
    Column("free_from", Money, nullable=True, comment="Goods before promotions from which it is free."),
    CheckConstraint("kind in ('" + "', '".join(RATE_KINDS) + "')", name="kind"),
    CheckConstraint("price >= 0 and weight_from >= 0", name="price"),
    CheckConstraint(
        "case kind when 'flat' then free_from is null when 'weight' then true else free_from is not null end",
        name="free_from",
    ),
)

tax_zones = Table(
    "tax_zones",
    metadata,
    id_column(),
    Column("code", String(32), nullable=False, unique=True),
    Column("name", String(200), nullable=False),
    Column("countries", JSON, nullable=False, comment="ISO 3166-1 alpha-2; empty for all others."),
    Column("prices_include_tax", Boolean, nullable=False, comment="Otherwise tax is added on top."),
    Column(
        "reverse_charge",
        Boolean,
        nullable=False,
        server_default=false(),
        comment="Whether companies of other countries than the shop's owe the tax themselves.",
    ),
)

tax_rates = Table(
    "tax_rates",
    metadata,
    id_column(),
    reference("zone_id", "tax_zones.id"),
    Column("tax_class", String(32), nullable=False, comment="One of catalog.rules.TAX_CLASSES."),
    Column("rate_bp", Integer, nullable=False, comment="Basis points (2000 = 20 %)."),
    Column("valid_from", Date, nullable=False, comment="Day of the shop's calendar."),
    UniqueConstraint("zone_id", "tax_class", "valid_from"),
    CheckConstraint("rate_bp >= 0 and rate_bp <= 10000", name="rate_bp"),
)

# One row, as in promotions: whoever has read the terms of a version need not read them again.
sale_versions = Table(
    "sale_versions",
    metadata,
    Column("id", String(8), primary_key=True),
    Column("version", Id, nullable=False),
    info={"logged": False},
)
