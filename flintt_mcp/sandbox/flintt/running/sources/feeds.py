"""RSS and Atom as entries, with feedparser, which is given what it can take: text in one character set, characters of XML alone.

In: the text of a feed. Out: its entries, addresses as they stand or joined to an `xml:base`. What feedparser makes of dates is not
used: it reads "2026/1/5" as the first of this month.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from typing import Any

from flintt_mcp.sandbox.flintt.running.sources.entries import Entry, Unreadable

_NOT_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_DATES = ("published", "created", "updated")
_HEADERS = {"content-type": "application/xml; charset=utf-8"}
"""Overrules the character set that the feed declares: it was decoded by it, and is UTF-8 now."""


def feed_entries(text: str) -> list[Entry]:
    """The entries of a feed.

    Raises:
        Unreadable: it is none.
    """
    import feedparser

    # The parser gets a stream: bytes themselves it would try to open as the name of a file.
    content = io.BytesIO(_NOT_XML.sub(" ", text).lstrip().encode())
    feed = feedparser.parse(content, response_headers=_HEADERS, sanitize_html=False)
    if not feed.get("version"):
        raise Unreadable("not an RSS or Atom feed")
    return [_entry(entry) for entry in feed.entries]


def _entry(entry: Mapping[str, Any]) -> Entry:
    # Not entry.get: feedparser lends an entry without a date of one kind that of another, with a warning.
    told = dict(entry)
    contents = [str(part.get("value", "")) for part in told.get("content", ())]
    return Entry(
        title=str(told.get("title", "")),
        text=max([*contents, str(told.get("summary", ""))], key=len),
        address=next(_addresses(told), ""),
        id=str(told.get("id", "")),
        dates=[str(told[name]) for name in _DATES if told.get(name)],
    )


def _addresses(told: Mapping[str, Any]) -> Iterator[str]:
    """Its link; an id that feedparser takes for one counts when it is written as one."""
    link = str(told.get("link", ""))
    if link and (not told.get("guidislink") or link.startswith(("http://", "https://", "/"))):
        yield link
