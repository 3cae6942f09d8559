"""Rows of any table: written from dictionaries, described for people.

In: an open transaction, a table, rows. Table and column names come from code, never from a request.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

Tables = dict[str, tuple[str, dict[str, str]]]
"""Table -> (what a row is, {column -> what it holds}). Every schema module carries one; a test holds them to the file."""

CREATED = "When the row was made (ISO 8601, UTC)."
UPDATED = "When the row last changed (ISO 8601, UTC)."


def insert(connection: sqlite3.Connection, table: str, row: Mapping[str, Any]) -> Any:
    """Insert a row and answer its id: the one it brings, or the number that SQLite gave it."""
    cursor = connection.execute(_statement(table, row), row)
    return row.get("id", cursor.lastrowid)


def insert_all(connection: sqlite3.Connection, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows of one shape."""
    if rows:
        connection.executemany(_statement(table, rows[0]), rows)


def _statement(table: str, row: Mapping[str, Any]) -> str:
    marks = ", ".join(f":{column}" for column in row)
    return f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})"
