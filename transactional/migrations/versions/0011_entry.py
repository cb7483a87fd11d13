"""Let orders say what they are for."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

CHANNEL = "web, api, phone, staff, group, or an import's own: marketplace, invoice."


def upgrade() -> None:
    _say_what_they_are_for()


def _say_what_they_are_for() -> None:
    with op.batch_alter_table("orders", recreate="never") as batch_op:
        batch_op.add_column(
            sa.Column(
                "purpose",
                sa.String(length=16),
                server_default="sale",
                nullable=False,
                comment="One of ORDER_PURPOSES; only a sale is revenue.",
            )
        )
    if op.get_bind().dialect.name == "postgresql":  # SQLite keeps no comments
        op.alter_column("orders", "channel", comment=CHANNEL)
