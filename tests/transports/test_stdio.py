"""The stdio transport, as a process at the other end of real pipes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio.abc import Process
from anyio.streams.buffered import BufferedByteReceiveStream
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from flintt_mcp.transports.stdio.wire import Lines
from tests.certain import there

from .fixture_app import INITIALIZE, MODERN, OLD, call, modern

pytestmark = pytest.mark.anyio

TESTS = Path(__file__).parent.parent
COMMAND = [sys.executable, "-W", "error", "-m", "transports.stdio_server"]
READY = {"jsonrpc": "2.0", "method": "notifications/initialized"}
BUFFERED = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
"""As a client starts it: what is printed waits in a buffer."""
PRINTED = b"this must not reach the wire"


class Peer:
    """The client's end of the pipes."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.input, self._errors = there(process.stdin), there(process.stderr)
        self._out = BufferedByteReceiveStream(there(process.stdout))

    async def send(self, *lines: Any) -> None:
        raw = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
        await self.input.send(b"".join(line + b"\n" for line in raw))

    async def receive(self) -> Any:
        return json.loads(await self._out.receive_until(b"\n", 1_000_000))

    async def rest(self) -> bytes:
        """Everything that still comes on stdout."""
        found = self._out.buffer
        async for chunk in there(self.process.stdout):
            found += chunk
        return found

    async def errors(self) -> bytes:
        return b"".join([chunk async for chunk in self._errors])


@asynccontextmanager
async def peer(*arguments: str) -> AsyncIterator[Peer]:
    with anyio.fail_after(20):
        async with await anyio.open_process([*COMMAND, *arguments], cwd=TESTS, env=BUFFERED) as process:
            try:
                yield Peer(process)
            finally:
                if process.returncode is None:
                    process.kill()


async def _initialize(server: Peer) -> None:
    await server.send(INITIALIZE, READY)
    assert (await server.receive())["result"]["protocolVersion"] == OLD


async def test_lines_that_are_no_message_are_answered_and_the_server_goes_on() -> None:
    too_long = {"jsonrpc": "2.0", "id": 9, "method": "x", "params": {"a": "secret-input" * 300}}
    async with peer("2000") as server:
        await server.send(b"secret-input", b"[]", b"", b"  ", b'{"id": 4, "secret-input": 1}', b"\xff", too_long)
        refused = [await server.receive() for _ in range(5)]
        await _initialize(server)
        await server.send(call("loud"))
        answer = await server.receive()
        await server.input.aclose()
        assert await server.process.wait() == 0
        assert await server.rest() == b""
        errors = await server.errors()
    assert [(each["id"], each["error"]["code"]) for each in refused] == [
        (None, -32700),
        (None, -32600),
        (4, -32600),
        (None, -32700),
        (None, -32600),
    ]
    assert "secret-input" not in json.dumps(refused)
    assert answer["result"]["content"] == [{"type": "text", "text": "done"}]
    # What a handler prints goes to stderr; nothing else is written there.
    assert errors.strip() == PRINTED


async def test_what_was_asked_before_the_end_of_input_is_still_answered() -> None:
    lines = [INITIALIZE, READY, *(call("who", id=id) for id in (1, 2, 3))]
    async with peer() as server:
        await server.send(*lines)
        await server.input.aclose()
        answers = [json.loads(line) for line in (await server.rest()).splitlines()]
        assert await server.process.wait() == 0
        assert await server.errors() == b""
    assert sorted(answer["id"] for answer in answers if "result" in answer) == [0, 1, 2, 3]


async def test_a_second_request_with_an_id_that_runs_is_skipped_and_told_so_under_no_id() -> None:
    async with peer() as server:
        await _initialize(server)
        await server.send(call("slow", id=7), call("who", id="7"), call("who", id=8))
        told = {json.dumps(answer.get("id")): answer for answer in [await server.receive(), await server.receive()]}
        await server.send(
            {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 7}}, call("who", id=7)
        )
        again = await server.receive()
    assert told["null"]["error"] == {
        "code": -32600,
        "message": "A request with the same id is still running; this one was skipped",
    }
    assert told["8"]["result"]["content"] == again["result"]["content"]
    assert again["id"] == 7


async def test_a_client_may_send_one_id_for_ever_one_request_after_the_other() -> None:
    async with peer() as server:
        await _initialize(server)
        answers = []
        for _ in range(50):
            await server.send(call("who", id=1))
            answers.append(await server.receive())
    assert ["result" in answer for answer in answers] == [True] * 50


async def test_half_a_character_is_replaced_and_the_request_answered_under_its_id() -> None:
    """What is left of an emoji when a client cuts a text, and what Python writes for it."""
    async with peer() as server:
        await _initialize(server)
        await server.send(call("who", {"name": "Kestrel \ud83d"}), call("no such tool \udc00", id="b"))
        answers = {answer["id"]: answer for answer in [await server.receive(), await server.receive()]}
    assert answers[1]["result"]["content"] == [{"type": "text", "text": "nobody"}]
    assert answers.keys() == {1, "b"}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_the_server_quietly_also_in_a_call(number: signal.Signals) -> None:
    async with peer() as server:
        await _initialize(server)
        await server.send(call("slow"), call("who", id=2))
        assert (await server.receive())["id"] == 2
        server.process.send_signal(number)
        assert await server.process.wait() == 0
        assert await server.errors() == b""


async def test_a_client_that_went_away_is_no_failure() -> None:
    ours, theirs = os.pipe()
    with anyio.fail_after(20):
        async with await anyio.open_process(COMMAND, stdout=theirs, cwd=TESTS) as process:
            os.close(theirs)
            os.close(ours)
            await there(process.stdin).send(json.dumps(INITIALIZE).encode() + b"\n")
            assert await process.wait() == 0
            assert [chunk async for chunk in there(process.stderr)] == []


async def test_input_may_come_from_a_file(tmp_path: Path) -> None:
    lines = tmp_path / "lines"
    lines.write_text("".join(json.dumps(line) + "\n" for line in (modern("who"), modern("who", id=2))))
    with lines.open() as stdin:
        done = await anyio.run_process(COMMAND, stdin=stdin, stderr=subprocess.PIPE, cwd=TESTS)
    assert sorted(json.loads(line)["id"] for line in done.stdout.splitlines()) == [1, 2]
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("mode", ["legacy", MODERN])
async def test_the_clients_of_the_sdk_are_served(mode: str) -> None:
    parameters = StdioServerParameters(command=COMMAND[0], args=COMMAND[1:], cwd=TESTS)
    seen: list[float] = []

    async def note(progress: float, total: float | None, message: str | None) -> None:
        seen.append(progress)

    with anyio.fail_after(20):
        async with Client(stdio_client(parameters), mode=mode) as client:
            assert len((await client.list_tools()).tools) == 5
            await client.call_tool("steps", {}, progress_callback=note)
    assert seen == [1, 2]


@pytest.mark.parametrize("size", [1, 3, 7, 64])
def test_lines_are_cut_where_they_end_however_the_bytes_arrive(size: int) -> None:
    data = b"one\n\ntoo long by one\ntwo\r\nmuch too long for this reader\nthe limit is\nlast"
    reader = Lines(12)
    chunks = [data[start : start + size] for start in range(0, len(data), size)]
    lines = [line for chunk in chunks for line in reader.cut(chunk)] + reader.rest()
    assert lines == [b"one", b"", None, b"two\r", None, b"the limit is", b"last"]


def test_of_a_line_above_the_limit_nothing_is_kept() -> None:
    """A gigabyte without a line end must not become a gigabyte here."""
    reader = Lines(1000)
    tracemalloc.start()
    try:
        for _ in range(200):
            assert reader.cut(b"x" * 4096) == []
        assert tracemalloc.get_traced_memory()[0] < 10_000
    finally:
        tracemalloc.stop()
    assert reader.cut(b"\nnext\n") == [None, b"next"]


def test_loading_the_transport_loads_no_http() -> None:
    """The start on stdio is measured, and a web server has no part in it."""
    source = (
        "import sys, flintt_mcp.transports.stdio.talk; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True, timeout=60)
    loaded = done.stdout.split()
    assert "flintt_mcp" in loaded
    assert [name for name in ("starlette", "uvicorn", "httpx2", "sse_starlette") if name in loaded] == []
