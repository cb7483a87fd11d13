"""Pages to look around: home, categories, products, search."""

from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from transactional.api import shop_of
from transactional.catalog import feedback, richtext, rules
from transactional.catalog import service as catalog
from transactional.catalog.models import questions, reviews
from transactional.catalog.schemas import PictureView, ProductCard, ProductView, SkuView, Sort
from transactional.pages.paging import page_count, paging
from transactional.pages.rendering import Problem, page, theme_css
from transactional.pages.said import said

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

PAGE_SIZE = 24
_FEW = 8
_MOVED = 301
SORTS: dict[Sort, str] = {
    "newest": "Newest first",
    "price_asc": "Price, low to high",
    "price_desc": "Price, high to low",
    "name": "Name",
}


@router.get("/static/theme.css")
async def theme_file() -> Response:
    return Response(theme_css(), media_type="text/css", headers={"cache-control": "max-age=3600"})


@router.get("/")
async def home(request: Request) -> HTMLResponse:
    shop = shop_of(request)
    with shop.database.read() as db:
        offers = catalog.list_products(db, on_offer=True, page_size=_FEW).items
        newest = catalog.list_products(db, page_size=60).items
        hero = list({card.category: card.image for card in newest if card.image}.values())[:6]
        shown, list_name = (offers, "On offer") if offers else (newest[:_FEW], "New here")
        return page(
            request,
            shop,
            db,
            "home.html",
            hero=hero,
            pictures=catalog.category_pictures(db),
            shown=[_card(each) for each in shown],
            list_name=list_name,
            on_offer=bool(offers),
            events=[_list_event(list_name, shown)],
        )


@router.get("/c/{slug}", response_model=None)
async def category(
    request: Request, slug: str, sort: Sort = "newest", number: int = Query(1, alias="page", ge=1, le=1000)
) -> HTMLResponse | RedirectResponse:
    shop = shop_of(request)
    with shop.database.read() as db:
        if (current := catalog.current_slug(db, slug)) is not None:
            return RedirectResponse(f"/c/{current}", _MOVED)
        found = catalog.list_products(db, category=slug, sort=sort, page=number, page_size=PAGE_SIZE)
        categories = catalog.list_categories(db)
        here = next(each for each in categories if each.slug == slug)
        children = rules.tree(categories, here.id)
        return page(
            request,
            shop,
            db,
            "category.html",
            name=here.name,
            description=richtext.markup(here.description) if here.description else "",
            picture=here.image,
            trail=rules.path([vars(each) for each in categories], here.id)[:-1],
            children=children,
            pictures=catalog.category_pictures(db) if children else {},
            events=[_list_event(here.name, found.items)],
            **_listing(f"/c/{slug}", {}, sort, number, found.total, found.items),
        )


@router.get("/b/{slug}")
async def brand(
    request: Request, slug: str, sort: Sort = "newest", number: int = Query(1, alias="page", ge=1, le=1000)
) -> HTMLResponse:
    shop = shop_of(request)
    with shop.database.read() as db:
        found = catalog.list_products(db, brand=slug, sort=sort, page=number, page_size=PAGE_SIZE)
        name = next((each.name for each in catalog.list_brands(db) if each.slug == slug), slug)
        return page(
            request,
            shop,
            db,
            "category.html",
            name=name,
            trail=[],
            children=(),
            pictures={},
            events=[_list_event(name, found.items)],
            **_listing(f"/b/{slug}", {}, sort, number, found.total, found.items),
        )


@router.get("/search")
async def search(
    request: Request,
    q: str = Query("", max_length=80),
    sort: Sort = "newest",
    number: int = Query(1, alias="page", ge=1, le=1000),
) -> HTMLResponse:
    shop = shop_of(request)
    with shop.database.read() as db:
        found = catalog.list_products(db, named=q, sort=sort, page=number, page_size=PAGE_SIZE)
        events = [
            {"event_name": "search", "search_term": q, "params": {"results": found.total}},
            _list_event("Search results", found.items),
        ]
        return page(
            request,
            shop,
            db,
            "category.html",
            name=f"Search: {q}" if q.strip() else "All products",
            q=q,
            trail=[],
            children=(),
            pictures={},
            events=events,
            **_listing("/search", {"q": q}, sort, number, found.total, found.items),
        )


def _listing(
    path: str, query: dict[str, str], sort: Sort, number: int, total: int, cards: list[ProductCard]
) -> dict[str, Any]:
    def address(to: int) -> str:
        return f"{path}?{urlencode({**query, 'sort': sort, 'page': to})}"

    return {
        "path": path,
        "sort": sort,
        "sorts": SORTS,
        "total": total,
        "paging": paging(number, page_count(total, PAGE_SIZE), address),
        "products": [_card(each) for each in cards],
        "first_page": address(1),
    }


@router.get("/p/{slug}")
async def product(
    request: Request,
    slug: str,
    problem: Problem = "",
    thanks: str = Query("", max_length=20),
    order: str = Query("", max_length=200),
    of_reviews: int = Query(1, alias="reviews", ge=1, le=10_000),
    of_questions: int = Query(1, alias="questions", ge=1, le=10_000),
) -> HTMLResponse:
    pages = (of_reviews, of_questions)
    return product_page(request, slug, problem=problem, thanks=thanks, order=order, pages=pages)


def product_page(
    request: Request,
    slug: str,
    *,
    problem: str = "",
    thanks: str = "",
    form: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
    order: str = "",
    pages: tuple[int, int] = (1, 1),
    status: int = 200,
) -> HTMLResponse:
    """The page of a product.

    Args:
        form, errors: what was typed about it and cannot be taken.
        order: token of the order with which it was bought, to review it.
        pages: which page of the reviews, and of the questions.
    """
    shop = shop_of(request)
    with shop.database.read() as db:
        found = catalog.product(db, slug)
        shown = {each.slug for each in catalog.list_categories(db)}
        trail = [each for each in found.category_path if each.slug in shown]
        others = catalog.list_products(db, category=trail[-1].slug, page_size=5).items if trail else []
        choices = [_choice(found, sku) for sku in found.skus]
        best = max(choices, key=lambda each: (each["available"] > 0, each["later"] is not None))
        chosen = found.skus[choices.index(best)]
        return page(
            request,
            shop,
            db,
            "product.html",
            status,
            product=found,
            main=_main_picture(found, chosen),
            pictures=found.pictures[1:],
            description=richtext.markup(found.description),
            summary=richtext.plain(found.description)[:300],
            rating=feedback.rating(db, found.id),
            reviews=said(db, found, reviews, pages[0], order),
            questions=said(db, found, questions, pages[1], order),
            form={"said": "review" if order else "", **(form or {})},
            order=order,
            # The token opens the order: neither the tracker nor the next page may learn it.
            **({"secret_path": f"/p/{slug}"} if order else {}),
            errors=errors or {},
            thanks=thanks,
            chosen=chosen,
            lowest=min(each["price"] for each in choices),
            priced_apart=len({each["price"] for each in choices}) > 1,
            skus=choices,
            option_names=" and ".join(name.capitalize() for name in chosen.options) or "Article",
            available=sum(each["available"] for each in choices),
            later=best["later"],
            trail=trail,
            others=[_card(each) for each in others if each.slug != slug][:4],
            problem=problem,
            events=[{"event_name": "view_item", **value_of([(item_of(found, chosen), 1)], chosen.currency)}],
        )


def _main_picture(found: ProductView, chosen: SkuView) -> PictureView:
    """The picture of the chosen SKU, or the product's first."""
    if chosen.image:
        return PictureView(url=chosen.image, alt=rules.variant_name(found.name, chosen.options))
    first = found.pictures[0] if found.pictures else PictureView(url="", alt="")
    return PictureView(url=first.url, alt=first.alt or found.name)


def _choice(found: ProductView, sku: SkuView) -> dict[str, Any]:
    variant = " / ".join(sku.options.values()) or "One size"
    beyond = sku.beyond_stock
    # What is there of a pre-order is kept for its day.
    available = 0 if beyond and beyond.policy == "preorder" else sku.available
    return {
        "id": sku.id,
        "code": sku.code,
        "variant": variant,
        "price": sku.price,
        "available": available,
        "later": None if available else beyond,
        "item": item_of(found, sku),
    }


def _card(card: ProductCard) -> dict[str, Any]:
    return {
        "slug": card.slug,
        "name": card.name,
        "brand": card.brand,
        "image": card.image,
        "price": card.price_from,
        "list_price": card.list_price_from,
        "priced_apart": card.price_to > card.price_from,
        "id": card.id,
    }


def item_of(found: ProductView, sku: SkuView) -> dict[str, Any]:
    """An item of an analytics event, in GA4's words."""
    return {
        "item_id": sku.code,
        "item_name": found.name,
        "item_brand": found.brand.name if found.brand else None,
        "item_category": found.category_path[-1].name,
        "item_variant": " / ".join(sku.options.values()) or None,
        "price": sku.price,
    }


def value_of(items: list[tuple[dict[str, Any], int]], currency: str) -> dict[str, Any]:
    """The items, value and currency of an event about these items and quantities."""
    return {
        "items": [{**item, "quantity": quantity} for item, quantity in items],
        "value": sum(item["price"] * quantity for item, quantity in items),
        "currency": currency,
    }


def _list_event(name: str, cards: list[ProductCard]) -> dict[str, Any]:
    items = [
        {"item_id": card.slug, "item_name": card.name, "item_list_name": name, "index": index}
        for index, card in enumerate(cards, 1)
    ]
    return {"event_name": "view_item_list", "items": items}
