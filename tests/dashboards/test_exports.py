import csv
import io
import zipfile

import pandas as pd

from dashboards.exports import to_csv, to_excel

TABLE = pd.DataFrame(
    {"day": pd.to_datetime(["2026-05-01", "2026-05-02"]), "product": ["Mug", "=1+1"], "net": [12.5, 3]}
)
ABOUT = {"Shop": "Demo (demo)", "Build": "20260501T120000"}


def test_a_csv_export_says_its_filters_and_build_before_the_rows() -> None:
    text = to_csv(TABLE, ABOUT).decode("utf-8-sig")
    assert text.startswith("# Shop: Demo (demo)\n# Build: 20260501T120000\n")
    rows = list(csv.DictReader(io.StringIO("".join(text.splitlines(keepends=True)[2:]))))
    assert [row["net"] for row in rows] == ["12.5", "3.0"]


def test_a_csv_export_never_carries_a_formula_into_a_spreadsheet() -> None:
    assert b"'=1+1" in to_csv(TABLE, ABOUT)
    assert b",=1+1" not in to_csv(TABLE, ABOUT)


def test_an_excel_export_has_the_rows_and_a_sheet_about_them() -> None:
    archive = zipfile.ZipFile(io.BytesIO(to_excel(TABLE, ABOUT)))
    strings = archive.read("xl/sharedStrings.xml").decode()
    assert all(text in strings for text in ("Mug", "=1+1", "20260501T120000"))
    assert "<f>" not in archive.read("xl/worksheets/sheet1.xml").decode()
