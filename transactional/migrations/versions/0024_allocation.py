"""Keep with the shop which warehouse its orders leave from, where every promise of units can read it."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "shops",
        sa.Column(
            "allocation",
            sa.String(length=16),
            server_default="priority",
            nullable=False,
            comment="Which warehouse an order leaves from: priority or nearest.",
        ),
    )
