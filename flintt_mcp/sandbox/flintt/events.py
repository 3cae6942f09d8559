"""The four events of Flintt's webhooks, their rules, and the one function that every change which tells one calls.

In: the open transaction of the change, its owner, the event, its data. Out: rows of the outbox, nothing sent. The data of
company.created and prospect.created is the row as the API lists it. Silent in the texts, decided here: what those two
hold; the tries and their delays; that an endpoint on which every attempt fails for three days is switched off.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flintt_mcp.sandbox.delivery.outbox import write_event
from flintt_mcp.sandbox.delivery.scheme import Outgoing, Scheme
from flintt_mcp.sandbox.delivery.signing import body_signature
from flintt_mcp.sandbox.ground.clock import read_stamp

EVENTS = ("signal.run.completed", "signal.run.result", "company.created", "prospect.created")


def _headers(outgoing: Outgoing) -> dict[str, str]:
    """Both proofs of the two editions; the former secret signs too while its grace period lasts."""
    headers = {
        "X-Flintt-Signature": body_signature(outgoing.signing_secret, outgoing.body),
        "Authorization": f"Bearer {outgoing.auth_token}",
    }
    if outgoing.former_secret is not None:
        headers["X-Flintt-Signature-Former"] = body_signature(outgoing.former_secret, outgoing.body)
    return headers


FLINTT_WEBHOOKS = Scheme(name="flintt", events=EVENTS, user_agent="Flintt-Webhooks/1.0", headers=_headers)


def tell(
    connection: sqlite3.Connection,
    user_id: str,
    event: str,
    data: Mapping[str, Any],
    now: datetime | str,
) -> None:
    """Tell a user's webhooks of an event, as part of the change itself; `now` is a moment or its stamp.

    Raises:
        ValueError: there is no such event.
    """
    moment = read_stamp(now) if isinstance(now, str) else now
    write_event(connection, FLINTT_WEBHOOKS, user_id, event, data, moment)


def tell_company(connection: sqlite3.Connection, user_id: str, company_id: str, now: str) -> None:
    """Tell that a company was added."""
    company = _row(connection, "flintt_companies", company_id)
    del company["name_key"]
    company["enrichment_data"] = json.loads(company["enrichment_data"])
    tell(connection, user_id, "company.created", company, now)


def tell_prospect(connection: sqlite3.Connection, user_id: str, prospect_id: str, now: str) -> None:
    """Tell that a deal was opened."""
    prospect = _row(connection, "flintt_prospects", prospect_id)
    del prospect["stage_since"]
    tell(connection, user_id, "prospect.created", prospect | {"days_in_stage": 0}, now)


def _row(connection: sqlite3.Connection, table: str, row_id: str) -> dict[str, Any]:
    return dict(connection.execute(f"SELECT * FROM {table} WHERE id = ?", (row_id,)).fetchone())
