"""API keys: how one is stored, whose workspace it opens, and what it may do there.

In: a key as a caller sent it. Out: a `Grant`, or nothing; a missing, unknown and revoked key look the same. The key
itself is never stored, logged or put into an error.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from flintt_mcp.sandbox.flowmaticx.plans import PLANS, Plan
from flintt_mcp.sandbox.ground.secret import Digester, row_of_key

SANDBOX_KEYS = {
    "main": "lg_live_sandbox_key",
    "scoped": "lg_live_sandbox_scoped_key",
    "lapsed": "lg_live_sandbox_lapsed_key",
    "starter": "lg_live_sandbox_starter_key",
    "pilot": "lg_live_sandbox_pilot_key",
}
"""The published key of every example workspace, by its slug; see seed/__init__.py for what each shows."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a good key opens: a workspace as it is now, and the key's scopes in it."""

    key_id: int
    workspace_id: int
    scopes: frozenset[str]
    plan_id: str
    subscribed: bool
    api_pilot: bool
    used_in_app: int

    @property
    def plan(self) -> Plan:
        return PLANS[self.plan_id]

    @property
    def may_call(self) -> bool:
        """Whether the workspace has API access at all."""
        return self.plan.api or self.api_pilot

    def allows(self, scope: str) -> bool:
        """Whether the key has a scope."""
        return scope in self.scopes or "*" in self.scopes


def find_key(connection: sqlite3.Connection, digester: Digester, key: str) -> Grant | None:
    """What a key opens when it is known and not revoked."""
    query = """SELECT k.id AS key_id, k.key_digest, k.scopes, w.* FROM flowmaticx_api_keys k
        JOIN flowmaticx_workspaces w ON w.id = k.workspace_id WHERE k.key_prefix = ? AND k.revoked_at IS NULL"""
    row = row_of_key(connection, digester, query, key)
    if row is None:
        return None
    return Grant(
        row["key_id"],
        row["id"],
        frozenset(row["scopes"].split()),
        row["plan"],
        bool(row["subscribed"]),
        bool(row["api_pilot"]),
        row["used_in_app"],
    )
