"""Writes events where the dispatcher finds them, in the very transaction of the change they tell of.

In: an open transaction, whose event, what happened. Out: one pending delivery for each active endpoint of the owner that
asked for this event, its body finished and its delivery_id fixed. An event that nobody asked for leaves nothing. Nothing
here touches the network.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from flintt_mcp.sandbox.delivery.scheme import Scheme
from flintt_mcp.sandbox.ground.clock import stamp


def write_event(
    connection: sqlite3.Connection,
    scheme: Scheme,
    owner_id: str,
    event: str,
    data: Mapping[str, Any],
    now: datetime,
) -> None:
    """Tell every active endpoint of the owner that asked for this event.

    Raises:
        ValueError: the scheme has no such event.
    """
    if event not in scheme.events:
        raise ValueError(f"no event {event} in {scheme.name}")
    for row in connection.execute(
        """SELECT id FROM webhook_endpoints WHERE owner_id = ? AND scheme = ? AND active = 1
            AND EXISTS (SELECT 1 FROM json_each(event_types) WHERE value = ?) ORDER BY rowid""",
        (owner_id, scheme.name, event),
    ).fetchall():
        write_delivery(connection, scheme, owner_id, row["id"], event, data, now)


def write_delivery(
    connection: sqlite3.Connection,
    scheme: Scheme,
    owner_id: str,
    endpoint_id: str,
    event: str,
    data: Mapping[str, Any],
    now: datetime,
) -> str:
    """Tell one endpoint of an event, whether it asked for it or not; answers the delivery_id."""
    delivery_id = str(uuid4())
    connection.execute(
        """INSERT INTO webhook_deliveries (id, owner_id, endpoint_id, event, body, due_at, created_at)
            VALUES (?, ?, ?, ?, ?, ?, ?)""",
        (
            delivery_id,
            owner_id,
            endpoint_id,
            event,
            scheme.envelope(event, delivery_id, data, now).decode(),
            now.timestamp(),
            stamp(now),
        ),
    )
    return delivery_id


def send_at_once(connection: sqlite3.Connection, endpoint_id: str) -> None:
    """Let what waits for its next attempt go now, with all attempts before it; what is being sent now is left alone."""
    connection.execute(
        "UPDATE webhook_deliveries SET tries = 0, due_at = NULL WHERE endpoint_id = ? AND state = 'pending' AND tries > 0",
        (endpoint_id,),
    )
