"""API keys: how one is stored, and whose workspace it opens.

In: a key as a caller sent it. Out: the user it belongs to, or nothing; a missing, unknown and revoked key look the same.
Keys are found by their display prefix and compared by digest in constant time; nothing is cached, so that a revoked key
is refused by the next request. The key itself is never stored, logged or put into an error.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta

from flintt_mcp.sandbox.clock import read_stamp, stamp
from flintt_mcp.sandbox.secret import Digester

PREFIX_LENGTH = 12
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
    for row in connection.execute(
        "SELECT id, user_id, key_digest, last_used_at FROM flintt_api_keys WHERE key_prefix = ? AND revoked_at IS NULL",
        (key[:PREFIX_LENGTH],),
    ):
        if digester.matches(key, row["key_digest"]):
            return KeyUse(row["id"], row["user_id"], row["last_used_at"])
    return None


def note_use(connection: sqlite3.Connection, use: KeyUse, now: datetime) -> None:
    """Remember that the key was used now."""
    connection.execute("UPDATE flintt_api_keys SET last_used_at = ? WHERE id = ?", (stamp(now), use.key_id))
