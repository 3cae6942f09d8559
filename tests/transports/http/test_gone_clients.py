"""Calls whose client has gone: at 2026-07-28 they are called off, but for writes; before that closing means nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
from starlette.types import ASGIApp, Message, Receive, Scope

from flintt_mcp.rest.sending.message import UpstreamRequest, UpstreamResponse
from flintt_mcp.serving.asgi import mcp_over_http
from tests.fake_api import open_fake
from tests.transports.fixture_app import JSON_ONLY, OLD, Bench, call, living, modern, modern_headers, serving

from .asked import NEW, request_of

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def watched_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flintt_mcp.transports.http.exchanges.exchange.WATCHED_SECONDS", 0.01)


async def _leave(url: str, message: dict[str, Any], headers: dict[str, str], bench: Bench) -> None:
    """Sends a request and closes the connection while it runs."""
    async with httpx2.AsyncClient() as client, anyio.create_task_group() as group:

        async def post() -> None:
            await client.post(f"{url}/mcp", json=message, headers=headers)

        group.start_soon(post)
        await bench.entered.wait()
        group.cancel_scope.cancel()


@pytest.mark.parametrize("accept", ["application/json", "application/json, text/event-stream"])
async def test_at_the_newest_revision_a_client_that_closes_ends_its_call(
    accept: str, caplog: pytest.LogCaptureFixture
) -> None:
    bench = Bench()
    with anyio.fail_after(10):
        async with serving(bench) as running:
            await _leave(running.url, modern("slow"), {**modern_headers("slow"), "accept": accept}, bench)
            while running.app._exchanges._open:  # noqa: ASYNC110 (nobody is told that a call was called off)
                await anyio.sleep(0.005)
    assert [record.getMessage() for record in caplog.records if record.levelname in ("WARNING", "ERROR")] == []


async def test_before_that_revision_closing_does_not_end_a_call() -> None:
    bench = Bench()
    with anyio.fail_after(10):
        async with serving(bench) as running:
            await _leave(running.url, call("slow"), {"mcp-protocol-version": OLD, **JSON_ONLY}, bench)
            await anyio.sleep(0.1)
            assert len(running.app._exchanges._open) == 1
            bench.release.set()
            while running.app._exchanges._open:  # noqa: ASYNC110
                await anyio.sleep(0.005)


async def test_a_client_that_stays_gets_its_answer_however_long_it_takes() -> None:
    bench = Bench()
    answers: list[httpx2.Response] = []

    async def post(client: httpx2.AsyncClient) -> None:
        headers = {**modern_headers("slow"), **JSON_ONLY}
        answers.append(await client.post("/mcp", json=modern("slow"), headers=headers))

    with anyio.fail_after(10):
        async with (
            serving(bench) as running,
            httpx2.AsyncClient(base_url=running.url) as client,
            anyio.create_task_group() as group,
        ):
            group.start_soon(post, client)
            await bench.entered.wait()
            await anyio.sleep(0.1)
            bench.release.set()
    assert answers[0].json()["result"]["content"] == [{"type": "text", "text": "done"}]


class _SlowApi:
    """An API that answers when it is let, and knows which requests were called off meanwhile."""

    def __init__(self) -> None:
        self.asked, self.go = anyio.Event(), anyio.Event()
        self.ended: list[str] = []

    async def __call__(self, request: UpstreamRequest) -> UpstreamResponse:
        self.asked.set()
        try:
            await self.go.wait()
        except anyio.get_cancelled_exc_class():
            self.ended.append(f"{request.method} called off")
            raise
        self.ended.append(f"{request.method} answered")
        return UpstreamResponse(200, {}, b'{"id":"s1","name":"X"}')


def _request(tool: str, arguments: dict[str, Any], gone: anyio.Event) -> tuple[Scope, Receive]:
    """A call at the newest revision, whose client closes once `gone` is set."""
    message, headers = request_of("tools/call", {"name": tool, "arguments": arguments}, NEW)
    request = httpx2.Request("POST", "http://localhost:8000/mcp", json=message, headers=headers)
    scope: Scope = {
        "type": "http",
        "method": "POST",
        "path": "/mcp",
        "query_string": b"",
        "client": ("127.0.0.1", 1),
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
    }
    parts: list[Message] = [{"type": "http.request", "body": request.read()}]

    async def receive() -> Message:
        if parts:
            return parts.pop()
        await gone.wait()
        return {"type": "http.disconnect"}

    return scope, receive


async def _serve(app: ASGIApp, scope: Scope, receive: Receive) -> None:
    async def send(message: Message) -> None:
        """Nobody is there to read it."""

    await app(scope, receive, send)


@pytest.mark.parametrize(
    ("tool", "arguments", "ended"),
    [
        ("list_companies", {}, "GET called off"),
        ("create_company", {"name": "X"}, "POST answered"),
        ("delete_signal", {"signal_id": "s1"}, "DELETE answered"),
    ],
)
async def test_a_read_is_called_off_and_a_write_goes_on(
    tool: str, arguments: dict[str, Any], ended: str, tmp_path: Path
) -> None:
    api, gone = _SlowApi(), anyio.Event()
    scope, receive = _request(tool, arguments, gone)
    with anyio.fail_after(10):
        async with (
            open_fake(tmp_path, api, toolsets=("default",)) as app,
            living(mcp_over_http(app)) as http,
            anyio.create_task_group() as group,
        ):
            group.start_soon(_serve, http, scope, receive)
            await api.asked.wait()
            gone.set()
            await anyio.sleep(0.1)
            before = list(api.ended)
            api.go.set()
    assert (before, api.ended) == ([ended] if ended.endswith("off") else [], [ended])
