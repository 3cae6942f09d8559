"""The one envelope of every list: data, total, limit, offset, has_more.

In: a table, conditions of which those without a value are left out, and a window. Out: the envelope as a dict. Silent in the
texts, decided here: a limit above 200 is refused, not cut; an offset behind the end answers an empty page.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Depends, Query
from pydantic import BaseModel, ConfigDict

T = TypeVar("T")


class Page(BaseModel, Generic[T]):
    """One page of a list."""

    model_config = ConfigDict(json_schema_extra={"description": "One page of a list."})

    data: list[T]
    total: int
    limit: int
    offset: int
    has_more: bool


@dataclass(frozen=True, slots=True)
class Window:
    """Which rows of a list are wanted."""

    limit: int
    offset: int


def _window(
    limit: Annotated[int, Query(ge=1, le=200, description="Number of records to return.")] = 50,
    offset: Annotated[int, Query(ge=0, le=2**53 - 1, description="Number of records to skip for pagination.")] = 0,
) -> Window:
    return Window(limit, offset)


Wanted = Annotated[Window, Depends(_window)]


def select_page(
    connection: sqlite3.Connection,
    columns: str,
    table: str,
    conditions: Mapping[str, Any],
    order: str,
    window: Window,
    shape: Callable[[sqlite3.Row], dict[str, Any]],
) -> dict[str, Any]:
    """One page of a table; a condition is SQL with one `?`, and counts only when its value is not None."""
    given = {condition: value for condition, value in conditions.items() if value is not None}
    source, values = f"FROM {table} WHERE {' AND '.join(given)}", tuple(given.values())
    total = connection.execute(f"SELECT count(*) {source}", values).fetchone()[0]
    rows = connection.execute(
        f"SELECT {columns} {source} ORDER BY {order} LIMIT ? OFFSET ?", (*values, window.limit, window.offset)
    )
    data = [shape(row) for row in rows]
    more = window.offset + len(data) < total and bool(data)
    return {"data": data, "total": total, "limit": window.limit, "offset": window.offset, "has_more": more}


NEWEST_FIRST = "created_at DESC, rowid DESC"
