"""The shop's rows of the Olist files: SQL over their parsed lines.

The tables are named in olist_files: o orders, c customers, i items, p payments, r reviews, g goods,
s sellers, t translations.
"""

from ingestion.importers.staging import Import

TIME_ZONE = "America/Sao_Paulo"
CURRENCY = "BRL"
LOCALE = "pt_BR"

# An order's last change tells a newer export of it from an older one.
ORDERS = """
SELECT o.*, c.* EXCLUDE (customer_id), epoch_us(greatest(
    order_purchase_timestamp, order_approved_at, order_delivered_carrier_date, order_delivered_customer_date
)) AS seq
FROM o LEFT JOIN c USING (customer_id)
"""

# Goods have no name of their own: that of their category, and as many digits as tell them apart for a person.
GOODS = """
SELECT product_id, product_category_name AS category, product_weight_g,
    coalesce(
        upper(label[1]) || replace(label[2:], '_', ' '), 'Uncategorised'
    ) || ' ' || left(product_id, 8) AS name
FROM (SELECT g.*, coalesce(product_category_name_english, product_category_name) AS label
      FROM g LEFT JOIN t USING (product_category_name))
"""

STATUS = """CASE order_status
    WHEN 'delivered' THEN 'delivered'
    WHEN 'shipped' THEN 'shipped'
    WHEN 'canceled' THEN 'cancelled'
    ELSE CASE WHEN order_approved_at IS NULL THEN 'pending_payment' ELSE 'paid' END
END"""

ROWS = {
    "customers": """
        SELECT row_id('customer', customer_unique_id) AS id, min(order_purchase_timestamp) AS created_at,
            arg_max(customer_city, order_purchase_timestamp) AS city,
            arg_max(customer_state, order_purchase_timestamp) AS region,
            arg_max(customer_zip_code_prefix, order_purchase_timestamp) AS postal_code,
            'BR' AS country, epoch_us(max(order_purchase_timestamp)) AS _seq
        FROM orders WHERE customer_unique_id IS NOT NULL GROUP BY customer_unique_id""",
    "categories": """
        SELECT row_id('category', product_category_name) AS id, product_category_name AS slug,
            upper(label[1]) || replace(label[2:], '_', ' ') AS name, 0 AS position, 1 AS _seq
        FROM (SELECT g.product_category_name,
                  coalesce(any_value(product_category_name_english), g.product_category_name) AS label
              FROM g LEFT JOIN t USING (product_category_name)
              WHERE g.product_category_name IS NOT NULL GROUP BY g.product_category_name)""",
    "products": """
        SELECT row_id('product', product_id) AS id,
            CASE WHEN category IS NOT NULL THEN row_id('category', category) END AS category_id,
            product_id AS slug, name, '' AS description, 'live' AS status,
            coalesce(last_sold, 1) AS _seq
        FROM goods LEFT JOIN sold_products USING (product_id)""",
    "skus": """
        SELECT row_id('sku', product_id) AS id, row_id('product', product_id) AS product_id,
            product_id AS code, '{}' AS options, 'BRL' AS currency, product_weight_g AS weight_grams,
            0 AS position, coalesce(last_sold, 1) AS _seq
        FROM goods LEFT JOIN sold_products USING (product_id)""",
    "sellers": """
        SELECT row_id('seller', seller_id) AS id, seller_city AS city, seller_state AS region,
            seller_zip_code_prefix AS postal_code, 'BR' AS country, coalesce(last_sold, 1) AS _seq
        FROM s LEFT JOIN sold_sellers USING (seller_id)""",
    "orders": f"""
        SELECT row_id('order', order_id) AS id, order_id AS number,
            CASE WHEN customer_unique_id IS NOT NULL THEN row_id('customer', customer_unique_id) END
                AS customer_id,
            {STATUS} AS status, order_status AS source_status, 'marketplace' AS channel, 'BRL' AS currency,
            customer_city AS ship_city, customer_state AS ship_region,
            customer_zip_code_prefix AS ship_postal_code, 'BR' AS ship_country,
            order_purchase_timestamp AS placed_at, order_approved_at AS paid_at,
            order_delivered_carrier_date AS shipped_at, order_estimated_delivery_date AS promised_at,
            order_delivered_customer_date AS delivered_at, seq AS _seq
        FROM orders""",
    "order_lines": """
        SELECT row_id('line', concat_ws(chr(31), order_id, order_item_id)) AS id,
            row_id('order', order_id) AS order_id, order_item_id AS position,
            row_id('sku', product_id) AS sku_id, product_id AS sku,
            coalesce(name, 'Unknown ' || left(product_id, 8)) AS name, 1 AS quantity,
            price AS list_price, price AS unit_price, price AS gross, 0 AS discount,
            freight_value AS shipping, 0 AS tax, seq AS _seq
        FROM i JOIN orders USING (order_id) LEFT JOIN goods USING (product_id)""",
    "payments": """
        SELECT row_id('payment', concat_ws(chr(31), order_id, payment_sequential)) AS id,
            row_id('order', order_id) AS order_id, 'olist' AS provider, payment_type AS method,
            payment_installments AS installments, order_id || '-' || payment_sequential AS external_id,
            'external' AS kind, payment_sequential AS position, payment_value AS amount,
            'BRL' AS currency, 'captured' AS status,
            order_purchase_timestamp AS created_at,
            coalesce(order_approved_at, order_purchase_timestamp) AS captured_at, seq AS _seq
        FROM p JOIN orders USING (order_id)""",
    # A review is of an order; it is a product's only when the order had no other.
    "reviews": """
        SELECT row_id('review', concat_ws(chr(31), review_id, order_id)) AS id,
            row_id('order', order_id) AS order_id,
            CASE WHEN products = 1 THEN row_id('product', only_product) END AS product_id,
            review_score AS rating, review_comment_title AS title, review_comment_message AS comment,
            review_creation_date AS created_at, review_answer_timestamp AS answered_at,
            epoch_us(coalesce(review_answer_timestamp, review_creation_date)) AS _seq
        FROM r LEFT JOIN (
            SELECT order_id, count(DISTINCT product_id) AS products, any_value(product_id) AS only_product
            FROM i GROUP BY order_id
        ) USING (order_id)""",
}


def stage_rows(run: Import) -> None:
    """Stage every lake table from the tables of the Olist files."""
    con = run.con
    con.execute(f"CREATE OR REPLACE TABLE orders AS {ORDERS}")
    con.execute(f"CREATE OR REPLACE TABLE goods AS {GOODS}")
    # The last order stands for the time of what has none of its own: a product, a seller.
    for table, column in (("sold_products", "product_id"), ("sold_sellers", "seller_id")):
        con.execute(
            f"CREATE OR REPLACE TABLE {table} AS SELECT {column}, max(seq) AS last_sold"
            f" FROM i JOIN orders USING (order_id) GROUP BY {column}"
        )
    run.stage_shop(TIME_ZONE, CURRENCY, LOCALE)
    for table, query in ROWS.items():
        run.stage(table, query)
