"""The end: listeners and streams close first, calls finish, and nothing is cut without an answer or logged as a failure."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import httpx2
import pytest
from sse_starlette.sse import AppStatus

from flintt_mcp.transports.http.app import HttpOptions
from tests.transports.fixture_app import (
    INITIALIZE,
    MODERN,
    Bench,
    call,
    calling,
    living,
    make_app,
    modern,
    modern_headers,
    open_session,
    serving,
)
from tests.transports.http.test_sse import streaming

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def no_failure_is_logged(caplog: pytest.LogCaptureFixture) -> Any:
    with caplog.at_level(logging.INFO):
        yield
    bad = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING or record.exc_info]
    assert bad == []


@asynccontextmanager
async def _listening(client: httpx2.AsyncClient) -> AsyncIterator[httpx2.Response]:
    params = {**modern("x")["params"], "notifications": {"toolsListChanged": True}}
    message = {"jsonrpc": "2.0", "id": "l", "method": "subscriptions/listen", "params": params}
    headers = {**modern_headers("x"), "mcp-method": "subscriptions/listen", "mcp-protocol-version": MODERN}
    async with client.stream("POST", "/mcp", json=message, headers=headers) as response:
        assert response.status_code == 200
        yield response


async def test_open_streams_end_at_once_and_in_good_order() -> None:
    with anyio.fail_after(4):
        async with (
            serving(options=HttpOptions(grace=30)) as running,
            httpx2.AsyncClient(base_url=running.url) as client,
        ):
            session = await open_session(client)
            async with (
                _listening(client) as listening,
                client.stream("GET", "/mcp", headers=session) as standing,
                streaming(client) as legacy,
            ):
                lines = listening.aiter_lines()
                acknowledged = await anext(lines)
                running.stop()
                rest = [line async for line in lines]
                standing_rest = [line async for line in standing.aiter_lines() if line.startswith(("event", "data"))]
                legacy_rest = await legacy.event()
    assert acknowledged == "event: message"
    assert '"id":"l","result"' in rest[-2] or '"id":"l","result"' in "".join(rest)
    assert standing_rest == []
    assert legacy_rest == ("end", "")


async def _slow_call(client: httpx2.AsyncClient, kind: str, seen: list[str]) -> None:
    """A call that waits to be released, and the answer to it."""
    if kind == "sse":
        async with streaming(client) as stream:
            await stream.post(INITIALIZE)
            await stream.message()
            await stream.post({"jsonrpc": "2.0", "method": "notifications/initialized"})
            await stream.post(call("slow"))
            seen.append((await stream.event())[1])
            assert await stream.event() == ("end", "")
    else:
        headers = modern_headers("slow") if kind == "modern" else await open_session(client)
        message = modern("slow") if kind == "modern" else call("slow")
        seen.append((await client.post("/mcp", json=message, headers=headers)).text)


@pytest.mark.parametrize("kind", ["modern", "session", "sse"])
async def test_running_calls_finish(kind: str) -> None:
    bench = Bench()
    seen: list[str] = []
    with anyio.fail_after(4):
        async with (
            serving(bench, options=HttpOptions(grace=30)) as running,
            httpx2.AsyncClient(base_url=running.url) as client,
            anyio.create_task_group() as group,
        ):
            group.start_soon(_slow_call, client, kind, seen)
            await bench.entered.wait()
            running.stop()
            while not running.app._exchanges.draining:  # noqa: ASYNC110 - told by nobody
                await anyio.sleep(0.005)
            await anyio.sleep(0.03)
            assert seen == []
            # Otherwise sse-starlette would cut every SDK stream within half a second, running calls included.
            assert not AppStatus.should_exit
            bench.release.set()
    assert len(seen) == 1
    assert '"done"' in seen[0]


@pytest.mark.parametrize("kind", ["modern", "session"])
async def test_a_call_that_does_not_end_is_cut_with_an_answer(kind: str) -> None:
    bench = Bench()
    answers: list[httpx2.Response] = []

    async def run(client: httpx2.AsyncClient) -> None:
        headers = modern_headers("slow") if kind == "modern" else await open_session(client)
        message = modern("slow") if kind == "modern" else call("slow")
        answers.append(await client.post("/mcp", json=message, headers=headers))

    with anyio.fail_after(4):
        async with (
            serving(bench, options=HttpOptions(grace=0.03)) as running,
            httpx2.AsyncClient(base_url=running.url) as client,
            anyio.create_task_group() as group,
        ):
            group.start_soon(run, client)
            await bench.entered.wait()
            running.stop()
    assert (answers[0].status_code, answers[0].headers["retry-after"]) == (503, "5")
    error = {"code": -32603, "message": "The server is stopping; try again in a moment"}
    assert answers[0].json() == {"jsonrpc": "2.0", "id": 1, "error": error}


async def test_while_the_server_stops_it_is_not_ready_and_opens_no_stream() -> None:
    app = make_app()
    async with (
        living(app),
        httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://localhost:8000") as client,
    ):
        app.drain()
        app.drain()
        ready = await client.get("/readyz")
        stream = await client.get("/sse", headers={"accept": "text/event-stream"})
        alive = await client.get("/healthz")
        answer = await client.post("/mcp", json=modern("who"), headers=modern_headers("who"))
    assert (ready.status_code, ready.json()["reason"]) == (503, "the server is stopping")
    assert (stream.status_code, alive.status_code, answer.status_code) == (503, 200, 200)


async def test_listeners_are_closed_when_the_app_ends() -> None:
    events: list[str] = []
    async with calling(closers=[lambda: events.append("closed")]) as client:
        await client.post("/mcp", json=modern("who"), headers=modern_headers("who"))
        events.append("called")
    assert events == ["called", "closed"]
