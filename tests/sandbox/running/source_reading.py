"""Reads a source as a run does, without a network: bytes and what was said of them in, items out."""

from __future__ import annotations

from datetime import UTC, datetime

from flintt_mcp.sandbox.flintt.running.sources.content import Content, Kind
from flintt_mcp.sandbox.flintt.running.sources.identity import Item
from flintt_mcp.sandbox.flintt.running.sources.items import read_items

BASE = "https://news.example/feed"
NOW = datetime(2026, 9, 30, 9, tzinfo=UTC)


def read(kind: Kind, body: bytes | str, items_at: str | None = None, *, content_type: str = "") -> list[Item]:
    """The items of a source at `BASE`, on the day of all tests of signals."""
    content = body.encode() if isinstance(body, str) else body
    return read_items(Content(content, kind, BASE, BASE, content_type), items_at, NOW)


def feed_of(*items: str) -> str:
    """A feed of items that are written out: "<title>A</title><guid>1</guid>"."""
    entries = "".join(f"<item>{item}</item>" for item in items)
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>News</title>{entries}</channel></rss>'
