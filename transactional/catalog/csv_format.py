"""The two CSV formats of products: Shopify's and ours. The same fields under other names.

Shopify's is that of https://help.shopify.com/en/manual/products/import-export/using-csv, with the present
names of its columns and those before; ours has besides what Shopify's cannot hold: tax class, attributes, and
whether a SKU is retired (`sku_status`: live or retired; where it is not told, a SKU stays as it is, and a new
one is live). A file of Shopify's has no SKU that is retired.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

OPTIONS = 3  # Shopify's limit, and ours
SEPARATOR = " > "  # between the names of a category's path
# What Shopify writes as the only option of a product that has none.
PLAIN_OPTION = ("Title", "Default Title")
FormatName = Literal["storehouse", "shopify"]

# What describes the product stands on its first line; the others hold further SKUs and pictures.
PRODUCT_FIELDS = ("title", "body", "vendor", "category", "type", "tags", "published", "status", "attributes")
_FORMULA = re.compile(r"'*[=+\-@\t\r]")


@dataclass(frozen=True)
class Format:
    """Column names by field, in the order of an export; and the format's own words for a product's status.

    Args:
        strict: what others write loosely is a mistake: a column it does not know, a number below zero.
        older: names by field that a file may have instead.
    """

    columns: Mapping[str, str]
    statuses: Mapping[str, str]
    strict: bool
    required: tuple[str, ...] = ("handle", "title", "sku", "price")
    older: Mapping[str, str] = field(default_factory=dict)


def _options(name: str, value: str) -> dict[str, str]:
    numbered = range(1, OPTIONS + 1)
    pairs = [((f"option{n}_name", name.format(n)), (f"option{n}_value", value.format(n))) for n in numbered]
    return dict(each for pair in pairs for each in pair)


FORMATS: dict[FormatName, Format] = {
    "shopify": Format(
        {
            "title": "Title",
            "handle": "URL handle",
            "body": "Description",
            "vendor": "Vendor",
            "category": "Product category",
            "type": "Type",
            "tags": "Tags",
            "published": "Published on online store",
            "status": "Status",
            "sku": "SKU",
            "barcode": "Barcode",
            **_options("Option{} name", "Option{} value"),
            "price": "Price",
            "list_price": "Compare-at price",
            "cost": "Cost per item",
            "taxed": "Charge tax",
            "stock": "Inventory quantity",
            "grams": "Weight value (grams)",
            "image": "Product image URL",
            "image_position": "Image position",
            "image_alt": "Image alt text",
            "sku_image": "Variant image URL",
            "gift_card": "Gift card",
        },
        {"live": "active", "draft": "draft", "retired": "archived"},
        strict=False,  # it has dozens of columns that say nothing about what we sell
        required=("handle", "title", "price"),
        older={
            "handle": "Handle",
            "body": "Body (HTML)",
            "published": "Published",
            "sku": "Variant SKU",
            "barcode": "Variant Barcode",
            "price": "Variant Price",
            "list_price": "Variant Compare At Price",
            "taxed": "Variant Taxable",
            "stock": "Variant Inventory Qty",
            "grams": "Variant Grams",
            "image": "Image Src",
            "sku_image": "Variant Image",
        },
    ),
    "storehouse": Format(
        {
            "handle": "product",
            "title": "name",
            "body": "description",
            "vendor": "brand",
            "category": "category",
            "type": "product_type",
            "tags": "tags",
            "status": "status",
            "attributes": "attributes",
            **_options("option{}_name", "option{}_value"),
            "sku": "sku",
            "sku_status": "sku_status",
            "price": "price",
            "list_price": "list_price",
            "cost": "cost",
            "tax_class": "tax_class",
            "grams": "weight_grams",
            "barcode": "barcode",
            "stock": "on_hand",
            "image": "picture",
            "image_position": "picture_position",
            "image_alt": "picture_alt",
            "sku_image": "sku_picture",
        },
        {"live": "live", "draft": "draft", "retired": "retired"},
        strict=True,
    ),
}


def guarded(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula (OWASP, "CSV injection"); `unguarded` gives it back."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def unguarded(cell: str) -> str:
    """The cell that was guarded."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
