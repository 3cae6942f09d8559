"""A JSON document as entries: a list of objects whose keys say what they hold.

In: text, and where the list is if somebody said so. Out: entries. Keys are the same however their words are joined (`hostedUrl`,
`hosted_url`); a value may be wrapped, as `{"rendered": "..."}` of WordPress is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from flintt_mcp.sandbox.flintt.running.sources.entries import Entry, Unreadable

LISTS = ("items", "results", "articles", "entries", "data", "posts", "news", "jobs", "hits", "records")
TITLES = ("title", "headline", "name", "subject", "signal")
TEXTS = (
    *(
        "text",
        "contenttext",
        "description",
        "descriptionplain",
        "summary",
        "content",
        "contenthtml",
        "body",
        "abstract",
    ),
    *("excerpt", "standfirst", "snippet"),
)
ADDRESSES = (
    *(
        "url",
        "link",
        "href",
        "permalink",
        "externalurl",
        "weburl",
        "htmlurl",
        "sourceurl",
        "canonicalurl",
        "absoluteurl",
    ),
    *("hostedurl", "joburl", "posturl", "articleurl", "applyurl", "links", "guid", "id"),
)
IDS = ("guid", "id", "uuid", "objectid", "jobid")
DATES = (
    *("publishedat", "datepublished", "published", "publicationdate", "pubdate", "firstpublished", "dategmt", "date"),
    *("postedat", "createdat", "created", "timestamp", "time", "updatedat", "datemodified", "updated"),
)
WRAPPED = ("rendered", "value", "text", "plain", "raw", "html", "href", "url", "#text", "_", "$t")
"""Where a value is when it is an object of its own."""
MAX_WRAPPED = 20
_JOINS = re.compile(r"[\W_]+")


def json_entries(text: str, items_at: str | None) -> list[Entry]:
    """The entries of a document.

    Raises:
        Unreadable: it is not JSON, or there is no list where one should be.
    """
    try:
        document = json.loads(text, parse_constant=lambda _name: None)
    except (ValueError, RecursionError):
        raise Unreadable("not a JSON document") from None
    entries = _at(document, items_at.split(".")) if items_at else _list_in(document)
    if not isinstance(entries, list):
        raise Unreadable("no list of items in the JSON document")
    return [_entry(entry) for entry in entries]


def _at(document: Any, keys: Iterable[str]) -> Any:
    for key in keys:
        document = document.get(key) if isinstance(document, dict) else None
    return document


def _list_in(document: Any) -> Any:
    """The document itself, or the first of the usual keys that holds a list."""
    if isinstance(document, dict):
        return next((document[key] for key in LISTS if isinstance(document.get(key), list)), None)
    return document


def _entry(entry: Any) -> Entry:
    if not isinstance(entry, dict):
        return Entry()
    told: dict[str, Any] = {}
    for key, value in entry.items():
        told.setdefault(_JOINS.sub("", key).casefold(), value)
    return Entry(
        title=next(_texts(told, TITLES), ""),
        text=max(_texts(told, TEXTS), key=len, default=""),
        address=next((text for text in _texts(told, ADDRESSES) if text.startswith(("http://", "https://", "/"))), ""),
        id=next((str(value) for value in _values(told, IDS)), ""),
        dates=list(_values(told, DATES)),
    )


def _texts(told: Mapping[str, Any], keys: Iterable[str]) -> Iterator[str]:
    return (value for value in _values(told, keys) if isinstance(value, str))


def _values(told: Mapping[str, Any], keys: Iterable[str]) -> Iterator[str | int | float]:
    """What an object holds under some keys, none of it empty, in the order of the keys."""
    for key in keys:
        yield from _unwrapped(told.get(key))


def _unwrapped(value: Any, depth: int = 2) -> Iterator[str | int | float]:
    if isinstance(value, str):
        if value.strip():
            yield value
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield value
    elif isinstance(value, list) and depth:
        for part in value[:MAX_WRAPPED]:
            yield from _unwrapped(part, depth - 1)
    elif isinstance(value, dict) and depth:
        for key in WRAPPED:
            yield from _unwrapped(value.get(key), depth - 1)
