"""The demo shop's catalogue: `catalogue.yml` with prices, costs, SKU codes and drawn pictures."""

import colorsys
import itertools
import random
import zlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader

HERE = Path(__file__).parent

# Shares of the price that are the shop's cost, and of products that stand on offer.
COST_SHARE = (0.38, 0.58)
ON_OFFER = 0.12
OFFER_CUT = (0.10, 0.30)


@dataclass(frozen=True)
class SkuPlan:
    code: str
    options: dict[str, str]
    list_price: int
    price: int
    cost: int
    weight_grams: int


@dataclass(frozen=True)
class ProductPlan:
    slug: str
    name: str
    brand: str
    category: str
    department: str
    description: str
    picture: str
    popularity: float
    skus: tuple[SkuPlan, ...]


@cache
def definition() -> dict[str, Any]:
    """The parsed `catalogue.yml`."""
    loaded: dict[str, Any] = yaml.safe_load((HERE / "catalogue.yml").read_text())
    return loaded


def slugify(text: str) -> str:
    """Lower-case words joined by hyphens, ASCII only."""
    kept = "".join(
        letter if letter.isascii() and letter.isalnum() else " " for letter in text.replace("'", "")
    )
    return "-".join(kept.lower().split())


def plan_products(seed: int) -> list[ProductPlan]:
    """Every product of the demo shop, the same for the same seed."""
    chance = random.Random(seed)  # noqa: S311 - a repeatable demo, not a secret
    return [
        _plan_product(chance, department["name"], category, name, position)
        for department in definition()["departments"]
        for category in department["categories"]
        for position, name in enumerate(category["products"])
    ]


def _plan_product(
    chance: random.Random, department: str, category: dict[str, Any], name: str, position: int
) -> ProductPlan:
    brand = category["brands"][position % len(category["brands"])]
    low, high = category["price"]
    # Prices lean to the low end and end in .00 or .50, as a shop would set them.
    list_price = round((low + (high - low) * chance.betavariate(1.6, 2.8)) * 2) * 50
    price = list_price
    if chance.random() < ON_OFFER:
        price = round(list_price * (1 - chance.uniform(*OFFER_CUT)) / 50) * 50
    cost = round(list_price / 1.2 * chance.uniform(*COST_SHARE))
    weight = chance.randrange(80, 2400, 20)
    slug = slugify(f"{brand} {name}")
    prefix = f"{slugify(category['name'])[:3]}-{position + 1:02d}".upper()
    skus = tuple(
        SkuPlan(
            code="-".join([prefix, *(_abbreviate(value) for value in values)]),
            options=dict(zip(category["options"], values, strict=True)),
            list_price=list_price,
            price=price,
            cost=cost,
            weight_grams=weight,
        )
        for values in itertools.product(*category["options"].values())
    )
    return ProductPlan(
        slug=slug,
        name=name,
        brand=brand,
        category=category["name"],
        department=department,
        description=_describe(name, brand, category["name"], chance),
        picture=draw(category["shape"], f"{brand} {name}"),
        popularity=category["popularity"] * min(chance.paretovariate(1.5), 9),
        skus=skus,
    )


def _abbreviate(value: str) -> str:
    words = slugify(value).upper().split("-")
    return words[0][:4] if len(words) == 1 else "".join(word[:3] for word in words)


def _describe(name: str, brand: str, category: str, chance: random.Random) -> str:
    first = chance.choice(
        [
            f"{brand} makes this {name.lower()} to be used every day and kept for years.",
            f"A {name.lower()} with nothing to prove: good materials, honest making, a fair price.",
            f"The {name.lower()} {brand} is known for, unchanged because it did not need changing.",
            f"Our {category.lower()} buyer's favourite of the season, from {brand}.",
        ]
    )
    second = chance.choice(
        [
            "Made in small runs, so each one differs a little from the next.",
            "Sent in plastic-free packaging, with free returns within 30 days.",
            "Repairable, recyclable and guaranteed for five years.",
            "Tested by us for a whole season before it went on the shelf.",
        ]
    )
    return f"{first} {second}"


def draw(shape: str, label: str) -> str:
    """An SVG picture of `shape` whose colours and details follow from `label`."""
    number = zlib.crc32(label.encode())
    hue = (number % 360) / 360
    picture: str = _pictures().render(
        shape=shape,
        label=label,
        mark=number % 4,
        main=_colour(hue, 0.52, 0.42),
        shade=_colour(hue, 0.36, 0.46),
        ground=_colour((hue + 0.08) % 1, 0.945, 0.35),
    )
    return picture


def _colour(hue: float, lightness: float, saturation: float) -> str:
    red, green, blue = colorsys.hls_to_rgb(hue, lightness, saturation)
    return f"#{round(red * 255):02x}{round(green * 255):02x}{round(blue * 255):02x}"


@cache
def _pictures() -> Any:
    loader = Environment(loader=FileSystemLoader(HERE), autoescape=True, trim_blocks=True)
    return loader.get_template("picture.svg.j2")
