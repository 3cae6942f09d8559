"""/public/runs and their candidates: list, read and start payment runs.

Silent in the texts, decided here: objective and budget_cap are required, risk_tolerance is 0.30 when left out; runs come
newest first and candidates in the order of planning; a run is created even when the wallet could not pay for it, since
its cap is no order; risk_score and risk_decision are null until the run is scored; candidates need the scope runs:read.
"""

from __future__ import annotations

import sqlite3
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from flintt_mcp.sandbox.flowpilot.answers import KEYED, NOT_FOUND, REFUSED, answer, not_found
from flintt_mcp.sandbox.flowpilot.books import Books
from flintt_mcp.sandbox.flowpilot.door import Caller, KeyedRoute
from flintt_mcp.sandbox.flowpilot.fields import line
from flintt_mcp.sandbox.flowpilot.lifecycle import start
from flintt_mcp.sandbox.flowpilot.listing import NEWEST_FIRST, Page, Wanted, Window, select_page
from flintt_mcp.sandbox.flowpilot.money import Fraction, Kobo, Money, amount
from flintt_mcp.sandbox.ground.doors import needs
from flintt_mcp.sandbox.ground.texts import Body, Id, Timestamp

router = APIRouter(prefix="/public/runs", tags=["Runs"], route_class=KeyedRoute)

READS, WRITES = needs("runs:read"), needs("runs:write")
RUN = """id, objective, status, risk_tolerance, budget_kobo, created_at, updated_at,
    (SELECT count(*) FROM flowpilot_candidates WHERE run_id = flowpilot_runs.id) AS candidate_count"""
CANDIDATE = """id, run_id, beneficiary_name, account_number, institution_code, amount_kobo, currency, risk_score,
    risk_decision, approval_status, execution_status"""
DEFAULT_RISK_TOLERANCE = 0.3

Status = Literal["pending", "planning", "scoring", "awaiting_approval", "completed", "failed"]
ApprovalStatus = Literal["pending", "approved", "rejected"]
EXAMPLE: JsonDict = {"objective": "Vendor payment batch — Q2 suppliers", "risk_tolerance": 0.3, "budget_cap": 10000000}


class Run(BaseModel):
    """A single payment batch."""

    id: Id
    objective: str
    status: Status
    risk_tolerance: float
    budget_cap: Money
    candidate_count: int
    created_at: Timestamp
    updated_at: Timestamp


class NewRun(Body):
    """A payment run to create."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    objective: Annotated[str, line(2000)] = Field(description="What is to be paid, in words.")
    risk_tolerance: Fraction = Field(DEFAULT_RISK_TOLERANCE, description="Up to which risk score agents may approve.")
    budget_cap: Kobo = Field(description="The most that the run may pay out, in NGN; at most two decimals.")


class CreatedRun(BaseModel):
    """A run that was just created."""

    id: Id
    status: Status
    objective: str
    created_at: Timestamp


class Candidate(BaseModel):
    """An individual payment within a run."""

    id: Id
    run_id: Id
    beneficiary_name: str
    account_number: str
    institution_code: str
    amount: Money
    currency: str
    risk_score: float | None
    risk_decision: Literal["auto_approved", "manual_review", "flagged"] | None
    approval_status: ApprovalStatus
    execution_status: Literal["pending", "processing", "success", "failed", "cancelled"]


@router.get("", summary="List runs", response_model=Page[Run], responses=KEYED | REFUSED, openapi_extra=READS)
async def list_runs(caller: Caller, window: Wanted, status: Status | None = None) -> Response:
    """All payment runs of the organisation, newest first."""
    return answer(await caller.read(select_runs, status, window))


@router.get(
    "/{run_id}", summary="Get run", response_model=Run, responses=KEYED | NOT_FOUND | REFUSED, openapi_extra=READS
)
async def get_run(caller: Caller, run_id: UUID) -> Response:
    """One payment run."""
    return answer(await caller.read(select_run, str(run_id)))


@router.post(
    "",
    summary="Create run",
    status_code=201,
    response_model=CreatedRun,
    responses=KEYED | REFUSED,
    openapi_extra=WRITES,
)
async def create_run(caller: Caller, run: NewRun) -> Response:
    """Create a payment run; planning and scoring begin by themselves."""
    return answer(await caller.change(insert_run, run.objective, run.risk_tolerance, run.budget_cap), 201)


@router.get(
    "/{run_id}/candidates",
    summary="List candidates",
    response_model=Page[Candidate],
    responses=KEYED | NOT_FOUND | REFUSED,
    openapi_extra=READS,
)
async def list_candidates(
    caller: Caller, run_id: UUID, window: Wanted, approval_status: ApprovalStatus | None = None
) -> Response:
    """The payments of a run, in the order in which they were planned."""
    return answer(await caller.read(select_candidates, str(run_id), approval_status, window))


def select_runs(
    connection: sqlite3.Connection, organisation_id: str, status: str | None, window: Window
) -> dict[str, Any]:
    """One page of an organisation's runs."""
    conditions = {"organisation_id = ?": organisation_id, "status = ?": status}
    return select_page(connection, RUN, "flowpilot_runs", conditions, NEWEST_FIRST, window, _run)


def select_run(connection: sqlite3.Connection, organisation_id: str, run_id: str) -> dict[str, Any]:
    """One run.

    Raises:
        HTTPException: 404 when the organisation has no such run.
    """
    query = f"SELECT {RUN} FROM flowpilot_runs WHERE id = ? AND organisation_id = ?"
    row = connection.execute(query, (run_id, organisation_id)).fetchone()
    if row is None:
        raise not_found("Run")
    return _run(row)


def insert_run(books: Books, now: str, objective: str, risk_tolerance: float, budget_kobo: int) -> dict[str, Any]:
    """Start a run and answer the fields that the text shows for it."""
    run_id = start(books, now, objective, risk_tolerance, budget_kobo)
    run = select_run(books.connection, books.organisation_id, run_id)
    return {name: run[name] for name in CreatedRun.model_fields}


def select_candidates(
    connection: sqlite3.Connection, organisation_id: str, run_id: str, approval_status: str | None, window: Window
) -> dict[str, Any]:
    """One page of a run's candidates.

    Raises:
        HTTPException: 404 when the organisation has no such run.
    """
    select_run(connection, organisation_id, run_id)
    conditions = {"run_id = ?": run_id, "approval_status = ?": approval_status}
    return select_page(connection, CANDIDATE, "flowpilot_candidates", conditions, "rowid", window, _candidate)


def _run(row: sqlite3.Row) -> dict[str, Any]:
    run = dict(row) | {"budget_cap": amount(row["budget_kobo"])}
    return {name: run[name] for name in Run.model_fields}


def _candidate(row: sqlite3.Row) -> dict[str, Any]:
    candidate = dict(row) | {"amount": amount(row["amount_kobo"])}
    return {name: candidate[name] for name in Candidate.model_fields}
