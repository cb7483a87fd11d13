"""Where an import puts products: categories and brands by the names that a file has for them."""

import re
import unicodedata
from collections.abc import Sequence

from sqlalchemy import select

from transactional.catalog import creation, rules
from transactional.catalog.models import brands, categories
from transactional.errors import NotFound
from transactional.unit_of_work import Reading, Row, UnitOfWork

Path = tuple[str, ...]
_categories = select(categories).order_by(categories.c.position)
_brands = select(brands).order_by(brands.c.id)


def paths(db: Reading) -> dict[Path, list[str]]:
    """Category ids by the names on their path; siblings may be called the same."""
    tree = db.rows(_categories)
    found: dict[Path, list[str]] = {}
    for row in tree:
        names = tuple(step["name"] for step in rules.path(tree, row["id"]))
        found.setdefault(names, []).append(row["id"])
    return found


class Places:
    """The shop's categories, and the one for products that have none of them.

    Args:
        default: slug of that one.

    Raises:
        NotFound: there is no category of this slug.
    """

    def __init__(self, db: Reading, default: str | None):
        self._by_path = paths(db)
        self._by_name: dict[str, list[str]] = {}
        for path, ids in self._by_path.items():
            self._by_name.setdefault(path[-1].lower(), []).extend(ids)
        self.default = None if default is None else _of_slug(db, default)

    def exact(self, path: Path) -> Sequence[str]:
        """The ids of the categories on this very path."""
        return self._by_path.get(path, [])

    def nearest(self, path: Path) -> str | None:
        """The category called like the last part of a path that only one is called like."""
        for name in reversed(path):
            ids = self._by_name.get(name.lower(), [])
            if len(ids) == 1:
                return ids[0]
        return None


def _of_slug(db: Reading, slug: str) -> str:
    for row in db.rows(_categories):
        if row["slug"] == slug:
            return str(row["id"])
    raise NotFound("category", slug)


class Brands:
    """The shop's brands, and those that a file makes: a vendor is free text where files come from."""

    def __init__(self, uow: UnitOfWork):
        self._uow = uow
        self._slugs: set[str] = set()
        self._by_name: dict[str, list[str]] = {}
        for row in uow.rows(_brands):
            self._keep(row)

    def id_of(self, vendor: str | None, known: str | None) -> str | None:
        """The brand of this name, made when there is none; `known` when it is called so too."""
        if not vendor:
            return None
        called = self._by_name.get(vendor.lower())
        if called:
            return known if known in called else called[0]
        slug = _free_slug(vendor, self._slugs)
        brand_id = creation.create_brand(self._uow, slug, vendor)
        self._keep({"id": brand_id, "slug": slug, "name": vendor})
        return brand_id

    def _keep(self, row: Row) -> None:
        self._slugs.add(row["slug"])
        self._by_name.setdefault(row["name"].lower(), []).append(row["id"])


def _free_slug(name: str, taken: set[str]) -> str:
    plain = unicodedata.normalize("NFKD", name.lower()).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:90] or "brand"
    return next(each for each in [slug, *(f"{slug}-{n}" for n in range(2, 10_000))] if each not in taken)
