"""Keeps the delivery log short: deliveries that ended are forgotten after a while, what waits never.

In: the database and the clock. Out: deleted rows, their attempts with them. One read finds what is old; it goes a few at a time,
so that no other write waits long.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

import anyio

from flintt_mcp.sandbox.ground.clock import Clock, stamp
from flintt_mcp.sqlite import Database

logger = logging.getLogger(__name__)

KEPT_FOR = timedelta(days=30)
"""How long a delivery stays in the log after it ended."""
KEPT_ROWS = 10_000
"""How many ended deliveries of one endpoint stay, the newest."""
EVERY = 3600.0
AT_ONCE = 500


async def keep_short(database: Database, clock: Clock, sleep: Callable[[float], Awaitable[None]] = anyio.sleep) -> None:
    """Forget what is old, now and every hour, until cancelled."""
    while True:
        try:
            await forget_old(database, clock)
        except sqlite3.OperationalError as error:  # busy or full: next time
            logger.warning("the webhook log was not shortened: %s", error)
        await sleep(EVERY)


async def forget_old(database: Database, clock: Clock, rows: int = KEPT_ROWS) -> int:
    """Forget all that is old by now, and answer how many deliveries that were."""
    old = await database.read(_old, clock(), rows)
    for first in range(0, len(old), AT_ONCE):
        await database.write(_forget, old[first : first + AT_ONCE])
    return len(old)


def _old(connection: sqlite3.Connection, now: datetime, rows: int) -> Sequence[str]:
    found = connection.execute(
        """SELECT id FROM (
                SELECT id, ended_at, row_number() OVER (PARTITION BY endpoint_id ORDER BY created_at DESC, rowid DESC) AS place
                FROM webhook_deliveries WHERE state != 'pending')
            WHERE ended_at < ? OR place > ?""",
        (stamp(now - KEPT_FOR), rows),
    )
    return [row["id"] for row in found]


def _forget(connection: sqlite3.Connection, old: Sequence[str]) -> None:
    """One that was sent again meanwhile stays."""
    connection.executemany(
        "DELETE FROM webhook_deliveries WHERE id = ? AND state != 'pending'", [(one,) for one in old]
    )
