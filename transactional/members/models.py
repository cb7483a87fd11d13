"""Tables of who buys."""

from sqlalchemy import JSON, Boolean, Column, String, Table, UniqueConstraint

from transactional.database import id_column, metadata, moment, reference

customers = Table(
    "customers",
    metadata,
    id_column(),
    Column(
        "email", String(320), nullable=True, unique=True, comment="Lower case; null for imported customers."
    ),
    Column("name", String(200), nullable=True),
    Column("city", String(200), nullable=True),
    Column("region", String(200), nullable=True),
    Column("postal_code", String(32), nullable=True),
    Column("country", String(100), nullable=True, comment="ISO 3166 code, or the source's own word."),
    Column(
        "groups",
        JSON(none_as_null=True),
        nullable=True,
        comment="Whose prices and offers are the customer's too; null for none.",
    ),
    moment("created_at"),
)

customer_addresses = Table(
    "customer_addresses",
    metadata,
    id_column(),
    reference("customer_id", "customers.id", index=True),
    Column("label", String(80), nullable=False, comment="What the customer calls it: home, office."),
    Column("name", String(200), nullable=False),
    Column("company", String(200), nullable=True),
    Column("lines", String(400), nullable=False, comment="Street and number."),
    Column("city", String(200), nullable=False),
    Column("region", String(200), nullable=True),
    Column("postal_code", String(32), nullable=False),
    Column("country", String(2), nullable=False, comment="ISO 3166-1 alpha-2."),
    Column("phone", String(40), nullable=True),
    Column("is_shipping_default", Boolean, nullable=False),
    Column("is_billing_default", Boolean, nullable=False),
    moment("created_at"),
    UniqueConstraint("customer_id", "label"),
)
