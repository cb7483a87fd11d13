"""Tables of orders, and of the credit notes that take part of one back."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
    false,
)

from transactional.database import Money, id_column, metadata, moment, reference

ORDER_STATUSES = (
    "pending_payment",
    "paid",
    "gathering",
    "in_review",
    "approved",
    "partly_shipped",
    "shipped",
    "delivered",
    "completed",
    "cancelled",
    "expired",
    "returned",
)

group_purchases = Table(
    "group_purchases",
    metadata,
    id_column(),
    Column("code", String(40), nullable=False, unique=True, comment="Part of its page's address."),
    reference("sku_id", "skus.id"),
    Column("price", Money, nullable=False, comment="Per unit with tax, for each member."),
    Column("currency", String(3), nullable=False),
    Column("buyers_wanted", Integer, nullable=False, comment="Customers who have paid that complete it."),
    Column("per_buyer", Integer, nullable=False, comment="The most units in one order."),
    Column("status", String(16), nullable=False, comment="open, completed or failed."),
    moment("closes_at"),
    moment("created_at"),
    CheckConstraint("status in ('open', 'completed', 'failed')", name="status"),
    CheckConstraint("price > 0 and buyers_wanted > 1 and per_buyer > 0", name="numbers"),
    Index("ix_group_purchases_status_closes_at", "status", "closes_at"),
)

ORDER_PURPOSES = ("sale", "replacement", "sample", "gift")


def delivery_address() -> list[Column[str]]:
    """Where an order goes, as the order and its changes keep it."""
    return [
        Column("ship_name", String(200), nullable=True),
        Column("ship_address", String(400), nullable=True),
        Column("ship_city", String(200), nullable=True),
        Column("ship_region", String(200), nullable=True),
        Column("ship_postal_code", String(32), nullable=True),
        Column("ship_country", String(100), nullable=True),
    ]


orders = Table(
    "orders",
    metadata,
    id_column(),
    Column("number", String(64), nullable=False, unique=True),
    reference("cart_id", "carts.id", nullable=True),
    reference("customer_id", "customers.id", nullable=True, index=True),
    Column("status", String(32), nullable=False, comment="One of ORDER_STATUSES."),
    Column(
        "source_status",
        String(64),
        nullable=True,
        comment="The status in the words of the system it came from.",
    ),
    Column(
        "channel",
        String(32),
        nullable=False,
        comment="web, api, phone, staff, group, or an import's own: marketplace, invoice.",
    ),
    Column("currency", String(3), nullable=False),
    # total = gross - discount + shipping + tax; an import that knows only lines leaves them null.
    Column("gross", Money, nullable=True, comment="Lines at list price, without tax."),
    Column("discount", Money, nullable=True, comment="Taken off the lines, without tax."),
    Column("shipping", Money, nullable=True, comment="Delivery charge, without tax."),
    Column("tax", Money, nullable=True, comment="Tax on lines and delivery."),
    Column("total", Money, nullable=True, comment="What the customer pays."),
    Column("visitor_id", String(64), nullable=True),
    Column("email", String(320), nullable=True),
    *delivery_address(),
    moment("placed_at"),
    moment("expires_at", nullable=True),
    moment("paid_at", nullable=True),
    moment("shipped_at", nullable=True),
    moment("promised_at", nullable=True),
    moment("delivered_at", nullable=True),
    moment("cancelled_at", nullable=True),
    Column(
        "points",
        Money,
        nullable=False,
        server_default="0",
        comment="What the points are worth that the buyer gets when it is paid.",
    ),
    Column(
        "gift_cards",
        Money,
        nullable=False,
        server_default="0",
        comment="What the gift cards in it are worth.",
    ),
    Column("delivery_method", String(32), nullable=True, comment="Code of the chosen delivery."),
    Column("delivery_name", String(200), nullable=True, comment="Its name as the shopper saw it."),
    Column("delivery_tax_rate_bp", Integer, nullable=True, comment="Basis points."),
    Column("prices_include_tax", Boolean, nullable=True, comment="Whether unit and list prices contain tax."),
    Column(
        "needs_review",
        Boolean,
        nullable=False,
        server_default=false(),
        comment="Whether the staff looks at it before it is sent, once it is paid.",
    ),
    Column("review_reason", String(400), nullable=True, comment="Why, when the staff said so before that."),
    Column(
        "purpose",
        String(16),
        nullable=False,
        server_default="sale",
        comment="One of ORDER_PURPOSES; only a sale is revenue.",
    ),
    Column("steps", Integer, nullable=False, server_default="0", comment="Transitions it went through."),
    reference("group_id", "group_purchases.id", nullable=True, index=True),
    CheckConstraint("status in ('" + "', '".join(ORDER_STATUSES) + "')", name="status"),
    CheckConstraint("total = gross - discount + shipping + tax", name="total"),
    UniqueConstraint("cart_id"),
    Index("ix_orders_status_expires_at", "status", "expires_at"),
)

order_lines = Table(
    "order_lines",
    metadata,
    id_column(),
    reference("order_id", "orders.id", index=True),
    Column("position", Integer, nullable=False, comment="Order within the document, from 1."),
    reference("sku_id", "skus.id", nullable=True),
    Column("sku", String(64), nullable=False, comment="SKU code as sold."),
    Column("name", String(400), nullable=False, comment="Product and options as sold."),
    Column("quantity", Integer, nullable=False),
    Column(
        "list_price",
        Money,
        nullable=True,
        comment="Per unit with tax; null when it has fractions of a minor unit.",
    ),
    Column("unit_price", Money, nullable=True, comment="Per unit with tax, as charged."),
    Column("cost", Money, nullable=True, comment="Per unit without tax, when it was sold."),
    Column("gross", Money, nullable=False, comment="Line at list price, without tax."),
    Column("discount", Money, nullable=False, comment="Taken off the line, without tax."),
    Column(
        "shipping",
        Money,
        nullable=False,
        comment="Delivery charged with this line (marketplaces), without tax.",
    ),
    Column("tax", Money, nullable=False, comment="Tax on the line."),
    Column(
        "is_gift_card",
        Boolean,
        nullable=False,
        server_default=false(),
        comment="Whether its units are gift cards: owed to them, and no sale.",
    ),
    Column("tax_rate_bp", Integer, nullable=True, comment="Basis points; null when a source does not tell."),
    reference("change_id", "order_changes.id", nullable=True),
)

# Written once: the migration's triggers refuse the rest.
order_transitions = Table(
    "order_transitions",
    metadata,
    id_column(),
    reference("order_id", "orders.id"),
    Column("position", Integer, nullable=False, comment="Within the order, from 1."),
    Column("from_status", String(32), nullable=False),
    Column("to_status", String(32), nullable=False, comment="The same when the event changes no state."),
    Column("event", String(16), nullable=False, comment="One of orders.rules.Event."),
    Column("actor", String(64), nullable=False, comment="As the change log names it: shopper, staff..."),
    Column("reason", String(400), nullable=True),
    moment("occurred_at"),
    UniqueConstraint("order_id", "position"),
)

shipments = Table(
    "shipments",
    metadata,
    id_column(),
    Column("number", String(64), nullable=False, unique=True),
    reference("order_id", "orders.id", index=True),
    reference("warehouse_id", "warehouses.id"),
    Column("carrier", String(80), nullable=True),
    Column("tracking", String(120), nullable=True, comment="The carrier's number."),
    Column("status", String(16), nullable=False, comment="shipped or delivered."),
    moment("shipped_at"),
    moment("delivered_at", nullable=True),
    CheckConstraint("status in ('shipped', 'delivered')", name="status"),
)

shipment_lines = Table(
    "shipment_lines",
    metadata,
    id_column(),
    reference("shipment_id", "shipments.id", index=True),
    reference("order_line_id", "order_lines.id"),
    Column("quantity", Integer, nullable=False),
    UniqueConstraint("shipment_id", "order_line_id"),
    CheckConstraint("quantity > 0", name="quantity"),
)

order_notes = Table(
    "order_notes",
    metadata,
    id_column(),
    reference("order_id", "orders.id", index=True),
    Column("author", String(16), nullable=False, comment="shopper or staff."),
    Column("text", String(2_000), nullable=False),
    moment("created_at"),
    CheckConstraint("author in ('shopper', 'staff')", name="author"),
)

order_marks = Table(
    "order_marks",
    metadata,
    id_column(),
    reference("order_id", "orders.id"),
    Column("label", String(40), nullable=False),
    Column("colour", String(16), nullable=False, comment="Its name on the staff's page."),
    moment("created_at"),
    UniqueConstraint("order_id", "label"),
)

credit_notes = Table(
    "credit_notes",
    metadata,
    id_column(),
    Column("number", String(64), nullable=False, unique=True),
    reference("order_id", "orders.id", nullable=True, index=True),
    reference("customer_id", "customers.id", nullable=True),
    Column("kind", String(16), nullable=False, comment="return, cancellation or adjustment."),
    Column("reason", String(400), nullable=True),
    Column("currency", String(3), nullable=False),
    Column("country", String(100), nullable=True),
    moment("issued_at"),
    CheckConstraint("kind in ('return', 'cancellation', 'adjustment')", name="kind"),
)

credit_note_lines = Table(
    "credit_note_lines",
    metadata,
    id_column(),
    reference("credit_note_id", "credit_notes.id", index=True),
    Column("position", Integer, nullable=False),
    reference("order_line_id", "order_lines.id", nullable=True),
    Column("sku", String(64), nullable=False),
    Column("name", String(400), nullable=False),
    Column(
        "quantity", Integer, nullable=False, comment="Units given back; positive for goods that came back."
    ),
    Column("amount", Money, nullable=False, comment="Credited without tax; positive lowers sales."),
    Column("shipping", Money, nullable=False, comment="Delivery charge credited, without tax."),
    Column("tax", Money, nullable=False, comment="Tax credited, that on delivery with it."),
    Column(
        "shipping_tax", Money, nullable=False, server_default="0", comment="Of the tax, that on delivery."
    ),
    Column("shipping_tax_rate_bp", Integer, nullable=True, comment="Basis points; null without delivery."),
)
