"""One row of a list, found by walking its pages: for APIs without an endpoint for one.

In: the row of the catalogue that says where to look, and a way to fetch one page. Out: the record. Every page is a request that
counts against the API's limit, so the walk ends after some of them or some time, and says so.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping

from msgspec.structs import replace

from flintt_mcp.calls.reply import Done
from flintt_mcp.catalogue.operation import Api, Listing, Lookup, Operation, Record
from flintt_mcp.errors import NotFound
from flintt_mcp.rest.reading.answers import decode
from flintt_mcp.rest.reading.budget import Budget
from flintt_mcp.rest.reading.faults import not_understood
from flintt_mcp.rest.reading.paging import Page, cut, paging_parameters
from flintt_mcp.rest.reading.results import record_result
from flintt_mcp.rest.sending.message import UpstreamResponse

Fetch = Callable[[Mapping[str, str | int]], Awaitable[UpstreamResponse]]
"""Sends the request of this call with the parameters that ask for one page."""

ROWS = 100
PAGES = 50
_ALL = Budget(1 << 40)


async def look_up(
    api: Api,
    operation: Operation,
    record: Record,
    lookup: Lookup,
    wanted: object,
    budget: Budget,
    fetch: Fetch,
    seconds: float,
) -> Done:
    """The record whose `lookup.field` is `wanted`. After `seconds` no further page is asked for.

    Raises:
        NotFound: it is not in the list, or not among the rows that were looked at.
        UpstreamError: as `fetch` does, or the answer holds no list.
    """
    listing = Listing(rows="rows", fields=(), paging=lookup.paging, at=lookup.at)
    page = Page(ROWS)
    seen, end = 0, time.monotonic() + seconds
    for _ in range(PAGES):
        response = await fetch(paging_parameters(lookup.paging, page))
        answer = decode(api, operation, response)
        rows = cut(listing, lookup.paging, answer, page, _ALL)
        if rows is None:
            raise not_understood(api, operation, response, "JSON of another shape than documented")
        found = next((row for row in rows.rows if isinstance(row, dict) and row.get(lookup.field) == wanted), None)
        if found is not None:
            whole = replace(record, at="", lookup=None)
            done = record_result(api.title, whole, found, Page(ROWS), budget, lambda at: "", "no")
            assert done is not None, "a row that was found is an object"
            return done
        if rows.next is None:
            raise NotFound(
                f"{api.title} lists nothing with that {lookup.arg} in this workspace",
                operation=operation.name,
                advice="take the id from the list tool and call again",
            )
        page = Page(ROWS, rows.next)
        seen += len(rows.rows)
        if time.monotonic() >= end:
            break
    raise NotFound(
        f"{api.title} lists nothing with that {lookup.arg} "
        f"among the first {seen:,} rows, and no further ones were looked at",
        operation=operation.name,
        advice="walk the list tool's pages for an older one",
    )
