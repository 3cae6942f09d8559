"""New companies and new deals, whoever makes them: a route today, a run of a signal as well.

These are the changes of the workspace that the reference tells an event for (company.created, prospect.created). They
happen here and nowhere else, inside the caller's transaction, and the event is written with them. In: an open transaction,
the owner, checked fields. Out: the new row's id.
"""

from __future__ import annotations

import sqlite3
from typing import Any
from uuid import uuid4

from flintt_mcp.sandbox.flintt.events import tell_company, tell_prospect
from flintt_mcp.sandbox.ground.rows import insert
from flintt_mcp.sandbox.ground.texts import search_key


def add_company(connection: sqlite3.Connection, user_id: str, fields: dict[str, Any], now: str) -> str:
    """Add a company; `fields` holds its columns but for those that are set here."""
    row = fields | _new(user_id, now) | {"name_key": search_key(fields["name"])}
    company_id = insert(connection, "flintt_companies", row)
    tell_company(connection, user_id, company_id, now)
    return company_id


def add_prospect(connection: sqlite3.Connection, user_id: str, fields: dict[str, Any], now: str) -> str:
    """Add a deal; its company, when it has one, must be known to be the same user's."""
    prospect_id = insert(connection, "flintt_prospects", fields | _new(user_id, now) | {"stage_since": now})
    tell_prospect(connection, user_id, prospect_id, now)
    return prospect_id


def _new(user_id: str, now: str) -> dict[str, str]:
    return {"id": str(uuid4()), "user_id": user_id, "created_at": now, "updated_at": now}
