"""Tables of who buys."""

from sqlalchemy import Column, String, Table

from transactional.database import id_column, metadata, moment

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
    moment("created_at"),
)
