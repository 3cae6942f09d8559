"""How an operation's result is read: one reader for each kind, chosen once, when the tool is made.

In: a call to an API. Out: the result, from one answer or from several. Records are read here, lists in `lists.py`; `lookup.py`
walks a list for one row, and `shown_once.py` takes out what only the person may see.
"""

from __future__ import annotations

from typing import Protocol

from flintt_mcp.catalogue.result import Record
from flintt_mcp.rest.endpoint import ApiCall, Endpoint
from flintt_mcp.rest.reading.answers import Answer
from flintt_mcp.rest.reading.budget import Result
from flintt_mcp.rest.reading.paging import Page
from flintt_mcp.rest.reading.records import record_result


class Reader(Protocol):
    """Reads results of one kind."""

    async def read(self, call: ApiCall) -> Result:
        """The result of this call.

        Raises:
            ToolInputError: the cursor does not belong to this call.
            UpstreamError: the API does not answer, refuses, or answers something else than it documents.
        """
        ...


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
