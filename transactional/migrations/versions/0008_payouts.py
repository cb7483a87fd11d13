"""Create payouts and their lines; refunds are looked up by the provider's id."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ID = sa.String(36).with_variant(sa.UUID(as_uuid=False), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "payouts",
        sa.Column("id", ID, nullable=False),
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column(
            "external_id", sa.String(length=64), nullable=False, comment="The provider's id of this payout."
        ),
        sa.Column(
            "content_hash",
            sa.String(length=64),
            nullable=False,
            comment="SHA-256 of the file that told of it.",
        ),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("gross", sa.BigInteger(), nullable=False, comment="Taken less given back."),
        sa.Column("fee", sa.BigInteger(), nullable=False, comment="Kept by the provider."),
        sa.Column(
            "net", sa.BigInteger(), nullable=False, comment="Sent to the bank; negative: drawn from it."
        ),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.CheckConstraint("net = gross - fee", name=op.f("ck_payouts_net")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payouts")),
        sa.UniqueConstraint("provider", "external_id", name=op.f("uq_payouts_provider_external_id")),
    )
    op.create_table(
        "payout_lines",
        sa.Column("id", ID, nullable=False),
        sa.Column("payout_id", ID, nullable=False),
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column(
            "external_id", sa.String(length=128), nullable=False, comment="The provider's id of this line."
        ),
        sa.Column("position", sa.Integer(), nullable=False, comment="Line of the file."),
        sa.Column("kind", sa.String(length=16), nullable=False, comment="payment, refund, fee or other."),
        sa.Column(
            "reference",
            sa.String(length=128),
            nullable=True,
            comment="Provider's id of the payment or refund.",
        ),
        sa.Column("gross", sa.BigInteger(), nullable=False, comment="Negative for what went back."),
        sa.Column("fee", sa.BigInteger(), nullable=False),
        sa.Column("net", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("occurred_at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "kind in ('payment', 'refund', 'fee', 'other')", name=op.f("ck_payout_lines_kind")
        ),
        sa.CheckConstraint("net = gross - fee", name=op.f("ck_payout_lines_net")),
        sa.ForeignKeyConstraint(["payout_id"], ["payouts.id"], name=op.f("fk_payout_lines_payout_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout_lines")),
        sa.UniqueConstraint("provider", "external_id", name=op.f("uq_payout_lines_provider_external_id")),
    )
    op.create_index(op.f("ix_payout_lines_payout_id"), "payout_lines", ["payout_id"])
    op.create_index(
        "ix_payout_lines_provider_kind_reference", "payout_lines", ["provider", "kind", "reference"]
    )
    op.create_index("ix_refunds_external_id_status", "refunds", ["external_id", "status"])
