"""/api/signals: what the Flintt app does with signals and the v1 API does not: build one, see its sources, run it now.

In: the session token of the management endpoints. Out: the shapes of the v1 API. These paths are the sandbox's own: the texts say
"must be built (via the app)" and name no endpoint for it. A run is answered as pending (202); whoever is the runner of the
data folder carries it out.
"""

from __future__ import annotations

import sqlite3
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from flintt_mcp.sandbox.flintt.answers import NOT_FOUND, REFUSED, UNREADABLE, Problem, not_found
from flintt_mcp.sandbox.flintt.running.asking import ask_run
from flintt_mcp.sandbox.flintt.running.build import Build, Built, build, select_build
from flintt_mcp.sandbox.flintt.runs import Run
from flintt_mcp.sandbox.flintt.session_door import NO_SESSION, Session, SessionRoute
from flintt_mcp.sandbox.flintt.signals import Signal
from flintt_mcp.sandbox.ground.texts import Timestamp
from flintt_mcp.sandbox.ground.voice import Responses

router = APIRouter(prefix="/api/signals", tags=["Building and running signals"], route_class=SessionRoute)

NOT_NOW: Responses = {
    409: {"model": Problem, "description": "The signal was not built here, or a run of it is under way."}
}
ONE_SIGNAL = NO_SESSION | NOT_FOUND | REFUSED


class SourceReport(BaseModel):
    """How a run got on with one source."""

    position: int = Field(description="Place of the source among those of the signal, from 0.")
    item_count: int
    problem: str | None = Field(description="Why it could not be read; null when it was.")
    read_at: Timestamp


@router.post("/{signal_id}/build", summary="Build signal", responses=ONE_SIGNAL | UNREADABLE | NOT_NOW)
async def build_signal(caller: Session, signal_id: UUID, wanted: Build) -> Signal:
    """Give a signal its sources; from then on it can run. Replaces what it was built with."""
    return await caller.write(build, str(signal_id), wanted, caller.ground.sources, caller.ground.clock())


@router.get("/{signal_id}/build", summary="Get build of signal", responses=ONE_SIGNAL | NOT_NOW)
async def get_build(caller: Session, signal_id: UUID) -> Built:
    """What a signal was built with."""
    return await caller.read(select_build, str(signal_id))


@router.post("/{signal_id}/runs", summary="Run signal", status_code=202, responses=ONE_SIGNAL | NOT_NOW)
async def run_signal(caller: Session, signal_id: UUID) -> Run:
    """Ask for a run now, also of a paused signal; a run that is under way already is answered instead."""
    return await caller.write(ask_run, str(signal_id), caller.ground.clock())


@router.get("/runs/{run_id}/sources", summary="List sources of run", responses=ONE_SIGNAL)
async def list_run_sources(caller: Session, run_id: UUID) -> list[SourceReport]:
    """How a run got on with its sources: what a partial or failed run could not read, and why."""
    return await caller.read(select_sources, str(run_id))


def select_sources(connection: sqlite3.Connection, user_id: str, run_id: str) -> list[dict[str, Any]]:
    """The sources a run is done with.

    Raises:
        HTTPException: 404 when the user has no such run.
    """
    if not connection.execute("SELECT 1 FROM flintt_runs WHERE id = ? AND user_id = ?", (run_id, user_id)).fetchone():
        raise not_found("Run")
    rows = connection.execute(
        "SELECT position, item_count, problem, read_at FROM flintt_run_sources WHERE run_id = ? ORDER BY position",
        (run_id,),
    )
    return [dict(row) for row in rows]
