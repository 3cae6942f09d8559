"""Every call leaves one line in the log, over HTTP, on stdio and from a shell: whose, what it came to, and the API's status."""

from __future__ import annotations

import json
import logging
import re
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp import Client
from mcp.client.sse import sse_client

from flintt_mcp.calls.lines import Line
from flintt_mcp.serving.asgi import service
from flintt_mcp.settings import Settings
from tests import wire
from tests.processes import COMMAND, environment, serving
from tests.rest.sending.fault_server import FaultServer, answer, closed_port, ok, open_fault_server, reset
from tests.transports.fixture_app import INITIALIZE, living, open_session

pytestmark = pytest.mark.anyio

KEY = "flt_a_key_that_no_line_may_hold"
ARGUMENT = "an argument that no line may hold"
TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@asynccontextmanager
async def asking(folder: Path, url: str, caplog: pytest.LogCaptureFixture) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of a whole server whose API is at this URL, with lines wanted."""
    caplog.set_level(logging.INFO, "flintt_mcp.requests")
    settings = Settings(data_dir=str(folder), attempts=1)
    async with living(service(settings, {"FLINTT_API_URL": url})) as app:
        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
            yield client


def told(caplog: pytest.LogCaptureFixture, *names: str) -> list[tuple[Any, ...]]:
    """These fields of all lines."""
    assert KEY not in caplog.text
    assert ARGUMENT not in caplog.text
    return [tuple(record.msg.get(name) for name in names) for record in caplog.records if isinstance(record.msg, Line)]


@pytest.fixture
async def api() -> AsyncIterator[FaultServer]:
    async with open_fault_server() as server:
        yield server


async def test_a_call_over_http_leaves_one_line_with_what_it_came_to(
    tmp_path: Path, api: FaultServer, caplog: pytest.LogCaptureFixture
) -> None:
    api.script(ok(b"[]"), answer(404), ok(b"[]"), answer(422, b"{}"), answer(503), reset)
    async with asking(tmp_path, api.url, caplog) as client:
        ids = []
        for tool, arguments in (
            ("list_companies", {"name": ARGUMENT}),
            ("get_signal", {"signal_id": ARGUMENT}),
            ("create_company", {"name": ARGUMENT}),
            ("list_companies", {}),
            ("list_companies", {}),
            ("list_companies", {"limit": ARGUMENT}),
            ("list_docs", {}),
            (ARGUMENT, {}),
        ):
            headers = {**wire.headers(tool), "x-api-key": KEY}
            ids.append(
                (await client.post("/mcp", json=wire.message(tool, arguments), headers=headers)).headers["x-request-id"]
            )
        keyless = await client.post("/mcp", json=wire.message("list_companies"), headers=wire.headers("list_companies"))
    assert told(caplog, "tool", "outcome", "api_status") == [
        ("list_companies", "done", 200),
        ("get_signal", "refused", 404),
        ("create_company", "refused", 422),
        ("list_companies", "api_failed", 503),
        ("list_companies", "api_failed", None),
        ("list_companies", "refused", None),
        ("list_docs", "done", None),
        ("unknown", "refused", None),
        ("list_companies", "refused", None),
    ]
    assert told(caplog, "request") == [(id,) for id in (*ids, keyless.headers["x-request-id"])]
    whose = [caller for (caller,) in told(caplog, "caller")]
    assert (len(set(whose[:-1])), whose[-1]) == (1, "none")
    assert re.fullmatch("[0-9a-f]{12}", whose[0])


async def test_an_api_whose_name_nobody_knows_has_failed_and_is_no_mistake_of_the_caller(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with asking(tmp_path, f"http://127.0.0.1:{closed_port()}", caplog) as client:
        headers = {**wire.headers("list_companies"), "x-api-key": KEY}
        await client.post("/mcp", json=wire.message("list_companies"), headers=headers)
        figures = (await client.get("/metrics")).text
    assert told(caplog, "tool", "outcome", "api_status") == [("list_companies", "api_failed", None)]
    assert 'flintt_mcp_calls_total{outcome="api_failed",tool="list_companies"} 1.0' in figures


async def test_a_call_in_a_session_leaves_one_line_under_the_id_of_its_own_request(
    tmp_path: Path, api: FaultServer, caplog: pytest.LogCaptureFixture
) -> None:
    api.script(ok(b"[]"))
    async with asking(tmp_path, api.url, caplog) as client:
        headers = {**await open_session(client, KEY), "x-api-key": KEY}
        message = {"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": {"name": "list_companies"}}
        called = await client.post("/mcp", json=message, headers={**headers, "traceparent": TRACEPARENT})
    assert api.requests[0].headers["traceparent"] == TRACEPARENT
    assert told(caplog, "tool", "path", "outcome")[1:] == [("list_companies", None, "done")]
    assert told(caplog, "request", "trace")[1:] == [(called.headers["x-request-id"], TRACEPARENT)]


def test_a_shell_command_shows_the_line_on_stderr_when_asked_to(tmp_path: Path) -> None:
    command = [COMMAND, "call", "list_companies", "--sandbox", "--name", ARGUMENT]
    quiet = subprocess.run(command, env=environment(tmp_path), capture_output=True, text=True, timeout=60)
    loud = subprocess.run(
        [*command, "--log-level", "info"], env=environment(tmp_path), capture_output=True, text=True, timeout=60
    )
    assert (quiet.stderr, loud.returncode, loud.stdout) == ("", 0, quiet.stdout)
    assert re.fullmatch(
        r"\S+ \S+ INFO flintt_mcp\.requests: request=[0-9a-f]{16} caller=[0-9a-f]{12} tool=list_companies outcome=done "
        r"ms=\d+\.\d api_status=200\n",
        loud.stderr,
    )
    unknown = [COMMAND, "call", "nothing", "--sandbox", "--log-level", "info", "--log-format", "json"]
    told = subprocess.run(unknown, env=environment(tmp_path), capture_output=True, text=True, timeout=60)
    line, said = told.stderr.split("\n", 1)
    assert said.startswith("nothing failed: Unknown tool: nothing")
    assert [json.loads(line)[name] for name in ("level", "logger", "tool", "outcome")] == [
        "info",
        "flintt_mcp.requests",
        "unknown",
        "refused",
    ]


def test_a_client_on_stdio_leaves_lines_on_stderr_when_asked_to_and_none_on_stdout(tmp_path: Path) -> None:
    messages = [
        INITIALIZE,
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "list_docs", "arguments": {}}},
        {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": ARGUMENT}},
    ]
    spoken = "".join(json.dumps(message) + "\n" for message in messages)
    for level, lines in (("warning", []), ("info", [("list_docs", "done"), ("unknown", "refused")])):
        command = [COMMAND, "stdio", "--log-level", level, "--log-format", "json"]
        ended = subprocess.run(
            command, input=spoken, env=environment(tmp_path), capture_output=True, text=True, timeout=60
        )
        assert [json.loads(line)["id"] for line in ended.stdout.splitlines()] == [0, 1, 2]
        found = [json.loads(line) for line in ended.stderr.splitlines()]
        assert sorted((line["tool"], line["outcome"]) for line in found) == lines
        assert ARGUMENT not in ended.stderr


async def test_every_way_of_http_leaves_one_line_for_a_call_in_the_format_that_was_asked_for(tmp_path: Path) -> None:
    keyed = {"X-API-Key": "flt_sandbox_key"}
    env = environment(tmp_path)
    with serving("--sandbox", "--log-level", "info", "--log-format", "json", env=env) as server:
        async with Client(sse_client(server.mcp, headers=keyed)) as client:
            assert not (await client.call_tool("list_signals", {})).is_error
        async with Client(server.mcp + "?api_key=flt_sandbox_key") as client:
            assert not (await client.call_tool("list_companies", {})).is_error
        with wire.client() as http:
            assert not wire.call(http, server.mcp, "list_docs")["isError"]
        assert server.process.stop() == 0
    lines = [json.loads(line) for line in server.process.stderr.splitlines() if line.startswith("{")]
    lines = [line for line in lines if line["logger"] == "flintt_mcp.requests"]
    calls = [line for line in lines if "tool" in line]
    assert [(line["tool"], line["outcome"], line.get("api_status")) for line in calls] == [
        ("list_signals", "done", 200),
        ("list_companies", "done", 200),
        ("list_docs", "done", None),
    ]
    assert len({line["request"] for line in lines}) == len(lines)
    assert all(line["caller"] == calls[0]["caller"] for line in calls[:2])
    assert {line["status"] for line in lines if "status" in line} == {200}
