"""Sessions that clients ended before their time, so that no worker and no later process takes them.

In: a session's name, which is no id and leads to none, and when it would have ended by itself. Out: all that are still of use.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping

from flintt_mcp.sqlite import Database
from flintt_mcp.state.server_file import refusing

MOST = 10_000
"""How many are kept."""


class EndedSessions:
    """The list on the server's file; `now` is the clock on the wall."""

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        self._database = database
        self._now = now

    async def all(self) -> Mapping[bytes, int]:
        """Each name with the seconds since 1970 when its session ends by itself.

        Raises:
            CallRefused: the file cannot be used.
        """
        if not self._database.path.exists():
            return {}
        with refusing():
            return await self._database.read(_all, self._now())

    async def add(self, name: bytes, ends: int) -> None:
        """Keep one more, and forget what is over.

        Raises:
            CallRefused: the file cannot be used.
        """
        with refusing():
            await self._database.write_relaxed(_add, name, ends, self._now())


def _all(connection: sqlite3.Connection, now: float) -> dict[bytes, int]:
    query = "SELECT name, ends_at FROM ended_sessions WHERE ends_at > ? ORDER BY ends_at DESC LIMIT ?"
    return dict(connection.execute(query, (now, MOST)).fetchall())


def _add(connection: sqlite3.Connection, name: bytes, ends: int, now: float) -> None:
    connection.execute("DELETE FROM ended_sessions WHERE ends_at <= ?", (now,))
    connection.execute("INSERT OR REPLACE INTO ended_sessions VALUES (?, ?)", (name, ends))
    (kept,) = connection.execute("SELECT count(*) FROM ended_sessions").fetchone()
    connection.execute(
        "DELETE FROM ended_sessions WHERE name IN (SELECT name FROM ended_sessions ORDER BY ends_at LIMIT ?)",
        (max(0, kept - MOST),),
    )
