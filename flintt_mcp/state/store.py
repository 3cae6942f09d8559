"""The server's own durable state, shared by its processes: claims of idempotency keys, and requests sent to an API.

SQLite in the data folder, made when something is first stored: a server that never spends has no file. Only keyed digests
go in, never arguments or keys. What the app uses are two methods, `claim` and `take`: a store on another database is a
class with these two. Nothing of a sandbox lies here.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from flintt_mcp.errors import CallRefused
from flintt_mcp.sqlite import Database, Migration
from flintt_mcp.state.windows import wait_for

FILE_NAME = "server.db"
REMEMBERED_SECONDS = 24 * 3600.0

MIGRATIONS = (
    Migration(
        "claims of idempotency keys, and requests that processes count together",
        (
            "CREATE TABLE claims (digest BLOB PRIMARY KEY NOT NULL, key TEXT NOT NULL, made_at REAL NOT NULL) WITHOUT ROWID",
            "CREATE INDEX claims_by_age ON claims (made_at)",
            "CREATE TABLE requests (bucket TEXT NOT NULL, sent_at REAL NOT NULL, ends_at REAL NOT NULL)",
            "CREATE INDEX requests_by_bucket ON requests (bucket, sent_at)",
            "CREATE INDEX requests_by_end ON requests (ends_at)",
        ),
    ),
)


class Store:
    """One file for all processes of a server. `digest_key` (32 bytes or more) is shared by them; `wall` is their clock."""

    def __init__(self, folder: Path, digest_key: bytes, wall: Callable[[], float] = time.time) -> None:
        self._database = Database(folder / FILE_NAME, MIGRATIONS)
        self._digest_key = hmac.digest(digest_key, b"flintt-mcp claims", hashlib.sha256)
        self._wall = wall

    async def claim(self, caller: str, tool: str, canonical: str, intent: str, now: float) -> str:
        """The idempotency key of an intent: random, and the same again for 24 hours, in every process.

        Args:
            caller: whose call it is; any text that is equal for equal callers, a key as well.
            canonical: the arguments in canonical form.
            intent: what tells two intents with equal arguments apart; may be empty.
            now: seconds since 1970.

        Raises:
            CallRefused: the store cannot be used, so the call must not be sent.
        """
        text = json.dumps([caller, tool, canonical, intent])
        digest = hmac.digest(self._digest_key, text.encode(), hashlib.sha256)
        with _refused():
            return await self._database.write(_claim, digest, now)

    async def take(self, bucket: str, limit: int, seconds: float, ahead: int) -> float:
        """Count one request among all processes, as `windows.Window` says.

        Raises:
            CallRefused: the store cannot be used.
        """
        # The clock is read inside the transaction: moments then stand in the order in which they are counted.
        with _refused():
            return await self._database.write_relaxed(
                lambda connection: _take(connection, bucket, limit, seconds, ahead, self._wall())
            )

    def close(self) -> None:
        """Close the file; call it when nothing is under way. The store opens again when it is used again."""
        self._database.close()


@contextmanager
def _refused() -> Iterator[None]:
    """What the file cannot do, as the refusal of the call that asked for it."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise CallRefused(
            f"The server could not use its store ({type(error).__name__}), so nothing was sent",
            advice="try again in a minute; if it lasts, the operator has to look at the data folder",
        ) from error


def _claim(connection: sqlite3.Connection, digest: bytes, now: float) -> str:
    connection.execute("DELETE FROM claims WHERE made_at <= ?", (now - REMEMBERED_SECONDS,))
    known = connection.execute("SELECT key FROM claims WHERE digest = ?", (digest,)).fetchone()
    if known is not None:
        return known[0]
    key = str(uuid4())
    connection.execute("INSERT INTO claims (digest, key, made_at) VALUES (?, ?, ?)", (digest, key, now))
    return key


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
