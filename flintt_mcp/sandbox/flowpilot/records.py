"""What runs leave behind, read-only: /public/wallet/balance, /public/transactions and /public/audit.

Silent in the texts, decided here: lists come newest first; a filter for a run or an action that is not there finds nothing;
an action is compared as it is written.
"""

from __future__ import annotations

import sqlite3
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from flintt_mcp.sandbox.flowpilot.answers import KEYED, REFUSED, answer
from flintt_mcp.sandbox.flowpilot.door import Caller, KeyedRoute
from flintt_mcp.sandbox.flowpilot.listing import NEWEST_FIRST, Page, Wanted, Window, select_page
from flintt_mcp.sandbox.flowpilot.money import Money, amount
from flintt_mcp.sandbox.ground.doors import needs
from flintt_mcp.sandbox.ground.texts import Id, Timestamp

router = APIRouter(prefix="/public", tags=["Wallet, transactions, audit log"], route_class=KeyedRoute)

TRANSACTION = "id, run_id, reference, amount_kobo, currency, direction, status, channel, created_at"
AUDIT_EVENT = "id, run_id, agent_type, action, detail, created_at"

TransactionStatus = Literal["SUCCESS", "PENDING", "FAILED"]
OfRun = Annotated[UUID | None, Query(description="Only those of this run.")]


class Wallet(BaseModel):
    """What the organisation has left."""

    balance: Money
    currency: str
    ai_credit_balance: int
    updated_at: Timestamp


class Transaction(BaseModel):
    """An actual movement of funds."""

    id: Id
    run_id: Id
    reference: str
    amount: Money
    currency: str
    direction: Literal["debit"]
    status: TransactionStatus
    channel: str
    created_at: Timestamp


class AuditEvent(BaseModel):
    """Something that an agent or a person did in a run."""

    id: Id
    run_id: Id
    agent_type: str
    action: str
    detail: dict[str, Any]
    created_at: Timestamp


@router.get(
    "/wallet/balance",
    summary="Get wallet balance",
    response_model=Wallet,
    responses=KEYED,
    openapi_extra=needs("wallet:read"),
)
async def get_wallet_balance(caller: Caller) -> Response:
    """Balance (NGN) and AI credits of the organisation."""
    return answer(await caller.read(select_wallet))


@router.get(
    "/transactions",
    summary="List transactions",
    response_model=Page[Transaction],
    responses=KEYED | REFUSED,
    openapi_extra=needs("transactions:read"),
)
async def list_transactions(
    caller: Caller, window: Wanted, run_id: OfRun = None, status: TransactionStatus | None = None
) -> Response:
    """All movements of funds, newest first."""
    return answer(await caller.read(select_transactions, run_id, status, window))


@router.get(
    "/audit",
    summary="List audit events",
    response_model=Page[AuditEvent],
    responses=KEYED | REFUSED,
    openapi_extra=needs("audit:read"),
)
async def list_audit_events(
    caller: Caller,
    window: Wanted,
    run_id: OfRun = None,
    action: Annotated[str | None, Query(max_length=100, description="Action name, e.g. scored_candidates.")] = None,
) -> Response:
    """What agents and people did, newest first."""
    return answer(await caller.read(select_audit_events, run_id, action, window))


def select_wallet(connection: sqlite3.Connection, organisation_id: str) -> dict[str, Any]:
    """The wallet of an organisation."""
    query = "SELECT * FROM flowpilot_wallets WHERE organisation_id = ?"
    row = connection.execute(query, (organisation_id,)).fetchone()
    return {
        "balance": amount(row["balance_kobo"]),
        "currency": row["currency"],
        "ai_credit_balance": row["ai_credits"],
        "updated_at": row["updated_at"],
    }


def select_transactions(
    connection: sqlite3.Connection, organisation_id: str, run_id: UUID | None, status: str | None, window: Window
) -> dict[str, Any]:
    """One page of an organisation's transactions."""
    conditions = _of(organisation_id, run_id) | {"status = ?": status}
    return select_page(
        connection, TRANSACTION, "flowpilot_transactions", conditions, NEWEST_FIRST, window, _transaction
    )


def select_audit_events(
    connection: sqlite3.Connection, organisation_id: str, run_id: UUID | None, action: str | None, window: Window
) -> dict[str, Any]:
    """One page of an organisation's audit log."""
    conditions = _of(organisation_id, run_id) | {"action = ?": action or None}
    return select_page(
        connection, AUDIT_EVENT, "flowpilot_audit_events", conditions, NEWEST_FIRST, window, _audit_event
    )


def _of(organisation_id: str, run_id: UUID | None) -> dict[str, Any]:
    return {"organisation_id = ?": organisation_id, "run_id = ?": None if run_id is None else str(run_id)}


def _transaction(row: sqlite3.Row) -> dict[str, Any]:
    transaction = dict(row) | {"amount": amount(row["amount_kobo"])}
    return {name: transaction[name] for name in Transaction.model_fields}


def _audit_event(row: sqlite3.Row) -> dict[str, Any]:
    """The detail goes out as the text it was stored as, so that its amounts stay exact."""
    return dict(row) | {"detail": msgspec.Raw(row["detail"].encode())}
