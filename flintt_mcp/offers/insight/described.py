"""What the tools of the toolset insight say of themselves, apart from what does them: they are listed before anything is open.

In: what runs a call of each. Out: tools. It loads no way to an API, so that a client hears of them early.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from flintt_mcp.calls.arguments.arguments import Arguments
from flintt_mcp.calls.call import Call
from flintt_mcp.calls.reply import Reply
from flintt_mcp.calls.tool import Tool
from flintt_mcp.catalogue.argument import Arg, Kind, local
from flintt_mcp.catalogue.operation import Effect
from flintt_mcp.offers.insight.tables import COMPANIES, FINDINGS, PROSPECTS, RUNS, SIGNALS, TOOLSET
from flintt_mcp.rest.reading.cursors import LONGEST
from flintt_mcp.rest.reading.output_schema import table_schema

Handle = Callable[[Call], Awaitable[Reply]]
PAGE = 50
MOST = 500
MOST_NAMES = 100
_PAGING = (
    local("limit", "Rows.", kind=Kind.INTEGER, low=1, high=MOST, default=PAGE),
    local("cursor", "Last next_cursor.", low=1, high=LONGEST),
)
_LONGEST = 4000
_LONGEST_NAME = 200
_UNTOLD = frozenset(
    (
        *("linkedin_url", "website", "estimated_revenue", "enrichment_data", "estimated_value_text", "visibility"),
        *("schedule", "frequency", "tool_count", "run_mode", "results_count", "completed_at", "ended_at"),
    )
)
"""Columns that few ask for."""


def query_workspace(handle: Handle) -> Tool:
    """The tool query_workspace."""
    shown = (COMPANIES, PROSPECTS, SIGNALS, RUNS, FINDINGS)
    columns = {table.name: ",".join(name for name in table.names if name not in _UNTOLD) for table in shown}
    tables = " ".join(f"{name}({names})" for name, names in columns.items())
    about = (
        f"One SQLite SELECT over the whole Flintt workspace: {tables}. "
        "More tables (raw_finds, leads, payouts): get_doc query."
    )
    sql = local("sql", "One SELECT.", required=True, low=1, high=_LONGEST)
    since = _date("since", "For findings; unasked 90 days.")
    return _tool("query_workspace", "Query the Flintt workspace", about, (sql, since, *_PAGING), handle, "rows")


def list_findings(handle: Handle) -> Tool:
    """The tool list_findings."""
    about = "What signals found, newest first, with evidence links."
    args = (
        local("company", "Name, domain or id.", low=1, high=_LONGEST_NAME),
        local("signal_id", "Of one signal.", low=1, high=_LONGEST_NAME),
        local("min_confidence", "At least.", kind=Kind.NUMBER, low=0, high=1),
        _date("since", "Date; unasked 90 days."),
        _date("until", "Date."),
        local("valid_only", "False: rejected too.", kind=Kind.FLAG, default=True, hides="rejected findings"),
    )
    return _tool("list_findings", "List Flintt findings", about, (*args, *_PAGING), handle, "findings")


def changes_since(handle: Handle) -> Tool:
    """The tool changes_since."""
    about = "What is new or changed: companies, deals, signals, runs, findings, jobs, payouts, oldest first."
    args = (
        local("cursor", "next_cursor of the last call, also days ago.", low=1, high=LONGEST),
        _date("since", "Or a date. Without both: a cursor for later."),
        _PAGING[0],
    )
    return _tool("changes_since", "Changes in Flintt", about, args, handle, "changes")


def match_companies(handle: Handle) -> Tool:
    """The tool match_companies."""
    about = "Which names are Flintt companies already: exact, likely (ask the person) or none."
    names = local("names", "Or domains, URLs.", kind=Kind.TEXTS, required=True, low=1, high=MOST_NAMES)
    return _tool("match_companies", "Find Flintt companies", about, (names, _PAGING[1]), handle, "matches")


def _date(name: str, about: str = "") -> Arg:
    """An argument that is a date or a moment in ISO 8601."""
    return local(name, about, low=1, high=40)


def _tool(name: str, title: str, about: str, args: tuple[Arg, ...], handle: Handle, rows: str) -> Tool:
    return Tool(
        name=name,
        title=title,
        about=about,
        effect=Effect.READ,
        toolset=TOOLSET,
        arguments=Arguments(name, args),
        handle=handle,
        api=COMPANIES.toolset.api.name,
        output_schema=_schema(rows),
        long_lived=True,
    )


def _schema(rows: str) -> dict[str, Any]:
    """The output schema of a page of rows."""
    count = {"type": "integer", "minimum": 0}
    properties = {
        rows: table_schema(()),
        "count": count,
        "complete": {"type": "boolean", "description": "False when there is more than this, or may be."},
        "total": {**count, "description": "Rows in all."},
        "left_out": {**count, "description": "Rows of this page left out for size; the cursor brings them."},
        "next_cursor": {"type": "string", "description": "Give as cursor for the next page."},
        "note": {"type": "string"},
        "hint": {"type": "string", "description": "On rows that are not listed."},
        "coverage": {"type": "string", "description": "How much of the workspace was read."},
    }
    return {"type": "object", "properties": properties, "required": [rows, "count", "complete"]}
