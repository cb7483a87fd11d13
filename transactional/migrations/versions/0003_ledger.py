"""Create the ledger."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ID = sa.String(36).with_variant(sa.UUID(as_uuid=False), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "ledger_accounts",
        sa.Column("id", ID, nullable=False),
        sa.Column("code", sa.String(length=100), nullable=False, comment="liability:gift_card:<holder>..."),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("balance", sa.BigInteger(), nullable=False, comment="What the shop owes the holder."),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.CheckConstraint("balance >= 0", name=op.f("ck_ledger_accounts_balance")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_accounts")),
        sa.UniqueConstraint("code", name=op.f("uq_ledger_accounts_code")),
    )
    op.create_table(
        "journal_entries",
        sa.Column("id", ID, nullable=False),
        sa.Column(
            "reference",
            sa.String(length=160),
            nullable=False,
            comment="Names the event; never posted twice.",
        ),
        sa.Column(
            "document",
            sa.String(length=64),
            nullable=False,
            comment="Order, credit-note or delivery number, or a refund's id.",
        ),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("reverses_id", ID, nullable=True),
        sa.Column("occurred_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["reverses_id"], ["journal_entries.id"], name=op.f("fk_journal_entries_reverses_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal_entries")),
        sa.UniqueConstraint("reference", name=op.f("uq_journal_entries_reference")),
        sa.UniqueConstraint("reverses_id", name=op.f("uq_journal_entries_reverses_id")),
    )
    op.create_table(
        "postings",
        sa.Column("id", ID, nullable=False),
        sa.Column("entry_id", ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False, comment="Order within the entry, from 1."),
        sa.Column(
            "source",
            sa.String(length=100),
            nullable=False,
            comment="Account where the money comes from: debited.",
        ),
        sa.Column(
            "destination",
            sa.String(length=100),
            nullable=False,
            comment="Account where it goes: credited.",
        ),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("occurred_at", MOMENT, nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_postings_amount")),
        sa.CheckConstraint("source <> destination", name=op.f("ck_postings_accounts")),
        sa.ForeignKeyConstraint(["entry_id"], ["journal_entries.id"], name=op.f("fk_postings_entry_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_postings")),
    )
    op.create_index("ix_postings_entry_id", "postings", ["entry_id"])
    op.create_index("ix_postings_occurred_at", "postings", ["occurred_at"])
    op.create_index("ix_postings_source_occurred_at", "postings", ["source", "occurred_at"])
    op.create_index("ix_postings_destination_occurred_at", "postings", ["destination", "occurred_at"])
    for table in ("journal_entries", "postings"):
        _refuse_changes(table)


def _refuse_changes(table: str) -> None:
    """What is posted stays as it is, also when somebody goes past the shop."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"create function {table}_stay() returns trigger language plpgsql as $$ "
            f"begin raise exception '{table} are written once: reverse the entry instead' "
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
            f"begin select raise(abort, '{table} are written once: reverse the entry instead'); end"
        )
