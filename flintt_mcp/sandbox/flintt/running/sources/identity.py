"""Items, and when two of them are the same: by what the source calls them, by their address, by their headline, in this order.

In: the items of one source. Out: the same, with what is no name of theirs taken away, and keys that are the same for the same item
however often, and through whichever source, it is read. What decides between two sources is in `ledger`.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

_TRACKING = re.compile(r"(utm_\w+|fbclid|gclid|mc_cid|mc_eid)", re.IGNORECASE)
_ROUTE = re.compile(r"(?!utm_)(?:[/!]|[^=?&:]+/)")
"""How a fragment begins that chooses what a page shows: "#/jobs/1", "#!news", "#jobs/1". Others are places in it, or campaigns."""
_WEB = re.compile(r"https?://", re.IGNORECASE)
_UNIVERSAL = re.compile(r"https?://|urn:|tag:", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Item:
    """One piece of news.

    `url` is where it was found, `own_url` whether that is its address alone. `id` is what its source calls it, made universal.
    """

    title: str
    text: str
    url: str
    own_url: bool
    published_at: str | None = None
    id: str | None = None

    @property
    def key(self) -> str:
        """What it is recognised by."""
        if self.id is not None:
            # An id that is the address of its item makes the same key as that address does where there is no id.
            return _digest(_plain_address(self.id, whole=True) if _WEB.match(self.id) else self.id)
        return self.address_key or _digest(f"{self.url}\n{self.title.casefold()}")

    @property
    def address_key(self) -> str | None:
        """What it is recognised by where ids cannot be compared; None without an address of its own."""
        return _digest(_plain_address(self.url)) if self.own_url else None


def universal_id(id: str, source: str) -> str | None:
    """What a source calls an item, as nothing of another source is called; None when it does not say."""
    told = id.strip()
    if not told:
        return None
    return told if _UNIVERSAL.match(told) else f"{source}#{told}"


def tell_apart(items: Sequence[Item]) -> list[Item]:
    """Items without the ids and addresses that others of the same source have too: what several share names none of them."""
    ids = _shared(items, lambda item: item.id, lambda item: item.address_key or item.title)
    named = [replace(item, id=None) if item.id in ids else item for item in items]
    addresses = _shared(named, lambda item: item.address_key, lambda item: item.id or item.title.casefold())
    return [replace(item, own_url=False) if item.address_key in addresses else item for item in named]


def _shared(items: Sequence[Item], name: Callable[[Item], str | None], rest: Callable[[Item], str]) -> set[str]:
    """Names under which a source has items that differ in the rest."""
    known: dict[str, set[str]] = defaultdict(set)
    for item in items:
        if (called := name(item)) is not None:
            known[called].add(rest(item))
    return {called for called, others in known.items() if len(others) > 1}


def _plain_address(url: str, *, whole: bool = False) -> str:
    """An address without what does not change what it shows: scheme, www, last slash, campaign parameters, place in the page.

    Of an id that is an address the last two stay (`whole`): it means all of itself.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    # Each byte stays what it is, whatever its character set: "%E8" and "%E9" are two articles.
    pairs = parse_qsl(parts.query, keep_blank_values=True, errors="surrogateescape")
    query = urlencode([pair for pair in pairs if whole or not _TRACKING.fullmatch(pair[0])], errors="surrogateescape")
    fragment = parts.fragment if whole or _ROUTE.match(parts.fragment) else ""
    host = parts.netloc.lower().removeprefix("www.")
    return urlunsplit(("", host, parts.path.rstrip("/"), query, fragment))


def _digest(told: str) -> str:
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:32]
