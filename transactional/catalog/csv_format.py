"""The two CSV formats of products: Shopify's and ours. The same fields under other names.

Shopify's is that of https://help.shopify.com/en/manual/products/import-export/using-csv; ours has besides
what Shopify's cannot hold: tax class and attributes.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

OPTIONS = 3  # Shopify's limit, and ours
SEPARATOR = " > "  # between the names of a category's path
FormatName = Literal["storehouse", "shopify"]

# What describes the product stands on its first line; the others hold further SKUs and pictures.
PRODUCT_FIELDS = ("title", "body", "vendor", "category", "type", "tags", "published", "status", "attributes")
_FORMULA = re.compile(r"'*[=+\-@\t\r]")


@dataclass(frozen=True)
class Format:
    """Column names by field, in the order of an export; and the format's own words for a product's status."""

    columns: Mapping[str, str]
    statuses: Mapping[str, str]
    strict: bool  # whether a column it does not know is a mistake
    required: tuple[str, ...] = ("handle", "title", "sku", "price")


def _options(name: str, value: str) -> dict[str, str]:
    numbered = range(1, OPTIONS + 1)
    pairs = [((f"option{n}_name", name.format(n)), (f"option{n}_value", value.format(n))) for n in numbered]
    return dict(each for pair in pairs for each in pair)


FORMATS: dict[FormatName, Format] = {
    "shopify": Format(
        {
            "handle": "Handle",
            "title": "Title",
            "body": "Body (HTML)",
            "vendor": "Vendor",
            "category": "Product Category",
            "type": "Type",
            "tags": "Tags",
            "published": "Published",
            **_options("Option{} Name", "Option{} Value"),
            "sku": "Variant SKU",
            "grams": "Variant Grams",
            "stock": "Variant Inventory Qty",
            "price": "Variant Price",
            "list_price": "Variant Compare At Price",
            "barcode": "Variant Barcode",
            "image": "Image Src",
            "image_position": "Image Position",
            "image_alt": "Image Alt Text",
            "cost": "Cost per item",
            "status": "Status",
        },
        {"live": "active", "draft": "draft", "retired": "archived"},
        strict=False,  # it has dozens of columns that say nothing about what we sell
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
