"""A table as a file: CSV or Excel, with the filters and the build it came from inside."""

import io
from collections.abc import Mapping

import pandas as pd
import xlsxwriter


def to_csv(table: pd.DataFrame, about: Mapping[str, str]) -> bytes:
    """UTF-8 CSV whose first lines, marked `#`, say the filters and the build."""
    head = "".join(f"# {name}: {value}\n" for name, value in about.items())
    rows: str = table.map(_no_formula).to_csv(index=False)
    return ("\ufeff" + head + rows).encode()


def to_excel(table: pd.DataFrame, about: Mapping[str, str]) -> bytes:
    """An Excel workbook: sheet `Data`, and sheet `About` with the filters and the build."""
    buffer = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "remove_timezone": True,
    }
    with xlsxwriter.Workbook(buffer, options) as book:
        bold = book.add_format({"bold": True, "bottom": 1})
        date_format = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet = book.add_worksheet("Data")
        sheet.freeze_panes(1, 0)
        sheet.write_row(0, 0, list(table.columns), bold)
        for column, name in enumerate(table.columns):
            is_date = pd.api.types.is_datetime64_any_dtype(table[name])
            values = [None if pd.isna(value) else value for value in table[name].tolist()]
            sheet.write_column(1, column, values, date_format if is_date else None)
            sheet.set_column(column, column, max(12, min(40, len(str(name)) + 4)))
        notes = book.add_worksheet("About")
        notes.set_column(0, 0, 24)
        notes.set_column(1, 1, 60)
        for row, (name, value) in enumerate(about.items()):
            notes.write(row, 0, name, bold)
            notes.write(row, 1, value)
    return buffer.getvalue()


def _no_formula(value: object) -> object:
    """A cell a spreadsheet would run as a formula is shown as text instead (OWASP, CSV injection)."""
    return (
        f"'{value}"
        if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r"))
        else value
    )
