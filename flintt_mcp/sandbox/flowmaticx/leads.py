"""/leads: the leads that have been found and checked so far.

Silent in the text, decided here: newest first; billable is every VALID lead, and a RISKY one whose job was started with
include_risky; the others cost nothing and are listed with billable_only=false; a job_id that is not in the workspace is
NOT_FOUND; fields that are not known are null.
"""

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel

from flintt_mcp.sandbox.flowmaticx.answers import Envelope, Refused, failures, succeeded
from flintt_mcp.sandbox.flowmaticx.door import Caller, KeyedRoute
from flintt_mcp.sandbox.flowmaticx.fields import EmailStatus
from flintt_mcp.sandbox.flowmaticx.keys import Grant
from flintt_mcp.sandbox.ground.clock import stamp
from flintt_mcp.sandbox.ground.doors import needs
from flintt_mcp.sandbox.ground.texts import LARGEST, Timestamp

router = APIRouter(tags=["Leads"], route_class=KeyedRoute)

COLUMNS = """id, business_name AS businessName, category, email, email_status AS emailStatus,
    decision_maker_name AS decisionMakerName, decision_maker_role AS decisionMakerRole, phone, website, domain, address,
    city, postal_code AS postalCode, country, rating, reviews_count AS reviewsCount, icebreaker,
    email_subject AS emailSubject, email_body AS emailBody, ai_insight AS aiInsight, keyword, is_billable AS isBillable,
    processed_at AS createdAt"""


class Lead(BaseModel):
    """A business that a job found."""

    id: int
    businessName: str
    category: str
    email: str
    emailStatus: EmailStatus
    decisionMakerName: str | None
    decisionMakerRole: str | None
    phone: str | None
    website: str | None
    domain: str
    address: str
    city: str | None
    postalCode: str | None
    country: str | None
    rating: float | None
    reviewsCount: int | None
    icebreaker: str | None
    emailSubject: str | None
    emailBody: str | None
    aiInsight: str | None
    keyword: str
    isBillable: bool
    createdAt: Timestamp


class LeadPage(BaseModel):
    """One page of leads."""

    leads: list[Lead]
    total: int
    limit: int
    offset: int


@router.get("/leads", summary="List leads", responses=failures(404), openapi_extra=needs("leads:read"))
async def list_leads(
    caller: Caller,
    limit: Annotated[int, Query(ge=1, le=100, description="Max results.")] = 50,
    offset: Annotated[int, Query(ge=0, le=LARGEST, description="Pagination offset.")] = 0,
    job_id: Annotated[int | None, Query(ge=1, le=LARGEST, description="Only leads of this job.")] = None,
    billable_only: Annotated[bool, Query(description="Only leads that cost credits.")] = True,
    email_status: Annotated[EmailStatus | None, Query(description="Only leads with this email status.")] = None,
) -> Envelope[LeadPage]:
    """Leads of the workspace, newest first."""
    filters = {"job": job_id, "billable": billable_only, "email": email_status}
    rows, total = await caller.read(select_leads, caller.ground.clock(), filters, limit, offset)
    return succeeded({"leads": rows, "total": total, "limit": limit, "offset": offset})


def select_leads(
    connection: sqlite3.Connection, grant: Grant, now: datetime, filters: dict[str, Any], limit: int, offset: int
) -> tuple[list[dict[str, Any]], int]:
    """One page of the leads there are now, and how many there are in all.

    Raises:
        Refused: NOT_FOUND, for a job that is not in the workspace.
    """
    values = filters | {"workspace": grant.workspace_id, "now": stamp(now), "limit": limit, "offset": offset}
    job = "SELECT 1 FROM flowmaticx_jobs WHERE id = :job AND workspace_id = :workspace"
    if filters["job"] is not None and connection.execute(job, values).fetchone() is None:
        raise Refused("NOT_FOUND", "No such job in this workspace")
    where = """workspace_id = :workspace AND processed_at <= :now AND (:job IS NULL OR job_id = :job)
        AND (is_billable OR NOT :billable) AND (:email IS NULL OR email_status = :email)"""
    total = connection.execute(f"SELECT count(*) FROM flowmaticx_leads WHERE {where}", values).fetchone()[0]
    order = "ORDER BY processed_at DESC, id DESC LIMIT :limit OFFSET :offset"
    rows = connection.execute(f"SELECT {COLUMNS} FROM flowmaticx_leads WHERE {where} {order}", values)
    return [dict(row) for row in rows], total
