"""/v1/runs and /v1/signals/{signal_id}/runs: what signals found, newest first.

Both editions in one: a run shows the union of their fields, and GET /v1/runs/{run_id} answers the nested endpoint's {run,
raw_results, validation_results} with the run's fields at the top level as well: code for either finds what it expects.
Silent in the texts, decided here: a run's date is its start, or when it was asked for while pending; both date bounds are
included, and a date without a time stands for the whole day in UTC; results_count counts valid results, as the events do;
completed_at is null for a failed run, ended_at is not; a filter for a signal that is not there finds nothing.
"""

from __future__ import annotations

import json
import sqlite3
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import AfterValidator, BaseModel, WithJsonSchema

from flintt_mcp.sandbox.flintt.answers import NOT_FOUND, REFUSED, UNAUTHORIZED, not_found
from flintt_mcp.sandbox.flintt.door import Caller, KeyedRoute
from flintt_mcp.sandbox.flintt.signals import select_signal
from flintt_mcp.sandbox.ground.clock import lower_bound, upper_bound
from flintt_mcp.sandbox.ground.texts import Id, Timestamp

router = APIRouter(prefix="/v1", tags=["Runs"], route_class=KeyedRoute)

RUN_DATE = "COALESCE(started_at, queued_at)"
NEWEST_FIRST = f"ORDER BY {RUN_DATE} DESC, rowid DESC"
COLUMNS = """id, signal_id, status, run_mode, started_at, ended_at, valid_count AS results_count,
    CASE WHEN status IN ('completed', 'partial') THEN ended_at END AS completed_at, raw_count, valid_count, deal_count"""
RAW_COLUMNS = "id, company_name, signal, source_url, source_type, created_at"
VALIDATION_COLUMNS = "id, is_valid, confidence, company_name, signal_summary, why_now, evidence_sources"
ONE_RUN = UNAUTHORIZED | NOT_FOUND | REFUSED

IsoDate = {"anyOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}]}
FromDate = Annotated[str, AfterValidator(lower_bound), WithJsonSchema(IsoDate)]
ToDate = Annotated[str, AfterValidator(upper_bound), WithJsonSchema(IsoDate)]


class Run(BaseModel):
    """One execution of a signal."""

    id: Id
    signal_id: Id
    status: Literal["pending", "running", "completed", "partial", "failed"]
    run_mode: Literal["scheduled", "manual"]
    started_at: Timestamp | None
    ended_at: Timestamp | None
    results_count: int
    completed_at: Timestamp | None
    raw_count: int
    valid_count: int
    deal_count: int


class RawResult(BaseModel):
    """One item that a run collected."""

    id: str
    company_name: str
    signal: str
    source_url: str
    source_type: str
    created_at: Timestamp


class EvidenceSource(BaseModel):
    """Where a judgement comes from."""

    url: str
    title: str


class ValidationResult(BaseModel):
    """The judgement on one item."""

    id: str
    is_valid: bool
    confidence: float
    company_name: str
    signal_summary: str
    why_now: str | None
    evidence_sources: list[EvidenceSource]


class RunDetail(BaseModel):
    """A run with everything it found."""

    run: Run
    raw_results: list[RawResult]
    validation_results: list[ValidationResult]


class FlatRunDetail(Run, RunDetail):
    """The same, with the run's own fields at the top level too."""


@router.get("/signals/{signal_id}/runs", summary="List runs of a signal", responses=ONE_RUN)
async def list_signal_runs(
    caller: Caller,
    signal_id: UUID,
    from_date: Annotated[FromDate | None, Query(description="ISO 8601 lower bound for run date.")] = None,
    to_date: Annotated[ToDate | None, Query(description="ISO 8601 upper bound for run date.")] = None,
) -> list[Run]:
    """All runs of a signal, newest first."""
    return await caller.read(select_signal_runs, str(signal_id), from_date, to_date)


@router.get("/signals/{signal_id}/runs/{run_id}", summary="Get run of a signal", responses=ONE_RUN)
async def get_signal_run(caller: Caller, signal_id: UUID, run_id: UUID) -> RunDetail:
    """The full detail of a run, with raw and validated results."""
    return await caller.read(select_run, str(run_id), str(signal_id))


@router.get("/runs", summary="List runs", responses=UNAUTHORIZED | REFUSED)
async def list_runs(
    caller: Caller,
    signal_id: Annotated[UUID | None, Query(description="Filter runs for a specific signal UUID.")] = None,
    limit: Annotated[int, Query(ge=1, le=100, description="Max results.")] = 50,
    offset: Annotated[int, Query(ge=0, le=2**53 - 1, description="Pagination offset.")] = 0,
) -> list[Run]:
    """Runs of all signals, newest first."""
    return await caller.read(select_runs, str(signal_id) if signal_id else None, limit, offset)


@router.get("/runs/{run_id}", summary="Get run", responses=ONE_RUN)
async def get_run(caller: Caller, run_id: UUID) -> FlatRunDetail:
    """A single run and its results."""
    detail = await caller.read(select_run, str(run_id))
    return detail["run"] | detail


def select_signal_runs(
    connection: sqlite3.Connection, user_id: str, signal_id: str, from_date: str | None, to_date: str | None
) -> list[dict[str, Any]]:
    """The runs of a signal whose date lies within the bounds.

    Raises:
        HTTPException: 404 when the user has no such signal.
    """
    select_signal(connection, user_id, signal_id)
    rows = connection.execute(
        f"""SELECT {COLUMNS} FROM flintt_runs WHERE signal_id = :signal
            AND (:low IS NULL OR {RUN_DATE} >= :low) AND (:high IS NULL OR {RUN_DATE} <= :high) {NEWEST_FIRST}""",
        {"signal": signal_id, "low": from_date, "high": to_date},
    )
    return [dict(row) for row in rows]


def select_runs(
    connection: sqlite3.Connection, user_id: str, signal_id: str | None, limit: int, offset: int
) -> list[dict[str, Any]]:
    """One page of a user's runs, of one signal or of all."""
    where, values = ("user_id = ?", [user_id])
    if signal_id is not None:
        where, values = (f"{where} AND signal_id = ?", [user_id, signal_id])
    rows = connection.execute(
        f"SELECT {COLUMNS} FROM flintt_runs WHERE {where} {NEWEST_FIRST} LIMIT ? OFFSET ?", (*values, limit, offset)
    )
    return [dict(row) for row in rows]


def select_run(
    connection: sqlite3.Connection, user_id: str, run_id: str, signal_id: str | None = None
) -> dict[str, Any]:
    """A run with its results, in the order in which they were found; under a signal only when it is that signal's.

    Raises:
        HTTPException: 404 when the user (or the signal) has no such run.
    """
    query = f"SELECT {COLUMNS} FROM flintt_runs WHERE id = ? AND user_id = ?"
    run = connection.execute(query, (run_id, user_id)).fetchone()
    if run is None or signal_id not in (None, run["signal_id"]):
        raise not_found("Run")
    return {
        "run": dict(run),
        "raw_results": [dict(row) for row in _results(connection, "flintt_raw_results", RAW_COLUMNS, run_id)],
        "validation_results": [
            dict(row) | {"evidence_sources": json.loads(row["evidence_sources"])}
            for row in _results(connection, "flintt_validation_results", VALIDATION_COLUMNS, run_id)
        ],
    }


def _results(connection: sqlite3.Connection, table: str, columns: str, run_id: str) -> sqlite3.Cursor:
    return connection.execute(f"SELECT {columns} FROM {table} WHERE run_id = ? ORDER BY created_at, rowid", (run_id,))
