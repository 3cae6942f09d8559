"""/v1/prospects: list and add pipeline deals, each a company at a stage, a person, or both.

Both editions in one: a create needs company_id or name. Silent in the texts, decided here: deals come most recently updated
first; a stage is a free key, and a filter for one that no deal has finds nothing; a company_id that is not in the caller's
workspace is answered like any other row that is not there (404); days_in_stage is counted when asked for;
lead_score is null until something scores the deal.
"""

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.config import JsonDict

from flintt_mcp.sandbox.flintt.answers import NOT_FOUND, REFUSED, UNAUTHORIZED, UNREADABLE, not_found
from flintt_mcp.sandbox.flintt.changes import add_prospect
from flintt_mcp.sandbox.flintt.door import Caller, KeyedRoute
from flintt_mcp.sandbox.flintt.fields import LONGEST_STAGE, Amount, Email, Number, Stage, WebAddress, line, prose
from flintt_mcp.sandbox.ground.clock import read_stamp, stamp
from flintt_mcp.sandbox.ground.texts import Body, Id, Timestamp

router = APIRouter(prefix="/v1/prospects", tags=["Prospects"], route_class=KeyedRoute)

COLUMNS = """id, user_id, company_id, name, email, title, linkedin_url, stage, next_step, estimated_value, lead_score,
    visibility, stage_since, created_at, updated_at"""


COMPANY_OR_PERSON: JsonDict = {
    "anyOf": [
        {"required": ["company_id"], "properties": {"company_id": {"type": "string"}}},
        {"required": ["name"], "properties": {"name": {"type": "string"}}},
    ]
}
EXAMPLE: JsonDict = {
    "name": "Jane Doe",
    "email": "jane.doe@acme.com",
    "stage": "qualified",
    "next_step": "Send proposal",
    "estimated_value": 12000,
}


class Prospect(BaseModel):
    """A pipeline deal."""

    id: Id
    user_id: Id
    company_id: Id | None
    name: str | None
    email: str | None
    title: str | None
    linkedin_url: str | None
    stage: str
    next_step: str | None
    estimated_value: Number | None
    lead_score: int | None
    visibility: str
    days_in_stage: int
    created_at: Timestamp
    updated_at: Timestamp


class NewProspect(Body):
    """A deal to add: company_id or name is needed."""

    model_config = ConfigDict(json_schema_extra=COMPANY_OR_PERSON | {"examples": [EXAMPLE]})

    company_id: UUID | None = Field(None, description="ID of an existing company in your workspace.")
    name: Annotated[str, line(200)] | None = Field(None, description="Full name of the person.")
    email: Email | None = Field(None, description="Work email address.")
    title: Annotated[str, line(200)] | None = Field(None, description="Job title.")
    linkedin_url: WebAddress | None = Field(None, description="LinkedIn profile URL.")
    stage: Stage = Field("prospect", description="Pipeline stage key.")
    next_step: Annotated[str, prose(2000)] | None = Field(None, description="Short note on the next action.")
    estimated_value: Amount | None = Field(None, description="Deal value in your account currency.")

    @model_validator(mode="after")
    def _someone(self) -> NewProspect:
        if self.company_id is None and self.name is None:
            raise ValueError("company_id or name is required")
        return self


@router.get("", summary="List prospects", responses=UNAUTHORIZED | REFUSED)
async def list_prospects(
    caller: Caller,
    stage: Annotated[
        str | None,
        Query(
            max_length=LONGEST_STAGE, description='Filter by stage key, e.g. "prospect", "qualified", "negotiating".'
        ),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=100, description="Max results to return.")] = 50,
) -> list[Prospect]:
    """Pipeline deals, most recently updated first."""
    return await caller.read(select_prospects, stage, limit, caller.ground.clock())


@router.post("", summary="Create prospect", status_code=201, responses=UNAUTHORIZED | NOT_FOUND | REFUSED | UNREADABLE)
async def create_prospect(caller: Caller, prospect: NewProspect) -> Prospect:
    """Add a pipeline deal for an existing company, a person, or both."""
    return await caller.write(insert_prospect, prospect.model_dump(), caller.ground.clock())


def select_prospects(
    connection: sqlite3.Connection, user_id: str, stage: str | None, limit: int, now: datetime
) -> list[dict[str, Any]]:
    """The newest deals, of one stage or of all."""
    where, values = (
        ("user_id = ? AND stage = ?", (user_id, stage)) if stage is not None else ("user_id = ?", (user_id,))
    )
    rows = connection.execute(
        f"SELECT {COLUMNS} FROM flintt_prospects WHERE {where} ORDER BY updated_at DESC, rowid DESC LIMIT ?",
        (*values, limit),
    )
    return [_prospect(row, now) for row in rows]


def insert_prospect(
    connection: sqlite3.Connection, user_id: str, fields: dict[str, Any], now: datetime
) -> dict[str, Any]:
    """Add a deal and answer it as a list would.

    Raises:
        HTTPException: 404 when company_id names no company of this user.
    """
    if fields["company_id"] is not None:
        fields = fields | {"company_id": str(fields["company_id"])}
        if not _owns_company(connection, user_id, fields["company_id"]):
            raise not_found("Company")
    prospect_id = add_prospect(connection, user_id, fields, stamp(now))
    row = connection.execute(f"SELECT {COLUMNS} FROM flintt_prospects WHERE id = ?", (prospect_id,)).fetchone()
    return _prospect(row, now)


def _owns_company(connection: sqlite3.Connection, user_id: str, company_id: str) -> bool:
    query = "SELECT 1 FROM flintt_companies WHERE id = ? AND user_id = ?"
    return connection.execute(query, (company_id, user_id)).fetchone() is not None


def _prospect(row: sqlite3.Row, now: datetime) -> dict[str, Any]:
    prospect = dict(row)
    days = (now - read_stamp(prospect.pop("stage_since"))).days
    return prospect | {"days_in_stage": max(days, 0)}
