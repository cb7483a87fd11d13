"""What is to be created: products and SKUs before they have ids."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Picture:
    """One picture of a product; `alt` says what it shows."""

    url: str
    alt: str = ""


@dataclass(frozen=True)
class SkuDraft:
    """A SKU to create. Prices contain tax, the cost does not; all in minor units.

    Args:
        is_retired: it was sold elsewhere, and is not to be sold here.
    """

    code: str
    price: int
    list_price: int
    cost: int
    options: Mapping[str, str] = field(default_factory=dict)
    weight_grams: int = 0
    barcode: str | None = None
    tax_class: str = "standard"
    image: str | None = None
    is_retired: bool = False


@dataclass(frozen=True)
class ProductDraft:
    """A product to create, with its SKUs; `slug` is its address and its Shopify handle.

    Args:
        image: its main picture, when it has no `pictures`.
    """

    slug: str
    name: str
    category_id: str
    skus: Sequence[SkuDraft]
    brand_id: str | None = None
    description: str = ""
    image: str | None = None
    status: str = "live"
    product_type: str | None = None
    tags: Sequence[str] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)
    pictures: Sequence[Picture] = ()
