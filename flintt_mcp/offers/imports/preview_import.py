"""The tool preview_import: what an import would do with every row, before anything is sent.

In: CSV text, objects or the leads of a job. Out: a row for each, those that need a look first, how the columns were understood, and
the id with which commit_import does exactly this. The plan is kept for an hour, for this caller alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import anyio.to_thread

from flintt_mcp.calls.arguments.arguments import Arguments
from flintt_mcp.calls.call import Call
from flintt_mcp.calls.reply import Done
from flintt_mcp.catalogue.flintt import FLINTT_TOOLSET
from flintt_mcp.errors import ToolInputError
from flintt_mcp.offers.imports.columns import Column, columns_of
from flintt_mcp.offers.imports.delimited import Table, read_csv
from flintt_mcp.offers.imports.kept import Imports, Kept, Plan, Progress
from flintt_mcp.offers.imports.leads import Leads
from flintt_mcp.offers.imports.pages import Rows, counted, opened, page
from flintt_mcp.offers.imports.plan import Planned, planned
from flintt_mcp.offers.imports.rows import Checks, rows_of, table_of
from flintt_mcp.offers.imports.there import COMPANY, DEAL, There, sites_of
from flintt_mcp.offers.imports.workspace import Workspace
from flintt_mcp.rest.described import arguments_of
from flintt_mcp.rest.upstream import Results
from flintt_mcp.text import excerpt

_CHECKS = {
    row.name: Arguments(row.name, arguments_of(row), row.rules).check
    for row in FLINTT_TOOLSET.operations
    if row.name in (COMPANY, DEAL)
}
"""What the tools that make companies and deals take."""
_SOURCES = ("csv", "rows", "from_job")
_SHOWN = 80
_COLUMNS_TOLD = 40
_NEXT = (
    "show the person the counts and the rows above; with their yes call commit_import with this import_id within an hour. Rows "
    "that are likely, duplicate or exists are left out unless add names them"
)


class PreviewImport:
    """The tool."""

    def __init__(self, imports: Imports, workspace: Workspace, leads: Leads, results: Results) -> None:
        self._imports = imports
        self._workspace = workspace
        self._leads = leads
        self._results = results

    async def handle(self, call: Call) -> Done:
        """The first page of a new preview, or a later one of an old one.

        Raises:
            FlinttError: nothing can be read of what was given, or of the workspace; nothing was kept.
        """
        place = opened(call, self._results)
        if place is not None:
            kept = await self._imports.find(place[0], call.writer or "")
            return self._shown(call, kept, {}, place[1])
        table = await self._table(call)
        columns = columns_of(table.names)
        if not any(column.field is not None and column.field.told == "company.name" for column in columns):
            raise ToolInputError(
                "no column names the company",
                advice="call one of them company; get_doc imports lists what is understood",
            )
        deals = call.arguments.get("with_deals", False)
        checks = Checks(_CHECKS[COMPANY], _CHECKS[DEAL] if deals else None)
        there, coverage = await self._workspace.covered(call, deals=deals)
        rows = await anyio.to_thread.run_sync(_planned, table, columns, checks, there)
        id = await self._imports.keep(call.writer or "", Plan(rows))
        told = {"columns": _told(columns), "read": [*table.notes, coverage.told]}
        return self._shown(call, Kept(id, Plan(rows), Progress()), told, 0)

    async def _table(self, call: Call) -> Table:
        """What was given, as a table.

        Raises:
            FlinttError: it was given in none of the ways or in several, or cannot be read.
        """
        given = [name for name in _SOURCES if name in call.arguments]
        if len(given) != 1:
            raise ToolInputError(
                "give the companies in one way: csv or rows", advice="correct the arguments and call again"
            )
        value = call.arguments[given[0]]
        if given[0] == "from_job":
            return await self._leads.table(call, value)
        return await anyio.to_thread.run_sync(read_csv if given[0] == "csv" else table_of, value)

    def _shown(self, call: Call, kept: Kept, told: Mapping[str, object], start: int) -> Done:
        rows = sorted(kept.plan.rows, key=lambda row: (row.result == "create", row.number))
        deals = counted(
            "create" if row.makes_deal else row.deal_there.partition(" ")[0] for row in rows if row.deal is not None
        )
        margin = {"import_id": kept.id, "counts": counted(row.result for row in rows)}
        margin |= {"deals": deals} if deals else {}
        return page(call, self._results, _as_rows(rows), {**margin, **told, "next": _NEXT}, start)


def _planned(table: Table, columns: Sequence[Column], checks: Checks, there: There) -> list[Planned]:
    return planned(rows_of(table, columns, checks), there)


def _told(columns: Sequence[Column]) -> dict[str, str]:
    """What each column fills, as far as anybody reads on."""
    told = {
        excerpt(column.name, _SHOWN) or f"({at})": column.told for at, column in enumerate(columns[:_COLUMNS_TOLD], 1)
    }
    return told | ({"and": f"{len(columns) - _COLUMNS_TOLD} more"} if len(columns) > _COLUMNS_TOLD else {})


def _as_rows(plan: Sequence[Planned]) -> Rows:
    return [
        {
            "row": row.number,
            "result": row.result,
            "company": excerpt(str(row.company.get("name", "")), _SHOWN),
            "site": excerpt(next(iter(sites_of(row.company)), ""), _SHOWN),
            "id": row.id,
            "deal": "" if row.deal is None else row.deal_there or ("create" if row.makes_deal else ""),
            "why": excerpt(row.why, 200),
        }
        for row in plan
    ]
