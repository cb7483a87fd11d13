"""Authorise payments first, block gift cards, and tell disputes in payout files."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

# Table, column, and the values that its check allowed before and allows since.
CHECKS = (
    (
        "payments",
        "status",
        "status in ('pending', 'captured', 'failed', 'voided')",
        "status in ('pending', 'authorised', 'captured', 'failed', 'voided')",
    ),
    (
        "gift_cards",
        "status",
        "status in ('active', 'disabled')",
        "status in ('active', 'blocked', 'charged_back', 'disabled')",
    ),
    (
        "payout_lines",
        "kind",
        "kind in ('payment', 'refund', 'fee', 'other')",
        "kind in ('payment', 'refund', 'dispute', 'dispute_reversal', 'fee', 'other')",
    ),
)
COMMENTS = (
    ("payments", "status", "One of payments.rules.Status."),
    ("gift_cards", "status", "active, blocked, charged_back or disabled."),
    ("payout_lines", "kind", "One of payouts.files.Kind."),
)


def upgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for check in CHECKS:
        (_rewrite_check if is_sqlite else _replace_check)(*check)
    if not is_sqlite:  # SQLite keeps no comments
        for table, column, comment in COMMENTS:
            op.alter_column(table, column, comment=comment)


def _replace_check(table: str, column: str, _: str, since: str) -> None:
    name = op.f(f"ck_{table}_{column}")
    op.drop_constraint(name, table, type_="check")
    op.create_check_constraint(name, table, since)


def _rewrite_check(table: str, _: str, before: str, since: str) -> None:
    """Making the table anew would drop what others refer to; a check is only text, says SQLite's manual."""
    connection = op.get_bind()
    version: int = connection.execute(sa.text("pragma schema_version")).scalar_one()
    connection.execute(sa.text("pragma writable_schema = on"))
    connection.execute(
        sa.text("update sqlite_master set sql = replace(sql, :before, :since) where name = :name"),
        {"before": before, "since": since, "name": table},
    )
    connection.execute(sa.text(f"pragma schema_version = {version + 1}"))
    connection.execute(sa.text("pragma writable_schema = off"))
