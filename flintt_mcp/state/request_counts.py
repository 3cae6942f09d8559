"""Requests that several processes send to an API with one key, counted together.

In: a bucket (a keyed digest), a limit and its seconds. Out: 0 when a request was counted, else how long to wait: a `Window`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from flintt_mcp.sqlite import Database
from flintt_mcp.state.server_file import refusing
from flintt_mcp.state.windows import wait_for


class RequestCounts:
    """A `Window` on the server's file; `now` is the clock on the wall, which its processes share."""

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        self._database = database
        self._now = now

    async def take(self, bucket: str, limit: int, seconds: float, ahead: int) -> float:
        """Count one request among all processes, as `windows.Window` says.

        Raises:
            CallRefused: the file cannot be used.
        """
        with refusing():
            # The clock is read inside the transaction: moments then stand in the order in which they are counted. A power cut
            # may forget a count of the last minute.
            return await self._database.write_relaxed(
                lambda connection: _take(connection, bucket, limit, seconds, ahead, self._now())
            )


def _take(connection: sqlite3.Connection, bucket: str, limit: int, seconds: float, ahead: int, now: float) -> float:
    connection.execute("DELETE FROM requests WHERE ends_at <= ?", (now,))
    # After the clock was set back, requests seem to lie ahead: they count as sent just now, so that no wait is endless.
    connection.execute(
        "UPDATE requests SET sent_at = :now, ends_at = :ends WHERE bucket = :bucket AND sent_at > :now",
        {"now": now, "ends": now + seconds, "bucket": bucket},
    )
    rows = connection.execute("SELECT sent_at FROM requests WHERE bucket = ? ORDER BY sent_at", (bucket,)).fetchall()
    wait = wait_for([row[0] for row in rows], limit, seconds, ahead, now)
    if wait <= 0:
        connection.execute("INSERT INTO requests VALUES (?, ?, ?)", (bucket, now, now + seconds))
    return wait
