"""/jobs: start a search for leads, and list searches with their progress.

Silent in the text, decided here: the list is newest first; an Idempotency-Key belongs to the workspace and is remembered for
ever; a known one returns its job as it is now, whatever the body says, as the text has it, and before any credit is looked
at; a body must be valid also then. The checks of a new job come in the order NO_SUBSCRIPTION, PLAN_FEATURE_LOCKED (AI),
PLAN_LIMIT_EXCEEDED, INSUFFICIENT_CREDITS.
"""

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query
from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from flintt_mcp.sandbox.flowmaticx.answers import Envelope, Refused, failures, succeeded
from flintt_mcp.sandbox.flowmaticx.course import CHECK, progress
from flintt_mcp.sandbox.flowmaticx.credits import require_subscription, used_credits
from flintt_mcp.sandbox.flowmaticx.door import Caller, KeyedRoute
from flintt_mcp.sandbox.flowmaticx.fields import Body, JobStatus, Whole, WorkflowType, line
from flintt_mcp.sandbox.flowmaticx.keys import Grant
from flintt_mcp.sandbox.flowmaticx.launch import launch
from flintt_mcp.sandbox.flowmaticx.plans import CREDITS_PER_LEAD
from flintt_mcp.sandbox.ground.clock import read_stamp, stamp
from flintt_mcp.sandbox.ground.doors import needs
from flintt_mcp.sandbox.ground.texts import LARGEST, Timestamp

router = APIRouter(prefix="/jobs", tags=["Jobs"], route_class=KeyedRoute)

STATUS = "CASE WHEN :now < started_at THEN 'QUEUED' WHEN :now < finished_at THEN 'RUNNING' ELSE outcome END"
_SEEN = "FROM flowmaticx_leads l WHERE l.job_id = j.id AND l.processed_at <="
COLUMNS = f"""j.*, {STATUS} AS status,
    (SELECT count(*) {_SEEN} CASE WHEN :now < started_at THEN '' ELSE :soon END) AS found,
    (SELECT count(*) {_SEEN} :now) AS processed,
    (SELECT count(*) {_SEEN} :now AND l.is_billable) AS billable"""


EXAMPLE: JsonDict = {
    "workflow_type": "GOOGLE_MAPS",
    "keyword": "plumber",
    "location": "Manchester, UK",
    "leads_requested": 50,
}


class NewJob(Body):
    """A search to start."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    workflow_type: WorkflowType = Field(description="Where to search.")
    keyword: Annotated[str, line(200)] = Field(
        description="Search keyword or hashtag. In this sandbox #fail and #timeout play those endings."
    )
    location: Annotated[str, line(200)] = Field(description="City, region, or country.")
    leads_requested: Whole = Field(ge=1, le=500, description="How many leads to look for.")
    ai_enabled: bool = Field(True, description="Enable AI personalisation (requires Starter or more).")
    include_risky: bool = Field(False, description="Include leads with the email status RISKY.")


class Started(BaseModel):
    """A job that was created, now or earlier with the same Idempotency-Key."""

    job_id: int
    status: str
    estimated_credits: int
    credits_remaining: int


class Job(BaseModel):
    """A job as it is at this moment."""

    id: int
    workflowType: WorkflowType
    keyword: str
    location: str
    requestedLeads: int
    foundLeads: int
    processedLeads: int
    creditsUsed: int
    status: JobStatus
    progress: int
    createdAt: Timestamp
    startedAt: Timestamp | None
    finishedAt: Timestamp | None


class JobPage(BaseModel):
    """One page of jobs."""

    jobs: list[Job]
    total: int
    limit: int
    offset: int


@router.post("", summary="Create job", responses=failures(402), openapi_extra=needs("jobs:write"))
async def create_job(
    caller: Caller,
    job: NewJob,
    idempotency_key: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            min_length=1,
            max_length=255,
            pattern=r"^[\x21-\x7e]+$",
            description="Returns the job it created before.",
        ),
    ] = None,
) -> Envelope[Started]:
    """Start a new lead generation job. Returns the job id immediately; poll GET /jobs for completion."""
    data = await caller.write(start_job, job.model_dump(), idempotency_key, caller.ground.clock())
    return succeeded(data)


@router.get("", summary="List jobs", responses=failures(), openapi_extra=needs("jobs:read"))
async def list_jobs(
    caller: Caller,
    limit: Annotated[int, Query(ge=1, le=100, description="Max results.")] = 50,
    offset: Annotated[int, Query(ge=0, le=LARGEST, description="Pagination offset.")] = 0,
    status: Annotated[JobStatus | None, Query(description="Only jobs that are in this state now.")] = None,
) -> Envelope[JobPage]:
    """Jobs of the workspace, newest first."""
    rows, total = await caller.read(select_jobs, caller.ground.clock(), status, limit, offset)
    return succeeded({"jobs": rows, "total": total, "limit": limit, "offset": offset})


def start_job(
    connection: sqlite3.Connection, grant: Grant, search: dict[str, Any], key: str | None, now: datetime
) -> dict[str, Any]:
    """Create a job, or find the one that was created with the same key. One transaction, so a key creates one job.

    Raises:
        Refused: NO_SUBSCRIPTION, PLAN_FEATURE_LOCKED, PLAN_LIMIT_EXCEEDED, INSUFFICIENT_CREDITS.
    """
    query = "SELECT id FROM flowmaticx_jobs WHERE workspace_id = ? AND idempotency_key = ?"
    known = None if key is None else connection.execute(query, (grant.workspace_id, key)).fetchone()
    if known is None:
        _check(connection, grant, search, now)
        job_id = launch(connection, grant.workspace_id, search, now, key)
    else:
        job_id = known["id"]
    row = connection.execute(
        f"SELECT {STATUS} AS status, credits_held FROM flowmaticx_jobs WHERE id = :id",
        {"now": stamp(now), "id": job_id},
    ).fetchone()
    return {
        "job_id": job_id,
        "status": row["status"].lower(),
        "estimated_credits": row["credits_held"],
        "credits_remaining": grant.plan.credits - used_credits(connection, grant, now),
    }


def _check(connection: sqlite3.Connection, grant: Grant, search: dict[str, Any], now: datetime) -> None:
    require_subscription(grant)
    if search["ai_enabled"] and not grant.plan.ai:
        raise Refused(
            "PLAN_FEATURE_LOCKED", "AI personalisation requires the Starter plan or more; set ai_enabled to false"
        )
    if search["leads_requested"] > grant.plan.max_leads:
        raise Refused("PLAN_LIMIT_EXCEEDED", f"Your plan allows up to {grant.plan.max_leads} leads per job")
    needed = search["leads_requested"] * CREDITS_PER_LEAD
    left = grant.plan.credits - used_credits(connection, grant, now)
    if needed > left:
        raise Refused("INSUFFICIENT_CREDITS", f"Need {needed} credits, have {left}")


def select_jobs(
    connection: sqlite3.Connection, grant: Grant, now: datetime, status: str | None, limit: int, offset: int
) -> tuple[list[dict[str, Any]], int]:
    """One page of jobs as they are now, and how many there are in all."""
    where = f"workspace_id = :workspace AND (:status IS NULL OR {STATUS} = :status)"
    values = {"workspace": grant.workspace_id, "status": status, "now": stamp(now), "limit": limit, "offset": offset}
    values["soon"] = stamp(now + CHECK)
    total = connection.execute(f"SELECT count(*) FROM flowmaticx_jobs WHERE {where}", values).fetchone()[0]
    rows = connection.execute(
        f"SELECT {COLUMNS} FROM flowmaticx_jobs j WHERE {where} ORDER BY id DESC LIMIT :limit OFFSET :offset", values
    )
    return [_job(row, now) for row in rows], total


def _job(row: sqlite3.Row, now: datetime) -> dict[str, Any]:
    started, running = row["status"] != "QUEUED", row["status"] == "RUNNING"
    share = row["last_progress"] if started else 0
    if running:
        share = progress(now, read_stamp(row["started_at"]), read_stamp(row["finished_at"]), share)
    return {
        "id": row["id"],
        "workflowType": row["workflow_type"],
        "keyword": row["keyword"],
        "location": row["location"],
        "requestedLeads": row["requested_leads"],
        "foundLeads": row["found"],
        "processedLeads": row["processed"],
        "creditsUsed": row["billable"] * CREDITS_PER_LEAD,
        "status": row["status"],
        "progress": share,
        "createdAt": row["created_at"],
        "startedAt": row["started_at"] if started else None,
        "finishedAt": row["finished_at"] if started and not running else None,
    }
