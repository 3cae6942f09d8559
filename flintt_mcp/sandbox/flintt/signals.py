"""/v1/signals: list, add, read, change and delete what is watched for.

Both editions in one: a signal looks by frequency (daily, weekly, monthly) or by schedule (cron), never both; setting one
clears the other, null clears the one it is sent for, and "" clears a schedule too. Silent in the texts, decided here: the
newest signal comes first; a new signal is a draft; a draft that is not built refuses any status (422) and says why; a
change without fields changes nothing. tool_count and last_run_at are read-only.
"""

from __future__ import annotations

import sqlite3
from typing import Annotated, Any, Literal
from uuid import UUID, uuid4

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.config import JsonDict

from flintt_mcp.sandbox.flintt.answers import NOT_FOUND, REFUSED, UNAUTHORIZED, UNREADABLE, Deleted, not_found, refuse
from flintt_mcp.sandbox.flintt.door import Caller, KeyedRoute
from flintt_mcp.sandbox.flintt.fields import Cron, line, omittable, prose
from flintt_mcp.sandbox.ground.clock import stamp
from flintt_mcp.sandbox.ground.rows import insert
from flintt_mcp.sandbox.ground.texts import Body, Id, Timestamp

router = APIRouter(prefix="/v1/signals", tags=["Signals"], route_class=KeyedRoute)

COLUMNS = """id, name, description, frequency, schedule, status, tool_count,
    (SELECT max(started_at) FROM flintt_runs WHERE signal_id = flintt_signals.id) AS last_run_at, created_at"""
ONE_SIGNAL = UNAUTHORIZED | NOT_FOUND | REFUSED

Name = Annotated[str, line(160)]
Description = Annotated[str, prose(5000)]
Frequency = Literal["daily", "weekly", "monthly"]
NOT_BOTH: JsonDict = {
    "anyOf": [
        {"properties": {"frequency": {"type": "null"}}},
        {"properties": {"schedule": {"anyOf": [{"type": "string", "maxLength": 0}, {"type": "null"}]}}},
    ]
}
EXAMPLE: JsonDict = {
    "name": "Series A funding rounds",
    "description": "French B2B SaaS companies raising Series A",
    "frequency": "weekly",
}


class Signal(BaseModel):
    """Something to watch for, and when to look."""

    id: Id
    name: str
    description: str | None
    frequency: Frequency | None
    schedule: str | None
    status: Literal["draft", "active", "paused"]
    tool_count: int
    last_run_at: Timestamp | None
    created_at: Timestamp


class _Timing(Body):
    model_config = ConfigDict(json_schema_extra=NOT_BOTH)

    frequency: Frequency | None = Field(None, description="How often to look; clears the schedule.")
    schedule: Cron | None = Field(None, description='Cron expression; clears the frequency. null or "" for none.')

    @model_validator(mode="after")
    def _one_of_both(self) -> _Timing:
        if self.frequency and self.schedule:
            raise ValueError("Send frequency or schedule, not both")
        return self


class NewSignal(_Timing):
    """A signal to add; it starts as a draft and must be built before it can run."""

    model_config = ConfigDict(json_schema_extra=NOT_BOTH | {"examples": [EXAMPLE]})

    name: Name = Field(description="Signal name.")
    description: Description | None = Field(None, description="What the signal looks for.")


class SignalChange(_Timing):
    """What to change; fields that are left out stay as they are."""

    model_config = ConfigDict(json_schema_extra=NOT_BOTH | {"examples": [{"frequency": "daily"}, {"status": "paused"}]})

    name: Name = omittable()
    description: Description | None = Field(None, description="New description; null for none.")
    status: Literal["active", "paused"] = omittable()


@router.get("", summary="List signals", responses=UNAUTHORIZED)
async def list_signals(caller: Caller) -> list[Signal]:
    """All signals in the workspace, newest first."""
    return await caller.read(select_signals)


@router.post("", summary="Create signal", status_code=201, responses=UNAUTHORIZED | REFUSED | UNREADABLE)
async def create_signal(caller: Caller, signal: NewSignal) -> Signal:
    """Add a signal as a draft; it must be built (via the app) before it can run."""
    return await caller.write(insert_signal, signal.model_dump(), stamp(caller.ground.clock()))


@router.get("/{signal_id}", summary="Get signal", responses=ONE_SIGNAL)
async def get_signal(caller: Caller, signal_id: UUID) -> Signal:
    """One signal."""
    return await caller.read(select_signal, str(signal_id))


@router.patch("/{signal_id}", summary="Update signal", responses=ONE_SIGNAL | UNREADABLE)
async def update_signal(caller: Caller, signal_id: UUID, change: SignalChange) -> Signal:
    """Change a signal's name, description, frequency, schedule or status."""
    fields = change.model_dump(exclude_unset=True)
    return await caller.write(change_signal, str(signal_id), fields, stamp(caller.ground.clock()))


@router.delete("/{signal_id}", summary="Delete signal", responses=ONE_SIGNAL)
async def delete_signal(caller: Caller, signal_id: UUID) -> Deleted:
    """Delete a signal with all its runs and results; this cannot be undone."""
    await caller.write(remove_signal, str(signal_id))
    return Deleted(ok=True)


def select_signals(connection: sqlite3.Connection, user_id: str) -> list[dict[str, Any]]:
    """All signals of a user."""
    rows = connection.execute(
        f"SELECT {COLUMNS} FROM flintt_signals WHERE user_id = ? ORDER BY created_at DESC, rowid DESC", (user_id,)
    )
    return [dict(row) for row in rows]


def select_signal(connection: sqlite3.Connection, user_id: str, signal_id: str) -> dict[str, Any]:
    """One signal of a user.

    Raises:
        HTTPException: 404 when the user has no such signal.
    """
    row = connection.execute(
        f"SELECT {COLUMNS} FROM flintt_signals WHERE id = ? AND user_id = ?", (signal_id, user_id)
    ).fetchone()
    if row is None:
        raise not_found("Signal")
    return dict(row)


def insert_signal(connection: sqlite3.Connection, user_id: str, fields: dict[str, Any], now: str) -> dict[str, Any]:
    """Add a draft and answer it."""
    row = fields | {"id": str(uuid4()), "user_id": user_id, "created_at": now, "updated_at": now}
    return select_signal(connection, user_id, insert(connection, "flintt_signals", row))


def change_signal(
    connection: sqlite3.Connection, user_id: str, signal_id: str, fields: dict[str, Any], now: str
) -> dict[str, Any]:
    """Change the fields given and answer the whole signal.

    Raises:
        HTTPException: 404 when the user has no such signal.
        RequestValidationError: a status for a signal that is not built.
    """
    select_signal(connection, user_id, signal_id)
    if "status" in fields and not _is_built(connection, signal_id):
        message = "This signal is a draft that has not been built: build it in the Flintt app, then set its status"
        raise refuse("body", "status", message, "signal_not_built")
    if fields.get("frequency"):
        fields = fields | {"schedule": None}
    elif fields.get("schedule"):
        fields = fields | {"frequency": None}
    if fields.keys() & {"status", "frequency", "schedule"}:
        _count_from(connection, signal_id, now)
    if fields:
        columns = ", ".join(f"{column} = :{column}" for column in fields)
        row = fields | {"id": signal_id, "now": now}
        connection.execute(f"UPDATE flintt_signals SET {columns}, updated_at = :now WHERE id = :id", row)
    return select_signal(connection, user_id, signal_id)


def remove_signal(connection: sqlite3.Connection, user_id: str, signal_id: str) -> None:
    """Delete a signal; its runs and results go with it by their foreign keys, in the same transaction.

    Raises:
        HTTPException: 404 when the user has no such signal.
    """
    query = "DELETE FROM flintt_signals WHERE id = ? AND user_id = ?"
    if connection.execute(query, (signal_id, user_id)).rowcount == 0:
        raise not_found("Signal")


def _is_built(connection: sqlite3.Connection, signal_id: str) -> bool:
    return (
        connection.execute("SELECT built_at FROM flintt_signals WHERE id = ?", (signal_id,)).fetchone()[0] is not None
    )


def _count_from(connection: sqlite3.Connection, signal_id: str, now: str) -> None:
    """Forget the moments of the schedule until now: the signal was paused or resumed, or has another schedule."""
    connection.execute("UPDATE flintt_signal_builds SET counted_from = ? WHERE signal_id = ?", (now, signal_id))
