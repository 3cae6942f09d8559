"""Moves every organisation on, for whoever delivers webhooks: their events should come even when nobody looks.

In: the database and the clock. Out: whether anything moved. One read when nothing is due. Leaving it out changes no outcome, only
when it is told; several processes may do it at once.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Awaitable, Callable

import anyio

from flintt_mcp.sandbox.flowpilot.books import Books
from flintt_mcp.sandbox.flowpilot.lifecycle import catch_up, is_due
from flintt_mcp.sandbox.ground.clock import Clock, stamp
from flintt_mcp.sqlite import Database

logger = logging.getLogger(__name__)

POLL = 1.0
"""Seconds between looks."""


async def keep_moving(
    database: Database, clock: Clock, sleep: Callable[[float], Awaitable[None]] = anyio.sleep
) -> None:
    """Move every organisation on, again and again, until cancelled."""
    while True:
        try:
            await move_on(database, clock)
        except sqlite3.OperationalError as error:  # busy or full: what is due stays due
            logger.warning("FlowPilot runs wait: %s", error)
        await sleep(POLL)


async def move_on(database: Database, clock: Clock) -> bool:
    """Take every step of every organisation that is due by now."""
    now = stamp(clock())
    due = await database.read(_due, now)
    for organisation_id in due:
        await database.write(_catch_up, organisation_id, now)
    return bool(due)


def _due(connection: sqlite3.Connection, now: str) -> list[str]:
    owners = connection.execute("SELECT id FROM flowpilot_organisations ORDER BY rowid").fetchall()
    return [owner["id"] for owner in owners if is_due(connection, owner["id"], now)]


def _catch_up(connection: sqlite3.Connection, organisation_id: str, now: str) -> None:
    catch_up(Books(connection, organisation_id), now)
