"""What a client says that it takes: the Accept header, read once for each spelling."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from flintt_mcp.transports.http.exchanges.exchange import Exchange

_MOST = 1024


class Accept(NamedTuple):
    """Whether JSON and event streams are taken, wildcards included, and whether the event stream is named itself."""

    json: bool
    events: bool
    names_events: bool


def accept_of(exchange: Exchange) -> Accept:
    """What the client of this exchange takes."""
    return _read(exchange.found.get(b"accept", b"")[:_MOST])


@lru_cache(maxsize=128)
def _read(header: bytes) -> Accept:
    kinds = {part.split(b";", 1)[0].strip() for part in header.lower().split(b",")}
    names_events = b"text/event-stream" in kinds
    anything = b"*/*" in kinds
    return Accept(
        json=anything or bool(kinds & {b"application/json", b"application/*"}),
        events=anything or names_events or b"text/*" in kinds,
        names_events=names_events,
    )
