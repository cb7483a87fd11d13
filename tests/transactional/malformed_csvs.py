"""More than a hundred CSV files of products, each with one thing wrong, and where it is."""

from collections.abc import Iterator
from typing import NamedTuple

from transactional.catalog.csv_reading import MAX_ROWS

HEADER = (
    "Handle,Title,Body (HTML),Vendor,Product Category,Type,Tags,Published,Option1 Name,Option1 Value,"
    "Option2 Name,Option2 Value,Variant SKU,Variant Grams,Variant Inventory Qty,Variant Price,"
    "Variant Compare At Price,Variant Barcode,Image Src,Image Position,Image Alt Text,Cost per item,Status"
)
NAMES = HEADER.split(",")
_VALUES = (
    "hat,Hat,<p>Warm</p>,Acme,Clothes,Hats,wool,TRUE,Size,S,,,HAT-S,90,5,19.90,25.00,400638,"
    "https://cdn.example/hat.jpg,1,A hat,8.00,active"
)
FIRST = dict(zip(NAMES, _VALUES.split(","), strict=True))
SECOND = dict.fromkeys(NAMES, "") | {
    "Handle": "hat",
    "Option1 Value": "M",
    "Variant SKU": "HAT-M",
    "Variant Price": "19.90",
}


class Malformed(NamedTuple):
    what: str
    data: bytes
    line: int


def file(*rows: dict[str, str]) -> bytes:
    """A file of these rows, every cell quoted."""
    lines = [",".join('"' + row[name].replace('"', '""') + '"' for name in NAMES) for row in rows]
    return "\r\n".join([HEADER, *lines, ""]).encode()


BAD_CELLS: dict[str, list[str]] = {
    "Handle": ["", " ", "two words", "a/b", "a?b", "x" * 161, "=cmd()", "<b>"],
    "Title": ["", "   ", "x" * 301],
    "Body (HTML)": ["x" * 20_001, "x" * 100_001],
    "Vendor": ["x" * 201],
    "Product Category": ["", "Cars", "Cars > Vans", ">", "x" * 500],
    "Type": ["x" * 101],
    "Tags": [", ".join(f"t{n}" for n in range(101)), "x" * 101],
    "Published": ["yes", "1", "live"],
    "Option1 Name": ["", " ", "x" * 101],
    "Option2 Name": ["Size", "Colour"],
    "Option1 Value": ["", "x" * 101],
    "Option2 Value": ["Red"],
    "Variant SKU": ["A B", "A\tB", "A\nB", "x" * 65, "SHIRT0-S"],
    "Variant Grams": ["-1", "heavy", "1,5", "1e3", "99999999999", "100000001", "0x10", "=1+1"],
    "Variant Inventory Qty": ["--1", "many", "2.5", "1e9", "9999999999"],
    "Variant Price": [
        "",
        "-1",
        "-0.01",
        "free",
        "1,99",
        "19.999",
        "1e3",
        "NaN",
        "inf",
        "£5",
        "99999999999",
        "=1",
    ],
    "Variant Compare At Price": ["-1", "19.89", "abc", "25.001", "1 000"],
    "Variant Barcode": ["9" * 65, "b c!"],
    "Image Src": [
        "javascript:alert(1)",
        "//evil.example/x",
        "http://plain.example/x",
        "a b",
        "data:x",
        "/" * 301,
    ],
    "Image Position": ["-1", "first", "1.5"],
    "Image Alt Text": ["x" * 301],
    "Cost per item": ["-1", "cheap", "0.001"],
    "Status": ["live", "aktiv", "1", "=cmd()"],
}
BAD_SECOND_CELLS: dict[str, list[str]] = {
    "Title": ["Another hat"],
    "Vendor": ["Other"],
    "Status": ["draft"],
    "Option1 Name": ["Colour"],
    "Option1 Value": ["", "S"],
    "Option2 Value": ["Red"],
    "Variant SKU": ["HAT-S", "SHIRT0-S"],
    "Variant Price": ["", "-5", "cheap"],
    "Handle": ["", "cap"],
}


def malformed() -> Iterator[Malformed]:
    for name, cells in BAD_CELLS.items():
        for cell in cells:
            yield Malformed(f"{name}: {cell[:30]!r}", file(FIRST | {name: cell}, SECOND), 2)
    good = file(FIRST, SECOND)
    for name, cells in BAD_SECOND_CELLS.items():
        for cell in cells:
            row = SECOND | {name: cell}
            line = good.count(b"\r\n")
            yield Malformed(f"second line, {name}: {cell!r}", file(FIRST, row), line)
    for name in ("Handle", "Title", "Variant Price"):
        yield Malformed(f"no {name}", good.replace(name.encode(), b"Column", 1), 1)
    for name in ("Handle", "Title", "Variant SKU", "Variant Price", "URL handle", "SKU"):
        yield Malformed(f"{name} twice", good.replace(b"Type", name.encode(), 1), 1)
    first_row = good.split(b"\r\n")[1]
    yield from (
        Malformed("empty", b"", 1),
        Malformed("only line ends", b"\r\n\r\n\n", 1),
        Malformed("only a header", HEADER.encode(), 1),
        Malformed("a byte order mark alone", b"\xef\xbb\xbf", 1),
        Malformed("latin-1", good.replace(b"Warm", "Größe".encode("latin-1")), 2),
        Malformed("latin-1 in the last line", good.replace(b"HAT-M", b"HAT-\xfc"), 3),
        Malformed("utf-16", good.decode().encode("utf-16"), 1),
        Malformed("cut inside a character", good + "é".encode()[:1], 4),
        Malformed("a NUL byte", good.replace(b"Warm", b"Wa\0rm"), 2),
        Malformed("a NUL byte in the header", b"\0" + good, 1),
        Malformed("an archive", b"PK\x03\x04\x14\x00\x08\x08\xff\xfe", 1),
        Malformed("a quote never closed", good.replace(b'"HAT-M"', b'"HAT-M'), 3),
        Malformed("text behind a quote", good.replace(b'"Hat"', b'"Hat"x'), 2),
        Malformed("an open quote at the end", good + b'"', 4),
        Malformed("a cell too many", good.replace(first_row, first_row + b',"x"'), 2),
        Malformed("a cell missing", good.replace(first_row, first_row.rsplit(b",", 1)[0]), 2),
        Malformed("semicolons", good.replace(b",", b";"), 1),
        Malformed("tabs", good.replace(b",", b"\t"), 1),
        Malformed("HTML", b"<html><body>Not here</body></html>", 1),
        Malformed("JSON", b'[{"Handle": "hat"}]', 1),
        Malformed("a huge cell", good.replace(b"Warm", b"x" * 200_000), 2),
        Malformed(
            "too many rows",
            good + (b"hat" + b"," * 22 + b"\r\n") * MAX_ROWS,
            MAX_ROWS + 2,
        ),
        Malformed("the same file twice", good + good.split(b"\r\n", 1)[1], 4),
    )
