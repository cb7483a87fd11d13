"""The shop's rows of an imported order-line table: SQL over its parsed lines."""

from ingestion.importers.mapping import Mapping
from ingestion.importers.staging import Import
from ingestion.lake import literal

LINE_COLUMNS = {
    "line": "BIGINT",
    "kind": "VARCHAR",
    "document": "VARCHAR",
    "sku": "VARCHAR",
    "name": "VARCHAR",
    "is_named": "BOOLEAN",
    "quantity": "INTEGER",
    "unit_price": "BIGINT",
    "price_text": "VARCHAR",
    "amount": "BIGINT",
    "ordered_at": "TIMESTAMP",
    "customer": "VARCHAR",
    "country": "VARCHAR",
}

# Two lines of a document may be equal in everything and both be meant: which of them it is belongs to the
# identity. Not so the position in the file, which a sorted or cut file would change.
NUMBERED = """
SELECT *,
    row_number() OVER (
        PARTITION BY kind, document, sku, name, quantity, price_text, ordered_at, customer, country
        ORDER BY line
    ) AS occurrence,
    row_number() OVER (PARTITION BY kind, document ORDER BY line) AS position,
    epoch_us(ordered_at) AS seq
FROM lines
"""

# A document's header: an invoice may have two times and a line without customer.
DOCUMENTS = """
SELECT kind, document, min(ordered_at) AS ordered_at,
    arg_min(customer, line) FILTER (customer IS NOT NULL) AS customer,
    arg_min(country, line) FILTER (country IS NOT NULL) AS country,
    epoch_us(min(ordered_at)) AS seq
FROM lines GROUP BY kind, document
"""

CUSTOMERS = """
SELECT row_id('customer', customer) AS id, customer AS name, min(ordered_at) AS created_at,
    arg_max(country, (ordered_at, line)) FILTER (country IS NOT NULL) AS country,
    epoch_us(max(ordered_at)) AS _seq
FROM lines WHERE customer IS NOT NULL GROUP BY customer
"""

# A file in which a product has no name must not take away the name that another file gives it.
PRODUCTS = """
SELECT row_id('product', sku) AS id, sku AS slug, arg_max(name, (is_named, ordered_at, line)) AS name,
    '' AS description, 'live' AS status, min(ordered_at) AS created_at, max(ordered_at) AS updated_at,
    coalesce(epoch_us(max(ordered_at) FILTER (is_named)), 1) AS _seq
FROM lines GROUP BY sku
"""

LINE_KEY = (
    "concat_ws(chr(31), kind, document, sku, name, quantity, price_text, ordered_at, coalesce(customer, ''),"
    " coalesce(country, ''), occurrence)"
)


def stage_order_rows(run: Import, mapping: Mapping) -> None:
    """Stage orders, credit notes, their lines, customers, products and the shop from the table `lines`."""
    con = run.con
    con.execute(f"CREATE OR REPLACE TABLE numbered AS {NUMBERED}")
    con.execute(f"CREATE OR REPLACE TABLE documents AS {DOCUMENTS}")
    currency = literal(mapping.currency)
    run.stage_shop(mapping.time_zone, mapping.currency, mapping.locale)
    run.stage("customers", CUSTOMERS)
    run.stage("products", PRODUCTS)
    run.stage(
        "skus",
        f"SELECT row_id('sku', slug) AS id, id AS product_id, slug AS code, '{{}}' AS options,"
        f" {currency} AS currency, 0 AS position, _seq FROM ({PRODUCTS})",
    )
    run.stage(
        "orders",
        f"SELECT row_id('order', document) AS id, document AS number, {_customer()} AS customer_id,"
        f" {literal(mapping.status)} AS status, {literal(mapping.channel)} AS channel,"
        f" {currency} AS currency, country AS ship_country, ordered_at AS placed_at, seq AS _seq"
        " FROM documents WHERE kind = 'sale'",
    )
    run.stage(
        "order_lines",
        f"SELECT row_id('line', {LINE_KEY}) AS id, row_id('order', document) AS order_id, position,"
        " row_id('sku', sku) AS sku_id, sku, name, quantity, unit_price AS list_price, unit_price,"
        " amount AS gross, 0 AS discount, 0 AS shipping, 0 AS tax, seq AS _seq"
        " FROM numbered WHERE kind = 'sale'",
    )
    run.stage(
        "credit_notes",
        f"SELECT row_id({_note()}) AS id, document AS number, {_customer()} AS customer_id,"
        f" kind, {currency} AS currency, country, ordered_at AS issued_at, seq AS _seq"
        " FROM documents WHERE kind <> 'sale'",
    )
    run.stage(
        "credit_note_lines",
        f"SELECT row_id('credit_note_line', {LINE_KEY}) AS id, row_id({_note()}) AS credit_note_id, position,"
        " sku, name, quantity, amount, 0 AS shipping, 0 AS tax, seq AS _seq"
        " FROM numbered WHERE kind <> 'sale'",
    )


def _customer() -> str:
    return "CASE WHEN customer IS NOT NULL THEN row_id('customer', customer) END"


def _note() -> str:
    """The key of a credit note: a return and an adjustment may have one number."""
    return "'credit_note', concat_ws(chr(31), kind, document)"
