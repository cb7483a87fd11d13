"""Take lines of payouts that tell of a refund which came back to the provider."""

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

KINDS = "kind in ('payment', 'refund', 'refund_failure', 'dispute', 'dispute_reversal', 'fee', 'other')"


def upgrade() -> None:
    with op.batch_alter_table("payout_lines") as batch_op:
        batch_op.drop_constraint(op.f("ck_payout_lines_kind"), type_="check")
        batch_op.create_check_constraint(op.f("ck_payout_lines_kind"), KINDS)
