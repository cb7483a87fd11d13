"""An invoice or credit note as PDF: the same bytes whenever it is printed.

The core fonts of PDF are used, which every reader has and nothing needs to be embedded for. They write the
letters of Windows-1252: western Europe's, with pound and euro. Others lose their accents, and what is left
after that is printed as a question mark; the stored document keeps all of them.
"""

import unicodedata
from collections.abc import Callable, Sequence
from decimal import Decimal
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_currency, get_currency_precision
from fpdf import FPDF
from fpdf.enums import XPos, YPos

from settings import theme
from transactional.checkout.explanation import percent
from transactional.invoices import rules
from transactional.invoices.rules import DocumentLine
from transactional.staff.service import Terms
from transactional.unit_of_work import Row

_FONT = "Helvetica"
_ENCODING = "cp1252"
_TITLES = {"invoice": "Invoice", "credit_note": "Credit note"}
_WIDTHS = (82, 16, 20, 26, 26)  # millimetres: item, units, tax rate, net, with tax
_LEFT, _WIDTH = 20, sum(_WIDTHS)
_BOTTOM = 25
_STROKES = str.maketrans("ŁłĐđĦħŦŧı", "LlDdHhTti")  # which Unicode takes for letters of their own


def printable(text: str) -> str:
    """`text` in the letters of Windows-1252; see the module."""
    return "".join(_printable(letter) for letter in text)


def _printable(letter: str) -> str:
    bare = unicodedata.normalize("NFKD", letter.translate(_STROKES))
    plain = "".join(each for each in bare if not unicodedata.combining(each))
    return next((each for each in (letter, plain) if _fits(each)), "?")


def _fits(text: str) -> bool:
    try:
        text.encode(_ENCODING)
    except UnicodeEncodeError:
        return False
    return bool(text) and text.isprintable()


class _Sheet(FPDF):
    """A page with the shop's colours; what every page ends with stands in `footer`."""

    def __init__(self, line: str):
        super().__init__(format="A4")
        self.core_fonts_encoding = _ENCODING
        self._line = printable(line)
        self.set_margins(_LEFT, 20, 210 - _LEFT - _WIDTH)
        self.set_auto_page_break(True, _BOTTOM)

    def footer(self) -> None:
        self.set_y(-15)
        self.set_font(_FONT, size=8)
        self.colour("muted")
        self.cell(_WIDTH - 20, 5, self._line)
        self.cell(20, 5, f"Page {self.page_no()}", align="R")

    def colour(self, name: str) -> None:
        self.set_text_color(getattr(theme().colours, name))

    def text_line(self, text: str, *, size: float = 10, bold: bool = False, colour: str = "ink") -> None:
        self.set_font(_FONT, "B" if bold else "", size)
        self.colour(colour)
        self.multi_cell(85, size * 0.5, printable(text), new_x=XPos.LEFT, new_y=YPos.NEXT, align="L")

    def rule(self, name: str) -> None:
        self.set_draw_color(getattr(theme().colours, name))
        self.line(_LEFT, self.get_y(), _LEFT + _WIDTH, self.get_y())

    def row(
        self, cells: Sequence[str], *, bold: bool = False, colour: str = "ink", height: float = 7
    ) -> None:
        """Cells of the table; the first is on the left, numbers are on the right."""
        self.set_font(_FONT, "B" if bold else "", 9)
        self.colour(colour)
        for at, (text, width) in enumerate(zip(cells, _WIDTHS, strict=True)):
            self.cell(width, height, self._shortened(printable(text), width), align="R" if at else "L")
        self.ln(height)

    def _shortened(self, text: str, width: float) -> str:
        if self.get_string_width(text) <= width - 2:
            return text
        while text and self.get_string_width(text + "\u2026") > width - 2:
            text = text[:-1]
        return text + "\u2026"


def pdf(invoice: Row, order_number: str, terms: Terms) -> bytes:
    """A stored document, printed."""
    seller, buyer = invoice["seller"], invoice["buyer"]
    footer = " \u00b7 ".join(part for part in (seller["name"], _tax_number(seller)) if part)
    sheet = _Sheet(f"{footer} \u00b7 {invoice['number']}")
    sheet.set_creation_date(invoice["issued_at"])
    sheet.set_title(printable(f"{_TITLES[invoice['kind']]} {invoice['number']}"))
    sheet.set_author(printable(seller["name"]))
    sheet.add_page()
    _head(sheet, invoice, order_number, terms)
    top = sheet.get_y()
    _party(sheet, "From", [seller["name"], *_split(seller["address"]), _tax_number(seller)], _LEFT, top)
    below = sheet.get_y()
    named = [buyer["company"] or "", buyer["name"], buyer["address"]]
    where = f"{buyer['postal_code'] or ''} {buyer['city'] or ''}".strip()
    _party(
        sheet,
        "To",
        [*named, where, _country(buyer["country"], terms.locale), _tax_number(buyer)],
        _LEFT + 88,
        top,
    )
    sheet.set_xy(_LEFT, max(below, sheet.get_y()) + 10)
    lines = [DocumentLine(**line) for line in invoice["lines"]]
    money = _money(invoice["currency"], terms.locale)
    _table(sheet, lines, money)
    _sums(sheet, invoice, lines, money)
    return bytes(sheet.output())


def _head(sheet: _Sheet, invoice: Row, order_number: str, terms: Terms) -> None:
    sheet.set_font(_FONT, "B", 22)
    sheet.colour("accent")
    sheet.cell(_WIDTH, 10, _TITLES[invoice["kind"]], new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    day = invoice["issued_at"].astimezone(ZoneInfo(terms.time_zone)).date()
    shown = format_date(day, "d MMMM yyyy", locale=terms.locale)
    sheet.set_font(_FONT, size=10)
    sheet.colour("muted")
    told = f"{invoice['number']}   \u00b7   {shown}   \u00b7   Order {order_number}"
    sheet.cell(_WIDTH, 6, printable(told), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    sheet.ln(4)
    sheet.rule("accent")
    sheet.ln(6)


def _party(sheet: _Sheet, label: str, lines: Sequence[str | None], left: float, top: float) -> None:
    sheet.set_xy(left, top)
    sheet.text_line(label, size=8, colour="muted")
    for at, line in enumerate(each for each in lines if each):
        sheet.set_x(left)
        sheet.text_line(line, bold=at == 0)


def _table(sheet: _Sheet, lines: Sequence[DocumentLine], money: Callable[[int], str]) -> None:
    sheet.row(("Item", "Units", "Tax", "Net", "With tax"), colour="muted")
    sheet.rule("ink")
    for line in lines:
        units = "" if line.quantity is None else str(line.quantity)
        total = money(line.net + line.tax)
        sheet.row((line.name, units, percent(line.tax_rate_bp), money(line.net), total), height=8)
        sheet.rule("line")


def _sums(sheet: _Sheet, invoice: Row, lines: Sequence[DocumentLine], money: Callable[[int], str]) -> None:
    taxes = rules.taxes(lines)
    if sheet.get_y() + 7 * (len(taxes) + 3) > sheet.h - _BOTTOM:
        sheet.add_page()
    sheet.ln(3)
    sheet.row(("", "", "", "Net", money(invoice["net"])))
    for rate, (net, tax) in taxes.items():
        sheet.row(("", "", f"Tax {percent(rate)}", f"on {money(net)}", money(tax)), colour="muted")
    label = "Total" if invoice["kind"] == "invoice" else "Credited"
    sheet.row(("", "", "", label, money(invoice["total"])), bold=True, colour="accent_dark", height=9)


def _country(code: str | None, locale: str) -> str:
    return str(Locale.parse(locale).territories.get(code or "", code or ""))


def _tax_number(party: Row) -> str:
    return f"Tax number {party['tax_number']}" if party["tax_number"] else ""


def _split(address: str) -> list[str]:
    return [part.strip() for part in address.split(",")]


def _money(currency: str, locale: str) -> Callable[[int], str]:
    precision = get_currency_precision(currency)

    def text(minor: int) -> str:
        return str(format_currency(Decimal(minor).scaleb(-precision), currency, locale=locale))

    return text
