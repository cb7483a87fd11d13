"""Files as Shopify's present template has them."""

import csv
import io

_NAMES = (
    "Title,URL handle,Description,Vendor,Product category,Type,Tags,Published on online store,"
    "Status,SKU,Barcode,Option1 name,Option1 value,Option1 Linked To,Option2 name,Option2 value,"
    "Option2 Linked To,Option3 name,Option3 value,Option3 Linked To,Price,Compare-at price,"
    "Cost per item,Charge tax,Tax code,Unit price total measure,Unit price total measure unit,"
    "Unit price base measure,Unit price base measure unit,Inventory tracker,Inventory quantity,"
    "Continue selling when out of stock,Weight value (grams),Weight unit for display,"
    "Requires shipping,Fulfillment service,Product image URL,Image position,Image alt text,"
    "Variant image URL,Gift card,SEO title,SEO description,"
    "Google Shopping / Google product category,Google Shopping / Gender,Google Shopping / Condition"
)
HEADER = _NAMES.split(",")
_USUAL = {
    "Published on online store": "TRUE",
    "Status": "Active",
    "Price": "19.90",
    "Charge tax": "TRUE",
    "Inventory tracker": "shopify",
    "Inventory quantity": "5",
    "Continue selling when out of stock": "DENY",
    "Weight value (grams)": "226.796185",
    "Weight unit for display": "lb",
    "Requires shipping": "TRUE",
    "Fulfillment service": "manual",
}


def row(handle: str, **cells: str) -> dict[str, str]:
    """A line of a product; without a title it is one of its later lines."""
    first = {} if "Title" in cells else {"Published on online store": "", "Status": ""}
    return dict.fromkeys(HEADER, "") | _USUAL | first | {"URL handle": handle} | cells


def of_template(*rows: dict[str, str]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, HEADER)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()
