"""What a mapping file says about an order-line table: columns, numbers and times, kinds of document."""

import codecs
import re
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, available_timezones

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from settings import UserError

SHIPPED = Path(__file__).with_name("mappings")


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _known_encoding(name: str) -> str:
    try:
        return codecs.lookup(name).name
    except LookupError:
        raise ValueError(f"{name!r} is no encoding") from None


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(f"{name!r} is no IANA time zone")
    return ZoneInfo(name).key


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as problem:
        raise ValueError(f"{text!r} is no regular expression: {problem}") from None
    return text


Strings = Annotated[list[str], BeforeValidator(_as_list), Field(min_length=1)]
Pattern = Annotated[str, AfterValidator(_pattern)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ColumnOf(Strict):
    """Where a value stands: the first of `column`'s names that the header has, less what `remove` matches."""

    column: Strings
    remove: Pattern | None = None


def _as_column(value: object) -> object:
    return {"column": value} if isinstance(value, str | list) else value


Where = Annotated[ColumnOf, BeforeValidator(_as_column)]


class Columns(Strict):
    document: Where
    sku: Where
    quantity: Where
    ordered_at: Where
    unit_price: Where
    name: Where | None = None
    customer: Where | None = None
    country: Where | None = None


class DocumentRule(Strict):
    """Lines for which all that is given holds belong to a document of this kind."""

    kind: Literal["return", "adjustment"]
    number_prefix: str | None = None
    negative_quantity: bool | None = None
    zero_price: bool | None = None
    without_customer: bool | None = None

    @model_validator(mode="after")
    def _says_when(self) -> Self:
        if self.model_dump(exclude={"kind"}, exclude_none=True) == {}:
            raise ValueError("a document rule needs at least one condition")
        return self


class SkipRule(Strict):
    """Lines whose `column` matches are left out, for a reason that the import repeats."""

    column: str
    matches: Pattern
    reason: str = Field(min_length=1)


class Mapping(Strict):
    description: str = ""
    columns: Columns
    delimiter: str | None = Field(None, min_length=1, max_length=1, description="None: by the file's name.")
    encoding: Annotated[list[Annotated[str, AfterValidator(_known_encoding)]], BeforeValidator(_as_list)] = [
        "utf-8"
    ]
    date_format: Strings
    time_zone: Annotated[str, AfterValidator(_known_zone)]
    currency: str = Field(pattern="^[A-Z]{3}$")
    locale: str = "en_GB"
    decimal_separator: Literal[".", ","] = "."
    thousands_separator: Literal["", ",", ".", " ", "'"] = ""
    channel: str = Field("import", min_length=1, max_length=32)
    status: Literal["paid", "shipped", "delivered"] = "delivered"
    sign: Literal["quantity", "document"] = Field(
        "quantity",
        description="quantity: returns have negative quantities; document: their numbers are positive.",
    )
    documents: list[DocumentRule] = []
    skip: list[SkipRule] = []

    @model_validator(mode="after")
    def _separators_differ(self) -> Self:
        if self.decimal_separator == self.thousands_separator:
            raise ValueError("decimal_separator and thousands_separator are the same")
        return self


def load_mapping(name: str) -> Mapping:
    """Read a shipped mapping by its name, or a file by its path.

    Raises UserError naming the file and each field that is wrong.
    """
    shipped = SHIPPED / f"{name}.yml"
    path = shipped if shipped.is_file() else Path(name)
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in SHIPPED.glob("*.yml")))
        raise UserError(f"{name}: there is no such mapping file (shipped: {known})")
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as problem:
        raise UserError(f"{path}: no YAML: {' '.join(str(problem).split())}") from None
    if not isinstance(content, dict):
        raise UserError(
            f"{path}: a mapping is a YAML object with columns, date_format, time_zone, currency..."
        )
    try:
        return Mapping.model_validate(content)
    except ValidationError as problem:
        wrong = (
            f"{'.'.join(str(part) for part in e['loc']) or 'mapping'}: {e['msg']}" for e in problem.errors()
        )
        raise UserError(f"{path}: {'; '.join(wrong)}") from None
