"""Brings the schema of a file up to date, step by step; the file's user_version counts the steps it has seen.

In: a file, a connection to it on which nothing has begun, and all steps in the order of their release. Out: the file with every
step, or as it was when one fails, and beside it a copy of what it was. Of several processes that come together one does it, the
others find it done. Nothing goes by cascade while steps are taken: a table may be made anew under its name, and a step that
deletes a row deletes what refers to it, or is refused.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from flintt_mcp.sqlite.copies import forget_copies, keep_copy

Step = str | Callable[[sqlite3.Connection], None]
"""One SQL statement, or a function for what SQL cannot say."""


@dataclass(frozen=True, slots=True)
class Migration:
    """What one release does to a schema: its steps never change once released; another migration is added instead."""

    name: str
    steps: Sequence[Step]


class NewerFile(sqlite3.DatabaseError):
    """A newer version of this program wrote the file; it is left alone."""


def bring_up_to_date(path: Path, connection: sqlite3.Connection, migrations: Sequence[Migration]) -> None:
    """Take what the file has not seen. The write lock is taken only when there is something, and looked again then.

    Raises:
        NewerFile: the file has seen more than there is.
        OSError, sqlite3.Error: the file could not be copied, or a step failed; nothing of it is in the file.
    """
    if _seen(connection, migrations) == len(migrations):
        return
    connection.execute("PRAGMA foreign_keys = OFF")  # within a transaction this would do nothing
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        seen = _seen(connection, migrations)
        if seen == len(migrations):
            return
        if seen:
            keep_copy(path, seen)
        for migration in migrations[seen:]:
            _take(connection, migration)
        _check_references(connection)
        connection.execute(f"PRAGMA user_version = {len(migrations)}")
    forget_copies(path, but=seen)


def _seen(connection: sqlite3.Connection, migrations: Sequence[Migration]) -> int:
    """How many migrations the file has seen."""
    seen = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if seen > len(migrations):
        raise NewerFile("the file was written by a newer version of flintt-mcp")
    return seen


def _take(connection: sqlite3.Connection, migration: Migration) -> None:
    for step in migration.steps:
        if isinstance(step, str):
            connection.execute(step)
        else:
            step(connection)
        if not connection.in_transaction:
            raise sqlite3.ProgrammingError(f"the step {migration.name!r} ended the transaction it was taken in")


def _check_references(connection: sqlite3.Connection) -> None:
    broken = {row["table"] for row in connection.execute("PRAGMA foreign_key_check")}
    if broken:
        raise sqlite3.IntegrityError(f"after this step rows of {', '.join(sorted(broken))} would refer to nothing")
