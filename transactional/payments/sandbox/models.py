"""Tables of the sandbox's own database; the shop's do not know them."""

from sqlalchemy import Column, Integer, MetaData, String, Table, Text

from transactional.database import Money, UtcDateTime

metadata = MetaData()
payments = Table(
    "payments",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("idempotency_key", String(128), nullable=False, unique=True),
    Column("reference", String(36), nullable=False),
    Column("amount", Money, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("description", String(200), nullable=False),
    Column("status", String(16), nullable=False),
    Column("return_url", Text, nullable=False),
    Column("webhook_url", Text, nullable=False),
    Column("webhook", String(8), nullable=False),
)
refunds = Table(
    "refunds",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("idempotency_key", String(128), nullable=False, unique=True),
    Column("payment_id", String(64), nullable=False, index=True),
    Column("amount", Money, nullable=False),
    Column("status", String(16), nullable=False),
)
disputes = Table(
    "disputes",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("payment_id", String(64), nullable=False, index=True),
    Column("amount", Money, nullable=False),
    Column("status", String(16), nullable=False),
)
outbox = Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("url", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("due_at", UtcDateTime, nullable=False, index=True),
    Column("attempts", Integer, nullable=False),
)

# What moved, for payout files; a table of its own, so that a sandbox from before has it too.
movements = Table(
    "movements",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("reference", String(64), nullable=False),
    Column("amount", Money, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("moved_at", UtcDateTime, nullable=False, index=True),
)

# In how many parts a payment is paid, where it is not one; a table of its own for the same reason.
installments = Table(
    "installments",
    metadata,
    Column("payment_id", String(64), primary_key=True),
    Column("number", Integer, nullable=False),
)
