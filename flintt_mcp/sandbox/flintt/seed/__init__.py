"""The example rows: two users, the first with a believable workspace, the same on every machine.

In: an empty schema, inside one transaction. Out: rows. Everything follows from fixed ids, fixed dates around `EPOCH` and a
fixed sequence of draws; nothing here may look at the clock, the machine or the network. All companies, people and news
are invented, and every address lies under the reserved domain .example.
"""

from __future__ import annotations

import sqlite3

from flintt_mcp.sandbox.flintt.seed.companies import sow_companies
from flintt_mcp.sandbox.flintt.seed.deals import sow_deals
from flintt_mcp.sandbox.flintt.seed.runs import sow_runs
from flintt_mcp.sandbox.flintt.seed.second_user import sow_second_workspace
from flintt_mcp.sandbox.flintt.seed.signals import sow_signals
from flintt_mcp.sandbox.ground.secret import KEY_PREFIX, Digester
from flintt_mcp.sandbox.ground.seeding import before, fixed_id

__all__ = ["sow"]


def sow(connection: sqlite3.Connection, digester: Digester, key: str, second_key: str) -> None:
    """Write all example rows."""
    user = _sow_user(connection, "Local User", "you@workspace.example", digester, key)
    companies = sow_companies(connection, user)
    sow_deals(connection, user, companies)
    sow_runs(connection, user, sow_signals(connection, user), companies)
    sow_second_workspace(
        connection, _sow_user(connection, "Second User", "other@workspace.example", digester, second_key)
    )


def _sow_user(connection: sqlite3.Connection, name: str, email: str, digester: Digester, key: str) -> str:
    user = fixed_id("user", email)
    connection.execute("INSERT INTO flintt_users VALUES (?, ?, ?, ?)", (user, name, email, before(days=400)))
    connection.execute(
        "INSERT INTO flintt_api_keys (id, user_id, name, key_prefix, key_digest, created_at) VALUES (?, ?, ?, ?, ?, ?)",
        (fixed_id("key", email), user, "Sandbox", key[:KEY_PREFIX], digester.digest(key), before(days=400)),
    )
    return user
