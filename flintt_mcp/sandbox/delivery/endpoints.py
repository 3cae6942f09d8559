"""The endpoints of one owner under one scheme: list, add, change, remove, and a new secret.

In: an open transaction; checked fields. Out: rows as dictionaries; secrets only from `register` and `rotate`, which are the
one moment they are shown. Whoever asks gives scheme and owner to every query, so nobody reaches the endpoint of another.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from flintt_mcp.sandbox.delivery.outbox import send_at_once, write_delivery
from flintt_mcp.sandbox.delivery.scheme import Scheme
from flintt_mcp.sandbox.delivery.signing import auth_token, new_salt, signing_secret
from flintt_mcp.sandbox.ground.clock import stamp
from flintt_mcp.sandbox.ground.secret import Digester

COLUMNS = "id, name, endpoint_url, event_types, active, off_reason, created_at, updated_at"


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose endpoints, under which rules."""

    scheme: Scheme
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEndpoint:
    """What a person says about an endpoint; the URL has passed the guard's `check_url`."""

    name: str
    url: str
    events: Sequence[str]
    active: bool = True


class UnknownEndpoint(LookupError):
    """The owner has no endpoint of that id."""


def list_endpoints(connection: sqlite3.Connection, owner: Owner) -> list[dict[str, Any]]:
    """All endpoints of the owner, newest first."""
    query = f"""SELECT {COLUMNS} FROM webhook_endpoints WHERE owner_id = ? AND scheme = ?
        ORDER BY created_at DESC, rowid DESC"""
    return [_endpoint(row) for row in connection.execute(query, (owner.id, owner.scheme.name))]


def get_endpoint(connection: sqlite3.Connection, owner: Owner, endpoint_id: str) -> dict[str, Any]:
    """One endpoint.

    Raises:
        UnknownEndpoint: the owner has none of that id.
    """
    query = f"SELECT {COLUMNS} FROM webhook_endpoints WHERE id = ? AND owner_id = ? AND scheme = ?"
    row = connection.execute(query, (endpoint_id, owner.id, owner.scheme.name)).fetchone()
    if row is None:
        raise UnknownEndpoint(endpoint_id)
    return _endpoint(row)


def register(
    connection: sqlite3.Connection, owner: Owner, digester: Digester, new: NewEndpoint, now: datetime
) -> dict[str, Any]:
    """Add an endpoint; answers it with its signing_secret and auth_token, which nothing shows again."""
    endpoint_id, signing_salt, token_salt = f"wh_{uuid4()}", new_salt(), new_salt()
    connection.execute(
        """INSERT INTO webhook_endpoints (id, scheme, owner_id, name, endpoint_url, event_types, active, signing_salt,
            token_salt, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        (
            endpoint_id,
            owner.scheme.name,
            owner.id,
            new.name,
            new.url,
            json.dumps(list(new.events)),
            new.active,
            signing_salt,
            token_salt,
            stamp(now),
            stamp(now),
        ),
    )
    test = owner.scheme.test_event
    if test is not None:
        write_delivery(connection, owner.scheme, owner.id, endpoint_id, test, {"webhook_id": endpoint_id}, now)
    return get_endpoint(connection, owner, endpoint_id) | {
        "signing_secret": signing_secret(digester, signing_salt),
        "auth_token": auth_token(digester, token_salt),
    }


def change(
    connection: sqlite3.Connection, owner: Owner, endpoint_id: str, fields: Mapping[str, Any], now: datetime
) -> dict[str, Any]:
    """Change name, endpoint_url, event_types or active, as far as given.

    Activating forgets earlier failures, and what waited is sent at once.

    Raises:
        UnknownEndpoint: the owner has none of that id.
    """
    get_endpoint(connection, owner, endpoint_id)
    row = dict(fields)
    if "event_types" in row:
        row["event_types"] = json.dumps(list(row["event_types"]))
    if row.get("active"):
        row |= {"failures": 0, "failing_since": None}
        send_at_once(connection, endpoint_id)
    if "active" in row:
        row["off_reason"] = None
    if row:
        row["updated_at"] = stamp(now)
        columns = ", ".join(f"{column} = :{column}" for column in row)
        connection.execute(f"UPDATE webhook_endpoints SET {columns} WHERE id = :id", row | {"id": endpoint_id})
    return get_endpoint(connection, owner, endpoint_id)


def remove(connection: sqlite3.Connection, owner: Owner, endpoint_id: str) -> None:
    """Delete an endpoint with everything that waited for it and its log.

    Raises:
        UnknownEndpoint: the owner has none of that id.
    """
    get_endpoint(connection, owner, endpoint_id)
    connection.execute("DELETE FROM webhook_endpoints WHERE id = ?", (endpoint_id,))


def rotate(
    connection: sqlite3.Connection, owner: Owner, digester: Digester, endpoint_id: str, grace: int, now: datetime
) -> str:
    """A new signing secret, answered once. The old one ends now or, when asked for, after `grace` seconds.

    Raises:
        UnknownEndpoint: the owner has none of that id.
    """
    get_endpoint(connection, owner, endpoint_id)
    salt = new_salt()
    connection.execute(
        """UPDATE webhook_endpoints SET former_salt = CASE WHEN :grace > 0 THEN signing_salt END,
            former_until = CASE WHEN :grace > 0 THEN :now + :grace END, signing_salt = :salt, updated_at = :stamp
            WHERE id = :id""",
        {"grace": grace, "now": now.timestamp(), "salt": salt, "stamp": stamp(now), "id": endpoint_id},
    )
    return signing_secret(digester, salt)


def _endpoint(row: sqlite3.Row) -> dict[str, Any]:
    return dict(row) | {"event_types": json.loads(row["event_types"]), "active": bool(row["active"])}
