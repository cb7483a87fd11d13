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
    # The cards of an order were emptied by the last chargeback of its payments.
    op.execute(EMPTIED)


EMPTIED = """
    update gift_cards
    set status_before = 'active', charged_back_by = (
        select 'chargeback:' || events.payment_id || ':' || events.reference
        from tender_events as events
        join payments on payments.id = events.payment_id
        join order_lines as lines on lines.order_id = payments.order_id
        where lines.id = gift_cards.order_line_id
            and events.type = 'chargeback' and events.outcome = 'succeeded'
        order by events.occurred_at desc, events.id desc
        limit 1
    )
    where status in ('charged_back', 'disabled')
"""
