"""The tool match_companies: which of the caller's companies a name, a domain or a URL means.

In: up to 100 of them. Out: for each exact, likely or none, with the id and the reason, in their order, and how many companies were
looked in. They are read anew each time and kept nowhere. Looking happens in a thread: to make 5,000 ready takes a quarter of a
second.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import anyio.to_thread
from msgspec.structs import replace

from flintt_mcp.calls.call import Call
from flintt_mcp.calls.reply import Done
from flintt_mcp.offers.insight.coverage import together
from flintt_mcp.offers.insight.effort import Effort
from flintt_mcp.offers.insight.lists import ListSource, Row
from flintt_mcp.offers.insight.result import exactly, page_of
from flintt_mcp.offers.insight.tables import COMPANIES
from flintt_mcp.rest.upstream import Upstream
from flintt_mcp.text import excerpt

if TYPE_CHECKING:
    from flintt_mcp.matching.companies import Match

_COLUMNS = exactly(("name", "match", "id", "company", "reason", "others"))
_SITES = ("domain", "website")
_NAME_SHOWN = 200
_OTHERS_TOLD = 5


class MatchCompanies:
    """The tool, over the companies of whoever calls; `now` counts seconds."""

    def __init__(self, upstream: Upstream, now: Callable[[], float]) -> None:
        self._companies = ListSource(COMPANIES.toolset, COMPANIES.operation, upstream)
        self._results = upstream.results
        self._now = now

    async def handle(self, call: Call) -> Done:
        """What each name means.

        Raises:
            FlinttError: the companies cannot be read.
        """
        listed = await self._companies.all(call, Effort(self._now))
        found = await anyio.to_thread.run_sync(_looked_for, call.arguments["names"], listed.rows)
        every = replace(call, arguments={**call.arguments, "limit": len(found)})
        return page_of(every, self._results, "matches", _COLUMNS, found, together([listed.part(COMPANIES.name)]))


def _looked_for(names: Sequence[str], rows: Sequence[Row]) -> list[dict[str, Any]]:
    from flintt_mcp.matching import companies  # its tables take a tenth of a second to load

    there = companies.Companies(companies.Row(*each) for each in _companies(rows))
    return [_told(name, there.match(name)) for name in names]


def _companies(rows: Sequence[Row]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Id, name and sites of every row of the API that has an id."""
    for row in rows:
        if isinstance(row.get("id"), str | int):
            sites = tuple(site for name in _SITES if isinstance(site := row.get(name), str))
            yield str(row["id"]), str(row.get("name") or ""), sites


def _told(name: str, match: Match) -> dict[str, Any]:
    """One row of the answer."""
    others = ", ".join(row.id for row in match.others[:_OTHERS_TOLD])
    return {
        "name": excerpt(name, _NAME_SHOWN),
        "match": match.kind,
        "id": match.row and match.row.id,
        "company": match.row and excerpt(match.row.name, _NAME_SHOWN),
        "reason": match.reason,
        "others": others or None,
    }
