"""Reads what is in a workspace, with the caller's key: its companies and, where they are asked for, its deals."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import anyio.to_thread

from flintt_mcp.calls.call import Call
from flintt_mcp.offers.imports.there import There
from flintt_mcp.offers.insight.coverage import Coverage, together
from flintt_mcp.offers.insight.deals import Deals
from flintt_mcp.offers.insight.effort import Effort
from flintt_mcp.offers.insight.lists import ListSource, Row
from flintt_mcp.offers.insight.tables import COMPANIES, PROSPECTS
from flintt_mcp.rest.upstream import Upstream


class Workspace:
    """Companies and deals of whoever calls; `now` counts seconds."""

    def __init__(self, upstream: Upstream, now: Callable[[], float]) -> None:
        self._companies = ListSource(COMPANIES.toolset, COMPANIES.operation, upstream)
        self._deals = Deals(PROSPECTS.toolset, PROSPECTS.operation, upstream)
        self._now = now

    async def read(self, call: Call, *, deals: bool) -> There:
        """What is there now.

        Raises:
            FlinttError: it cannot be read.
        """
        return (await self.covered(call, deals=deals))[0]

    async def covered(self, call: Call, *, deals: bool) -> tuple[There, Coverage]:
        """What is there now, and how much of all there is that is.

        Raises:
            FlinttError: it cannot be read.
        """
        effort = Effort(self._now)
        listed = await self._companies.all(call, effort)
        parts, rows = [listed.part(COMPANIES.name)], list[Row]()
        if deals:
            rows, part = await self._deals.read(call, effort)
            parts.append(part)
        whole = all(part.whole for part in parts[1:])
        make = partial(There, listed.rows, rows, all_deals=whole)
        return await anyio.to_thread.run_sync(make), together(parts)
