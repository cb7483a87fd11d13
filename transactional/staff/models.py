"""Tables of the shop's own settings."""

from sqlalchemy import Column, Integer, String, Table

from transactional.database import metadata

shops = Table(
    "shops",
    metadata,
    Column("id", String(63), primary_key=True, comment="Slug; the shop_id of every row in the lake."),
    Column("name", String(200), nullable=False),
    Column("time_zone", String(64), nullable=False, comment="IANA name; gives the shop day."),
    Column("currency", String(3), nullable=False),
    Column("locale", String(16), nullable=False),
    Column(
        "tax_rate_bp",
        Integer,
        nullable=False,
        comment="Tax contained in prices, in basis points (2000 = 20 %).",
    ),
    Column(
        "allocation",
        String(16),
        server_default="priority",
        nullable=False,
        comment="Which warehouse an order leaves from: priority or nearest.",
    ),
)
