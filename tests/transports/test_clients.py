"""The SDK's own clients over real sockets: every transport and era, the caller that arrives, and progress on the way."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest
from mcp import Client
from mcp.client.session import ClientSession
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client

from flintt_mcp.transports.http.app import HttpOptions

from .fixture_app import KEY, Bench, principal, serving

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def _sse(url: str, headers: dict[str, str] | None = None) -> Any:
    async with sse_client(url, headers=headers) as (read, write), ClientSession(read, write) as session:
        await session.initialize()
        yield session


@asynccontextmanager
async def _legacy(url: str, headers: dict[str, str] | None = None) -> Any:
    async with (
        httpx2.AsyncClient(headers=headers) as http,
        streamable_http_client(url, http_client=http) as (read, write),
        ClientSession(read, write) as session,
    ):
        await session.initialize()
        yield session


@asynccontextmanager
async def _modern(url: str, headers: dict[str, str] | None = None) -> Any:
    async with (
        httpx2.AsyncClient(headers=headers) as http,
        Client(streamable_http_client(url, http_client=http), mode="2026-07-28") as client,
    ):
        yield client


CLIENTS = {
    "legacy SSE on the MCP URL": (_sse, "/mcp", HttpOptions(grace=0.5)),
    "legacy SSE on its own name": (_sse, "/sse", HttpOptions(grace=0.5)),
    "a 2025 session": (_legacy, "/mcp", HttpOptions(grace=0.5)),
    "2026": (_modern, "/mcp", HttpOptions(grace=0.5)),
}


@pytest.mark.parametrize("kind", CLIENTS)
@pytest.mark.parametrize("way", ["query", "header", "bearer", "named", "none"])
async def test_the_caller_arrives_on_every_transport(kind: str, way: str) -> None:
    connect, path, options = CLIENTS[kind]
    url, headers = path, None
    match way:
        case "query":
            url = f"{path}?api_key={KEY}"
        case "header":
            headers = {"X-API-Key": KEY}
        case "bearer":
            headers = {"Authorization": f"Bearer {KEY}"}
        case "named":
            headers = {"X-First-Key": KEY}
    async with serving(options=options) as running, connect(running.url + url, headers) as session:
        result = await session.call_tool("who", {})
        assert [block.text for block in result.content] == [principal(None if way == "none" else KEY)]


@pytest.mark.parametrize("kind", CLIENTS)
async def test_progress_arrives_on_every_transport(kind: str) -> None:
    connect, path, options = CLIENTS[kind]
    seen: list[float] = []

    async def note(progress: float, total: float | None, message: str | None) -> None:
        seen.append(progress)

    async with serving(options=options) as running, connect(running.url + path) as session:
        await session.call_tool("steps", {}, progress_callback=note)
    assert seen == [1, 2]


@pytest.mark.parametrize("kind", CLIENTS)
async def test_tools_are_listed_on_every_transport(kind: str) -> None:
    connect, path, options = CLIENTS[kind]
    async with serving(Bench(), options=options) as running, connect(running.url + path) as session:
        assert [tool.name for tool in (await session.list_tools()).tools] == ["who", "steps", "slow", "loud", "lines"]
