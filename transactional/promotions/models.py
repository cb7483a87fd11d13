"""Tables of promotions: what they are, what they may give, their codes, and what orders got from them."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Integer,
    String,
    Table,
    UniqueConstraint,
)

from transactional.database import Id, Money, id_column, metadata, moment, reference

promotions = Table(
    "promotions",
    metadata,
    id_column(),
    Column("name", String(200), nullable=False),
    Column("status", String(16), nullable=False, comment="draft, active, paused or ended."),
    Column("kind", String(32), nullable=False, comment="Its template: percent, bundle, flash_sale..."),
    Column("class", String(16), nullable=False, comment="What it takes off: product, order or shipping."),
    Column("needs_code", Boolean, nullable=False, comment="Whether it applies only with a coupon code."),
    Column("definition", JSON, nullable=False, comment="Template, conditions, budget and exclusivity."),
    moment("created_at"),
    moment("updated_at"),
    Column(
        "below_cost_reason",
        String(400),
        nullable=True,
        comment="Why the staff let it be on although it may sell below cost.",
    ),
    CheckConstraint("status in ('draft', 'active', 'paused', 'ended')", name="status"),
)

promotion_budgets = Table(
    "promotion_budgets",
    metadata,
    id_column(),
    reference("promotion_id", "promotions.id"),
    Column("uses", BigInteger, nullable=False, comment="Orders that have it, without those called off."),
    Column("money", Money, nullable=False, comment="Given with tax, in orders of the currency."),
    Column("currency", String(3), nullable=False),
    Column("units", BigInteger, nullable=False, comment="Units given, of a flash sale."),
    Column("max_uses", BigInteger, nullable=True),
    Column("max_money", Money, nullable=True),
    Column("max_units", BigInteger, nullable=True),
    UniqueConstraint("promotion_id"),
    CheckConstraint("uses >= 0 and money >= 0 and units >= 0", name="given"),
)

promotion_customers = Table(
    "promotion_customers",
    metadata,
    id_column(),
    reference("promotion_id", "promotions.id"),
    reference("customer_id", "customers.id"),
    Column("uses", Integer, nullable=False),
    Column("max_uses", BigInteger, nullable=False),
    UniqueConstraint("promotion_id", "customer_id"),
    CheckConstraint("uses >= 0", name="uses"),
)

promotion_codes = Table(
    "promotion_codes",
    metadata,
    id_column(),
    reference("promotion_id", "promotions.id", index=True),
    Column("code", String(40), nullable=False, unique=True, comment="Upper case."),
    Column("uses", Integer, nullable=False),
    Column("max_uses", Integer, nullable=True, comment="1 for a single use; null without limit."),
    moment("created_at"),
    moment("expires_at", nullable=True),
    moment("revoked_at", nullable=True),
    CheckConstraint("uses >= 0", name="uses"),
)

# One row, whose version changes with every activity that goes on or off: who has read the activities of a
# version need not read them again.
promotion_versions = Table(
    "promotion_versions",
    metadata,
    Column("id", String(8), primary_key=True),
    Column("version", Id, nullable=False),
    info={"logged": False},
)

order_promotions = Table(
    "order_promotions",
    metadata,
    id_column(),
    reference("order_id", "orders.id", index=True),
    reference("order_line_id", "order_lines.id", nullable=True),
    reference("promotion_id", "promotions.id", index=True),
    Column("code", String(40), nullable=True, comment="The coupon that opened it."),
    Column("units", Integer, nullable=False, comment="Units that count against a flash sale's cap."),
    Column("amount", Money, nullable=False, comment="Taken off with tax, as the shopper saw it."),
    Column(
        "discount",
        Money,
        nullable=False,
        comment="The same without tax: in the discount of its line; without a line off delivery.",
    ),
    Column("reason", String(200), nullable=False),
)
