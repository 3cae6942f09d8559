"""API keys: how one is stored, whose treasury it opens and what for.

In: a key as a caller sent it. Out: its organisation and scopes, or nothing; an unknown, expired and revoked key look the
same. Nothing is cached, so that a revoked key is refused by the next request. The key itself is never stored, logged or put
into an error.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flintt_mcp.sandbox.flowpilot.books import Books
from flintt_mcp.sandbox.ground.secret import KEY_PREFIX, Digester, row_of_key

SANDBOX_KEY = "fp_test_sandbox_key"
"""Published on purpose: documentation examples work with it. It has every scope."""
SECOND_SANDBOX_KEY = "fp_test_sandbox_readonly_key"
"""Opens the small treasury of a second organisation, and may only read."""
SCOPES = {
    "runs:read": "Read runs and their metadata",
    "runs:write": "Create new payment runs",
    "recipients:read": "List saved recipients",
    "recipients:write": "Create or delete saved recipients",
    "wallet:read": "Read wallet balance and AI credit balance",
    "transactions:read": "Query transaction history",
    "audit:read": "Access the audit event log",
}


@dataclass(frozen=True, slots=True)
class OpenKey:
    """A good key: which it is, whose it is, and what it may do."""

    key_id: str
    organisation_id: str
    scopes: frozenset[str]


def find_key(connection: sqlite3.Connection, digester: Digester, key: str, now: str) -> OpenKey | None:
    """The key's record when it is known, not revoked and not expired."""
    query = """SELECT id, organisation_id, key_digest, scopes FROM flowpilot_api_keys
        WHERE key_prefix = ? AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?)"""
    row = row_of_key(connection, digester, query, key, now)
    return None if row is None else OpenKey(row["id"], row["organisation_id"], frozenset(json.loads(row["scopes"])))


def add_key(
    books: Books,
    digester: Digester,
    key: str,
    scopes: Sequence[str],
    now: str,
    *,
    name: str = "Sandbox",
    expires_at: str | None = None,
) -> str:
    """Store a key for an organisation and answer the id of its record."""
    row: dict[str, Any] = {"name": name, "key_prefix": key[:KEY_PREFIX], "key_digest": digester.digest(key)}
    row |= {"scopes": json.dumps(list(scopes)), "expires_at": expires_at, "created_at": now}
    return books.insert("flowpilot_api_keys", row)
