"""The durable steps of a run. Each is one transaction, may be tried any number of times, and counts once.

In: an open transaction, the number of the runner, a `Task`. Out: rows. A step whose runner is not the latest, or whose run was
deleted, raises `Lost` and changes nothing. `findings` writes what a source said, `outcomes` what follows from a judgement.
"""

from __future__ import annotations

import sqlite3
from datetime import datetime

from flintt_mcp.sandbox.flintt.events import tell
from flintt_mcp.sandbox.flintt.running.finding.names import Name, read_name
from flintt_mcp.sandbox.flintt.running.findings import Reading, add_raw_result, count_results, unjudged
from flintt_mcp.sandbox.flintt.running.task import Source, Task
from flintt_mcp.sandbox.ground.clock import stamp

MAX_ATTEMPTS = 5
"""A run that was taken up this often and never ended is given up: it may be what ends the process."""


class Lost(Exception):
    """The run is not this runner's any more."""


def begin_runner(connection: sqlite3.Connection, pid: int, now: datetime) -> int:
    """Become the runner: answer a number that shuts out whoever was it before."""
    connection.execute(
        """INSERT INTO sandbox_runner (id, number, pid, began_at) VALUES (1, 1, :pid, :now)
            ON CONFLICT (id) DO UPDATE SET number = number + 1, pid = :pid, began_at = :now""",
        {"pid": pid, "now": stamp(now)},
    )
    return connection.execute("SELECT number FROM sandbox_runner").fetchone()[0]


def waiting_runs(connection: sqlite3.Connection) -> list[str]:
    """The runs that are not over, oldest first; those of the example data are not ours to carry out."""
    rows = connection.execute(
        """SELECT id FROM flintt_runs JOIN flintt_run_work ON run_id = id
            WHERE status IN ('pending', 'running') ORDER BY queued_at, flintt_runs.rowid"""
    )
    return [row["id"] for row in rows]


def take_run(connection: sqlite3.Connection, number: int, run_id: str, now: datetime) -> Task | None:
    """Take a run, or take it up again where a former runner left it; None when it is over or gone."""
    check_runner(connection, number)
    run = connection.execute(
        """SELECT runs.id, runs.user_id, runs.signal_id, signals.name, signals.description, attempts
            FROM flintt_runs AS runs JOIN flintt_run_work ON run_id = runs.id JOIN flintt_signals AS signals
            ON signals.id = runs.signal_id WHERE runs.id = ? AND runs.status IN ('pending', 'running')""",
        (run_id,),
    ).fetchone()
    if run is None:
        return None
    started = "UPDATE flintt_runs SET status = 'running', started_at = COALESCE(started_at, ?) WHERE id = ?"
    connection.execute(started, (stamp(now), run_id))
    taken = "UPDATE flintt_run_work SET runner = ?, attempts = attempts + 1 WHERE run_id = ?"
    connection.execute(taken, (number, run_id))
    return Task(
        run_id=run_id,
        user_id=run["user_id"],
        signal_id=run["signal_id"],
        signal_name=run["name"],
        description=run["description"] or run["name"],
        sources=_unread_sources(connection, run_id, run["signal_id"]),
        names=_names(connection, run["user_id"]),
        given_up=run["attempts"] >= MAX_ATTEMPTS,
    )


def record_source(
    connection: sqlite3.Connection, number: int, task: Task, source: Source, reading: Reading, now: datetime
) -> None:
    """A source was read: what it says about companies that the signal has not reported yet becomes raw results.

    Raises:
        Lost: the run is another's now.
    """
    check_run(connection, number, task)
    if not _close_source(connection, task, source, reading.items, None, now):
        return
    for item, mentions in reading.named:
        for mention in mentions:
            add_raw_result(connection, task, source, item, mention, now)
    count_results(connection, task)


def record_failure(
    connection: sqlite3.Connection, number: int, task: Task, source: Source, problem: str, now: datetime
) -> None:
    """A source could not be read; the run goes on without it.

    Raises:
        Lost: the run is another's now.
    """
    check_run(connection, number, task)
    _close_source(connection, task, source, 0, problem, now)


def finish_run(connection: sqlite3.Connection, number: int, task: Task, now: datetime) -> str:
    """End a run and answer its status: completed, partial when something was left out, failed when no source could be read.

    Raises:
        Lost: the run is another's now.
    """
    check_run(connection, number, task)
    count_results(connection, task)
    read, failed = connection.execute(
        "SELECT total(problem IS NULL), total(problem IS NOT NULL) FROM flintt_run_sources WHERE run_id = ?",
        (task.run_id,),
    ).fetchone()
    left = len(unjudged(connection, task)) + len(_unread_sources(connection, task.run_id, task.signal_id))
    status = "failed" if not read else "partial" if failed or left else "completed"
    connection.execute(
        "UPDATE flintt_runs SET status = ?, ended_at = ? WHERE id = ?", (status, stamp(now), task.run_id)
    )
    if status != "failed":
        counts = connection.execute(
            "SELECT valid_count, raw_count, deal_count FROM flintt_runs WHERE id = ?", (task.run_id,)
        ).fetchone()
        data = {"signal_id": task.signal_id, "run_id": task.run_id, "status": status, **dict(counts)}
        tell(connection, task.user_id, "signal.run.completed", data, now)
    return status


def check_runner(connection: sqlite3.Connection, number: int) -> None:
    """Nothing, when this is the latest runner.

    Raises:
        Lost: there is a later one.
    """
    row = connection.execute("SELECT number FROM sandbox_runner").fetchone()
    if row is None or row["number"] != number:
        raise Lost


def check_run(connection: sqlite3.Connection, number: int, task: Task) -> None:
    """Nothing, when the run is still there, running, and this runner's.

    Raises:
        Lost: it is not.
    """
    check_runner(connection, number)
    query = "SELECT 1 FROM flintt_runs JOIN flintt_run_work ON run_id = id WHERE id = ? AND status = 'running' AND runner = ?"
    if connection.execute(query, (task.run_id, number)).fetchone() is None:
        raise Lost


def _unread_sources(connection: sqlite3.Connection, run_id: str, signal_id: str) -> list[Source]:
    rows = connection.execute(
        """SELECT position, kind, address, source_type, items_at FROM flintt_signal_tools AS tools WHERE signal_id = ?
            AND NOT EXISTS (SELECT 1 FROM flintt_run_sources WHERE run_id = ? AND position = tools.position) ORDER BY position""",
        (signal_id, run_id),
    )
    return [Source(*row) for row in rows]


def _names(connection: sqlite3.Connection, user_id: str) -> list[Name]:
    rows = connection.execute(
        "SELECT id, name, domain, website FROM flintt_companies WHERE user_id = ? ORDER BY rowid", (user_id,)
    )
    return [read_name(*row) for row in rows]


def _close_source(
    connection: sqlite3.Connection, task: Task, source: Source, count: int, problem: str | None, now: datetime
) -> bool:
    """Whether this was the first time."""
    return (
        connection.execute(
            """INSERT INTO flintt_run_sources (run_id, position, user_id, item_count, problem, read_at)
                VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING""",
            (task.run_id, source.position, task.user_id, count, problem, stamp(now)),
        ).rowcount
        == 1
    )
