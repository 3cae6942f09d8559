"""From the bytes of a source to the items in it: feeds, pages, JSON documents and files. Pure, and slow on purpose-built input.

In: bytes that are at most `MAX_BYTES` long, where they came from, and what kind they are. Out: bounded items in the order of
the source. Nothing here touches the network or the disk; call it in a worker thread. Raises `Unreadable` for what it is not.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import time
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Literal
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from flintt_mcp.sandbox.flintt.running.sources.page_pieces import page_items, strip_markup
from flintt_mcp.sandbox.flintt.running.sources.reach import MAX_ITEMS, MAX_TEXT, MAX_TITLE
from flintt_mcp.sandbox.ground.clock import stamp

Kind = Literal["feed", "page", "json"]
MAX_ADDRESS = 2048
MAX_MARKUP = 64 * 1024
"""So much of one text is looked at for markup."""

LISTS = ("items", "results", "articles", "entries", "data", "posts", "news", "jobs", "hits", "records")
TITLES = ("title", "headline", "name", "subject", "signal")
TEXTS = ("text", "content_text", "description", "summary", "content", "content_html", "body", "abstract")
ADDRESSES = ("url", "link", "href", "permalink", "external_url", "web_url", "source_url", "id")
DATES = ("published_at", "date_published", "published", "pubDate", "publishedAt", "date", "created_at", "updated")
_SPACE = re.compile(r"\s+")
_INVISIBLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
_TRACKING = re.compile(r"(utm_\w+|fbclid|gclid|mc_cid|mc_eid)", re.IGNORECASE)


class Unreadable(Exception):
    """The bytes are not what the source was said to be. The text is for the person who attached it."""


@dataclass(frozen=True, slots=True)
class Item:
    """One piece of news: `url` is where it was found, `own_url` whether that is its own address or its source's."""

    title: str
    text: str
    url: str
    own_url: bool
    published_at: str | None = None

    @property
    def key(self) -> str:
        """The same for the same item however often, and through whichever source, it is read."""
        told = _plain_address(self.url) if self.own_url else f"{self.url}\n{self.title.casefold()}"
        return hashlib.sha256(told.encode()).hexdigest()[:32]


def read_items(kind: Kind, content: bytes, base: str, items_at: str | None = None) -> list[Item]:
    """All items of a source; `base` is its address, for relative links and for items without one of their own.

    Raises:
        Unreadable: the content is not of this kind.
    """
    if kind == "feed":
        found = _feed(content, base)
    elif kind == "json":
        found = _json(content, base, items_at)
    else:
        found = (
            _item(title, text, address, _read_date(date or ""), base=base)
            for title, text, address, date in page_items(_decode(content))
        )
    items = [item for item in found if item is not None]
    return items[:MAX_ITEMS]


def _feed(content: bytes, base: str) -> Iterable[Item | None]:
    """RSS or Atom. The parser gets a stream: bytes themselves it would try to open as the name of a file."""
    import feedparser

    feed = feedparser.parse(io.BytesIO(content), response_headers={"content-location": base}, sanitize_html=False)
    if not feed.get("version"):
        raise Unreadable("not an RSS or Atom feed")
    return [
        _item(
            str(entry.get("title", "")),
            strip_markup(_entry_text(entry)[:MAX_MARKUP]),
            str(entry.get("link", "")),
            _from_struct(entry.get("published_parsed") or entry.get("updated_parsed")),
            base=base,
        )
        for entry in feed.entries[:MAX_ITEMS]
    ]


def _entry_text(entry: Mapping[str, Any]) -> str:
    contents = [str(part.get("value", "")) for part in entry.get("content", ())]
    return max([*contents, str(entry.get("summary", ""))], key=len)


def _json(content: bytes, base: str, items_at: str | None) -> Iterable[Item | None]:
    try:
        document = json.loads(content, parse_constant=lambda _name: None)
    except (ValueError, RecursionError):
        raise Unreadable("not a JSON document") from None
    entries = _at(document, items_at.split(".")) if items_at else _list_in(document)
    if not isinstance(entries, list):
        raise Unreadable("no list of items in the JSON document")
    return [_json_item(entry, base) for entry in entries[:MAX_ITEMS]]


def _at(document: Any, keys: list[str]) -> Any:
    for key in keys:
        document = document.get(key) if isinstance(document, dict) else None
    return document


def _list_in(document: Any) -> Any:
    """The document itself, or the first of the usual keys that holds a list."""
    if isinstance(document, dict):
        return next((document[key] for key in LISTS if isinstance(document.get(key), list)), None)
    return document


def _json_item(entry: Any, base: str) -> Item | None:
    if not isinstance(entry, dict):
        return None
    address = next((entry[key] for key in ADDRESSES if _is_address(entry.get(key))), "")
    text = _text_of(entry, TEXTS)
    return _item(
        _text_of(entry, TITLES), strip_markup(text[:MAX_MARKUP]), address, _read_date(_text_of(entry, DATES)), base=base
    )


def _text_of(entry: Mapping[str, Any], keys: Iterable[str]) -> str:
    return next((entry[key] for key in keys if isinstance(entry.get(key), str) and entry[key].strip()), "")


def _is_address(value: Any) -> bool:
    return isinstance(value, str) and (value.startswith(("http://", "https://", "/")))


def _item(title: str, text: str, address: str, published: str | None = None, *, base: str) -> Item | None:
    """A bounded, clean item, or None for one that says nothing."""
    title, text = clean(strip_markup(title[:MAX_MARKUP]))[:MAX_TITLE], clean(text[: 2 * MAX_TEXT])[:MAX_TEXT]
    if not title:
        title = text[:120]
    if not title:
        return None
    url = _absolute(base, address)
    return Item(title, text, url or base, url is not None, published)


def _absolute(base: str, address: str) -> str | None:
    """A web address, or None when there is none that could be shown."""
    try:
        url = urljoin(base, address.strip()) if address.strip() else ""
        usable = urlsplit(url).scheme in ("http", "https") and bool(urlsplit(url).hostname)
    except ValueError:
        return None
    return url if usable and len(url) <= MAX_ADDRESS and not re.search(r"[\x00-\x20\x7f]", url) else None


def _plain_address(url: str) -> str:
    """An address without what does not change what it shows: scheme, www, fragment, campaign parameters, last slash."""
    parts = urlsplit(url)
    query = [(name, value) for name, value in parse_qsl(parts.query) if not _TRACKING.fullmatch(name)]
    host = parts.netloc.lower().removeprefix("www.")
    return urlunsplit(("", host, parts.path.rstrip("/"), urlencode(query), ""))


def clean(text: str) -> str:
    """One line without invisible characters, each letter with its accents composed."""
    return unicodedata.normalize("NFC", _SPACE.sub(" ", _INVISIBLE.sub(" ", text)).strip())


def _decode(content: bytes) -> str:
    found = re.search(rb"charset=[\"']?([\w-]+)", content[:2048])
    for encoding in ("utf-8-sig", found.group(1).decode() if found else "cp1252"):
        try:
            return content.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
    return content.decode("utf-8", "replace")


def _from_struct(moment: time.struct_time | None) -> str | None:
    try:
        return stamp(datetime(*moment[:6], tzinfo=UTC)) if moment else None
    except (ValueError, TypeError):
        return None


def _read_date(text: str) -> str | None:
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = read(text)
            return stamp(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
        except (ValueError, TypeError, OverflowError):
            continue
    return None
