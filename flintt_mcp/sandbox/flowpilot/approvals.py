"""A person's decision on a run, as the dashboard would take it; the public API has no endpoint for it.

In: the database, a run and a decision, from a command line or a test. Out: what came of it. It is one transaction: a
decision that was acknowledged is there after a kill with all its payments, or not at all.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from decimal import Decimal

from flintt_mcp.errors import CallRefused
from flintt_mcp.sandbox.flowpilot.books import Books
from flintt_mcp.sandbox.flowpilot.lifecycle import catch_up
from flintt_mcp.sandbox.flowpilot.money import CURRENCY, amount
from flintt_mcp.sandbox.flowpilot.payouts import approve, reject
from flintt_mcp.sandbox.ground.clock import Clock, stamp
from flintt_mcp.sqlite import Database


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a decision. `failure` is rejected, insufficient_funds or None; `paid` is what left the wallet at once."""

    run_id: str
    objective: str
    status: str
    failure: str | None
    approved_count: int
    rejected_count: int
    paid: Decimal
    currency: str = CURRENCY


async def approve_run(
    database: Database, run_id: str, is_approved: bool, clock: Clock, *, include_flagged: bool = False
) -> Outcome:
    """Approve or reject a run of any organisation; flagged candidates are paid only when they are asked for.

    Raises:
        CallRefused: there is no such run, or it does not await approval; nothing was changed.
    """
    return await database.write(_decide, run_id, is_approved, stamp(clock()), include_flagged)


def _decide(connection: sqlite3.Connection, run_id: str, is_approved: bool, now: str, include_flagged: bool) -> Outcome:
    owner = connection.execute("SELECT organisation_id FROM flowpilot_runs WHERE id = ?", (run_id,)).fetchone()
    if owner is None:
        raise CallRefused(
            "the sandbox has no FlowPilot run with that id", advice="take the id from flowpilot_list_runs"
        )
    books = Books(connection, owner["organisation_id"])
    catch_up(books, now)
    run = books.rows("SELECT * FROM flowpilot_runs WHERE id = ?", run_id)[0]
    if run["status"] != "awaiting_approval":
        raise CallRefused(
            f"the FlowPilot run is {run['status']}, not awaiting_approval",
            advice="a run asks for approval a few seconds after it was created, and is decided once",
        )
    if is_approved:
        approve(books, run, now, include_flagged=include_flagged)
    else:
        reject(books, run, now)
    return _outcome(books, run_id)


def _outcome(books: Books, run_id: str) -> Outcome:
    run = books.rows("SELECT * FROM flowpilot_runs WHERE id = ?", run_id)[0]
    count = "SELECT count(*) FROM flowpilot_candidates WHERE run_id = ? AND approval_status = ?"
    paid = "SELECT coalesce(sum(amount_kobo), 0) FROM flowpilot_transactions WHERE run_id = ? AND status = 'SUCCESS'"
    return Outcome(
        run_id,
        run["objective"],
        run["status"],
        run["failure"],
        books.value(count, run_id, "approved"),
        books.value(count, run_id, "rejected"),
        amount(books.value(paid, run_id)),
    )
