"""Pure rules of the catalogue: the tree of categories, a product's life and what a SKU is called."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

GIFT_CARD = "gift_card"  # sold without tax and not as goods: what is paid is owed to the card
TAX_CLASSES = ("standard", "reduced", "zero", GIFT_CARD)
# A product that was live never becomes a draft again: orders and links know it.
LIFECYCLE = {"draft": {"live", "retired"}, "live": {"retired"}, "retired": {"live"}}


class Category(Protocol):
    """A category as a flat list holds it."""

    id: str
    parent_id: str | None
    slug: str
    name: str


@dataclass(frozen=True)
class Branch:
    """A category with those below it, as menus show it."""

    slug: str
    name: str
    categories: tuple["Branch", ...]


def tree(categories: Sequence[Category], parent_id: str | None = None) -> tuple[Branch, ...]:
    """The branches below a category, or the whole tree; siblings stay in the order given."""
    return tuple(
        Branch(category.slug, category.name, tree(categories, category.id))
        for category in categories
        if category.parent_id == parent_id
    )


def subtree(categories: Iterable[Mapping[str, Any]], root_id: str) -> set[str]:
    """The ids of a category and everything below it."""
    children: dict[str | None, list[str]] = {}
    for category in categories:
        children.setdefault(category["parent_id"], []).append(category["id"])
    found, waiting = {root_id}, [root_id]
    while waiting:
        below = [child for child in children.get(waiting.pop(), []) if child not in found]
        found.update(below)
        waiting.extend(below)
    return found


def shown(categories: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The categories without those that are hidden and all below them, in the order given."""
    hidden = [each["id"] for each in categories if each["is_hidden"]]
    gone = {below for each in hidden for below in subtree(categories, each)}
    return [each for each in categories if each["id"] not in gone]


def path(categories: Iterable[Mapping[str, Any]], leaf_id: str) -> list[Mapping[str, Any]]:
    """A category and its ancestors, from the root down."""
    by_id = {category["id"]: category for category in categories}
    steps: list[Mapping[str, Any]] = []
    here: str | None = leaf_id
    while here is not None and by_id[here] not in steps:
        steps.append(by_id[here])
        here = by_id[here]["parent_id"]
    return steps[::-1]


def variant_name(product: str, options: Mapping[str, str]) -> str:
    """A product and its options as a customer reads them: "Linen shirt, M, Red"."""
    return ", ".join([product, *options.values()])


def placed(siblings: Sequence[str], moved: str, position: int) -> list[str]:
    """The ids of siblings in their new order, when `moved` comes to stand at `position`, from 0."""
    others = [each for each in siblings if each != moved]
    return [*others[:position], moved, *others[position:]]
