"""Say in which currency a promotion's budget counts money, as orders may be in several."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("promotion_budgets", recreate="never") as batch_op:
        batch_op.add_column(sa.Column("currency", sa.String(length=3), nullable=True))
    op.execute("update promotion_budgets set currency = (select min(currency) from shops)")
    with op.batch_alter_table("promotion_budgets") as batch_op:
        batch_op.alter_column("currency", nullable=False)
        batch_op.alter_column("money", comment="Given with tax, in orders of the currency.")
