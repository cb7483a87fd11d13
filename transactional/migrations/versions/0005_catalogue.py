"""Widen products and SKUs; create media, prices by currency and group, reviews and questions."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ID = sa.String(36).with_variant(sa.UUID(as_uuid=False), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    widen_products_and_skus()
    op.create_table(
        "product_media",
        sa.Column("id", ID, nullable=False),
        sa.Column("product_id", ID, nullable=False),
        sa.Column("url", sa.String(length=300), nullable=False),
        sa.Column(
            "alt",
            sa.String(length=300),
            nullable=False,
            comment="What the picture shows; empty when it says nothing.",
        ),
        sa.Column("position", sa.Integer(), nullable=False, comment="From 0; the first is products.image."),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_product_media_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product_media")),
    )
    op.create_index("ix_product_media_product_id", "product_media", ["product_id"])
    op.create_table(
        "sku_prices",
        sa.Column("id", ID, nullable=False),
        sa.Column("sku_id", ID, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("customer_group", sa.String(length=64), nullable=True, comment="Null: for everybody."),
        sa.Column("price", sa.BigInteger(), nullable=False, comment="With tax."),
        sa.Column("valid_from", MOMENT, nullable=False),
        sa.Column("valid_to", MOMENT, nullable=True),
        sa.CheckConstraint("price >= 0", name=op.f("ck_sku_prices_price")),
        sa.CheckConstraint("valid_to is null or valid_to > valid_from", name=op.f("ck_sku_prices_dates")),
        sa.ForeignKeyConstraint(["sku_id"], ["skus.id"], name=op.f("fk_sku_prices_sku_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sku_prices")),
    )
    op.create_index("ix_sku_prices_sku_id", "sku_prices", ["sku_id"])
    create_reviews_and_questions()


def widen_products_and_skus() -> None:
    op.drop_index("ix_products_status_created_at", "products")
    op.create_index("ix_products_status_id", "products", ["status", "id"])
    op.add_column(
        "products",
        sa.Column(
            "product_type",
            sa.String(length=100),
            nullable=True,
            comment="The merchant's own word for its kind.",
        ),
    )
    op.add_column(
        "products",
        sa.Column(
            "tags", sa.JSON(), nullable=False, server_default="[]", comment='Words, ["summer", "linen"].'
        ),
    )
    op.add_column(
        "products",
        sa.Column(
            "attributes",
            sa.JSON(),
            nullable=False,
            server_default="{}",
            comment='By name, {"material": "Linen"}.',
        ),
    )
    op.add_column(
        "skus",
        sa.Column("barcode", sa.String(length=64), nullable=True, comment="GTIN, or the maker's own."),
    )
    op.add_column(
        "skus",
        sa.Column(
            "tax_class",
            sa.String(length=32),
            nullable=False,
            server_default="standard",
            comment="One of TAX_CLASSES.",
        ),
    )
    op.add_column(
        "skus",
        sa.Column(
            "has_prices",
            sa.Boolean(),
            nullable=False,
            server_default=sa.false(),
            comment="Whether sku_prices has rows of it: a shop without any pays no query for them.",
        ),
    )


def moderated() -> list["sa.Column[Any]"]:
    return [
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("answered_at", MOMENT, nullable=True),
        sa.Column("author", sa.String(length=80), nullable=False, comment="The name to show."),
        sa.Column("status", sa.String(length=16), nullable=False, comment="pending, published or rejected."),
        sa.Column("answer", sa.Text(), nullable=True, comment="What the shop replied."),
    ]


def create_reviews_and_questions() -> None:
    op.create_table(
        "reviews",
        sa.Column("id", ID, nullable=False),
        sa.Column("order_id", ID, nullable=True),
        sa.Column("product_id", ID, nullable=False),
        sa.Column("rating", sa.Integer(), nullable=False, comment="1 to 5."),
        sa.Column("title", sa.String(length=200), nullable=True),
        sa.Column("comment", sa.Text(), nullable=True),
        *moderated(),
        sa.CheckConstraint("rating between 1 and 5", name=op.f("ck_reviews_rating")),
        sa.CheckConstraint("status in ('pending', 'published', 'rejected')", name=op.f("ck_reviews_status")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_reviews_order_id")),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_reviews_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviews")),
    )
    op.create_index("ix_reviews_product_id_status", "reviews", ["product_id", "status"])
    op.create_index("ix_reviews_status", "reviews", ["status"])
    op.create_table(
        "questions",
        sa.Column("id", ID, nullable=False),
        sa.Column("product_id", ID, nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        *moderated(),
        sa.CheckConstraint(
            "status in ('pending', 'published', 'rejected')", name=op.f("ck_questions_status")
        ),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_questions_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_questions")),
    )
    op.create_index("ix_questions_product_id_status", "questions", ["product_id", "status"])
    op.create_index("ix_questions_status", "questions", ["status"])
