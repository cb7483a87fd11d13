"""A key is written together with the answer that it stands for."""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("idempotency_keys") as batch_op:
        batch_op.alter_column("status", nullable=False)
        batch_op.alter_column("body", nullable=False)
