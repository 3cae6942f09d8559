"""What keeps the sandbox from its own file reaches the model: what happened, that nothing was changed, and what to do."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from flintt_mcp.calls.reply import Refused
from flintt_mcp.sqlite import opening
from tests.apis.toolbox import ask, case_arguments, open_sandboxed

pytestmark = pytest.mark.anyio

CREATING = {
    "create_company": "Flintt",
    "create_api_key": "Flintt",
    "flowpilot_create_run": "FlowPilot",
    "flowmaticx_create_job": "FlowMaticX",
    "flextell_create": "Flextell",
}


@pytest.mark.parametrize(("tool", "api"), CREATING.items())
async def test_a_call_that_finds_the_database_held_is_told_that_nothing_was_changed(data_dir, monkeypatch, tool, api):
    monkeypatch.setattr(opening, "BUSY_SECONDS", 0.05)
    async with open_sandboxed(data_dir, monkeypatch) as app:
        with closing(sqlite3.connect(data_dir / "sandbox.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            reply = await ask(app, tool, **case_arguments(tool))

    assert isinstance(reply, Refused)
    assert reply.error.changed == "no"
    assert "failed (503)" in reply.error.message
    assert "The sandbox's database is held by another process, so nothing was changed" in reply.error.message
