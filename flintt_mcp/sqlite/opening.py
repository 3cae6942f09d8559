"""Opens connections to a file that several threads and processes use at once.

In: a path. Out: a file that is private from its first moment and in WAL mode, and connections that wait their turn. Nothing
here knows what is in the file. SQLite gives the side files (-wal, -shm) the mode of the file itself.
"""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import suppress
from pathlib import Path

BUSY_SECONDS = 10.0
"""How long whoever comes second waits for a lock."""


def make_private(path: Path) -> None:
    """Make the file (mode 600), and its folder (mode 700), where there is none.

    A file that is there is not touched: closing it here would drop the locks of this process's connections to it.

    Raises:
        OSError: it cannot be made.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


def connect(path: Path, *settings: str) -> sqlite3.Connection:
    """A connection on which nothing has begun; it may move between threads, one at a time. `settings` are pragmas.

    Raises:
        sqlite3.Error: the file cannot be opened.
    """
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    try:
        for setting in ("foreign_keys = ON", "synchronous = FULL", *settings):
            connection.execute(f"PRAGMA {setting}")
    except BaseException:
        connection.close()
        raise
    return connection


def use_wal(connection: sqlite3.Connection) -> None:
    """Switch the file to WAL. The switch needs the file for itself and does not wait its turn, so two newcomers retry here.

    Raises:
        sqlite3.Error: somebody else held the file all the time, or it is no database.
    """
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
