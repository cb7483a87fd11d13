"""Export of products as CSV: what an import of the same file would find unchanged."""

import csv
import io
import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, bindparam, select

from transactional.catalog import inventory
from transactional.catalog.csv_format import (
    FORMATS,
    OPTIONS,
    PLAIN_OPTION,
    SEPARATOR,
    Format,
    FormatName,
    guarded,
)
from transactional.catalog.drafts import Picture
from transactional.catalog.exchange_places import paths
from transactional.catalog.models import brands, product_media, products, skus
from transactional.catalog.rules import GIFT_CARD
from transactional.database import Id
from transactional.errors import NotFound
from transactional.money import money_text
from transactional.unit_of_work import Reading, Row

PRODUCTS_AT_ONCE = 200  # a tenth of a second
_products = (
    select(products, brands.c.name.label("brand"))
    .join(brands, brands.c.id == products.c.brand_id, isouter=True)
    .where(products.c.id > bindparam("after", type_=Id))
    .order_by(products.c.id)
    .limit(PRODUCTS_AT_ONCE)
)
_ids: BindParameter[Any] = bindparam("product_ids", expanding=True)
_skus = select(skus).where(skus.c.product_id.in_(_ids)).order_by(skus.c.product_id, skus.c.position)
_media = (
    select(product_media)
    .where(product_media.c.product_id.in_(_ids))
    .order_by(product_media.c.product_id, product_media.c.position)
)
_by_slug = select(products.c.id).where(products.c.slug == bindparam("slug"))
START = "00000000-0000-0000-0000-000000000000"  # sorts before every id


def header(name: FormatName) -> str:
    """The first line of a file of this format."""
    return _written([list(FORMATS[name].columns.values())])


class Portion(NamedTuple):
    """Lines of a file, and the id of the last product in them; None when they are the last."""

    text: str
    lines: int
    last: str | None


def behind(db: Reading, slug: str | None) -> str:
    """The id after which a part of an export begins.

    Raises:
        NotFound: there is no such product.
    """
    if slug is None:
        return START
    found: str | None = db.value(_by_slug, slug=slug)
    if found is None:
        raise NotFound("product", slug)
    return found


def portion(
    db: Reading, name: FormatName, after: str, most: int | None = None, *, is_first: bool = True
) -> Portion:
    """The next products with their SKUs and pictures as lines of a file.

    Args:
        after: id of the last product of the portion before, or START.
        most: as many lines at most; None is a portion's usual size.
        is_first: nothing of the file is written yet, so it gets one product at least.
    """
    fmt = FORMATS[name]
    found = db.rows(_products, after=after)
    ids = [row["id"] for row in found]
    rows = db.rows(_skus, product_ids=ids)
    offered = _by_product([sku for sku in rows if "sku_status" in fmt.columns or sku["retired_at"] is None])
    pictured = _by_product(db.rows(_media, product_ids=ids))
    on_hand = {
        sku_id: level.on_hand
        for sku_id, level in inventory.levels(
            db, [row["id"] for rows in offered.values() for row in rows]
        ).items()
    }
    category_of = {each: path for path, same in paths(db).items() for each in same}
    lines: list[list[str]] = []
    last = ids[-1] if len(ids) == PRODUCTS_AT_ONCE else None
    for product in found:
        main = [Picture(product["image"])] if product["image"] else []
        pictures = [Picture(row["url"], row["alt"]) for row in pictured.get(product["id"], [])] or main
        described = _product_cells(product, SEPARATOR.join(category_of[product["category_id"]]), fmt)
        own = list(_lines(described, offered.get(product["id"], []), pictures, on_hand))
        is_there = bool(lines) or not is_first
        if most is not None and is_there and len(lines) + len(own) > most:
            last = None
            break
        lines += [[guarded(cells.get(field, "")) for field in fmt.columns] for cells in own]
    return Portion(_written(lines), len(lines), last)


def _written(lines: list[list[str]]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out).writerows(lines)
    return out.getvalue()


def _by_product(rows: list[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["product_id"], []).append(row)
    return found


def _product_cells(product: Row, category: str, fmt: Format) -> dict[str, str]:
    return {
        "title": product["name"],
        "body": product["description"],
        "vendor": product["brand"] or "",
        "category": category,
        "type": product["product_type"] or "",
        "tags": ", ".join(product["tags"]),
        "published": _flag(product["status"] == "live"),
        "status": fmt.statuses[product["status"]],
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
            cells["gift_card"] = _flag(
                bool(offered) and all(sku["tax_class"] == GIFT_CARD for sku in offered)
            )
        if number == 0 and len(offered) == 1 and not names:
            cells |= {"option1_name": PLAIN_OPTION[0], "option1_value": PLAIN_OPTION[1]}
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
        "sku_status": "live" if sku["retired_at"] is None else "retired",
        "grams": str(sku["weight_grams"]),
        "stock": str(on_hand),
        "barcode": sku["barcode"] or "",
        "tax_class": sku["tax_class"],
        "taxed": "" if sku["tax_class"] == GIFT_CARD else _flag(sku["tax_class"] != "zero"),
        "sku_image": sku["image"] or "",
    }


def _flag(is_so: bool) -> str:
    return "TRUE" if is_so else "FALSE"
