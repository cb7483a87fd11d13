"""From lines of a CSV file to products with their SKUs and pictures; all faults are found at once."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from transactional.catalog import csv_cells
from transactional.catalog.csv_format import OPTIONS, PLAIN_OPTION, PRODUCT_FIELDS, SEPARATOR, Format
from transactional.catalog.csv_reading import Fault, Line
from transactional.catalog.drafts import Picture
from transactional.catalog.matrix import MAX_CODE, in_code
from transactional.catalog.rules import GIFT_CARD, TAX_CLASSES
from transactional.catalog.staff_schemas import MAX_GRAMS, MAX_PICTURES
from transactional.money import MOST_AMOUNT, minor_units, money_text

_AS_TYPED = ("title", "body", "image_alt")  # white space around other cells says nothing
_CHECKED = [name for name in csv_cells.TEXTS if name not in ("handle", "barcode")]
HIDDEN = "hidden"  # whatever its state, it is not to be on sale
_PUBLISHED = {"true": "live", "false": HIDDEN}
_UNLISTED = {
    "unlisted": HIDDEN
}  # Shopify sells it to who has the link; here nothing is sold that is not shown


@dataclass(frozen=True)
class Variant:
    """A SKU of the file. `values` are those columns of `skus` that the file tells.

    Args:
        is_coded: the file names its code; else it was made of handle and options.
        is_retired: None: the file does not say, so it stays what it is.
    """

    line: int
    code: str
    is_coded: bool
    options: dict[str, str]
    values: dict[str, Any]
    on_hand: int | None
    is_retired: bool | None = None


@dataclass
class FileProduct:
    """A product of the file. `values` are those columns of `products` that the file tells.

    Args:
        status: HIDDEN besides those that products have.
    """

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
    is_gift_card: bool = False


class Products:
    """Reads lines in order and keeps the products, the faults, and by line what is worth a note.

    Args:
        columns: the file's names of its columns, by field.
    """

    def __init__(self, fmt: Format, columns: Mapping[str, str], currency: str):
        self._fmt = fmt
        self._columns = columns
        self._currency = currency
        self._first: dict[str, Line] = {}
        self._line_of: dict[str, dict[str, int]] = {"sku": {}, "barcode": {}}
        self.found: dict[str, FileProduct] = {}
        self.faults: list[Fault] = []
        self.notes: dict[int, list[str]] = {}

    def note(self, line: int, text: str) -> None:
        self.notes.setdefault(line, []).append(text)

    def read(self, lines: Iterable[Line]) -> None:
        for line in lines:
            handle = line.word("handle")
            if not self._is_text(line, "handle", handle):
                continue
            for name in _CHECKED:
                cell = line.text(name) if name in _AS_TYPED else line.word(name)
                self._is_text(line, name, cell or None)
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
        self.faults.append(Fault(line.number, self._columns[name], reason))

    def _parsed(self, line: Line, name: str, parse: Callable[[str], Any]) -> Any:
        """What a cell says; None when its column is missing, it is empty, or it is wrong."""
        if not (text := line.word(name)):
            return None
        try:
            return parse(text)
        except ValueError as wrong:
            self._wrong(line, name, str(wrong))
            return None

    def _is_text(self, line: Line, name: str, text: str | None) -> bool:
        """Whether a cell can say this; None is nothing."""
        try:
            if text is not None:
                csv_cells.check_text(name, text)
        except ValueError as wrong:
            self._wrong(line, name, str(wrong))
            return False
        return True

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
            values["tags"] = self._parsed(line, "tags", csv_cells.tags) or []
        if "attributes" in line.cells:
            values["attributes"] = self._parsed(line, "attributes", csv_cells.attributes) or {}
        path = tuple(step.strip() for step in line.word("category").split(SEPARATOR.strip()))
        return FileProduct(
            line.number,
            handle,
            values,
            line.word("vendor") if "vendor" in line.cells else None,
            path if line.word("category") else None,
            self._status(line),
            self._option_names(line),
            is_gift_card=bool(self._parsed(line, "gift_card", csv_cells.flag)),
        )

    def _status(self, line: Line) -> str | None:
        published = self._parsed(line, "published", lambda text: csv_cells.one_of(text.lower(), _PUBLISHED))
        ours = {theirs: own for own, theirs in self._fmt.statuses.items()}
        known = ours if self._fmt.strict else ours | _UNLISTED
        told = self._parsed(line, "status", lambda text: csv_cells.one_of(text.lower(), known))
        if published == HIDDEN and told in (None, "live"):
            return HIDDEN
        status: str | None = told or published
        return status

    def _option_names(self, line: Line) -> list[str]:
        names = [line.word(f"option{number}_name") for number in range(1, OPTIONS + 1)]
        given = [name for name in names if name]
        if (*given, line.word("option1_value")) == PLAIN_OPTION:
            return []
        if given != names[: len(given)]:
            self._wrong(line, "option1_name", "options are named without a gap, from the first")
        if len(set(given)) < len(given):
            self._wrong(line, "option1_name", "two options have one name")
        return given

    def _variant(self, line: Line, product: FileProduct) -> None:
        given = self._given_options(line, product)
        if not (line.word("sku") or line.word("price") or any(given)):
            return  # a line of a picture
        options = self._options(line, product.option_names, given)
        code = line.word("sku") or self._made_code(line, product.handle, options)
        self._check_unique(line, "sku", code)
        for other in product.variants:
            if other.options == options:
                self._wrong(line, "option1_value", f"{other.code} of line {other.line} has the same options")
        values = self._sku_values(line, product)
        on_hand = self._parsed(line, "stock", lambda text: self._units(line, text))
        is_retired = self._parsed(line, "sku_status", csv_cells.retired)
        is_coded = bool(line.word("sku"))
        product.variants.append(Variant(line.number, code, is_coded, options, values, on_hand, is_retired))

    def _made_code(self, line: Line, handle: str, options: Mapping[str, str]) -> str:
        code = "-".join(in_code(word) for word in (handle, *options.values()))
        try:
            csv_cells.check_text("sku", code)
        except ValueError as wrong:
            self._wrong(line, "sku", f"is empty, and the code made for it does not do: {wrong}")
        self.note(line.number, f"the SKU code was made: {code[:MAX_CODE]}")
        return code

    def _check_unique(self, line: Line, name: str, value: str) -> None:
        known = self._line_of[name].setdefault(value, line.number)
        if known != line.number:
            self._wrong(line, name, f"{value[:64]} stands on line {known} already")

    def _units(self, line: Line, text: str) -> int:
        if self._fmt.strict or not text.startswith("-"):
            return csv_cells.whole(text)
        owed = csv_cells.whole(text[1:])
        self.note(line.number, f"{owed} units are oversold: on hand counts as 0")
        return 0

    def _given_options(self, line: Line, product: FileProduct) -> list[str]:
        given = [line.text(f"option{number}_value").strip() for number in range(1, OPTIONS + 1)]
        if not product.option_names and given[0] == PLAIN_OPTION[1]:
            given[0] = ""
        return given

    def _options(self, line: Line, names: list[str], given: list[str]) -> dict[str, str]:
        for number, value in enumerate(given, 1):
            if value and number > len(names):
                self._wrong(
                    line, f"option{number}_value", f"{value[:40]!r} is of an unknown option: it has no name"
                )
            elif not value and number <= len(names):
                self._wrong(
                    line,
                    f"option{number}_value",
                    f"is empty: {line.word('sku')[:64] or 'this SKU'} has no {names[number - 1]}",
                )
        return {name: value for name, value in zip(names, given, strict=False) if value}

    def _sku_values(self, line: Line, product: FileProduct) -> dict[str, Any]:
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
            "weight_grams": self._parsed(line, "grams", self._grams),
            "tax_class": self._tax_class(line, product),
        }
        if "barcode" in line.cells:  # Shopify guards one against 4.0E+12
            values["barcode"] = line.word("barcode").lstrip("'") or None
            if values["barcode"] and self._is_text(line, "barcode", values["barcode"]):
                self._check_unique(line, "barcode", values["barcode"])
        if "sku_image" in line.cells:
            values["image"] = line.word("sku_image") or None
        return values | {name: value for name, value in told.items() if value is not None}

    def _tax_class(self, line: Line, product: FileProduct) -> str | None:
        if product.is_gift_card:
            return GIFT_CARD
        if self._parsed(line, "taxed", csv_cells.flag) is False:
            return "zero"
        told: str | None = self._parsed(
            line, "tax_class", lambda text: csv_cells.one_of(text, dict.fromkeys(TAX_CLASSES, text))
        )
        return told

    def _amount(self, text: str) -> int:
        amount = minor_units(text, self._currency)
        if amount > MOST_AMOUNT:
            raise ValueError(f"{text} is more than {money_text(MOST_AMOUNT, self._currency)}")
        return amount

    def _grams(self, text: str) -> int:
        grams = csv_cells.whole(text) if self._fmt.strict else csv_cells.rounded(text)
        if grams > MAX_GRAMS:
            raise ValueError(f"{text[:40]} is more than {MAX_GRAMS}")
        return grams

    def _picture(self, line: Line, product: FileProduct) -> None:
        if not (url := line.word("image")):
            return
        if len(product.pictures) == MAX_PICTURES:
            self._wrong(line, "image", f"is one more than {MAX_PICTURES} pictures")
        position = self._parsed(line, "image_position", csv_cells.whole)
        product.pictures.append((position or len(product.pictures) + 1, Picture(url, line.text("image_alt"))))
