"""A sandbox whose signals may read this machine and one folder, a web server for their sources, and an app session."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from flintt_mcp.sandbox.flintt.running.runner import run_waiting
from flintt_mcp.sandbox.flintt.running.sources.reach import Reach
from flintt_mcp.sandbox.flintt.session_door import local_token
from flintt_mcp.sandbox.network.urls import Policy
from flintt_mcp.sandbox.server import Sandbox, open_sandbox
from tests.sandbox.running.source_server import SourceServer, serve_sources


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where local sources may lie."""
    made = tmp_path / "sources"
    made.mkdir()
    return made


@pytest.fixture
async def sandbox(data_dir, clock, folder) -> AsyncIterator[Sandbox]:
    reach = Reach(Policy(loopback=True), folder)
    async with open_sandbox(data_dir, clock=clock, sources=reach) as opened:
        yield opened


@pytest.fixture
async def web() -> AsyncIterator[SourceServer]:
    async with serve_sources() as server:
        yield server


@pytest.fixture
async def app(sandbox) -> AsyncIterator[httpx2.AsyncClient]:
    """The first user in the app."""
    async with talk_to_app(sandbox) as client:
        yield client


@pytest.fixture
async def other_app(sandbox) -> AsyncIterator[httpx2.AsyncClient]:
    """The second user in the app."""
    async with talk_to_app(sandbox, second=True) as client:
        yield client


def talk_to_app(sandbox: Sandbox, *, second: bool = False) -> httpx2.AsyncClient:
    """A client of the management endpoints."""
    return httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=sandbox.app),
        base_url="http://sandbox/flintt/api/",
        headers={"Authorization": f"Bearer {local_token(sandbox.ground, second=second)}"},
    )


@pytest.fixture
def make_signal(flintt, app):
    """Make and build a signal with sources; answers its id."""

    async def make(
        *tools: dict[str, Any], description: str = "Companies that raise a funding round", **options: Any
    ) -> str:
        timing: dict[str, Any] = {key: options.pop(key) for key in ("frequency", "schedule") if key in options}
        new = {"name": "Funding", "description": description, **timing}
        signal = (await flintt.post("signals", json=new)).json()
        answer = await app.post(f"signals/{signal['id']}/build", json={"tools": list(tools), **options})
        assert answer.status_code == 200, answer.text
        return signal["id"]

    return make


@pytest.fixture
def run_now(app, flintt, sandbox):
    """Ask for a run in the app, let a runner carry out what waits, read the run through the v1 API."""

    async def run(signal_id: str) -> dict:
        asked = await app.post(f"signals/{signal_id}/runs")
        assert asked.status_code == 202, asked.text
        await run_waiting(sandbox.ground)
        return (await flintt.get(f"runs/{asked.json()['id']}")).json()

    return run
