"""The public Olist files: their names, columns and types."""

from dataclasses import dataclass


@dataclass(frozen=True)
class OlistFile:
    """One file: `columns` are read (name -> text, money, whole or time), `key` must be unique and not empty.

    `optional` columns may be empty.
    """

    table: str
    file: str
    columns: dict[str, str]
    key: tuple[str, ...]
    optional: frozenset[str] = frozenset()


TYPES = {"text": "VARCHAR", "money": "BIGINT", "whole": "INTEGER", "time": "TIMESTAMP"}

ORDERS = OlistFile(
    "o",
    "olist_orders_dataset",
    {
        "order_id": "text",
        "customer_id": "text",
        "order_status": "text",
        "order_purchase_timestamp": "time",
        "order_approved_at": "time",
        "order_delivered_carrier_date": "time",
        "order_delivered_customer_date": "time",
        "order_estimated_delivery_date": "time",
    },
    ("order_id",),
    frozenset(
        {
            "order_approved_at",
            "order_delivered_carrier_date",
            "order_delivered_customer_date",
            "order_estimated_delivery_date",
        }
    ),
)
CUSTOMERS = OlistFile(
    "c",
    "olist_customers_dataset",
    {
        "customer_id": "text",
        "customer_unique_id": "text",
        "customer_zip_code_prefix": "text",
        "customer_city": "text",
        "customer_state": "text",
    },
    ("customer_id",),
    frozenset({"customer_zip_code_prefix", "customer_city", "customer_state"}),
)
ITEMS = OlistFile(
    "i",
    "olist_order_items_dataset",
    {
        "order_id": "text",
        "order_item_id": "whole",
        "product_id": "text",
        "seller_id": "text",
        "price": "money",
        "freight_value": "money",
    },
    ("order_id", "order_item_id"),
)
PAYMENTS = OlistFile(
    "p",
    "olist_order_payments_dataset",
    {
        "order_id": "text",
        "payment_sequential": "whole",
        "payment_type": "text",
        "payment_installments": "whole",
        "payment_value": "money",
    },
    ("order_id", "payment_sequential"),
)
REVIEWS = OlistFile(
    "r",
    "olist_order_reviews_dataset",
    {
        "review_id": "text",
        "order_id": "text",
        "review_score": "whole",
        "review_comment_title": "text",
        "review_comment_message": "text",
        "review_creation_date": "time",
        "review_answer_timestamp": "time",
    },
    # One review may answer for several orders.
    ("review_id", "order_id"),
    frozenset({"review_comment_title", "review_comment_message", "review_answer_timestamp"}),
)
PRODUCTS = OlistFile(
    "g",
    "olist_products_dataset",
    {"product_id": "text", "product_category_name": "text", "product_weight_g": "whole"},
    ("product_id",),
    frozenset({"product_category_name", "product_weight_g"}),
)
SELLERS = OlistFile(
    "s",
    "olist_sellers_dataset",
    {"seller_id": "text", "seller_zip_code_prefix": "text", "seller_city": "text", "seller_state": "text"},
    ("seller_id",),
    frozenset({"seller_zip_code_prefix", "seller_city", "seller_state"}),
)
TRANSLATIONS = OlistFile(
    "t",
    "product_category_name_translation",
    {"product_category_name": "text", "product_category_name_english": "text"},
    ("product_category_name",),
)

# Orders before what refers to them.
FILES = (ORDERS, CUSTOMERS, PRODUCTS, SELLERS, TRANSLATIONS, ITEMS, PAYMENTS, REVIEWS)
EXPORT_TIME = "%Y-%m-%d %H:%M:%S"
