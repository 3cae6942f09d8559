"""Reads the items of a source without letting it take the process along: a long feed is parsed in a process of its own.

In: the content of a source. Out: its items, or `Unreadable`. The scanner of pages and the parser of JSON take time in proportion to
what they read; the feed parser does not: 100 kB of purpose-built markup take it seconds, and a megabyte minutes.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial

import anyio
from anyio import to_process, to_thread

from flintt_mcp.sandbox.flintt.running.sources.content import Content
from flintt_mcp.sandbox.flintt.running.sources.entries import Unreadable
from flintt_mcp.sandbox.flintt.running.sources.identity import Item
from flintt_mcp.sandbox.flintt.running.sources.items import read_items
from flintt_mcp.sandbox.flintt.running.sources.reach import PARSE_SECONDS, PARSED_APART_FROM


async def read_content(
    content: Content, items_at: str | None, now: datetime, seconds: float = PARSE_SECONDS
) -> list[Item]:
    """The items of a source.

    Raises:
        Unreadable: it is not what it was said to be, or takes longer than `seconds`.
    """
    work = partial(read_items, content, items_at, now)
    if content.kind != "feed" or len(content.body) < PARSED_APART_FROM:
        return await to_thread.run_sync(work)
    try:
        with anyio.fail_after(seconds):
            return await to_process.run_sync(work, cancellable=True)
    except TimeoutError:
        raise Unreadable(f"reading the feed took longer than {seconds:g} s") from None
    except anyio.BrokenWorkerProcess:
        raise Unreadable("reading the feed broke off") from None
