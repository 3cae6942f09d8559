"""Walks a list of an API page by page, whole rows as the API has them, for who has to look into it on the way of a call.

In: a list operation, and the call on whose behalf it is read, with that caller's own key. Out: pages, as many as a call may read in
its time. What is shown to a model is cut and narrowed elsewhere; nothing here is.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

from msgspec.structs import replace

from flintt_mcp.calls.call import Call
from flintt_mcp.catalogue.result import Listing
from flintt_mcp.rest.endpoint import Endpoint
from flintt_mcp.rest.reading.answers import Answer
from flintt_mcp.rest.reading.paging import Cut, Page, find, paging_parameters

_ROWS = 100
_PAGES = 50


class Walk:
    """The rows of one list operation."""

    def __init__(self, listed: Endpoint) -> None:
        assert isinstance(listed.operation.result, Listing)
        self._listed = listed
        self._listing = listed.operation.result

    async def pages(self, call: Call, given: Mapping[str, Any]) -> AsyncIterator[tuple[Answer, Cut]]:
        """The pages of the list with these arguments. The last one says by its `next` whether there would be more.

        Raises:
            FlinttError: the list cannot be read.
        """
        reading = await self._listed.call(replace(call, arguments=given))
        paging, page = reading.route.paging or self._listing.paging, Page(_ROWS)
        end = time.monotonic() + self._listed.upstream.deadline
        for _ in range(_PAGES):
            answer = await reading.answer(paging_parameters(paging, page))
            found = find(self._listing, paging, answer.json, page, exact=self._listed.api.exact_numbers)
            if found is None:
                raise answer.unlike_its_description()
            cut = found.whole
            yield answer, cut
            page = Page(_ROWS, cut.next)
            if cut.next is None or time.monotonic() >= end:
                return

    async def rows(self, call: Call, given: Mapping[str, Any]) -> tuple[list[dict[str, Any]], bool]:
        """The rows of the list with these arguments, and whether they are all.

        Raises:
            FlinttError: the list cannot be read.
        """
        rows: list[dict[str, Any]] = []
        complete = False
        async for _, cut in self.pages(call, given):
            rows += cut.rows
            complete = cut.complete
        return rows, complete
