"""Twenty-four runs over all states, played through the life cycle at fixed moments.

In: an organisation with recipients. Out: runs with candidates, transactions and an audit trail. Runs that are to be seen in
a state which they would leave by themselves are held there (no next step), and so is one transfer that is still pending.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from flintt_mcp.sandbox.flowpilot.books import Books
from flintt_mcp.sandbox.flowpilot.lifecycle import STEP, catch_up, start
from flintt_mcp.sandbox.flowpilot.payouts import approve, reject
from flintt_mcp.sandbox.ground.clock import stamp
from flintt_mcp.sandbox.ground.seeding import EPOCH

THINKING_TIME = timedelta(minutes=39, seconds=17)
STEPS_TO = {"pending": 0, "planning": 1, "scoring": 2}

End = Literal["paid", "paid with flagged", "rejected", "awaiting", "pending", "planning", "scoring"]


@dataclass(frozen=True, slots=True)
class PastRun:
    """One run: how long ago it was started, for what, with how much (in naira), and where it ended."""

    days: float
    objective: str
    budget: int
    end: End = "paid"
    risk_tolerance: float = 0.35


def _payroll(days: float, month: str) -> PastRun:
    return PastRun(days, f"Monthly payroll disbursement for Lagos office — {month} 2026", 12_000_000)


PAST = (
    _payroll(245, "January"),
    PastRun(240, "Consulting fees — January 2026", 4_000_000),
    PastRun(230, "Vendor payment batch — supplier invoices Q1", 5_000_000),
    _payroll(215, "February"),
    PastRun(200, "Pay all consulting invoices at any price", 90_000_000, "rejected", 0.9),
    _payroll(184, "March"),
    PastRun(178, "Consulting fees — March 2026", 3_000_000),
    _payroll(154, "April"),
    PastRun(140, "Vendor payment batch — supplier invoices Q2", 5_500_000, risk_tolerance=0.3),
    _payroll(121, "May"),
    PastRun(118, "Consulting fees — May 2026, food safety audit included", 3_500_000, "paid with flagged"),
    _payroll(91, "June"),
    PastRun(85, "Overdue invoices of Eko Pallet Hire and Delta Cold Stores", 900_000, "paid", 0.5),
    _payroll(61, "July"),
    PastRun(52, "Welfare payment to everybody we know", 60_000_000, "rejected", 0.2),
    PastRun(40, "Supplier invoices — August, second half", 2_000_000),
    PastRun(33, "Consulting fees — August 2026", 3_000_000),
    PastRun(14, "Year bonus for everyone in the book", 60_000_000, "paid", 0.8),
    PastRun(2, "Vendor payment batch — supplier invoices Q3", 6_000_000, "awaiting", 0.3),
    PastRun(1, "Consulting fees — September 2026", 3_000_000, "awaiting", 0.25),
    PastRun(0.2, "Monthly payroll disbursement for Lagos office — September 2026", 12_000_000, "scoring"),
    PastRun(0.1, "Refund of travel expenses to Ngozi Obi", 150_000, "planning"),
    PastRun(0.02, "Cold store rent to Delta Cold Stores", 1_250_000, "pending"),
    PastRun(0.03, "Salary advance for Sadiq Lawal", 200_000),
)
SECOND_PAST = (
    PastRun(30, "Driver allowance — August", 900_000, "paid", 0.6),
    PastRun(3, "Driver allowance — September", 900_000, "awaiting", 0.4),
)


def play(books: Books, past: tuple[PastRun, ...]) -> None:
    """Play all runs in the order in which they were decided or came to a halt."""
    for run in past:
        _play(books, run)
    books.change(
        "UPDATE flowpilot_transactions SET settles_at = NULL WHERE organisation_id = ? AND status = 'PENDING'",
        books.organisation_id,
    )


def _play(books: Books, past: PastRun) -> None:
    begun = EPOCH - timedelta(days=past.days)
    catch_up(books, stamp(begun))
    run_id = start(books, stamp(begun), past.objective, past.risk_tolerance, past.budget * 100)
    if past.end in STEPS_TO:
        catch_up(books, stamp(begun + STEP * STEPS_TO[past.end]))
        books.change("UPDATE flowpilot_runs SET due_at = NULL WHERE id = ?", run_id)
        return
    decided = begun + THINKING_TIME
    catch_up(books, stamp(decided))
    run = books.rows("SELECT * FROM flowpilot_runs WHERE id = ?", run_id)[0]
    if past.end == "rejected":
        reject(books, run, stamp(decided))
    elif past.end != "awaiting":
        approve(books, run, stamp(decided), include_flagged=past.end == "paid with flagged")
