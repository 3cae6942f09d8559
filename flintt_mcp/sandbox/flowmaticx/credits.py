"""/credits: what the workspace has, has used and has left in this period.

Used is what people used in the web app, plus, for every job created in the period, the credits it holds until its end and
from then on those it was charged: 2 for each billable lead. So the balance settles by itself, to the credit, and what is
held can never be spent twice.
"""

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from flintt_mcp.sandbox.flowmaticx.answers import Envelope, Refused, failures, succeeded
from flintt_mcp.sandbox.flowmaticx.door import Caller, KeyedRoute
from flintt_mcp.sandbox.flowmaticx.keys import Grant
from flintt_mcp.sandbox.flowmaticx.plans import period
from flintt_mcp.sandbox.ground.clock import stamp
from flintt_mcp.sandbox.ground.doors import needs
from flintt_mcp.sandbox.ground.texts import Timestamp

router = APIRouter(tags=["Credits"], route_class=KeyedRoute)


class Credits(BaseModel):
    """The credits of a workspace in the current period."""

    planId: str
    creditsTotal: int
    creditsUsed: int
    creditsRemaining: int
    currentPeriodStart: Timestamp
    currentPeriodEnd: Timestamp
    status: str


@router.get("/credits", summary="Get credits", responses=failures(), openapi_extra=needs("credits:read"))
async def get_credits(caller: Caller) -> Envelope[Credits]:
    """The credit balance of the workspace."""
    return succeeded(await caller.read(select_credits, caller.ground.clock()))


def select_credits(connection: sqlite3.Connection, grant: Grant, now: datetime) -> dict[str, Any]:
    """The balance at a moment.

    Raises:
        Refused: NO_SUBSCRIPTION.
    """
    require_subscription(grant)
    used = used_credits(connection, grant, now)
    start, end = period(now)
    return {
        "planId": grant.plan_id,
        "creditsTotal": grant.plan.credits,
        "creditsUsed": used,
        "creditsRemaining": grant.plan.credits - used,
        "currentPeriodStart": start,
        "currentPeriodEnd": end,
        "status": "ACTIVE",
    }


def require_subscription(grant: Grant) -> None:
    """Refuse a workspace that has none.

    Raises:
        Refused: NO_SUBSCRIPTION.
    """
    if not grant.subscribed:
        raise Refused("NO_SUBSCRIPTION", "This workspace has no active subscription")


def used_credits(connection: sqlite3.Connection, grant: Grant, now: datetime) -> int:
    """Credits used or held in the period of a moment."""
    start, end = period(now)
    jobs = connection.execute(
        """SELECT total(CASE WHEN finished_at <= :now THEN credits_charged ELSE credits_held END) FROM flowmaticx_jobs
           WHERE workspace_id = :workspace AND created_at BETWEEN :start AND :end""",
        {"now": stamp(now), "workspace": grant.workspace_id, "start": start, "end": end},
    ).fetchone()[0]
    return grant.used_in_app + int(jobs)
