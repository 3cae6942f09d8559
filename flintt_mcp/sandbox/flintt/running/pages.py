"""A web page as a list of items: it is cut at its headings and articles, and each piece keeps its first link.

In: HTML or plain text. Out: (title, text, address, date) as they stand, not yet bounded or made absolute. A page without a heading
is one item. Scripts, styles, navigation and footers are left out. Only the standard library's forgiving parser is used.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

Told = tuple[str, str, str, str | None]

_HEADINGS = frozenset({"h1", "h2", "h3", "h4"})
_SILENT = frozenset({"script", "style", "nav", "footer", "noscript", "template", "svg", "form"})
_BLOCKS = _HEADINGS | {
    "p",
    "div",
    "li",
    "br",
    "article",
    "section",
    "td",
    "tr",
    "ul",
    "ol",
    "main",
    "title",
    "blockquote",
}
_VOID_FROM = re.compile(r"<[a-zA-Z/!]")
MAX_PIECES = 2000


@dataclass(slots=True)
class _Piece:
    title: list[str] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    address: str = ""
    date: str | None = None


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.title: list[str] = []
        self.pieces = [_Piece()]
        self._silent = 0
        self._in_title = False
        self._in_heading = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent += 1
            return
        if (tag in _HEADINGS or tag == "article") and self._has_words() and len(self.pieces) < MAX_PIECES:
            self.pieces.append(_Piece())
        self._in_heading = self._in_heading or tag in _HEADINGS
        self._in_title = self._in_title or tag == "title"
        piece, values = self.pieces[-1], dict(attrs)
        if tag == "a" and not piece.address and not self._silent:
            piece.address = values.get("href") or ""
        if tag == "time":
            piece.date = piece.date or values.get("datetime")
        self._break(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        if tag in _HEADINGS:
            self._in_heading = False
        if tag == "title":
            self._in_title = False
        self._break(tag)

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title.append(data)
        elif not self._silent:
            (self.pieces[-1].title if self._in_heading else self.pieces[-1].text).append(data)

    def _break(self, tag: str) -> None:
        if tag in _BLOCKS:
            self.pieces[-1].text.append("\n")

    def _has_words(self) -> bool:
        piece = self.pieces[-1]
        return bool("".join(piece.title).strip() or "".join(piece.text).strip())


def page_items(page: str) -> list[Told]:
    """The pieces of a page."""
    parser = _parsed(page)
    pieces = [piece for piece in parser.pieces if "".join(piece.title).strip()]
    if not pieces:
        text = " ".join("".join(piece.text) for piece in parser.pieces)
        return [("".join(parser.title), text, "", None)]
    return [("".join(piece.title), "".join(piece.text), piece.address, piece.date) for piece in pieces]


def strip_markup(text: str) -> str:
    """The words of a text that may be HTML; what holds no tag is left as it is."""
    if not _VOID_FROM.search(text):
        return text
    return " ".join("".join(piece.title) + " " + "".join(piece.text) for piece in _parsed(text).pieces)


def _parsed(page: str) -> _Page:
    parser = _Page()
    parser.feed(page)
    parser.close()
    return parser
