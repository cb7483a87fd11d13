"""Tables of the double-entry ledger. Entries and postings are written once; the database refuses the rest."""

from sqlalchemy import CheckConstraint, Column, Index, Integer, String, Table, UniqueConstraint

from transactional.database import Money, id_column, metadata, moment, reference

# Only accounts that may not go below zero are rows. All others are names of the chart in `rules` (with a
# provider or supplier where it says so) and exist from their first posting: there is nothing to race for.
ledger_accounts = Table(
    "ledger_accounts",
    metadata,
    id_column(),
    Column("code", String(100), nullable=False, unique=True, comment="liability:gift_card:<holder>..."),
    Column("currency", String(3), nullable=False),
    Column("balance", Money, nullable=False, comment="What the shop owes the holder."),
    moment("opened_at"),
    CheckConstraint("balance >= 0", name="balance"),
)

journal_entries = Table(
    "journal_entries",
    metadata,
    id_column(),
    Column(
        "reference", String(160), nullable=False, unique=True, comment="Names the event; never posted twice."
    ),
    Column(
        "document",
        String(64),
        nullable=False,
        comment="Order, credit-note or delivery number, or a refund's id.",
    ),
    Column("reason", String(200), nullable=False),
    reference("reverses_id", "journal_entries.id", nullable=True),
    moment("occurred_at"),
    UniqueConstraint("reverses_id"),
    Index("ix_journal_entries_occurred_at", "occurred_at"),
    Index("ix_journal_entries_document", "document"),
)

postings = Table(
    "postings",
    metadata,
    id_column(),
    reference("entry_id", "journal_entries.id", index=True),
    Column("position", Integer, nullable=False, comment="Order within the entry, from 1."),
    Column("source", String(100), nullable=False, comment="Account where the money comes from: debited."),
    Column("destination", String(100), nullable=False, comment="Account where it goes: credited."),
    Column("amount", Money, nullable=False),
    Column("currency", String(3), nullable=False),
    moment("occurred_at"),  # the entry's, so that a trial balance reads one index and joins nothing
    CheckConstraint("amount > 0", name="amount"),
    CheckConstraint("source <> destination", name="accounts"),
    Index("ix_postings_occurred_at", "occurred_at"),
    Index("ix_postings_source_occurred_at", "source", "occurred_at"),
    Index("ix_postings_destination_occurred_at", "destination", "occurred_at"),
)
