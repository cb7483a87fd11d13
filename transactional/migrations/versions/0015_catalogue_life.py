"""Retire SKUs and take products live by date; categories say more and may be hidden; barcodes are unique."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

ID = sa.String(36).with_variant(sa.UUID(as_uuid=False), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    with op.batch_alter_table("categories", recreate="never") as batch_op:
        batch_op.add_column(
            sa.Column("description", sa.Text(), nullable=True, comment="Text or simple HTML.")
        )
        batch_op.add_column(
            sa.Column("image", sa.String(length=300), nullable=True, comment="Path or URL of its picture.")
        )
        batch_op.add_column(
            sa.Column(
                "is_hidden",
                sa.Boolean(),
                server_default=sa.false(),
                nullable=False,
                comment="Whether it stands, with all below it, in no menu and has no page.",
            )
        )
    with op.batch_alter_table("products", recreate="never") as batch_op:
        batch_op.add_column(
            sa.Column("live_from", MOMENT, nullable=True, comment="When it goes live by itself.")
        )
        batch_op.add_column(
            sa.Column("live_until", MOMENT, nullable=True, comment="When it is retired by itself.")
        )
    op.create_index(op.f("ix_products_live_from"), "products", ["live_from"])
    op.create_index(op.f("ix_products_live_until"), "products", ["live_until"])
    with op.batch_alter_table("skus", recreate="never") as batch_op:
        batch_op.add_column(
            sa.Column("image", sa.String(length=300), nullable=True, comment="Path or URL of its picture.")
        )
        batch_op.add_column(
            sa.Column("retired_at", MOMENT, nullable=True, comment="Since then it cannot be bought.")
        )
    # A barcode that several SKUs share tells nobody what was scanned: the first keeps it.
    op.execute(
        "update skus set barcode = null where exists"
        " (select 1 from skus as first where first.barcode = skus.barcode and first.id < skus.id)"
    )
    op.create_index(op.f("uq_skus_barcode"), "skus", ["barcode"], unique=True)
    op.create_table(
        "category_slugs",
        sa.Column("id", ID, nullable=False),
        sa.Column("category_id", ID, nullable=False),
        sa.Column("slug", sa.String(length=100), nullable=False, comment="One it had before."),
        sa.ForeignKeyConstraint(
            ["category_id"], ["categories.id"], name=op.f("fk_category_slugs_category_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_category_slugs")),
        sa.UniqueConstraint("slug", name=op.f("uq_category_slugs_slug")),
    )
    op.create_index(op.f("ix_category_slugs_category_id"), "category_slugs", ["category_id"])
