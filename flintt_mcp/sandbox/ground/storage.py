"""What is said, and logged, when the sandbox cannot use its own file: the disk is full, another process holds it, it is damaged.

In: an error of SQLite that reached no room of an API. Out: an answer in the API's voice that names the cause and, where it is
certain, that nothing was changed, and one line in the log. An error that is ours (a table that is not there) goes on as it came.
"""

from __future__ import annotations

import logging
import sqlite3

from fastapi import FastAPI, Request, Response

from flintt_mcp.sandbox.ground.voice import Occasion, Voice
from flintt_mcp.sqlite import Busy, Full, storage_fault

logger = logging.getLogger(__name__)

HELD = Occasion(
    503,
    "The sandbox's database is held by another process, so nothing was changed: try again in a moment",
    "storage_busy",
)
FULL = Occasion(
    507, "The disk of the sandbox is full, so nothing was changed: make room, then try again", "storage_full"
)
BROKEN = Occasion(500, "The sandbox's database cannot be read or written: look at its data folder", "storage_failed")
"""A commit that failed in the middle may be found done after a restart, so nothing is said of changes."""
_HEADERS = {HELD: {"Retry-After": "1", "Changed": "no"}, FULL: {"Changed": "no"}}


def answer_storage_faults(app: FastAPI, voice: Voice) -> None:
    """Let the app tell in this voice what keeps it from its file."""

    async def handle(request: Request, error: Exception) -> Response:
        occasion = _occasion(error)
        if occasion is None:
            raise error
        route = getattr(request.scope.get("route"), "path", "")
        cause = getattr(error, "sqlite_errorname", error)
        logger.error("%s %s was answered with %d: %s", request.method, route, occasion.status, cause)
        return voice.tell(occasion, _HEADERS.get(occasion))

    app.add_exception_handler(sqlite3.DatabaseError, handle)


def _occasion(error: Exception) -> Occasion | None:
    if isinstance(error, Busy):
        return HELD
    if isinstance(error, Full):
        return FULL
    return BROKEN if storage_fault(error) else None
