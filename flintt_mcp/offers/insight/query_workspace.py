"""The tool query_workspace: one SELECT over the caller's whole workspace.

In: a statement. It is prepared on empty tables, which says what it reads; that alone is fetched, with the caller's key, and the
statement runs on it in a process apart. Out: its rows as a page, and how complete the rows are that it ran on.
"""

from __future__ import annotations

from collections.abc import Sequence

from flintt_mcp.calls.call import Call
from flintt_mcp.calls.reply import Done
from flintt_mcp.offers.insight.apart import Apart, packed
from flintt_mcp.offers.insight.engine import Fault
from flintt_mcp.offers.insight.moments import read_moment
from flintt_mcp.offers.insight.result import exactly, page_of
from flintt_mcp.offers.insight.snapshot import Snapshots
from flintt_mcp.offers.insight.statement import told
from flintt_mcp.offers.insight.tables import TABLES, schema_of
from flintt_mcp.rest.upstream import Results
from flintt_mcp.text import clean, clean_deep


class QueryWorkspace:
    """The tool, over snapshots and processes."""

    def __init__(self, snapshots: Snapshots, apart: Apart, results: Results) -> None:
        self._snapshots = snapshots
        self._apart = apart
        self._results = results

    async def handle(self, call: Call) -> Done:
        """The rows of a statement.

        Raises:
            FlinttError: the statement cannot be answered, or what it reads cannot be read.
        """
        sql, since = call.arguments["sql"], read_moment("since", call.arguments.get("since"))
        tables = self._snapshots.tables_for(call)
        who, schema = call.caller.principal, schema_of(tables)
        reads = await self._apart.reads(who, schema, sql)
        if isinstance(reads, Fault):
            raise told(reads, sql, tables)
        snapshot = await self._snapshots.take(call, reads.tables, since)
        rows = {name: await packed(TABLES[name], names, snapshot.rows[name]) for name, names in reads.tables.items()}
        answer = await self._apart.answer(who, schema, sql, reads.tables, rows)
        if isinstance(answer, Fault):
            raise told(answer, sql, tables)
        # The API's texts came clean; a statement can make characters that do not show.
        columns = _told_apart(list(map(clean, answer.columns)))
        found = [dict(zip(columns, map(clean_deep, row), strict=True)) for row in answer.rows]
        return page_of(call, self._results, "rows", exactly(columns), found, snapshot.coverage)


def _told_apart(columns: Sequence[str]) -> list[str]:
    """The names of columns; of several with one name each after the first has a number."""
    names: dict[str, None] = {}
    for column in columns:
        name, count = column, 1
        while name in names:
            count += 1
            name = f"{column}_{count}"
        names[name] = None
    return list(names)
