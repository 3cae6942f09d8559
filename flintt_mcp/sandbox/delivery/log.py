"""The delivery log of one endpoint: list, inspect, send again.

In: an open transaction, an owner, ids. Out: rows as dictionaries; a secret is in none of them, since none is stored. A resend
keeps body and delivery_id, so that a receiver which has it already can tell.
"""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from flintt_mcp.sandbox.delivery.endpoints import Owner, get_endpoint

COLUMNS = """id, event, state, tries, created_at, ended_at,
    CASE WHEN state = 'pending' AND tries > 0
        THEN strftime('%Y-%m-%dT%H:%M:%SZ', due_at, 'unixepoch') END AS next_attempt_at,
    (SELECT count(*) FROM webhook_attempts WHERE delivery_id = webhook_deliveries.id) AS attempt_count,
    (SELECT status FROM webhook_attempts WHERE delivery_id = webhook_deliveries.id ORDER BY rowid DESC LIMIT 1)
        AS last_status"""


class UnknownDelivery(LookupError):
    """The endpoint has no delivery of that id."""


def list_deliveries(
    connection: sqlite3.Connection, owner: Owner, endpoint_id: str, state: str | None, limit: int, offset: int
) -> list[dict[str, Any]]:
    """Deliveries of an endpoint, newest first, in one state or in all.

    Raises:
        UnknownEndpoint: the owner has no such endpoint.
    """
    get_endpoint(connection, owner, endpoint_id)
    rows = connection.execute(
        f"""SELECT {COLUMNS} FROM webhook_deliveries WHERE endpoint_id = :endpoint AND (:state IS NULL OR state = :state)
            ORDER BY created_at DESC, rowid DESC LIMIT :limit OFFSET :offset""",
        {"endpoint": endpoint_id, "state": state, "limit": limit, "offset": offset},
    )
    return [dict(row) for row in rows]


def get_delivery(connection: sqlite3.Connection, owner: Owner, endpoint_id: str, delivery_id: str) -> dict[str, Any]:
    """One delivery with its payload and its attempts, oldest first.

    Raises:
        UnknownEndpoint: the owner has no such endpoint.
        UnknownDelivery: the endpoint has no such delivery.
    """
    get_endpoint(connection, owner, endpoint_id)
    row = connection.execute(
        f"SELECT {COLUMNS}, body FROM webhook_deliveries WHERE id = ? AND endpoint_id = ?", (delivery_id, endpoint_id)
    ).fetchone()
    if row is None:
        raise UnknownDelivery(delivery_id)
    attempts = connection.execute(
        """SELECT attempted_at, status, error, duration_ms FROM webhook_attempts WHERE delivery_id = ? ORDER BY rowid""",
        (delivery_id,),
    )
    delivery = dict(row)
    return delivery | {"payload": json.loads(delivery.pop("body")), "attempts": [dict(attempt) for attempt in attempts]}


def resend(connection: sqlite3.Connection, owner: Owner, endpoint_id: str, delivery_id: str) -> dict[str, Any]:
    """Queue a delivery again, with all its attempts before it; one that is being sent now is left alone.

    Raises:
        UnknownEndpoint: the owner has no such endpoint.
        UnknownDelivery: the endpoint has no such delivery.
    """
    get_delivery(connection, owner, endpoint_id, delivery_id)
    connection.execute(
        "UPDATE webhook_deliveries SET state = 'pending', tries = 0, due_at = NULL, ended_at = NULL WHERE id = ?",
        (delivery_id,),
    )
    return get_delivery(connection, owner, endpoint_id, delivery_id)
