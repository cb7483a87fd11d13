"""The catalogue as shoppers see it: categories, brands, and the products that are live."""

from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, func, or_, select

from transactional.catalog import pricing, rules, supply
from transactional.catalog.models import brands, categories, category_slugs, product_media, products, skus
from transactional.catalog.schemas import (
    BrandView,
    CategoryView,
    Named,
    PictureView,
    ProductCard,
    ProductPage,
    ProductView,
    Sort,
)
from transactional.errors import NotFound
from transactional.stock import service as stock
from transactional.unit_of_work import Reading, Row

_categories = select(categories).order_by(categories.c.position, categories.c.name)
_steps = select(categories.c.id, categories.c.parent_id, categories.c.slug, categories.c.name)
_available = stock.available(skus.c.id)
_lowest_price = (
    select(func.min(skus.c.price))
    .where(skus.c.product_id == products.c.id, skus.c.retired_at.is_(None))
    .correlate(products)
    .scalar_subquery()
)
_reduced = (
    select(skus.c.id)
    .where(skus.c.product_id == products.c.id, skus.c.price < skus.c.list_price, skus.c.retired_at.is_(None))
    .exists()
)
_orderings: dict[Sort, tuple[ColumnElement[Any], ...]] = {
    "newest": (products.c.id.desc(),),  # a UUIDv7 begins with the time it was made
    "price_asc": (_lowest_price.asc(), products.c.id.asc()),
    "price_desc": (_lowest_price.desc(), products.c.id.asc()),
    "name": (products.c.name.asc(), products.c.id.asc()),
}
_orderings_in_another_currency = _orderings | {
    "price_asc": (pricing.LOWEST.asc(), products.c.id.asc()),
    "price_desc": (pricing.LOWEST.desc(), products.c.id.asc()),
}
_cards = (
    select(
        products.c.id,
        products.c.slug,
        products.c.name,
        brands.c.name.label("brand"),
        categories.c.name.label("category"),
        products.c.image,
    )
    .join(categories, categories.c.id == products.c.category_id)
    .join(brands, brands.c.id == products.c.brand_id, isouter=True)
    .limit(bindparam("size"))
    .offset(bindparam("skip"))
)
_count = select(func.count()).select_from(products)
_shown = (
    products.c.status == "live"
)  # what is live has SKUs: see `creation`, `editing.set_status`, `sku_editing`
_slug_now = (
    select(categories.c.slug)
    .join(category_slugs, category_slugs.c.category_id == categories.c.id)
    .where(category_slugs.c.slug == bindparam("slug"))
)
_brands_shown = (
    select(brands.c.slug, brands.c.name, func.count(products.c.id).label("products"))
    .join(products, products.c.brand_id == brands.c.id)
    .where(_shown)
    .group_by(brands.c.id, brands.c.slug, brands.c.name)
    .order_by(brands.c.name, brands.c.slug)
)
_media = (
    select(product_media.c.url, product_media.c.alt)
    .where(product_media.c.product_id == bindparam("product_id"))
    .order_by(product_media.c.position)
)
_skus_of = (
    select(skus, _available.label("available"))
    .where(skus.c.product_id == bindparam("product_id"), skus.c.retired_at.is_(None))
    .order_by(skus.c.position)
)
_offers = (
    select(
        skus.c.id,
        skus.c.product_id,
        skus.c.currency,
        skus.c.price,
        skus.c.list_price,
        skus.c.has_prices,
        _available.label("available"),
    )
    .where(skus.c.product_id.in_(bindparam("product_ids", expanding=True)), skus.c.retired_at.is_(None))
    .order_by(skus.c.price, skus.c.position)
)
_product_by_slug = (
    select(
        products,
        brands.c.slug.label("brand_slug"),
        brands.c.name.label("brand_name"),
        exists().where(product_media.c.product_id == products.c.id).label("has_media"),
    )
    .join(brands, brands.c.id == products.c.brand_id, isouter=True)
    .where(products.c.slug == bindparam("slug"), products.c.status == "live")
)


def list_categories(db: Reading) -> list[CategoryView]:
    """The categories that are shown, siblings in their order."""
    return [CategoryView(**row) for row in rules.shown(db.rows(_categories))]


def current_slug(db: Reading, slug: str) -> str | None:
    """The slug of the category that had this one before; None when none had."""
    found: str | None = db.value(_slug_now, slug=slug)
    return found


def list_brands(db: Reading) -> list[BrandView]:
    """The brands that have live products, by name."""
    return [BrandView(**row) for row in db.rows(_brands_shown)]


def category_pictures(db: Reading) -> dict[str, str]:
    """A picture for each category that has one, or a product with one, by slug."""
    pictured = (
        select(
            categories.c.slug, func.coalesce(categories.c.image, func.min(products.c.image)).label("image")
        )
        .join(products, and_(products.c.category_id == categories.c.id, _shown), isouter=True)
        .group_by(categories.c.id, categories.c.slug, categories.c.image)
    )
    return {row["slug"]: row["image"] for row in db.rows(pictured) if row["image"]}


def list_products(
    db: Reading,
    *,
    category: str | None = None,
    brand: str | None = None,
    named: str | None = None,
    on_offer: bool = False,
    sort: Sort = "newest",
    page: int = 1,
    page_size: int = 20,
    currency: str | None = None,
) -> ProductPage:
    """One page of live products.

    Args:
        category: slug; products of its whole subtree.
        brand: slug.
        named: words of which each stands somewhere in the product's or its brand's name.
        on_offer: only products with a SKU below its list price.
        currency: another than the shop's own; only products with a price in it.

    Raises:
        NotFound: there is no such category or brand.
    """
    narrowed: dict[str, Any] = {}
    if category is not None:
        narrowed["category_ids"] = _subtree_ids(db, category)
    if brand is not None:
        narrowed["brand_id"] = _brand_id(db, brand)
    if currency is not None:
        narrowed |= {"currency": currency, "now": db.now}
    cards, count = _statements(sort, on_offer, *narrowed)
    for word in (named or "").split():
        called = or_(products.c.name.icontains(word, autoescape=True), products.c.brand_id.in_(_called(word)))
        cards, count = cards.where(called), count.where(called)
    found = db.rows(cards, **narrowed, size=page_size, skip=(page - 1) * page_size)
    total = db.value(count, **narrowed)
    return ProductPage(items=_priced(db, found, currency), page=page, page_size=page_size, total=total)


@lru_cache
def _statements(sort: Sort, on_offer: bool, *narrowed: str) -> tuple[Select[Any], Select[Any]]:
    """The page and the count; kept, because building them anew costs more than running them."""
    by = {
        "category_ids": products.c.category_id.in_(bindparam("category_ids", expanding=True)),
        "brand_id": products.c.brand_id == bindparam("brand_id"),
        "currency": pricing.HAS_PRICE,
    }
    conditions = [_shown, *(by[name] for name in narrowed if name in by), *([_reduced] if on_offer else [])]
    orderings = _orderings_in_another_currency if "currency" in narrowed else _orderings
    return _cards.where(*conditions).order_by(*orderings[sort]), _count.where(*conditions)


def _called(word: str) -> Select[tuple[str]]:
    return select(brands.c.id).where(brands.c.name.icontains(word, autoescape=True))


def _subtree_ids(db: Reading, slug: str) -> list[str]:
    tree = rules.shown(db.rows(_categories))
    for category in tree:
        if category["slug"] == slug:
            return sorted(rules.subtree(tree, category["id"]))
    raise NotFound("category", slug)


def _brand_id(db: Reading, slug: str) -> str:
    brand_id: str | None = db.value(select(brands.c.id).where(brands.c.slug == slug))
    if brand_id is None:
        raise NotFound("brand", slug)
    return brand_id


def _priced(db: Reading, found: list[Row], currency: str | None) -> list[ProductCard]:
    """Cards with the price and availability of their SKUs, which only one page of products pays for."""
    offers: dict[str, list[Row]] = {}
    asked = _asked_now(db, db.rows(_offers, product_ids=[row["id"] for row in found]), currency)
    for offer in sorted(asked, key=lambda offer: offer["price"]):  # stable: of one price in their position
        offers.setdefault(offer["product_id"], []).append(offer)
    return [
        ProductCard(
            **row,
            currency=offers[row["id"]][0]["currency"],
            price_from=offers[row["id"]][0]["price"],
            list_price_from=offers[row["id"]][0]["list_price"],
            price_to=offers[row["id"]][-1]["price"],
            available=sum(offer["available"] for offer in offers[row["id"]]),
        )
        for row in found
    ]


def _asked_now(db: Reading, offered: list[Row], currency: str | None) -> list[Row]:
    if not offered:
        return []
    asked = pricing.at_their_prices(db, offered, currency or offered[0]["currency"], sku_id="id")
    return [sku for sku in asked if "unpriced" not in sku]


def product(db: Reading, slug: str, currency: str | None = None) -> ProductView:
    """A live product with its SKUs, prices and availability.

    Args:
        currency: another than the shop's own; only SKUs with a price in it.

    Raises:
        NotFound: there is none of this slug, or it is not live.
    """
    row = db.row(_product_by_slug, slug=slug)
    if row is None:
        raise NotFound("product", slug)
    steps = rules.path(db.rows(_steps), row["category_id"])
    offered = _asked_now(db, db.rows(_skus_of, product_id=row["id"]), currency)
    return ProductView(
        id=row["id"],
        slug=row["slug"],
        name=row["name"],
        description=row["description"],
        image=row["image"],
        pictures=_pictures(db, row),
        product_type=row["product_type"],
        tags=row["tags"],
        attributes=row["attributes"],
        brand=Named(slug=row["brand_slug"], name=row["brand_name"]) if row["brand_id"] else None,
        category_path=[Named(slug=step["slug"], name=step["name"]) for step in steps],
        skus=supply.sku_views(db, offered),
    )


def _pictures(db: Reading, product: Row) -> list[PictureView]:
    if product["has_media"]:
        return [PictureView(**row) for row in db.rows(_media, product_id=product["id"])]
    return [PictureView(url=product["image"], alt="")] if product["image"] else []
