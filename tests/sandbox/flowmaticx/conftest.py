"""Clients of the FlowMaticX sandbox, one for each example workspace that tests need often."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx2
import pytest

from flintt_mcp.sandbox.server import Sandbox
from tests.sandbox.flowmaticx.flowmaticx_client import talk


@pytest.fixture
async def leads(sandbox: Sandbox) -> AsyncIterator[httpx2.AsyncClient]:
    """The workspace that documentation examples show."""
    async with talk(sandbox.app, "main") as client:
        yield client


@pytest.fixture
async def scoped(sandbox: Sandbox) -> AsyncIterator[httpx2.AsyncClient]:
    """A key that may only start and read jobs, with five credits left."""
    async with talk(sandbox.app, "scoped") as client:
        yield client


@pytest.fixture
async def pilot(sandbox: Sandbox) -> AsyncIterator[httpx2.AsyncClient]:
    """A free plan with API access: 100 credits, no AI, 25 leads in one job."""
    async with talk(sandbox.app, "pilot") as client:
        yield client
