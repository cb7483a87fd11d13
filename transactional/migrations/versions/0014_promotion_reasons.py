"""Keep why a promotion may sell below cost, and until when a code is valid."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    with op.batch_alter_table("promotions", recreate="never") as batch_op:
        batch_op.add_column(
            sa.Column(
                "below_cost_reason",
                sa.String(length=400),
                nullable=True,
                comment="Why the staff let it be on although it may sell below cost.",
            )
        )
    with op.batch_alter_table("promotion_codes", recreate="never") as batch_op:
        batch_op.add_column(sa.Column("expires_at", MOMENT, nullable=True))
        batch_op.add_column(sa.Column("revoked_at", MOMENT, nullable=True))
