"""Say which chargeback emptied a gift card, and what the card was before."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "gift_cards",
        sa.Column(
            "charged_back_by",
            sa.String(length=200),
            nullable=True,
            comment="Key of the chargeback that emptied it.",
        ),
    )
    op.add_column(
        "gift_cards",
        sa.Column(
            "status_before",
            sa.String(length=16),
            nullable=True,
            comment="What it is again when that dispute is won.",
        ),
    )
    # A shop's cards of before have one chargeback at most that emptied them: that of their order's payment.
    op.execute(EMPTIED)


EMPTIED = """
    update gift_cards
    set status_before = 'active', charged_back_by = (
        select max(substr(entries.reference, 12))
        from journal_entries as entries
        join order_lines as lines on lines.id = gift_cards.order_line_id
        join orders on orders.id = lines.order_id and orders.number = entries.document
        where entries.reference like 'gift_cards:chargeback:%'
    )
    where status in ('charged_back', 'disabled')
"""
