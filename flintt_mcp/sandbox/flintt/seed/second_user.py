"""A second, small workspace, so that it can be seen and tested that neither user sees the other's rows.

In: its owner. Out: three companies, two deals and one signal with two runs; the names say whose they are.
"""

from __future__ import annotations

import sqlite3
from typing import Any

from flintt_mcp.sandbox.flintt.seed.companies import SeededCompany
from flintt_mcp.sandbox.flintt.seed.runs import sow_runs
from flintt_mcp.sandbox.flintt.seed.signals import Theme
from flintt_mcp.sandbox.ground.rows import insert
from flintt_mcp.sandbox.ground.seeding import before, fixed_id
from flintt_mcp.sandbox.ground.texts import search_key

NAMES = ("Otherside Bakery", "Otherside Optics", "Otherside Ferries")
THEME = Theme(
    "Otherside expansion",
    "Companies across the river that grow",
    "active",
    80,
    frequency="weekly",
    tools=1,
    runs=2,
    hits=(("{company} expands to {city}", "{company} adds a site in {city}."),),
    misses=("{company} stays where it is",),
    reasons=("A new site needs suppliers before it opens.",),
)


def sow_second_workspace(connection: sqlite3.Connection, user: str) -> None:
    """Write the rows of the second user."""
    companies = [_sow_company(connection, user, name, age) for age, name in enumerate(NAMES, start=5)]
    for company in companies[:2]:
        _sow_deal(connection, user, company)
    _sow_signal(connection, user)
    sow_runs(connection, user, (THEME,), companies)


def _sow_company(connection: sqlite3.Connection, user: str, name: str, age: int) -> SeededCompany:
    company = SeededCompany(
        fixed_id("company", name), name, f"{name.lower().replace(' ', '-')}.example", "Food", "FR", "Lyon"
    )
    moment = before(days=age)
    insert(
        connection,
        "flintt_companies",
        {
            "id": company.id,
            "user_id": user,
            "name": name,
            "name_key": search_key(name),
            "domain": company.domain,
            "created_at": moment,
            "updated_at": moment,
        },
    )
    return company


def _sow_deal(connection: sqlite3.Connection, user: str, company: SeededCompany) -> None:
    moment = before(days=3)
    row: dict[str, Any] = {
        "company_id": company.id,
        "stage": "qualified",
        "estimated_value": 5000,
        "stage_since": moment,
    }
    row |= {"id": fixed_id("deal", company.name), "user_id": user, "created_at": moment, "updated_at": moment}
    insert(connection, "flintt_prospects", row)


def _sow_signal(connection: sqlite3.Connection, user: str) -> None:
    row: dict[str, Any] = {"id": THEME.id, "user_id": user, "name": THEME.name, "description": THEME.description}
    row |= {"frequency": THEME.frequency, "status": THEME.status, "tool_count": THEME.tools}
    row |= {"built_at": before(days=79), "created_at": before(days=80), "updated_at": before(days=79)}
    insert(connection, "flintt_signals", row)
