"""The leads of a FlowMaticX job as a table to import, read with the caller's key for that API."""

from __future__ import annotations

from collections.abc import Callable

from flintt_mcp.calls.call import Call
from flintt_mcp.offers.imports.delimited import Table
from flintt_mcp.offers.imports.rows import table_of
from flintt_mcp.offers.insight.effort import Effort
from flintt_mcp.offers.insight.lists import ListSource
from flintt_mcp.offers.insight.tables import LEADS
from flintt_mcp.rest.upstream import Upstream

_TAKEN = ("businessName", "category", "website", "domain", "decisionMakerName", "decisionMakerRole", "email")
"""Fields of a lead that say something of a company or of its person."""


class Leads:
    """All leads of one job; `now` counts seconds."""

    def __init__(self, upstream: Upstream, now: Callable[[], float]) -> None:
        self._leads = ListSource(LEADS.toolset, LEADS.operation, upstream)
        self._now = now

    async def table(self, call: Call, job: int) -> Table:
        """The leads that cost something, in the order of the list.

        Raises:
            FlinttError: they cannot be read, or are none or too many.
        """
        listed = await self._leads.all(call, Effort(self._now), {"job_id": job})
        table = table_of([{name: row.get(name) for name in _TAKEN} for row in listed.rows])
        part = listed.part("leads")
        return Table(table.names, table.records, [f"job {job}: {part.told}, without those that cost nothing"])
