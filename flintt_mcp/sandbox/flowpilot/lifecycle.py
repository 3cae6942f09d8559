"""The way of a run that nobody has to push: pending, planning, scoring, awaiting_approval; and transfers that settle late.

Nothing runs in the background. Each run carries the moment of its next step (`due_at`), and whoever looks at or changes the
organisation first takes all steps that are due, in order of time and dated at their own time, in one transaction. So the
outcome depends on the clock alone: not on who looks, how often, in which process, or on a restart in between. A run
whose `due_at` is null in these states is held: the seed has some, so that every state can be seen.
"""

from __future__ import annotations

import sqlite3
from datetime import timedelta

from flintt_mcp.sandbox.flowpilot import planner
from flintt_mcp.sandbox.flowpilot.books import Books
from flintt_mcp.sandbox.flowpilot.money import CURRENCY, amount
from flintt_mcp.sandbox.flowpilot.payouts import fail_run, payment, settle
from flintt_mcp.sandbox.ground.clock import read_stamp, stamp

STEP = timedelta(seconds=2)
"""How long a run stays in each of the three states that it leaves by itself."""


def is_due(connection: sqlite3.Connection, organisation_id: str, now: str) -> bool:
    """Whether anything of an organisation waits to be done."""
    return _next_due(Books(connection, organisation_id), now) is not None


def catch_up(books: Books, now: str) -> None:
    """Take every step of an organisation that is due by now."""
    while due := _next_due(books, now):
        row = books.rows(f"SELECT * FROM {due['of_table']} WHERE id = ?", due["id"])[0]
        if due["of_table"] == "flowpilot_transactions":
            settle(books, row, due["moment"])
        else:
            _STEPS[row["status"]](books, row, due["moment"])


def start(books: Books, now: str, objective: str, risk_tolerance: float, budget_kobo: int) -> str:
    """Add a run and answer its id; its first step is due soon."""
    row = {"objective": objective, "status": "pending", "risk_tolerance": risk_tolerance, "budget_kobo": budget_kobo}
    row |= {"due_at": _later(now), "created_at": now, "updated_at": now}
    run_id = books.insert("flowpilot_runs", row)
    books.audit(run_id, "human", "created_run", {"budget_cap": amount(budget_kobo), "currency": CURRENCY}, now)
    return run_id


def _next_due(books: Books, now: str) -> sqlite3.Row | None:
    query = """SELECT due_at AS moment, 'flowpilot_runs' AS of_table, id, rowid AS position FROM flowpilot_runs
            WHERE organisation_id = :owner AND due_at <= :now
        UNION ALL
        SELECT settles_at, 'flowpilot_transactions', id, rowid FROM flowpilot_transactions
            WHERE organisation_id = :owner AND settles_at <= :now
        ORDER BY moment, of_table, position LIMIT 1"""
    return books.connection.execute(query, {"owner": books.organisation_id, "now": now}).fetchone()


def _later(moment: str) -> str:
    return stamp(read_stamp(moment) + STEP)


def _move(books: Books, run_id: str, status: str, moment: str, due_at: str | None) -> None:
    query = "UPDATE flowpilot_runs SET status = ?, due_at = ?, updated_at = ? WHERE id = ?"
    books.change(query, status, due_at, moment, run_id)


def _begin_planning(books: Books, run: sqlite3.Row, moment: str) -> None:
    query = """UPDATE flowpilot_wallets SET ai_credits = ai_credits - 1, updated_at = ?
        WHERE organisation_id = ? AND ai_credits > 0"""
    books.change(query, moment, books.organisation_id)
    books.audit(run["id"], "planner", "started_planning", {}, moment)
    _move(books, run["id"], "planning", moment, _later(moment))


def _finish_planning(books: Books, run: sqlite3.Row, moment: str) -> None:
    query = """SELECT name, account_number, institution_code, narration_note FROM flowpilot_recipients
        WHERE organisation_id = ? ORDER BY rowid"""
    payees = [planner.Payee(**dict(row)) for row in books.rows(query, books.organisation_id)]
    planned = planner.plan(run["objective"], run["budget_kobo"], payees)
    if not planned:
        fail_run(books, run["id"], "no_candidates", moment)
        return
    for payee, kobo in planned:
        row = {"run_id": run["id"], "beneficiary_name": payee.name, "account_number": payee.account_number}
        row |= {"institution_code": payee.institution_code, "amount_kobo": kobo, "currency": CURRENCY}
        books.insert("flowpilot_candidates", row | {"created_at": moment})
    told = {"candidates_planned": len(planned), "total": amount(sum(kobo for _, kobo in planned)), "currency": CURRENCY}
    books.audit(run["id"], "planner", "planned_candidates", told, moment)
    _move(books, run["id"], "scoring", moment, _later(moment))


def _score(books: Books, run: sqlite3.Row, moment: str) -> None:
    candidates = books.rows("SELECT * FROM flowpilot_candidates WHERE run_id = ? ORDER BY rowid", run["id"])
    paid = {tuple(row) for row in books.rows(_PAID_ACCOUNTS, books.organisation_id)}
    flagged = 0
    for candidate in candidates:
        account = (candidate["institution_code"], candidate["account_number"])
        hundredths = planner.score(
            run["objective"],
            candidate["account_number"],
            candidate["amount_kobo"],
            run["budget_kobo"],
            first=account not in paid,
            alone=len(candidates) == 1,
        )
        decision = planner.decide(hundredths, run["risk_tolerance"])
        _scored(books, candidate, hundredths / 100, decision, moment)
        flagged += decision == "flagged"
    books.audit(
        run["id"], "risk", "scored_candidates", {"candidates_scored": len(candidates), "flagged": flagged}, moment
    )
    _ask_for_approval(books, run, candidates, moment)


_PAID_ACCOUNTS = """SELECT DISTINCT institution_code, account_number FROM flowpilot_candidates
    WHERE organisation_id = ? AND execution_status = 'success'"""


def _scored(books: Books, candidate: sqlite3.Row, risk_score: float, decision: planner.Decision, moment: str) -> None:
    approval = "approved" if decision == "auto_approved" else "pending"
    books.change(
        "UPDATE flowpilot_candidates SET risk_score = ?, risk_decision = ?, approval_status = ? WHERE id = ?",
        risk_score,
        decision,
        approval,
        candidate["id"],
    )
    told = payment(candidate) | {"risk_score": risk_score}
    if decision == "auto_approved":
        books.audit(candidate["run_id"], "risk", "approved_candidate", told, moment)
    elif decision == "flagged":
        books.audit(candidate["run_id"], "risk", "flagged_candidate", told, moment)
        books.tell("candidate.flagged", {"run_id": candidate["run_id"]} | told, moment)


def _ask_for_approval(books: Books, run: sqlite3.Row, candidates: list[sqlite3.Row], moment: str) -> None:
    _move(books, run["id"], "awaiting_approval", moment, None)
    total = amount(sum(row["amount_kobo"] for row in candidates))
    told = {"candidate_count": len(candidates), "total": total, "currency": CURRENCY}
    books.audit(run["id"], "approval", "requested_approval", told, moment)
    data = {"run_id": run["id"], "objective": run["objective"], "status": "awaiting_approval"}
    books.tell("approval.requested", data | told, moment)


_STEPS = {"pending": _begin_planning, "planning": _finish_planning, "scoring": _score}
