"""The tables of webhook delivery, shared by every API that tells events: the SQL, and one sentence for each column.

Moments that only the machinery reads (due_at, lease_until, failing_since) are seconds since 1970, because delays are jittered
below the second; those that a person sees are stamps like everywhere. owner_id is a user of Flintt or an organisation of
FlowPilot, as `scheme` says. No secret is stored: a secret is derived from its salt and the secret of the data folder.
"""

from __future__ import annotations

from flintt_mcp.sqlite import Migration

_OWNER = "Owner of the row: a Flintt user or a FlowPilot organisation."
_CREATED = "When the row was made (ISO 8601, UTC)."

TABLES: dict[str, tuple[str, dict[str, str]]] = {
    "webhook_endpoints": (
        "A URL that is told of events.",
        {
            "id": "wh_ and a UUID.",
            "scheme": "Whose rules deliveries follow: flintt or flowpilot.",
            "owner_id": _OWNER,
            "name": "Label a person gave the endpoint.",
            "endpoint_url": "Where events are sent.",
            "event_types": "JSON array of the events it is told of.",
            "active": "1 while events are sent; 0 when paused by a person or switched off after failures.",
            "off_reason": "Why it was switched off; null while active or when a person paused it.",
            "signing_salt": "What the signing secret is derived from, together with the secret of this data folder.",
            "token_salt": "What the bearer token is derived from, likewise.",
            "former_salt": "Salt of the signing secret before the last rotation, when a grace period was asked for.",
            "former_until": "End of that grace period (seconds since 1970).",
            "failures": "Failed attempts in a row.",
            "failing_since": "When the first of them was (seconds since 1970); null when the last attempt went well.",
            "created_at": _CREATED,
            "updated_at": "When the row last changed at a person's wish (ISO 8601, UTC).",
        },
    ),
    "webhook_deliveries": (
        "One event for one endpoint: the outbox, written with the change it tells of, and the log of what became of it.",
        {
            "id": "UUID, the delivery_id of the envelope; the same in every attempt.",
            "owner_id": _OWNER,
            "endpoint_id": "Where it goes.",
            "event": "Name of the event.",
            "body": "The JSON that is sent, byte for byte the same in every attempt.",
            "state": "pending, delivered or failed.",
            "tries": "Failed attempts so far; a resend starts again from 0.",
            "due_at": "Not before this moment (seconds since 1970), the earliest first; null for at once, before all others.",
            "holder": "The process that is sending it.",
            "lease_until": "Until when that process may (seconds since 1970); after that another one takes it.",
            "created_at": _CREATED,
            "ended_at": "When it was delivered or given up (ISO 8601, UTC).",
        },
    ),
    "webhook_attempts": (
        "One try to deliver, as it ended.",
        {
            "delivery_id": "What was sent.",
            "owner_id": _OWNER,
            "attempted_at": "When the try began (ISO 8601, UTC).",
            "status": "HTTP status of the answer; null when there was none.",
            "error": "What went wrong; null when the event was accepted.",
            "duration_ms": "How long it took, in milliseconds.",
        },
    ),
    "webhook_lease": (
        "Which process delivers for this data folder; one row at most.",
        {
            "id": "The number 1.",
            "holder": "The process.",
            "until": "Until when (seconds since 1970), unless it takes more work before.",
        },
    ),
}

READY = "max(ifnull(due_at, 0), ifnull(lease_until, 0))"
"""From when a pending delivery may be taken. It is in an index: another expression is another index, and a new step."""

FIRST_TABLES = Migration(
    "webhooks: endpoints, deliveries, attempts and the lease of the dispatcher",
    (
        """CREATE TABLE webhook_endpoints (
            id TEXT PRIMARY KEY NOT NULL,
            scheme TEXT NOT NULL,
            owner_id TEXT NOT NULL,
            name TEXT NOT NULL,
            endpoint_url TEXT NOT NULL,
            event_types TEXT NOT NULL CHECK (json_valid(event_types)),
            active INTEGER NOT NULL DEFAULT 1 CHECK (active IN (0, 1)),
            off_reason TEXT,
            signing_salt TEXT NOT NULL,
            token_salt TEXT NOT NULL,
            former_salt TEXT,
            former_until REAL,
            failures INTEGER NOT NULL DEFAULT 0,
            failing_since REAL,
            created_at TEXT NOT NULL,
            updated_at TEXT NOT NULL
        )""",
        "CREATE INDEX webhook_endpoints_by_owner ON webhook_endpoints (owner_id, scheme)",
        """CREATE TABLE webhook_deliveries (
            id TEXT PRIMARY KEY NOT NULL,
            owner_id TEXT NOT NULL,
            endpoint_id TEXT NOT NULL REFERENCES webhook_endpoints (id) ON DELETE CASCADE,
            event TEXT NOT NULL,
            body TEXT NOT NULL,
            state TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'delivered', 'failed')),
            tries INTEGER NOT NULL DEFAULT 0,
            due_at REAL,
            holder TEXT,
            lease_until REAL,
            created_at TEXT NOT NULL,
            ended_at TEXT
        )""",
        "CREATE INDEX webhook_deliveries_waiting ON webhook_deliveries (due_at) WHERE state = 'pending'",
        "CREATE INDEX webhook_deliveries_by_endpoint ON webhook_deliveries (endpoint_id, created_at)",
        """CREATE TABLE webhook_attempts (
            delivery_id TEXT NOT NULL REFERENCES webhook_deliveries (id) ON DELETE CASCADE,
            owner_id TEXT NOT NULL,
            attempted_at TEXT NOT NULL,
            status INTEGER,
            error TEXT,
            duration_ms INTEGER NOT NULL
        )""",
        "CREATE INDEX webhook_attempts_by_delivery ON webhook_attempts (delivery_id)",
        """CREATE TABLE webhook_lease (
            id INTEGER PRIMARY KEY NOT NULL CHECK (id = 1),
            holder TEXT NOT NULL,
            until REAL NOT NULL
        )""",
    ),
)

READY_INDEX = Migration(
    "webhooks: what is due is found by its endpoint, however much waits",
    (
        "DROP INDEX webhook_deliveries_waiting",
        f"CREATE INDEX webhook_deliveries_ready ON webhook_deliveries (endpoint_id, {READY}) WHERE state = 'pending'",
    ),
)
