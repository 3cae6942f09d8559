"""A list as a tool tells it: page by page, with names where another list knows them, and hints on rows that are missing.

In: a call to a list of an API, and the other lists that the catalogue's row names. Out: the fullest page that the client shows
whole. What is read beside the list helps a reader: where it cannot be read, the page comes without it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from flintt_mcp.catalogue.argument import ALL_FIELDS, FIELDS
from flintt_mcp.catalogue.result import Joined, Listing
from flintt_mcp.errors import FlinttError
from flintt_mcp.rest.endpoint import ApiCall, Endpoint
from flintt_mcp.rest.reading.budget import Result
from flintt_mcp.rest.reading.paging import Found, Page, find, paging_parameters
from flintt_mcp.rest.reading.results import left_aside, listing_result
from flintt_mcp.rest.reading.tables import wanted_columns
from flintt_mcp.rest.walking import Walk
from flintt_mcp.text import excerpt

_MOST_VALUES = 20


class ListReader:
    """A list, page by page; `other` gives the endpoint of another operation of its toolset by name."""

    def __init__(self, endpoint: Endpoint, listing: Listing, other: Callable[[str], Endpoint]) -> None:
        self._endpoint = endpoint
        self._listing = listing
        self._other = other

    async def read(self, call: ApiCall) -> Result:
        """As `Reader` says."""
        page = call.page(self._listing.page)
        found = await self._found(call, page)
        asked = call.arguments.get(FIELDS)
        listing = await self._joined(call, found.rows, asked)
        columns = wanted_columns(listing, asked, found.rows, page.kept)
        title, hint = self._endpoint.api.title, await self._hint(call, found, page)

        def made(count: int, dropped: Sequence[str]) -> Result:
            return listing_result(title, listing, found.first(count, dropped), columns, call.cursor, hint)

        return call.budget.fullest(len(found.rows), columns.first(found.rows), made)

    async def _found(self, call: ApiCall, page: Page) -> Found:
        paging = call.route.paging or self._listing.paging
        answer = await call.answer(paging_parameters(paging, page))
        found = find(self._listing, paging, answer.json, page, exact=self._endpoint.api.exact_numbers)
        if found is None:
            raise answer.unlike_its_description()
        return found

    async def _joined(self, call: ApiCall, rows: list[dict[str, Any]], asked: str | None) -> Listing:
        """The listing for these rows, which get the names of what they belong to; its id is not shown where all have one."""
        joined = self._listing.joined
        if joined is None or not (asked is None or joined.name in asked or asked.strip() == ALL_FIELDS):
            return self._listing
        names = await self._names(call, joined) if any(row.get(joined.by) for row in rows) else {}
        for at, row in enumerate(rows):
            if (name := names.get(row.get(joined.by))) is not None:
                rows[at] = {**row, joined.name: name}
        if any(row.get(joined.by) and joined.name not in row for row in rows):
            return self._listing
        return replace(self._listing, shown=tuple(name for name in self._listing.shown if name != joined.by))

    async def _names(self, call: ApiCall, joined: Joined) -> Mapping[Any, str]:
        try:
            rows, _ = await Walk(self._other(joined.listed)).rows(call.call, {})
        except FlinttError:
            return {}
        return {id: name for row in rows if isinstance(id := row.get("id"), str) and (name := row.get(joined.field))}

    async def _hint(self, call: ApiCall, found: Found, page: Page) -> str:
        """What to know of rows that are not in this list; said with its first page."""
        if page.position is not None:
            return ""
        hints = left_aside(self._endpoint.operation.args, call.arguments)
        name = self._listing.told_when_empty
        if name in call.arguments and not found.rows:
            hints.append(await self._values(call, name))
        return "; ".join(filter(None, hints))

    async def _values(self, call: ApiCall, name: str) -> str:
        """The values that rows have in this field, when none has the one that was asked for."""
        others = {other: value for other, value in call.arguments.items() if other != name}
        try:
            rows, complete = await Walk(self._endpoint).rows(call.call, others)
        except FlinttError:
            return ""
        values = sorted({excerpt(row[name], 60) for row in rows if isinstance(row.get(name), str)})
        there = ", ".join(values[:_MOST_VALUES]) or "none"
        return f"nothing has that {name}; there is {there}{'' if complete else ' among the rows that the API gives'}"
