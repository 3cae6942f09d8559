"""A fresh copy of a seeded sandbox for each test, spoken to over HTTP without a network, at a moment that tests set."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from flintt_mcp.sandbox.server import Sandbox, open_sandbox
from tests.clock import SetClock
from tests.sandbox.sandbox_client import talk


@pytest.fixture
async def sandbox(data_dir: Path, clock: SetClock) -> AsyncIterator[Sandbox]:
    async with open_sandbox(data_dir, clock=clock) as opened:
        yield opened


@pytest.fixture
async def flintt(sandbox: Sandbox) -> AsyncIterator[httpx2.AsyncClient]:
    """The first user."""
    async with talk(sandbox, sandbox.flintt_key) as client:
        yield client


@pytest.fixture
async def other(sandbox: Sandbox) -> AsyncIterator[httpx2.AsyncClient]:
    """The second user."""
    async with talk(sandbox, sandbox.second_flintt_key) as client:
        yield client


@pytest.fixture
async def anyone(sandbox: Sandbox) -> AsyncIterator[httpx2.AsyncClient]:
    """Somebody without a key."""
    async with talk(sandbox, None) as client:
        yield client
