"""What can keep a good change from a file, by name. Whoever knows only SQLite's errors catches these too.

    sqlite3.OperationalError
    ├── Busy     another process holds the file; it goes in a moment
    └── Full     the disk is full

Either way nothing was changed. Of other errors `storage_fault` tells those of the file and its disk from our own.
"""

from __future__ import annotations

import sqlite3


class Busy(sqlite3.OperationalError):
    """Another process held the file for as long as was waited."""


class Full(sqlite3.OperationalError):
    """There is no room for the change on the disk."""


_FILE = {
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_READONLY,
}


def named(error: sqlite3.OperationalError) -> sqlite3.OperationalError:
    """The error by the name of its cause, where it has one."""
    kind = _kind(error)
    if kind in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL):
        return Busy("another process holds the database")
    if kind == sqlite3.SQLITE_FULL:
        return Full("the disk is full")
    return error


def storage_fault(error: Exception) -> bool:
    """Whether an error comes from the file or its disk, and not from what was asked of them."""
    return _kind(error) in _FILE


def _kind(error: Exception) -> int:
    """The first byte of SQLite's code; the others say more of the same."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
