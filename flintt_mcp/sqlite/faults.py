"""What can keep a good change from a file, by name. Whoever knows only SQLite's errors catches these too.

sqlite3.OperationalError
└── Busy     another process holds the file; nothing was changed, and it goes in a moment
"""

from __future__ import annotations

import sqlite3


class Busy(sqlite3.OperationalError):
    """Another process held the file for as long as was waited."""


def named(error: sqlite3.OperationalError) -> sqlite3.OperationalError:
    """The error by the name of its cause, where it has one."""
    code = (
        getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    )  # the first byte is the kind, the rest says more
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL):
        return Busy("another process holds the database")
    return error
