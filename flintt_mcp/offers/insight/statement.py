"""What a model is told of a statement that cannot be answered: what is wrong, what there is instead, and what to do next. Pure.

In: a fault of the engine, and the tables that the caller can ask about. Out: an error of the house. Of the statement itself nothing
is repeated but a name that could be one of a table, a column or a function.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from flintt_mcp.calls.arguments.names import close_names
from flintt_mcp.errors import CallRefused, FlinttError, ToolInputError
from flintt_mcp.offers.insight.engine import FUNCTIONS, MOST_ROWS, SECONDS, Fault
from flintt_mcp.offers.insight.tables import TABLES, Table

_NAME = r"[A-Za-z_]\w{0,39}"
_MISSING = re.compile(rf"no such (column|table|function): (?:{_NAME}\.)?({_NAME})$", re.ASCII)
_NEAR = re.compile(rf'near "({_NAME})": syntax error', re.ASCII)
_AMBIGUOUS = re.compile(rf"ambiguous column name: ({_NAME})", re.ASCII)
_PLAIN = re.compile(r"[a-zA-Z ,()-]{5,100}")
"""A sentence of SQLite's that repeats nothing of the statement."""
ONE_SELECT = "give one SELECT over the tables; get_doc query shows twenty"
_TABLES_SHOWN = 3


def told(fault: Fault, sql: str, tables: Sequence[Table]) -> FlinttError:
    """The error for a statement that ended with this fault."""
    match fault.why:
        case "sql":
            return ToolInputError(
                f"sql: {_sentence(fault.text, sql, tables)}", advice="correct the statement and call again"
            )
        case "several":
            return ToolInputError("sql: takes one statement, without a second one behind it", advice=ONE_SELECT)
        case "no select":
            return ToolInputError("sql: takes a SELECT, which may begin with WITH, and nothing else", advice=ONE_SELECT)
        case "not allowed":
            return ToolInputError(f"sql: reads what is none of the tables: {_names(tables)}", advice=ONE_SELECT)
        case "function":
            return ToolInputError(f"sql: the function {_shown(fault.text)} is not there", advice=_functions(fault.text))
        case "too many rows":
            return ToolInputError(
                f"sql: finds more than {MOST_ROWS:,} rows, or too large ones",
                advice="count, group or narrow, or add a LIMIT",
            )
        case "time":
            return ToolInputError(
                f"sql: takes longer than {SECONDS:g} s",
                advice="join on ids, narrow each table before it is joined, and bound what is recursive",
            )
        case "memory":
            return ToolInputError(
                "sql: needs more memory than one question may take",
                advice="narrow it, name fewer columns, or group earlier",
            )
        case "lost":
            return CallRefused("The process that answers questions went away", advice="nothing was changed; ask again")


def _sentence(text: str, sql: str, tables: Sequence[Table]) -> str:
    """SQLite's sentence, with what there is instead of what is missing."""
    missing = _MISSING.search(text)
    if missing is not None:
        kind, name = missing.groups()
        return f"no such {kind}: {name}; {_instead(kind, name, sql, tables)}"
    near = _NEAR.search(text)
    if near is not None:
        return f"syntax error near {near[1]}"
    ambiguous = _AMBIGUOUS.search(text)
    if ambiguous is not None:
        return f"{ambiguous[1]} is a column of several of its tables; put the table's name and a dot before it"
    return text if _PLAIN.fullmatch(text) else "SQLite does not understand it"


def _instead(kind: str, name: str, sql: str, tables: Sequence[Table]) -> str:
    if kind == "function":
        return _functions(name)
    if kind == "table":
        off = name.lower() in TABLES
        why = "its toolset is off, or no key for it came along; " if off else ""
        return f"{why}there are {_names(tables)}"
    named = [table for table in tables if re.search(rf"\b{table.name}\b", sql, re.IGNORECASE)] or list(tables)
    money = [column for table in named for column in table.names if column.startswith(f"{name.lower()}_")]
    if money:
        return f"money is {' and '.join(money)}"
    near = close_names(name, [column for table in named for column in table.names], 1)
    quoted = f'"{name}"' in sql
    meant = "a text stands in single quotes; " if quoted else ""
    meant += f"did you mean {near[0]}? " if near else ""
    return meant + "; ".join(f"{table.name} has {', '.join(table.names)}" for table in named[:_TABLES_SHOWN])


def _functions(name: str) -> str:
    close = close_names(_shown(name), sorted(FUNCTIONS), 3)
    return (
        f"did you mean {' or '.join(close)}?" if close else "there are SQLite's own for texts, numbers, dates and JSON"
    )


def _names(tables: Iterable[Table]) -> str:
    return ", ".join(table.name for table in tables)


def _shown(name: str) -> str:
    return name if re.fullmatch(_NAME, name, re.ASCII) else "of that name"
