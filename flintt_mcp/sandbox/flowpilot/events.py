"""The events that webhooks tell of, and the one function that every change which tells one goes through.

In: the open transaction of the change, an event's name, the organisation, and the `data` of its envelope, whose amounts are
`Decimal`s with two places (`money.to_json` writes them as exact numbers). Whatever is delivered is written in that same
transaction; nothing here may speak to the network. Silent in the text, decided here: a failed delivery is tried again, under
the same id, and each failed attempt counts towards the five.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from flintt_mcp.sandbox.delivery.outbox import write_event
from flintt_mcp.sandbox.delivery.scheme import DELAYS, Outgoing, Scheme
from flintt_mcp.sandbox.delivery.signing import body_signature
from flintt_mcp.sandbox.flowpilot.money import to_json
from flintt_mcp.sandbox.ground.clock import read_stamp

EVENTS = (
    "run.completed",
    "run.failed",
    "approval.requested",
    "approval.completed",
    "payout.succeeded",
    "payout.failed",
    "candidate.flagged",
    "webhook.test",
)

Tell = Callable[[sqlite3.Connection, str, str, Mapping[str, Any], str], None]


def _headers(outgoing: Outgoing) -> dict[str, str]:
    return {
        "X-FlowPilot-Event": outgoing.event,
        "X-FlowPilot-Signature": body_signature(outgoing.signing_secret, outgoing.body),
        "X-FlowPilot-Delivery": outgoing.delivery_id,
    }


def _stamp(moment: datetime) -> str:
    """A moment as the document shows it: 2026-04-14T18:30:00.000Z."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


FLOWPILOT_WEBHOOKS = Scheme(
    name="flowpilot",
    events=EVENTS,
    user_agent="FlowPilot-Webhooks/1.0",
    headers=_headers,
    write_stamp=_stamp,
    to_json=to_json,
    delays=DELAYS[:4],
    off_after_failures=5,
    off_after=None,
    test_event="webhook.test",
)


def tell(
    connection: sqlite3.Connection, event: str, organisation_id: str, data: Mapping[str, Any], moment: str
) -> None:
    """Tell an event of an organisation, as part of the change itself; `moment` is the stamp of when it happened."""
    write_event(connection, FLOWPILOT_WEBHOOKS, organisation_id, event, data, read_stamp(moment))
