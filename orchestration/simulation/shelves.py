"""Puts the demo catalogue on the shop's shelves, and reads shelves back as shoppers see them."""

from pathlib import Path

from sqlalchemy import select

from orchestration.simulation.catalogue import ProductPlan, plan_products, slugify
from orchestration.simulation.shoppers import Catalogue, Product, Sku
from transactional.catalog import creation, sku_editing
from transactional.catalog.drafts import ProductDraft, SkuDraft
from transactional.catalog.models import skus
from transactional.stock import service as stock
from transactional.unit_of_work import UnitOfWork

FIRST_DELIVERY = 60


def fill_shelves(uow: UnitOfWork, pictures: Path, seed: int, currency: str) -> Catalogue:
    """Create categories, brands, products, SKUs and their first stock; write the pictures as SVG files."""
    plans = plan_products(seed)
    brand_ids = {
        name: creation.create_brand(uow, slugify(name), name)
        for name in sorted({plan.brand for plan in plans})
    }
    category_ids = _create_categories(uow, plans)
    pictures.mkdir(parents=True, exist_ok=True)
    products = []
    for plan in plans:
        (pictures / f"{plan.slug}.svg").write_text(plan.picture)
        sku_ids = creation.create_product(uow, _draft(plan, category_ids, brand_ids), currency)
        products.append(_as_seen(plan, sku_ids))
    delivered = {sku.id: FIRST_DELIVERY for product in products for sku in product.skus}
    stock.receive(uow, delivered, "opening stock")
    return Catalogue(tuple(products))


def _create_categories(uow: UnitOfWork, plans: list[ProductPlan]) -> dict[str, str]:
    ids: dict[str, str] = {}
    for position, (department, category) in enumerate(
        dict.fromkeys((p.department, p.category) for p in plans)
    ):
        if department not in ids:
            ids[department] = creation.create_category(
                uow, slugify(department), department, position=position
            )
        ids[category] = creation.create_category(
            uow, slugify(category), category, parent_id=ids[department], position=position
        )
    return ids


def _draft(plan: ProductPlan, category_ids: dict[str, str], brand_ids: dict[str, str]) -> ProductDraft:
    return ProductDraft(
        slug=plan.slug,
        name=plan.name,
        category_id=category_ids[plan.category],
        brand_id=brand_ids[plan.brand],
        description=plan.description,
        image=f"/media/{plan.slug}.svg",
        skus=[
            SkuDraft(
                code=sku.code,
                price=sku.price,
                list_price=sku.list_price,
                cost=sku.cost,
                options=sku.options,
                weight_grams=sku.weight_grams,
            )
            for sku in plan.skus
        ],
    )


def _as_seen(plan: ProductPlan, sku_ids: dict[str, str]) -> Product:
    return Product(
        slug=plan.slug,
        name=plan.name,
        brand=plan.brand,
        category=plan.category,
        category_slug=slugify(plan.category),
        department=plan.department,
        popularity=plan.popularity,
        skus=tuple(
            Sku(
                id=sku_ids[sku.code], code=sku.code, variant=" / ".join(sku.options.values()), price=sku.price
            )
            for sku in plan.skus
        ),
    )


def change_prices(uow: UnitOfWork, catalogue: Catalogue, department: str, off_percent: int) -> Catalogue:
    """Set a department's prices `off_percent` below list; 0 ends the offer. Returns what is seen then."""
    shelf = catalogue.by_department[department]
    list_prices: dict[str, int] = {
        row["id"]: row["list_price"] for row in uow.rows(select(skus.c.id, skus.c.list_price))
    }
    changed = []
    for product in shelf.products:
        seen = []
        for sku in product.skus:
            list_price = list_prices[sku.id]
            price = list_price * (100 - off_percent) // 100
            sku_editing.edit_sku(uow, sku.id, {"price": price, "list_price": list_price})
            seen.append(Sku(sku.id, sku.code, sku.variant, price))
        changed.append(Product(**{**vars(product), "skus": tuple(seen)}))
    others = [product for product in catalogue.products if product.department != department]
    return Catalogue(tuple(others + changed))
