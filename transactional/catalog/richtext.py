"""Descriptions as pages show them: simple HTML of what was imported, and nothing that runs."""

import re
from functools import lru_cache
from html import escape
from html.parser import HTMLParser

from markupsafe import Markup

# Without any attribute these cannot do harm; everything else loses its tags and keeps its text.
_KEPT = {"p", "ul", "ol", "li", "b", "strong", "i", "em", "u", "h2", "h3", "h4", "blockquote"}
_SILENT = {"script", "style", "template", "iframe", "object", "noscript", "svg", "math", "title", "textarea"}


class _Sanitiser(HTMLParser):
    """Writes a new document out of allowed tags and escaped text; nothing of the old one is copied."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self.open: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent += 1
        elif tag == "br" and not self._silent:
            self.out.append("<br>")
        elif tag in _KEPT and not self._silent:
            self.out.append(f"<{tag}>")
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag in self.open and not self._silent:
            while (last := self.open.pop()) != tag:
                self.out.append(f"</{last}>")
            self.out.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.out.append(escape(data))


@lru_cache(maxsize=1_000)
def markup(description: str) -> Markup:
    """A description as safe HTML; plain text becomes a paragraph."""
    sanitiser = _Sanitiser()
    sanitiser.feed(description)
    sanitiser.close()
    sanitiser.out += [f"</{tag}>" for tag in reversed(sanitiser.open)]
    body = "".join(sanitiser.out)
    return Markup(body if body.lstrip().startswith("<") else f"<p>{body}</p>")  # noqa: S704 - made above


def plain(description: str) -> str:
    """A description as text, for where no HTML can stand."""
    return re.sub(r"\s+", " ", Markup(re.sub(r"(?=<)", " ", markup(description))).striptags()).strip()  # noqa: S704
