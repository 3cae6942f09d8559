"""All rows of one list of an API, page after page, as complete as the API gives them.

In: a call, whose key goes along, and the bounds of its question. Out: rows as the API sent them, each once, and whether all are
there. Pages overlap by one row, so that a row that went while they were read is noticed, and then the list is read once more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import msgspec
from msgspec.structs import replace

from flintt_mcp.calls.call import Call
from flintt_mcp.catalogue.operation import Toolset
from flintt_mcp.catalogue.result import Listing, Offset
from flintt_mcp.errors import FlinttError
from flintt_mcp.offers.insight.at_once import AT_ONCE, each
from flintt_mcp.offers.insight.coverage import Part
from flintt_mcp.offers.insight.effort import Effort
from flintt_mcp.offers.insight.errors import stops
from flintt_mcp.rest.endpoint import ApiCall, Endpoint
from flintt_mcp.rest.reading.answers import at
from flintt_mcp.rest.upstream import Upstream

Row = Mapping[str, Any]
TIME_IS_UP = "the time or the number of requests for one question was used up"
CHANGED = "the list changed while it was read"


class Listed(msgspec.Struct, frozen=True):
    """Rows of a list, how many there are by the API's own count, and why some are missing, empty when none is."""

    rows: list[Row]
    total: int | None = None
    missing: str = ""

    def part(self, name: str) -> Part:
        """The coverage of a table that shows these rows."""
        count = f"{name} {len(self.rows)}"
        if self.missing:
            return Part(f"{count} ({self.missing})", whole=False)
        return Part(f"{count} of {len(self.rows) if self.total is None else self.total}")


class _Page(msgspec.Struct, frozen=True):
    rows: list[Row]
    total: int | None


class ListSource:
    """One list of an API."""

    def __init__(self, toolset: Toolset, operation: str, upstream: Upstream) -> None:
        row = next(row for row in toolset.operations if row.name == operation)
        assert isinstance(row.result, Listing)
        self._listing = row.result
        self._endpoint = Endpoint(toolset.api, row, upstream)

    async def one(self, call: Call, arguments: Mapping[str, Any], parameters: Mapping[str, str | int]) -> list[Row]:
        """The rows of one answer.

        Raises:
            FlinttError: as a call of the list's own tool.
        """
        return (await self._page(await self._asked(call, arguments), parameters)).rows

    async def all(self, call: Call, effort: Effort, arguments: Mapping[str, Any] | None = None) -> Listed:
        """All rows there are.

        Raises:
            FlinttError: the first page does not come, as of a call of the list's own tool.
        """
        asked = await self._asked(call, arguments or {})
        paging = asked.route.paging or self._listing.paging
        if not isinstance(paging, Offset):
            page = await self._page(asked, {})
            return Listed(_once([page]), len(page.rows))
        found = await self._pages(asked, paging, effort)
        return await self._pages(asked, paging, effort) if found.missing == CHANGED else found

    async def _asked(self, call: Call, arguments: Mapping[str, Any]) -> ApiCall:
        return await self._endpoint.call(replace(call, arguments=arguments))

    async def _page(self, asked: ApiCall, parameters: Mapping[str, str | int]) -> _Page:
        answer = await asked.answer(parameters)
        rows = at(answer.json, self._listing.at)
        if not isinstance(rows, list):
            raise answer.unlike_its_description()
        paging = self._listing.paging
        total = at(answer.json, paging.total) if isinstance(paging, Offset) and paging.total else None
        return _Page([row for row in rows if isinstance(row, dict)], total if type(total) is int else None)

    async def _pages(self, asked: ApiCall, paging: Offset, effort: Effort) -> Listed:
        effort.spend()
        pages = [await self._page(asked, _window(paging, 0))]
        missing, wave = "", 1
        while not missing and (ahead := _ahead(pages, paging, wave)):
            offsets = [offset for offset in ahead if effort.spend()]
            outcomes = await each(
                offsets, lambda offset: self._page(asked, _window(paging, offset)), effort.seconds_left
            )
            missing = _add(pages, outcomes, paging.most) or ("" if len(offsets) == len(ahead) else TIME_IS_UP)
            wave = min(wave * 2, AT_ONCE)
        return Listed(_once(pages), pages[-1].total, missing or ("" if _joined(pages) else CHANGED))


def _window(paging: Offset, offset: int) -> dict[str, str | int]:
    return {paging.limit: paging.most, paging.offset: offset}


def _ahead(pages: Sequence[_Page], paging: Offset, wave: int) -> list[int]:
    """Where the next pages start, at most `wave` of them; none behind the last row."""
    last, step = pages[-1], paging.most - 1
    if len(last.rows) < paging.most:
        return []
    ahead = [place * step for place in range(len(pages), len(pages) + wave)]
    return ahead if last.total is None else [offset for offset in ahead if offset + 1 < last.total]


def _add(pages: list[_Page], outcomes: Sequence[_Page | FlinttError | None], most: int) -> str:
    """Take the pages that came, up to the end of the list or the first that did not come, and say why it did not.

    Raises:
        FlinttError: the key is not good any more.
    """
    for outcome in map(stops, outcomes):
        if not isinstance(outcome, _Page):
            return why(outcome)
        if outcome.rows and _id(outcome.rows[-1]) == _id(pages[-1].rows[-1]) and len(outcome.rows) == most:
            return "the API gives the same page again"
        pages.append(outcome)
        if len(outcome.rows) < most:
            break
    return ""


def why(outcome: FlinttError | None) -> str:
    """Why rows did not come."""
    return TIME_IS_UP if outcome is None else outcome.message


def _joined(pages: Sequence[_Page]) -> bool:
    """Whether each page goes on where the one before ended."""
    return all(_id(before.rows[-1]) in map(_id, after.rows) for before, after in pairwise(pages))


def _once(pages: Sequence[_Page]) -> list[Row]:
    """Every row once, as it was read last, in the order of the list."""
    rows = {_id(row): row for page in pages for row in page.rows}
    return list(rows.values())


def _id(row: Row) -> Any:
    id = row.get("id")
    return id if isinstance(id, str | int) else msgspec.json.encode(row)
