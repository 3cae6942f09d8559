"""The example rows: a believable workspace with some 40 finished jobs, and four small ones that show every refusal.

In: an empty schema, inside one transaction. Out: rows. Everything follows from the rows below and from fixed draws; nothing
here may look at the clock, the machine or the network. The workspaces:
    Northlight Leads   AGENCY, all scopes             what documentation examples show
    Fernway Studio     AGENCY, jobs:read jobs:write   5 credits left: INSUFFICIENT_CREDITS, FORBIDDEN
    Lapsed Ltd         AGENCY, not subscribed         NO_SUBSCRIPTION
    Starter Shop       STARTER                        PLAN_FEATURE_LOCKED everywhere: no API access
    Pilot & Co         FREE, in the API pilot         PLAN_FEATURE_LOCKED for AI, PLAN_LIMIT_EXCEEDED above 25 leads
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flintt_mcp.sandbox.flowmaticx.launch import launch
from flintt_mcp.sandbox.flowmaticx.seed.searches import MAIN_SEARCHES, OTHER_SEARCHES, SeededSearch
from flintt_mcp.sandbox.ground.clock import stamp
from flintt_mcp.sandbox.ground.secret import KEY_PREFIX, Digester

__all__ = ["sow"]

FIRST_JOB = 10042
FIRST_LEAD = 98275
FIRST_SEARCH = datetime(2026, 5, 4, 10, 0, tzinfo=UTC)
"""The moment of the job in the API's text."""
FOUNDED = stamp(FIRST_SEARCH - timedelta(days=90))


@dataclass(frozen=True, slots=True)
class SeededWorkspace:
    """One workspace and what its key may do."""

    id: int
    slug: str
    name: str
    plan: str
    scopes: str = "*"
    subscribed: bool = True
    api_pilot: bool = False
    used_in_app: int = 0


WORKSPACES = (
    SeededWorkspace(1, "main", "Northlight Leads", "AGENCY"),
    SeededWorkspace(2, "scoped", "Fernway Studio", "AGENCY", "jobs:read jobs:write", used_in_app=1495),
    SeededWorkspace(3, "lapsed", "Lapsed Ltd", "AGENCY", subscribed=False),
    SeededWorkspace(4, "starter", "Starter Shop", "STARTER"),
    SeededWorkspace(5, "pilot", "Pilot & Co", "FREE", api_pilot=True),
)


def sow(connection: sqlite3.Connection, digester: Digester, keys: Mapping[str, str]) -> None:
    """Write all example rows; `keys` maps the slug of every workspace to its key."""
    for workspace in WORKSPACES:
        _sow_workspace(connection, workspace, keys[workspace.slug], digester)
    connection.executemany(
        "INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)",
        (("flowmaticx_jobs", FIRST_JOB - 1), ("flowmaticx_leads", FIRST_LEAD - 1)),
    )
    for number, search in enumerate(MAIN_SEARCHES):
        office_hours = timedelta(days=number * 15 // 4, hours=number * 3 % 8, minutes=number * 37 % 60)
        _sow_search(connection, 1, search, FIRST_SEARCH + office_hours)
    for number, search in enumerate(OTHER_SEARCHES):
        _sow_search(connection, 2, search, FIRST_SEARCH + timedelta(days=30 * number))


def _sow_workspace(connection: sqlite3.Connection, row: SeededWorkspace, key: str, digester: Digester) -> None:
    connection.execute(
        "INSERT INTO flowmaticx_workspaces VALUES (?, ?, ?, ?, ?, ?, ?)",
        (row.id, row.name, row.plan, row.subscribed, row.api_pilot, row.used_in_app, FOUNDED),
    )
    connection.execute(
        "INSERT INTO flowmaticx_api_keys VALUES (?, ?, 'Sandbox', ?, ?, ?, NULL, ?)",
        (row.id, row.id, key[:KEY_PREFIX], digester.digest(key), row.scopes, FOUNDED),
    )


def _sow_search(connection: sqlite3.Connection, workspace_id: int, search: SeededSearch, moment: datetime) -> None:
    fields = {
        "workflow_type": search.workflow_type,
        "keyword": search.keyword,
        "location": search.location,
        "leads_requested": search.leads,
        "ai_enabled": search.ai,
        "include_risky": search.risky,
    }
    launch(connection, workspace_id, fields, moment)
