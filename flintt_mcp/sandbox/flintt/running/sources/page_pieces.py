"""A web page as a list of items: it is cut at its headings and articles, and each piece keeps its first link.

In: HTML or plain text. Out: (title, text, address, date) as they stand, not yet bounded or made absolute. A page without a heading
is one item. Scripts, styles, navigation and footers are left out. The scanner is our own because its time is in proportion to
the page, whatever the page is: html.parser takes minutes for a megabyte of "<a ".
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape

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
_RAW = frozenset({"script", "style"})
_MARKUP = re.compile(r"<[a-zA-Z/!]")
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)([^<>]*)>")
_ATTRIBUTE = re.compile(r"""(?<![a-zA-Z-])([a-zA-Z-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")
MAX_ATTRIBUTES = 4096
MAX_PIECES = 2000


@dataclass(slots=True)
class _Piece:
    title: list[str] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    address: str = ""
    date: str | None = None
    has_words: bool = False


class _Page:
    def __init__(self) -> None:
        self.title: list[str] = []
        self.pieces = [_Piece()]
        self._silent = 0
        self._in_title = False
        self._in_heading = False

    def read(self, page: str) -> None:
        """Go through the page once, from each < to the next."""
        place, lower = 0, page.lower()
        while (start := page.find("<", place)) >= 0:
            self._words(page[place:start])
            if page.startswith(("<!", "<?"), start):
                place = _after(page, "-->" if page.startswith("<!--", start) else ">", start + 2)
            elif (tag := _TAG.match(page, start)) is None:
                self._words("<")
                place = start + 1
            else:
                place = tag.end()
                self._tag(tag[1] == "/", tag[2].lower(), tag[3])
                if not tag[1] and tag[2].lower() in _RAW:
                    end = lower.find(f"</{tag[2].lower()}", place)
                    place = end if end >= 0 else len(page)
        self._words(page[place:])

    def _tag(self, ends: bool, name: str, attributes: str) -> None:
        if name in _SILENT:
            self._silent = max(0, self._silent + (-1 if ends else 1))
            return
        if ends:
            self._in_heading = self._in_heading and name not in _HEADINGS
            self._in_title = self._in_title and name != "title"
        else:
            self._begin(name, attributes)
        self._break(name)

    def _begin(self, name: str, attributes: str) -> None:
        if (name in _HEADINGS or name == "article") and self.pieces[-1].has_words and len(self.pieces) < MAX_PIECES:
            self.pieces.append(_Piece())
        self._in_heading = self._in_heading or name in _HEADINGS
        self._in_title = self._in_title or name == "title"
        piece = self.pieces[-1]
        if name == "a" and not piece.address and not self._silent:
            piece.address = _attribute(attributes, "href") or ""
        if name == "time":
            piece.date = piece.date or _attribute(attributes, "datetime")

    def _words(self, data: str) -> None:
        if not data:
            return
        if self._in_title:
            self.title.append(_unescaped(data))
        elif not self._silent:
            piece = self.pieces[-1]
            (piece.title if self._in_heading else piece.text).append(_unescaped(data))
            piece.has_words = piece.has_words or not data.isspace()

    def _break(self, tag: str) -> None:
        if tag in _BLOCKS:
            self.pieces[-1].text.append("\n")


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
    if not _MARKUP.search(text):
        return text
    return " ".join("".join(piece.title) + " " + "".join(piece.text) for piece in _parsed(text).pieces)


def _parsed(page: str) -> _Page:
    parser = _Page()
    parser.read(page)
    return parser


def _after(page: str, mark: str, start: int) -> int:
    """The place behind the next mark, or the end of the page."""
    found = page.find(mark, start)
    return found + len(mark) if found >= 0 else len(page)


def _attribute(attributes: str, wanted: str) -> str | None:
    for found in _ATTRIBUTE.finditer(attributes[:MAX_ATTRIBUTES]):
        if found[1].lower() == wanted:
            return _unescaped(found[2] or found[3] or found[4] or "")
    return None


def _unescaped(text: str) -> str:
    try:
        return unescape(text)
    except ValueError:  # a character reference with thousands of digits
        return text
