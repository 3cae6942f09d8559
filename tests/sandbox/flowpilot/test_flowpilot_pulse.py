"""A sandbox that is served moves its payment runs on though nobody looks, so that their events are told in time."""

from __future__ import annotations

from functools import partial

import anyio
import pytest

import flintt_mcp.sandbox.at_work
from flintt_mcp.sandbox.server import open_sandbox
from flintt_mcp.settings import Settings
from tests.sandbox.flowpilot.flowpilot_client import talk_to

pytestmark = pytest.mark.anyio


async def test_a_sandbox_at_work_takes_a_run_to_its_approval_by_itself(data_dir, clock, monkeypatch):
    monkeypatch.setattr(flintt_mcp.sandbox.at_work, "open_sandbox", partial(open_sandbox, clock=clock))
    monkeypatch.setattr("flintt_mcp.sandbox.flowpilot.pulse.POLL", 0.01)
    settings = Settings(data_dir=str(data_dir))

    async with flintt_mcp.sandbox.at_work.opened_sandbox(settings, at_work=True) as sandbox:
        async with talk_to(sandbox.app, sandbox.flowpilot_key) as pilot:
            run = (await pilot.post("runs", json={"objective": "Pay Adaeze Okonkwo", "budget_cap": 1000})).json()
        clock.forward(seconds=6)

        def status(connection):
            return connection.execute("SELECT status FROM flowpilot_runs WHERE id = ?", (run["id"],)).fetchone()[0]

        with anyio.fail_after(10):
            while await sandbox.database.read(status) != "awaiting_approval":  # noqa: ASYNC110 - told by nobody
                await anyio.sleep(0.01)
