"""Make payments tenders with append-only events; create gift cards; orders promise points."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

ID = sa.String(36).with_variant(sa.UUID(as_uuid=False), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _widen()
    op.create_table(
        "tender_events",
        sa.Column("id", ID, nullable=False),
        sa.Column("payment_id", ID, nullable=False),
        sa.Column(
            "type",
            sa.String(length=16),
            nullable=False,
            comment="authorise, capture, refund, void or chargeback.",
        ),
        sa.Column(
            "outcome",
            sa.String(length=16),
            nullable=False,
            comment="requested, succeeded, failed or unknown.",
        ),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column(
            "reference",
            sa.String(length=128),
            nullable=False,
            comment="Names the action: a payment's id, a refund's id...",
        ),
        sa.Column("external_id", sa.String(length=128), nullable=True, comment="What the provider calls it."),
        sa.Column("occurred_at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "type in ('authorise', 'capture', 'refund', 'void', 'chargeback')",
            name=op.f("ck_tender_events_type"),
        ),
        sa.CheckConstraint(
            "outcome in ('requested', 'succeeded', 'failed', 'unknown')",
            name=op.f("ck_tender_events_outcome"),
        ),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_tender_events_amount")),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name=op.f("fk_tender_events_payment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tender_events")),
        sa.UniqueConstraint(
            "payment_id",
            "type",
            "reference",
            "outcome",
            name=op.f("uq_tender_events_payment_id_type_reference_outcome"),
        ),
    )
    _tell_what_happened()
    _refuse_changes("tender_events")
    op.create_table(
        "gift_cards",
        sa.Column("id", ID, nullable=False),
        sa.Column("number", sa.String(length=12), nullable=False, comment="The first part of its code."),
        sa.Column("initial", sa.BigInteger(), nullable=False, comment="What it was issued with."),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False, comment="active or disabled."),
        sa.Column("order_line_id", ID, nullable=True),
        sa.Column("issued_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=True),
        sa.CheckConstraint("status in ('active', 'disabled')", name=op.f("ck_gift_cards_status")),
        sa.CheckConstraint("initial > 0", name=op.f("ck_gift_cards_initial")),
        sa.ForeignKeyConstraint(
            ["order_line_id"], ["order_lines.id"], name=op.f("fk_gift_cards_order_line_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gift_cards")),
        sa.UniqueConstraint("number", name=op.f("uq_gift_cards_number")),
    )
    op.create_index("ix_gift_cards_order_line_id", "gift_cards", ["order_line_id"])


def _widen() -> None:
    """Columns only: SQLite adds them without copying the tables."""
    op.add_column(
        "payments",
        sa.Column(
            "kind",
            sa.String(length=16),
            server_default="external",
            nullable=False,
            comment="external: a provider takes it; internal: it was taken from an account of the ledger.",
        ),
    )
    op.add_column(
        "payments",
        sa.Column(
            "position",
            sa.Integer(),
            server_default="1",
            nullable=False,
            comment="Order of an order's tenders; what goes back takes the last first.",
        ),
    )
    op.add_column(
        "payments",
        sa.Column(
            "account",
            sa.String(length=100),
            nullable=True,
            comment="The ledger account of an internal tender.",
        ),
    )
    op.add_column(
        "refunds",
        sa.Column(
            "reversal",
            sa.String(length=100),
            nullable=True,
            comment="Names what gave it back; a tender is asked once for it.",
        ),
    )
    op.create_index("ix_refunds_payment_id_reversal", "refunds", ["payment_id", "reversal"], unique=True)
    op.add_column(
        "orders",
        sa.Column(
            "points",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="What the points are worth that the buyer gets when it is paid.",
        ),
    )
    op.add_column(
        "orders",
        sa.Column(
            "gift_cards",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="What the gift cards in it are worth.",
        ),
    )
    op.add_column(
        "order_lines",
        sa.Column(
            "is_gift_card",
            sa.Boolean(),
            server_default=sa.false(),
            nullable=False,
            comment="Whether its units are gift cards: owed to them, and no sale.",
        ),
    )


def _tell_what_happened() -> None:
    """The events of the payments and refunds that are there, as far as their rows know them."""
    ended = "case status when 'voided' then 'void' else 'capture' end"
    outcome = "case status when 'failed' then 'failed' else 'succeeded' end"
    at = "coalesce(captured_at, created_at)"
    _insert("payments", "id", "'capture'", "'requested'", "id", "null", "created_at", "amount > 0")
    _insert("payments", "id", ended, outcome, "id", "external_id", at, "status <> 'pending'")
    _insert("refunds", "payment_id", "'refund'", "'requested'", "id", "null", "created_at", "true")
    at = "coalesce(refunded_at, created_at)"
    _insert("refunds", "payment_id", "'refund'", "status", "id", "external_id", at, "status <> 'pending'")


def _insert(
    table: str, payment: str, kind: str, outcome: str, reference: str, external: str, at: str, only: str
) -> None:
    op.execute(
        "insert into tender_events (id, payment_id, type, outcome, amount, currency,"  # noqa: S608 - ours
        " reference, external_id, occurred_at)"
        f" select {_new_id()}, {payment}, {kind}, {outcome}, amount, currency,"
        f" cast({reference} as varchar(36)), {external}, {at} from {table} where {only}"
    )


def _new_id() -> str:
    if op.get_bind().dialect.name == "postgresql":
        return "gen_random_uuid()"
    parts = " || '-' || ".join(f"hex(randomblob({size}))" for size in (4, 2, 2, 2, 6))
    return f"lower({parts})"


def _refuse_changes(table: str) -> None:
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
