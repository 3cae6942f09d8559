"""A new job, whoever starts it: a route today, the seed as well. The job and all leads it will find are written at once.

In: an open transaction, the workspace, a checked search, the moment. Out: the new job's id. What a caller sees of it grows
with the clock alone.
"""

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import Any

from flintt_mcp.sandbox.flowmaticx.course import plan_course
from flintt_mcp.sandbox.flowmaticx.invention import Search, invent
from flintt_mcp.sandbox.flowmaticx.plans import CREDITS_PER_LEAD
from flintt_mcp.sandbox.ground.clock import stamp
from flintt_mcp.sandbox.ground.rows import insert, insert_all


def launch(
    connection: sqlite3.Connection, workspace_id: int, search: dict[str, Any], now: datetime, key: str | None = None
) -> int:
    """Write a job and its leads; `search` holds the fields of a NewJob."""
    job_id = _next_id(connection)
    course = plan_course(job_id, search["keyword"], search["leads_requested"], now)
    leads = invent(
        Search(
            job_id,
            search["workflow_type"],
            search["keyword"],
            search["location"],
            search["ai_enabled"],
            search["include_risky"],
        ),
        len(course.leads),
    )
    job = {
        "id": job_id,
        "workspace_id": workspace_id,
        "idempotency_key": key,
        "workflow_type": search["workflow_type"],
        "keyword": search["keyword"],
        "location": search["location"],
        "requested_leads": search["leads_requested"],
        "ai_enabled": search["ai_enabled"],
        "include_risky": search["include_risky"],
        "outcome": course.outcome,
        "last_progress": course.last_progress,
        "credits_held": search["leads_requested"] * CREDITS_PER_LEAD,
        "credits_charged": sum(lead["is_billable"] for lead in leads) * CREDITS_PER_LEAD,
        "created_at": stamp(now),
        "started_at": course.started_at,
        "finished_at": course.finished_at,
    }
    insert(connection, "flowmaticx_jobs", job)
    own = {"workspace_id": workspace_id, "job_id": job_id}
    insert_all(
        connection,
        "flowmaticx_leads",
        [own | {"processed_at": moment} | lead for moment, lead in zip(course.leads, leads, strict=True)],
    )
    return job_id


def _next_id(connection: sqlite3.Connection) -> int:
    """The id SQLite would give next; needed first, because the course of a job is drawn from its id."""
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'flowmaticx_jobs'").fetchone()
    return 1 if row is None else row["seq"] + 1
