"""What a call gave, as whoever asked wants it: text, JSON, CSV, or a table fitted to the terminal.

In: a reply that was done. Out: text. Only a person at a terminal gets a table with colours; a pipe and a file get plain text. rich
is loaded for that table alone.
"""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from flintt_mcp.errors import ConfigError
from flintt_mcp.serving.console import as_json

_ID, _LEAST = 36, 6
"""How wide a column is at least: an id is there to be copied."""

if TYPE_CHECKING:
    from flintt_mcp.calls.reply import Done


def shown_as(reply: Done, how: str) -> str:
    """The result as "json", "csv", or what suits where it goes.

    Raises:
        ConfigError: CSV was asked for, and the result holds no rows.
    """
    if how == "json":
        return as_json({"text": reply.text} if reply.structured is None else reply.structured)
    found = _found(reply.structured)
    if how == "csv":
        if found is None:
            raise ConfigError("--csv: this result holds no rows", advice="--json prints it whole")
        return _csv(*found)
    return _table(reply, *found) if found and found[1] and _at_terminal() else reply.text


def _at_terminal() -> bool:
    return sys.stdout is not None and sys.stdout.isatty()


def _found(structured: Mapping[str, Any] | None) -> tuple[list[str], list[list[Any]]] | None:
    """The columns and rows of a list, None where the result is none."""
    for part in (structured or {}).values():
        if isinstance(part, dict) and {"columns", "rows"} <= part.keys():
            return part["columns"], part["rows"]
    return None


def _csv(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return written.getvalue().rstrip("\n")


def _table(reply: Done, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A table as wide as the terminal, below the first line of the text and above what is said of further rows."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold cyan", pad_edge=False)
    for name in columns:
        table.add_column(name, no_wrap=True, min_width=_ID if name == "id" else _LEAST)
    for row in rows:
        table.add_row(*(Text(_cell(value)) for value in row))
    console = Console()
    with console.capture() as captured:
        console.print(table)
    head, *others = reply.text.splitlines()
    more = [line for line in others if line.startswith(("more:", "not shown:", "note:"))]
    return "\n".join([head, captured.get().rstrip(), *more])


def _cell(value: Any) -> str:
    """A value on one line."""
    if value is None:
        return ""
    return " ".join(str(value).split()) if isinstance(value, str | int | float) else as_json(value, 0)
