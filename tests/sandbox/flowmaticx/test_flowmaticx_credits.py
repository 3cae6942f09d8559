"""Credits: the figures of the text, periods, and the law that nothing is spent twice or lost."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flintt_mcp.sandbox.flowmaticx.app import flowmaticx_app
from flintt_mcp.sandbox.flowmaticx.plans import period
from flintt_mcp.sandbox.ground.doors import Ground
from flintt_mcp.sandbox.ground.folder import open_folder
from flintt_mcp.sandbox.server import MIGRATIONS
from tests.clock import SetClock
from tests.sandbox.flowmaticx.flowmaticx_client import SEARCH, data_of, start, talk


@pytest.mark.anyio
async def test_the_balance_is_told_in_the_documented_fields(leads):
    assert await data_of(leads, "credits") == {
        "planId": "AGENCY",
        "creditsTotal": 1500,
        "creditsUsed": 646,
        "creditsRemaining": 854,
        "currentPeriodStart": "2026-09-01T00:00:00Z",
        "currentPeriodEnd": "2026-09-30T23:59:59Z",
        "status": "ACTIVE",
    }


@pytest.mark.anyio
async def test_a_new_month_brings_all_credits_back_also_while_a_job_runs(leads, clock):
    clock.moment = datetime(2026, 9, 30, 23, 59, 50, tzinfo=UTC)
    await start(leads)
    assert (await data_of(leads, "credits"))["creditsUsed"] == 746

    clock.forward(seconds=20)
    balance = await data_of(leads, "credits")
    assert (balance["creditsUsed"], balance["currentPeriodStart"]) == (0, "2026-10-01T00:00:00Z")


@pytest.mark.parametrize(
    ("moment", "first", "last"),
    [
        ("2026-05-04T10", "2026-05-01T00:00:00Z", "2026-05-31T23:59:59Z"),
        ("2026-12-31T23", "2026-12-01T00:00:00Z", "2026-12-31T23:59:59Z"),
        ("2028-02-29T00", "2028-02-01T00:00:00Z", "2028-02-29T23:59:59Z"),
    ],
)
def test_a_period_is_a_calendar_month(moment, first, last):
    assert period(datetime.fromisoformat(f"{moment}:00Z")) == (first, last)


STEPS = st.lists(
    st.tuples(
        st.sampled_from((0, 3, 20, 200, 3000)), st.integers(1, 500), st.booleans(), st.sampled_from(("x", "#fail"))
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=10)
@given(steps=STEPS)
def test_what_is_used_is_what_running_jobs_hold_and_ended_ones_were_charged(seeded, steps):
    clock = SetClock()

    async def walk(folder: Path) -> None:
        database, digester = await open_folder(folder, MIGRATIONS, {})
        app = flowmaticx_app(Ground(database, digester, clock))
        async with talk(app, "main", "http://sandbox/") as client:
            for seconds, wanted, risky, keyword in steps:
                clock.forward(seconds=seconds)
                await _spend_and_compare(client, wanted, risky, keyword)
            clock.forward(hours=1)
            await _compare(client)
        database.close()

    with TemporaryDirectory() as folder:
        anyio.run(walk, shutil.copytree(seeded, Path(folder) / "data"))


async def _spend_and_compare(client, wanted: int, risky: bool, keyword: str) -> None:
    left = await _compare(client)
    search = SEARCH | {"leads_requested": wanted, "include_risky": risky, "keyword": keyword}
    answer = await client.post("jobs", json=search)
    if 2 * wanted > left:
        assert answer.json()["error"]["message"] == f"Need {2 * wanted} credits, have {left}"
    else:
        assert answer.json()["data"]["credits_remaining"] == left - 2 * wanted
    await _compare(client)


async def _compare(client) -> int:
    """The balance, after it was held against the jobs and the jobs against their leads."""
    balance = await data_of(client, "credits")
    jobs = (await data_of(client, "jobs", limit=100))["jobs"]
    ours = [job for job in jobs if job["createdAt"] >= balance["currentPeriodStart"]]
    ended = [job for job in ours if job["status"] not in ("QUEUED", "RUNNING")]
    held = sum(2 * job["requestedLeads"] for job in ours if job not in ended)
    assert balance["creditsUsed"] == held + sum(job["creditsUsed"] for job in ended)
    assert balance["creditsRemaining"] == balance["creditsTotal"] - balance["creditsUsed"] >= 0
    for job in ours[:3]:
        billable = (await data_of(client, "leads", job_id=job["id"], limit=1))["total"]
        assert job["creditsUsed"] == 2 * billable <= 2 * job["requestedLeads"]
    return balance["creditsRemaining"]
