"""The FlowPilot API of a fresh copy of the seeded sandbox: two organisations, a clock that tests set, and a person who decides."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx2
import pytest

from flintt_mcp.sandbox.flowpilot.approvals import Outcome, approve_run
from flintt_mcp.sandbox.server import Sandbox
from tests.sandbox.flowpilot.flowpilot_client import talk_to


@pytest.fixture
async def pilot(sandbox: Sandbox) -> AsyncIterator[httpx2.AsyncClient]:
    """The first organisation, with every scope."""
    async with talk_to(sandbox.app, sandbox.flowpilot_key) as client:
        yield client


@pytest.fixture
async def reader(sandbox: Sandbox) -> AsyncIterator[httpx2.AsyncClient]:
    """The second organisation, whose key may only read."""
    async with talk_to(sandbox.app, sandbox.second_flowpilot_key) as client:
        yield client


@pytest.fixture
async def anybody(sandbox: Sandbox) -> AsyncIterator[httpx2.AsyncClient]:
    """Somebody without a key."""
    async with talk_to(sandbox.app, None) as client:
        yield client


@pytest.fixture
def decide(sandbox: Sandbox, clock: Any) -> Callable[..., Awaitable[Outcome]]:
    """A person who approves or rejects a run."""

    async def decide(run_id: str, is_approved: bool = True, **more: Any) -> Outcome:
        return await approve_run(sandbox.database, run_id, is_approved, clock, **more)

    return decide


@pytest.fixture
def start(pilot: httpx2.AsyncClient, clock: Any) -> Callable[..., Awaitable[str]]:
    """Creates a run and waits until it asks for approval; answers its id."""

    async def start(objective: str = "Pay Adaeze Okonkwo", budget_cap: float = 100_000, **more: Any) -> str:
        body = {"objective": objective, "budget_cap": budget_cap, **more}
        run = (await pilot.post("runs", json=body)).json()
        clock.forward(seconds=6)
        return run["id"]

    return start
