"""From the bytes of a source to the items in it. Pure, and slow on purpose-built input.

In: content of at most `MAX_BYTES`, what it was said to be, and now. Out: bounded, clean items in the order of the source, told
apart. Nothing here touches the network or the disk; call it in a worker thread. Raises `Unreadable` for what it is not.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime
from urllib.parse import urljoin, urlsplit

from flintt_mcp.sandbox.flintt.running.sources.charsets import decode
from flintt_mcp.sandbox.flintt.running.sources.content import Content
from flintt_mcp.sandbox.flintt.running.sources.dates import read_date
from flintt_mcp.sandbox.flintt.running.sources.entries import Entry, Unreadable
from flintt_mcp.sandbox.flintt.running.sources.feeds import feed_entries
from flintt_mcp.sandbox.flintt.running.sources.identity import Item, tell_apart, universal_id
from flintt_mcp.sandbox.flintt.running.sources.json_documents import json_entries
from flintt_mcp.sandbox.flintt.running.sources.markup import mend_references, plain_text
from flintt_mcp.sandbox.flintt.running.sources.reach import MAX_ITEMS, MAX_TEXT, MAX_TITLE
from flintt_mcp.sandbox.flintt.running.sources.web_pages import page_entries

MAX_ADDRESS = 2048
MAX_MARKUP = 64 * 1024
"""So much of one text is looked at for markup."""
TITLE_OF_TEXT = 120
"""So much of its text is the title of an item that has none."""
_SPACE = re.compile(r"\s+")
_INVISIBLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
_NOT_IN_ADDRESS = re.compile(r"[\x00-\x20\x7f\ud800-\udfff]")


def read_items(content: Content, items_at: str | None, now: datetime) -> list[Item]:
    """All items of a source.

    Raises:
        Unreadable: the content is not of its kind, or has entries that say nothing.
    """
    text = mend_references(decode(content.body, content.content_type))
    if content.kind == "feed":
        entries = feed_entries(text)
    elif content.kind == "json":
        entries = json_entries(text, items_at)
    else:
        entries = page_entries(text)
    found = [_item(entry, content, now) for entry in entries[:MAX_ITEMS]]
    items = [item for item in found if item is not None]
    if entries and not items:
        counted = f"its {len(entries)} entries have" if len(entries) > 1 else "its one entry has"
        raise Unreadable(f"{counted} no headline and no text that could be read")
    return tell_apart(items)


def _item(entry: Entry, content: Content, now: datetime) -> Item | None:
    """A bounded, clean item, or None for one that says nothing."""
    text = clean(plain_text(entry.text[:MAX_MARKUP])[: 2 * MAX_TEXT])[:MAX_TEXT]
    title = clean(plain_text(entry.title[:MAX_MARKUP]))[:MAX_TITLE] or text[:TITLE_OF_TEXT]
    if not title:
        return None
    url = _absolute(content.answered_at, entry.address)
    return Item(
        title=title,
        text=text,
        url=url or content.address,
        own_url=url is not None,
        published_at=read_date(entry.dates, now),
        id=universal_id(entry.id, content.address),
    )


def _absolute(base: str, address: str) -> str | None:
    """A web address, or None when there is none that could be shown."""
    try:
        url = urljoin(base, address.strip()) if address.strip() else ""
        usable = urlsplit(url).scheme in ("http", "https") and bool(urlsplit(url).hostname)
    except ValueError:
        return None
    return url if usable and len(url) <= MAX_ADDRESS and not _NOT_IN_ADDRESS.search(url) else None


def clean(text: str) -> str:
    """One line without invisible characters, each letter with its accents composed."""
    return unicodedata.normalize("NFC", _SPACE.sub(" ", _INVISIBLE.sub(" ", text)).strip())
