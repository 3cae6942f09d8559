"""A dozen runs for each signal that has run, with the items they collected and the judgement on each.

In: the owner, the themes and the companies. Out: rows. All seeded runs have ended: a run that is seeded as running would never
end on a machine that only looks, and would be taken up by one that runs signals.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count, islice
from typing import Any

from cronsim import CronSim

from flintt_mcp.sandbox.flintt.seed.companies import CITIES, SeededCompany
from flintt_mcp.sandbox.flintt.seed.deals import FIRST_NAMES, LAST_NAMES
from flintt_mcp.sandbox.flintt.seed.signals import Theme
from flintt_mcp.sandbox.ground.clock import stamp
from flintt_mcp.sandbox.ground.rows import insert
from flintt_mcp.sandbox.ground.seeding import EPOCH, Draw, fixed_id

# Type of source, host, and how its headlines are told.
SOURCES = (
    ("news", "businessdaily.example", "{headline}"),
    ("news", "technews.example", "{headline}, sources say"),
    ("news", "regiojournal.example", "{headline}"),
    ("press_release", "presswire.example", "Press release: {headline}"),
    ("blog", "foundersnotes.example", "{headline} — what it means"),
    ("registry", "registry.example", "Entry: {headline}"),
    ("social", "pulse.example", "{headline} #business"),
)
STEP_DAYS = {"daily": 1, "weekly": 7, "monthly": 30}
MISSED = "Mentions {company}, but not what the signal looks for."


def sow_runs(
    connection: sqlite3.Connection, user: str, themes: tuple[Theme, ...], companies: list[SeededCompany]
) -> None:
    """Write the runs of all themes with their results."""
    for theme in themes:
        draw = Draw("flintt", f"runs/{theme.name}")
        for number, due in enumerate(islice(_due_times(theme), theme.runs)):
            _sow_run(connection, user, draw, theme, number, due, companies)


def _due_times(theme: Theme) -> Iterator[datetime]:
    """When the signal was due, latest first; a paused one was switched off twenty days ago."""
    last = EPOCH - timedelta(days=20 if theme.status == "paused" else 0)
    if theme.schedule:
        return CronSim(theme.schedule, last, reverse=True)
    due = last.replace(hour=6)
    return (due - timedelta(days=STEP_DAYS[theme.frequency or "weekly"] * number) for number in count())


def _sow_run(
    connection: sqlite3.Connection,
    user: str,
    draw: Draw,
    theme: Theme,
    number: int,
    due: datetime,
    companies: list[SeededCompany],
) -> None:
    status = draw.one(("completed",) * 10 + ("partial", "failed"))
    mode = "manual" if draw.chance(0.15) else "scheduled"
    # Somebody who starts a run by hand does so some time before it is due.
    queued = due - timedelta(seconds=draw.number(600, 9_000) if mode == "manual" else 0)
    started = queued + timedelta(seconds=draw.number(1, 40))
    items = _items(draw, theme, number, started, draw.some(companies, 0 if status == "failed" else draw.number(4, 10)))
    judged = items if status == "completed" else items[: len(items) // 2]
    valid = sum(item["is_valid"] for item in judged)
    run = {
        "id": fixed_id("run", f"{theme.name}/{number}"),
        "user_id": user,
        "signal_id": theme.id,
        "status": status,
        "run_mode": mode,
        "queued_at": stamp(queued),
        "started_at": stamp(started),
        "ended_at": stamp(started + timedelta(seconds=draw.number(60, 420))),
        "raw_count": len(items),
        "valid_count": valid,
        "deal_count": draw.number(0, min(valid, 2)),
    }
    insert(connection, "flintt_runs", run)
    for item in items:
        insert(connection, "flintt_raw_results", _raw(user, run["id"], item))
    for item in judged:
        insert(connection, "flintt_validation_results", _judgement(user, run["id"], item))


def _items(
    draw: Draw, theme: Theme, number: int, started: datetime, companies: list[SeededCompany]
) -> list[dict[str, Any]]:
    """One invented piece of news about each company."""
    return [
        _item(draw, theme, f"{theme.name}/{number}/{place}", started + timedelta(seconds=3 * place + 5), company)
        for place, company in enumerate(companies)
    ]


def _item(draw: Draw, theme: Theme, name: str, found: datetime, company: SeededCompany) -> dict[str, Any]:
    valid = draw.chance(0.6)
    headline, summary = draw.one(theme.hits) if valid else (draw.one(theme.misses), MISSED)
    details = {
        "company": company.name,
        "city": draw.one(CITIES)[1],
        "person": f"{draw.one(FIRST_NAMES)} {draw.one(LAST_NAMES)}",
        "money": f"€{draw.number(2, 48)}M",
        "number": draw.number(12, 90),
        "share": f"{draw.number(21, 64)}%",
    }
    source_type, host, told = draw.one(SOURCES)
    title = headline.format_map(details)
    slug = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
    return {
        "name": name,
        "company_name": company.name,
        "signal": told.format(headline=title),
        "title": title,
        "source_url": f"https://{host}/{found:%Y/%m/%d}/{slug}",
        "source_type": source_type,
        "found_at": stamp(found),
        "judged_at": stamp(found + timedelta(seconds=20)),
        "is_valid": valid,
        "confidence": round(0.72 + 0.27 * draw.fraction() if valid else 0.05 + 0.4 * draw.fraction(), 2),
        "summary": summary.format_map(details),
        "why_now": draw.one(theme.reasons) if valid else None,
    }


def _raw(user: str, run: str, item: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": f"rr_{fixed_id('raw', item['name'])}",
        "user_id": user,
        "run_id": run,
        "company_name": item["company_name"],
        "signal": item["signal"],
        "source_url": item["source_url"],
        "source_type": item["source_type"],
        "created_at": item["found_at"],
    }


def _judgement(user: str, run: str, item: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": f"vr_{fixed_id('validation', item['name'])}",
        "user_id": user,
        "run_id": run,
        "raw_result_id": f"rr_{fixed_id('raw', item['name'])}",
        "is_valid": item["is_valid"],
        "confidence": item["confidence"],
        "company_name": item["company_name"],
        "signal_summary": item["summary"],
        "why_now": item["why_now"],
        "evidence_sources": json.dumps([{"url": item["source_url"], "title": item["title"]}], ensure_ascii=False),
        "created_at": item["judged_at"],
    }
