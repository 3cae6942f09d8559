"""The example rows: two users, the first with some sixty resources, the clients, and the published tokens.

In: an empty schema, inside one transaction. Out: rows that are the same on every machine but for the digests. Everybody is
invented, and every address lies under the reserved domain .example.
"""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from flintt_mcp.sandbox.flextell.oauth.token_rows import SCOPES
from flintt_mcp.sandbox.flextell.seed.business import companies, contacts, invoices, tickets
from flintt_mcp.sandbox.ground.rows import insert
from flintt_mcp.sandbox.ground.secret import Digester
from flintt_mcp.sandbox.ground.seeding import before, fixed_id

__all__ = ["CLIENT", "SERVICE", "SERVICE_SECRET", "sow"]

CLIENT = "flextell_sandbox_client"
"""A public client for command lines: no secret, redirects to any port of the loopback interface."""
SERVICE = "flextell_sandbox_service"
SERVICE_SECRET = "flextell_sandbox_client_secret"
"""A confidential client, with a web address and client_credentials. Published on purpose, like the token."""


def sow(connection: sqlite3.Connection, digester: Digester, token: str, second_token: str) -> None:
    """Write all example rows."""
    user = _sow_user(connection, "Local User", "you@workspace.example")
    other = _sow_user(connection, "Second User", "other@workspace.example")
    _sow_client(connection, CLIENT, "Flextell command line", ("http://127.0.0.1/callback", "http://[::1]/callback"))
    web = ("https://app.workspace.example/callback",)
    _sow_client(connection, SERVICE, "Workspace service", web, user, digester.digest(SERVICE_SECRET))
    _sow_token(connection, user, digester.digest(token))
    _sow_token(connection, other, digester.digest(second_token))
    firms = _sow(connection, user, "companies", companies())
    people = _sow(connection, user, "contacts", contacts(firms))
    _sow(connection, user, "tickets", tickets(people))
    _sow(connection, user, "invoices", invoices(firms))
    _sow(connection, other, "contacts", [{"name": f"Otherside {name}"} for name in ("Baker", "Ferrier", "Optician")])


def _sow_user(connection: sqlite3.Connection, name: str, email: str) -> str:
    user = fixed_id("flextell user", email)
    connection.execute("INSERT INTO flextell_users VALUES (?, ?, ?, ?)", (user, name, email, before(days=400)))
    return user


def _sow_client(
    connection: sqlite3.Connection,
    client: str,
    name: str,
    addresses: tuple[str, ...],
    user: str | None = None,
    secret_digest: str | None = None,
) -> None:
    connection.execute(
        "INSERT INTO flextell_clients VALUES (?, ?, ?, ?, ?, ?)",
        (client, user, name, secret_digest, json.dumps(addresses), before(days=400)),
    )


def _sow_token(connection: sqlite3.Connection, user: str, digest: str) -> None:
    connection.execute(
        """INSERT INTO flextell_tokens (token_digest, user_id, client_id, family, kind, scope, created_at)
            VALUES (?, ?, ?, ?, 'access', ?, ?)""",
        (digest, user, CLIENT, fixed_id("flextell family", user), " ".join(SCOPES), before(days=400)),
    )


def _sow(connection: sqlite3.Connection, user: str, name: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Write resources of one name, oldest first, and answer them with their ids."""
    sown = []
    for age, fields in zip(range(len(rows), 0, -1), rows, strict=True):
        moment = before(days=3 * age)
        row = {"user_id": user, "collection": name, "fields": json.dumps(fields, ensure_ascii=False)}
        number = insert(connection, "flextell_resources", row | {"created_at": moment, "updated_at": moment})
        sown.append({"id": f"res_{number:03d}", **fields})
    return sown
