"""Tasks that only ask."""

from __future__ import annotations

from typing import Any

from bench.tasks.desk import Desk, objects
from bench.tasks.task import Task
from bench.tasks.truth import Truth

ACCOUNT = "Moss Retail"
TUESDAY = "2026-09-29"
OPEN = "stage NOT IN ('won', 'lost')"
NAMES = ("Moss Retail", "MOSS RETAIL LTD", "Ελιά Αγροτική", "Pebble Tutors", "Nobody & Sons", "Zzyzx Robotics")


async def _stuck(desk: Desk) -> Any:
    return await desk.query(
        f"SELECT p.id, c.name, p.stage, days_in_stage FROM prospects p LEFT JOIN companies c ON c.id = p.company_id WHERE {OPEN} "
        "ORDER BY days_in_stage DESC, p.id LIMIT 10"
    )


def _stuck_truth(truth: Truth) -> Any:
    return truth.rows(
        "SELECT d.id, c.name, d.stage, (unixepoch(:now) - unixepoch(d.stage_since)) / 86400 AS days FROM my_deals d "
        f"LEFT JOIN my_companies c ON c.id = d.company_id WHERE d.{OPEN} ORDER BY days DESC, d.id LIMIT 10"
    )


async def _fintech(desk: Desk) -> Any:
    return await desk.query("SELECT name FROM companies WHERE sector = 'Fintech' AND size = '51-200' ORDER BY name")


async def _of_one_account(desk: Desk) -> Any:
    found = await desk.all("list_findings", "findings", company=ACCOUNT, since="2000-01-01")
    return sorted(row["id"] for row in found)


async def _by_stage(desk: Desk) -> Any:
    return await desk.query(
        "SELECT stage, count(*) AS deals, sum(estimated_value_cents) AS cents FROM prospects GROUP BY stage ORDER BY stage"
    )


async def _without_a_deal(desk: Desk) -> Any:
    return await desk.query(
        "SELECT name FROM companies c WHERE NOT EXISTS (SELECT 1 FROM prospects p WHERE p.company_id = c.id) ORDER BY name",
        limit=500,
    )


async def _best_signals(desk: Desk) -> Any:
    return await desk.query(
        "SELECT s.name, sum(r.valid_count) AS valid, sum(r.raw_count) AS found FROM signals s JOIN runs r ON r.signal_id = s.id "
        "GROUP BY s.id ORDER BY valid DESC, s.name"
    )


async def _failed_runs(desk: Desk) -> Any:
    return await desk.query(
        "SELECT s.name, count(*) AS failed, max(r.started_at) AS last FROM runs r JOIN signals s ON s.id = r.signal_id "
        "WHERE r.status = 'failed' GROUP BY s.id ORDER BY s.name"
    )


async def _by_sector(desk: Desk) -> Any:
    return await desk.query(
        "SELECT c.sector, sum(p.estimated_value_cents) AS cents FROM prospects p JOIN companies c ON c.id = p.company_id "
        f"WHERE {OPEN} GROUP BY c.sector ORDER BY cents DESC, c.sector"
    )


async def _found_without_a_deal(desk: Desk) -> Any:
    return await desk.query(
        "SELECT company_name, count(*) AS findings FROM findings f WHERE NOT EXISTS (SELECT 1 FROM prospects p JOIN companies c "
        f"ON c.id = p.company_id WHERE c.name = f.company_name AND p.{OPEN}) GROUP BY company_name ORDER BY findings DESC, "
        "company_name",
        since="2000-01-01",
        limit=500,
    )


async def _win_rate(desk: Desk) -> Any:
    return await desk.query(
        "SELECT count(*) FILTER (WHERE stage = 'won') AS won, count(*) AS closed FROM prospects WHERE stage IN ('won', 'lost')"
    )


async def _which_are_ours(desk: Desk) -> Any:
    found = await desk.all("match_companies", "matches", names=list(NAMES))
    return [row["id"] or None for row in found]


def _which_truth(truth: Truth) -> Any:
    ids = dict(truth.rows("SELECT name, id FROM my_companies"))
    return [ids.get(name) for name in ("Moss Retail", "Moss Retail", "Ελιά Αγροτική", "Pebble Tutors", "-", "-")]


async def _changed(desk: Desk) -> Any:
    found = await desk.all("changes_since", "changes", since=TUESDAY, limit=500)
    return sorted(row["id"] for row in found if row["kind"] in ("company", "deal", "signal"))


def _changed_truth(truth: Truth) -> Any:
    tables = ("my_companies", "my_deals", "my_signals")
    return sorted(
        id for table in tables for id in truth.column(f"SELECT id FROM {table} WHERE updated_at >= ?", TUESDAY)
    )


async def _surest(desk: Desk) -> Any:
    return await desk.query(
        "SELECT company_name, confidence FROM findings ORDER BY confidence DESC, found_at DESC, id LIMIT 5",
        since="2000-01-01",
    )


async def _account_brief(desk: Desk) -> Any:
    deals = await desk.query(
        f"SELECT p.id, p.stage, p.next_step FROM prospects p JOIN companies c ON c.id = p.company_id WHERE c.name = '{ACCOUNT}' "
        "ORDER BY p.id"
    )
    found = await desk.call("list_findings", company=ACCOUNT, since="2000-01-01", limit=3)
    return deals, found["total"]


def _account_truth(truth: Truth) -> Any:
    deals = truth.rows(
        "SELECT d.id, d.stage, d.next_step FROM my_deals d JOIN my_companies c ON c.id = d.company_id WHERE c.name = ? "
        "ORDER BY d.id",
        ACCOUNT,
    )
    return deals, truth.column("SELECT count(*) FROM my_results WHERE is_valid AND company_name = ?", ACCOUNT)[0]


async def _planned_and_paid(desk: Desk) -> Any:
    return await desk.query(
        "SELECT r.id, sum(c.amount_cents) AS planned, (SELECT sum(t.amount_cents) FROM flowpilot_transactions t "
        "WHERE t.run_id = r.id AND t.status = 'SUCCESS' AND t.direction = 'DEBIT') AS paid FROM flowpilot_runs r "
        "JOIN flowpilot_candidates c ON c.run_id = r.id WHERE c.approval_status = 'approved' GROUP BY r.id ORDER BY r.id"
    )


async def _failed_payouts(desk: Desk) -> Any:
    return await desk.query(
        "SELECT status, count(*) AS payments, sum(amount_cents) AS cents FROM flowpilot_transactions "
        "GROUP BY status ORDER BY status"
    )


async def _leads_to_call(desk: Desk) -> Any:
    return await desk.query(
        "SELECT businessName FROM flowmaticx_leads l WHERE emailStatus = 'VALID' AND decisionMakerName IS NOT NULL "
        "AND rating >= 4.5 AND NOT EXISTS (SELECT 1 FROM companies c WHERE c.domain = l.domain) ORDER BY businessName, l.id",
        limit=500,
    )


async def _webhook_proof(desk: Desk) -> Any:
    hits = await desk.call("search_docs", query="how do I verify the signature of a webhook")
    best = objects(hits["hits"])[0]
    text = await desk.read("get_doc", slug=best["slug"], section=best["section"])
    return best["slug"], "compare_digest" in text


QUESTIONS = (
    Task("stuck deals", "Which ten open deals sit longest in their stage?", _stuck, _stuck_truth, trial=True),
    Task(
        "fintech 51-200",
        "Which fintech companies have 51 to 200 people?",
        _fintech,
        lambda truth: truth.rows(
            "SELECT name FROM my_companies WHERE sector = 'Fintech' AND size = '51-200' ORDER BY name"
        ),
        trial=True,
    ),
    Task(
        "one account",
        f"What have all our signals ever found about {ACCOUNT}?",
        _of_one_account,
        lambda truth: sorted(truth.column("SELECT id FROM my_results WHERE is_valid AND company_name = ?", ACCOUNT)),
        trial=True,
    ),
    Task(
        "deals by stage",
        "How many deals are in each stage, and what are they worth?",
        _by_stage,
        lambda truth: truth.rows(
            "SELECT stage, count(*), CAST(round(sum(estimated_value * 100)) AS INTEGER) FROM my_deals GROUP BY stage ORDER BY stage"
        ),
        trial=True,
    ),
    Task(
        "without a deal",
        "Which companies have no deal?",
        _without_a_deal,
        lambda truth: truth.rows(
            "SELECT name FROM my_companies WHERE id NOT IN (SELECT company_id FROM my_deals WHERE company_id NOT NULL) "
            "ORDER BY name"
        ),
        trial=True,
    ),
    Task(
        "best signals",
        "Which signals find most, and how much of it holds?",
        _best_signals,
        lambda truth: truth.rows(
            "SELECT s.name, (SELECT sum(valid_count) FROM my_runs WHERE signal_id = s.id) AS valid, "
            "(SELECT sum(raw_count) FROM my_runs WHERE signal_id = s.id) FROM my_signals s WHERE valid NOT NULL "
            "ORDER BY valid DESC, s.name"
        ),
        trial=True,
    ),
    Task(
        "failed runs",
        "Of which signals did runs fail, how often, and when last?",
        _failed_runs,
        lambda truth: truth.rows(
            "SELECT s.name, count(*), max(r.started_at) FROM my_signals s, my_runs r WHERE r.signal_id = s.id "
            "AND r.status = 'failed' GROUP BY s.name ORDER BY s.name"
        ),
        trial=True,
    ),
    Task(
        "pipeline by sector",
        "What is each sector's open pipeline worth?",
        _by_sector,
        lambda truth: truth.rows(
            "SELECT sector, CAST(round(sum(estimated_value * 100)) AS INTEGER) AS cents FROM my_companies c, my_deals d "
            f"WHERE d.company_id = c.id AND d.{OPEN} GROUP BY sector ORDER BY cents DESC, sector"
        ),
        trial=True,
    ),
    Task(
        "found without a deal",
        "Which companies were found by our signals and have no open deal?",
        _found_without_a_deal,
        lambda truth: truth.rows(
            "SELECT company_name, count(*) AS times FROM my_results WHERE is_valid AND company_name NOT IN (SELECT c.name FROM "
            f"my_companies c, my_deals d WHERE d.company_id = c.id AND d.{OPEN}) GROUP BY company_name "
            "ORDER BY times DESC, company_name"
        ),
        trial=True,
    ),
    Task(
        "win rate",
        "How many of our closed deals were won?",
        _win_rate,
        lambda truth: truth.rows(
            "SELECT (SELECT count(*) FROM my_deals WHERE stage = 'won'), "
            "(SELECT count(*) FROM my_deals WHERE stage = 'won' OR stage = 'lost')"
        ),
        trial=True,
    ),
    Task("which are ours", "Which of these six names are companies of ours?", _which_are_ours, _which_truth),
    Task(
        "since Tuesday",
        "Which companies, deals and signals are new or changed since Tuesday?",
        _changed,
        _changed_truth,
    ),
    Task(
        "surest findings",
        "Which five findings are we surest of?",
        _surest,
        lambda truth: truth.rows(
            "SELECT company_name, confidence FROM my_results WHERE is_valid ORDER BY confidence DESC, started_at DESC, id LIMIT 5"
        ),
    ),
    Task("account brief", f"What is open with {ACCOUNT}, and how much was found?", _account_brief, _account_truth),
    Task(
        "planned and paid",
        "For each payment run: what was approved, and what was paid?",
        _planned_and_paid,
        lambda truth: truth.rows(
            "SELECT run_id, sum(amount_kobo), (SELECT sum(amount_kobo) FROM our_transactions t WHERE t.run_id = c.run_id "
            "AND t.status = 'SUCCESS' AND t.direction = 'DEBIT') FROM our_candidates c WHERE approval_status = 'approved' "
            "GROUP BY run_id ORDER BY run_id"
        ),
    ),
    Task(
        "payouts by status",
        "What became of all payouts?",
        _failed_payouts,
        lambda truth: truth.rows(
            "SELECT status, count(*), sum(amount_kobo) FROM our_transactions GROUP BY status ORDER BY status"
        ),
    ),
    Task(
        "leads to call",
        "Which well rated leads with a person and a valid address do we not watch yet?",
        _leads_to_call,
        lambda truth: truth.rows(
            "SELECT business_name FROM our_leads WHERE email_status = 'VALID' AND decision_maker_name NOT NULL AND rating >= 4.5 "
            "AND coalesce(domain, '') NOT IN (SELECT domain FROM my_companies WHERE domain NOT NULL) ORDER BY business_name, id"
        ),
    ),
    Task(
        "webhook signature",
        "How do I verify the signature of a webhook?",
        _webhook_proof,
        lambda truth: ("webhooks", True),
    ),
)
