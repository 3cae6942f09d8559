"""API keys: how one is stored, and whose workspace it opens.

In: a key as a caller sent it. Out: the user it belongs to, or nothing; a missing, unknown and revoked key look the same.
Nothing is cached, so that a revoked key is refused by the next request. A new key is 256 random bits, answered once by
`add_key`; it is never stored, logged or put into an error.
"""

from __future__ import annotations

import secrets
import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from flintt_mcp.sandbox.ground.clock import read_stamp, stamp
from flintt_mcp.sandbox.ground.rows import insert
from flintt_mcp.sandbox.ground.secret import KEY_PREFIX, Digester, row_of_key

SANDBOX_KEY = "flt_sandbox_key"
"""Published on purpose: documentation examples work with it. Only a sandbox knows it."""
SECOND_SANDBOX_KEY = "flt_sandbox_second_key"
"""Opens the small workspace of a second user, to see that neither user sees the other's rows."""
USED_AGAIN_AFTER = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class KeyUse:
    """A good key: whose it is, and when it was last seen."""

    key_id: str
    user_id: str
    last_used_at: str | None

    def is_news(self, now: datetime) -> bool:
        """Whether last_used_at is old enough to be written again; writing it for every request would cost a sync."""
        return self.last_used_at is None or now - read_stamp(self.last_used_at) >= USED_AGAIN_AFTER


def find_key(connection: sqlite3.Connection, digester: Digester, key: str) -> KeyUse | None:
    """The key's record when it is known and not revoked."""
    query = (
        "SELECT id, user_id, key_digest, last_used_at FROM flintt_api_keys WHERE key_prefix = ? AND revoked_at IS NULL"
    )
    row = row_of_key(connection, digester, query, key)
    return None if row is None else KeyUse(row["id"], row["user_id"], row["last_used_at"])


def note_use(connection: sqlite3.Connection, use: KeyUse, now: datetime) -> None:
    """Remember that the key was used now."""
    connection.execute("UPDATE flintt_api_keys SET last_used_at = ? WHERE id = ?", (stamp(now), use.key_id))


def list_keys(connection: sqlite3.Connection, user_id: str) -> list[dict[str, Any]]:
    """All keys of a user, revoked ones too, newest first."""
    rows = connection.execute(
        """SELECT id, name, key_prefix, last_used_at, revoked_at, created_at FROM flintt_api_keys WHERE user_id = ?
            ORDER BY created_at DESC, rowid DESC""",
        (user_id,),
    )
    return [dict(row) for row in rows]


def add_key(
    connection: sqlite3.Connection, user_id: str, digester: Digester, name: str, now: datetime, *, own: bool = False
) -> dict[str, Any]:
    """Make a key and answer it, the one time that raw_key is known. `own` marks the key of /api/api-key."""
    key = "flt_" + secrets.token_hex(32)
    row = {
        "id": str(uuid4()),
        "name": name,
        "key_prefix": key[:KEY_PREFIX],
        "last_used_at": None,
        "created_at": stamp(now),
    }
    stored = row | {"user_id": user_id, "key_digest": digester.digest(key), "own": own}
    insert(connection, "flintt_api_keys", stored)
    return row | {"raw_key": key}


def own_key(connection: sqlite3.Connection, user_id: str) -> dict[str, Any] | None:
    """The key that /api/api-key made, while it is not revoked."""
    row = connection.execute(
        """SELECT id, key_prefix, last_used_at, created_at FROM flintt_api_keys
            WHERE user_id = ? AND own = 1 AND revoked_at IS NULL""",
        (user_id,),
    ).fetchone()
    return None if row is None else dict(row)


def revoke_key(connection: sqlite3.Connection, user_id: str, key_id: str, now: datetime) -> bool:
    """Revoke a key from this moment on; False when the user has no such key. A second time changes nothing."""
    query = "UPDATE flintt_api_keys SET revoked_at = COALESCE(revoked_at, ?) WHERE id = ? AND user_id = ?"
    return connection.execute(query, (stamp(now), key_id, user_id)).rowcount > 0
