"""Let transfers arrive in parts, movements name the parcel that units left in, and entries be listed."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_journal_entries_occurred_at"), "journal_entries", ["occurred_at"])
    op.create_index(op.f("ix_journal_entries_document"), "journal_entries", ["document"])
    op.add_column(
        "stock_movements",
        sa.Column(
            "shipment",
            sa.String(length=64),
            nullable=True,
            comment="Number of the parcel that units left in.",
        ),
    )
    with op.batch_alter_table("transfers") as batch_op:
        batch_op.add_column(
            sa.Column(
                "reason",
                sa.String(length=400),
                nullable=True,
                comment="Why what never arrived was given up.",
            )
        )
        batch_op.alter_column("status", comment="in_transit, or received: nothing of it is under way.")
    op.add_column(
        "transfer_lines",
        sa.Column(
            "lost",
            sa.Integer(),
            server_default="0",
            nullable=False,
            comment="Units that will not; the others are under way.",
        ),
    )
    op.execute(
        "update transfer_lines set lost = sent - received"
        " where transfer_id in (select id from transfers where status = 'received')"
    )
    with op.batch_alter_table("transfer_lines") as batch_op:
        batch_op.alter_column("lost", server_default=None)
        batch_op.alter_column("received", comment="Units that have arrived.")
        batch_op.drop_constraint(op.f("ck_transfer_lines_units"), type_="check")
        batch_op.create_check_constraint(
            op.f("ck_transfer_lines_units"),
            "sent > 0 and received >= 0 and lost >= 0 and received + lost <= sent",
        )
