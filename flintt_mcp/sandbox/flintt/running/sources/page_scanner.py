"""A web page cut at its headings and articles: each piece has a title, a text, its first link and its date.

In: HTML or plain text. Out: a `Page`, its texts decoded once, its addresses as they stand. Scripts, styles, navigation and
footers are left out. The scanner is our own because its time is in proportion to the page, whatever the page is: html.parser
takes minutes for a megabyte of "<a ".
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape

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
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)([^<>]*)>")
_ATTRIBUTE = re.compile(r"""(?<![a-zA-Z-])([a-zA-Z-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")
MAX_ATTRIBUTES = 4096
MAX_PIECES = 2000


@dataclass(slots=True)
class Piece:
    """A part of a page, from one heading or article to the next; its words in the parts in which they stood."""

    titles: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    address: str = ""
    date: str = ""
    has_words: bool = False

    @property
    def title(self) -> str:
        """The words of its headings."""
        return "".join(self.titles)

    @property
    def text(self) -> str:
        """All other words."""
        return "".join(self.texts)


class Page:
    """What a page says: its title, the address that its links are relative to when it names one, and its pieces."""

    def __init__(self) -> None:
        self.title = ""
        self.base = ""
        self.pieces = [Piece()]
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
            self.pieces.append(Piece())
        self._in_heading = self._in_heading or name in _HEADINGS
        self._in_title = self._in_title or name == "title"
        piece = self.pieces[-1]
        if name == "a" and not piece.address and not self._silent:
            piece.address = _attribute(attributes, "href")
        if name == "time":
            piece.date = piece.date or _attribute(attributes, "datetime")
        if name == "base":
            self.base = self.base or _attribute(attributes, "href")

    def _words(self, data: str) -> None:
        if not data:
            return
        if self._in_title:
            self.title += _unescaped(data)
        elif not self._silent:
            piece = self.pieces[-1]
            (piece.titles if self._in_heading else piece.texts).append(_unescaped(data))
            piece.has_words = piece.has_words or not data.isspace()

    def _break(self, tag: str) -> None:
        if tag in _BLOCKS:
            self.pieces[-1].texts.append("\n")


def scan(page: str) -> Page:
    """Read a page."""
    read = Page()
    read.read(page)
    return read


def _after(page: str, mark: str, start: int) -> int:
    """The place behind the next mark, or the end of the page."""
    found = page.find(mark, start)
    return found + len(mark) if found >= 0 else len(page)


def _attribute(attributes: str, wanted: str) -> str:
    for found in _ATTRIBUTE.finditer(attributes[:MAX_ATTRIBUTES]):
        if found[1].lower() == wanted:
            return _unescaped(found[2] or found[3] or found[4] or "")
    return ""


def _unescaped(text: str) -> str:
    try:
        return unescape(text)
    except ValueError:  # a character reference with thousands of digits
        return text
