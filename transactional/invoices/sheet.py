"""The paper that documents are printed on: a page with the shop's colours and one embedded font.

The font is WenQuanYi Micro Hei: Latin, Greek, Cyrillic, Chinese, Japanese and Korean. A letter that it lacks
loses its accents, or is printed as `MARK`; the stored document keeps it.
"""

import unicodedata
from collections.abc import Collection, Sequence
from importlib.resources import files

from fpdf import FPDF
from fpdf.enums import TableBordersLayout, XPos, YPos
from fpdf.fonts import FontFace

from settings import theme

MARK = "□"
LEFT, WIDTH = 12, 186  # millimetres
BOTTOM = 25
_FONT = "document"
_FILE = ("paperang_p2_fonts_cjk", "fonts/wqy-microhei.ttc")
_STROKES = str.maketrans("ŁłĐđĦħŦŧı", "LlDdHhTti")  # which Unicode takes for letters of their own


def printable(text: str, letters: Collection[int]) -> str:
    """`text` in the letters of a font, given by their code points; see the module."""
    return "".join(_printable(letter, letters) for letter in text if letter.isprintable())


def _printable(letter: str, letters: Collection[int]) -> str:
    bare = unicodedata.normalize("NFKD", letter.translate(_STROKES))
    plain = "".join(each for each in bare if not unicodedata.combining(each))
    fits = (each for each in (letter, plain) if each and all(ord(part) in letters for part in each))
    return next(fits, "" if unicodedata.combining(letter) else MARK)


class Sheet(FPDF):
    """An A4 document, each page of which ends with `line`, and its number of all."""

    def __init__(self, line: str):
        super().__init__(format="A4")
        package, name = _FILE
        self.add_font(_FONT, fname=str(files(package) / name), collection_font_number=0)
        self.set_font(_FONT, size=10)
        self._letters = self.current_font.cmap.keys()  # type: ignore[union-attr]  # a TrueType font has one
        self.lacks_letters = False
        self._line = self.fitting(line)
        self.set_margins(LEFT, 20, 210 - LEFT - WIDTH)
        self.set_auto_page_break(True, BOTTOM)

    def fitting(self, text: str) -> str:
        """`text` as it can be printed."""
        found = printable(text, self._letters)
        self.lacks_letters |= MARK in found and MARK not in text
        return found

    def footer(self) -> None:
        self.set_y(-15)
        self.write_in("muted", 8)
        self.cell(WIDTH - 30, 5, self._line)
        self.cell(30, 5, f"Page {self.page_no()} of {{nb}}", align="R")

    def write_in(self, colour: str, size: float) -> None:
        self.set_font(_FONT, size=size)
        self.set_text_color(getattr(theme().colours, colour))

    def text_line(self, text: str, *, size: float = 10, colour: str = "ink", width: float = WIDTH) -> None:
        """A paragraph; the next one begins below it."""
        self.write_in(colour, size)
        self.multi_cell(width, size * 0.5, self.fitting(text), new_x=XPos.LEFT, new_y=YPos.NEXT, align="L")

    def rule(self, colour: str) -> None:
        self.set_draw_color(getattr(theme().colours, colour))
        self.line(LEFT, self.get_y(), LEFT + WIDTH, self.get_y())

    def rows(self, rows: Sequence[Sequence[str]], widths: Sequence[int]) -> None:
        """A table under the headings of its first row, which every page repeats; long texts wrap.

        Args:
            widths: millimetres; the first two columns are on the left, numbers are on the right.
        """
        self.write_in("ink", 8.5)
        self.set_draw_color(theme().colours.line)
        with self.table(
            [[self.fitting(cell) for cell in row] for row in rows],
            col_widths=tuple(widths),
            width=WIDTH,
            line_height=4.6,
            padding=(1.4, 1),
            text_align=("LEFT", "LEFT", *("RIGHT",) * (len(widths) - 2)),
            v_align="TOP",
            borders_layout=TableBordersLayout.HORIZONTAL_LINES,
            headings_style=FontFace(emphasis="", color=theme().colours.muted),
        ):
            pass
