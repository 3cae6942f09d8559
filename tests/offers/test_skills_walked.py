"""Every skill, walked on the seeded sandbox: its statements find rows, and the tools it names do what it says, in its order."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from flintt_mcp.app import App
from flintt_mcp.calls.reply import objects_of
from flintt_mcp.offers.skills import Skill, offered_skills
from flintt_mcp.offers.toolsets import chosen_toolsets
from tests.apis.toolbox import open_sandboxed
from tests.clock import SetClock
from tests.offers.insight.asking import ask, told
from tests.offers.test_skills import tools_named

pytestmark = pytest.mark.anyio

SKILLS = {skill.name: skill for skill in offered_skills(chosen_toolsets(["all"]))}
ACCOUNT = "Moss Retail"


class Walk:
    """Somebody who follows a skill; `used` are the tools that were called."""

    def __init__(self, app: App, skill: Skill, clock: SetClock) -> None:
        self._app = app
        self.skill = skill
        self.clock = clock
        self.used: set[str] = set()

    async def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """The structured result of a tool."""
        self.used.add(tool)
        return await told(self._app, tool, **arguments)

    async def rows(self, tool: str, name: str, /, **arguments: Any) -> list[dict[str, Any]]:
        """All rows of a list, which are some."""
        found: list[dict[str, Any]] = []
        while True:
            page = await self.call(tool, **arguments)
            found += objects_of(page[name])
            if "next_cursor" not in page or (tool == "changes_since" and page["complete"]):
                assert found, tool
                return found
            arguments["cursor"] = page["next_cursor"]
            if tool == "changes_since":
                arguments.pop("since", None)

    async def statements(self) -> list[list[dict[str, Any]]]:
        """What each of the skill's statements finds."""
        found = re.findall(r"```sql\n(.+?)```", self.skill.text, re.DOTALL)
        assert found
        return [await self.rows("query_workspace", "rows", sql=sql) for sql in found]


async def account_research(walk: Walk) -> None:
    (company,) = await walk.rows("list_companies", "companies", name=ACCOUNT)
    deals = await walk.rows("list_prospects", "prospects")
    assert any(deal.get("company_name") == ACCOUNT for deal in deals)
    found = await walk.rows("list_findings", "findings", company=company["id"], since="2000-01-01")
    assert {row["company_name"] for row in found} == {ACCOUNT}


async def daily_brief(walk: Walk) -> None:
    day = "2026-09-29"
    changed = await walk.rows("changes_since", "changes", since=day)
    found = await walk.rows("list_findings", "findings", since=day)
    assert {row["id"] for row in found} <= {row["id"] for row in changed}
    await walk.rows("list_prospects", "prospects")


async def icp_to_pipeline(walk: Walk) -> None:
    assert (await walk.call("flowmaticx_get_credits"))["credits"]
    asked = {"workflow_type": "GOOGLE_MAPS", "keyword": "dentist", "location": "Leeds, UK", "leads_requested": 5}
    job = (await walk.call("flowmaticx_create_job", **asked))["job"]
    walk.clock.forward(hours=2)
    state = (await walk.call("flowmaticx_get_job", job_id=job["job_id"]))["job"]
    assert state["status"] == "COMPLETED"
    leads = await walk.rows("flowmaticx_list_leads", "leads", job_id=job["job_id"])
    preview = await walk.call("preview_import", from_job=job["job_id"], with_deals=True)
    assert {row["company"] for row in objects_of(preview["rows"])} == {lead["businessName"] for lead in leads}
    done = await walk.rows("commit_import", "rows", import_id=preview["import_id"])
    assert {row["result"] for row in done} == {"created"}


async def payout_reconciliation(walk: Walk) -> None:
    (runs,) = await walk.statements()
    run = next(row for row in runs if row["approved"] != row["paid"])["id"]
    planned = await walk.rows("flowpilot_list_candidates", "candidates", run_id=run)
    paid = await walk.call("flowpilot_list_transactions", run_id=run)
    assert len(planned) >= paid["count"]
    assert (await walk.call("flowpilot_get_wallet_balance"))["wallet"]
    await walk.rows("flowpilot_list_audit_events", "audit_events", run_id=run)


async def pipeline_review(walk: Walk) -> None:
    deals, stages = await walk.statements()
    days = [row["days_in_stage"] for row in deals]
    assert days == sorted(days, reverse=True)
    open_stages = {row["stage"]: row["deals"] for row in stages if row["stage"] not in ("won", "lost")}
    assert sum(open_stages.values()) == len(deals)


async def signal_setup(walk: Walk) -> None:
    signals = await walk.rows("list_signals", "signals")
    await ask_doc(walk)
    goal = {
        "name": "New plants",
        "description": "A company opens a plant. Not: a plant is watered.",
        "frequency": "weekly",
    }
    made = (await walk.call("create_signal", **goal))["signal"]
    stored = (await walk.call("get_signal", signal_id=made["id"]))["signal"]
    assert (stored["status"], stored["frequency"]) == ("draft", "weekly")
    active = next(row for row in signals if row["status"] == "active")
    await walk.rows("list_runs", "runs", signal_id=active["id"], limit=3)
    changed = (await walk.call("update_signal", signal_id=active["id"], status="paused"))["signal"]
    assert changed["status"] == "paused"


async def ask_doc(walk: Walk) -> None:
    (slug,) = re.findall(r"`get_doc` with the slug ([a-z-]+)", walk.skill.text)
    walk.used.add("get_doc")
    assert "Signals" in str(await ask(walk._app, "get_doc", slug=slug))


WALKS: Mapping[str, Callable[[Walk], Awaitable[None]]] = {
    "account-research": account_research,
    "daily-brief": daily_brief,
    "icp-to-pipeline": icp_to_pipeline,
    "payout-reconciliation": payout_reconciliation,
    "pipeline-review": pipeline_review,
    "signal-setup": signal_setup,
}
WARNED_OF = {"signal-setup": {"delete_signal"}}
"""Tools that a skill names to keep away from."""


@pytest.mark.parametrize("name", SKILLS)
async def test_a_skill_can_be_walked_and_names_no_tool_that_is_not_used(
    name: str, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, skill = SetClock(), SKILLS[name]
    async with open_sandboxed(data_dir, monkeypatch, clock, allow_spend=True) as app:
        walk = Walk(app, skill, clock)
        await WALKS[name](walk)
    assert walk.used == tools_named(skill) - WARNED_OF.get(name, set())
