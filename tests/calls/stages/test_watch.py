"""How calls end, told to those who watch: whose doing an end was, after how long, with which status of the API."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import pytest

from flintt_mcp.app import open_app
from flintt_mcp.calls.arguments.arguments import Arguments
from flintt_mcp.calls.call import Call
from flintt_mcp.calls.caller import Caller
from flintt_mcp.calls.ended import Ended
from flintt_mcp.calls.pipeline import Pipeline
from flintt_mcp.calls.reply import Ask, Done, Refused, Reply
from flintt_mcp.calls.stages.watch import Watch
from flintt_mcp.calls.tool import Tool
from flintt_mcp.catalogue.operation import Effect
from flintt_mcp.errors import (
    Busy,
    CallRefused,
    ConfigError,
    CredentialMissing,
    FlinttError,
    Forbidden,
    NotFound,
    RateLimited,
    Rejected,
    ToolInputError,
    Unauthorized,
    Unavailable,
    UnknownTool,
    Unreachable,
)
from flintt_mcp.rest.sending.message import TransportFault
from flintt_mcp.settings import Settings
from tests.fake_api import FakeApi, call

pytestmark = pytest.mark.anyio


def tool(handle: Callable[[Call], Awaitable[Reply]]) -> Tool:
    return Tool(
        name="say",
        title="Say",
        about="Says.",
        effect=Effect.READ,
        toolset="words",
        arguments=Arguments("say", ()),
        handle=handle,
    )


class Seen:
    """Watches one pipeline."""

    def __init__(self) -> None:
        self.ends: list[tuple[str, str, int | None]] = []
        self.watch = Watch([self.end])
        self.pipeline = Pipeline([self.watch])

    def end(self, call: Call, ended: Ended) -> None:
        assert 0 <= ended.seconds < 60
        self.ends.append((call.tool.name, ended.outcome, ended.api_status))

    async def run(self, handle: Callable[[Call], Awaitable[Reply]]) -> Reply:
        return await self.pipeline.run(Call(tool(handle), {"secret": "argument"}, Caller("nobody")))


def upstream(kind: Any, status: int | None) -> FlinttError:
    return kind("no", operation="say", status=status)


@pytest.mark.parametrize(
    ("error", "outcome", "status"),
    [
        (ToolInputError("no"), "refused", None),
        (UnknownTool("no"), "refused", None),
        (CredentialMissing("no"), "refused", None),
        (CallRefused("no"), "refused", None),
        (Busy("no"), "busy", None),
        (upstream(Unauthorized, 401), "refused", 401),
        (upstream(Forbidden, 403), "refused", 403),
        (upstream(NotFound, 404), "refused", 404),
        (upstream(Rejected, 422), "refused", 422),
        (upstream(RateLimited, 429), "refused", 429),
        (upstream(Unavailable, 503), "api_failed", 503),
        (upstream(Unreachable, None), "api_failed", None),
        (ConfigError("no"), "failed", None),
        (FlinttError("no"), "failed", None),
        (RuntimeError("no"), "failed", None),
    ],
)
async def test_whose_doing_a_failure_was(error: Exception, outcome: str, status: int | None) -> None:
    async def fail(call: Call) -> Reply:
        raise error

    async def refuse(call: Call) -> Reply:
        assert isinstance(error, FlinttError)
        return Refused(error)

    seen = Seen()
    for handle in (fail, refuse) if isinstance(error, FlinttError) else (fail,):
        assert isinstance(await seen.run(handle), Refused)
    assert set(seen.ends) == {("say", outcome, status)}


async def test_what_is_done_and_what_asks_is_told_as_that() -> None:
    async def done(call: Call) -> Reply:
        return Done(text="hello", api_status=201)

    async def ask(call: Call) -> Reply:
        return Ask()

    seen = Seen()
    assert await seen.run(done) == Done(text="hello", api_status=201)
    assert await seen.run(ask) == Ask()
    assert seen.ends == [("say", "done", 201), ("say", "ask", None)]


async def test_a_call_that_is_called_off_is_told_too() -> None:
    async def wait(call: Call) -> Reply:
        await anyio.sleep_forever()
        raise AssertionError

    seen = Seen()
    async with anyio.create_task_group() as group:
        group.start_soon(seen.run, wait)
        group.start_soon(seen.run, wait)
        await anyio.wait_all_tasks_blocked()
        running = seen.watch.running
        group.cancel_scope.cancel()
    assert seen.ends == [("say", "cancelled", None)] * 2
    assert (running, seen.watch.running) == (2, 0)


async def test_figures_tell_a_failed_api_from_a_callers_mistake_and_time_every_tool(tmp_path: Path) -> None:
    fake = FakeApi()
    settings = Settings(data_dir=str(tmp_path), attempts=1)
    async with open_app(settings, {}, counted=True, sender=fake) as app:
        fake.will_answer(TransportFault("the API's host name cannot be resolved", sent=False), [])
        await call(app, "list_companies", {})
        await call(app, "list_companies", {"limit": "many"})
        await call(app, "list_companies", {})
        figures = app.metrics.text().decode().splitlines()
    assert [line for line in figures if line.startswith("flintt_mcp_calls_total")] == [
        'flintt_mcp_calls_total{outcome="api_failed",tool="list_companies"} 1.0',
        'flintt_mcp_calls_total{outcome="refused",tool="list_companies"} 1.0',
        'flintt_mcp_calls_total{outcome="done",tool="list_companies"} 1.0',
    ]
    assert 'flintt_mcp_call_seconds_bucket{le="30.0",tool="list_companies"} 3.0' in figures
