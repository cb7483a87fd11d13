"""Tables of what providers say they paid out, and of what each sum is made."""

from sqlalchemy import CheckConstraint, Column, Index, Integer, String, Table, UniqueConstraint

from transactional.database import Money, id_column, metadata, moment, reference

payouts = Table(
    "payouts",
    metadata,
    id_column(),
    Column("provider", String(32), nullable=False),
    Column("external_id", String(64), nullable=False, comment="The provider's id of this payout."),
    Column("content_hash", String(64), nullable=False, comment="SHA-256 of the file that told of it."),
    Column("currency", String(3), nullable=False),
    Column("gross", Money, nullable=False, comment="Taken less given back."),
    Column("fee", Money, nullable=False, comment="Kept by the provider."),
    Column("net", Money, nullable=False, comment="Sent to the bank; negative: drawn from it."),
    Column("lines", Integer, nullable=False),
    moment("received_at"),
    UniqueConstraint("provider", "external_id"),
    CheckConstraint("net = gross - fee", name="net"),
)

payout_lines = Table(
    "payout_lines",
    metadata,
    id_column(),
    reference("payout_id", "payouts.id", index=True),
    Column("provider", String(32), nullable=False),
    Column("external_id", String(128), nullable=False, comment="The provider's id of this line."),
    Column("position", Integer, nullable=False, comment="Line of the file."),
    Column("kind", String(16), nullable=False, comment="One of payouts.files.Kind."),
    Column("reference", String(128), nullable=True, comment="Provider's id of the payment or refund."),
    Column("gross", Money, nullable=False, comment="Negative for what went back."),
    Column("fee", Money, nullable=False),
    Column("net", Money, nullable=False),
    Column("currency", String(3), nullable=False),
    moment("occurred_at"),
    UniqueConstraint("provider", "external_id"),
    CheckConstraint(
        "kind in ('payment', 'refund', 'refund_failure', 'dispute', 'dispute_reversal', 'fee', 'other')",
        name="kind",
    ),
    CheckConstraint("net = gross - fee", name="net"),
    Index("ix_payout_lines_provider_kind_reference", "provider", "kind", "reference"),
)
