"""What follows from a judgement: its row, what the company is known for, a deal, an event; all of it, or nothing, and once.

In: an open transaction, the runner's number, a task, judgements. Out: rows. Silent in the texts, decided here: a deal is opened
only for a company that has no open one; enrichment_data gets the result on top of its list `signals`, of which ten are kept.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from flintt_mcp.sandbox.flintt.changes import add_prospect
from flintt_mcp.sandbox.flintt.events import tell
from flintt_mcp.sandbox.flintt.running.findings import Found, count_results
from flintt_mcp.sandbox.flintt.running.judging.validator import Judgement
from flintt_mcp.sandbox.flintt.running.ledger import check_run
from flintt_mcp.sandbox.flintt.running.task import Task
from flintt_mcp.sandbox.ground.clock import stamp
from flintt_mcp.sandbox.ground.rows import insert

ENDED_STAGES = ("won", "lost", "closed", "closed_won", "closed_lost")
"""A deal in one of these stages is over, also while it is shown."""
KEPT_SIGNALS = 10


def record_judgements(
    connection: sqlite3.Connection,
    number: int,
    task: Task,
    judged: Iterable[tuple[Found, Judgement]],
    now: datetime,
) -> None:
    """Write judgements with all that follows from them.

    Raises:
        Lost: the run is another's now.
    """
    check_run(connection, number, task)
    for found, judgement in judged:
        result = _add_judgement(connection, task, found, judgement, now)
        if result is not None and judgement.is_valid:
            _enrich(connection, task, found, judgement, now)
            deals = _open_deal(connection, task, found, now)
            connection.execute("UPDATE flintt_runs SET deal_count = deal_count + ? WHERE id = ?", (deals, task.run_id))
            tell(connection, task.user_id, "signal.run.result", result, now)
    count_results(connection, task)


def _add_judgement(
    connection: sqlite3.Connection, task: Task, found: Found, judgement: Judgement, now: datetime
) -> dict[str, Any] | None:
    """The data of its event, or None when it was there already."""
    evidence = [{"url": found.url, "title": found.title}]
    result = {
        "id": f"vr_{found.raw_result_id.removeprefix('rr_')}",
        "is_valid": judgement.is_valid,
        "confidence": judgement.confidence,
        "company_name": found.company,
        "signal_summary": judgement.summary,
        "why_now": judgement.why_now,
    }
    known = "SELECT 1 FROM flintt_validation_results WHERE id = ?"
    if connection.execute(known, (result["id"],)).fetchone():
        return None
    kept = {
        "user_id": task.user_id,
        "run_id": task.run_id,
        "raw_result_id": found.raw_result_id,
        "evidence_sources": json.dumps(evidence, ensure_ascii=False),
        "created_at": stamp(now),
    }
    insert(connection, "flintt_validation_results", result | kept)
    told = {"signal_id": task.signal_id, "run_id": task.run_id, "company_id": found.company_id}
    return told | result | {"evidence_sources": evidence}


def _enrich(connection: sqlite3.Connection, task: Task, found: Found, judgement: Judgement, now: datetime) -> None:
    """Put the result on top of what the company's enrichment_data says of signals; the rest of it stays."""
    row = connection.execute(
        "SELECT enrichment_data FROM flintt_companies WHERE id = ?", (found.company_id,)
    ).fetchone()
    data = json.loads(row["enrichment_data"])
    earlier = data.get("signals")
    entry = {
        "signal_id": task.signal_id,
        "signal": task.signal_name,
        "run_id": task.run_id,
        "topic": judgement.topic,
        "summary": judgement.summary,
        "confidence": judgement.confidence,
        "source_url": found.url,
        "found_at": stamp(now),
    }
    data["signals"] = [entry, *(earlier if isinstance(earlier, list) else [])][:KEPT_SIGNALS]
    connection.execute(
        "UPDATE flintt_companies SET enrichment_data = ?, updated_at = ? WHERE id = ?",
        (json.dumps(data, ensure_ascii=False), stamp(now), found.company_id),
    )


def _open_deal(connection: sqlite3.Connection, task: Task, found: Found, now: datetime) -> int:
    """Open a deal where the signal asks for it and the company has none that is open; answer how many were opened."""
    wanted = connection.execute(
        "SELECT deal_stage FROM flintt_signal_builds WHERE signal_id = ? AND opens_deals = 1", (task.signal_id,)
    ).fetchone()
    marks = ", ".join("?" * len(ENDED_STAGES))
    open_deal = connection.execute(
        f"""SELECT 1 FROM flintt_prospects WHERE user_id = ? AND company_id = ? AND visibility = 'active'
            AND stage NOT IN ({marks})""",
        (task.user_id, found.company_id, *ENDED_STAGES),
    ).fetchone()
    if wanted is None or open_deal is not None:
        return 0
    next_step = f"Look at: {found.title}"
    fields = {"company_id": found.company_id, "stage": wanted["deal_stage"], "next_step": next_step}
    add_prospect(connection, task.user_id, fields, stamp(now))
    return 1
