"""What the tools of imports say of themselves, apart from what does them: they are listed before anything is open."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from flintt_mcp.calls.arguments.arguments import Arguments
from flintt_mcp.calls.call import Call
from flintt_mcp.calls.reply import Reply
from flintt_mcp.calls.tool import Tool
from flintt_mcp.catalogue.argument import Kind, local
from flintt_mcp.catalogue.operation import Effect, Toolset
from flintt_mcp.offers.insight.tables import COMPANIES, LEADS, TOOLSET
from flintt_mcp.rest.reading.cursors import LONGEST
from flintt_mcp.rest.reading.output_schema import table_schema

Handle = Callable[[Call], Awaitable[Reply]]
MOST_ROWS = 500
LONGEST_CSV = 1_000_000
_CURSOR = local("cursor", "Last next_cursor.", low=1, high=LONGEST)


def preview_import(toolsets: Iterable[Toolset], handle: Handle) -> Tool:
    """The tool preview_import; leads go in where their toolset is on."""
    about = (
        "Check many companies before adding them: new, there already, likely duplicate or invalid. Nothing is sent. Show the "
        "person the result, then commit_import."
    )
    args = [
        local("csv", f"CSV text with names over its columns, at most {MOST_ROWS} rows.", low=1, high=LONGEST_CSV),
        local("rows", "Or the same as objects.", kind=Kind.OBJECTS, low=1, high=MOST_ROWS),
        local("with_deals", "A deal for each too.", kind=Kind.FLAG, default=False),
        _CURSOR,
    ]
    if any(toolset is LEADS.toolset for toolset in toolsets):
        job = local("from_job", "Or the leads of this job.", kind=Kind.INTEGER, low=1, high=9_007_199_254_740_991)
        args.insert(2, job)
    return Tool(
        name="preview_import",
        title="Preview a Flintt import",
        about=about,
        effect=Effect.READ,
        toolset=TOOLSET,
        arguments=Arguments("preview_import", tuple(args)),
        handle=handle,
        api=COMPANIES.toolset.api.name,
        output_schema=_schema("counts"),
        long_lived=True,
    )


def commit_import(handle: Handle) -> Tool:
    """The tool commit_import."""
    args = (
        local("import_id", "From preview_import.", required=True, low=1, high=100),
        local("add", "Doubtful rows to add all the same, e.g. 3,7-9.", low=1, high=2000),
        local("skip", "Rows to leave out.", low=1, high=2000),
        _CURSOR,
    )
    return Tool(
        name="commit_import",
        title="Commit a Flintt import",
        about="Add what a preview said, once a person agreed. While rows are left, call again: none is made twice.",
        effect=Effect.CREATE,
        toolset=TOOLSET,
        arguments=Arguments("commit_import", args),
        handle=handle,
        api=COMPANIES.toolset.api.name,
        output_schema=_schema("companies", "left"),
        runs=("create_company", "create_prospect"),
        long_lived=True,
    )


def _schema(*required: str) -> dict[str, Any]:
    """The output schema of a page of an import."""
    counts = {"type": "object", "description": "How many rows came to what."}
    count = {"type": "integer", "minimum": 0}
    properties: dict[str, Any] = {
        "import_id": {"type": "string"},
        "counts": counts,
        "companies": counts,
        "deals": counts,
        "left": {**count, "description": "Rows still to be made."},
        "stopped": {"type": "string", "description": "Why the work stopped."},
        "columns": {"type": "object", "description": "What each column fills."},
        "read": {"type": "array", "items": {"type": "string"}, "description": "How the table was read."},
        "rows": table_schema(()),
        "count": count,
        "complete": {"type": "boolean", "description": "False when there are more pages."},
        "left_out": {**count, "description": "Rows on later pages; the cursor brings them."},
        "next_cursor": {"type": "string"},
        "next": {"type": "string", "description": "What to do."},
        "note": {"type": "string"},
    }
    return {
        "type": "object",
        "properties": {name: part for name, part in properties.items() if name != "counts" or name in required},
        "required": ["import_id", *required, "rows", "count", "complete", "next"],
    }
