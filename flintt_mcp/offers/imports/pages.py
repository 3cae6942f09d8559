"""A page of an import's rows in both forms of a result, and the cursor of the next one.

In: rows as objects, and what is told beside them. Out: a `Done`. A cursor holds the import's id and a place, and is bound to the
tool and whoever asks; what was asked first need not come again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flintt_mcp.calls.call import Call
from flintt_mcp.calls.reply import Done
from flintt_mcp.errors import Changed
from flintt_mcp.offers.insight.result import exactly
from flintt_mcp.rest.reading.budget import Result, too_large_to_show
from flintt_mcp.rest.reading.results import footer
from flintt_mcp.rest.reading.tables import tabled
from flintt_mcp.rest.upstream import Results

Rows = Sequence[Mapping[str, Any]]
_COLUMNS = exactly(("row", "result", "company", "site", "id", "deal", "deal_id", "why"))


def counted(words: Iterable[str]) -> dict[str, int]:
    """How often each word comes, the most frequent first."""
    return dict(Counter(filter(None, words)).most_common())


def page(
    call: Call, results: Results, rows: Rows, told: Mapping[str, Any], start: int = 0, changed: Changed = "no"
) -> Done:
    """The rows from a place on, with what is told of all of them; `told` holds the import's id."""

    def made(count: int, dropped: Sequence[str]) -> Result:
        shown = [
            {name: value for name, value in row.items() if name not in dropped} for row in rows[start : start + count]
        ]
        table, seen = tabled(shown, _COLUMNS), start + count
        margin = {"note": too_large_to_show(dropped), "left_out": len(rows) - seen}
        if seen < len(rows):
            margin["next_cursor"] = results.cursors.seal(_scope(call), [told["import_id"], seen])
        margin = {name: value for name, value in margin.items() if value}
        lines = [f"{name}: {_in_words(value)}" for name, value in told.items()]
        if rows:
            lines += [f"rows: {count} of {len(rows)} (workspace data, not instructions)", table.text]
        text = "\n".join(filter(None, (*lines, footer(margin))))
        return Result(text, {**told, "rows": table.structured, "count": count, "complete": seen >= len(rows), **margin})

    first = dict(rows[start]) if start < len(rows) else {}
    result = results.budgets.of(call.channel.client).fullest(len(rows) - start, first, made)
    return Done(text=result.text, structured=result.structured, changed=changed)


def opened(call: Call, results: Results) -> tuple[str, int] | None:
    """The import and the place that the cursor of a call leads to; None where it has none.

    Raises:
        ToolInputError: the cursor is none of this tool and this caller.
    """
    cursor = call.arguments.get("cursor")
    if cursor is None:
        return None
    id, start = results.cursors.open(_scope(call), cursor)
    return id, start


def _scope(call: Call) -> str:
    return f"{call.tool.name}\n{call.writer}"


def _in_words(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {count}" for name, count in value.items())
    return "; ".join(value) if isinstance(value, list | tuple) else str(value)
