"""An invoice or credit note as PDF: the same bytes whenever it is printed."""

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_currency, get_currency_precision
from fpdf.enums import XPos, YPos

from transactional.checkout.explanation import percent
from transactional.invoices import rules
from transactional.invoices.rules import DocumentLine
from transactional.invoices.sheet import BOTTOM, LEFT, MARK, WIDTH, Sheet
from transactional.staff.service import Terms
from transactional.unit_of_work import Row

_TITLES = {"invoice": "Invoice", "credit_note": "Credit note"}
_HEADINGS = ("Item", "SKU", "Units", "Unit price", "Discount", "Tax", "Net", "With tax")
_WIDTHS = (46, 33, 12, 21, 19, 12, 21, 22)
_COLUMN = 88  # where the second party stands, right of the first
_Money = Callable[[int], str]


def pdf(invoice: Row, order_number: str, terms: Terms) -> bytes:
    """A stored document, printed."""
    seller = invoice["seller"]
    footer = " · ".join(part for part in (seller["name"], _tax_number(seller)) if part)
    sheet = Sheet(f"{footer} · {invoice['number']}")
    sheet.set_creation_date(invoice["issued_at"])
    sheet.set_title(f"{_TITLES[invoice['kind']]} {invoice['number']}")
    sheet.set_author(seller["name"])
    sheet.add_page()
    _head(sheet, invoice, order_number, terms)
    _parties(sheet, invoice, terms)
    lines = [DocumentLine(**line) for line in invoice["lines"]]
    money = _money(invoice["currency"], terms.locale)
    sheet.rows([_HEADINGS, *(_cells(line, money) for line in lines)], _WIDTHS)
    _sums(sheet, invoice, lines, money)
    if sheet.lacks_letters:
        told = f"{MARK} stands for a letter that this print cannot show. The electronic invoice has it."
        sheet.ln(4)
        sheet.text_line(told, size=8, colour="muted")
    return bytes(sheet.output())


def _head(sheet: Sheet, invoice: Row, order_number: str, terms: Terms) -> None:
    sheet.text_line(_TITLES[invoice["kind"]], size=22, colour="accent")
    issued = _day(invoice["issued_at"].astimezone(ZoneInfo(terms.time_zone)).date(), terms)
    sheet.text_line(f"{invoice['number']}   ·   {issued}   ·   Order {order_number}", colour="muted")
    told = [
        invoice["corrects"] and f"Corrects invoice {invoice['corrects']}",
        invoice["sent_on"] and f"Sent on {_day(invoice['sent_on'], terms)}",
        invoice["promised_on"] and f"Delivery by {_day(invoice['promised_on'], terms)}",
    ]
    if any(told):
        sheet.text_line("   ·   ".join(each for each in told if each), colour="muted")
    sheet.ln(4)
    sheet.rule("accent")
    sheet.ln(6)


def _parties(sheet: Sheet, invoice: Row, terms: Terms) -> None:
    seller, buyer = invoice["seller"], invoice["buyer"]
    top = sheet.get_y()
    _party(sheet, "From", [seller["name"], *_split(seller["address"]), _tax_number(seller)], LEFT, top)
    below = sheet.get_y()
    named = [buyer["company"] or "", buyer["name"], buyer["address"]]
    where = f"{buyer['postal_code'] or ''} {buyer['city'] or ''}".strip()
    shown = [*named, where, _country(buyer["country"], terms.locale), _tax_number(buyer)]
    _party(sheet, "To", shown, LEFT + _COLUMN, top)
    sheet.set_xy(LEFT, max(below, sheet.get_y()) + 10)


def _party(sheet: Sheet, label: str, lines: Sequence[str | None], left: float, top: float) -> None:
    sheet.set_xy(left, top)
    sheet.text_line(label, size=8, colour="muted", width=_COLUMN - 3)
    for line in lines:
        if line:
            sheet.set_x(left)
            sheet.text_line(line, width=_COLUMN - 3)


def _cells(line: DocumentLine, money: _Money) -> list[str]:
    def shown(amount: int | None) -> str:
        return "" if amount is None else money(amount)

    units = "" if line.quantity is None else str(line.quantity)
    rate = percent(line.tax_rate_bp)
    amounts = (money(line.net), money(line.net + line.tax))
    return [line.name, line.sku or "", units, shown(line.unit_price), shown(line.discount), rate, *amounts]


def _sums(sheet: Sheet, invoice: Row, lines: Sequence[DocumentLine], money: _Money) -> None:
    taxes = rules.taxes(lines)
    if sheet.get_y() + 7 * (len(taxes) + 4) > sheet.h - BOTTOM:
        sheet.add_page()
    sheet.ln(3)
    _sum(sheet, "Net", money(invoice["net"]))
    for rate, (net, tax) in taxes.items():
        _sum(sheet, f"Tax {percent(rate)} on {money(net)}", money(tax), colour="muted")
    label = "Total" if invoice["kind"] == "invoice" else "Credited"
    _sum(sheet, label, money(invoice["total"]), size=12, colour="accent_dark")
    if invoice["reverse_charge"]:
        sheet.ln(4)
        sheet.text_line("Reverse charge: the buyer accounts for the tax.")


def _sum(sheet: Sheet, label: str, amount: str, *, size: float = 9, colour: str = "ink") -> None:
    sheet.write_in(colour, size)
    sheet.cell(WIDTH - 30, 7, sheet.fitting(label), align="R")
    sheet.cell(30, 7, sheet.fitting(amount), align="R", new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _day(day: date, terms: Terms) -> str:
    return str(format_date(day, "d MMMM yyyy", locale=terms.locale))


def _country(code: str | None, locale: str) -> str:
    return str(Locale.parse(locale).territories.get(code or "", code or ""))


def _tax_number(party: Row) -> str:
    return f"Tax number {party['tax_number']}" if party["tax_number"] else ""


def _split(address: str) -> list[str]:
    return [part.strip() for part in address.split(",")]


def _money(currency: str, locale: str) -> _Money:
    precision = get_currency_precision(currency)

    def text(minor: int) -> str:
        return str(format_currency(Decimal(minor).scaleb(-precision), currency, locale=locale))

    return text
