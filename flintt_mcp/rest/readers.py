"""How an operation's result is read: one reader for each kind, chosen once, when the tool is made.

In: a call to an API. Out: the result, from one answer or from several. Lists and records are read here; `lookup.py` walks a list
for one row, and `shown_once.py` takes out what only the person may see.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from flintt_mcp.catalogue.operation import FIELDS, Listing, Record
from flintt_mcp.rest.endpoint import ApiCall, Endpoint
from flintt_mcp.rest.reading.answers import Answer
from flintt_mcp.rest.reading.budget import Result
from flintt_mcp.rest.reading.paging import Page, find, paging_parameters
from flintt_mcp.rest.reading.records import record_result
from flintt_mcp.rest.reading.results import listing_result
from flintt_mcp.rest.reading.tables import wanted_columns


class Reader(Protocol):
    """Reads results of one kind."""

    async def read(self, call: ApiCall) -> Result:
        """The result of this call.

        Raises:
            ToolInputError: the cursor does not belong to this call.
            UpstreamError: the API does not answer, refuses, or answers something else than it documents.
        """
        ...


class ListReader:
    """A list, page by page."""

    def __init__(self, endpoint: Endpoint, listing: Listing) -> None:
        self._api = endpoint.api
        self._listing = listing

    async def read(self, call: ApiCall) -> Result:
        paging = call.route.paging or self._listing.paging
        page = call.page(self._listing.page)
        answer = await call.answer(paging_parameters(paging, page))
        found = find(self._listing, paging, answer.json, page, exact=self._api.exact_numbers)
        if found is None:
            raise answer.unlike_its_description()
        columns = wanted_columns(self._listing, call.arguments.get(FIELDS), found.rows, page.kept)

        def made(count: int, dropped: Sequence[str]) -> Result:
            return listing_result(self._api.title, self._listing, found.first(count, dropped), columns, call.cursor)

        return call.budget.fullest(len(found.rows), columns.first(found.rows), made)


class RecordReader:
    """One object, without what is shown once; the rows of its sections come page by page."""

    def __init__(self, endpoint: Endpoint, record: Record) -> None:
        self._title = endpoint.api.title
        self._record = record

    async def read(self, call: ApiCall) -> Result:
        page = call.page(self._record.page)
        return self.result(call, await call.answer(), page)

    def result(self, call: ApiCall, answer: Answer, page: Page) -> Result:
        """The result that an answer holds.

        Raises:
            UpstreamError: there is no object in it.
        """
        result = record_result(self._title, self._record, answer.json, page, call.budget, call.cursor)
        if result is None:
            raise answer.unlike_its_description()
        return result
