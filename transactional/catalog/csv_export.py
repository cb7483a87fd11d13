"""Export of products as CSV: what an import of the same file would find unchanged."""

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import select

from transactional.catalog import inventory
from transactional.catalog.csv_format import FORMATS, OPTIONS, SEPARATOR, FormatName, guarded
from transactional.catalog.editing import Picture
from transactional.catalog.exchange import paths
from transactional.catalog.models import brands, product_media, products, skus
from transactional.money import money_text
from transactional.unit_of_work import Reading, Row

_products = (
    select(products, brands.c.name.label("brand"))
    .join(brands, brands.c.id == products.c.brand_id, isouter=True)
    .order_by(products.c.id)
)
_skus = select(skus).order_by(skus.c.product_id, skus.c.position)
_media = select(product_media).order_by(product_media.c.product_id, product_media.c.position)


def export_products(db: Reading, name: FormatName) -> str:
    """All products with their SKUs and pictures as a file of this format."""
    fmt = FORMATS[name]
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(fmt.columns.values())
    offered, pictured = _by_product(db.rows(_skus)), _by_product(db.rows(_media))
    on_hand = {
        sku_id: level.on_hand
        for sku_id, level in inventory.levels(
            db, [row["id"] for rows in offered.values() for row in rows]
        ).items()
    }
    category_of = {each: path for path, ids in paths(db).items() for each in ids}
    for product in db.rows(_products):
        main = [Picture(product["image"])] if product["image"] else []
        pictures = [Picture(row["url"], row["alt"]) for row in pictured.get(product["id"], [])] or main
        described = _product_cells(product, SEPARATOR.join(category_of[product["category_id"]]), fmt.statuses)
        for cells in _lines(described, offered.get(product["id"], []), pictures, on_hand):
            writer.writerow([guarded(cells.get(field, "")) for field in fmt.columns])
    return out.getvalue()


def _by_product(rows: list[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["product_id"], []).append(row)
    return found


def _product_cells(product: Row, category: str, statuses: Any) -> dict[str, str]:
    return {
        "title": product["name"],
        "body": product["description"],
        "vendor": product["brand"] or "",
        "category": category,
        "type": product["product_type"] or "",
        "tags": ", ".join(product["tags"]),
        "published": "TRUE" if product["status"] == "live" else "FALSE",
        "status": statuses[product["status"]],
        "attributes": json.dumps(product["attributes"], ensure_ascii=False) if product["attributes"] else "",
        "handle": product["slug"],
    }


def _lines(
    described: dict[str, str], offered: list[Row], pictures: list[Picture], on_hand: dict[str, int]
) -> Iterator[dict[str, str]]:
    """A product's lines: the first describes it, each may hold a SKU and a picture."""
    names = list(offered[0]["options"]) if offered else []
    for number in range(max(len(offered), len(pictures), 1)):
        cells = {"handle": described["handle"]}
        if number == 0:
            cells = described | {f"option{at}_name": name for at, name in enumerate(names[:OPTIONS], 1)}
        if number < len(offered):
            cells |= _sku_cells(offered[number], names, on_hand[offered[number]["id"]])
        if number < len(pictures):
            picture = pictures[number]
            cells |= {"image": picture.url, "image_position": str(number + 1), "image_alt": picture.alt}
        yield cells


def _sku_cells(sku: Row, names: list[str], on_hand: int) -> dict[str, str]:
    money = {name: money_text(sku[name], sku["currency"]) for name in ("price", "list_price", "cost")}
    values = {f"option{at}_value": sku["options"].get(name, "") for at, name in enumerate(names[:OPTIONS], 1)}
    return {
        **money,
        **values,
        "sku": sku["code"],
        "grams": str(sku["weight_grams"]),
        "stock": str(on_hand),
        "barcode": sku["barcode"] or "",
        "tax_class": sku["tax_class"],
    }
