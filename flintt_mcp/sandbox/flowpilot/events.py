"""The events that webhooks tell of, and the one function that every change which tells one goes through.

In: the open transaction of the change, an event's name, the organisation, and the `data` of its envelope, whose amounts are
`Decimal`s with two places (`money.to_json` writes them as exact numbers). Whatever is delivered is written in that same
transaction; nothing here may speak to the network.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from typing import Any

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

Tell = Callable[[sqlite3.Connection, str, str, Mapping[str, Any]], None]


def tell(connection: sqlite3.Connection, event: str, organisation_id: str, data: Mapping[str, Any]) -> None:
    """Tell an event of an organisation, as part of the change itself."""
