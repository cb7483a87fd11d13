"""Say which account got a refund that its provider could not pay, and which messages cannot be acted on."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "refunds",
        sa.Column(
            "account",
            sa.String(length=100),
            nullable=True,
            comment="The ledger account that got it instead, as the provider could not pay.",
        ),
    )
    op.add_column(
        "webhook_inbox",
        sa.Column(
            "problem",
            sa.String(length=400),
            nullable=True,
            comment="Why it is not acted on yet; it may be told again.",
        ),
    )
