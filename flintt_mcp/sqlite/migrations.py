"""Brings the schema of a file up to date, step by step; the file's user_version counts the steps it has seen.

In: a connection on which nothing has begun, and all steps in the order of their release. Out: the file with every step, or as
it was when one fails. Of several processes that come together one does it, the others find it done.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of a schema: its SQL statements never change once released; a later step is added instead."""

    name: str
    statements: Sequence[str]


class NewerFile(sqlite3.DatabaseError):
    """A newer version of this program wrote the file; it is left alone."""


def bring_up_to_date(connection: sqlite3.Connection, migrations: Sequence[Migration]) -> None:
    """Take the steps that the file has not seen. The write lock is taken only when there is one, and looked again then.

    Raises:
        NewerFile: the file has seen more steps than there are.
        sqlite3.Error: a step failed; nothing of it is in the file.
    """
    if _seen(connection, migrations) == len(migrations):
        return
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        for migration in migrations[_seen(connection, migrations) :]:
            for statement in migration.statements:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(migrations)}")


def _seen(connection: sqlite3.Connection, migrations: Sequence[Migration]) -> int:
    """How many steps the file has seen."""
    seen = connection.execute("PRAGMA user_version").fetchone()[0]
    if seen > len(migrations):
        raise NewerFile("the file was written by a newer version of flintt-mcp")
    return seen
