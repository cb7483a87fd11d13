"""Importer of any order-line table: one line of a document per row, as a mapping describes."""

import hashlib
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from ingestion.importers.mapping import ColumnOf, DocumentRule, Mapping
from ingestion.importers.order_rows import LINE_COLUMNS, stage_order_rows
from ingestion.importers.outcome import Outcome, Rejects
from ingestion.importers.sources import Progress, Record, Source, inspect, no_progress, records, table_files
from ingestion.importers.staging import VERSION, importing, repeated
from ingestion.importers.values import (
    BadValueError,
    currency_digits,
    decimal,
    exact_minor_units,
    iso,
    minor_units,
    moments,
    whole,
    without,
)
from settings import Settings, UserError

KIND = "orders"


def import_orders(
    settings: Settings,
    path: Path,
    mapping: Mapping,
    shop: str,
    dry_run: bool = False,
    progress: Progress = no_progress,
) -> Outcome:
    """Import a file, or each table of a folder, as orders and credit notes of `shop`.

    Each file is one import: all its rows appear in the lake together. Raises UserError on a file that is not
    what the mapping describes; files before it stay imported.
    """
    # All files are looked at before the first is imported, so that a bad one among them stops everything.
    sources = [_check(file, mapping) for file in table_files(path)]
    total = Outcome()
    for source in sources:
        total += _import_file(settings, source, mapping, shop, dry_run, progress)
    return total


def _check(path: Path, mapping: Mapping) -> Source:
    source = inspect(path, mapping.encoding)
    header = next(records(source, mapping.delimiter), None)
    if header is None:
        raise UserError(f"{path}: the file is empty")
    _Fields(path, header, mapping)
    return source


def _import_file(
    settings: Settings, source: Source, mapping: Mapping, shop: str, dry_run: bool, progress: Progress
) -> Outcome:
    what = f"{VERSION}\0{source.digest}\0{mapping.model_dump_json()}"
    digest = hashlib.sha256(what.encode()).hexdigest()
    with importing(settings, shop, KIND, digest) as run:
        read = run.already_read()
        if read is not None:
            progress(source.size)
            return repeated(read)
        outcome = Outcome()
        lines = run.lines("lines", LINE_COLUMNS)
        reject_path = settings.rejects / f"{run.producer}-{source.path.name}.csv"
        with Rejects(reject_path, outcome, dry_run) as rejects:
            rows = records(source, mapping.delimiter, progress)
            parser = _Parser(_Fields(source.path, next(rows), mapping), mapping)
            for record in rows:
                outcome.read += 1
                try:
                    if reason := parser.skips(record):
                        outcome.skipped[reason] += 1
                        continue
                    lines.add(parser.parse(record))
                except BadValueError as problem:
                    rejects.add(source.path, record.line, str(problem), record.raw)
        outcome.loaded = lines.count
        outcome.kinds = parser.kinds
        outcome.rounding[mapping.currency] = parser.rounding
        lines.into(run.con, "lines")
        stage_order_rows(run, mapping)
        run.finish(outcome, dry_run)
        return outcome


class _Fields:
    """Where the mapping's columns stand in one file. Raises UserError naming those that are missing."""

    def __init__(self, path: Path, header: Record, mapping: Mapping) -> None:
        names = [name.strip() for name in header.values]
        self.width = len(names)
        self.position: dict[str, int] = {}
        self.name: dict[str, str] = {}
        missing = []
        for key in type(mapping.columns).model_fields:
            where: ColumnOf | None = getattr(mapping.columns, key)
            if where is None:
                continue
            found = next((name for name in where.column if name in names), None)
            if found is None:
                missing.append(" or ".join(where.column))
            else:
                self.position[key], self.name[key] = names.index(found), found
        missing += [rule.column for rule in mapping.skip if rule.column not in names]
        if missing:
            raise UserError(
                f"{path}: line {header.line}: column {', '.join(missing)} is missing;"
                f" found {', '.join(names)[:200]}" + (" (is the delimiter right?)" if len(names) == 1 else "")
            )
        self.skip = {rule.column: names.index(rule.column) for rule in mapping.skip}


@dataclass
class _Parser:
    """Makes typed lines of records; counts what they are and what rounding changed."""

    fields: _Fields
    mapping: Mapping
    kinds: Counter[str] = field(default_factory=Counter)
    rounding: Decimal = Decimal(0)

    def __post_init__(self) -> None:
        mapping = self.mapping
        self._digits = currency_digits(mapping.currency)
        self._moment: Callable[[str, str], datetime] = moments(mapping.date_format, mapping.time_zone)
        self._skips = [(self.fields.skip[r.column], re.compile(r.matches), r.reason) for r in mapping.skip]
        self._clean = {
            key: without(where.remove)
            for key in self.fields.position
            if (where := getattr(mapping.columns, key)) is not None
        }

    def skips(self, record: Record) -> str | None:
        """The reason for which the mapping leaves this record out."""
        for position, pattern, reason in self._skips:
            if position < len(record.values) and pattern.search(record.values[position]):
                return reason
        return None

    def parse(self, record: Record) -> dict[str, Any]:
        """The record as a line of LINE_COLUMNS. Raises BadValueError."""
        if len(record.values) != self.fields.width:
            raise BadValueError(f"{len(record.values)} fields instead of {self.fields.width}")
        text = {key: self._clean[key](record.values[at]) for key, at in self.fields.position.items()}
        for key in ("document", "sku"):
            if not text[key]:
                raise BadValueError(f"{self.fields.name[key]} is empty")
        quantity = whole(self._number(text, "quantity"), self.fields.name["quantity"])
        price = self._number(text, "unit_price")
        customer = text.get("customer") or None
        kind = self._kind(text["document"], quantity, price, customer)
        exact = price * quantity
        amount = minor_units(exact, self._digits)
        self.rounding += exact - Decimal(amount).scaleb(-self._digits)
        self.kinds[f"{kind} lines"] += 1
        given_back = kind != "sale"
        if given_back and self.mapping.sign == "quantity":
            quantity, amount = -quantity, -amount
        return {
            "line": record.line,
            "kind": kind,
            "document": text["document"],
            "sku": text["sku"],
            "name": text.get("name") or text["sku"],
            "is_named": bool(text.get("name")),
            "quantity": quantity,
            "unit_price": exact_minor_units(price, self._digits),
            "price_text": str(price.normalize()),
            "amount": amount,
            "ordered_at": iso(self._moment(text["ordered_at"], self.fields.name["ordered_at"])),
            "customer": customer,
            "country": text.get("country") or None,
        }

    def _number(self, text: dict[str, str], key: str) -> Decimal:
        mapping = self.mapping
        return decimal(
            text[key], self.fields.name[key], mapping.decimal_separator, mapping.thousands_separator
        )

    def _kind(self, document: str, quantity: int, price: Decimal, customer: str | None) -> str:
        for rule in self.mapping.documents:
            if _applies(rule, document, quantity, price, customer):
                return rule.kind
        return "sale"


def _applies(rule: DocumentRule, document: str, quantity: int, price: Decimal, customer: str | None) -> bool:
    return (
        (rule.number_prefix is None or document.startswith(rule.number_prefix))
        and (rule.negative_quantity is None or rule.negative_quantity == (quantity < 0))
        and (rule.zero_price is None or rule.zero_price == (price == 0))
        and (rule.without_customer is None or rule.without_customer == (customer is None))
    )
