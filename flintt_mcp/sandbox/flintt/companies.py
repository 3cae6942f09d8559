"""/v1/companies: list and add the companies that are watched.

Both editions in one: every optional field of either may be sent, and all fields always come back, null where unset.
Silent in the texts, decided here: two companies may have the same name; companies updated in the same second come newest
first; a create answers 201 with the whole company; a search for nothing finds everything.
"""

from __future__ import annotations

import json
import sqlite3
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from flintt_mcp.sandbox.flintt.answers import REFUSED, UNAUTHORIZED, UNREADABLE
from flintt_mcp.sandbox.flintt.changes import add_company
from flintt_mcp.sandbox.flintt.door import Caller, KeyedRoute
from flintt_mcp.sandbox.flintt.fields import Domain, WebAddress, line
from flintt_mcp.sandbox.ground.clock import stamp
from flintt_mcp.sandbox.ground.texts import Body, Id, Timestamp, search_key

router = APIRouter(prefix="/v1/companies", tags=["Companies"], route_class=KeyedRoute)

COLUMNS = """id, user_id, name, domain, sector, size, website, estimated_revenue, logo_url, linkedin_url,
    enrichment_data, created_at, updated_at"""
EXAMPLE: JsonDict = {"name": "Acme", "domain": "acme.com", "sector": "Logistics", "size": "51-200"}


class Company(BaseModel):
    """A company of the workspace."""

    id: Id
    user_id: Id
    name: str
    domain: str | None
    sector: str | None
    size: str | None
    website: str | None
    estimated_revenue: str | None
    logo_url: str | None
    linkedin_url: str | None
    enrichment_data: dict[str, Any]
    created_at: Timestamp
    updated_at: Timestamp


class NewCompany(Body):
    """A company to add."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    name: Annotated[str, line(200)] = Field(description="Company name.")
    domain: Domain | None = Field(None, description="Primary website domain (e.g. acme.com).")
    sector: Annotated[str, line(200)] | None = Field(None, description="Industry sector.")
    size: Annotated[str, line(50)] | None = Field(None, description='Headcount range, e.g. "51-200".')
    website: WebAddress | None = Field(None, description="Company website URL.")
    estimated_revenue: Annotated[str, line(100)] | None = Field(None, description="Revenue estimate.")
    logo_url: WebAddress | None = Field(None, description="URL of the company logo.")
    linkedin_url: WebAddress | None = Field(None, description="LinkedIn company page URL.")


@router.get("", summary="List companies", responses=UNAUTHORIZED | REFUSED)
async def list_companies(
    caller: Caller,
    name: Annotated[
        str | None, Query(max_length=200, description="Filter by company name (case-insensitive partial match).")
    ] = None,
) -> list[Company]:
    """All companies in the workspace, most recently updated first."""
    return await caller.read(select_companies, name or "")


@router.post("", summary="Create company", status_code=201, responses=UNAUTHORIZED | REFUSED | UNREADABLE)
async def create_company(caller: Caller, company: NewCompany) -> Company:
    """Add a company to the workspace."""
    return await caller.write(insert_company, company.model_dump(), stamp(caller.ground.clock()))


def select_companies(connection: sqlite3.Connection, user_id: str, name: str) -> list[dict[str, Any]]:
    """Companies whose name contains `name`; instr knows no wildcards, so % and _ are letters like any other."""
    rows = connection.execute(
        f"""SELECT {COLUMNS} FROM flintt_companies WHERE user_id = ? AND instr(name_key, ?) > 0
            ORDER BY updated_at DESC, rowid DESC""",
        (user_id, search_key(name)),
    )
    return [_company(row) for row in rows]


def insert_company(connection: sqlite3.Connection, user_id: str, fields: dict[str, Any], now: str) -> dict[str, Any]:
    """Add a company and answer it as a list would."""
    company_id = add_company(connection, user_id, fields, now)
    return _company(
        connection.execute(f"SELECT {COLUMNS} FROM flintt_companies WHERE id = ?", (company_id,)).fetchone()
    )


def _company(row: sqlite3.Row) -> dict[str, Any]:
    return dict(row) | {"enrichment_data": json.loads(row["enrichment_data"])}
