"""Say which account got a refund that no provider paid, which messages wait, and the tax on delivery."""

from collections import Counter
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

# Of orders whose delivery charge was credited at all: what each of their credit notes gave back, in turn.
CREDITED = """
    select
        credited.id, credited.order_line_id, credited.quantity as units, credited.shipping, credited.tax,
        lines.quantity, lines.gross - lines.discount as net, lines.tax as line_tax,
        orders.delivery_tax_rate_bp as rate
    from credit_note_lines as credited
    join credit_notes as notes on notes.id = credited.credit_note_id
    join orders on orders.id = notes.order_id
    left join order_lines as lines on lines.id = credited.order_line_id
    where orders.delivery_tax_rate_bp is not null and exists (
        select 1 from credit_note_lines as others
        join credit_notes as of_order on of_order.id = others.credit_note_id
        where of_order.order_id = orders.id and others.shipping <> 0
    )
    order by notes.issued_at, notes.id, credited.position
"""
TOLD = "update credit_note_lines set shipping_tax = :tax, shipping_tax_rate_bp = :rate where id = :id"


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
    op.add_column(
        "credit_note_lines",
        sa.Column(
            "shipping_tax",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="Of the tax, that on delivery.",
        ),
    )
    op.add_column(
        "credit_note_lines",
        sa.Column(
            "shipping_tax_rate_bp",
            sa.Integer(),
            nullable=True,
            comment="Basis points; null without delivery.",
        ),
    )
    if op.get_bind().dialect.name != "sqlite":  # SQLite keeps no comments
        op.alter_column("credit_note_lines", "tax", comment="Tax credited, that on delivery with it.")
    _tell_tax_on_delivery()


def _tell_tax_on_delivery() -> None:
    """The tax beyond what the units of a line cost is that on the delivery credited with them."""
    connection = op.get_bind()
    taken: Counter[str] = Counter()
    for row in connection.execute(sa.text(CREDITED)).all():
        tax = row.tax
        if row.order_line_id is not None:
            before = taken[row.order_line_id]
            taken[row.order_line_id] = now = before + row.units
            tax -= _until(row, row.net + row.line_tax, now) - _until(row, row.net + row.line_tax, before)
            tax += _until(row, row.net, now) - _until(row, row.net, before)
        if row.shipping or tax:
            connection.execute(sa.text(TOLD), {"id": row.id, "tax": tax, "rate": row.rate})


def _until(row: sa.Row[Any], amount: int, units: int) -> int:
    """What so many units of a line carry of an amount, rounded half up as the shop did."""
    return int((2 * amount * units + row.quantity) // (2 * row.quantity))
