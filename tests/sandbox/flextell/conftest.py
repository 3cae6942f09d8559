"""Clients of the Flextell sandbox: its first user, the second, and somebody without a token."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx2
import pytest

from flintt_mcp.sandbox.server import Sandbox


def talk(sandbox: Sandbox, token: str | None = None, base: str = "flextell/") -> httpx2.AsyncClient:
    """A client of the sandbox that sends `token`."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    transport = httpx2.ASGITransport(app=sandbox.app)
    return httpx2.AsyncClient(transport=transport, base_url=f"http://sandbox/{base}", headers=headers)


@pytest.fixture
async def flextell(sandbox: Sandbox) -> AsyncIterator[httpx2.AsyncClient]:
    async with talk(sandbox, sandbox.flextell_token) as client:
        yield client


@pytest.fixture
async def second(sandbox: Sandbox) -> AsyncIterator[httpx2.AsyncClient]:
    async with talk(sandbox, sandbox.second_flextell_token) as client:
        yield client


@pytest.fixture
async def stranger(sandbox: Sandbox) -> AsyncIterator[httpx2.AsyncClient]:
    async with talk(sandbox) as client:
        yield client


@pytest.fixture
async def oauth(sandbox: Sandbox) -> AsyncIterator[httpx2.AsyncClient]:
    async with talk(sandbox, base="flextell-oauth/") as client:
        yield client
