"""Asks for runs: somebody by hand, or the schedule. A run that is asked for waits as pending until a runner takes it.

In: an open transaction. Out: rows. At most one run of a signal is under way at a time: who asks meanwhile gets that one, and a
moment of the schedule that passes meanwhile is answered by one run afterwards. A pause forgets the moments within it.
"""

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import Any
from uuid import uuid4

from flintt_mcp.sandbox.flintt.running.build import not_built
from flintt_mcp.sandbox.flintt.running.schedule import latest_due, next_due
from flintt_mcp.sandbox.flintt.runs import COLUMNS
from flintt_mcp.sandbox.flintt.signals import select_signal
from flintt_mcp.sandbox.ground.clock import read_stamp, stamp
from flintt_mcp.sandbox.ground.rows import insert

_SCHEDULED = """SELECT id, signals.user_id, frequency, schedule, built_at, counted_from, last_due_at
    FROM flintt_signals AS signals JOIN flintt_signal_builds ON signal_id = id
    WHERE status = 'active' AND (frequency IS NOT NULL OR schedule IS NOT NULL)"""
_IDLE = """ AND NOT EXISTS (SELECT 1 FROM flintt_runs JOIN flintt_run_work ON run_id = flintt_runs.id
    WHERE flintt_runs.signal_id = signals.id AND status IN ('pending', 'running'))"""


def ask_run(connection: sqlite3.Connection, user_id: str, signal_id: str, now: datetime) -> dict[str, Any]:
    """Ask for a run by hand and answer it; also of a paused signal. One that is under way is answered instead.

    Raises:
        HTTPException: 404 when the user has no such signal, 409 when it has no sources here.
    """
    select_signal(connection, user_id, signal_id)
    if connection.execute("SELECT 1 FROM flintt_signal_builds WHERE signal_id = ?", (signal_id,)).fetchone() is None:
        raise not_built()
    run_id = _under_way(connection, signal_id) or _add_run(connection, user_id, signal_id, "manual", now, None)
    return dict(connection.execute(f"SELECT {COLUMNS} FROM flintt_runs WHERE id = ?", (run_id,)).fetchone())


def is_any_due(connection: sqlite3.Connection, now: datetime) -> bool:
    """Whether the schedule asks for a run, seen without a write."""
    return any(_due(row, now) for row in connection.execute(_SCHEDULED + _IDLE))


def ask_due(connection: sqlite3.Connection, now: datetime) -> int:
    """Ask for the runs that the schedule is due, one for each signal; answer how many."""
    asked = 0
    for row in connection.execute(_SCHEDULED + _IDLE).fetchall():
        due = _due(row, now)
        if due is None:
            continue
        _add_run(connection, row["user_id"], row["id"], "scheduled", now, stamp(due))
        connection.execute(
            "UPDATE flintt_signal_builds SET last_due_at = ? WHERE signal_id = ?", (stamp(due), row["id"])
        )
        asked += 1
    return asked


def next_moment(connection: sqlite3.Connection, now: datetime) -> datetime | None:
    """When the schedule asks for the next run of any signal."""
    moments = [
        next_due(row["frequency"], row["schedule"], read_stamp(row["built_at"]), now)
        for row in connection.execute(_SCHEDULED)
    ]
    return min((moment for moment in moments if moment is not None), default=None)


def _due(row: sqlite3.Row, now: datetime) -> datetime | None:
    after = read_stamp(max(row["counted_from"], row["last_due_at"] or ""))
    return latest_due(row["frequency"], row["schedule"], read_stamp(row["built_at"]), after, now)


def _under_way(connection: sqlite3.Connection, signal_id: str) -> str | None:
    row = connection.execute(
        """SELECT id FROM flintt_runs JOIN flintt_run_work ON run_id = id
            WHERE flintt_runs.signal_id = ? AND status IN ('pending', 'running')""",
        (signal_id,),
    ).fetchone()
    return row and row["id"]


def _add_run(
    connection: sqlite3.Connection, user_id: str, signal_id: str, mode: str, now: datetime, due_at: str | None
) -> str:
    run = {"id": str(uuid4()), "user_id": user_id, "signal_id": signal_id, "status": "pending", "run_mode": mode}
    run_id = insert(connection, "flintt_runs", run | {"queued_at": stamp(now)})
    connection.execute(
        "INSERT INTO flintt_run_work (run_id, user_id, signal_id, due_at) VALUES (?, ?, ?, ?)",
        (run_id, user_id, signal_id, due_at),
    )
    return run_id
