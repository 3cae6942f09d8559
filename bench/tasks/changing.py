"""Tasks that change something: what was done is looked up in the database."""

from __future__ import annotations

import re
from typing import Any

from bench.tasks.desk import Desk, objects
from bench.tasks.task import Task
from bench.tasks.truth import Truth

ACCOUNT = "Moss Retail"
SIGNAL = "Cloud migrations"
KEYWORD = "solicitor"
GOAL = "Companies that open a plant"


async def _add_what_is_there(desk: Desk) -> Any:
    said = await desk.refused("create_company", name=ACCOUNT.upper(), domain="moss-retail.example")
    found = re.search(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", said)
    return found and found[0]


async def _pause(desk: Desk) -> Any:
    signals = objects((await desk.call("list_signals"))["signals"])
    (signal,) = [row for row in signals if row["name"] == SIGNAL]
    await desk.call("update_signal", signal_id=signal["id"], status="paused")
    return signal["id"]


async def _open_a_deal(desk: Desk) -> Any:
    (match,) = objects((await desk.call("match_companies", names=[ACCOUNT]))["matches"])
    made = await desk.call(
        "create_prospect", company_id=match["id"], stage="qualified", next_step="Call on Monday", estimated_value=1200
    )
    return made["prospect"]["id"]


def _deal_truth(truth: Truth) -> Any:
    found = truth.column(
        "SELECT d.id FROM my_deals d JOIN my_companies c ON c.id = d.company_id WHERE c.name = ? "
        "AND d.next_step = 'Call on Monday' AND d.stage = 'qualified' AND d.estimated_value = 1200",
        ACCOUNT,
    )
    return found[0] if len(found) == 1 else None


async def _set_up_a_signal(desk: Desk) -> Any:
    made = await desk.call("create_signal", name="New plants", description=GOAL, frequency="weekly")
    return made["signal"]["id"]


async def _add_leads(desk: Desk) -> Any:
    ((job,),) = await desk.query(f"SELECT id FROM flowmaticx_jobs WHERE keyword = '{KEYWORD}'")
    page = await desk.call("preview_import", from_job=job)
    id = page["import_id"]
    while "next_cursor" in page:
        page = await desk.call("preview_import", cursor=page["next_cursor"])
    rows = await desk.all("commit_import", "rows", import_id=id)
    return sorted(row["company"] for row in rows if row["result"] == "created")


def _leads_truth(truth: Truth) -> Any:
    """The names of the leads that cost something, where each is one company now."""
    names = truth.column(
        "SELECT DISTINCT business_name FROM our_leads l JOIN flowmaticx_jobs j ON j.id = l.job_id "
        "WHERE j.keyword = ? AND l.is_billable ORDER BY 1",
        KEYWORD,
    )
    added = truth.column(
        "SELECT name FROM my_companies WHERE name IN (SELECT business_name FROM our_leads l JOIN flowmaticx_jobs j "
        "ON j.id = l.job_id WHERE j.keyword = ?) ORDER BY 1",
        KEYWORD,
    )
    return added if added == names else None


def _one(truth: Truth, sql: str, *values: Any) -> Any:
    found = truth.column(sql, *values)
    return found[0] if len(found) == 1 else None


CHANGING = (
    Task(
        "add what is there",
        f"Add {ACCOUNT} to our companies.",
        _add_what_is_there,
        lambda truth: _one(truth, "SELECT id FROM my_companies WHERE lower(name) = lower(?)", ACCOUNT),
        trial=True,
    ),
    Task(
        "pause a signal",
        f"Pause the signal {SIGNAL}.",
        _pause,
        lambda truth: _one(truth, "SELECT id FROM my_signals WHERE name = ? AND status = 'paused'", SIGNAL),
        trial=True,
    ),
    Task(
        "open a deal",
        f"Open a deal with {ACCOUNT}: qualified, 1,200, call on Monday.",
        _open_a_deal,
        _deal_truth,
        trial=True,
    ),
    Task(
        "leads to companies",
        f"Add the leads of our job {KEYWORD} to our companies, none twice.",
        _add_leads,
        _leads_truth,
        trial=True,
        most_calls=5,
    ),
    Task(
        "set up a signal",
        f"Watch for this every week: {GOAL}.",
        _set_up_a_signal,
        lambda truth: _one(
            truth, "SELECT id FROM my_signals WHERE description = ? AND frequency = 'weekly' AND status = 'draft'", GOAL
        ),
    ),
)
