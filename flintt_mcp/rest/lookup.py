"""One row of a list, found by walking its pages: for APIs without an endpoint for one.

In: the row of the catalogue that says where to look, and a call. Out: the record. Every page is a request that counts against the
API's limit, so the walk ends after some of them or some time, and says so.
"""

from __future__ import annotations

import time

from msgspec.structs import replace

from flintt_mcp.catalogue.result import Listing, Lookup, Record
from flintt_mcp.errors import NotFound
from flintt_mcp.rest.endpoint import ApiCall, Endpoint
from flintt_mcp.rest.readers import RecordReader
from flintt_mcp.rest.reading.answers import Answer
from flintt_mcp.rest.reading.budget import Result
from flintt_mcp.rest.reading.paging import Cut, Page, find, paging_parameters

ROWS = 100
PAGES = 50


class LookupReader:
    """The record whose `lookup.field` is what the argument says. After the time of a call no further page is asked for."""

    def __init__(self, endpoint: Endpoint, record: Record, lookup: Lookup) -> None:
        self._title = endpoint.api.title
        self._name = endpoint.operation.name
        self._seconds = endpoint.upstream.deadline
        self._lookup = lookup
        self._listing = Listing(rows="rows", fields=(), paging=lookup.paging, at=lookup.at)
        self._row = RecordReader(endpoint, replace(record, at="", lookup=None))

    async def read(self, call: ApiCall) -> Result:
        """The result of this call.

        Raises:
            NotFound: it is not in the list, or not among the rows that were looked at.
            UpstreamError: the API does not answer, refuses, or answers no list.
        """
        wanted, page = call.arguments[self._lookup.arg], Page(ROWS)
        seen, end = 0, time.monotonic() + self._seconds
        for _ in range(PAGES):
            answer = await call.answer(paging_parameters(self._lookup.paging, page))
            found = self._cut(answer, page)
            row = next(
                (row for row in found.rows if isinstance(row, dict) and row.get(self._lookup.field) == wanted), None
            )
            if row is not None:
                return self._row.result(call, replace(answer, json=row), Page(ROWS))
            if found.next is None:
                raise self._not_found("in this workspace", "take the id from the list tool and call again")
            page, seen = Page(ROWS, found.next), seen + len(found.rows)
            if time.monotonic() >= end:
                break
        where = f"among the first {seen:,} rows, and no further ones were looked at"
        raise self._not_found(where, "walk the list tool's pages for an older one")

    def _cut(self, answer: Answer, page: Page) -> Cut:
        found = find(self._listing, self._lookup.paging, answer.json, page)
        if found is None:
            raise answer.unlike_its_description()
        return found.whole

    def _not_found(self, where: str, advice: str) -> NotFound:
        said = f"{self._title} lists nothing with that {self._lookup.arg} {where}"
        return NotFound(said, operation=self._name, advice=advice)
