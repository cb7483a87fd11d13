"""From lines of a CSV file to products with their SKUs and pictures; all faults are found at once."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from transactional.catalog.csv_format import OPTIONS, PRODUCT_FIELDS, SEPARATOR, Format
from transactional.catalog.csv_reading import Fault, Line
from transactional.catalog.editing import Picture
from transactional.catalog.rules import TAX_CLASSES
from transactional.money import MOST_AMOUNT, minor_units, money_text

MAX_PICTURES = 50
_LONGEST = {
    "title": 300,
    "body": 20_000,
    "vendor": 200,
    "type": 100,
    "sku": 64,
    "barcode": 64,
    "image": 300,
    "image_alt": 300,
}
_HANDLE = re.compile(r"[\w-]{1,160}")
_PICTURE = re.compile(r"(/[^/\s]|https://)\S*")
_PUBLISHED = {"true": "live", "false": "draft", "": None}


@dataclass(frozen=True)
class Variant:
    """A SKU of the file. `values` are those columns of `skus` that the file tells."""

    line: int
    code: str
    options: dict[str, str]
    values: dict[str, Any]
    on_hand: int | None


@dataclass
class FileProduct:
    """A product of the file. `values` are those columns of `products` that the file tells."""

    line: int
    handle: str
    values: dict[str, Any]
    vendor: str | None
    category: tuple[str, ...] | None
    status: str | None
    option_names: list[str]
    variants: list[Variant] = field(default_factory=list)
    pictures: list[tuple[int, Picture]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    line_of: dict[frozenset[tuple[str, str]], int] = field(default_factory=dict)


class Products:
    """Reads lines in order and keeps the products and the faults found."""

    def __init__(self, fmt: Format, currency: str):
        self._fmt = fmt
        self._currency = currency
        self._first: dict[str, Line] = {}
        self._line_of_code: dict[str, int] = {}
        self.found: dict[str, FileProduct] = {}
        self.faults: list[Fault] = []

    def read(self, lines: Sequence[Line]) -> None:
        for line in lines:
            handle = line.word("handle")
            if not _HANDLE.fullmatch(handle):
                self._wrong(
                    line, "handle", f"{handle[:40]!r} is not letters, digits and hyphens, at most 160"
                )
                continue
            self._check_lengths(line)
            if handle in self.found:
                self._check_same(line, self._first[handle])
            else:
                self._first[handle] = line
                self.found[handle] = self._product(line, handle)
            product = self.found[handle]
            product.lines.append(line.number)
            self._variant(line, product)
            self._picture(line, product)

    def _wrong(self, line: Line, name: str, reason: str) -> None:
        self.faults.append(Fault(line.number, self._fmt.columns[name], reason))

    def _parsed(self, line: Line, name: str, parse: Callable[[str], Any]) -> Any:
        """What a cell says; None when its column is missing, it is empty, or it is wrong."""
        if not (text := line.word(name)):
            return None
        try:
            return parse(text)
        except ValueError as wrong:
            self._wrong(line, name, str(wrong))
            return None

    def _check_lengths(self, line: Line) -> None:
        for name, longest in _LONGEST.items():
            if len(line.text(name)) > longest:
                self._wrong(line, name, f"is longer than {longest} characters")

    def _check_same(self, line: Line, first: Line) -> None:
        for name in PRODUCT_FIELDS:
            if line.text(name) and line.text(name) != first.text(name):
                self._wrong(line, name, f"is not what line {first.number} says of the same product")
        for number in range(1, OPTIONS + 1):
            name = f"option{number}_name"
            if line.word(name) and line.word(name) != first.word(name):
                self._wrong(
                    line, name, f"{line.word(name)[:40]!r} is an unknown option: see line {first.number}"
                )

    def _product(self, line: Line, handle: str) -> FileProduct:
        if not line.word("title"):
            self._wrong(line, "title", "is empty")
        values: dict[str, Any] = {"name": line.text("title")}
        if "body" in line.cells:
            values["description"] = line.text("body")
        if "type" in line.cells:
            values["product_type"] = line.word("type") or None
        if "tags" in line.cells:
            values["tags"] = [tag.strip() for tag in line.text("tags").split(",") if tag.strip()]
        if "attributes" in line.cells:
            values["attributes"] = self._parsed(line, "attributes", _attributes) or {}
        path = tuple(step.strip() for step in line.word("category").split(SEPARATOR.strip()))
        return FileProduct(
            line.number,
            handle,
            values,
            line.word("vendor") if "vendor" in line.cells else None,
            path if line.word("category") else None,
            self._status(line),
            self._option_names(line),
        )

    def _status(self, line: Line) -> str | None:
        published = self._parsed(line, "published", lambda text: _one_of(text.lower(), _PUBLISHED))
        ours = {theirs: own for own, theirs in self._fmt.statuses.items()}
        told = self._parsed(line, "status", lambda text: _one_of(text.lower(), ours))
        status: str | None = told or published
        return status

    def _option_names(self, line: Line) -> list[str]:
        names = [line.word(f"option{number}_name") for number in range(1, OPTIONS + 1)]
        given = [name for name in names if name]
        if given != names[: len(given)]:
            self._wrong(line, "option1_name", "options are named without a gap, from the first")
        if len(set(given)) < len(given):
            self._wrong(line, "option1_name", "two options have one name")
        return given

    def _variant(self, line: Line, product: FileProduct) -> None:
        options = self._options(line, product)
        code = line.word("sku")
        if not code:
            if line.word("price") or options:
                self._wrong(line, "sku", "is empty")
            return
        if re.search(r"[\s\x00-\x1f]", code):
            self._wrong(line, "sku", f"{code[:40]!r} holds white space")
        if code in self._line_of_code:
            self._wrong(line, "sku", f"{code[:64]} stands on line {self._line_of_code[code]} already")
        self._line_of_code.setdefault(code, line.number)
        for other in product.variants:
            if other.options == options:
                self._wrong(line, "option1_value", f"{other.code} of line {other.line} has the same options")
        values = self._sku_values(line)
        on_hand = self._parsed(line, "stock", _whole)
        product.variants.append(Variant(line.number, code, options, values, on_hand))

    def _options(self, line: Line, product: FileProduct) -> dict[str, str]:
        given = [line.text(f"option{number}_value").strip() for number in range(1, OPTIONS + 1)]
        names = product.option_names
        for number, value in enumerate(given, 1):
            if value and number > len(names):
                self._wrong(
                    line, f"option{number}_value", f"{value[:40]!r} is of an unknown option: it has no name"
                )
            elif line.word("sku") and not value and number <= len(names):
                self._wrong(
                    line,
                    f"option{number}_value",
                    f"is empty: {line.word('sku')[:64]} has no {names[number - 1]}",
                )
            elif len(value) > 100:
                self._wrong(line, f"option{number}_value", "is longer than 100 characters")
        return {name: value for name, value in zip(names, given, strict=False) if value}

    def _sku_values(self, line: Line) -> dict[str, Any]:
        if not line.word("price"):
            self._wrong(line, "price", "is empty")
        price = self._parsed(line, "price", self._amount)
        values: dict[str, Any] = {"price": price}
        if "list_price" in line.cells:
            values["list_price"] = self._parsed(line, "list_price", self._amount) or price
            if price is not None and values["list_price"] < price:
                self._wrong(
                    line, "list_price", f"{line.word('list_price')} is below the price, {line.word('price')}"
                )
        told = {
            "cost": self._parsed(line, "cost", self._amount),
            "weight_grams": self._parsed(line, "grams", _whole),
            "tax_class": self._parsed(
                line, "tax_class", lambda text: _one_of(text, dict.fromkeys(TAX_CLASSES, text))
            ),
        }
        if "barcode" in line.cells:
            values["barcode"] = (
                line.word("barcode").lstrip("'") or None
            )  # Shopify's own guard against 4.0E+12
        return values | {name: value for name, value in told.items() if value is not None}

    def _amount(self, text: str) -> int:
        amount = minor_units(text, self._currency)
        if amount > MOST_AMOUNT:
            raise ValueError(f"{text} is more than {money_text(MOST_AMOUNT, self._currency)}")
        return amount

    def _picture(self, line: Line, product: FileProduct) -> None:
        if not (url := line.word("image")):
            return
        if not _PICTURE.fullmatch(url):
            self._wrong(line, "image", f"{url[:60]!r} is neither https://... nor a path of this shop")
        if len(product.pictures) == MAX_PICTURES:
            self._wrong(line, "image", f"is one more than {MAX_PICTURES} pictures")
        position = self._parsed(line, "image_position", _whole)
        product.pictures.append((position or len(product.pictures) + 1, Picture(url, line.text("image_alt"))))


def _whole(text: str) -> int:
    if text.startswith("-"):
        raise ValueError(f"{text[:40]} is negative")
    if not re.fullmatch(r"[0-9]{1,9}(\.0+)?", text):
        raise ValueError(f"{text[:40]!r} is no whole number up to 999999999")
    return int(text.split(".")[0])


def _one_of(text: str, known: Mapping[str, str | None]) -> str | None:
    if text not in known:
        raise ValueError(f"{text[:40]!r} is none of {', '.join(word for word in known if word)}")
    return known[text]


def _attributes(text: str) -> dict[str, str]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise ValueError('is no JSON object of texts like {"material": "Linen"}')
    return found
