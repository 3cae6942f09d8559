"""What a person's decision does: candidates approved or rejected, the wallet debited, transactions made, the run ended.

In: a run that awaits approval, inside one transaction. Out: rows that add up: the balance is the opening balance less all
SUCCESS debits; each executed candidate has exactly one transaction. Silent in the texts, decided here: the approval of a run
leaves its flagged candidates out unless they are asked for; a wallet that cannot cover all of the approved sum (beside
what is set aside for pending transfers) pays nothing, and the run fails; a rejected run fails too, because nothing is paid.

    Accounts ending in 0002 are declined by their bank (FAILED); those ending in 0003 are slow (PENDING for ten minutes).
"""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from typing import Any

from flintt_mcp.sandbox.flowpilot.books import Books
from flintt_mcp.sandbox.flowpilot.money import CURRENCY, amount
from flintt_mcp.sandbox.ground.clock import read_stamp, stamp

DECLINED_ENDING, SLOW_ENDING = "0002", "0003"
SLOW_TRANSFER = timedelta(minutes=10)
CHANNEL = "NIP"
EXECUTION = {"SUCCESS": "success", "PENDING": "processing", "FAILED": "failed"}


def approve(books: Books, run: sqlite3.Row, moment: str, *, include_flagged: bool = False) -> None:
    """Approve a run's candidates and pay them, all in one change."""
    candidates = _candidates(books, run["id"])
    for candidate in candidates:
        is_approved = include_flagged or candidate["risk_decision"] != "flagged"
        _judge(books, candidate, moment, approved=is_approved)
    _told_decision(books, run, moment, "approved")
    approved = [row for row in _candidates(books, run["id"]) if row["approval_status"] == "approved"]
    if sum(row["amount_kobo"] for row in approved) > _available(books):
        fail_run(books, run["id"], "insufficient_funds", moment)
        return
    for candidate in approved:
        _pay(books, candidate, moment)
    _complete(books, run["id"], len(approved), moment)


def reject(books: Books, run: sqlite3.Row, moment: str) -> None:
    """Reject a run with all its candidates, also those that scoring had approved."""
    for candidate in _candidates(books, run["id"]):
        _judge(books, candidate, moment, approved=False)
    _told_decision(books, run, moment, "rejected")
    fail_run(books, run["id"], "rejected", moment)


def fail_run(books: Books, run_id: str, reason: str, moment: str) -> None:
    """End a run that pays nothing."""
    books.change(
        "UPDATE flowpilot_runs SET status = 'failed', failure = ?, due_at = NULL, updated_at = ? WHERE id = ?",
        reason,
        moment,
        run_id,
    )
    books.change("UPDATE flowpilot_candidates SET execution_status = 'cancelled' WHERE run_id = ?", run_id)
    books.audit(run_id, "execution", "failed_run", {"reason": reason}, moment)
    books.tell("run.failed", _run_data(books, run_id) | {"reason": reason}, moment)


def settle(books: Books, transaction: sqlite3.Row, moment: str) -> None:
    """A pending transfer has arrived: debit the wallet."""
    books.change(
        "UPDATE flowpilot_transactions SET status = 'SUCCESS', settles_at = NULL WHERE id = ?", transaction["id"]
    )
    books.change(
        "UPDATE flowpilot_candidates SET execution_status = 'success' WHERE id = ?", transaction["candidate_id"]
    )
    candidate = books.rows("SELECT * FROM flowpilot_candidates WHERE id = ?", transaction["candidate_id"])[0]
    _arrived(books, candidate, transaction["reference"], moment, "settled_payout")


def _candidates(books: Books, run_id: str) -> list[sqlite3.Row]:
    return books.rows("SELECT * FROM flowpilot_candidates WHERE run_id = ? ORDER BY rowid", run_id)


def _available(books: Books) -> int:
    """The balance less what is set aside for pending transfers."""
    query = """SELECT balance_kobo - (SELECT coalesce(sum(amount_kobo), 0) FROM flowpilot_transactions
            WHERE organisation_id = wallet.organisation_id AND status = 'PENDING')
        FROM flowpilot_wallets AS wallet WHERE organisation_id = ?"""
    return books.value(query, books.organisation_id)


def _judge(books: Books, candidate: sqlite3.Row, moment: str, *, approved: bool) -> None:
    """Approve or reject one candidate; what scoring had approved already is not told again."""
    status, execution = ("approved", "pending") if approved else ("rejected", "cancelled")
    if candidate["approval_status"] == status:
        return
    query = "UPDATE flowpilot_candidates SET approval_status = ?, execution_status = ? WHERE id = ?"
    books.change(query, status, execution, candidate["id"])
    books.audit(candidate["run_id"], "human", f"{status}_candidate", payment(candidate), moment)


def _told_decision(books: Books, run: sqlite3.Row, moment: str, decision: str) -> None:
    query = "SELECT count(*) FROM flowpilot_candidates WHERE run_id = ? AND approval_status = ?"
    counts = {f"{status}_count": books.value(query, run["id"], status) for status in ("approved", "rejected")}
    books.audit(run["id"], "human", f"{decision}_run", counts, moment)
    data = {"run_id": run["id"], "objective": run["objective"], "decision": decision} | counts
    books.tell("approval.completed", data, moment)


def _pay(books: Books, candidate: sqlite3.Row, moment: str) -> None:
    status = {DECLINED_ENDING: "FAILED", SLOW_ENDING: "PENDING"}.get(candidate["account_number"][-4:], "SUCCESS")
    reference = _reference(books, moment)
    row = {"run_id": candidate["run_id"], "candidate_id": candidate["id"], "reference": reference}
    row |= {"amount_kobo": candidate["amount_kobo"], "currency": CURRENCY, "direction": "debit", "status": status}
    row |= {"channel": CHANNEL, "created_at": moment}
    row |= {"settles_at": stamp(read_stamp(moment) + SLOW_TRANSFER) if status == "PENDING" else None}
    books.insert("flowpilot_transactions", row)
    books.change(
        "UPDATE flowpilot_candidates SET execution_status = ? WHERE id = ?", EXECUTION[status], candidate["id"]
    )
    if status == "SUCCESS":
        _arrived(books, candidate, reference, moment, "executed_payout")
        return
    told = payment(candidate) | {"reference": reference, "status": status}
    if status == "PENDING":
        books.audit(candidate["run_id"], "execution", "executed_payout", told, moment)
        return
    told |= {"reason": "declined_by_bank"}
    books.audit(candidate["run_id"], "execution", "failed_payout", told, moment)
    books.tell("payout.failed", {"run_id": candidate["run_id"]} | told, moment)


def _arrived(books: Books, candidate: sqlite3.Row, reference: str, moment: str, action: str) -> None:
    books.change(
        "UPDATE flowpilot_wallets SET balance_kobo = balance_kobo - ?, updated_at = ? WHERE organisation_id = ?",
        candidate["amount_kobo"],
        moment,
        books.organisation_id,
    )
    told = payment(candidate) | {"reference": reference, "status": "SUCCESS"}
    books.audit(candidate["run_id"], "execution", action, told, moment)
    books.tell("payout.succeeded", {"run_id": candidate["run_id"]} | told, moment)


def _complete(books: Books, run_id: str, approved_count: int, moment: str) -> None:
    books.change("UPDATE flowpilot_runs SET status = 'completed', updated_at = ? WHERE id = ?", moment, run_id)
    books.audit(run_id, "execution", "completed_run", {"approved_count": approved_count}, moment)
    books.tell("run.completed", _run_data(books, run_id) | {"approved_count": approved_count}, moment)


def _reference(books: Books, moment: str) -> str:
    """The next reference of a day; a day with more than 99,999 of them gets longer ones."""
    day = f"FP-{moment[:10].replace('-', '')}-"
    query = """SELECT coalesce(max(CAST(substr(reference, ?) AS INTEGER)), 0) + 1 FROM flowpilot_transactions
        WHERE reference > ? AND reference < ?"""
    return f"{day}{books.value(query, len(day) + 1, day, f'{day}:'):05d}"  # a colon comes right after the digits


def _run_data(books: Books, run_id: str) -> dict[str, Any]:
    row = books.rows("SELECT id AS run_id, objective, status FROM flowpilot_runs WHERE id = ?", run_id)[0]
    return dict(row)


def payment(candidate: sqlite3.Row) -> dict[str, Any]:
    """A candidate as events and the audit log tell it."""
    return {
        "candidate_id": candidate["id"],
        "beneficiary_name": candidate["beneficiary_name"],
        "amount": amount(candidate["amount_kobo"]),
        "currency": candidate["currency"],
    }
