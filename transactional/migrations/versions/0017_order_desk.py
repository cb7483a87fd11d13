"""Keep why an order is held before it is paid, and let nobody rewrite how stock moved."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    reason = sa.Column(
        "review_reason",
        sa.String(length=400),
        nullable=True,
        comment="Why, when the staff said so before that.",
    )
    op.add_column("orders", reason)
    _write_once("stock_movements")


def _write_once(table: str) -> None:
    """What happened stays as it is, also when somebody goes past the shop."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"create function {table}_stay() returns trigger language plpgsql as $$ "
            f"begin raise exception '{table} are written once' "
            "using errcode = 'integrity_constraint_violation'; end $$"
        )
        op.execute(
            f"create trigger {table}_stay before update or delete on {table} "
            f"for each row execute function {table}_stay()"
        )
        return
    for change in ("update", "delete"):
        op.execute(
            f"create trigger {table}_stay_{change} before {change} on {table} "
            f"begin select raise(abort, '{table} are written once'); end"
        )
