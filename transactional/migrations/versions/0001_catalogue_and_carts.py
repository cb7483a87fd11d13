"""Create the catalogue, stock, customers, carts and the change log."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.String(36).with_variant(sa.UUID(as_uuid=False), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "brands",
        sa.Column("id", ID, nullable=False),
        sa.Column("slug", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_brands")),
        sa.UniqueConstraint("slug", name=op.f("uq_brands_slug")),
    )
    op.create_table(
        "carts",
        sa.Column("id", ID, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False, comment="open or ordered."),
        sa.Column(
            "visitor_id",
            sa.String(length=64),
            nullable=True,
            comment="The tracker's visitor, when the browser told.",
        ),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.CheckConstraint("status in ('open', 'ordered')", name=op.f("ck_carts_status")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_carts")),
    )
    op.create_table(
        "categories",
        sa.Column("id", ID, nullable=False),
        sa.Column("parent_id", ID, nullable=True),
        sa.Column("slug", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False, comment="Order among siblings, from 0."),
        sa.ForeignKeyConstraint(["parent_id"], ["categories.id"], name=op.f("fk_categories_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_categories")),
        sa.UniqueConstraint("slug", name=op.f("uq_categories_slug")),
    )
    op.create_table(
        "change_log",
        sa.Column(
            "seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column(
            "tx_id", sa.BigInteger(), nullable=False, comment="The database transaction that made the change."
        ),
        sa.Column("ts", MOMENT, nullable=False),
        sa.Column("table_name", sa.String(length=63), nullable=False),
        sa.Column("row_id", sa.String(length=63), nullable=False),
        sa.Column("op", sa.String(length=1), nullable=False, comment="c, u or d."),
        sa.Column("before", sa.Text(), nullable=True, comment="The full row before, as JSON."),
        sa.Column("after", sa.Text(), nullable=True, comment="The full row after, as JSON."),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_change_log")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_change_log_tx_id_seq", "change_log", ["tx_id", "seq"])
    op.create_table(
        "customers",
        sa.Column("id", ID, nullable=False),
        sa.Column(
            "email", sa.String(length=320), nullable=True, comment="Lower case; null for imported customers."
        ),
        sa.Column("name", sa.String(length=200), nullable=True),
        sa.Column("city", sa.String(length=200), nullable=True),
        sa.Column("region", sa.String(length=200), nullable=True),
        sa.Column("postal_code", sa.String(length=32), nullable=True),
        sa.Column(
            "country",
            sa.String(length=100),
            nullable=True,
            comment="ISO 3166 code, or the source's own word.",
        ),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customers")),
        sa.UniqueConstraint("email", name=op.f("uq_customers_email")),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column(
            "fingerprint", sa.String(length=64), nullable=False, comment="Hash of method, path and body."
        ),
        sa.Column("status", sa.Integer(), nullable=True, comment="HTTP status of the first answer."),
        sa.Column("body", sa.Text(), nullable=True, comment="The first answer."),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_idempotency_keys")),
    )
    op.create_index("ix_idempotency_keys_created_at", "idempotency_keys", ["created_at"])
    op.create_table(
        "shops",
        sa.Column(
            "id", sa.String(length=63), nullable=False, comment="Slug; the shop_id of every row in the lake."
        ),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column(
            "time_zone", sa.String(length=64), nullable=False, comment="IANA name; gives the shop day."
        ),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("locale", sa.String(length=16), nullable=False),
        sa.Column(
            "tax_rate_bp",
            sa.Integer(),
            nullable=False,
            comment="Tax contained in prices, in basis points (2000 = 20 %).",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shops")),
    )
    op.create_table(
        "products",
        sa.Column("id", ID, nullable=False),
        sa.Column("category_id", ID, nullable=False),
        sa.Column("brand_id", ID, nullable=True),
        sa.Column("slug", sa.String(length=160), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False, comment="draft, live or retired."),
        sa.Column("image", sa.String(length=300), nullable=True, comment="Path or URL of the main picture."),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.CheckConstraint("status in ('draft', 'live', 'retired')", name=op.f("ck_products_status")),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_products_brand_id")),
        sa.ForeignKeyConstraint(["category_id"], ["categories.id"], name=op.f("fk_products_category_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_products")),
        sa.UniqueConstraint("slug", name=op.f("uq_products_slug")),
    )
    op.create_index("ix_products_brand_id", "products", ["brand_id"])
    op.create_index("ix_products_category_id", "products", ["category_id"])
    op.create_index("ix_products_status_created_at", "products", ["status", "created_at"])
    op.create_table(
        "skus",
        sa.Column("id", ID, nullable=False),
        sa.Column("product_id", ID, nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column(
            "options",
            sa.JSON(),
            nullable=False,
            comment='Option values by name, {"size": "M", "colour": "Red"}.',
        ),
        sa.Column("list_price", sa.BigInteger(), nullable=False, comment="Regular price with tax."),
        sa.Column(
            "price",
            sa.BigInteger(),
            nullable=False,
            comment="Price asked now, with tax; below list_price on offer.",
        ),
        sa.Column(
            "cost", sa.BigInteger(), nullable=False, comment="What one unit costs the shop, without tax."
        ),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("weight_grams", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False, comment="Order within the product, from 0."),
        sa.CheckConstraint("price >= 0 and price <= list_price", name=op.f("ck_skus_price")),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_skus_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_skus")),
        sa.UniqueConstraint("code", name=op.f("uq_skus_code")),
    )
    op.create_index("ix_skus_product_id", "skus", ["product_id"])
    op.create_table(
        "cart_lines",
        sa.Column("id", ID, nullable=False),
        sa.Column("cart_id", ID, nullable=False),
        sa.Column("sku_id", ID, nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_cart_lines_quantity")),
        sa.ForeignKeyConstraint(["cart_id"], ["carts.id"], name=op.f("fk_cart_lines_cart_id")),
        sa.ForeignKeyConstraint(["sku_id"], ["skus.id"], name=op.f("fk_cart_lines_sku_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cart_lines")),
        sa.UniqueConstraint("cart_id", "sku_id", name=op.f("uq_cart_lines_cart_id_sku_id")),
    )
    op.create_table(
        "stock_levels",
        sa.Column("id", ID, nullable=False),
        sa.Column("sku_id", ID, nullable=False),
        sa.Column("on_hand", sa.Integer(), nullable=False, comment="Units physically there."),
        sa.Column(
            "reserved",
            sa.Integer(),
            nullable=False,
            comment="Units promised to orders; available = on_hand - reserved.",
        ),
        sa.CheckConstraint("reserved >= 0 and on_hand >= reserved", name=op.f("ck_stock_levels_available")),
        sa.ForeignKeyConstraint(["sku_id"], ["skus.id"], name=op.f("fk_stock_levels_sku_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_levels")),
        sa.UniqueConstraint("sku_id", name=op.f("uq_stock_levels_sku_id")),
    )
    op.create_table(
        "stock_movements",
        sa.Column("id", ID, nullable=False),
        sa.Column("sku_id", ID, nullable=False),
        sa.Column(
            "kind", sa.String(length=16), nullable=False, comment="received, shipped, returned or adjusted."
        ),
        sa.Column("quantity", sa.Integer(), nullable=False, comment="Signed change of on_hand."),
        sa.Column(
            "document",
            sa.String(length=64),
            nullable=False,
            comment="Order or credit-note number, or the delivery's own.",
        ),
        sa.Column("moved_at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "kind in ('received', 'shipped', 'returned', 'adjusted')", name=op.f("ck_stock_movements_kind")
        ),
        sa.CheckConstraint("quantity <> 0", name=op.f("ck_stock_movements_quantity")),
        sa.ForeignKeyConstraint(["sku_id"], ["skus.id"], name=op.f("fk_stock_movements_sku_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_movements")),
    )
    op.create_index("ix_stock_movements_sku_id", "stock_movements", ["sku_id"])
